"""Pairing: both sides' state machines, alone and against each other."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import PairingRefused, ProtocolError
from protocol.hall import Security
from protocol.radio.device_guard import DeviceGuard, DeviceMemory
from protocol.radio.device_pairing import (
    ASKING_FOLLOWING,
    CONFIRM_S,
    AskingPhase,
    DevicePairing,
)
from protocol.radio.guard import Guard
from protocol.radio.pairing import (
    FOLLOWING,
    GRACE_S,
    OFFERS_MAX,
    WINDOW_S,
    PairingDesk,
    PairingPhase,
    read_code,
)
from protocol.radio.payloads import (
    DeviceKind,
    PairOffer,
    PairRequest,
    decode_downlink,
    decode_uplink,
    encode,
)
from protocol.values import replace

CODE = bytes.fromhex("00112233445566778899aabbccddeeff")
DEVICE = 0xCAFE0001
KEYPAD = DeviceKind.KEYPAD
REQUEST = PairRequest(device=DEVICE, kind=KEYPAD, nonce=1)


class Segment:
    """A gateway with its guard and its desk; what is confirmed is passed on as the actor does."""

    def __init__(self, policy: Security = Security.OPTIONAL) -> None:
        self.guard = Guard(bytes(range(16)), 1, policy)
        self.desk = PairingDesk(self.guard, Random(1))
        self.guard.on_paired = lambda address, pairing: self.desk.paired(address, pairing.device)

    @property
    def phase(self) -> PairingPhase:
        assert self.desk.session is not None
        return self.desk.session.phase

    @property
    def note(self) -> str:
        assert self.desk.session is not None
        return self.desk.session.note


def asking(
    code: bytes = CODE, device: int = DEVICE, seed: int = 5, now_s: float = 0.0
) -> DevicePairing:
    return DevicePairing(device, KEYPAD, code, 1, Random(seed), now_s)


def answer(segment: Segment, device: DevicePairing, now_s: float) -> PairOffer | None:
    """Let the device ask over the wire's octets and the gateway answer."""
    request = device.tick(now_s)
    if request is None:
        return None
    heard = decode_uplink(encode(request))
    assert isinstance(heard, PairRequest)
    offer = segment.desk.heard(heard, now_s)
    if offer is None:
        return None
    came = decode_downlink(encode(offer))
    assert isinstance(came, PairOffer)
    return came


def confirm(segment: Segment, device: DevicePairing, offer: PairOffer, now_s: float) -> DeviceGuard:
    keys = device.take(offer, now_s)
    assert keys is not None
    made = DeviceGuard(
        DeviceMemory(keys=keys, broadcast_taken=keys.broadcast_taken), lambda _memory: None
    )
    segment.guard.open(keys.address, made.seal(b"hello"))
    device.confirmed()
    return made


def test_device_with_the_code_has_the_post_after_its_confirmation() -> None:
    segment, device = Segment(), asking()
    segment.guard.seal_broadcast(b"earlier")
    segment.desk.open(16, KEYPAD, CODE, 0.0)
    assert segment.phase is PairingPhase.WAITING
    offer = answer(segment, device, 1.0)
    assert offer is not None
    assert segment.phase is PairingPhase.OFFERED
    assert not segment.guard.secures(16)
    made = confirm(segment, device, offer, 1.5)
    assert segment.phase is PairingPhase.PAIRED
    assert device.phase is AskingPhase.PAIRED
    assert segment.guard.secures(16)
    assert made.open(segment.guard.seal(16, b"number"), broadcast=False) == b"number"
    assert made.open(segment.guard.seal_broadcast(b"all"), broadcast=True) == b"all"
    assert segment.desk.next_deadline is None


def test_new_device_takes_no_broadcast_from_before_its_pairing() -> None:
    segment, first, second = Segment(), asking(), asking(device=2)
    segment.desk.open(16, KEYPAD, CODE, 0.0)
    offer = answer(segment, first, 0.0)
    assert offer is not None
    confirm(segment, first, offer, 0.0)
    old = segment.guard.seal_broadcast(b"old")
    segment.desk.open(17, KEYPAD, CODE, 10.0)
    offer = answer(segment, second, 10.0)
    assert offer is not None
    made = confirm(segment, second, offer, 10.0)
    with pytest.raises(ProtocolError):
        made.open(old, broadcast=True)


def test_wrong_code_opens_nothing_and_ends_unconfirmed_on_both_sides() -> None:
    segment, device = Segment(), asking(code=bytes(16))
    segment.desk.open(16, KEYPAD, CODE, 0.0)
    now_s = 0.0
    while not device.phase.over:
        now_s = device.next_deadline
        offer = answer(segment, device, now_s)
        if offer is not None:
            assert device.take(offer, now_s) is None
    assert device.phase is AskingPhase.FAILED
    assert device.wrong > 10
    assert now_s == WINDOW_S
    assert not segment.desk.tick(WINDOW_S + GRACE_S - 0.1)
    assert segment.desk.tick(WINDOW_S + GRACE_S)
    assert segment.phase is PairingPhase.UNCONFIRMED
    assert "see whether the code is that device's" in segment.note
    assert not segment.guard.secures(16)


def test_device_of_another_kind_gets_no_answer_and_the_state_says_so() -> None:
    segment = Segment()
    segment.desk.open(16, KEYPAD, CODE, 0.0)
    assert segment.desk.heard(replace(REQUEST, kind=DeviceKind.WINDOW), 1.0) is None
    assert segment.phase is PairingPhase.WAITING
    assert segment.note.endswith("the post is a keypad's")
    segment.desk.tick(WINDOW_S)
    assert segment.phase is PairingPhase.EXPIRED
    assert segment.note.endswith("the post is a keypad's")


def test_nobody_who_asks_lets_it_expire() -> None:
    segment = Segment()
    segment.desk.open(16, KEYPAD, CODE, 5.0, 60.0)
    assert segment.desk.next_deadline == 65.0
    assert not segment.desk.tick(64.9)
    assert segment.desk.tick(65.0)
    assert segment.phase is PairingPhase.EXPIRED
    assert segment.desk.heard(REQUEST, 66.0) is None


def test_request_while_nothing_is_open_gets_no_answer() -> None:
    assert Segment().desk.heard(REQUEST, 0.0) is None


def test_repeated_request_gets_the_same_offer_and_a_new_nonce_another() -> None:
    segment = Segment()
    segment.desk.open(16, KEYPAD, CODE, 0.0)
    first = segment.desk.heard(REQUEST, 1.0)
    assert first is not None
    assert segment.desk.heard(REQUEST, 2.0) == first
    other = segment.desk.heard(replace(REQUEST, nonce=2), 3.0)
    assert other is not None
    assert other.wrapped_keys != first.wrapped_keys


def test_lost_offer_is_made_good_by_the_next_request() -> None:
    segment, device = Segment(), asking()
    segment.desk.open(16, KEYPAD, CODE, 0.0)
    lost = answer(segment, device, 0.0)
    assert device.tick(0.5) is None
    again = answer(segment, device, device.next_deadline)
    assert again == lost
    assert again is not None
    confirm(segment, device, again, 4.0)
    assert segment.phase is PairingPhase.PAIRED


def test_offer_that_is_never_confirmed_leaves_the_post_to_the_earlier_device() -> None:
    segment, old, new = Segment(), asking(), asking(device=2)
    segment.desk.open(16, KEYPAD, CODE, 0.0)
    offer = answer(segment, old, 0.0)
    assert offer is not None
    made = confirm(segment, old, offer, 0.0)
    segment.desk.open(16, KEYPAD, CODE, 10.0)
    offer = answer(segment, new, 10.0)
    assert offer is not None
    assert new.take(offer, 10.0) is not None
    assert new.tick(10.0 + CONFIRM_S) is None
    assert new.phase is AskingPhase.FAILED
    segment.desk.tick(10.0 + WINDOW_S + GRACE_S)
    assert segment.phase is PairingPhase.UNCONFIRMED
    assert segment.guard.open(16, made.seal(b"still me")) == b"still me"


def test_confirmation_within_the_grace_is_taken_and_later_no_more() -> None:
    for late_s, phase in ((GRACE_S - 1, PairingPhase.PAIRED), (GRACE_S, PairingPhase.UNCONFIRMED)):
        segment, device = Segment(), asking(now_s=WINDOW_S - 1)
        segment.desk.open(16, KEYPAD, CODE, 0.0)
        offer = answer(segment, device, WINDOW_S - 1)
        assert offer is not None
        segment.desk.tick(WINDOW_S + late_s)
        if phase is PairingPhase.PAIRED:
            confirm(segment, device, offer, WINDOW_S + late_s)
        assert segment.phase is phase


def test_device_confirms_for_a_shorter_time_than_the_gateway_waits() -> None:
    assert CONFIRM_S < GRACE_S


def test_gateway_has_one_pairing_at_a_time_and_the_same_again_changes_nothing() -> None:
    segment = Segment()
    opened = segment.desk.open(16, KEYPAD, CODE, 0.0)
    assert segment.desk.open(16, KEYPAD, CODE, 50.0) == opened
    for address, code in ((17, CODE), (16, bytes(16))):
        with pytest.raises(PairingRefused, match="open for another 70 s"):
            segment.desk.open(address, KEYPAD, code, 50.0)
    assert segment.desk.open(17, KEYPAD, CODE, WINDOW_S).address == 17


def test_pairing_that_is_ended_answers_nobody_and_takes_no_confirmation() -> None:
    segment, device = Segment(), asking()
    segment.desk.open(16, KEYPAD, CODE, 0.0)
    offer = answer(segment, device, 0.0)
    assert offer is not None
    assert segment.desk.cancel(1.0)
    assert not segment.desk.cancel(1.0)
    assert segment.phase is PairingPhase.CANCELLED
    with pytest.raises(ProtocolError):
        confirm(segment, device, offer, 1.0)


@pytest.mark.parametrize("seconds", [0.0, 9.9, 3600.1, float("nan")])
def test_window_out_of_range_is_refused(seconds: float) -> None:
    with pytest.raises(PairingRefused, match="10 to 3600 s"):
        Segment().desk.open(16, KEYPAD, CODE, 0.0, seconds)


def test_segment_without_security_refuses_pairing() -> None:
    with pytest.raises(PairingRefused, match='security = "off"'):
        Segment(Security.OFF).desk.open(16, KEYPAD, CODE, 0.0)


def test_flood_of_requests_is_answered_so_often_and_no_more() -> None:
    segment = Segment()
    segment.desk.open(16, KEYPAD, CODE, 0.0)
    offers = [segment.desk.heard(replace(REQUEST, nonce=n), 1.0) for n in range(OFFERS_MAX + 20)]
    assert sum(offer is not None for offer in offers) == OFFERS_MAX
    assert "floods" in segment.note


def test_two_devices_that_ask_at_once_do_not_keep_the_right_one_from_its_post() -> None:
    segment = Segment()
    right, wrong = asking(), asking(code=bytes(16), device=2, seed=9)
    segment.desk.open(16, KEYPAD, CODE, 0.0)
    offers = [answer(segment, device, 0.0) for device in (right, wrong)]
    assert offers[0] is not None
    assert offers[1] is not None
    for offer in offers:
        assert offer is not None
        assert wrong.take(offer, 0.0) is None
    # The other one's offer is no sign of a wrong code.
    assert wrong.wrong == 1
    confirm(segment, right, offers[0], 0.0)
    pairing = segment.guard.pairing_of(16)
    assert pairing is not None
    assert pairing.device == DEVICE


@settings(max_examples=60)
@given(st.integers(1, 49), st.integers(1, 255))
def test_offer_with_any_changed_octet_opens_nothing(at: int, flipped: int) -> None:
    segment, device = Segment(), asking()
    segment.desk.open(16, KEYPAD, CODE, 0.0)
    offer = answer(segment, device, 0.0)
    assert offer is not None
    octets = bytearray(encode(offer))
    octets[at] ^= flipped
    changed = decode_downlink(bytes(octets))
    assert isinstance(changed, PairOffer)
    assert device.take(changed, 0.0) is None
    assert device.phase is AskingPhase.ASKING


def test_offer_to_an_earlier_request_opens_nothing() -> None:
    segment = Segment()
    segment.desk.open(16, KEYPAD, CODE, 0.0)
    offer = answer(segment, asking(seed=5), 0.0)
    assert offer is not None
    assert asking(seed=6).take(offer, 0.0) is None


def test_request_of_the_same_device_twice_makes_keys_that_differ() -> None:
    keys = set()
    for seed in range(20):
        segment, device = Segment(), asking(seed=seed)
        segment.desk = PairingDesk(segment.guard, Random(seed))
        segment.desk.open(16, KEYPAD, CODE, 0.0)
        offer = answer(segment, device, 0.0)
        assert offer is not None
        taken = device.take(offer, 0.0)
        assert taken is not None
        keys.add(taken.key)
    assert len(keys) == 20


@pytest.mark.parametrize(
    "text",
    [
        "00112233445566778899aabbccddeeff",
        "00112233-44556677-8899AABB-CCDDEEFF",
        "0011 2233 4455 6677 8899 aabb ccdd eeff",
        "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff",
    ],
)
def test_code_is_read_as_people_write_it(text: str) -> None:
    assert read_code(text) == CODE


@pytest.mark.parametrize("text", ["", "0011", "0" * 31, "0" * 33, "g" * 32, "é" * 32, "0" * 64])
def test_text_that_is_no_code_is_refused_without_being_named(text: str) -> None:
    with pytest.raises(PairingRefused, match="32 hexadecimal digits") as refused:
        read_code(text)
    assert not text or text not in str(refused.value)


@pytest.mark.parametrize(
    ("table", "phases"), [(FOLLOWING, PairingPhase), (ASKING_FOLLOWING, AskingPhase)]
)
def test_every_phase_is_in_its_table_and_ends(table: Mapping[Any, Any], phases: Any) -> None:
    assert set(table) == set(phases)
    assert {phase for phase, following in table.items() if not following} == {
        phase for phase in phases if phase.over
    }


@pytest.mark.parametrize(("phase", "following"), list(product(PairingPhase, PairingPhase)))
def test_desk_goes_from_phase_to_phase_only_as_listed(
    phase: PairingPhase, following: PairingPhase
) -> None:
    segment = Segment()
    segment.desk.open(16, KEYPAD, CODE, 0.0)
    assert segment.desk.session is not None
    segment.desk._session = replace(segment.desk.session, phase=phase)
    if following in FOLLOWING[phase]:
        segment.desk._move(following)
        assert segment.phase is following
    else:
        with pytest.raises(AssertionError):
            segment.desk._move(following)


@settings(max_examples=100)
@given(st.integers(0, 2**32), st.floats(0, 0.9))
def test_however_much_is_lost_both_sides_agree_in_the_end(seed: int, loss: float) -> None:
    random = Random(seed)
    segment, device = Segment(), asking(seed=seed)
    segment.desk.open(16, KEYPAD, CODE, 0.0)
    made: DeviceGuard | None = None
    now_s = 0.0
    while not device.phase.over:
        now_s += 0.5
        if device.phase is AskingPhase.ASKING:
            request = device.tick(now_s)
            if request is None or random.random() < loss:
                continue
            offer = segment.desk.heard(request, now_s)
            if offer is None or random.random() < loss:
                continue
            keys = device.take(offer, now_s)
            assert keys is not None
            made = DeviceGuard(DeviceMemory(keys=keys), lambda _memory: None)
        else:
            device.tick(now_s)
            assert made is not None
            hello = made.seal(b"hello")
            if not device.phase.over and random.random() >= loss:
                segment.guard.open(16, hello)
                # Its acknowledgement; where that is lost the device says hello again.
                if random.random() >= loss:
                    device.confirmed()
        segment.desk.tick(now_s)
    if device.phase is AskingPhase.PAIRED:
        assert segment.phase is PairingPhase.PAIRED
        assert made is not None
        assert segment.guard.open(16, made.seal(b"x")) == b"x"
