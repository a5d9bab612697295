"""Puts all actors of a hall into a world, real or virtual."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, assert_never

import attrs

from actors.alarms import AlarmBoard
from actors.audience import Audience
from actors.base import Ref
from actors.counter import CounterActor
from actors.display import DisplayActor
from actors.hall.actor import SNAPSHOT_EVENTS, HallActor, HallAudience
from actors.kiosk import KioskActor
from actors.ports import (
    EventRows,
    Journal,
    LinkOpener,
    PushPort,
    RadioVault,
    ScanCodePort,
    UplinkPort,
)
from actors.printer import PrinterActor
from actors.pusher import PusherActor
from actors.radio.banners import Banners
from actors.radio.caller import CallerTerminal
from actors.radio.calls_for_posts import channels
from actors.radio.evaluator import EvaluatorTerminal
from actors.radio.gateway import GatewayActor
from actors.radio.keypad import KeypadTerminal
from actors.radio.network import Neighbours, RadioNetwork
from actors.radio.repeater import RepeaterTerminal
from actors.radio.security import SecurityActor, guard_of
from actors.radio.window import WindowTerminal
from actors.uplink import UplinkActor
from actors.world import World
from protocol.hall import Gateway, HallSpec, Terminal, TerminalKind
from protocol.ids import CounterId, GatewayId, KioskId, TerminalAddress, TicketId
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
    terminals: dict[tuple[GatewayId, TerminalAddress], Ref[Any]] = attrs.field(factory=dict)
    """Each by its home gateway and its radio address."""
    gateways: dict[GatewayId, Ref[Any]] = attrs.field(factory=dict)
    radio: Ref[Any] | None = None
    """Who serves which terminal; a hall without gateways has none."""
    security: dict[GatewayId, Ref[Any]] = attrs.field(factory=dict)
    """Of each gateway's terminals; of none without a vault."""


def build_hall(
    world: World,
    spec: HallSpec,
    journal: Journal,
    links: LinkOpener,
    scan_url: Callable[[TicketId], str],
    vault: RadioVault | None = None,
    snapshot_events: int = SNAPSHOT_EVENTS,
    pushes: PushPort | None = None,
    codes: ScanCodePort | None = None,
    uplink: tuple[EventRows, UplinkPort] | None = None,
) -> HallParts:
    """Start the hall, then all that serve it; stopping the world ends them in reverse order.

    ``scan_url`` gives the address in a ticket's QR code. Without a ``vault`` terminals have no security and
    are not paired, whatever the configuration says. The hall keeps a snapshot after ``snapshot_events`` events.
    Without ``pushes`` phones that follow tickets are told nothing; without ``codes`` papers have the address of
    their page in their QR code. ``uplink`` is the journal as headquarters gets it, and the way there.
    """
    root = f"hall/{spec.id}"
    alarms = world.spawn(f"{root}/alarms", AlarmBoard, {}, Audience())
    audience = HallAudience()
    audience.alarms = alarms
    hall = world.spawn(root, HallActor, spec, journal, audience, snapshot_events)
    counters = {
        counter: world.spawn(f"{root}/counter/{counter}", CounterActor, counter, hall, spec)
        for counter in spec.counters
    }
    display = world.spawn(f"{root}/display", DisplayActor, spec, hall, Audience())
    parts = HallParts(
        spec=spec,
        hall=hall,
        display=display,
        alarms=alarms,
        counters=counters,
        kiosks=_build_kiosks(world, root, spec, hall, alarms, links, scan_url, codes),
        radio=_build_network(world, root, spec),
    )
    _build_radio(world, root, parts, links, vault)
    if pushes is not None:
        world.spawn(f"{root}/pusher", PusherActor, spec, hall, alarms, pushes)
    if uplink is not None:
        world.spawn(f"{root}/uplink", UplinkActor, spec.id, hall, alarms, *uplink)
    return parts


def _build_kiosks(
    world: World,
    root: str,
    spec: HallSpec,
    hall: Ref[Any],
    alarms: Ref[Any],
    links: LinkOpener,
    scan_url: Callable[[TicketId], str],
    codes: ScanCodePort | None,
) -> Mapping[KioskId, Ref[Any]]:
    kiosks: dict[KioskId, Ref[Any]] = {}
    for kiosk in spec.kiosks.values():
        name = f"{root}/kiosk/{kiosk.id}"
        printer: Ref[Any] | None = None
        if kiosk.printer is not None:
            printer = world.spawn(f"{name}/printer", PrinterActor, kiosk.printer, links, alarms)
        kiosks[kiosk.id] = world.spawn(
            name,
            KioskActor,
            spec,
            kiosk.id,
            hall,
            printer,
            alarms,
            scan_url,
            Audience(),
            codes=codes,
        )
    return kiosks


def _build_network(world: World, root: str, spec: HallSpec) -> Ref[Any] | None:
    gateways = tuple(spec.gateways.values())
    return world.spawn(f"{root}/radio", RadioNetwork, gateways) if gateways else None


def _build_radio(
    world: World, root: str, parts: HallParts, links: LinkOpener, vault: RadioVault | None
) -> None:
    banners = Banners()
    if vault is not None:
        banners = Banners(vault.memory.banners(), vault.memory.save_banner)
    gateways = parts.spec.gateways
    guards = {} if vault is None else {id: guard_of(one, vault) for id, one in gateways.items()}
    for gateway in parts.spec.gateways.values():
        name = f"{root}/gateway/{gateway.id}"
        neighbours = _neighbours(parts, gateway)
        ref = world.spawn(
            name,
            GatewayActor,
            gateway,
            links,
            parts.alarms,
            neighbours=neighbours,
            passages=guards,
        )
        parts.gateways[gateway.id] = ref
        if gateway.id in guards:
            parts.security[gateway.id] = world.spawn(
                f"{name}/security", SecurityActor, gateway, guards[gateway.id], ref, parts.alarms
            )
        for terminal in gateway.terminals:
            _build_terminal(world, name, parts, gateway, ref, terminal, banners)


def _neighbours(parts: HallParts, gateway: Gateway) -> Neighbours:
    assert parts.radio is not None
    gateways = parts.spec.gateways
    [channel] = [ids for ids in channels(gateways.values()) if gateway.id in ids]
    return Neighbours(
        network=parts.radio,
        covered=tuple(gateways[covered] for covered in gateway.covers),
        ids=channel - {gateway.id},
    )


def _build_terminal(
    world: World,
    gateway_name: str,
    parts: HallParts,
    gateway: Gateway,
    ref: Ref[Any],
    terminal: Terminal,
    banners: Banners,
) -> None:
    name, hall = f"{gateway_name}/terminal/{terminal.address}", parts.hall
    language = parts.spec.languages[0]
    common = (terminal, gateway.id, ref, parts.alarms)
    built: Ref[Any]
    match terminal.kind:
        case TerminalKind.KEYPAD:
            assert terminal.counter is not None
            counter = parts.counters[terminal.counter]
            built = world.spawn(name, KeypadTerminal, *common, counter, language)
        case TerminalKind.WINDOW:
            built = world.spawn(name, WindowTerminal, *common, hall, banners)
        case TerminalKind.EVALUATOR:
            evaluation = parts.spec.evaluation
            built = world.spawn(name, EvaluatorTerminal, *common, hall, evaluation, language)
        case TerminalKind.CALLER:
            built = world.spawn(name, CallerTerminal, *common, hall)
        case TerminalKind.REPEATER:
            built = world.spawn(name, RepeaterTerminal, *common)
        case kind:
            assert_never(kind)
    parts.terminals[gateway.id, terminal.address] = built
