"""Secured terminals from end to end: devices, air, line, guard, terminals and hall in virtual time."""

from __future__ import annotations

from random import Random
from types import MappingProxyType
from typing import Any

import pytest
import simpy

from actors.alarms import ReadAlarms
from actors.building import HallParts, build_hall
from actors.radio.banners import BannerText, SetBanner
from actors.radio.pairing import (
    ForgetDevice,
    OpenPairing,
    PairingOpened,
    ReadSecurity,
    SecurityRead,
)
from actors.radio.security import SAVE_S
from protocol.commands import OpenCounter, TakeTicket
from protocol.events import TicketCalled
from protocol.hall import Counter, Gateway, HallSpec, Security, Service, Terminal, TerminalKind
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
from protocol.radio.device_pairing import AskingPhase
from protocol.radio.frame import Frame, FrameDecoder, encode_frame
from protocol.radio.keys import broadcast_key
from protocol.radio.pairing import PairingPhase
from protocol.radio.payloads import (
    PAIRING_ADDRESS,
    Key,
    KeyPress,
    ShowEntry,
    ShowMany,
    WindowState,
    encode,
)
from protocol.radio.secured import broadcast_way, is_sealed, seal
from protocol.values import replace
from sim.devices.keypad import Keypad
from sim.devices.radio import RadioDevice
from sim.devices.window import Window
from sim.journal import MemoryJournal
from sim.links import SimLinks
from sim.radio_memory import DictMemory, dict_vault
from sim.world import SimWorld
from tests.actors.recorders import Ear
from tests.sim.air import PERFECT, Air, Medium

ZH = Language("zh")
SERVICE = ServiceId("deposit")
COUNTERS = [CounterId("1"), CounterId("2")]
G1 = GatewayId("g1")
ROOT = "hall/HZ01"

GATEWAY = Gateway(
    id=G1,
    port="virtual:g1",
    address=TerminalAddress(1),
    terminals=tuple(
        Terminal(address=TerminalAddress(first + n), kind=kind, counter=counter)
        for n, counter in enumerate(COUNTERS)
        for first, kind in ((10, TerminalKind.KEYPAD), (60, TerminalKind.WINDOW))
    ),
)


class Sniffer:
    """Somebody in reach who writes down every frame."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self._decoder = FrameDecoder()

    def receive(self, octets: bytes, _now: float) -> bytes:
        self.frames += self._decoder.receive(octets)
        return b""

    def tick(self, _now: float) -> bytes:
        return b""

    def next_deadline(self) -> float | None:
        return None

    def presses(self, source: int = 10) -> list[Frame]:
        """Return the sealed presses of one keypad: six octets in their envelope."""
        return [
            frame
            for frame in self.frames
            if frame.source == source and is_sealed(frame.payload) and len(frame.payload) == 15
        ]


class SecureHall:
    """A hall with a keypad and a window at each of two counters; those of the first can be secured."""

    def __init__(
        self, seed: int = 1, medium: Medium = PERFECT, security: Security = Security.OPTIONAL
    ) -> None:
        random = Random(seed)
        self.random = random
        self.env = simpy.Environment(initial_time=0.0)
        self.keypad = Keypad(10, 1, Random(seed + 1), device=0xA0, code=b"code of keypad 1")
        self.window = Window(60, 1, Random(seed + 2), device=0xB0, code=b"code of window 1")
        self.stock_keypad = Keypad(11, 1, Random(seed + 3))
        self.stock_window = Window(61, 1, Random(seed + 4))
        self.sniffer = Sniffer()
        devices: list[Any] = [self.keypad, self.window, self.stock_keypad, self.stock_window]
        self.air = Air([*devices, self.sniffer], random=random, downlink=medium, uplink=medium)
        self.journal, self.memory = MemoryJournal(), DictMemory()
        self.gateway = replace(GATEWAY, security=security)
        self.calls = Ear()
        self.commands = 0
        # Apart from the hall's process, which ends and begins.
        self.links = SimLinks(SimWorld(self.env, seed=seed))
        self.links.register("g1", self.air)
        self.start()
        for counter in COUNTERS:
            command = OpenCounter(id=CommandId(f"open/{counter}"), counter=counter)
            self.parts.hall.tell(Submit(command=command))
        self.run(3)

    def start(self) -> None:
        """Start the hall's process, with what its disk holds."""
        self.world = SimWorld(self.env, seed=self.random.getrandbits(32))
        service = Service(id=SERVICE, names={ZH: "存款"}, prefix="A")
        spec = HallSpec(
            id=HallId("HZ01"),
            names={ZH: "大厅"},
            services=MappingProxyType({SERVICE: service}),
            counters=MappingProxyType(
                {id_: Counter(id=id_, names={ZH: id_}, services=(SERVICE,)) for id_ in COUNTERS}
            ),
            gateways=MappingProxyType({G1: self.gateway}),
        )
        self.parts: HallParts = build_hall(
            self.world, spec, self.journal, self.links, str, vault=dict_vault(self.memory)
        )
        self.parts.hall.tell(Subscribe(recipient=self.calls))

    def restart(self, *, killed: bool = False) -> None:
        """End the hall's process and start it again; if it is ``killed`` it saves nothing at its end."""
        records = dict(self.memory.records)
        self.world.close()
        if killed:
            self.memory.records = records
        self.start()
        self.run(5)

    def run(self, for_s: float) -> None:
        self.world.run(self.world.monotonic() + for_s)

    def take(self, count: int) -> None:
        for _ in range(count):
            self.commands += 1
            id_ = CommandId(f"take/{self.commands}")
            self.parts.hall.tell(Submit(command=TakeTicket(id=id_, service=SERVICE, language=ZH)))
        self.run(0.01)

    def press(self, keypad: Keypad, key: Key = Key.NEXT, for_s: float = 3.0) -> None:
        assert keypad.press(key)
        self.links.wake("g1")
        self.run(for_s)

    def open(self, address: int, code: bytes) -> None:
        answers = Ear()
        message = OpenPairing(
            address=TerminalAddress(address), code=code, seconds=120.0, reply_to=answers
        )
        self.parts.security[G1].tell(message)
        self.run(0.01)
        assert answers.of(PairingOpened), answers

    def pair(self, device: RadioDevice, address: int, for_s: float = 10.0) -> None:
        assert device.security is not None
        self.open(address, device.security.code)
        device.ask_for_post()
        self.links.wake("g1")
        self.run(for_s)

    def read(self) -> SecurityRead:
        answers = Ear()
        self.parts.security[G1].tell(ReadSecurity(reply_to=answers))
        self.run(0.01)
        read: SecurityRead = answers[-1]
        return read

    def hear(self, frame: Frame) -> None:
        """Have the gateway hear a frame that somebody else sends."""
        self.links.send("g1", encode_frame(frame))
        self.run(1)

    @property
    def called(self) -> list[tuple[str, str]]:
        """The calls in their order: counter and number."""
        return [
            (record.event.counter, record.event.number)
            for record in self.calls
            if isinstance(record.event, TicketCalled)
        ]

    @property
    def alarms(self) -> dict[str, str]:
        future = self.parts.alarms.ask(ReadAlarms(), block=False)
        self.run(0.001)
        return {alarm.alarm: alarm.detail for alarm in future.get().alarms}


@pytest.fixture
def hall() -> SecureHall:
    """A hall whose first keypad and window are paired; ten people wait."""
    hall = SecureHall()
    hall.pair(hall.keypad, 10)
    hall.pair(hall.window, 60)
    hall.take(10)
    return hall


def test_paired_devices_work_and_send_nothing_in_the_clear(hall: SecureHall) -> None:
    assert hall.read().devices == {10: 0xA0, 60: 0xB0}
    hall.sniffer.frames.clear()
    hall.press(hall.keypad)
    assert hall.called == [("1", "A001")]
    assert hall.window.text == "A001"
    assert hall.keypad.display == "A001"
    between = [f for f in hall.sniffer.frames if {f.source, f.to} & {10, 60} and not f.flags & 0x80]
    assert between
    assert all(is_sealed(frame.payload) for frame in between)
    assert hall.alarms == {}


def test_stock_terminals_go_on_beside_paired_ones(hall: SecureHall) -> None:
    hall.press(hall.keypad)
    hall.press(hall.stock_keypad)
    assert hall.called == [("1", "A001"), ("2", "A002")]
    assert (hall.window.text, hall.stock_window.text) == ("A001", "A002")
    assert hall.stock_keypad.display == "A002"
    assert hall.alarms == {}


def test_device_without_an_address_is_paired_into_its_post() -> None:
    hall = SecureHall()
    new = Keypad(PAIRING_ADDRESS, 1, Random(9), device=0xC0, code=b"code of the new1")
    hall.keypad.off = True
    hall.air.terminals.append(new)
    hall.pair(new, 10)
    assert new.address == 10
    hall.take(1)
    hall.press(new)
    assert hall.called == [("1", "A001")]


def test_hall_and_devices_are_restarted_in_any_order_and_go_on(hall: SecureHall) -> None:
    for number, step in enumerate(("hall", "devices", "kill", "both", "hall")):
        if step in ("devices", "both"):
            hall.keypad.reboot()
            hall.window.reboot()
            hall.links.wake("g1")
        if step in ("hall", "kill", "both"):
            hall.restart(killed=step == "kill")
        hall.run(5)
        hall.press(hall.keypad)
        assert hall.called[-1] == ("1", f"A{number + 1:03}")
        assert hall.window.text == f"A{number + 1:03}"
    assert len(hall.called) == 5
    assert hall.alarms == {}
    assert hall.keypad.security is not None
    assert hall.keypad.security.refused == {}


def test_replayed_presses_call_nobody_and_are_alarmed(hall: SecureHall) -> None:
    hall.press(hall.keypad)
    hall.press(hall.keypad)
    recorded = hall.sniffer.presses()
    assert len(recorded) == 2
    for id_ in range(100, 104):
        for frame in recorded:
            hall.hear(replace(frame, id=id_))
    assert len(hall.called) == 2
    assert hall.read().counts[10].replayed == 8
    assert "somebody replays it" in hall.alarms["security/g1/10"]


def test_replay_after_a_power_cut_has_the_first_ones_name_and_calls_nobody(
    hall: SecureHall,
) -> None:
    hall.press(hall.keypad)
    hall.run(SAVE_S)
    hall.press(hall.keypad)
    recorded = hall.sniffer.presses()
    taken = hall.read().counts[10].opened
    hall.restart(killed=True)
    hall.hear(replace(recorded[-1], id=100))
    # The guard took it: its counter was not remembered yet. The hall knows the press.
    assert hall.read().counts[10].opened == 1
    assert taken > 1
    assert hall.called == [("1", "A001"), ("1", "A002")]
    hall.press(hall.keypad)
    assert hall.called[2:] == [("1", "A003")]


def test_forged_presses_call_nobody_and_are_alarmed(hall: SecureHall) -> None:
    hall.press(hall.keypad)
    sealed = hall.sniffer.presses()[-1]
    counter = int.from_bytes(sealed.payload[1:5])
    press = encode(KeyPress(boot=hall.keypad.boot, sequence=9, key=Key.NEXT))
    for id_, payload in enumerate(
        (
            press,
            b"\x20" + (counter + 1).to_bytes(4) + press + b"\0\0\0\0",
            b"\x20" + (counter + 1).to_bytes(4) + sealed.payload[5:],
            sealed.payload[:-1] + bytes([sealed.payload[-1] ^ 1]),
            b"\x20",
        ),
        100,
    ):
        hall.hear(replace(sealed, id=id_, payload=payload))
    assert len(hall.called) == 1
    counts = hall.read().counts[10]
    assert (counts.forged, counts.unsecured, counts.malformed) == (3, 1, 1)
    assert "security/g1/10" in hall.alarms
    hall.press(hall.keypad)
    assert len(hall.called) == 2


def test_reflected_downlinks_are_told_from_forged_ones(hall: SecureHall) -> None:
    hall.press(hall.keypad)
    down = [f for f in hall.sniffer.frames if f.to == 60 and is_sealed(f.payload)][-1]
    hall.hear(replace(down, to=1, source=60, id=100))
    counts = hall.read().counts[60]
    assert (counts.reflected, counts.forged) == (1, 0)
    assert "came back to who had sent it" in hall.alarms["security/g1/60"]


def test_numbers_in_the_clear_are_not_shown_by_a_paired_window(hall: SecureHall) -> None:
    hall.press(hall.keypad)
    assert hall.stock_window.shows is not None
    forged = Frame(
        to=60, source=1, id=200, payload=encode(replace(hall.stock_window.shows, text="A666"))
    )
    hall.window.receive(encode_frame(forged), hall.world.monotonic())
    assert hall.window.text == "A001"
    assert hall.window.malformed == 1


def test_replaced_keypad_has_the_post_and_its_first_press_is_no_repeat(hall: SecureHall) -> None:
    hall.press(hall.keypad)
    old, presses = hall.keypad, hall.sniffer.presses()
    # As new as the old one was: it counts its boots and presses from the same numbers.
    new = Keypad(PAIRING_ADDRESS, 1, Random(9), device=0xC0, code=b"code of the new1")
    old.off = True
    hall.air.terminals.append(new)
    hall.pair(new, 10)
    new.boot = old.boot
    assert hall.read().devices[TerminalAddress(10)] == 0xC0
    hall.press(new)
    assert len(hall.sniffer.presses()) > len(presses)
    assert hall.called == [("1", "A001"), ("1", "A002")]
    assert hall.alarms == {}
    # Somebody finds the old one in a drawer.
    new.off = True
    old.reboot()
    hall.links.wake("g1")
    hall.press(old)
    assert len(hall.called) == 2
    assert "an earlier device still sends" in hall.alarms["security/g1/10"]
    assert hall.read().counts[10].former > 0
    hall.pair(old, 10)
    hall.press(old)
    assert hall.called[-1] == ("1", "A003")


def test_stock_window_in_a_paired_ones_place_is_not_taken_for_showing_what_it_acknowledges(
    hall: SecureHall,
) -> None:
    for _ in range(3):
        hall.press(hall.keypad)
    assert hall.window.text == "A003"
    hall.window.off = True
    stock = Window(60, 1, Random(9))
    hall.air.terminals.append(stock)
    hall.links.wake("g1")
    hall.run(5)
    hall.press(hall.keypad, for_s=15)
    assert stock.text == ""
    assert hall.alarms.keys() == {"security/g1/60", "window/1"}
    hall.air.terminals.remove(stock)
    hall.window.reboot()
    hall.links.wake("g1")
    hall.run(30)
    assert hall.window.text == "A004"
    assert "window/1" not in hall.alarms


def test_wrong_code_pairs_nothing_and_both_sides_say_so(hall: SecureHall) -> None:
    new = Keypad(PAIRING_ADDRESS, 1, Random(9), device=0xC0, code=b"code of the new1")
    hall.air.terminals.append(new)
    hall.open(10, b"another code 123")
    new.ask_for_post()
    hall.links.wake("g1")
    hall.run(160)
    session = hall.read().session
    assert session is not None
    assert session.phase is PairingPhase.UNCONFIRMED
    assert new.security is not None
    assert new.security.pairing is None or new.security.pairing.phase is AskingPhase.FAILED
    assert new.security.memory is None
    hall.press(hall.keypad)
    assert hall.called == [("1", "A001")]


def test_forgotten_device_is_not_listened_to_and_stock_firmware_is(hall: SecureHall) -> None:
    answers = Ear()
    hall.parts.security[G1].tell(ForgetDevice(address=TerminalAddress(10), reply_to=answers))
    hall.run(0.01)
    hall.press(hall.keypad, for_s=15)
    assert hall.called == []
    assert "an earlier device still sends" in hall.alarms["security/g1/10"]
    hall.keypad.off = True
    stock = Keypad(10, 1, Random(9), boot=5)
    hall.air.terminals.append(stock)
    hall.run(3)
    hall.press(stock)
    assert hall.called == [("1", "A001")]


def test_segment_that_requires_security_hears_paired_devices_alone() -> None:
    hall = SecureHall(security=Security.REQUIRED)
    hall.pair(hall.keypad, 10)
    hall.pair(hall.window, 60)
    hall.take(3)
    hall.press(hall.stock_keypad, for_s=15)
    assert hall.called == []
    assert "this segment takes none" in hall.alarms["security/g1/11"]
    hall.press(hall.keypad)
    assert hall.called == [("1", "A001")]
    assert hall.window.text == "A001"


@pytest.mark.parametrize("seed", range(3))
def test_bad_channel_pairs_and_calls_each_press_once(seed: int) -> None:
    medium = Medium(loss=0.15, duplication=0.1, bit_error=0.0003)
    hall = SecureHall(seed=seed, medium=medium)
    hall.pair(hall.keypad, 10, for_s=160)
    hall.pair(hall.window, 60, for_s=160)
    assert hall.read().devices == {10: 0xA0, 60: 0xB0}
    hall.take(30)
    for number in range(20):
        hall.press(hall.keypad, for_s=8)
        if number == 10:
            hall.restart(killed=bool(seed % 2))
    hall.run(60)
    answered = len(hall.keypad.results)
    assert answered + hall.keypad.unanswered == 20
    assert answered <= len(hall.called) <= 20
    assert [number for _, number in hall.called] == [
        f"A{n + 1:03}" for n in range(len(hall.called))
    ]
    assert hall.window.text == hall.called[-1][1]


# -- the key of broadcasts ----------------------------------------------------------------------


def forge_broadcast(hall: SecureHall, by: RadioDevice, text: str) -> None:
    """Have a device that was removed tell the first window something, as it may have learnt to."""
    assert by.security is not None
    assert by.security.memory is not None
    entry = ShowEntry(address=60, version=77, state=WindowState.CALLED, text=text)
    key = by.security.memory.keys.broadcast_key
    payload = seal(key, broadcast_way(1), 0x7FFFFFFF, encode(ShowMany(entries=(entry,))))
    octets = encode_frame(Frame(to=255, source=1, id=99, payload=payload))
    hall.air.send(hall.sniffer, octets, hall.world.monotonic())
    hall.links.wake("g1")
    hall.run(1)


def forget(hall: SecureHall, address: int) -> None:
    message = ForgetDevice(address=TerminalAddress(address), reply_to=Ear())
    hall.parts.security[G1].tell(message)


def test_removed_device_cannot_forge_broadcasts(hall: SecureHall) -> None:
    hall.press(hall.keypad)
    assert hall.window.text == "A001"
    forget(hall, 10)
    hall.keypad.off = True
    hall.run(5)
    assert hall.read().keys_owed == ()
    forge_broadcast(hall, hall.keypad, "A666")
    assert hall.window.text == "A001"
    window = hall.window.security
    assert window is not None
    assert window.refused["ForgedError"] == 1
    assert window.memory is not None
    segment_key = dict_vault(hall.memory).segment_key(G1)
    assert window.memory.keys.broadcast_key == broadcast_key(segment_key, 1)
    assert hall.alarms == {}


def test_window_that_was_off_when_a_device_was_removed_is_told_later(hall: SecureHall) -> None:
    hall.window.off = True
    forget(hall, 10)
    hall.keypad.off = True
    hall.run(600)
    assert hall.read().keys_owed == (60,)
    assert "security/g1/keys" in hall.alarms
    hall.restart()
    assert hall.read().keys_owed == (60,)
    hall.window.reboot()
    hall.links.wake("g1")
    hall.run(700)
    assert hall.read().keys_owed == ()
    assert "security/g1/keys" not in hall.alarms
    forge_broadcast(hall, hall.keypad, "A666")
    assert hall.window.text != "A666"


def test_banner_that_was_set_runs_on_after_the_hall_was_killed(hall: SecureHall) -> None:
    banner = BannerText(text="午休至 13:30", brightness=70)
    window = hall.parts.terminals[G1, TerminalAddress(60)]
    window.tell(SetBanner(banner=banner, reply_to=Ear()))
    hall.run(3)
    assert hall.window.banner is not None
    assert hall.window.banner.text == banner.text
    hall.restart(killed=True)
    hall.window.reboot()
    hall.links.wake("g1")
    hall.run(10)
    assert (hall.window.banner.text, hall.window.banner.brightness) == ("午休至 13:30", 70)
