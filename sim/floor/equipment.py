"""Devices for a hall whose file has none: what a rehearsal with devices puts at each counter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from protocol.hall import Gateway, HallSpec, Kiosk, Names, Terminal, TerminalKind
from protocol.ids import CounterId, GatewayId, KioskId, Language, TerminalAddress
from protocol.values import replace

COUNTERS_A_GATEWAY = 20
FIRST_ADDRESS = 10
"""Of a gateway's terminals; each counter has three after one another."""

_KINDS = (TerminalKind.KEYPAD, TerminalKind.WINDOW, TerminalKind.EVALUATOR)


def equipped(spec: HallSpec, *, kiosks: int = 2) -> HallSpec:
    """Return the hall with every port virtual, as it is where it is not: see `on_virtual_ports`.

    Without gateways each counter gets a keypad, a window and an evaluator, twenty counters to a gateway;
    without kiosks there are so many, each with a printer.
    """
    changes: dict[str, Any] = {}
    if not spec.gateways:
        changes["gateways"] = _gateways(list(spec.counters))
    if not spec.kiosks:
        names: Names = {Language("zh"): "取号机", Language("en"): "Kiosk"}
        ids = [KioskId(f"k{number}") for number in range(1, kiosks + 1)]
        changes["kiosks"] = {
            id: Kiosk(id=id, names=names, printer=f"virtual:printer-{id}") for id in ids
        }
    return on_virtual_ports(replace(spec, **changes))


def _gateways(counters: list[CounterId]) -> Mapping[GatewayId, Gateway]:
    gateways: dict[GatewayId, Gateway] = {}
    for first in range(0, len(counters), COUNTERS_A_GATEWAY):
        id = GatewayId(f"g{len(gateways) + 1}")
        terminals = [
            Terminal(address=TerminalAddress(address), kind=kind, counter=counter)
            for place, counter in enumerate(counters[first : first + COUNTERS_A_GATEWAY])
            for address, kind in enumerate(_KINDS, start=FIRST_ADDRESS + len(_KINDS) * place)
        ]
        gateways[id] = Gateway(
            id=id,
            port=f"virtual:radio-{id}",
            address=TerminalAddress(1),
            terminals=tuple(terminals),
            duty_cycle_max=1.0,
        )
    return gateways


def on_virtual_ports(spec: HallSpec) -> HallSpec:
    """Return the hall with every port virtual, so that a real hall's file stands for its devices."""
    gateways = {
        gateway.id: replace(gateway, port=f"virtual:radio-{gateway.id}")
        for gateway in spec.gateways.values()
    }
    kiosks = {
        kiosk.id: kiosk
        if kiosk.printer is None
        else replace(kiosk, printer=f"virtual:printer-{kiosk.id}")
        for kiosk in spec.kiosks.values()
    }
    return replace(spec, gateways=gateways, kiosks=kiosks)
