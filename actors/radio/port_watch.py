"""What is wrong with a port that is open: nothing comes from it, or what comes is no radio, or our own words.

Each trouble begins and ends by what is heard; whoever watches says so to people.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from enum import StrEnum

from protocol.ids import TerminalAddress
from protocol.radio.actions import LinkCounts
from protocol.radio.frame import DecoderCounts

__all__ = ["PortTrouble", "PortWatch"]

GARBAGE_OCTETS_MAX = 512
"""Octets since the last good frame that may be noise, banners and cut frames."""

UNANSWERED_MAX = 3
"""Downlinks in a row that nobody acknowledged while nothing else was heard, to two terminals at least where
there are two."""

QUIET_MAX_S = 1500.0
"""Terminals say that they are there every ten minutes or so; two of their words may be lost. Where firmware
does not, it was quiet for longer before, and may be for `QUIET_GROWTH` times as long again."""

QUIET_GROWTH = 2.0

ECHOES_MIN = 3
"""Frames that came back, or came from our own address, within `ECHOES_S`."""

ECHOES_S = 60.0

SENT_KEPT = 4
"""Transmissions that an echo is looked for among."""

HEARD_KEPT = 300
"""Octets in which it is looked for: an echo may be cut anywhere."""


class PortTrouble(StrEnum):
    """What a person must look at."""

    SILENT = "silent"
    GARBAGE = "garbage"
    ECHO = "echo"
    ADDRESS = "address"
    """Somebody else has the gateway's address."""


class PortWatch:
    """See the module.

    ``terminals`` is how many there are to hear, ``alone`` whether no other gateway has our address.
    """

    def __init__(self, terminals: int, alone: bool) -> None:
        self.troubles: set[PortTrouble] = set()
        self._terminals = terminals
        self._alone = alone
        self._frames = 0
        self._outside = 0
        self._own = 0
        self._heard_s: float | None = None
        self._longest_s = 0.0
        """The longest time without a word that was followed by one."""
        self._unanswered = 0
        self._unanswered_by: set[TerminalAddress] = set()
        self._sent: deque[bytes] = deque(maxlen=SENT_KEPT)
        self._tail = b""
        self._echoes_s: deque[float] = deque(maxlen=ECHOES_MIN)
        self._doubles_s: deque[float] = deque(maxlen=ECHOES_MIN)

    def opened(self, now_s: float) -> None:
        """The port was opened: what was before does not count."""
        self._heard_s = now_s
        self._unanswered = 0
        self._unanswered_by.clear()
        self._tail = b""

    def closed(self) -> None:
        """The port is away: it is in no trouble but that."""
        self._heard_s = None
        self.troubles.clear()
        self._echoes_s.clear()
        self._doubles_s.clear()

    # -- what happens -----------------------------------------------------------------------

    def sent(self, octets: bytes) -> None:
        """``octets`` were written."""
        self._sent.append(octets)

    def heard(
        self, octets: bytes, octet_counts: DecoderCounts, link: LinkCounts, now_s: float
    ) -> bool:
        """``octets`` came, and this was counted since; return whether a trouble began or ended."""
        before = set(self.troubles)
        own = link.own_address - self._own
        self._own = link.own_address
        tail = (self._tail + octets)[-HEARD_KEPT:]
        if own:
            self._tell_echo(tail, own, now_s)
            tail = b""
        self._tail = tail
        frames = octet_counts.frames - self._frames
        if frames > own:
            self._hear(now_s)
        if frames:
            self._frames = octet_counts.frames
            self._outside = octet_counts.octets_outside
            self.troubles.discard(PortTrouble.GARBAGE)
        elif octet_counts.octets_outside - self._outside > GARBAGE_OCTETS_MAX:
            self.troubles.add(PortTrouble.GARBAGE)
        return self.troubles != before

    def unanswered(self, terminal: TerminalAddress) -> bool:
        """A downlink was given up; return whether a trouble began."""
        self._unanswered += 1
        self._unanswered_by.add(terminal)
        several = len(self._unanswered_by) >= min(self._terminals, 2)
        if self._unanswered < UNANSWERED_MAX or not several:
            return False
        return self._begin(PortTrouble.SILENT)

    def look(self, now_s: float) -> bool:
        """Look at what time brings; return whether a trouble began or ended."""
        before = set(self.troubles)
        for trouble, times_s in self._returned():
            if times_s and now_s - times_s[-1] > ECHOES_S:
                self.troubles.discard(trouble)
        quiet_max_s = max(QUIET_MAX_S, QUIET_GROWTH * self._longest_s)
        quiet = self._heard_s is not None and now_s - self._heard_s > quiet_max_s
        if quiet and self._terminals:
            self.troubles.add(PortTrouble.SILENT)
        return self.troubles != before

    # -- inside -----------------------------------------------------------------------------

    def _hear(self, now_s: float) -> None:
        """Somebody else was heard."""
        if self._heard_s is not None:
            self._longest_s = max(self._longest_s, now_s - self._heard_s)
        self._heard_s = now_s
        if self._unanswered:
            self._unanswered = 0
            self._unanswered_by.clear()
        if self.troubles:
            self.troubles.discard(PortTrouble.SILENT)

    def _tell_echo(self, tail: bytes, frames: int, now_s: float) -> None:
        """Tell an echo from another node with our address; gateways that stand in for us are such nodes."""
        echoed = any(octets in tail for octets in self._sent)
        if not echoed and not self._alone:
            return
        trouble = PortTrouble.ECHO if echoed else PortTrouble.ADDRESS
        times_s = self._echoes_s if echoed else self._doubles_s
        times_s.extend([now_s] * frames)
        if len(times_s) == ECHOES_MIN and now_s - times_s[0] <= ECHOES_S:
            self.troubles.add(trouble)

    def _returned(self) -> Iterator[tuple[PortTrouble, deque[float]]]:
        yield PortTrouble.ECHO, self._echoes_s
        yield PortTrouble.ADDRESS, self._doubles_s

    def _begin(self, trouble: PortTrouble) -> bool:
        began = trouble not in self.troubles
        self.troubles.add(trouble)
        return began
