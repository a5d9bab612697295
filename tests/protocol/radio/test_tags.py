"""Tags checked by somebody who only listens."""

import pytest

from protocol.errors import ProtocolError
from protocol.radio.secured import Direction, Way, broadcast_way, read_envelope, seal
from protocol.radio.tags import ANY, KEYS_MAX, TagKeys, parse_key

KEY, OTHER = bytes(range(16)), bytes(16)
UP = Way(direction=Direction.UP, terminal=16, gateway=1)
SEALED_UP = read_envelope(seal(KEY, UP, 5, b"up"))
SEALED_DOWN = read_envelope(seal(KEY, UP.back(), 5, b"down"))
SEALED_FOR_ALL = read_envelope(seal(KEY, broadcast_way(1), 5, b"all"))


@pytest.mark.parametrize("address", [16, ANY])
def test_right_key_proves_both_directions(address: int) -> None:
    keys = TagKeys([(address, KEY)])
    assert keys.check(16, 1, SEALED_UP) is True
    assert keys.check(1, 16, SEALED_DOWN) is True


def test_reflected_payload_is_wrong() -> None:
    assert TagKeys([(16, KEY)]).check(1, 16, SEALED_UP) is False


def test_broadcast_needs_the_key_of_broadcasts() -> None:
    assert TagKeys([(255, KEY)]).check(1, 255, SEALED_FOR_ALL) is True
    assert TagKeys([(255, OTHER)]).check(1, 255, SEALED_FOR_ALL) is False
    assert TagKeys([(16, KEY)]).check(1, 255, SEALED_FOR_ALL) is None


def test_wrong_key_of_the_terminal_is_told_and_no_key_proves_nothing() -> None:
    assert TagKeys([(16, OTHER)]).check(16, 1, SEALED_UP) is False
    assert TagKeys([(17, KEY), (ANY, OTHER)]).check(16, 1, SEALED_UP) is None
    assert TagKeys([(16, OTHER), (16, KEY)]).check(16, 1, SEALED_UP) is True


@pytest.mark.parametrize(
    ("text", "address"), [("16=", 16), ("broadcast=", 255), ("255=", 255), ("", ANY)]
)
def test_key_is_read_with_or_without_an_address(text: str, address: int) -> None:
    assert parse_key(text + KEY.hex()) == (address, KEY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "16",
        "16=",
        "16=00",
        "256=" + KEY.hex(),
        "x=" + KEY.hex(),
        "²=" + KEY.hex(),
        KEY.hex() + "00",
    ],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        parse_key(text)
    assert KEY.hex() not in str(refused.value)


def test_too_many_keys_are_refused() -> None:
    with pytest.raises(ProtocolError, match="more than 256"):
        TagKeys([(ANY, KEY)] * (KEYS_MAX + 1))
