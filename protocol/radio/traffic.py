"""What a frame is beside those heard before it: new, repeated, an acknowledgement of which datagram.

For whoever listens to a channel and takes no part in it. A listener does not hear all that the nodes hear, so
that what it counts says something about its own place, too.
"""

from __future__ import annotations

from collections import OrderedDict
from enum import StrEnum

import attrs

from protocol.radio.datagram import BROADCAST, FLAG_ACK, FLAG_RETRY, acknowledges
from protocol.radio.frame import Frame
from protocol.values import value

__all__ = ["FRESH_S", "WAYS_MAX", "Sighting", "Standing", "Traffic", "WayCounts"]

FRESH_S = 30.0
"""An acknowledgement after so long is of an earlier datagram with the same ID; a repeat likewise. Senders give
up after a few seconds."""

WAYS_MAX = 1024
"""Ways (from one node to another) that are remembered; the one not heard for the longest time makes room."""


class Standing(StrEnum):
    """What a frame is beside earlier ones."""

    NEW = "new"
    REPEAT = "repeat"
    """The last datagram of its way once more, as its flag says."""
    REPEAT_MISSED = "repeat of something missed"
    """A repeat of a datagram that was not heard here."""
    TWIN = "twin"
    """The last datagram of its way once more, though it does not say so: a restarted sender, an echo, or two
    nodes with one address."""
    ANSWER = "answer"
    """Acknowledges the last datagram of the other way."""
    ANSWER_AGAIN = "answer again"
    """Acknowledges what was acknowledged already."""
    STALE = "stale"
    """Acknowledges nothing that was heard."""


@value
class Sighting:
    """``attempt`` counts the transmissions heard of a datagram, from 1; 0 for an answer to nothing known.

    ``round_trip_s`` is the time from the transmission heard last to the answer, None for anything else.
    """

    standing: Standing
    attempt: int = 0
    round_trip_s: float | None = None


@attrs.define
class WayCounts:
    """What was heard from one node to another. All figures only grow."""

    datagrams: int = 0
    """Different ones, those known by their repeats alone included."""
    transmissions: int = 0
    repeats: int = 0
    """Transmissions that said they are repeats."""
    answered: int = 0
    """Datagrams whose acknowledgement was heard."""
    acknowledgements: int = 0
    """Acknowledgements that went this way."""

    @property
    def loss(self) -> float | None:
        """The share of transmissions that were repeats, or None where there were no transmissions.

        Whoever repeats has missed an acknowledgement: the datagram or the acknowledgement was lost.
        """
        return self.repeats / self.transmissions if self.transmissions else None

    @property
    def unanswered(self) -> int:
        """Datagrams whose acknowledgement was not heard, the last one included while it is awaited."""
        return self.datagrams - self.answered


@attrs.define
class _Way:
    counts: WayCounts = attrs.field(factory=WayCounts)
    last: Frame | None = None
    last_at_s: float = 0.0
    attempts: int = 0
    answered: bool = False


class Traffic:
    """Follows the frames of one channel.

    Times are seconds of any clock that does not go back; where it does, another recording begins.
    """

    def __init__(self) -> None:
        self._ways: OrderedDict[tuple[int, int], _Way] = OrderedDict()

    @property
    def ways(self) -> dict[tuple[int, int], WayCounts]:
        """The counts of each way, (from, to), in the order of addresses; 255 is everybody."""
        return {ends: self._ways[ends].counts for ends in sorted(self._ways)}

    def note(self, frame: Frame, at_s: float) -> Sighting:
        """Take in ``frame``, which was heard at ``at_s``; return what it is."""
        way = self._way(frame.source, frame.to)
        if frame.flags & FLAG_ACK:
            way.counts.acknowledgements += 1
            return self._answer(frame, at_s)
        return _datagram(way, frame, at_s)

    def _answer(self, answer: Frame, at_s: float) -> Sighting:
        way = self._ways.get((answer.to, answer.source))
        if (
            way is None
            or way.last is None
            or not acknowledges(answer, way.last)
            or not 0 <= at_s - way.last_at_s <= FRESH_S
        ):
            return Sighting(standing=Standing.STALE)
        again = way.answered
        if not again:
            way.answered = True
            way.counts.answered += 1
        return Sighting(
            standing=Standing.ANSWER_AGAIN if again else Standing.ANSWER,
            attempt=way.attempts,
            round_trip_s=at_s - way.last_at_s,
        )

    def _way(self, source: int, to: int) -> _Way:
        ends = (source, to)
        way = self._ways.setdefault(ends, _Way())
        self._ways.move_to_end(ends)
        if len(self._ways) > WAYS_MAX:
            self._ways.popitem(last=False)
        return way


def _datagram(way: _Way, frame: Frame, at_s: float) -> Sighting:
    last = way.last
    is_same = (
        last is not None
        and (frame.id, frame.payload) == (last.id, last.payload)
        and 0 <= at_s - way.last_at_s <= FRESH_S
    )
    is_repeat = bool(frame.flags & FLAG_RETRY)
    way.counts.transmissions += 1
    way.counts.repeats += is_repeat
    way.last, way.last_at_s = frame, at_s
    if is_same:
        way.attempts += 1
        standing = Standing.REPEAT if is_repeat else Standing.TWIN
        return Sighting(standing=standing, attempt=way.attempts)
    way.attempts = 1
    # Nobody acknowledges a broadcast.
    way.answered = frame.to == BROADCAST
    way.counts.datagrams += 1
    way.counts.answered += way.answered
    standing = Standing.REPEAT_MISSED if is_repeat else Standing.NEW
    return Sighting(standing=standing, attempt=1)
