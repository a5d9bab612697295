"""What terminals and a gateway say to each other, within the payload of a reliable datagram.

The first octet of each payload holds the version of this layout (now 1) in its high half and the
payload's type in its low half. Numbers are unsigned, high octet first. Text is GB18030, which
display modules with Chinese fonts take as it is, without control characters, to the payload's end.

    uplink, device to gateway
    KeyPress     11 | boot and key 2 | sequence 2 | argument 1
    Shown        12 | boot 2 | version 2
    Hello        13 | boot 2 | kind 1 | battery 2, absent without a battery (millivolts)

    downlink, gateway to device
    PressResult  18 | boot 2 | sequence 2 | result 1 | text 0..40
    Show         19 | version 2 | state 1 | text 0..40

- ``boot`` is counted by the device in memory that outlives its power; 4095 is followed by 0. In a
  KeyPress it is the high twelve bits of its field, the key is the low four.
- ``sequence`` is counted within one boot, for each press anew and not for its repeats; 65535 is
  followed by 0. Together they name a press, so that what the radio repeats is done once.
- ``version`` numbers what one window is to show; the window confirms the version that it shows.
- Key presses fit 6 octets: one 16-octet chunk of a transparent module with their frame (without
  doubled octets). No payload is over 48 octets: one packet of an E32 module with its frame.
"""

import struct
import unicodedata
from enum import IntEnum
from typing import TypeVar

from protocol.errors import ProtocolError
from protocol.values import value

__all__ = [
    "BOOT_MAX",
    "SEQUENCE_MAX",
    "TEXT_MAX",
    "DeviceKind",
    "Downlink",
    "Hello",
    "Key",
    "KeyPress",
    "PressResult",
    "Result",
    "Show",
    "Shown",
    "Uplink",
    "WindowState",
    "decode_downlink",
    "decode_uplink",
    "encode",
    "fit_text",
]

VERSION = 1

BOOT_MAX = 4095

SEQUENCE_MAX = 65535

TEXT_MAX = 40
"""Octets of GB18030 that a text may have: twenty Chinese characters."""


class _Type(IntEnum):
    """The first octet of each payload."""

    KEY_PRESS = VERSION << 4 | 1
    SHOWN = VERSION << 4 | 2
    HELLO = VERSION << 4 | 3
    PRESS_RESULT = VERSION << 4 | 8
    SHOW = VERSION << 4 | 9


_KEY_PRESS_LAYOUT = struct.Struct(">BHHB")
_SHOWN_LAYOUT = struct.Struct(">BHH")
_HELLO_LAYOUT = struct.Struct(">BHB")
_BATTERY_LAYOUT = struct.Struct(">H")
_PRESS_RESULT_LAYOUT = struct.Struct(">BHHB")
_SHOW_LAYOUT = struct.Struct(">BHB")


class Key(IntEnum):
    """The keys of a keypad, 1 to 15. TRANSFER and LOGIN are reserved: a hall refuses them as yet."""

    NEXT = 1
    RECALL = 2
    START = 3
    FINISH = 4
    NO_SHOW = 5
    HOLD = 6
    """Sets aside the ticket that the counter has."""
    TRANSFER = 7
    PAUSE = 8
    """Pauses the counter, and opens it again."""
    LOGIN = 9


class DeviceKind(IntEnum):
    """What a device is."""

    KEYPAD = 1
    WINDOW = 2
    EVALUATOR = 3
    REPEATER = 4


class Result(IntEnum):
    """What became of a key press."""

    CALLED = 1
    """The text is the number called."""
    NOTHING_WAITING = 2
    DONE = 3
    REFUSED = 4
    """The text is the reason."""


class WindowState(IntEnum):
    """How a window shows its text: a number, or why there is none."""

    IDLE = 0
    CALLED = 1
    RECALL = 2
    SERVING = 3
    PAUSED = 4
    CLOSED = 5


@value
class KeyPress:
    """Somebody pressed ``key``; ``argument`` (0..255) is what the key needs to know, or 0.

    ``boot`` (0..4095) and ``sequence`` (0..65535) name the press.
    """

    boot: int
    sequence: int
    key: Key
    argument: int = 0


@value
class Shown:
    """A window shows ``version`` (0..65535) now."""

    boot: int
    version: int


@value
class Hello:
    """A device has started, or is still there; ``battery_mv`` is None where it has no battery."""

    boot: int
    kind: DeviceKind
    battery_mv: int | None = None


@value
class PressResult:
    """What the press ``sequence`` of ``boot`` did."""

    boot: int
    sequence: int
    result: Result
    text: str = ""


@value
class Show:
    """A window is to show ``text`` in the manner of ``state``."""

    version: int
    state: WindowState
    text: str = ""


Uplink = KeyPress | Shown | Hello
Downlink = PressResult | Show


def encode(payload: Uplink | Downlink) -> bytes:
    """Return the octets of ``payload``.

    Raises ProtocolError for a number out of its range or a text that does not fit.
    """
    try:
        match payload:
            case KeyPress(boot=boot, sequence=sequence, key=key, argument=argument):
                return _KEY_PRESS_LAYOUT.pack(
                    _Type.KEY_PRESS, _check_boot(boot) << 4 | key, sequence, argument
                )
            case Shown(boot=boot, version=version):
                return _SHOWN_LAYOUT.pack(_Type.SHOWN, _check_boot(boot), version)
            case Hello(boot=boot, kind=kind, battery_mv=None):
                return _HELLO_LAYOUT.pack(_Type.HELLO, _check_boot(boot), kind)
            case Hello(boot=boot, kind=kind, battery_mv=battery_mv):
                return _HELLO_LAYOUT.pack(
                    _Type.HELLO, _check_boot(boot), kind
                ) + _BATTERY_LAYOUT.pack(battery_mv)
            case PressResult(boot=boot, sequence=sequence, result=result, text=text):
                header = _PRESS_RESULT_LAYOUT.pack(
                    _Type.PRESS_RESULT, _check_boot(boot), sequence, result
                )
                return header + _encode_text(text)
            case Show(version=version, state=state, text=text):
                return _SHOW_LAYOUT.pack(_Type.SHOW, version, state) + _encode_text(text)
    except struct.error as error:
        raise ProtocolError(f"a number of {payload} is out of its range: {error}") from error


def decode_uplink(octets: bytes) -> Uplink:
    """Return what a device said. Raises ProtocolError for anything malformed."""
    try:
        match _type_of(octets):
            case _Type.KEY_PRESS:
                _, boot_and_key, sequence, argument = _KEY_PRESS_LAYOUT.unpack(octets)
                return KeyPress(
                    boot=boot_and_key >> 4,
                    sequence=sequence,
                    key=_member(Key, boot_and_key & 0xF),
                    argument=argument,
                )
            case _Type.SHOWN:
                _, boot, version = _SHOWN_LAYOUT.unpack(octets)
                return Shown(boot=_check_boot(boot), version=version)
            case _Type.HELLO:
                return _decode_hello(octets)
            case unknown:
                raise ProtocolError(f"no uplink payload has the type {unknown:02x}")
    except struct.error as error:
        raise _wrong_length(octets) from error


def decode_downlink(octets: bytes) -> Downlink:
    """Return what a gateway said. Raises ProtocolError for anything malformed."""
    try:
        match _type_of(octets):
            case _Type.PRESS_RESULT:
                _, boot, sequence, result = _PRESS_RESULT_LAYOUT.unpack_from(octets)
                return PressResult(
                    boot=_check_boot(boot),
                    sequence=sequence,
                    result=_member(Result, result),
                    text=_decode_text(octets[_PRESS_RESULT_LAYOUT.size :]),
                )
            case _Type.SHOW:
                _, version, state = _SHOW_LAYOUT.unpack_from(octets)
                return Show(
                    version=version,
                    state=_member(WindowState, state),
                    text=_decode_text(octets[_SHOW_LAYOUT.size :]),
                )
            case unknown:
                raise ProtocolError(f"no downlink payload has the type {unknown:02x}")
    except struct.error as error:
        raise _wrong_length(octets) from error


def fit_text(text: str) -> str:
    """Return as much of ``text`` as a payload takes; control characters are left out."""
    kept: list[str] = []
    room = TEXT_MAX
    for character in text:
        if _is_control(character):
            continue
        room -= len(character.encode("gb18030"))
        if room < 0:
            break
        kept.append(character)
    return "".join(kept)


def _type_of(octets: bytes) -> int:
    if not octets:
        raise ProtocolError("the payload is empty; its first octet must say what it is")
    if octets[0] >> 4 != VERSION:
        raise ProtocolError(
            f"the payload begins with {octets[0]:02x}: layout version {octets[0] >> 4};"
            f" only version {VERSION} is known here"
        )
    return octets[0]


def _decode_hello(octets: bytes) -> Hello:
    _, boot, kind = _HELLO_LAYOUT.unpack_from(octets)
    battery = octets[_HELLO_LAYOUT.size :]
    return Hello(
        boot=_check_boot(boot),
        kind=_member(DeviceKind, kind),
        battery_mv=_BATTERY_LAYOUT.unpack(battery)[0] if battery else None,
    )


def _check_boot(boot: int) -> int:
    if not 0 <= boot <= BOOT_MAX:
        raise ProtocolError(f"{boot} is no boot number; 0 to {BOOT_MAX} are allowed")
    return boot


E = TypeVar("E", bound=IntEnum)


def _member(kind: type[E], number: int) -> E:
    try:
        return kind(number)
    except ValueError:
        raise ProtocolError(f"{number} is no {kind.__name__}") from None


def _wrong_length(octets: bytes) -> ProtocolError:
    return ProtocolError(f"a payload of type {octets[0]:02x} has no {len(octets)} octets")


def _is_control(character: str) -> bool:
    # Lone surrogates ("Cs") have no octets in any encoding.
    return unicodedata.category(character) in ("Cc", "Cs")


def _encode_text(text: str) -> bytes:
    if any(_is_control(character) for character in text):
        raise ProtocolError(f"the text {text!r} holds a control character")
    octets = text.encode("gb18030")
    if len(octets) > TEXT_MAX:
        raise ProtocolError(
            f"the text has {len(octets)} octets; a payload takes {TEXT_MAX}: see fit_text"
        )
    return octets


def _decode_text(octets: bytes) -> str:
    if len(octets) > TEXT_MAX:
        raise ProtocolError(f"the text has {len(octets)} octets; at most {TEXT_MAX} are allowed")
    try:
        text = octets.decode("gb18030")
    except UnicodeDecodeError as error:
        raise ProtocolError(f"the text {octets.hex()} is no GB18030") from error
    if any(_is_control(character) for character in text):
        raise ProtocolError(f"the text {text!r} holds a control character")
    return text
