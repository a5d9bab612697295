"""A port that is open and of no use: silent, at the wrong rate, with an echo, with a double of its gateway."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.radio.port_watch import (
    ECHOES_S,
    GARBAGE_OCTETS_MAX,
    QUIET_MAX_S,
    PortTrouble,
    PortWatch,
)
from protocol.ids import TerminalAddress
from protocol.messages import ClearAlarm, LinkDown, LinkUp, RaiseAlarm, SendDownlink
from protocol.radio.actions import LinkCounts
from protocol.radio.frame import DecoderCounts, Frame, encode_frame
from protocol.radio.payloads import DeviceKind, Hello, encode
from tests.actors.lines import ON_VIRTUAL_CLOCKS
from tests.actors.radio.test_gateway import Bench, from_device

HELLO = encode(Hello(boot=1, kind=DeviceKind.KEYPAD))


@pytest.fixture
def bench(rig: Any) -> Bench:
    return Bench(rig).up()


def raised(bench: Bench) -> list[str]:
    return [alarm.alarm for alarm in bench.alarms.of(RaiseAlarm)]


def cleared(bench: Bench) -> list[str]:
    return [alarm.alarm for alarm in bench.alarms.of(ClearAlarm)]


def call(bench: Bench, *addresses: int) -> None:
    for address in addresses:
        bench.ref.tell(SendDownlink(to=TerminalAddress(address), payload=b"?", token=1))
    bench.rig.run(20)


# -- a port that accepts and never delivers ------------------------------------------------------


@ON_VIRTUAL_CLOCKS
def test_port_that_takes_everything_and_gives_nothing_is_alarmed_until_it_does(
    bench: Bench,
) -> None:
    call(bench, 5, 6)
    assert raised(bench) == []
    call(bench, 5)
    assert raised(bench) == ["gateway/g1/silent"]
    assert "check the cable" in bench.alarms[-1].detail
    assert bench.read().troubles == {"silent"}
    call(bench, 5, 6)
    assert raised(bench) == ["gateway/g1/silent"]
    bench.hear(encode_frame(from_device(5, 1, HELLO)))
    assert cleared(bench) == ["gateway/g1/silent"]
    assert bench.read().troubles == frozenset()


@ON_VIRTUAL_CLOCKS
def test_one_terminal_that_is_off_says_nothing_of_the_port(bench: Bench) -> None:
    for _ in range(5):
        call(bench, 5)
    assert raised(bench) == []


@ON_VIRTUAL_CLOCKS
def test_port_that_is_quiet_for_longer_than_terminals_are_is_alarmed(bench: Bench) -> None:
    bench.hear(encode_frame(from_device(5, 1, HELLO)))
    bench.rig.run(QUIET_MAX_S - 20)
    assert raised(bench) == []
    bench.rig.run(40)
    assert raised(bench) == ["gateway/g1/silent"]


@ON_VIRTUAL_CLOCKS
def test_terminals_that_are_quiet_by_night_are_no_trouble_the_next_night(bench: Bench) -> None:
    night_s = 12 * 3600
    for number in range(3):
        bench.hear(encode_frame(from_device(5, number, HELLO)))
        bench.rig.run(night_s)
    assert raised(bench) == cleared(bench) == ["gateway/g1/silent"]


@ON_VIRTUAL_CLOCKS
def test_port_that_is_lost_is_not_silent_as_well(bench: Bench) -> None:
    for _ in range(3):
        call(bench, 5, 6)
    bench.port.owner.tell(LinkDown(reason="unplugged"))
    bench.rig.run()
    assert raised(bench) == ["gateway/g1/silent", "gateway/g1"]
    assert cleared(bench) == ["gateway/g1/silent"]
    bench.port.owner.tell(LinkUp())
    bench.rig.run(60)
    assert raised(bench) == ["gateway/g1/silent", "gateway/g1"]


# -- the wrong rate ------------------------------------------------------------------------------


def misread(octets: bytes, sent_baud: int, read_baud: int) -> bytes:
    """Return what a receiver at ``read_baud`` makes of ``octets``, 8N1, that were sent at ``sent_baud``."""
    levels = [
        level for octet in octets for level in (0, *((octet >> bit) & 1 for bit in range(8)), 1)
    ] + [1] * 20
    sent_s, read_s = 1 / sent_baud, 1 / read_baud

    def level(at_s: float) -> int:
        return levels[min(int(at_s / sent_s), len(levels) - 1)]

    read = bytearray()
    at_s = 0.0
    while at_s < len(octets) * 10 * sent_s:
        if level(at_s):
            at_s += read_s / 16
            continue
        bits = [level(at_s + (place + 1.5) * read_s) for place in range(8)]
        read.append(sum(bit << place for place, bit in enumerate(bits)))
        at_s += 9.5 * read_s
    return bytes(read)


def test_misread_octets_are_right_at_the_right_rate() -> None:
    assert misread(b"\x10\x02hall\xff\x00", 9600, 9600) == b"\x10\x02hall\xff\x00"


@pytest.mark.parametrize("read_baud", [2400, 4800, 19200, 115200])
@ON_VIRTUAL_CLOCKS
def test_wrong_baud_rate_is_alarmed_and_harmless(
    bench: Bench, failures: list[Any], read_baud: int
) -> None:
    said = b"".join(
        encode_frame(from_device(5 + number % 2, number, HELLO)) for number in range(200)
    )
    bench.hear(misread(said, 9600, read_baud))
    assert raised(bench) == ["gateway/g1/garbage"]
    assert "baud rate" in bench.alarms[-1].detail
    assert not failures
    bench.hear(encode_frame(from_device(5, 1, HELLO)))
    assert cleared(bench) == ["gateway/g1/garbage"]


@ON_VIRTUAL_CLOCKS
def test_banner_and_a_little_noise_are_no_trouble(bench: Bench) -> None:
    for number in range(20):
        bench.hear(b"ser2net port 4001 device /dev/ttyUSB0\r\n" + Random(number).randbytes(100))
        bench.hear(encode_frame(from_device(5, number, HELLO)))
    assert raised(bench) == []


# -- an echo, and a double -----------------------------------------------------------------------


@ON_VIRTUAL_CLOCKS
def test_gateway_that_returns_what_it_sent_is_alarmed_until_it_does_not(bench: Bench) -> None:
    for number in range(3):
        bench.hear(encode_frame(from_device(5, number, HELLO)))
        returned = b"".join(bench.port.written)
        bench.port.written.clear()
        # Cut anywhere.
        bench.hear(returned[:7])
        bench.hear(returned[7:])
    assert raised(bench) == ["gateway/g1/echo"]
    assert "switch the echo off" in bench.alarms[-1].detail
    assert len(bench.terminals[5]) == 3
    assert bench.port.written == []
    bench.rig.run(ECHOES_S + 20)
    assert cleared(bench) == ["gateway/g1/echo"]


@ON_VIRTUAL_CLOCKS
def test_second_device_at_our_address_is_alarmed(bench: Bench) -> None:
    for number in range(3):
        bench.hear(encode_frame(Frame(to=5, source=1, id=number, payload=b"not ours")))
    assert raised(bench) == ["gateway/g1/address"]


def test_gateways_that_share_an_address_are_no_trouble() -> None:
    watch = PortWatch(terminals=2, alone=False)
    for number in range(1, 10):
        frame = encode_frame(Frame(to=5, source=1, id=number))
        octets, link = DecoderCounts(frames=number), LinkCounts(own_address=number)
        assert not watch.heard(frame, octets, link, float(number))
    assert not watch.troubles


@given(st.lists(st.binary(max_size=80), max_size=30))
def test_noise_alone_is_only_ever_garbage(pieces: list[bytes]) -> None:
    watch = PortWatch(terminals=2, alone=True)
    watch.opened(0.0)
    total = 0
    for piece in pieces:
        total += len(piece)
        watch.heard(piece, DecoderCounts(octets_outside=total), LinkCounts(), 1.0)
        assert (PortTrouble.GARBAGE in watch.troubles) is (total > GARBAGE_OCTETS_MAX)
    assert watch.troubles <= {PortTrouble.GARBAGE}
