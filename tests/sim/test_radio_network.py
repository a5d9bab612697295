"""Two gateways on one radio channel: who serves whom, and what people see when one of them fails."""

from __future__ import annotations

from random import Random
from types import MappingProxyType
from typing import Any

import pytest

from actors.alarms import ReadAlarms
from actors.building import build_hall
from actors.radio.gateway import ReadGateway
from actors.radio.network import NetworkRead, ReadNetwork
from actors.radio.serving import MOVE_PAUSE_S, Post
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
from protocol.radio.payloads import Key, WindowState
from sim.devices.keypad import Keypad
from sim.devices.window import Window
from sim.journal import MemoryJournal
from sim.links import SimLinks
from sim.radio.channel import Channel
from sim.radio.station import Station
from sim.world import SimWorld
from tests.actors.recorders import Ear

ZH = Language("zh")
SERVICE = ServiceId("deposit")
GATEWAY = TerminalAddress(1)
G1, G2 = GatewayId("g1"), GatewayId("g2")


class Wing:
    """A hall with two gateways that cover one another, each with a counter's keypad and window."""

    def __init__(self, seed: int = 1) -> None:
        self.world = SimWorld(seed=seed)
        random = Random(seed)
        # Attentive: a gateway hears what another one sends.
        self.channel = Channel(random, attentive=True)
        self.links = SimLinks(self.world)
        self.stations: dict[int | GatewayId, Station] = {}
        for name in (G1, G2):
            port = self.channel.port(name, address=GATEWAY)
            self.stations[name] = self.channel.stations[-1]
            self.links.register(name, port, own_line=True)
        self.channel.on_wake(self.links.wake)
        self.keypads = {2: Keypad(2, 1, Random(5)), 4: Keypad(4, 1, Random(6))}
        self.windows = {3: Window(3, 1, Random(7)), 5: Window(5, 1, Random(8))}
        for device in (*self.keypads.values(), *self.windows.values()):
            self.stations[device.address] = self.channel.join(device)
        spec = _spec()
        self.parts = build_hall(self.world, spec, MemoryJournal(), self.links, lambda _: "")
        self.calls = Ear()
        self.parts.hall.tell(Subscribe(recipient=self.calls))
        for counter in spec.counters:
            opening = OpenCounter(id=CommandId(f"open/{counter}"), counter=counter)
            self.parts.hall.tell(Submit(command=opening))
        for number in range(200):
            take = TakeTicket(id=CommandId(f"take/{number}"), service=SERVICE, language=ZH)
            self.parts.hall.tell(Submit(command=take))
        self.run(10)

    def run(self, for_s: float) -> None:
        self.world.run(self.world.monotonic() + for_s)

    def press(self, keypad: int = 2, times: int = 1) -> None:
        for _ in range(times):
            assert self.keypads[keypad].press(Key.NEXT)
            self.channel.touch(self.stations[keypad])
            for name in (G1, G2):
                self.links.wake(name)
            self.run(3)

    def cut(self, gateway: GatewayId, *addresses: int) -> None:
        """Have nothing pass between the gateway and these devices."""
        for address in addresses:
            one, other = self.stations[gateway], self.stations[address]
            self.channel.set_level(one, other, None)
            self.channel.set_level(other, one, None)

    def ask(self, ref: Any, question: object) -> Any:
        future = ref.ask(question, block=False)
        self.run(0.001)
        return future.get()

    def server(self, address: int) -> GatewayId | None:
        read: NetworkRead = self.ask(self.parts.radio, ReadNetwork())
        home = G1 if address in (2, 3) else G2
        return read.servers[Post(home=home, address=TerminalAddress(address))]

    def acknowledged_by(self, gateway: GatewayId) -> int:
        sent: int = self.ask(self.parts.gateways[gateway], ReadGateway()).link.acknowledgements_sent
        return sent

    @property
    def called(self) -> list[str]:
        return [one.event.number for one in self.calls if isinstance(one.event, TicketCalled)]

    @property
    def alarms(self) -> list[str]:
        return [alarm.alarm for alarm in self.ask(self.parts.alarms, ReadAlarms()).alarms]


def _spec() -> HallSpec:
    def gateway(name: GatewayId, other: GatewayId, first: int, counter: str) -> Gateway:
        return Gateway(
            id=name,
            port=f"virtual:{name}",
            address=GATEWAY,
            covers=(other,),
            terminals=tuple(
                Terminal(address=TerminalAddress(address), kind=kind, counter=CounterId(counter))
                for address, kind in (
                    (first, TerminalKind.KEYPAD),
                    (first + 1, TerminalKind.WINDOW),
                )
            ),
        )

    counters = {
        CounterId(id): Counter(id=CounterId(id), names={ZH: id}, services=(SERVICE,))
        for id in ("1", "2")
    }
    return HallSpec(
        id=HallId("HZ01"),
        names={ZH: "大厅"},
        services=MappingProxyType({SERVICE: Service(id=SERVICE, names={ZH: "存款"}, prefix="A")}),
        counters=MappingProxyType(counters),
        gateways=MappingProxyType({G1: gateway(G1, G2, 2, "1"), G2: gateway(G2, G1, 4, "2")}),
    )


@pytest.fixture
def wing() -> Wing:
    return Wing()


def test_terminal_heard_by_two_counts_once_and_is_answered_by_its_home(wing: Wing) -> None:
    before = wing.acknowledged_by(G2)
    wing.press(times=5)
    assert wing.called == ["A001", "A002", "A003", "A004", "A005"]
    assert wing.acknowledged_by(G2) == before
    assert wing.windows[3].text == wing.keypads[2].display == "A005"
    assert [wing.server(address) for address in (2, 3, 4, 5)] == [G1, G1, G2, G2]
    assert wing.alarms == []


def test_gateway_that_dies_is_stood_in_for_until_it_returns(wing: Wing) -> None:
    wing.press(times=2)
    wing.links.unplug(G1)
    wing.press()
    assert wing.called[-1] == "A003"
    assert wing.windows[3].text == wing.keypads[2].display == "A003"
    assert [wing.server(address) for address in (2, 3)] == [G2, G2]
    assert wing.alarms == ["gateway/g1"]
    wing.links.plug(G1)
    wing.run(MOVE_PAUSE_S)
    # It has to show first that it hears as well.
    assert wing.server(2) == G2
    wing.press(times=8)
    assert wing.server(2) == G1
    assert wing.called == [f"A{number:03}" for number in range(1, 12)]
    assert wing.windows[3].text == "A011"
    assert wing.alarms == []


def test_press_on_its_way_when_the_gateway_dies_is_done_once(wing: Wing) -> None:
    for delay_s in (0.02, 0.05, 0.08, 0.1, 0.12, 0.2):
        wing.links.plug(G1)
        wing.run(15)
        before = len(wing.called)
        assert wing.keypads[2].press(Key.NEXT)
        wing.channel.touch(wing.stations[2])
        wing.links.wake(G1)
        wing.run(delay_s)
        wing.links.unplug(G1)
        wing.run(15)
        assert len(wing.called) == before + 1
        assert wing.windows[3].text == wing.keypads[2].display == wing.called[-1]


def test_terminal_that_its_home_cannot_hear_is_served_by_the_other(wing: Wing) -> None:
    wing.cut(G1, 2)
    wing.press(times=3)
    wing.run(5)
    assert wing.server(2) == G2
    assert wing.server(3) == G1
    assert len(wing.called) == 3
    assert wing.windows[3].text == wing.keypads[2].display == "A003"


def test_window_that_does_not_hear_its_home_is_told_by_the_other(wing: Wing) -> None:
    wing.press()
    wing.cut(G1, 3)
    for _ in range(6):
        wing.press()
        wing.run(20)
    assert wing.server(3) == G2
    assert (wing.windows[3].state, wing.windows[3].text) == (WindowState.CALLED, "A007")
    assert wing.alarms == []


def test_gateway_that_hears_nobody_loses_all_its_terminals(wing: Wing) -> None:
    wing.press()
    wing.cut(G1, 2, 3, 4, 5)
    wing.press(times=8)
    wing.run(60)
    assert [wing.server(address) for address in (2, 3)] == [G2, G2]
    assert wing.called == [f"A{number:03}" for number in range(1, 10)]
    assert wing.windows[3].text == "A009"


def test_gateway_whose_actor_fails_serves_again_after_its_restart(wing: Wing) -> None:
    wing.press()
    ref = wing.parts.gateways[G1]

    class Restarter:
        def failed(self, place: Any, message: object, error: Exception) -> None:
            wing.world.restart_after(1.0, place)

    wing.world.failures = Restarter()
    ref.tell("nobody says such a thing to a gateway")
    wing.run(0.5)
    assert [wing.server(address) for address in (2, 3)] == [G2, G2]
    wing.press(times=3)
    assert wing.called[-1] == wing.windows[3].text == "A004"
    wing.run(MOVE_PAUSE_S)
    wing.press(times=8)
    assert wing.server(2) == G1


def test_network_whose_actor_fails_finds_out_who_is_up(wing: Wing) -> None:
    wing.press()

    class Restarter:
        def failed(self, place: Any, message: object, error: Exception) -> None:
            wing.world.restart_after(1.0, place)

    wing.world.failures = Restarter()
    assert wing.parts.radio is not None
    wing.parts.radio.tell("nobody says such a thing to a network")
    wing.run(6)
    assert [wing.server(address) for address in (2, 3, 4, 5)] == [G1, G1, G2, G2]
    wing.press(times=2)
    assert wing.called[-1] == wing.windows[3].text == "A003"
