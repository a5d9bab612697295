"""Whether a sealed payload's tag is right, as far as a listener has keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from protocol.errors import ProtocolError
from protocol.radio.keys import KEY_OCTETS
from protocol.radio.secured import (
    EVERYBODY,
    Direction,
    Envelope,
    Way,
    broadcast_way,
    proves,
)

__all__ = ["ANY", "KEYS_MAX", "TagKeys", "parse_key"]

ANY = -1
"""In place of an address: a key that may be anybody's."""

KEYS_MAX = 256
"""Keys that are tried; more are refused."""


class TagKeys:
    """Keys by the radio addresses of terminals; 255 for broadcasts, `ANY` for keys of unknown terminals.

    Unlike a `Guard`, this takes a payload any number of times: a listener hears repeats too.

    Raises:
        ProtocolError: there are more than `KEYS_MAX`.
    """

    def __init__(self, keys: Iterable[tuple[int, bytes]]) -> None:
        self._keys: dict[int, list[bytes]] = {}
        for number, (address, key) in enumerate(keys):
            if number >= KEYS_MAX:
                raise ProtocolError(f"there are more than {KEYS_MAX} keys")
            self._keys.setdefault(address, []).append(key)

    def check(self, source: int, to: int, envelope: Envelope) -> bool | None:
        """Return whether the tag is right; None where no key is known that could have made it."""
        ways: Mapping[int, Way]
        if to == EVERYBODY:
            ways = {EVERYBODY: broadcast_way(source)}
        else:
            ways = {
                source: Way(direction=Direction.UP, terminal=source, gateway=to),
                to: Way(direction=Direction.DOWN, terminal=to, gateway=source),
            }
        found: bool | None = None
        for address, way in ways.items():
            own = self._keys.get(address, [])
            if any(proves(key, way, envelope) for key in (*own, *self._keys.get(ANY, ()))):
                return True
            if own:
                found = False
        return found


def parse_key(text: str) -> tuple[int, bytes]:
    """Return the address and the key in ``text``: ``16=`` (or ``broadcast=``, or nothing) and 32 hex digits.

    Raises:
        ProtocolError: it is something else; the key is not repeated in the message.
    """
    ahead, equals, digits = text.rpartition("=")
    try:
        key = bytes.fromhex(digits)
    except ValueError:
        key = b""
    if len(key) != KEY_OCTETS:
        raise ProtocolError(
            f"a key has {2 * KEY_OCTETS} hex digits; write it like 16=00112233445566778899aabbccddeeff,"
            " with the terminal's radio address or 'broadcast' ahead, or without"
        )
    if not equals:
        return ANY, key
    if ahead == "broadcast":
        return EVERYBODY, key
    if not (ahead.isdecimal() and ahead.isascii() and int(ahead) <= EVERYBODY):
        raise ProtocolError(
            f"{ahead!r} ahead of a key is no radio address; write 0 to {EVERYBODY}, or 'broadcast'"
        )
    return int(ahead), key
