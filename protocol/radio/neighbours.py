"""What is known of each node that was heard or sent to: its round trips and what passed between us."""

from collections.abc import Mapping

import attrs

from protocol.radio.actions import PeerCounts
from protocol.radio.options import LinkOptions
from protocol.radio.round_trip import RoundTrip

__all__ = ["ANSWERS_BURST_S", "COMMON_SHARE", "OWN_SHARE", "Neighbour", "Neighbours"]

OWN_SHARE = 1 / 40
"""Acknowledgements to each node may take this part of what a link may send at all: at 9600 bit/s and a tenth
of all time one in eight seconds, which is more than a keypad in a rush needs."""

COMMON_SHARE = 1 / 4
"""What goes beyond that, to all nodes together, may take this part. Without these bounds a few nodes that flood
use up an hour's air time within ten minutes, and nobody else is sent anything."""

ANSWERS_BURST_S = 300.0
"""What was not used of that in so long may be used at once."""


class _Allowance:
    """The air time that acknowledgements may take; ``share`` of all time in the long run."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._left_s = share * ANSWERS_BURST_S
        self._at_s = 0.0

    def take(self, air_s: float, now_s: float) -> bool:
        """Return whether another ``air_s`` may be used at ``now_s``; then they are."""
        earned_s = (now_s - self._at_s) * self._share
        self._left_s = min(self._left_s + earned_s, self._share * ANSWERS_BURST_S)
        self._at_s = now_s
        if self._left_s < air_s:
            return False
        self._left_s -= air_s
        return True


@attrs.define(eq=False)
class Neighbour:
    """See the module."""

    round_trip: RoundTrip
    answers: _Allowance
    counts: PeerCounts = attrs.field(factory=PeerCounts)


class Neighbours:
    """The nodes by address; there are at most 255 addresses."""

    def __init__(self, options: LinkOptions) -> None:
        self._options = options
        self._common = _Allowance(options.duty_cycle_max * COMMON_SHARE)
        self._known: dict[int, Neighbour] = {}

    def at(self, address: int) -> Neighbour:
        """Return the node at ``address``, from now on a known one."""
        neighbour = self._known.get(address)
        if neighbour is None:
            share = self._options.duty_cycle_max * OWN_SHARE
            neighbour = Neighbour(RoundTrip(self._options), _Allowance(share))
            self._known[address] = neighbour
        return neighbour

    def may_answer(self, address: int, air_s: float, now_s: float) -> bool:
        """Return whether an acknowledgement of ``air_s`` may be sent to ``address``; then it counts as sent.

        If not, that is counted. Without a limit of the duty cycle it always may.
        """
        if self._options.duty_cycle_max >= 1.0:
            return True
        node = self.at(address)
        if node.answers.take(air_s, now_s) or self._common.take(air_s, now_s):
            return True
        node.counts.flooded += 1
        return False

    def counts(self) -> Mapping[int, PeerCounts]:
        """Return the counts of all that are known."""
        return {address: neighbour.counts for address, neighbour in self._known.items()}

    def round_trip_s(self, address: int) -> float | None:
        """Return the smoothed round trip to ``address``, or None where none was measured."""
        neighbour = self._known.get(address)
        return None if neighbour is None else neighbour.round_trip.mean_s
