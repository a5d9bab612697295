"""The air of a drawn hall: walls before far terminals, keys of those that are paired, a stranger in reach."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random

from protocol.hall import Gateway
from protocol.ids import GatewayId, TerminalAddress
from sim.devices.radio import RadioDevice
from sim.explore.case import Case
from sim.explore.stranger import Stranger, Target
from sim.radio.channel import Channel
from sim.radio.paired import pair
from sim.radio.station import Station
from sim.site import Site
from sim.watch.sightings import Forged


def prepare(case: Case, site: Site, see: Callable[[Forged], object]) -> list[Stranger]:
    """Wall far terminals off and pair those of the case, before anything begins; return who is in reach."""
    channels = _channels(site)
    for gateway in case.spec.gateways.values():
        if gateway.routes:
            _wall_off(site, gateway, channels[gateway.id])
    _pair(case, site)
    return [] if case.stranger_s is None else _strangers(case, site, see, case.stranger_s)


def _channels(site: Site) -> dict[GatewayId, Channel]:
    return site.hardware.channels if site.segments is None else site.segments.channels


def _wall_off(site: Site, gateway: Gateway, channel: Channel) -> None:
    """Have far devices hear those of their own room, and their repeater, and no gateway."""
    by_device = {station.device: station for station in channel.stations}
    devices = site.hardware.radio[gateway.id]
    stations = {address: by_device[device] for address, device in devices.items()}
    rooms = _rooms(gateway, stations)
    for station in stations.values():
        hears = set[Station]().union(*(room for room in rooms if station in room))
        is_near = station in rooms[0]
        others = [
            each
            for each in channel.stations
            if each not in hears
            # Ports are in the near room, and other gateways' devices as well.
            and not (is_near and each not in stations.values())
        ]
        channel.hide(station, others)


def _rooms(gateway: Gateway, stations: dict[TerminalAddress, Station]) -> list[set[Station]]:
    """Return who hears each other: those near the gateway first, then those around each repeater."""
    near = {station for address, station in stations.items() if address not in gateway.routes}
    rooms = [near]
    for repeater in set(gateway.routes.values()):
        around = {stations[far] for far, hop in gateway.routes.items() if hop == repeater}
        rooms.append(around | {stations[repeater]})
    return rooms


def _pair(case: Case, site: Site) -> None:
    for gateway in case.spec.gateways.values():
        devices = site.hardware.radio.get(gateway.id, {})
        paired = [devices[address] for home, address in case.paired if home == gateway.id]
        pair(paired, gateway.id, gateway.address, site.memory)


def _strangers(
    case: Case, site: Site, see: Callable[[Forged], object], every_s: float
) -> list[Stranger]:
    """Put one on each channel that has paired terminals."""
    targets: dict[Channel, list[Target]] = {}
    channels = _channels(site)
    for home, address in case.paired:
        gateway = case.spec.gateways[home]
        device = site.hardware.radio[home][address]
        names = partial(_names, site, home, device)
        target = Target(gateway=gateway, address=address, device=device, press=names)
        targets.setdefault(channels[home], []).append(target)
    strangers = []
    for n, (channel, there) in enumerate(targets.items()):
        stranger = Stranger(there, Random(f"{case.seed}/stranger/{n}"), every_s, see)
        channel.join(stranger)
        strangers.append(stranger)
    return strangers


def _names(site: Site, home: GatewayId, device: RadioDevice, sequence: int) -> tuple[str, ...]:
    """Return what the hall would call a press: of a keypad that is paired as it is now, or never was."""
    record = site.memory.records.get((home, device.address))
    marks = (
        [""] if record is None or record.pairing is None else ["", f"{record.pairing.salt.hex()}/"]
    )
    return tuple(f"key/{home}/{device.address}/{mark}{device.boot}/{sequence}" for mark in marks)
