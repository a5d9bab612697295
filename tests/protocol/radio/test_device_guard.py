"""The device's side of what is sealed: nothing twice, also after its power was cut."""

from __future__ import annotations

import pytest

from protocol.errors import (
    CountersExhausted,
    ForgedError,
    ReflectedError,
    ReplayedError,
    UnsecuredError,
)
from protocol.radio.device_guard import DeviceGuard, DeviceMemory
from protocol.radio.device_pairing import DeviceKeys
from protocol.radio.secured import COUNTER_MAX, Direction, Way, broadcast_way, seal
from protocol.values import replace

KEYS = DeviceKeys(address=16, gateway=1, key=b"k" * 16, broadcast_key=b"b" * 16, broadcast_taken=0)
DOWN = Way(direction=Direction.DOWN, terminal=16, gateway=1)
PAYLOAD = b"\x19\x00\x01\x00"


class Memory:
    """A device's memory that needs no power."""

    def __init__(self) -> None:
        self.kept = DeviceMemory(keys=KEYS)

    def keep(self, memory: DeviceMemory) -> None:
        self.kept = memory

    def start(self) -> DeviceGuard:
        return DeviceGuard(self.kept, self.keep)


def down(counter: int) -> bytes:
    return seal(KEYS.key, DOWN, counter, PAYLOAD)


def to_all(counter: int) -> bytes:
    return seal(KEYS.broadcast_key, broadcast_way(1), counter, PAYLOAD)


@pytest.mark.parametrize("broadcast", [False, True])
@pytest.mark.parametrize("reboots", [False, True])
def test_each_message_is_taken_once_and_none_older_than_the_last(
    broadcast: bool, reboots: bool
) -> None:
    memory, make = Memory(), to_all if broadcast else down
    guard = memory.start()
    assert guard.open(make(5), broadcast=broadcast) == PAYLOAD
    if reboots:
        guard = memory.start()
    for counter in (5, 4, 1):
        with pytest.raises(ReplayedError):
            guard.open(make(counter), broadcast=broadcast)
    assert guard.open(make(6), broadcast=broadcast) == PAYLOAD


def test_broadcasts_and_messages_of_its_own_are_counted_apart() -> None:
    guard = Memory().start()
    guard.open(to_all(900), broadcast=True)
    assert guard.open(down(1), broadcast=False) == PAYLOAD


def test_broadcast_does_not_pass_for_its_own_nor_the_other_way_round() -> None:
    guard = Memory().start()
    with pytest.raises(ForgedError):
        guard.open(to_all(1), broadcast=False)
    with pytest.raises(ForgedError):
        guard.open(down(1), broadcast=True)


def test_its_own_message_that_comes_back_is_told_as_such() -> None:
    guard = Memory().start()
    with pytest.raises(ReflectedError):
        guard.open(guard.seal(PAYLOAD), broadcast=False)


def test_messages_in_the_clear_are_refused() -> None:
    guard = Memory().start()
    for broadcast in (False, True):
        with pytest.raises(UnsecuredError):
            guard.open(PAYLOAD, broadcast=broadcast)


def test_counters_go_on_behind_those_reserved_after_a_power_cut() -> None:
    memory = Memory()
    sealed = [memory.start().seal(PAYLOAD) for _ in range(5)]
    counters = [int.from_bytes(one[1:5]) for one in sealed]
    assert counters == [1, 257, 513, 769, 1025]


def test_device_whose_key_has_come_to_its_end_says_nothing_more() -> None:
    memory = Memory()
    memory.kept = replace(memory.kept, reserved=COUNTER_MAX)
    with pytest.raises(CountersExhausted):
        memory.start().seal(PAYLOAD)
