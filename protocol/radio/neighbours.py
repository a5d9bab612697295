"""What is known of each node that was heard or sent to: its round trips and what passed between us."""

from collections.abc import Mapping

import attrs

from protocol.radio.actions import PeerCounts
from protocol.radio.options import LinkOptions
from protocol.radio.round_trip import RoundTrip

__all__ = ["Neighbour", "Neighbours"]


@attrs.define(eq=False)
class Neighbour:
    """See the module."""

    round_trip: RoundTrip
    counts: PeerCounts = attrs.field(factory=PeerCounts)


class Neighbours:
    """The nodes by address; there are at most 255 addresses."""

    def __init__(self, options: LinkOptions) -> None:
        self._options = options
        self._known: dict[int, Neighbour] = {}

    def at(self, address: int) -> Neighbour:
        """Return the node at ``address``, from now on a known one."""
        neighbour = self._known.get(address)
        if neighbour is None:
            neighbour = self._known[address] = Neighbour(RoundTrip(self._options))
        return neighbour

    def counts(self) -> Mapping[int, PeerCounts]:
        """Return the counts of all that are known."""
        return {address: neighbour.counts for address, neighbour in self._known.items()}

    def round_trip_s(self, address: int) -> float | None:
        """Return the smoothed round trip to ``address``, or None where none was measured."""
        neighbour = self._known.get(address)
        return None if neighbour is None else neighbour.round_trip.mean_s
