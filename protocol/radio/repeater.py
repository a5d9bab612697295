"""A repeater: passes on what is for others, hop by hop, by static routes.

It acknowledges to the node before and is acknowledged by the node behind; what it could not pass on is
lost, and counted. Broadcasts are not passed on. It is an end of its own as well: what is for it is
delivered, and it can send.
"""

from collections.abc import Collection
from random import Random

from protocol.errors import ConfigError
from protocol.radio.actions import Action
from protocol.radio.options import LinkOptions
from protocol.radio.routed import RoutedLink
from protocol.radio.router import HOPS_MAX, Routed, Routes
from protocol.values import replace

__all__ = ["RELAYS_MAX", "Repeater"]

RELAYS_MAX = 4
"""Repeaters that a datagram may pass where nothing else is said; a route that goes round ends there."""


class Repeater(RoutedLink):
    """Passes datagrams on between the nodes ``reached``, near and far ones, the gateway among them.

    Where devices may be paired through it, 254 is one of them.

    ``relays_max`` (1 to 30) repeaters may be on a way. Raises ConfigError where it is anything else.
    """

    def __init__(
        self,
        address: int,
        random: Random,
        options: LinkOptions | None = None,
        *,
        reached: Collection[int],
        routes: Routes | None = None,
        relays_max: int = RELAYS_MAX,
    ) -> None:
        if not 1 <= relays_max <= HOPS_MAX:
            raise ConfigError(
                f"radio repeater {address}: relays_max is {relays_max}; 1 to {HOPS_MAX} are allowed"
            )
        super().__init__(address, random, options, peers=reached, routes=routes)
        self._reached = frozenset(reached)
        self._relays_max = relays_max

    def _pass_on(self, routed: Routed, hop: int, now_s: float) -> list[Action]:
        if not self._reached.issuperset((routed.to, routed.source)):
            return super()._pass_on(routed, hop, now_s)
        if self._next_hop(routed.to) == hop:
            self.router_counts.returned += 1
            return []
        if routed.hops >= self._relays_max:
            self.router_counts.too_far += 1
            return []
        return self._send_on(replace(routed, hops=routed.hops + 1), None, now_s)
