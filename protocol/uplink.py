"""What a hall and headquarters say to each other about the hall's events."""

from collections.abc import Callable, Sequence
from enum import StrEnum

from protocol.errors import LinkError
from protocol.event_rows import Row, digest_after
from protocol.ids import HallId
from protocol.values import value


class UplinkResult(StrEnum):
    """What became of a batch of events."""

    HAS = "has"
    """Headquarters has every event up to a number, durably."""
    LATER = "later"
    """Nothing is wrong with the batch; it may be sent again."""
    DIVERGED = "diverged"
    """An event is another one than headquarters has under that number, or does not follow what it has: one of
    the two was changed, or an old copy was put back. Nothing was taken."""


@value
class EventBatch:
    """Events of a hall, in order and without gaps, as its journal has them; none to ask how far things are."""

    hall: HallId
    rows: tuple[Row, ...] = ()


@value
class BatchAnswered:
    """From headquarters: what became of a batch of ``hall``.

    ``seq`` is the last event that headquarters has, whatever was sent; ``detail`` says what is wrong.
    """

    hall: HallId
    result: UplinkResult
    seq: int = 0
    detail: str = ""


class CopyDiverged(LinkError):
    """An event is another one than headquarters has, or does not follow what it has."""


def fresh_rows(
    rows: Sequence[Row], seq: int, digest: str, known_digest: Callable[[int], str]
) -> Sequence[Row]:
    """Return those of a batch's ``rows`` that headquarters lacks; none if there is a gap before them.

    Args:
        rows: numbered in order.
        seq: the last event that headquarters has.
        digest: its digest, or what stands before the first one.
        known_digest: gives the digest of an event that headquarters has.

    Raises:
        CopyDiverged: one is not what it should be; nothing of the batch may be taken then.
    """
    overlap = [row for row in rows if row.seq <= seq]
    if overlap:
        last = overlap[-1]
        # Its digest stands for all those before it.
        if known_digest(last.seq) != last.digest:
            raise CopyDiverged(
                f"event {last.seq} ({last.kind}, {last.at}) is another one here: was an older copy put back?"
            )
    fresh = rows[len(overlap) :]
    if fresh and fresh[0].seq != seq + 1:
        return ()
    for expected, row in enumerate(fresh, start=seq + 1):
        if row.seq != expected:
            raise CopyDiverged(f"event {expected} is missing in what was sent")
        if row.digest != digest_after(digest, row):
            raise CopyDiverged(
                f"event {row.seq} ({row.kind}, {row.at}) does not follow event {row.seq - 1} as it is here"
            )
        digest = row.digest
    return fresh
