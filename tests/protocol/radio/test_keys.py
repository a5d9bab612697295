"""AES-CMAC, AES key wrap, and the keys that follow from a segment's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import SecurityError
from protocol.radio.keys import (
    WRAPPED_OCTETS,
    broadcast_key,
    cmac,
    terminal_key,
    unwrap_keys,
    wrap_keys,
    wrapping_key,
)

SEGMENT_KEY = bytes(range(16))

# RFC 4493, section 4.
RFC_4493_KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
RFC_4493_MESSAGE = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)


@pytest.mark.parametrize(
    ("length", "tag"),
    [
        (0, "bb1d6929e95937287fa37d129b756746"),
        (16, "070a16b46b4d4144f79bdd9dd04a287c"),
        (40, "dfa66747de9ae63030ca32611497c827"),
        (64, "51f0bebf7e3b9d92fc49741779363cfe"),
    ],
)
def test_cmac_is_that_of_rfc_4493(length: int, tag: str) -> None:
    assert cmac(RFC_4493_KEY, RFC_4493_MESSAGE[:length]).hex() == tag


def test_key_wrap_is_that_of_rfc_3394_section_4_1() -> None:
    data = bytes.fromhex("00112233445566778899aabbccddeeff")
    wrapped = wrap_keys(bytes(range(16)), data[:8], data[8:])
    assert wrapped.hex() == "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"


def test_keys_have_the_documented_derivation() -> None:
    key = terminal_key(SEGMENT_KEY, 0x01020304, 16, b"saltsalt")
    assert key == cmac(SEGMENT_KEY, b"paihao/terminal\x01\x02\x03\x04\x10saltsalt")
    assert broadcast_key(SEGMENT_KEY) == cmac(SEGMENT_KEY, b"paihao/broadcast")
    wrapping = wrapping_key(
        SEGMENT_KEY, device=1, kind=2, nonce=3, address=16, gateway=4, counter=5
    )
    said = b"\0\0\0\1" + b"\2" + b"\0\0\0\3" + b"\x10\4" + b"\0\0\0\5"
    assert wrapping == cmac(SEGMENT_KEY, b"paihao/pairing" + said)


@given(
    st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 254), st.binary(min_size=8, max_size=8)),
    st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 254), st.binary(min_size=8, max_size=8)),
)
def test_other_device_address_or_salt_gives_another_key(
    one: tuple[int, int, bytes], other: tuple[int, int, bytes]
) -> None:
    assert (terminal_key(SEGMENT_KEY, *one) == terminal_key(SEGMENT_KEY, *other)) == (one == other)


def test_wrapped_keys_open_with_the_same_key() -> None:
    wrapped = wrap_keys(SEGMENT_KEY, b"t" * 16, b"b" * 16)
    assert len(wrapped) == WRAPPED_OCTETS
    assert unwrap_keys(SEGMENT_KEY, wrapped) == (b"t" * 16, b"b" * 16)


@given(st.integers(0, 8 * WRAPPED_OCTETS - 1))
def test_one_changed_bit_of_wrapped_keys_is_refused(bit: int) -> None:
    wrapped = int.from_bytes(wrap_keys(SEGMENT_KEY, b"t" * 16, b"b" * 16))
    with pytest.raises(SecurityError):
        unwrap_keys(SEGMENT_KEY, (wrapped ^ 1 << bit).to_bytes(WRAPPED_OCTETS))


@given(st.binary(max_size=64))
def test_anything_else_in_place_of_wrapped_keys_is_refused(octets: bytes) -> None:
    with pytest.raises(SecurityError):
        unwrap_keys(SEGMENT_KEY, octets)


@pytest.mark.parametrize("octets", [16, 24, 48])
def test_more_or_fewer_wrapped_keys_are_refused(octets: int) -> None:
    with pytest.raises(SecurityError):
        unwrap_keys(SEGMENT_KEY, wrap_keys(SEGMENT_KEY, bytes(octets), b""))
