"""What terminals say to a gateway; the layout is at the top of `protocol.radio.payloads`."""

import struct
from enum import IntEnum

from protocol.errors import ProtocolError
from protocol.radio.octets import VERSION, check_boot, check_range, member
from protocol.values import value

__all__ = [
    "PAIRING_ADDRESS",
    "RATING_MAX",
    "REASONS_MAX",
    "DeviceKind",
    "Hello",
    "Key",
    "KeyPress",
    "KeyTaken",
    "Login",
    "PairRequest",
    "Press",
    "Rating",
    "Shown",
    "Supply",
    "Uplink",
    "decode",
    "encode",
]

PAIRING_ADDRESS = 254
"""The radio address of every device that has none yet: its PairRequest comes from there."""

RATING_MAX = 5
"""The best level of a rating; 1 is the worst."""

REASONS_MAX = 8
"""Reasons that a rating can name: one bit for each."""


class UplinkType(IntEnum):
    """The first octet of each uplink payload."""

    KEY_PRESS = VERSION << 4 | 1
    SHOWN = VERSION << 4 | 2
    HELLO = VERSION << 4 | 3
    RATING = VERSION << 4 | 4
    LOGIN = VERSION << 4 | 5
    PAIR_REQUEST = VERSION << 4 | 6
    KEY_TAKEN = VERSION << 4 | 7


_KEY_PRESS_LAYOUT = struct.Struct(">BHHB")
_SHOWN_LAYOUT = struct.Struct(">BHH")
_HELLO_START_LAYOUT = struct.Struct(">BHB")
_OLD_BATTERY_LAYOUT = struct.Struct(">H")
_HELLO_REST_LAYOUT = struct.Struct(">BHIH")
_RATING_LAYOUT = struct.Struct(">BHHHBB")
_LOGIN_LAYOUT = struct.Struct(">BHHI")
_PAIR_REQUEST_LAYOUT = struct.Struct(">BIBI")
_KEY_TAKEN_LAYOUT = struct.Struct(">BHI")


class Key(IntEnum):
    """The keys of a keypad, 1 to 15."""

    NEXT = 1
    RECALL = 2
    START = 3
    FINISH = 4
    NO_SHOW = 5
    HOLD = 6
    """Sets aside the ticket that the counter has."""
    TRANSFER = 7
    """Passes the ticket that the counter has to the preset that the argument names, from 1."""
    PAUSE = 8
    """Pauses the counter, and opens it again."""
    LOGIN = 9
    """Without a code; devices send Login. A hall refuses the key alone."""


class DeviceKind(IntEnum):
    """What a device is."""

    KEYPAD = 1
    WINDOW = 2
    EVALUATOR = 3
    REPEATER = 4
    CALLER = 5


class Supply(IntEnum):
    """Where a device has its power from."""

    UNKNOWN = 0
    MAINS = 1
    BATTERY = 2
    CHARGING = 3


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
    """A device shows, or has done, ``version`` (0..65535)."""

    boot: int
    version: int


@value
class Hello:
    """A device has started, or is still there.

    ``battery_mv`` (1..65535) is None where it has no battery. ``device`` is the hardware's own number, 0 if it
    has none. ``version`` is what it showed or did last, 0 after a start; None makes it the older Hello, which
    does not tell that, nor supply and number.
    """

    boot: int
    kind: DeviceKind
    battery_mv: int | None = None
    supply: Supply = Supply.UNKNOWN
    device: int = 0
    version: int | None = 0


@value
class Rating:
    """A customer's answer to the invitation ``version``.

    ``level`` is 1..5, best last; ``reasons`` has bit 0 set for the first configured reason, and so on.
    ``boot`` and ``sequence`` name it, as a press.
    """

    boot: int
    sequence: int
    version: int
    level: int
    reasons: int = 0


@value
class Login:
    """Staff typed their number ``code``; 0 logs out. ``sequence`` is counted with the keypad's presses."""

    boot: int
    sequence: int
    code: int


@value
class PairRequest:
    """A device without a post asks for one; ``device`` is its hardware's number, ``nonce`` its random one."""

    device: int
    kind: DeviceKind
    nonce: int


@value
class KeyTaken:
    """A paired device opens broadcasts with the key ``epoch`` from now on, and with no earlier one."""

    boot: int
    epoch: int


Press = KeyPress | Login | Rating
"""What a PressResult answers."""

Uplink = Press | Shown | Hello | PairRequest | KeyTaken


def encode(payload: Uplink) -> bytes:
    """Return the octets of ``payload``.

    Raises:
        ProtocolError: a number is out of its range.
        struct.error: likewise.
    """
    match payload:
        case KeyPress(boot=boot, sequence=sequence, key=key, argument=argument):
            return _KEY_PRESS_LAYOUT.pack(
                UplinkType.KEY_PRESS, check_boot(boot) << 4 | key, sequence, argument
            )
        case Shown(boot=boot, version=version):
            return _SHOWN_LAYOUT.pack(UplinkType.SHOWN, check_boot(boot), version)
        case Hello():
            return _encode_hello(payload)
        case Rating(boot=boot, sequence=sequence, version=version, level=level, reasons=reasons):
            check_range("level", level, 1, RATING_MAX)
            return _RATING_LAYOUT.pack(
                UplinkType.RATING, check_boot(boot), sequence, version, level, reasons
            )
        case Login(boot=boot, sequence=sequence, code=code):
            return _LOGIN_LAYOUT.pack(UplinkType.LOGIN, check_boot(boot), sequence, code)
        case PairRequest(device=device, kind=kind, nonce=nonce):
            return _PAIR_REQUEST_LAYOUT.pack(UplinkType.PAIR_REQUEST, device, kind, nonce)
        case KeyTaken(boot=boot, epoch=epoch):
            return _KEY_TAKEN_LAYOUT.pack(UplinkType.KEY_TAKEN, check_boot(boot), epoch)


def decode(octets: bytes) -> Uplink:
    """Return the payload in ``octets``, of which there is one at least.

    Raises:
        ProtocolError: it is malformed.
        struct.error: its length is wrong.
    """
    match octets[0]:
        case UplinkType.KEY_PRESS:
            _, boot_and_key, sequence, argument = _KEY_PRESS_LAYOUT.unpack(octets)
            key = member(Key, boot_and_key & 0xF)
            return KeyPress(boot=boot_and_key >> 4, sequence=sequence, key=key, argument=argument)
        case UplinkType.SHOWN:
            _, boot, version = _SHOWN_LAYOUT.unpack(octets)
            return Shown(boot=check_boot(boot), version=version)
        case UplinkType.HELLO:
            return _decode_hello(octets)
        case UplinkType.RATING:
            _, boot, sequence, version, level, reasons = _RATING_LAYOUT.unpack(octets)
            check_range("level", level, 1, RATING_MAX)
            return Rating(
                boot=check_boot(boot),
                sequence=sequence,
                version=version,
                level=level,
                reasons=reasons,
            )
        case UplinkType.LOGIN:
            _, boot, sequence, code = _LOGIN_LAYOUT.unpack(octets)
            return Login(boot=check_boot(boot), sequence=sequence, code=code)
        case UplinkType.PAIR_REQUEST:
            _, device, kind, nonce = _PAIR_REQUEST_LAYOUT.unpack(octets)
            return PairRequest(device=device, kind=member(DeviceKind, kind), nonce=nonce)
        case UplinkType.KEY_TAKEN:
            _, boot, epoch = _KEY_TAKEN_LAYOUT.unpack(octets)
            return KeyTaken(boot=check_boot(boot), epoch=epoch)
        case unknown:
            raise ProtocolError(f"no uplink payload has the type {unknown:02x}")


def _encode_hello(hello: Hello) -> bytes:
    if hello.battery_mv == 0:
        raise ProtocolError("a battery has 1 mV at least; a device without one has None")
    start = _HELLO_START_LAYOUT.pack(UplinkType.HELLO, check_boot(hello.boot), hello.kind)
    battery_mv = hello.battery_mv or 0
    if hello.version is None:
        return start + (_OLD_BATTERY_LAYOUT.pack(battery_mv) if battery_mv else b"")
    return start + _HELLO_REST_LAYOUT.pack(hello.supply, battery_mv, hello.device, hello.version)


def _decode_hello(octets: bytes) -> Hello:
    _, boot, kind = _HELLO_START_LAYOUT.unpack_from(octets)
    check_boot(boot)
    rest = octets[_HELLO_START_LAYOUT.size :]
    supply, battery_mv, device, version = Supply.UNKNOWN, 0, 0, None
    if len(rest) == _OLD_BATTERY_LAYOUT.size:
        (battery_mv,) = _OLD_BATTERY_LAYOUT.unpack(rest)
    elif rest:
        number, battery_mv, device, version = _HELLO_REST_LAYOUT.unpack(rest)
        supply = member(Supply, number)
    return Hello(
        boot=boot,
        kind=member(DeviceKind, kind),
        battery_mv=battery_mv or None,
        supply=supply,
        device=device,
        version=version,
    )
