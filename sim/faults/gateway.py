"""Faults of gateways: their radio modules are pulled out, replaced, or away behind a serial server."""

from __future__ import annotations

from collections.abc import Mapping

from protocol.ids import GatewayId
from sim.faults.kind import End, FaultKind, Target
from sim.faults.premises import Premises, gateway_port, gateways, hold_unplugged

GATEWAY = Target(name="gateway", what="a gateway", places=gateways)
SERVER = Target(
    name="gateway",
    what="nothing: all gateways are behind one server",
    places=lambda premises: ("server",) if gateways(premises) else (),
)


def _unplug(premises: Premises, gateway: str, _given: Mapping[str, float]) -> End:
    return hold_unplugged(premises, gateway_port(premises, gateway))


def _replace(premises: Premises, gateway: str, _given: Mapping[str, float]) -> End:
    """Pull the module out; another one takes its place, which knows nothing of what was under way."""
    port = gateway_port(premises, gateway)
    plug = hold_unplugged(premises, port)

    def put_in() -> None:
        premises.channel(GatewayId(gateway)).exchange_module(port)
        plug()

    return put_in


def _restart_server(premises: Premises, _where: str, _given: Mapping[str, float]) -> End:
    ends = [
        hold_unplugged(premises, gateway_port(premises, gateway)) for gateway in gateways(premises)
    ]

    def back() -> None:
        for end in ends:
            end()

    return back


KINDS = (
    FaultKind(
        name="gateway-unplugged",
        does="A gateway's radio module is pulled out and plugged in again.",
        target=GATEWAY,
        begin=_unplug,
    ),
    FaultKind(
        name="gateway-replaced",
        does="A gateway's radio module is replaced by another one, and what was under way is lost.",
        target=GATEWAY,
        begin=_replace,
        lasts_min_s=10.0,
    ),
    FaultKind(
        name="serial-server-restart",
        does="The serial server behind which all gateways are starts anew: their ports go and come together.",
        target=SERVER,
        begin=_restart_server,
        lasts_min_s=2.0,
        lasts_max_s=300.0,
    ),
)
