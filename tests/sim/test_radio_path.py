"""From the key to the window: devices, air, line, gateway, terminals, counter and hall in virtual time."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from types import MappingProxyType
from typing import Any

import pytest

from actors.alarms import AlarmBoard, ReadAlarms
from actors.audience import Audience
from actors.counter import CounterActor
from actors.hall.actor import HallActor, HallAudience
from actors.radio.delivery import ALARM_AFTER_S
from actors.radio.gateway import GatewayActor, GatewayRead, ReadGateway
from actors.radio.keypad import KeypadTerminal
from actors.radio.window import WindowTerminal
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
from protocol.radio.frame import Frame, encode_frame
from protocol.radio.payloads import Key, KeyPress, WindowState, encode
from sim.devices.keypad import Keypad
from sim.devices.window import Window
from sim.journal import MemoryJournal
from sim.links import SimLinks
from sim.world import SimWorld
from tests.actors.recorders import Ear
from tests.sim.air import PERFECT, Air, Medium

ZH = Language("zh")
SERVICE = ServiceId("deposit")
ROOT = "hall/HZ01"


class RadioHall:
    """A hall with ``counters`` counters, each with a keypad and a window behind one gateway."""

    def __init__(self, seed: int, counters: int = 1, medium: Medium = PERFECT) -> None:
        self.world = SimWorld(seed=seed)
        random = Random(seed)
        ids = [CounterId(str(number + 1)) for number in range(counters)]
        self.keypads = [Keypad(10 + n, 1, Random(random.random())) for n in range(counters)]
        self.windows = [Window(60 + n, 1, Random(random.random())) for n in range(counters)]
        self.air = Air(
            [*self.keypads, *self.windows], random=random, downlink=medium, uplink=medium
        )
        self.links = SimLinks(self.world)
        self.links.register("g1", self.air)
        gateway = Gateway(
            id=GatewayId("g1"),
            port="virtual:g1",
            address=TerminalAddress(1),
            terminals=tuple(
                Terminal(address=TerminalAddress(first + n), kind=kind, counter=counter)
                for n, counter in enumerate(ids)
                for first, kind in ((10, TerminalKind.KEYPAD), (60, TerminalKind.WINDOW))
            ),
        )
        service = Service(id=SERVICE, names={ZH: "存款"}, prefix="A")
        spec = HallSpec(
            id=HallId("HZ01"),
            names={ZH: "大厅"},
            services=MappingProxyType({SERVICE: service}),
            counters=MappingProxyType(
                {id_: Counter(id=id_, names={ZH: id_}, services=(SERVICE,)) for id_ in ids}
            ),
            gateways=MappingProxyType({gateway.id: gateway}),
        )
        self._build(spec, gateway)
        self.calls = Ear()
        self.hall.tell(Subscribe(recipient=self.calls))
        for counter in ids:
            command = OpenCounter(id=CommandId(f"open/{counter}"), counter=counter)
            self.hall.tell(Submit(command=command))
        self.run(3)

    def _build(self, spec: HallSpec, gateway: Gateway) -> None:
        spawn = self.world.spawn
        self.alarm_board = spawn(f"{ROOT}/alarms", AlarmBoard, {}, Audience())
        self.hall = spawn(ROOT, HallActor, spec, MemoryJournal(), HallAudience())
        name = f"{ROOT}/gateway/g1"
        self.gateway = spawn(name, GatewayActor, gateway, self.links, self.alarm_board)
        for terminal in gateway.terminals:
            place = f"{name}/terminal/{terminal.address}"
            common = (terminal, gateway.id, self.gateway, self.alarm_board)
            if terminal.kind is TerminalKind.WINDOW:
                spawn(place, WindowTerminal, *common, self.hall, {})
            else:
                counter = spawn(
                    f"{ROOT}/counter/{terminal.counter}",
                    CounterActor,
                    terminal.counter,
                    self.hall,
                )
                spawn(place, KeypadTerminal, *common, counter)

    def run(self, for_s: float) -> None:
        self.world.run(self.world.monotonic() + for_s)

    def take(self, count: int) -> None:
        for number in range(count):
            command = TakeTicket(id=CommandId(f"take/{number}"), service=SERVICE, language=ZH)
            self.hall.tell(Submit(command=command))
        self.run(0.01)

    def press(self, index: int = 0, key: Key = Key.NEXT) -> None:
        assert self.keypads[index].press(key)
        self.links.wake("g1")

    def ask(self, ref: Any, question: object) -> Any:
        future = ref.ask(question, block=False)
        self.run(0.001)
        return future.get()

    @property
    def called(self) -> list[str]:
        return [
            record.event.number for record in self.calls if isinstance(record.event, TicketCalled)
        ]

    @property
    def alarms(self) -> list[str]:
        return [alarm.alarm for alarm in self.ask(self.alarm_board, ReadAlarms()).alarms]


def test_key_press_calls_and_shows_the_number_on_window_and_keypad() -> None:
    hall = RadioHall(1)
    assert hall.windows[0].state is WindowState.IDLE
    hall.take(2)
    hall.press()
    hall.run(0.5)
    assert hall.called == ["A001"]
    assert (hall.windows[0].state, hall.windows[0].text) == (WindowState.CALLED, "A001")
    assert hall.keypads[0].display == "A001"
    hall.press(key=Key.START)
    hall.run(0.5)
    assert hall.windows[0].state is WindowState.SERVING
    hall.press()
    hall.run(0.5)
    assert hall.windows[0].text == "A002"
    hall.press()
    hall.run(0.5)
    assert hall.windows[0].state is WindowState.IDLE
    assert hall.keypads[0].display == "无人等候"
    assert hall.alarms == []


@pytest.mark.parametrize("seed", range(4))
def test_bad_channel_calls_each_press_once_and_every_display_is_right_in_the_end(
    seed: int,
) -> None:
    medium = Medium(loss=0.15, duplication=0.1, bit_error=0.0005)
    hall = RadioHall(seed, counters=4, medium=medium)
    hall.take(100)
    presses = 0
    for _ in range(10):
        for index in range(4):
            hall.press(index)
            presses += 1
            hall.run(5)
    hall.run(120)
    answered = sum(len(keypad.results) for keypad in hall.keypads)
    unanswered = sum(keypad.unanswered for keypad in hall.keypads)
    assert answered + unanswered == presses
    assert answered <= len(hall.called) <= presses
    assert hall.called == [f"A{number + 1:03}" for number in range(len(hall.called))]
    last = {
        record.event.counter: record.event.number
        for record in hall.calls
        if isinstance(record.event, TicketCalled)
    }
    assert {window.text for window in hall.windows} == set(last.values())
    assert hall.alarms == []
    read: GatewayRead = hall.ask(hall.gateway, ReadGateway())
    assert read.link.retries > 0
    assert read.link.retries_received > 0


def test_replayed_frames_of_an_old_press_call_nobody() -> None:
    hall = RadioHall(1)
    hall.take(5)
    for _ in range(3):
        hall.press()
        hall.run(1)
    old = encode(KeyPress(boot=0, sequence=1, key=Key.NEXT))
    for id_ in (2, 77):
        hall.links.send("g1", encode_frame(Frame(to=1, source=10, id=id_, payload=old)))
        hall.run(1)
    assert hall.called == ["A001", "A002", "A003"]
    assert hall.alarms == ["terminal/g1/10"]
    hall.press()
    hall.run(1)
    assert hall.called[-1] == "A004"
    assert hall.alarms == []


def test_rebooted_keypad_and_window_go_on() -> None:
    hall = RadioHall(1)
    hall.take(3)
    hall.press()
    hall.run(1)
    hall.keypads[0].reboot()
    hall.windows[0].reboot()
    hall.links.wake("g1")
    hall.run(4)
    assert (hall.windows[0].state, hall.windows[0].text) == (WindowState.CALLED, "A001")
    hall.press()
    hall.run(1)
    assert hall.called == ["A001", "A002"]
    assert hall.windows[0].text == "A002"


def test_window_that_is_switched_off_is_alarmed_until_it_shows_the_newest_number() -> None:
    hall = RadioHall(1, counters=2)
    hall.take(5)
    hall.windows[0].off = True
    hall.press()
    hall.run(ALARM_AFTER_S - 1)
    assert hall.alarms == []
    hall.run(2)
    assert hall.alarms == ["window/1"]
    hall.press()
    # The other counter goes on meanwhile.
    hall.press(1)
    hall.run(3)
    assert hall.windows[1].text == "A003"
    hall.run(300)
    assert hall.alarms == ["window/1"]
    hall.windows[0].reboot()
    hall.links.wake("g1")
    hall.run(3)
    assert hall.windows[0].text == "A002"
    assert hall.alarms == ["terminal/g1/60/restarted"]
    hall.run(600)
    assert hall.alarms == []


def test_port_lost_in_mid_frame_loses_no_press_and_no_number() -> None:
    hall = RadioHall(1)
    hall.take(3)
    hall.press()
    # The key press is 18 octets, 19 ms: the plug is pulled within it.
    hall.run(0.01)
    hall.links.unplug("g1")
    hall.run(1)
    assert hall.alarms == ["gateway/g1"]
    assert hall.called == []
    hall.run(2)
    hall.links.plug("g1")
    hall.run(10)
    assert hall.called == ["A001"]
    assert hall.windows[0].text == "A001"
    assert hall.keypads[0].display == "A001"
    assert hall.alarms == []


def test_unknown_terminal_gets_no_acknowledgement_and_raises_one_alarm() -> None:
    hall = RadioHall(1)
    stranger = Keypad(99, 1, Random(9))
    hall.air.terminals.append(stranger)
    hall.take(1)
    hall.links.wake("g1")
    hall.run(3)
    stranger.press(Key.NEXT)
    hall.links.wake("g1")
    hall.run(60)
    assert hall.called == []
    assert stranger.unanswered == 1
    assert hall.alarms == ["gateway/g1/stranger/99"]


def test_garbage_on_the_line_does_no_harm() -> None:
    hall = RadioHall(1)
    hall.take(3)
    noise = Random(4)
    for _ in range(50):
        hall.links.send("g1", noise.choice([b"\x10", b"\x10\x02", noise.randbytes(20)]))
        hall.run(0.05)
    hall.press()
    hall.run(1)
    assert hall.windows[0].text == "A001"


def test_same_seed_gives_the_same_messages() -> None:
    def run() -> list[tuple[float, str, str]]:
        log: list[tuple[float, str, str]] = []
        hall = RadioHall(5, counters=2, medium=Medium(loss=0.1))
        hall.world.trace = lambda at_s, name, message: log.append((at_s, name, repr(message)))
        hall.take(10)
        for index in (0, 1, 0, 1):
            hall.press(index)
            hall.run(2)
        hall.world.close()
        return log

    first, second = run(), run()
    assert first == second
    assert len(first) > 50
    assert all(earlier[0] <= later[0] for earlier, later in pairwise(first))
