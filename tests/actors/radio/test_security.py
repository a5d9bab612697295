"""The security of a segment: pairings over time, alarms about what is refused, and what is remembered."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from actors.radio.pairing import (
    DeviceForgotten,
    EndPairing,
    ForgetDevice,
    KeyTakenHeard,
    OpenPairing,
    PairingNotOpened,
    PairingOpened,
    PairRequestHeard,
    ReadSecurity,
    SecurityRead,
)
from actors.radio.renewal import ALARM_AFTER_S, PAUSE_FIRST_S, PAUSE_MAX_S
from actors.radio.security import SAVE_S, SecurityActor, guard_of
from actors.radio.security_alarms import ASKING_MAX, QUIET_S, REPLAYS_TOLERATED
from protocol.errors import ProtocolError
from protocol.hall import Gateway, Terminal, TerminalKind
from protocol.ids import CounterId, GatewayId, TerminalAddress
from protocol.messages import ClearAlarm, RaiseAlarm, SendDownlink
from protocol.radio.device_guard import DeviceGuard, DeviceMemory
from protocol.radio.device_pairing import DevicePairing
from protocol.radio.pairing import GRACE_S, PairingPhase
from protocol.radio.payloads import (
    PAIRING_ADDRESS,
    BroadcastKey,
    DeviceKind,
    Hello,
    PairOffer,
    PairRequest,
    decode_downlink,
    encode,
)
from sim.radio_memory import DictMemory, dict_vault
from tests.actors.lines import ON_VIRTUAL_CLOCKS
from tests.actors.recorders import Ear, RecorderActor

pytestmark = ON_VIRTUAL_CLOCKS

CODE = bytes(range(16))
PLAIN = encode(Hello(boot=1, kind=DeviceKind.KEYPAD))
GATEWAY = Gateway(
    id=GatewayId("g1"),
    port="serial:/dev/ttyS9",
    address=TerminalAddress(1),
    terminals=(
        Terminal(address=TerminalAddress(16), kind=TerminalKind.KEYPAD, counter=CounterId("3")),
        Terminal(address=TerminalAddress(17), kind=TerminalKind.REPEATER, counter=None),
    ),
)
NAME = "hall/HZ01/gateway/g1"


class Bench:
    """A segment's security with recorders around it."""

    def __init__(self, rig: Any, memory: DictMemory | None = None, prefix: str = "") -> None:
        self.rig = rig
        self.memory = memory or DictMemory()
        self.guard = guard_of(GATEWAY, dict_vault(self.memory))
        self.alarms, self.radio, self.answers = Ear(), Ear(), Ear()
        radio = rig.world.spawn(f"{prefix}{NAME}", RecorderActor, self.radio)
        alarms = rig.world.spawn(f"{prefix}alarms", RecorderActor, self.alarms)
        self.ref = rig.world.spawn(
            f"{prefix}{NAME}/security", SecurityActor, GATEWAY, self.guard, radio, alarms
        )
        rig.run()

    def tell(self, message: object) -> Any:
        """Tell the actor and return its answer, if it gives one."""
        self.answers.clear()
        self.ref.tell(message)
        self.rig.run()
        return self.answers[-1] if self.answers else None

    def open(self, address: int = 16, code: bytes = CODE, seconds: float = 120.0) -> Any:
        return self.tell(
            OpenPairing(
                address=TerminalAddress(address),
                code=code,
                seconds=seconds,
                reply_to=self.answers,
            )
        )

    def read(self) -> SecurityRead:
        read: SecurityRead = self.tell(ReadSecurity(reply_to=self.answers))
        return read

    @property
    def phase(self) -> PairingPhase | None:
        session = self.read().session
        return None if session is None else session.phase

    def ask(self, request: PairRequest) -> PairOffer | None:
        self.radio.clear()
        self.tell(PairRequestHeard(payload=encode(request)))
        if not self.radio:
            return None
        [sent] = self.radio.of(SendDownlink)
        assert sent.to == PAIRING_ADDRESS
        offer = decode_downlink(sent.payload)
        assert isinstance(offer, PairOffer)
        return offer

    def pair(self, device: int = 7, address: int = 16) -> DeviceGuard:
        kind = DeviceKind.KEYPAD if address == 16 else DeviceKind.REPEATER
        asking = DevicePairing(device, kind, CODE, 1, Random(device), 0.0)
        self.open(address)
        request = asking.tick(0.0)
        assert request is not None
        offer = self.ask(request)
        assert offer is not None
        keys = asking.take(offer, 0.0)
        assert keys is not None
        guard = DeviceGuard(DeviceMemory(keys=keys), lambda _memory: None)
        self.guard.open(address, guard.seal(PLAIN))
        self.rig.run()
        return guard

    def refuse(self, octets: bytes, source: int = 16) -> None:
        with pytest.raises(ProtocolError):
            self.guard.open(source, octets)
        self.rig.run()

    @property
    def raised(self) -> dict[str, str]:
        """The alarms that stand, and what they say."""
        standing: dict[str, str] = {}
        for message in self.alarms:
            if isinstance(message, RaiseAlarm):
                standing[message.alarm] = message.detail
            elif isinstance(message, ClearAlarm):
                standing.pop(message.alarm, None)
        return standing


@pytest.fixture
def bench(rig: Any) -> Bench:
    return Bench(rig)


def test_pairing_goes_from_opened_to_paired(bench: Bench) -> None:
    assert bench.read().session is None
    opened = bench.open()
    assert isinstance(opened, PairingOpened)
    assert opened.left_s == 120
    bench.pair()
    read = bench.read()
    assert read.session is not None
    assert read.session.phase is PairingPhase.PAIRED
    assert read.devices == {16: 7}
    assert read.left_s == 0
    assert bench.memory.records[GATEWAY.id, 16].pairing is not None


def test_repeater_is_paired_as_any_other_terminal(bench: Bench) -> None:
    bench.pair(address=17)
    assert bench.read().devices == {17: 7}


def test_window_closes_by_itself(rig: Any, bench: Bench) -> None:
    bench.open(seconds=60.0)
    rig.run(59.0)
    assert bench.phase is PairingPhase.WAITING
    assert bench.read().left_s == pytest.approx(1.0)
    rig.run(1.1)
    assert bench.phase is PairingPhase.EXPIRED
    bench.open(seconds=60.0)
    bench.ask(PairRequest(device=7, kind=DeviceKind.KEYPAD, nonce=1))
    rig.run(60.0 + GRACE_S - 1)
    assert bench.phase is PairingPhase.OFFERED
    rig.run(1.1)
    assert bench.phase is PairingPhase.UNCONFIRMED


def test_pairing_is_refused_while_another_is_open_or_where_there_is_no_such_post(
    bench: Bench,
) -> None:
    unknown = bench.open(99)
    assert isinstance(unknown, PairingNotOpened)
    assert unknown.unknown
    bench.open()
    busy = bench.open(17)
    assert isinstance(busy, PairingNotOpened)
    assert busy.busy
    ended = bench.tell(EndPairing(reply_to=bench.answers))
    assert ended.session.phase is PairingPhase.CANCELLED
    short = bench.open(seconds=1.0)
    assert isinstance(short, PairingNotOpened)
    assert not short.busy


def test_garbage_at_the_pairing_address_is_dropped(bench: Bench) -> None:
    bench.open()
    for payload in (b"", b"\x16", PLAIN, b"\x20" * 20):
        bench.tell(PairRequestHeard(payload=payload))
    assert bench.phase is PairingPhase.WAITING
    assert not bench.radio


def test_device_that_asks_in_vain_is_alarmed_until_it_is_quiet_or_is_offered_a_post(
    rig: Any, bench: Bench
) -> None:
    request = PairRequest(device=0xBEEF, kind=DeviceKind.KEYPAD, nonce=1)
    assert bench.ask(request) is None
    assert "0000beef, of the kind keypad, asks" in bench.raised["pairing/0000beef"]
    rig.run(QUIET_S + 1)
    assert bench.raised == {}
    bench.ask(request)
    bench.open()
    assert bench.ask(request) is not None
    assert bench.raised == {}


def test_made_up_devices_that_ask_fill_no_alarm_board(bench: Bench) -> None:
    for device in range(5 * ASKING_MAX):
        bench.ask(PairRequest(device=device, kind=DeviceKind.KEYPAD, nonce=1))
    assert len(bench.raised) == ASKING_MAX


def test_message_in_the_clear_from_a_paired_terminal_is_alarmed_until_it_is_quiet(
    rig: Any, bench: Bench
) -> None:
    bench.pair()
    bench.refuse(PLAIN)
    assert "whose device was paired" in bench.raised["security/g1/16"]
    before = len(bench.alarms)
    for _ in range(20):
        bench.refuse(PLAIN)
        rig.run(1)
    assert len(bench.alarms) == before
    rig.run(QUIET_S - 2)
    assert bench.raised != {}
    rig.run(2)
    assert bench.raised == {}


def test_alarm_says_when_an_earlier_device_still_sends_and_ends_when_that_one_is_paired(
    bench: Bench,
) -> None:
    old = bench.pair(device=7)
    bench.pair(device=8)
    bench.refuse(old.seal(PLAIN))
    assert (
        "an earlier device still sends from the radio address 16" in bench.raised["security/g1/16"]
    )
    bench.pair(device=7)
    assert bench.raised == {}


def test_few_replays_raise_no_alarm_and_many_do(bench: Bench) -> None:
    device = bench.pair()
    sealed = device.seal(PLAIN)
    bench.guard.open(16, sealed)
    for _ in range(REPLAYS_TOLERATED):
        bench.refuse(sealed)
    assert bench.raised == {}
    bench.refuse(sealed)
    assert "somebody replays it" in bench.raised["security/g1/16"]
    assert bench.read().counts[16].replayed == REPLAYS_TOLERATED + 1


def test_other_kind_of_refusal_renews_the_alarm(bench: Bench) -> None:
    device = bench.pair()
    bench.refuse(PLAIN)
    sealed = device.seal(PLAIN)
    bench.refuse(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    assert "the tag of a sealed message is wrong" in bench.raised["security/g1/16"]


def test_forgotten_device_is_gone_for_good(bench: Bench) -> None:
    bench.pair()
    forget = ForgetDevice(address=TerminalAddress(16), reply_to=bench.answers)
    assert bench.tell(forget) == DeviceForgotten(was_paired=True)
    assert bench.tell(forget) == DeviceForgotten(was_paired=False)
    assert guard_of(GATEWAY, dict_vault(bench.memory)).pairings == {}
    unknown = ForgetDevice(address=TerminalAddress(99), reply_to=bench.answers)
    assert bench.tell(unknown).unknown


def test_device_that_cannot_be_forgotten_for_a_full_disk_stays(bench: Bench) -> None:
    bench.pair()
    bench.memory.full = True
    answer = bench.tell(ForgetDevice(address=TerminalAddress(16), reply_to=bench.answers))
    assert answer.was_paired
    assert answer.failure == "the memory is full"
    assert bench.read().devices == {16: 7}


def test_what_was_taken_is_remembered_now_and_then_and_at_the_end(rig: Any, bench: Bench) -> None:
    device = bench.pair()
    bench.guard.open(16, device.seal(PLAIN))
    assert bench.memory.records[GATEWAY.id, 16].taken == 1
    rig.run(SAVE_S + 1)
    assert bench.memory.records[GATEWAY.id, 16].taken == 2
    saves = bench.memory.saves
    rig.run(10 * SAVE_S)
    assert bench.memory.saves == saves
    bench.guard.open(16, device.seal(PLAIN))
    bench.ref.stop(block=False)
    rig.run()
    assert bench.memory.records[GATEWAY.id, 16].taken == 3


# -- the key of broadcasts ----------------------------------------------------------------------


def keys_told(bench: Bench) -> list[tuple[int, int]]:
    """To whom a key was sent, and of which epoch, since the last time."""
    sent = [(one.to, decode_downlink(one.payload)) for one in bench.radio.of(SendDownlink)]
    bench.radio.clear()
    return [(to, key.epoch) for to, key in sent if isinstance(key, BroadcastKey)]


def forget(bench: Bench, address: int = 16) -> None:
    bench.tell(ForgetDevice(address=TerminalAddress(address), reply_to=bench.answers))


def take_key(bench: Bench, address: int = 17, epoch: int = 1) -> None:
    bench.tell(KeyTakenHeard(address=TerminalAddress(address), epoch=epoch))


def test_forgotten_device_has_the_others_told_another_key_until_they_say_that_they_have_it(
    rig: Any, bench: Bench
) -> None:
    bench.pair()
    bench.pair(device=8, address=17)
    keys_told(bench)
    forget(bench)
    assert keys_told(bench) == [(17, 1)]
    assert bench.read().keys_owed == (17,)
    rig.run(PAUSE_FIRST_S + 0.1)
    assert keys_told(bench) == [(17, 1)]
    rig.run(PAUSE_FIRST_S + 0.1)
    assert keys_told(bench) == [], "the pause grows"
    take_key(bench)
    rig.run(2 * PAUSE_MAX_S)
    assert keys_told(bench) == []
    assert bench.read().keys_owed == ()
    assert bench.raised == {}


def test_device_that_never_takes_the_key_is_alarmed_until_it_does(rig: Any, bench: Bench) -> None:
    bench.pair()
    bench.pair(device=8, address=17)
    forget(bench)
    rig.run(ALARM_AFTER_S / 2)
    assert bench.raised == {}
    rig.run(ALARM_AFTER_S)
    assert "have not taken the new key of broadcasts: 17." in bench.raised["security/g1/keys"]
    rig.run(3600)
    # A round each ten minutes is not much for a channel.
    assert 5 < len(keys_told(bench)) < 20
    take_key(bench)
    assert bench.raised == {}


def test_replaced_device_has_everybody_told_another_key(bench: Bench) -> None:
    bench.pair()
    bench.pair(device=8, address=17)
    keys_told(bench)
    bench.pair(device=9, address=16)
    assert keys_told(bench) == [(16, 1), (17, 1)]


def test_who_did_not_take_the_key_is_told_again_after_a_restart(rig: Any, bench: Bench) -> None:
    bench.pair()
    bench.pair(device=8, address=17)
    forget(bench)
    later = Bench(rig, bench.memory, "later")
    assert keys_told(later) == [(17, 1)]


def test_nobody_is_told_a_key_that_is_not_owed(rig: Any, bench: Bench) -> None:
    bench.pair()
    keys_told(bench)
    forget(bench, 17)
    forget(bench)
    rig.run(PAUSE_MAX_S)
    assert keys_told(bench) == []
