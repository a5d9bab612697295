"""Addresses of ports: what is allowed, and what the message says of what is not."""

import contextlib
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import ConfigError
from protocol.ports import (
    BAUD_MAX,
    BAUD_MIN,
    PORT_MAX,
    REOPEN_MAX_S,
    REOPEN_MIN_S,
    Parity,
    PortAddress,
    SerialAddress,
    TcpAddress,
    VirtualAddress,
    parse_port,
    reopen_delay_s,
)

bauds = st.integers(BAUD_MIN, BAUD_MAX)
addresses: st.SearchStrategy[PortAddress] = st.one_of(
    st.builds(
        SerialAddress,
        path=st.from_regex(r"\A/dev/[A-Za-z0-9_.:/-]{0,20}[A-Za-z0-9]\Z"),
        baud=bauds,
        bytesize=st.sampled_from([5, 6, 7, 8]),
        parity=st.sampled_from(Parity),
        stopbits=st.sampled_from([1, 2]),
        rtscts=st.booleans(),
    ),
    st.builds(
        TcpAddress,
        host=st.one_of(
            st.from_regex(r"\A[a-z][a-z0-9.-]{0,20}\Z"),
            st.ip_addresses(v=4).map(str),
            st.ip_addresses(v=6).map(str),
        ),
        port=st.integers(1, PORT_MAX),
    ),
    st.builds(VirtualAddress, name=st.from_regex(r"\A[A-Za-z0-9][a-z0-9./_-]{0,20}\Z"), baud=bauds),
)


@given(addresses)
def test_address_written_and_parsed_is_the_same(address: PortAddress) -> None:
    assert parse_port(str(address)) == address


def test_serial_without_options_is_9600_8n1() -> None:
    address = parse_port("serial:/dev/ttyUSB0")
    assert address == SerialAddress(
        path="/dev/ttyUSB0",
        baud=9600,
        bytesize=8,
        parity=Parity.NONE,
        stopbits=1,
        rtscts=False,
    )
    assert address.octet_s == pytest.approx(10 / 9600)


def test_serial_with_parity_and_two_stop_bits_takes_longer_for_an_octet() -> None:
    address = parse_port("serial:/dev/ttyS0?baud=1200&bytesize=7&parity=E&stopbits=2&rtscts=1")
    assert isinstance(address, SerialAddress)
    assert address.rtscts
    assert address.octet_s == pytest.approx(11 / 1200)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "allowed are serial:"),
        ("/dev/ttyUSB0", "allowed are serial:"),
        ("serial", "allowed are serial:"),
        ("usb:1", "allowed are serial:"),
        ("serial:", "full path"),
        ("serial:ttyUSB0", "full path"),
        ("serial:/dev/", "full path"),
        ("serial:/dev/tty\0", "full path"),
        ("serial:/dev/ttyS0?speed=9600", "allowed are baud, bytesize, parity, stopbits, rtscts"),
        ("serial:/dev/ttyS0?baud", "'baud' is no option"),
        ("serial:/dev/ttyS0?baud=", "no number from 50"),
        ("serial:/dev/ttyS0?baud=+9600", "no number from 50"),
        ("serial:/dev/ttyS0?baud=49", "no number from 50"),
        ("serial:/dev/ttyS0?baud=4000001", "no number from 50"),
        ("serial:/dev/ttyS0?baud=96_00", "no number from 50"),
        ("serial:/dev/ttyS0?baud=٩٦٠٠", "no number from 50"),
        ("serial:/dev/ttyS0?baud=9600&baud=9600", "given twice"),
        ("serial:/dev/ttyS0?bytesize=9", "8 or 7 or 6 or 5"),
        ("serial:/dev/ttyS0?parity=n", "N or E or O"),
        ("serial:/dev/ttyS0?stopbits=1.5", "1 or 2"),
        ("serial:/dev/ttyS0?rtscts=yes", "0 or 1"),
        ("tcp:", "host:port"),
        ("tcp:host", "host:port"),
        ("tcp::4001", "host:port"),
        ("tcp:::1:4001", "in brackets"),
        ("tcp:[::1:4001", "in brackets"),
        ("tcp:[1:2]:4001", "in brackets"),
        ("tcp:a b:4001", "host:port"),
        ("tcp:host:", "no number from 1"),
        ("tcp:host:0", "no number from 1"),
        ("tcp:host:65536", "no number from 1"),
        ("virtual:", "letters, digits"),
        ("virtual:-a", "letters, digits"),
        ("virtual:a?parity=N", "allowed are baud"),
    ],
)
def test_malformed_address_is_refused_with_what_is_allowed(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_port(text)
    assert said in str(refused.value)
    assert repr(text) in str(refused.value)


@given(st.text(max_size=40) | st.text(max_size=40).map(lambda rest: f"serial:/dev/{rest}"))
def test_any_text_is_parsed_or_refused_with_a_config_error(text: str) -> None:
    with contextlib.suppress(ConfigError):
        parse_port(text)


@given(st.integers(0, 10_000), st.integers())
def test_reopen_delay_stays_within_its_bounds(failures: int, seed: int) -> None:
    assert REOPEN_MIN_S <= reopen_delay_s(failures, Random(seed)) <= REOPEN_MAX_S


def test_reopen_delay_grows_with_each_failure_to_its_bound() -> None:
    random = Random(1)
    means = [sum(reopen_delay_s(n, random) for _ in range(500)) / 500 for n in range(7)]
    assert all(second > 1.2 * first for first, second in pairwise(means[:6]))
    assert means[0] == pytest.approx(0.3, rel=0.1)
    assert means[-1] == pytest.approx(7.5, rel=0.1)
