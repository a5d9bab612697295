"""Draws the radio of a hall: gateways apart or on one channel, repeaters, and who must prove who sent what."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from types import MappingProxyType

from protocol.hall import Gateway, HallSpec, Security, Terminal, TerminalKind
from protocol.ids import CounterId, GatewayId, ServiceId, TerminalAddress

GATEWAYS_MAX = 2

ONE_CHANNEL_SHARE = 0.4
"""Of the halls with several gateways, those in which they hear the same terminals."""

ROUTED_SHARE = 0.25
"""Of the halls with radio, those in which some terminals are behind repeaters."""

FAR_SHARE = 0.5
"""Of their terminals."""

SECURED_SHARE = 0.3
"""Of the halls with radio, those in which terminals are paired."""

FIRST_TERMINAL = 10
"""The address of the first one; each counter has room for four."""

FIRST_REPEATER = 90

_SHARES = {
    TerminalKind.KEYPAD: 0.9,
    TerminalKind.WINDOW: 0.9,
    TerminalKind.EVALUATOR: 0.4,
    TerminalKind.CALLER: 0.2,
}

Routes = dict[TerminalAddress, TerminalAddress]


def draw_gateways(
    counters: tuple[CounterId, ...], services: tuple[ServiceId, ...], random: Random
) -> Mapping[GatewayId, Gateway]:
    """Return the gateways with their terminals; none in some halls."""
    count = random.randint(0, GATEWAYS_MAX)
    terminals = _terminals(count, counters, services, random)
    one_channel = count > 1 and any(terminals) and random.random() < ONE_CHANNEL_SHARE
    routed = random.random() < ROUTED_SHARE
    security = random.choice([Security.REQUIRED, Security.OPTIONAL])
    gateways = {}
    for n in range(count):
        if not terminals[n] and not one_channel:
            continue  # where it hears others it stands by for them
        id = GatewayId(f"g{n + 1}")
        behind, routes = terminals[n], Routes()
        if routed and behind:
            repeaters, routes = _ways(behind, n, random)
            behind = [*behind, *repeaters]
        gateways[id] = Gateway(
            id=id,
            port=f"virtual:radio-{id}",
            address=TerminalAddress(1 if one_channel else 1 + n),
            terminals=tuple(behind),
            covers=_others(id, count) if one_channel else (),
            routed=routed,
            routes=MappingProxyType(routes),
            security=security,
        )
    return MappingProxyType(gateways)


def draw_paired(spec: HallSpec, random: Random) -> tuple[tuple[GatewayId, TerminalAddress], ...]:
    """Return the terminals that are paired before the run begins; none in most halls."""
    if random.random() >= SECURED_SHARE:
        return ()
    return tuple(
        (gateway.id, terminal.address)
        for gateway in spec.gateways.values()
        for terminal in gateway.terminals
        if gateway.security is Security.REQUIRED or random.random() < 0.5
    )


def _others(id: GatewayId, count: int) -> tuple[GatewayId, ...]:
    return tuple(other for n in range(count) if (other := GatewayId(f"g{n + 1}")) != id)


def _terminals(
    count: int, counters: tuple[CounterId, ...], services: tuple[ServiceId, ...], random: Random
) -> list[list[Terminal]]:
    """Return the terminals behind each of ``count`` gateways: all of a counter behind the same one."""
    terminals: list[list[Terminal]] = [[] for _ in range(count)]
    for place, counter in enumerate(counters):
        if not count:
            break
        behind = random.randrange(count)
        for offset, (kind, share) in enumerate(_SHARES.items()):
            if random.random() >= share:
                continue
            presets = tuple(random.sample(services, min(2, len(services))))
            terminals[behind].append(
                Terminal(
                    address=TerminalAddress(FIRST_TERMINAL + len(_SHARES) * place + offset),
                    kind=kind,
                    counter=counter,
                    presets=presets if kind is TerminalKind.KEYPAD else (),
                    banner="欢迎" if kind is TerminalKind.WINDOW and not place else None,
                )
            )
    return terminals


def _ways(behind: list[Terminal], n: int, random: Random) -> tuple[list[Terminal], Routes]:
    """Return one repeater or two, maybe one behind the other, and the routes through them."""
    first = FIRST_REPEATER + 2 * n
    addresses = [TerminalAddress(first + m) for m in range(random.randint(1, 2))]
    routes: Routes = {}
    if len(addresses) == 2 and random.random() < 0.5:
        routes[addresses[1]] = addresses[0]
    for terminal in behind:
        if random.random() < FAR_SHARE:
            routes[terminal.address] = random.choice(addresses)
    repeaters = [Terminal(address=each, kind=TerminalKind.REPEATER) for each in addresses]
    return repeaters, routes
