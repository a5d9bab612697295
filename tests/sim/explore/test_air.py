"""The air of drawn halls: who hears whom where there are walls, and who has keys."""

from __future__ import annotations

from protocol.hall import Gateway
from protocol.ids import TerminalAddress
from sim.explore.draw import draw
from sim.explore.run import ExplorerRun
from sim.hardware import virtual_name
from sim.radio.channel import Channel
from sim.radio.station import Station


def station_at(run: ExplorerRun, gateway: Gateway, address: TerminalAddress) -> Station:
    device = run.site.hardware.radio[gateway.id][address]
    stations = channel_of(run, gateway).stations
    return next(station for station in stations if station.device is device)


def channel_of(run: ExplorerRun, gateway: Gateway) -> Channel:
    segments = run.site.segments
    channels = run.site.hardware.channels if segments is None else segments.channels
    return channels[gateway.id]


def hear_each_other(one: Station, other: Station) -> bool:
    levels = {one.levels.get(other, 0.0), other.levels.get(one, 0.0)}
    assert len(levels) == 1
    return levels == {0.0}


def test_far_terminals_hear_their_repeater_and_no_gateway() -> None:
    looked_at = set()
    for seed in range(60):
        case = draw(seed)
        run = ExplorerRun(case)
        for gateway in case.spec.gateways.values():
            if not gateway.routes:
                continue
            name = virtual_name(gateway.port)
            assert name is not None
            port = channel_of(run, gateway).station_of(name)
            for terminal in gateway.terminals:
                station = station_at(run, gateway, terminal.address)
                hop = gateway.routes.get(terminal.address)
                assert hear_each_other(port, station) is (hop is None)
                assert hop is None or hear_each_other(station_at(run, gateway, hop), station)
                looked_at.add((case.on_channel, hop is None))
    assert len(looked_at) == 4


def test_hall_and_devices_know_the_keys_of_those_that_are_paired_and_of_no_others() -> None:
    counts = []
    for seed in range(40):
        case = draw(seed)
        site = ExplorerRun(case).site
        for gateway in case.spec.gateways.values():
            records = {record.address for record in site.memory.load(gateway.id)}
            assert records == {address for home, address in case.paired if home == gateway.id}
            for address, device in site.hardware.radio.get(gateway.id, {}).items():
                assert device.security is not None
                assert (device.security.memory is not None) is (address in records)
        counts.append(len(case.paired))
    assert 0 in counts
    assert max(counts) > 5
