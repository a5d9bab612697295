"""Whom a gateway tells something: terminals, other gateways and the network, each found by its name."""

from __future__ import annotations

from actors.audience import told
from actors.base import Actor, Place, Ref
from actors.radio.network import Neighbours, TerminalHeard
from actors.radio.reach import Reach
from protocol.ids import GatewayId, TerminalAddress

__all__ = ["Others"]


class Others:
    """See the module. ``place`` is the gateway's, whose id is ``gateway``."""

    def __init__(
        self, place: Place, gateway: GatewayId, reach: Reach, neighbours: Neighbours | None
    ) -> None:
        self._place = place
        self._gateway = gateway
        self._reach = reach
        self._neighbours = neighbours

    def find(self, gateway: GatewayId, part: str = "") -> Ref[Actor] | None:
        """Return the actor of a gateway of this hall, or one of its parts."""
        name = self._place.name
        if gateway != self._gateway:
            name = f"{name.rpartition('/')[0]}/{gateway}"
        return self._place.world.find(f"{name}{part}")

    def tell_terminal(self, address: TerminalAddress, message: object) -> None:
        """Tell the terminal at ``address``, whoever's it is."""
        terminal = self.find(self._reach.home(address), f"/terminal/{address}")
        if terminal is not None:
            told(terminal, message)

    def tell_network(self, message: object) -> None:
        """Tell the network, where there is one."""
        if self._neighbours is not None:
            told(self._neighbours.network, message)

    def tell_heard(self, address: TerminalAddress) -> None:
        """Say that a terminal was heard, where others may hear it as well."""
        if self._neighbours is not None and self._neighbours.ids:
            self.tell_network(TerminalHeard(gateway=self._gateway, address=address))
