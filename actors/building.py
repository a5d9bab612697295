"""Puts all actors of a hall into a world, real or virtual."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from actors.alarms import AlarmBoard
from actors.audience import Audience
from actors.base import Ref
from actors.counter import CounterActor
from actors.display import DisplayActor
from actors.hall.actor import HallActor, HallAudience
from actors.kiosk import KioskActor
from actors.ports import Journal, LinkOpener
from actors.printer import PrinterActor
from actors.radio.gateway import GatewayActor
from actors.radio.keypad import KeypadTerminal
from actors.radio.window import WindowTerminal
from actors.world import World
from protocol.hall import HallSpec, Terminal, TerminalKind
from protocol.ids import CounterId, KioskId, TicketId
from protocol.values import value


@value
class HallParts:
    """References to the actors of one hall, for whoever links them with the world outside."""

    spec: HallSpec
    hall: Ref[Any]
    display: Ref[Any]
    alarms: Ref[Any]
    counters: Mapping[CounterId, Ref[Any]]
    kiosks: Mapping[KioskId, Ref[Any]]


def build_hall(
    world: World,
    spec: HallSpec,
    journal: Journal,
    links: LinkOpener,
    scan_url: Callable[[TicketId], str],
) -> HallParts:
    """Start the hall, then all that serve it; stopping the world ends them in reverse order.

    ``scan_url`` gives the address in a ticket's QR code.
    """
    root = f"hall/{spec.id}"
    alarms = world.spawn(f"{root}/alarms", AlarmBoard, {}, Audience())
    audience = HallAudience()
    audience.alarms = alarms
    hall = world.spawn(root, HallActor, spec, journal, audience)
    counters = {
        counter: world.spawn(f"{root}/counter/{counter}", CounterActor, counter, hall)
        for counter in spec.counters
    }
    display = world.spawn(f"{root}/display", DisplayActor, spec, hall, Audience())
    parts = HallParts(
        spec=spec,
        hall=hall,
        display=display,
        alarms=alarms,
        counters=counters,
        kiosks=_build_kiosks(world, root, spec, hall, alarms, links, scan_url),
    )
    _build_radio(world, root, parts, links)
    return parts


def _build_kiosks(
    world: World,
    root: str,
    spec: HallSpec,
    hall: Ref[Any],
    alarms: Ref[Any],
    links: LinkOpener,
    scan_url: Callable[[TicketId], str],
) -> Mapping[KioskId, Ref[Any]]:
    kiosks: dict[KioskId, Ref[Any]] = {}
    for kiosk in spec.kiosks.values():
        name = f"{root}/kiosk/{kiosk.id}"
        printer: Ref[Any] | None = None
        if kiosk.printer is not None:
            printer = world.spawn(f"{name}/printer", PrinterActor, kiosk.printer, links, alarms)
        kiosks[kiosk.id] = world.spawn(
            name, KioskActor, spec, kiosk.id, hall, printer, alarms, scan_url, Audience()
        )
    return kiosks


def _build_radio(world: World, root: str, parts: HallParts, links: LinkOpener) -> None:
    for gateway in parts.spec.gateways.values():
        name = f"{root}/gateway/{gateway.id}"
        ref = world.spawn(name, GatewayActor, gateway, links, parts.alarms)
        for terminal in gateway.terminals:
            _build_terminal(world, name, parts, ref, terminal)


def _build_terminal(
    world: World, gateway_name: str, parts: HallParts, gateway: Ref[Any], terminal: Terminal
) -> None:
    name = f"{gateway_name}/terminal/{terminal.address}"
    match terminal.kind:
        case TerminalKind.KEYPAD:
            counter = parts.counters[terminal.counter]
            world.spawn(name, KeypadTerminal, terminal, gateway, counter, parts.alarms)
        case TerminalKind.WINDOW:
            world.spawn(name, WindowTerminal, terminal, gateway, parts.hall, parts.alarms)
