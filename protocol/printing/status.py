"""What an ESC/POS printer says of itself, octet by octet.

To the printer:

    DLE EOT n    10 04 n                        a real-time question: answered at once, busy or not
    GS r 1       1D 72 01                       answered when all that was sent before is printed
    DLE DC4 8    10 14 08 01 03 14 01 06 02 08  at once: forget what is received and not printed

From the printer, told apart by the bits that each kind of answer fixes:

    real-time status   0xx1xx10           one octet
    answer to GS r     0xx0xxxx           one octet; bits 2 and 3: the paper has ended
    automatic status   0xx1xx00           and three octets more; never asked for, passed over
    block              37 .. 00           the answer to DLE DC4 8; passed over
    XON, XOFF          11, 13             passed over

Source: Epson's ESC/POS command reference (DLE EOT, DLE DC4 fn 8, GS r, and the identification of transmitted
statuses).
"""

from collections.abc import Iterator, Mapping
from enum import Enum, IntEnum, StrEnum

from protocol.values import value

ASK_WHEN_PRINTED = b"\x1dr\x01"
"""Is answered once everything before it is on paper."""

FORGET = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
"""Makes the printer forget what it has not printed, so that half a ticket is not completed an hour later."""

BLOCK_MAX = 80
"""Octets of a block; a longer one is no block."""


class PrintFailure(StrEnum):
    """Why a ticket has no paper."""

    PAPER_OUT = "paper out"
    COVER_OPEN = "cover open"
    OFFLINE = "offline"
    BROKEN = "printer error"
    """It reports an error of its own: a jammed cutter, a hot head."""
    SILENT = "does not answer"
    NONSENSE = "answers nonsense"
    UNPLUGGED = "unplugged"
    TOO_SLOW = "took too long"
    BUSY = "too many tickets wait for the printer"
    NO_PRINTER = "no printer"
    NOT_RENDERED = "cannot be rendered"
    RESTART = "interrupted by a restart"


class Question(IntEnum):
    """The n of ``DLE EOT n``."""

    PRINTER = 1
    OFFLINE_CAUSE = 2
    PAPER = 4


def ask(question: Question) -> bytes:
    """Return the octets that ask ``question``."""
    return bytes((0x10, 0x04, question))


@value
class Status:
    """What a printer said to each question."""

    offline: bool = False
    cover_open: bool = False
    paper_out: bool = False
    paper_low: bool = False
    broken: bool = False

    @property
    def failure(self) -> PrintFailure | None:
        """Why nothing can be printed now: what a person can see first, or nothing."""
        # An open cover lifts the paper off its sensor, so most printers then report both.
        if self.cover_open:
            return PrintFailure.COVER_OPEN
        if self.paper_out:
            return PrintFailure.PAPER_OUT
        if self.broken:
            return PrintFailure.BROKEN
        return PrintFailure.OFFLINE if self.offline else None


def status_of(answers: Mapping[Question, int]) -> Status:
    """Return what the octets answered to each question mean; an unanswered one means no trouble."""
    printer = answers.get(Question.PRINTER, 0)
    cause = answers.get(Question.OFFLINE_CAUSE, 0)
    paper = answers.get(Question.PAPER, 0)
    return Status(
        offline=bool(printer & 0x08),
        cover_open=bool(cause & 0x04),
        paper_out=bool(cause & 0x20 or paper & 0x60),
        paper_low=bool(paper & 0x0C),
        broken=bool(cause & 0x40),
    )


class Said(Enum):
    """What an octet from the printer is."""

    STATUS = "status"
    PRINTED = "printed"
    NONSENSE = "nonsense"


class StatusReader:
    """Finds answers in octets that come cut anywhere."""

    def __init__(self) -> None:
        self._skip = 0
        self._in_block = False

    def read(self, octets: bytes) -> Iterator[tuple[Said, int]]:
        """Yield what each octet is and the octet; those that nobody waits for are passed over."""
        for octet in octets:
            if self._skip:
                self._skip -= 1
                if self._in_block and octet == 0:
                    self._skip, self._in_block = 0, False
            elif octet in (0x11, 0x13):
                continue
            elif octet == 0x37:
                self._skip, self._in_block = BLOCK_MAX, True
            elif octet & 0x93 == 0x10:
                self._skip, self._in_block = 3, False
            elif octet & 0x93 == 0x12:
                yield Said.STATUS, octet
            elif octet & 0x90 == 0x00:
                yield Said.PRINTED, octet
            else:
                yield Said.NONSENSE, octet


def paper_ended(octet: int) -> bool:
    """Return whether an answer to ``GS r 1`` says that the paper has ended."""
    return bool(octet & 0x0C)
