"""What the web server needs of each hall; the composition fills it in."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

import attrs

from actors.ports import Journal
from actors.world import ActorWatch
from protocol.hall import HallSpec
from protocol.ids import GatewayId, KioskId, TerminalAddress, TicketId
from protocol.messages import Recipient


@attrs.frozen(kw_only=True, eq=False)
class HallPort:
    """One hall as the web server sees it.

    ``hall`` takes `Submit`, `Subscribe` and `ReadState`; ``display``, ``alarms`` and each of ``kiosks`` take
    `Watch`; each of ``security`` takes what `actors.radio.pairing` says, each of ``terminals`` `ReadTerminal`,
    each of ``gateways`` `ReadGateway` and ``radio`` `ReadNetwork`.
    ``journal`` is only read. ``scan_url`` gives what a ticket's QR code says, as `codes.page_address` does.
    ``key`` is the hall's own, to sign with; with another one all that was signed is worth nothing.
    """

    spec: HallSpec
    hall: Recipient
    journal: Journal
    scan_url: Callable[[TicketId], str]
    key: bytes = attrs.field(factory=lambda: secrets.token_bytes(32), repr=False)
    display: Recipient | None = None
    alarms: Recipient | None = None
    kiosks: Mapping[KioskId, Recipient] = attrs.field(factory=lambda: MappingProxyType({}))
    security: Mapping[GatewayId, Recipient] = attrs.field(factory=lambda: MappingProxyType({}))
    gateways: Mapping[GatewayId, Recipient] = attrs.field(factory=lambda: MappingProxyType({}))
    radio: Recipient | None = None
    terminals: Mapping[tuple[GatewayId, TerminalAddress], Recipient] = attrs.field(
        factory=lambda: MappingProxyType({})
    )


class Watched(Protocol):
    """Whatever shows its actors, as `World.watch` does."""

    def __call__(self) -> Sequence[ActorWatch]:
        """Return what can be seen of each actor."""
        ...


Troubles = Callable[[], Sequence[str]]
"""Returns what does not work and needs a person: actors that were given up, journals that fail."""


def no_troubles() -> Sequence[str]:
    """Return that nothing is known to be wrong."""
    return ()
