"""Sealed payloads: their layout, what is refused, and counters that never repeat."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import (
    CountersExhausted,
    ForgedError,
    ProtocolError,
    ReflectedError,
    ReplayedError,
    SecurityError,
    StorageError,
)
from protocol.radio.frame import PAYLOAD_MAX as DATAGRAM_MAX
from protocol.radio.keys import cmac
from protocol.radio.octets import PAYLOAD_MAX
from protocol.radio.payloads import Key, KeyPress, decode_downlink, decode_uplink, encode
from protocol.radio.secured import (
    BLOCK,
    COUNTER_MAX,
    OVERHEAD,
    Direction,
    SealingCounter,
    Way,
    broadcast_way,
    is_sealed,
    read_envelope,
    seal,
    verify,
)

KEY = bytes(range(16))
UP = Way(direction=Direction.UP, terminal=16, gateway=1)
PRESS = encode(KeyPress(boot=1, sequence=2, key=Key.NEXT))

counters = st.integers(1, COUNTER_MAX)
payloads = st.binary(min_size=1, max_size=PAYLOAD_MAX)
ways = st.one_of(
    st.builds(
        Way,
        direction=st.sampled_from([Direction.UP, Direction.DOWN]),
        terminal=st.integers(0, 254),
        gateway=st.integers(0, 254),
    ),
    st.builds(broadcast_way, st.integers(0, 254)),
)


def test_sealed_press_has_the_documented_octets() -> None:
    sealed = seal(KEY, UP, 0x01020304, PRESS)
    tag = cmac(KEY, b"\x00\x10\x01" + b"\x01\x02\x03\x04" + PRESS)[:4]
    assert sealed == b"\x20\x01\x02\x03\x04" + PRESS + tag
    assert sealed.hex() == "2001020304" + PRESS.hex() + tag.hex()
    assert len(sealed) == len(PRESS) + OVERHEAD


def test_longest_payload_fits_a_datagram_with_envelope_and_router_header() -> None:
    assert PAYLOAD_MAX + OVERHEAD + 5 <= DATAGRAM_MAX


@given(ways, counters, payloads)
def test_sealed_payload_opens_once_on_its_way(way: Way, counter: int, payload: bytes) -> None:
    envelope = read_envelope(seal(KEY, way, counter, payload))
    assert verify(KEY, way, envelope, counter - 1) == payload
    with pytest.raises(ReplayedError):
        verify(KEY, way, envelope, counter)


@given(counters, payloads, st.data())
def test_any_changed_bit_is_refused(counter: int, payload: bytes, data: st.DataObject) -> None:
    sealed = seal(KEY, UP, counter, payload)
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    changed = (int.from_bytes(sealed) ^ 1 << bit).to_bytes(len(sealed))
    if is_sealed(changed):
        with pytest.raises(ForgedError):
            verify(KEY, UP, read_envelope(changed), 0)
    else:
        with pytest.raises(ProtocolError):
            read_envelope(changed)


@given(counters, payloads, st.data())
def test_cut_or_lengthened_payload_is_refused(
    counter: int, payload: bytes, data: st.DataObject
) -> None:
    sealed = seal(KEY, UP, counter, payload)
    cut = sealed[: data.draw(st.integers(0, len(sealed) - 1))]
    for changed in (cut, sealed + data.draw(st.binary(min_size=1, max_size=3))):
        with pytest.raises(ProtocolError):
            verify(KEY, UP, read_envelope(changed), 0)


@given(st.binary(max_size=60))
def test_random_octets_raise_nothing_but_protocol_errors(octets: bytes) -> None:
    try:
        verify(KEY, UP, read_envelope(octets), 0)
    except ProtocolError:
        return
    raise AssertionError("a tag of four random octets was right")


@given(ways, ways, counters)
def test_payload_opens_on_no_other_way(one: Way, other: Way, counter: int) -> None:
    envelope = read_envelope(seal(KEY, one, counter, PRESS))
    if one == other:
        return
    with pytest.raises(SecurityError) as refused:
        verify(KEY, other, envelope, 0)
    if one == other.back() and other.direction is not Direction.BROADCAST:
        assert refused.type is ReflectedError


def test_reflected_payload_is_told_from_a_forged_one() -> None:
    envelope = read_envelope(seal(KEY, UP.back(), 1, PRESS))
    with pytest.raises(ReflectedError):
        verify(KEY, UP, envelope, 0)
    with pytest.raises(ForgedError):
        verify(bytes(16), UP, envelope, 0)


def test_forged_counter_of_an_old_payload_is_forged_and_not_replayed() -> None:
    sealed = bytearray(seal(KEY, UP, 5, PRESS))
    sealed[4] = 9
    with pytest.raises(ForgedError):
        verify(KEY, UP, read_envelope(bytes(sealed)), 100)


@given(st.lists(st.integers(0, 19), min_size=1, max_size=60))
def test_any_reordering_or_replay_takes_each_payload_once_and_only_forwards(
    order: list[int],
) -> None:
    envelopes = [read_envelope(seal(KEY, UP, n + 1, bytes([0x11, n]))) for n in range(20)]
    taken, last = [], 0
    for index in order:
        envelope = envelopes[index]
        try:
            payload = verify(KEY, UP, envelope, last)
        except ReplayedError:
            assert envelope.counter <= last
            continue
        last = envelope.counter
        taken.append(payload)
    assert taken == sorted(set(taken))


def test_older_firmware_drops_a_sealed_payload() -> None:
    sealed = seal(KEY, UP, 1, PRESS)
    for decode in (decode_uplink, decode_downlink):
        with pytest.raises(ProtocolError, match="layout version 2"):
            decode(sealed)


# -- counters ---------------------------------------------------------------------------------


class Disk:
    """Remembers the last reservation; may be full."""

    def __init__(self) -> None:
        self.reserved = 0
        self.full = False
        self.writes = 0

    def reserve(self, reserved: int) -> None:
        if self.full:
            raise StorageError("the disk is full")
        assert reserved > self.reserved
        self.reserved = reserved
        self.writes += 1

    def counter(self, block: int = BLOCK) -> SealingCounter:
        return SealingCounter(self.reserved, self.reserve, block)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=12), st.integers(1, 16))
def test_restarts_at_random_points_never_reuse_a_counter(uses: list[int], block: int) -> None:
    disk = Disk()
    used: list[int] = []
    for count in uses:
        counter = disk.counter(block)
        used += [counter.next() for _ in range(count)]
    assert used == sorted(set(used))
    assert not used or used[0] == 1
    # A restart skips a block at most.
    assert disk.reserved <= len(used) + block * len(uses)


def test_reservation_comes_before_the_first_use() -> None:
    disk = Disk()
    counter = disk.counter()
    assert disk.writes == 0
    assert counter.next() == 1
    assert disk.reserved == BLOCK


def test_writes_are_two_for_a_block_at_most() -> None:
    disk = Disk()
    counter = disk.counter()
    for _ in range(10 * BLOCK):
        counter.next()
    assert disk.writes <= 21


def test_full_disk_stops_nothing_for_half_a_block_and_then_is_an_error_until_there_is_room() -> (
    None
):
    disk = Disk()
    counter = disk.counter(8)
    assert [counter.next() for _ in range(4)] == [1, 2, 3, 4]
    disk.full = True
    assert [counter.next() for _ in range(4)] == [5, 6, 7, 8]
    for _ in range(3):
        with pytest.raises(SecurityError, match="the disk is full"):
            counter.next()
    disk.full = False
    assert counter.next() == 9


def test_last_counter_is_used_once_and_nothing_is_sealed_after_it() -> None:
    reservations: list[int] = []
    counter = SealingCounter(COUNTER_MAX - 2, reservations.append)
    assert [counter.next(), counter.next()] == [COUNTER_MAX - 1, COUNTER_MAX]
    assert reservations == [COUNTER_MAX]
    for _ in range(2):
        with pytest.raises(CountersExhausted, match="pair its device again"):
            counter.next()
    assert len(seal(KEY, UP, COUNTER_MAX, PRESS)) == len(PRESS) + OVERHEAD


def test_tag_of_another_random_key_is_refused_always() -> None:
    random = Random(7)
    for _ in range(200):
        envelope = read_envelope(seal(random.randbytes(16), UP, 1, PRESS))
        with pytest.raises(ForgedError):
            verify(KEY, UP, envelope, 0)
