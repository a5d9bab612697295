"""A whole hall whose radio does what it should not: ports that fail in each way, devices that flood."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from types import MappingProxyType

import pytest

from actors.alarms import ReadAlarms
from actors.building import HallParts, build_hall
from actors.radio.gateway import GatewayRead, ReadGateway
from actors.radio.terminal import ReadTerminal, TerminalRead
from actors.radio.troubles import BURST_MAX, FLOODER_PER_MINUTE
from protocol.commands import CallNext, OpenCounter, TakeTicket
from protocol.devices import Device
from protocol.events import TicketCalled
from protocol.hall import (
    SILENT_AFTER_S,
    Counter,
    Gateway,
    HallSpec,
    Service,
    Terminal,
    TerminalKind,
)
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
from protocol.radio.payloads import DeviceKind, Hello, Key, KeyPress, PairRequest, encode
from sim.devices.keypad import Keypad
from sim.devices.window import Window
from sim.journal import MemoryJournal
from sim.links import SimLinks
from sim.world import SimWorld
from tests.actors.recorders import Ear
from tests.sim.air import Air

ZH = Language("zh")
SERVICE = ServiceId("deposit")
G1 = GatewayId("g1")
COUNTERS = (CounterId("1"), CounterId("2"))

BANNER = b"\r\nser2net port 4001 device /dev/ttyUSB0 [9600N81] (Debian GNU/Linux)\r\n"

OCTETS_PER_S = 960
"""Of a line at 9600 bit/s."""


def as_it_is(octets: bytes) -> bytes:
    return octets


def at_another_rate(octets: bytes) -> bytes:
    """What a receiver at a fourth of the sender's rate makes of ``octets``: fewer, and others."""
    return bytes((octet ^ octet << 3 ^ 0xC0) & 0xFF for octet in octets[::4])


class Port:
    """A port whose octets pass through ``outwards`` and ``inwards``; with ``echo`` it returns those sent."""

    def __init__(self, behind: Device) -> None:
        self.inwards: Callable[[bytes], bytes] = as_it_is
        self.outwards: Callable[[bytes], bytes] = as_it_is
        self.echo = False
        self._behind = behind

    def receive(self, octets: bytes, now: float) -> bytes:
        echoed = octets if self.echo else b""
        heard = self.outwards(octets)
        answer = self._behind.receive(heard, now) if heard else b""
        return echoed + self.inwards(answer)

    def tick(self, now: float) -> bytes:
        return self.inwards(self._behind.tick(now))

    def next_deadline(self) -> float | None:
        return self._behind.next_deadline()


class Flooder:
    """Sends the frames that ``frame`` makes of a count, one every ``every_s``, and hears nothing."""

    def __init__(self, frame: Callable[[int], Frame], every_s: float) -> None:
        self.sent = 0
        self._frame = frame
        self._every_s = every_s
        self._due_s: float | None = None

    def start(self, now_s: float) -> None:
        self._due_s = now_s

    def stop(self) -> None:
        self._due_s = None

    def receive(self, _octets: bytes, now: float) -> bytes:
        return b""

    def tick(self, now: float) -> bytes:
        if self._due_s is None or now < self._due_s:
            return b""
        self._due_s += self._every_s
        self.sent += 1
        return encode_frame(self._frame(self.sent))

    def next_deadline(self) -> float | None:
        return self._due_s


class Hall:
    """Two counters, each with a keypad and a window behind one gateway."""

    def __init__(self, seed: int = 1, repeaters: tuple[int, ...] = ()) -> None:
        self.repeaters = repeaters
        self.world = SimWorld(seed=seed)
        random = Random(seed)
        self.keypads = [Keypad(10 + n, 1, Random(random.random())) for n in (0, 1)]
        self.windows = [Window(60 + n, 1, Random(random.random())) for n in (0, 1)]
        self.air = Air([*self.keypads, *self.windows], random=random)
        self.port = Port(self.air)
        self.links = SimLinks(self.world)
        self.links.register("g1", self.port)
        self.parts = self._build()
        self.calls = Ear()
        self.taken = 0
        self.parts.hall.tell(Subscribe(recipient=self.calls))
        for counter in COUNTERS:
            command = OpenCounter(id=CommandId(f"open/{counter}"), counter=counter)
            self.parts.hall.tell(Submit(command=command))
        self.run(5)
        assert self.alarms == []

    def _build(self) -> HallParts:
        gateway = Gateway(
            id=G1,
            port="virtual:g1",
            address=TerminalAddress(1),
            terminals=tuple(
                Terminal(address=TerminalAddress(first + n), kind=kind, counter=counter)
                for n, counter in enumerate(COUNTERS)
                for first, kind in ((10, TerminalKind.KEYPAD), (60, TerminalKind.WINDOW))
            )
            + tuple(
                Terminal(address=TerminalAddress(address), kind=TerminalKind.REPEATER)
                for address in self.repeaters
            ),
        )
        spec = HallSpec(
            id=HallId("HZ01"),
            names={ZH: "大厅"},
            services=MappingProxyType(
                {SERVICE: Service(id=SERVICE, names={ZH: "存款"}, prefix="A")}
            ),
            counters=MappingProxyType(
                {id_: Counter(id=id_, names={ZH: id_}, services=(SERVICE,)) for id_ in COUNTERS}
            ),
            gateways=MappingProxyType({G1: gateway}),
        )
        return build_hall(self.world, spec, MemoryJournal(), self.links, str)

    def run(self, for_s: float) -> None:
        self.world.run(self.world.monotonic() + for_s)

    def wake(self) -> None:
        self.links.wake("g1")

    def take(self, count: int) -> None:
        for _ in range(count):
            self.taken += 1
            id_ = CommandId(f"take/{self.taken}")
            self.parts.hall.tell(Submit(command=TakeTicket(id=id_, service=SERVICE, language=ZH)))
        self.run(0.01)

    def press(self, index: int = 0, for_s: float = 2.0) -> None:
        assert self.keypads[index].press(Key.NEXT)
        self.wake()
        self.run(for_s)

    def read(self) -> GatewayRead:
        answers = Ear()
        self.parts.gateways[G1].tell(ReadGateway(reply_to=answers))
        self.run(0.001)
        [read] = answers.of(GatewayRead)
        return read

    def terminals(self) -> list[TerminalRead]:
        answers = Ear()
        for terminal in self.parts.terminals.values():
            terminal.tell(ReadTerminal(reply_to=answers))
        self.run(0.001)
        return answers.of(TerminalRead)

    @property
    def calls_at(self) -> dict[CounterId, list[str]]:
        """The numbers that each counter called, in order."""
        found: dict[CounterId, list[str]] = {counter: [] for counter in COUNTERS}
        for record in self.calls:
            if isinstance(record.event, TicketCalled):
                found[record.event.counter].append(record.event.number)
        return found

    @property
    def alarms(self) -> list[str]:
        future = self.parts.alarms.ask(ReadAlarms(), block=False)
        self.run(0.001)
        return [alarm.alarm for alarm in future.get().alarms]

    def all_is_right(self) -> None:
        """Each window shows what its counter called last, and each press that has a result was one call."""
        for index, counter in enumerate(COUNTERS):
            called = self.calls_at[counter]
            if called:
                assert self.windows[index].text == called[-1]
        texts = [result.text for keypad in self.keypads for result in keypad.results]
        assert sorted(texts) == sorted(set(texts))
        numbers = [number for called in self.calls_at.values() for number in called]
        assert sorted(numbers) == [f"A{n + 1:03}" for n in range(len(numbers))]


# -- ports --------------------------------------------------------------------------------------


def test_port_that_returns_what_it_is_sent_calls_nobody_twice_and_is_alarmed_while_it_does() -> (
    None
):
    hall = Hall()
    hall.take(20)
    hall.port.echo = True
    for _ in range(4):
        hall.press(0)
        hall.press(1)
    assert hall.alarms == ["gateway/g1/echo"]
    assert {counter: len(called) for counter, called in hall.calls_at.items()} == {"1": 4, "2": 4}
    hall.all_is_right()
    hall.port.echo = False
    hall.press(0)
    hall.run(90)
    assert hall.alarms == []
    hall.all_is_right()


def test_port_that_accepts_and_never_delivers_is_alarmed_and_makes_good_when_it_works_again() -> (
    None
):
    hall = Hall()
    hall.take(5)
    hall.press(0)
    hall.port.inwards = hall.port.outwards = lambda _octets: b""
    # Staff call at their pages meanwhile, so that the windows are to show something else.
    for number in range(2):
        for counter in COUNTERS:
            _call_at_page(hall, counter, number)
        hall.run(20)
    assert hall.alarms == ["gateway/g1/silent"], "no window is to blame"
    hall.run(3600)
    assert hall.alarms == ["gateway/g1/silent"], "nor is it anybody's silence"
    assert hall.read().waiting <= 2, "what the windows are to show waits, and nothing older"
    assert hall.windows[0].text == "A001"
    hall.port.inwards = hall.port.outwards = as_it_is
    hall.run(900)
    assert [window.text for window in hall.windows] == ["A004", "A005"]
    hall.all_is_right()
    assert hall.alarms == []


def test_port_that_is_away_for_an_hour_is_one_alarm_and_no_terminals_fault() -> None:
    hall = Hall()
    hall.take(5)
    hall.press(0)
    hall.links.unplug("g1")
    _call_at_page(hall, COUNTERS[0], 1)
    hall.run(3600)
    assert hall.alarms == ["gateway/g1"]
    assert [read.reachable for read in hall.terminals()] == [False] * 4
    hall.windows[1].off = True
    hall.links.plug("g1")
    hall.run(400)
    assert hall.windows[0].text == "A002"
    assert [read.reachable for read in hall.terminals()] == [True] * 4
    # Whoever is silent from then on is so itself, and does not confirm what it is to show.
    hall.run(SILENT_AFTER_S)
    assert hall.alarms == ["window/2", "terminal/g1/61/silent"]


def _call_at_page(hall: Hall, counter: CounterId, number: int) -> None:
    command = CallNext(id=CommandId(f"page/{counter}/{number}"), counter=counter)
    hall.parts.hall.tell(Submit(command=command))


def test_wrong_baud_rate_is_alarmed_with_what_to_set_until_it_is_right() -> None:
    hall = Hall()
    hall.take(5)
    hall.port.inwards = hall.port.outwards = at_another_rate
    # Whoever cannot get through tries again and again, so that garbage goes on coming.
    for _ in range(60):
        if not hall.keypads[0].press(Key.NEXT):
            hall.wake()
        hall.wake()
        hall.run(5)
    assert "gateway/g1/garbage" in hall.alarms
    assert hall.calls_at[COUNTERS[0]] == []
    hall.port.inwards = hall.port.outwards = as_it_is
    hall.run(60)
    called = len(hall.calls_at[COUNTERS[0]])
    hall.press(0)
    assert len(hall.calls_at[COUNTERS[0]]) == called + 1
    hall.run(900)
    assert hall.alarms == []
    hall.all_is_right()


@pytest.mark.parametrize("seed", range(3))
def test_serial_server_that_restarts_again_and_again_loses_no_call_and_makes_none_twice(
    seed: int,
) -> None:
    hall = Hall(seed)
    hall.take(60)
    random = Random(seed)
    for round_ in range(10):
        index = round_ % 2
        assert hall.keypads[index].press(Key.NEXT)
        hall.wake()
        hall.run(random.uniform(0.0, 0.3))
        hall.links.unplug("g1")
        hall.run(random.uniform(0.1, 4.0))
        hall.links.plug("g1")
        hall.run(10.1)
        hall.links.send("g1", BANNER)
        hall.run(10)
    hall.run(120)
    results = sum(len(keypad.results) for keypad in hall.keypads)
    unanswered = sum(keypad.unanswered for keypad in hall.keypads)
    called = sum(map(len, hall.calls_at.values()))
    assert results + unanswered == 10
    assert results <= called <= 10
    assert hall.alarms == []
    hall.all_is_right()


def test_hour_of_random_octets_between_the_frames_costs_no_press() -> None:
    """A third of the line's time is noise, which may end in the middle of what looks like a frame."""
    hall = Hall()
    hall.take(200)
    noise = Random(7)
    presses = 0
    began_s = hall.world.monotonic()
    next_press_s = began_s
    while hall.world.monotonic() - began_s < 3600:
        hall.links.send("g1", noise.randbytes(noise.randrange(1, 320)))
        if hall.world.monotonic() >= next_press_s:
            next_press_s += 60
            assert hall.keypads[presses % 2].press(Key.NEXT)
            presses += 1
            hall.wake()
        hall.run(noise.uniform(0.1, 0.9))
    hall.run(30)
    assert sum(map(len, hall.calls_at.values())) == presses == 60
    assert sum(keypad.unanswered for keypad in hall.keypads) == 0
    hall.all_is_right()
    read = hall.read()
    assert read.octets.octets_outside > 1_000_000


# -- devices ------------------------------------------------------------------------------------


def hello_flood(number: int) -> Frame:
    payload = encode(Hello(boot=number % 4096, kind=DeviceKind.KEYPAD))
    return Frame(to=1, source=11, id=number % 256, payload=payload)


def press_flood(number: int) -> Frame:
    payload = encode(KeyPress(boot=1, sequence=number % 65536, key=Key.NEXT))
    return Frame(to=1, source=11, id=number % 256, payload=payload)


def stranger_flood(number: int) -> Frame:
    return Frame(to=1, source=100 + number % 100, id=number % 256, payload=b"hello?")


def pairing_flood(number: int) -> Frame:
    payload = encode(PairRequest(device=number, kind=DeviceKind.KEYPAD, nonce=number))
    return Frame(to=1, source=254, id=number % 256, payload=payload)


def broadcast_flood(number: int) -> Frame:
    return Frame(to=255, source=11, id=number % 256, payload=number.to_bytes(4))


FLOODS = [hello_flood, press_flood, stranger_flood, pairing_flood, broadcast_flood]


@pytest.mark.parametrize("frame", FLOODS, ids=lambda flood: flood.__name__)
def test_flood_of_a_minute_leaves_the_other_counter_its_calls(
    frame: Callable[[int], Frame],
) -> None:
    """Half of the line's time is the flood's. The second keypad is the flooder, if any is."""
    hall = Hall()
    hall.take(400)
    flooder = Flooder(frame, every_s=2 * 18 / OCTETS_PER_S)
    hall.air.terminals.append(flooder)
    flooder.start(hall.world.monotonic())
    hall.wake()
    for _ in range(12):
        before = len(hall.calls_at[COUNTERS[0]])
        hall.press(0, for_s=2.0)
        assert len(hall.calls_at[COUNTERS[0]]) == before + 1
        assert hall.windows[0].text == hall.calls_at[COUNTERS[0]][-1]
        hall.run(3)
    assert flooder.sent > 1000
    flooder.stop()
    hall.wake()
    hall.run(30)
    # A key that is stuck calls so often at once, and then as often as one listens to a terminal that floods.
    assert len(hall.calls_at[COUNTERS[1]]) <= BURST_MAX + 2 * FLOODER_PER_MINUTE
    assert hall.windows[0].text == hall.calls_at[COUNTERS[0]][-1]


def floods_of_three(number: int) -> Frame:
    """Presses of the second keypad, and greetings of two repeaters, in turn; none takes an answer."""
    if number % 3 == 0:
        return press_flood(number)
    payload = encode(Hello(boot=number % 4096, kind=DeviceKind.REPEATER))
    return Frame(to=1, source=89 + number % 3, id=number // 3 % 256, payload=payload)


def test_three_that_flood_at_once_leave_air_time_to_the_other_counter() -> None:
    hall = Hall(repeaters=(90, 91))
    hall.take(400)
    flooder = Flooder(floods_of_three, every_s=0.1)
    hall.air.terminals.append(flooder)
    began_s = hall.world.monotonic()
    flooder.start(began_s)
    hall.wake()
    for _ in range(12):
        before = len(hall.calls_at[COUNTERS[0]])
        hall.press(0, for_s=2.0)
        assert len(hall.calls_at[COUNTERS[0]]) == before + 1
        assert hall.windows[0].text == hall.calls_at[COUNTERS[0]][-1]
        hall.run(58)
    read = hall.read()
    assert read.link.flooded > 3000
    # So much is allowed in the long run, and nothing was left out for want of it.
    assert read.sent_s < read.sent_share_max * (hall.world.monotonic() - began_s)
    assert {f"terminal/g1/{address}/flood" for address in (11, 90, 91)} <= set(hall.alarms)
    assert "gateway/g1/duty" not in hall.alarms
