"""Secured terminals that two gateways hear, on one channel with air time, collisions and loss."""

from __future__ import annotations

from random import Random
from types import MappingProxyType
from typing import Any

import pytest

from actors.alarms import ReadAlarms
from actors.building import build_hall
from actors.radio.pairing import OpenPairing, ReadSecurity
from protocol.commands import CallNext, OpenCounter, TakeTicket
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
from protocol.radio.frame import Frame, FrameDecoder, encode_frame
from protocol.radio.payloads import PAIRING_ADDRESS, Key
from protocol.radio.secured import is_sealed
from protocol.values import replace
from sim.devices.keypad import Keypad
from sim.devices.radio import RadioDevice
from sim.devices.window import Window
from sim.journal import MemoryJournal
from sim.links import SimLinks
from sim.radio.channel import Channel
from sim.radio.port import Port
from sim.radio_memory import DictMemory, dict_vault
from sim.world import SimWorld
from tests.actors.recorders import Ear

ZH = Language("zh")
SERVICE, COUNTER = ServiceId("deposit"), CounterId("1")
G1, G2, G3 = GatewayId("g1"), GatewayId("g2"), GatewayId("g3")


class TwoGateways:
    """A keypad and a window whose home is g1, which g2 covers; new devices, without addresses.

    With ``third`` there is a g3 that covers g1, too, and g2 and g3 do not know each other.
    """

    def __init__(self, seed: int = 1, *, third: bool = False) -> None:
        self.world = SimWorld(seed=seed)
        self.channel = Channel(Random(seed), attentive=True)
        self.links = SimLinks(self.world)
        self.names = ("g1", "g2", "g3")[: 2 + third]
        self.wrote: dict[str, list[Frame]] = {name: [] for name in self.names}
        for name in self.names:
            self.links.register(name, self._tapped(name), own_line=True)
        self.channel.on_wake(self.links.wake)
        self.keypad = Keypad(PAIRING_ADDRESS, 1, Random(2), device=0xA, code=b"code of keypad 1")
        self.window = Window(PAIRING_ADDRESS, 1, Random(3), device=0xB, code=b"code of window 1")
        self.stations = {one: self.channel.join(one) for one in (self.keypad, self.window)}
        terminals = tuple(
            Terminal(address=TerminalAddress(address), kind=kind, counter=COUNTER)
            for address, kind in ((10, TerminalKind.KEYPAD), (60, TerminalKind.WINDOW))
        )
        gateways = [
            Gateway(id=G1, port="virtual:g1", address=TerminalAddress(1), terminals=terminals),
            Gateway(id=G2, port="virtual:g2", address=TerminalAddress(1), covers=(G1,)),
            Gateway(id=G3, port="virtual:g3", address=TerminalAddress(1), covers=(G1,)),
        ][: 2 + third]
        spec = HallSpec(
            id=HallId("HZ01"),
            names={ZH: "大厅"},
            services=MappingProxyType(
                {SERVICE: Service(id=SERVICE, names={ZH: "存款"}, prefix="A")}
            ),
            counters=MappingProxyType(
                {COUNTER: Counter(id=COUNTER, names={ZH: "1"}, services=(SERVICE,))}
            ),
            gateways=MappingProxyType({one.id: one for one in gateways}),
        )
        vault = dict_vault(DictMemory())
        self.parts = build_hall(self.world, spec, MemoryJournal(), self.links, str, vault=vault)
        self.calls = Ear()
        self.parts.hall.tell(Subscribe(recipient=self.calls))
        self.submit(OpenCounter(id=CommandId("open"), counter=COUNTER))
        for number in range(10):
            self.submit(TakeTicket(id=CommandId(f"take/{number}"), service=SERVICE, language=ZH))
        self.run(10)

    def submit(self, command: OpenCounter | TakeTicket) -> None:
        self.parts.hall.tell(Submit(command=command))

    def run(self, for_s: float) -> None:
        self.world.run(self.world.monotonic() + for_s)

    def touch(self, device: RadioDevice) -> None:
        self.channel.touch(self.stations[device])
        for name in self.names:
            self.links.wake(name)

    def _tapped(self, name: str) -> Port:
        """Return a port whose gateway's frames are written down, those that collide as well."""
        port, decoder = self.channel.port(name), FrameDecoder()
        receive = port.receive

        def tap(octets: bytes, now: float) -> bytes:
            self.wrote[name] += decoder.receive(octets)
            return receive(octets, now)

        port.receive = tap  # type: ignore[method-assign]
        return port

    def answered(self) -> set[str]:
        """Return which gateways said anything to devices without a post."""
        return {
            name
            for name, frames in self.wrote.items()
            if any(frame.to == PAIRING_ADDRESS for frame in frames)
        }

    def pair(self, device: RadioDevice, address: int) -> None:
        assert device.security is not None
        self.parts.security[G1].tell(
            OpenPairing(
                address=TerminalAddress(address),
                code=device.security.code,
                seconds=60.0,
                reply_to=Ear(),
            )
        )
        device.ask_for_post()
        self.touch(device)
        self.run(15)

    def press(self) -> None:
        assert self.keypad.press(Key.NEXT)
        self.touch(self.keypad)
        self.run(5)

    @property
    def called(self) -> list[str]:
        return [one.event.number for one in self.calls if isinstance(one.event, TicketCalled)]

    @property
    def alarms(self) -> set[str]:
        future = self.parts.alarms.ask(ReadAlarms(), block=False)
        self.run(0.01)
        return {alarm.alarm for alarm in future.get().alarms}


@pytest.mark.parametrize("away", ["g1", "g2"])
def test_device_is_paired_by_whichever_gateway_of_its_channel_is_up(away: str) -> None:
    hall = TwoGateways()
    hall.links.unplug(away)
    hall.run(10)
    hall.pair(hall.keypad, 10)
    hall.pair(hall.window, 60)
    assert (hall.keypad.address, hall.window.address) == (10, 60)
    assert hall.alarms == {f"gateway/{away}"}, "who asks for a post is no stranger to anybody"
    hall.links.plug(away)
    hall.run(60)
    hall.press()
    assert hall.window.text == "A001"
    hall.pair(hall.keypad, 10)
    hall.press()
    assert hall.called == ["A001", "A002"]
    assert hall.alarms == set()


@pytest.mark.parametrize("away", [(), ("g1",), ("g1", "g2")], ids=["all up", "one", "none but one"])
def test_of_two_gateways_that_cover_a_third_one_answers_a_device(away: tuple[str, ...]) -> None:
    hall = TwoGateways(third=True)
    for name in away:
        hall.links.unplug(name)
    hall.run(10)
    hall.pair(hall.keypad, 10)
    hall.pair(hall.window, 60)
    assert (hall.keypad.address, hall.window.address) == (10, 60)
    assert hall.answered() == {f"g{len(away) + 1}"}
    assert hall.alarms == {f"gateway/{name}" for name in away}


def test_device_that_one_gateway_alone_hears_is_answered_by_that_one() -> None:
    hall = TwoGateways(third=True)
    for listener in hall.channel.stations[:2]:
        hall.channel.hide(listener, [hall.stations[hall.keypad]])
    hall.pair(hall.keypad, 10)
    assert hall.keypad.address == 10
    assert hall.answered() == {"g3"}


def test_either_gateway_serves_terminals_that_were_paired_at_one() -> None:
    hall = TwoGateways()
    hall.pair(hall.keypad, 10)
    hall.pair(hall.window, 60)
    assert (hall.keypad.address, hall.window.address) == (10, 60)
    assert hall.alarms == set()
    hall.press()
    assert hall.called == ["A001"]
    for away, back, number in (("g1", "g2", "A002"), ("g2", "g1", "A003"), ("g1", "g2", "A004")):
        hall.links.plug(back)
        hall.run(60)
        hall.links.unplug(away)
        hall.run(10)
        hall.press()
        assert hall.called[-1] == number
        assert hall.window.text == number
    assert len(hall.called) == 4
    answers = Ear()
    hall.parts.security[G1].tell(ReadSecurity(reply_to=answers))
    hall.run(0.1)
    [read] = answers
    refused = [(one.forged, one.reflected, one.unsecured) for one in read.counts.values()]
    assert set(refused) == {(0, 0, 0)}
    assert hall.window.security is not None
    # What was on its way in the clear when the window got its keys.
    assert hall.window.security.refused.keys() <= {"UnsecuredError"}


class Rush:
    """Twelve counters with windows alone; those of the first four have codes."""

    def __init__(self, seed: int = 1) -> None:
        self.world = SimWorld(seed=seed)
        self.channel = Channel(Random(seed), attentive=True)
        self.links = SimLinks(self.world)
        self.links.register("g1", self.channel.port("g1"), own_line=True)
        self.counters = [CounterId(str(number)) for number in range(1, 13)]
        self.windows = [
            Window(
                60 + number,
                1,
                Random(number),
                device=number + 1,
                code=number.to_bytes(16) if number < 4 else None,
            )
            for number in range(12)
        ]
        self.stations = {window: self.channel.join(window) for window in self.windows}
        self.frames: list[Frame] = []
        self.channel.join(Listener(self.frames))
        gateway = Gateway(
            id=G1,
            port="virtual:g1",
            address=TerminalAddress(1),
            terminals=tuple(
                Terminal(
                    address=TerminalAddress(window.address),
                    kind=TerminalKind.WINDOW,
                    counter=counter,
                )
                for window, counter in zip(self.windows, self.counters, strict=True)
            ),
        )
        service = Service(id=SERVICE, names={ZH: "存款"}, prefix="A")
        spec = HallSpec(
            id=HallId("HZ01"),
            names={ZH: "大厅"},
            services=MappingProxyType({SERVICE: service}),
            counters=MappingProxyType(
                {
                    counter: Counter(id=counter, names={ZH: counter}, services=(SERVICE,))
                    for counter in self.counters
                }
            ),
            gateways=MappingProxyType({G1: gateway}),
        )
        self.memory = DictMemory()
        self.parts = build_hall(
            self.world, spec, MemoryJournal(), self.links, str, vault=dict_vault(self.memory)
        )
        self.commands = 0
        for counter in self.counters:
            self.submit(lambda id, counter=counter: OpenCounter(id=id, counter=counter))
        for _ in range(40):
            self.submit(lambda id: TakeTicket(id=id, service=SERVICE, language=ZH))
        self.run(10)

    def submit(self, make: Any) -> None:
        self.commands += 1
        self.parts.hall.tell(Submit(command=make(CommandId(f"command/{self.commands}"))))

    def run(self, for_s: float) -> None:
        self.world.run(self.world.monotonic() + for_s)

    def pair(self, window: Window) -> None:
        assert window.security is not None
        self.parts.security[G1].tell(
            OpenPairing(
                address=TerminalAddress(window.address),
                code=window.security.code,
                seconds=60.0,
                reply_to=Ear(),
            )
        )
        window.ask_for_post()
        self.channel.touch(self.stations[window])
        self.links.wake("g1")
        self.run(15)
        assert window.security.memory is not None

    def call_everywhere(self) -> None:
        for counter in self.counters:
            self.submit(lambda id, counter=counter: CallNext(id=id, counter=counter))
        self.run(20)


class Listener:
    """Writes down every frame on the channel."""

    def __init__(self, frames: list[Frame]) -> None:
        self._frames = frames
        self._decoder = FrameDecoder()

    def receive(self, octets: bytes, _now: float) -> bytes:
        self._frames += self._decoder.receive(octets)
        return b""

    def tick(self, _now: float) -> bytes:
        return b""

    def next_deadline(self) -> float | None:
        return None


def test_in_a_rush_secured_and_stock_windows_have_broadcasts_of_their_own() -> None:
    hall = Rush()
    for window in hall.windows[:4]:
        hall.pair(window)
    for round_ in range(3):
        hall.call_everywhere()
        numbers = sorted(window.text for window in hall.windows)
        assert numbers == [f"A{12 * round_ + n:03}" for n in range(1, 13)]
    kinds = {is_sealed(frame.payload) for frame in hall.frames if frame.to == 255}
    assert kinds == {True, False}
    # Each secured window took some that was for all of its kind.
    for window in hall.windows[:4]:
        assert window.security is not None
        assert window.security.memory is not None
        assert window.security.memory.broadcast_taken > 0
        assert window.security.refused.keys() <= {"UnsecuredError"}


def test_broadcast_that_is_replayed_shows_nothing_old() -> None:
    hall = Rush()
    for window in hall.windows[:4]:
        hall.pair(window)
    hall.call_everywhere()
    old = [f for f in hall.frames if f.to == 255 and is_sealed(f.payload)]
    hall.call_everywhere()
    shown = [window.text for window in hall.windows[:4]]
    for number, frame in enumerate(old):
        for window in hall.windows[:4]:
            window.receive(encode_frame(replace(frame, id=200 + number)), hall.world.monotonic())
    assert [window.text for window in hall.windows[:4]] == shown
    for window in hall.windows[:4]:
        assert window.security is not None
        assert window.security.refused["ReplayedError"] == len(old)
