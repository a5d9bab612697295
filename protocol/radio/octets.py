"""What payloads are made of, besides numbers: texts in GB18030, and members of an enumeration.

Text is GB18030, which display modules with Chinese fonts take as it is, without control characters.
"""

import unicodedata
from enum import IntEnum
from typing import TypeVar

from protocol.errors import ProtocolError

__all__ = [
    "BOOT_MAX",
    "PAYLOAD_MAX",
    "SEQUENCE_MAX",
    "TEXT_MAX",
    "VERSION",
    "VERSIONS",
    "check_boot",
    "check_range",
    "decode_text",
    "encode_text",
    "fit_text",
    "member",
]

VERSION = 1
"""The version of the payloads' layout."""

PAYLOAD_MAX = 46
"""Octets of a payload: a datagram's 60 without a router header (5) and a secured envelope (9)."""

BOOT_MAX = 4095

SEQUENCE_MAX = 65535

VERSIONS = 65536
"""How many versions there are of what a device is to show or do; 65535 is followed by 0."""

TEXT_MAX = 40
"""Octets of GB18030 that a text may have: twenty Chinese characters."""


def fit_text(text: str, room: int = TEXT_MAX) -> str:
    """Return as much of ``text`` as fits ``room`` octets; control characters are left out."""
    if _is_plain(text) and len(text.encode("gb18030")) <= room:
        return text
    kept: list[str] = []
    for character in text:
        if _is_control(character):
            continue
        room -= len(character.encode("gb18030"))
        if room < 0:
            break
        kept.append(character)
    return "".join(kept)


def encode_text(text: str, room: int = TEXT_MAX) -> bytes:
    """Return the octets of ``text``. Raises ProtocolError where it has a control character or over ``room``."""
    if not _is_plain(text):
        raise ProtocolError(f"the text {text!r} holds a control character")
    octets = text.encode("gb18030")
    if len(octets) > room:
        raise ProtocolError(
            f"the text has {len(octets)} octets; a payload takes {room}: see fit_text"
        )
    return octets


def decode_text(octets: bytes) -> str:
    """Return the text. Raises ProtocolError where it is too long, no GB18030, or has a control character."""
    if len(octets) > TEXT_MAX:
        raise ProtocolError(f"the text has {len(octets)} octets; at most {TEXT_MAX} are allowed")
    try:
        text = octets.decode("gb18030")
    except UnicodeDecodeError as error:
        raise ProtocolError(f"the text {octets.hex()} is no GB18030") from error
    if not _is_plain(text):
        raise ProtocolError(f"the text {text!r} holds a control character")
    return text


def check_boot(boot: int) -> int:
    """Return ``boot``. Raises ProtocolError unless it is a boot number."""
    if not 0 <= boot <= BOOT_MAX:
        raise ProtocolError(f"{boot} is no boot number; 0 to {BOOT_MAX} are allowed")
    return boot


def check_range(name: str, number: int, least: int, most: int) -> int:
    """Return ``number``. Raises ProtocolError, which names it, unless it is from ``least`` to ``most``."""
    if not least <= number <= most:
        raise ProtocolError(f"the {name} is {number}; {least} to {most} are allowed")
    return number


E = TypeVar("E", bound=IntEnum)


def member(kind: type[E], number: int) -> E:
    """Return the member ``number`` of ``kind``. Raises ProtocolError where there is none."""
    try:
        return kind(number)
    except ValueError:
        raise ProtocolError(f"{number} is no {kind.__name__}") from None


def _is_plain(text: str) -> bool:
    """Whether there is no control character in it."""
    return text.isprintable() or not any(_is_control(character) for character in text)


def _is_control(character: str) -> bool:
    # Lone surrogates ("Cs") have no octets in any encoding.
    return unicodedata.category(character) in ("Cc", "Cs")
