"""Far terminals through repeaters: a whole hall on a routed channel, and devices that are paired there."""

from __future__ import annotations

from random import Random
from types import MappingProxyType

import pytest

from actors.alarms import ReadAlarms
from actors.building import build_hall
from actors.radio.pairing import OpenPairing, PairingOpened, ReadSecurity, SecurityRead
from protocol.commands import OpenCounter, TakeTicket
from protocol.events import TicketCalled
from protocol.hall import Counter, Gateway, HallSpec, Service, Terminal, TerminalKind
from protocol.ids import (
    CommandId,
    CounterId,
    GatewayId,
    HallId,
    Language,
    ServiceId,
    TerminalAddress,
)
from protocol.messages import Submit, Subscribe
from protocol.radio.payloads import Key
from sim.devices.repeater import Repeater
from sim.hardware import Hardware, routes_of
from sim.journal import MemoryJournal
from sim.links import SimLinks
from sim.radio.modules import E32
from sim.radio.segments import ChannelSegments
from sim.radio_memory import dict_vault
from sim.world import SimWorld
from tests.actors.recorders import Ear

ZH = Language("zh")
SERVICE = ServiceId("deposit")
G1 = GatewayId("g1")
NEAR, FAR, FARTHEST = CounterId("1"), CounterId("2"), CounterId("3")
FIRST, SECOND = TerminalAddress(90), TerminalAddress(91)


def _spec() -> HallSpec:
    """A counter in reach, one behind a repeater, and one behind two."""
    at_counters = [
        Terminal(address=TerminalAddress(address + n), kind=kind, counter=counter)
        for n, counter in enumerate((NEAR, FAR, FARTHEST))
        for address, kind in ((10, TerminalKind.KEYPAD), (60, TerminalKind.WINDOW))
    ]
    repeaters = [
        Terminal(address=address, kind=TerminalKind.REPEATER) for address in (FIRST, SECOND)
    ]
    routes = {11: FIRST, 61: FIRST, SECOND: FIRST, 12: SECOND, 62: SECOND}
    gateway = Gateway(
        id=G1,
        port="virtual:g1",
        address=TerminalAddress(1),
        terminals=(*at_counters, *repeaters),
        routed=True,
        routes=MappingProxyType({TerminalAddress(far): hop for far, hop in routes.items()}),
    )
    counters = {
        id: Counter(id=id, names={ZH: id}, services=(SERVICE,)) for id in (NEAR, FAR, FARTHEST)
    }
    return HallSpec(
        id=HallId("HZ01"),
        names={ZH: "大厅"},
        services=MappingProxyType({SERVICE: Service(id=SERVICE, names={ZH: "存款"}, prefix="A")}),
        counters=MappingProxyType(counters),
        gateways=MappingProxyType({G1: gateway}),
    )


class RoutedHall:
    """The hall on a perfect medium, or at frame level, where far devices hear their repeater alone."""

    def __init__(self, *, hidden: bool = False, seed: int = 1) -> None:
        self.spec = _spec()
        self.world = SimWorld(seed=seed)
        self.links = SimLinks(self.world)
        self.hardware = Hardware(self.spec, Random(seed))
        self.segments: ChannelSegments | None = None
        if hidden:
            self.segments = ChannelSegments(self.spec, self.hardware, E32, Random(seed))
            self.segments.on_wake(self.links.wake)
            self.links.register("g1", self.segments.ports["g1"], own_line=True)
            self._hide(self.segments)
        else:
            self.links.register("g1", self.hardware.ports["g1"])
        self.hardware.on_wake(self.wake)
        vault = dict_vault()
        self.parts = build_hall(self.world, self.spec, MemoryJournal(), self.links, str, vault)
        self.calls = Ear()
        self.parts.hall.tell(Subscribe(recipient=self.calls))
        for counter in self.spec.counters:
            opening = OpenCounter(id=CommandId(f"open/{counter}"), counter=counter)
            self.parts.hall.tell(Submit(command=opening))
        for number in range(50):
            take = TakeTicket(id=CommandId(f"take/{number}"), service=SERVICE, language=ZH)
            self.parts.hall.tell(Submit(command=take))
        self.run(20)

    def _hide(self, segments: ChannelSegments) -> None:
        """Have each device hear those of its own room, and the repeaters that they need."""
        stations = segments.stations[G1]
        channel = segments.channels[G1]
        rooms = [[10, 60, 90], [11, 61, 90, 91], [12, 62, 91]]
        in_reach = [{stations[TerminalAddress(a)] for a in room} for room in rooms]
        in_reach[0].add(segments.ports["g1"].station)
        for station in channel.stations:
            hears = set().union(*(room for room in in_reach if station in room))
            channel.hide(station, set(channel.stations) - hears)

    def wake(self, port: str) -> None:
        if self.segments is not None:
            self.segments.look(port)
        self.links.wake(port)

    def run(self, for_s: float) -> None:
        self.world.run(self.world.monotonic() + for_s)

    def press(self, counter: CounterId, for_s: float = 5.0) -> None:
        assert self.hardware.press(counter, Key.NEXT)
        self.run(for_s)

    def repeater(self, address: TerminalAddress) -> Repeater:
        device = self.hardware.radio[G1][address]
        assert isinstance(device, Repeater)
        return device

    def relayed(self, address: TerminalAddress) -> int:
        counts = self.repeater(address).passed_on
        assert counts is not None
        return counts.relayed

    def pair(self, address: int) -> None:
        device = self.hardware.radio[G1][TerminalAddress(address)]
        assert device.security is not None
        answers = Ear()
        message = OpenPairing(
            address=TerminalAddress(address),
            code=device.security.code,
            seconds=120.0,
            reply_to=answers,
        )
        self.parts.security[G1].tell(message)
        self.run(0.01)
        assert answers.of(PairingOpened), answers
        device.ask_for_post()
        self.wake("g1")
        self.run(15)

    @property
    def paired(self) -> list[int]:
        answers = Ear()
        self.parts.security[G1].tell(ReadSecurity(reply_to=answers))
        self.run(0.01)
        [read] = answers.of(SecurityRead)
        return sorted(read.devices)

    @property
    def called(self) -> list[tuple[str, str]]:
        return [
            (one.event.counter, one.event.number)
            for one in self.calls
            if isinstance(one.event, TicketCalled)
        ]

    @property
    def alarms(self) -> list[str]:
        future = self.parts.alarms.ask(ReadAlarms(), block=False)
        self.run(0.001)
        return [alarm.alarm for alarm in future.get().alarms]


@pytest.fixture(params=[False, True], ids=["perfect", "hidden"])
def hall(request: pytest.FixtureRequest) -> RoutedHall:
    return RoutedHall(hidden=request.param)


def test_routes_of_each_device_are_what_it_has_to_know() -> None:
    gateway = _spec().gateways[G1]
    routes = {address: routes_of(gateway, TerminalAddress(address)) for address in (10, 11, 12)}
    assert routes == {10: {}, 11: {1: 90}, 12: {1: 91}}
    assert routes_of(gateway, FIRST) == {12: 91, 62: 91}
    assert routes_of(gateway, SECOND) == {1: 90}


def test_far_counters_work_through_their_repeaters(hall: RoutedHall) -> None:
    for counter in (NEAR, FAR, FARTHEST, FARTHEST, FAR):
        hall.press(counter)
        window, keypad = hall.hardware.windows[counter], hall.hardware.keypads[counter]
        assert window.text == keypad.display == hall.called[-1][1]
    assert [counter for counter, _ in hall.called] == ["1", "2", "3", "3", "2"]
    assert hall.relayed(FIRST) > hall.relayed(SECOND) > 6
    assert hall.alarms == []


def test_far_counter_is_cut_off_while_its_repeater_is_off_and_catches_up(hall: RoutedHall) -> None:
    hall.press(FARTHEST)
    hall.repeater(SECOND).off = True
    hall.press(FARTHEST, for_s=30)
    assert hall.called == [("3", "A001")]
    hall.press(FAR)
    assert hall.hardware.windows[FAR].text == "A002"
    hall.repeater(SECOND).reboot()
    hall.wake("g1")
    hall.run(10)
    hall.press(FARTHEST)
    assert hall.called[-1][0] == "3"
    assert len(hall.called) in (3, 4), "the press that was made meanwhile may come later"
    assert hall.hardware.windows[FARTHEST].text == hall.called[-1][1]


def test_devices_are_paired_through_repeaters_and_then_prove_who_they_are(hall: RoutedHall) -> None:
    for address in (90, 11, 12, 61, 62):
        hall.pair(address)
    assert hall.paired == [11, 12, 61, 62, 90]
    for counter in (FAR, FARTHEST):
        hall.press(counter)
        assert hall.hardware.windows[counter].text == hall.called[-1][1]
        assert hall.hardware.keypads[counter].display == hall.called[-1][1]
    assert hall.alarms == []
