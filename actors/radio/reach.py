"""Whom a gateway may serve, whom it serves now, and who serves its own terminals in its place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from actors.radio.serving import Order, Release, Serve
from protocol.hall import Gateway
from protocol.ids import GatewayId, TerminalAddress

__all__ = ["Reach"]


class Reach:
    """See the module; what is served changes by `take` and `nobody` alone.

    ``covered`` are the gateways that ``gateway`` stands in for. ``sessions`` is what numbers of sessions begin
    after, and none of an earlier actor of this gateway is above it.
    """

    def __init__(self, gateway: Gateway, covered: Iterable[Gateway], sessions: int) -> None:
        self._own = gateway.id
        self._homes = {
            terminal.address: home.id for home in (*covered, gateway) for terminal in home.terminals
        }
        self._servers: dict[TerminalAddress, GatewayId] = {}
        self.session = sessions
        self.served: frozenset[TerminalAddress] = frozenset()

    @property
    def terminals(self) -> Collection[TerminalAddress]:
        """Everybody that may be served."""
        return self._homes.keys()

    @property
    def not_served(self) -> frozenset[TerminalAddress]:
        """Those of them that are not."""
        return frozenset(self._homes) - self.served

    def home(self, address: TerminalAddress) -> GatewayId:
        """Return the home gateway of the terminal at ``address``."""
        return self._homes.get(address, self._own)

    def all_own(self) -> None:
        """Serve our own terminals, with no network that says otherwise."""
        self.served = frozenset(a for a, home in self._homes.items() if home == self._own)

    def nobody(self) -> None:
        """Serve nobody, and take no order that was given before."""
        self.session += 1
        self.served = frozenset()

    def take(self, orders: Sequence[Order]) -> tuple[list[TerminalAddress], list[Release]]:
        """Carry out ``orders``; return who is served now and was not, and what was released."""
        served = set(self.served)
        released = []
        for order in orders:
            match order:
                case Serve(session=session, addresses=addresses):
                    if session == self.session:
                        served.update(addresses)
                case Release(addresses=addresses):
                    served.difference_update(addresses)
                    released.append(order)
        begun = sorted(served - self.served)
        self.served = frozenset(served)
        return begun, released

    def note_server(self, addresses: Iterable[TerminalAddress], server: GatewayId | None) -> None:
        """Note who serves our own terminals at ``addresses``."""
        for address in addresses:
            if server is None or server == self._own:
                self._servers.pop(address, None)
            else:
                self._servers[address] = server

    def server(self, address: TerminalAddress) -> GatewayId | None:
        """Return who else serves our own terminal at ``address``."""
        return self._servers.get(address)
