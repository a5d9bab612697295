"""What a gateway says to terminals; the layout is at the top of `protocol.radio.payloads`."""

import struct
from collections.abc import Iterable
from enum import IntEnum

from protocol.errors import ProtocolError
from protocol.radio.octets import (
    PAYLOAD_MAX,
    VERSION,
    check_boot,
    check_range,
    decode_text,
    encode_text,
    member,
)
from protocol.values import value

__all__ = [
    "BRIGHTNESS_MAX",
    "BUZZER_MAX",
    "ENTRY_TEXT_MAX",
    "WRAPPED_KEYS_OCTETS",
    "WRAPPED_KEY_OCTETS",
    "Announce",
    "Banner",
    "BroadcastKey",
    "Downlink",
    "Invite",
    "PairOffer",
    "PressResult",
    "Result",
    "Show",
    "ShowEntry",
    "ShowMany",
    "WindowState",
    "as_entry",
    "decode",
    "encode",
    "fits_entry",
    "share_out",
]

BRIGHTNESS_MAX = 100
"""Per cent."""

BUZZER_MAX = 15
"""The last of the buzzer's patterns; 0 is silence."""

WRAPPED_KEYS_OCTETS = 40
"""Two keys of 16 octets as RFC 3394 wraps them: the terminal's, and that of the segment's broadcasts."""

WRAPPED_KEY_OCTETS = 24
"""One key of 16 octets, likewise."""

ENTRY_TEXT_MAX = 15
"""Octets of the text of one window in a ShowMany: its length has four bits."""


NO_CONFIRMATION = 0x80
"""Beside the state in a Show."""


class DownlinkType(IntEnum):
    """The first octet of each downlink payload."""

    PRESS_RESULT = VERSION << 4 | 8
    SHOW = VERSION << 4 | 9
    BANNER = VERSION << 4 | 0xA
    INVITE = VERSION << 4 | 0xB
    ANNOUNCE = VERSION << 4 | 0xC
    SHOW_MANY = VERSION << 4 | 0xD
    PAIR_OFFER = VERSION << 4 | 0xE
    BROADCAST_KEY = VERSION << 4 | 0xF


_PRESS_RESULT_LAYOUT = struct.Struct(">BHHB")
_SHOW_LAYOUT = struct.Struct(">BHB")
_BANNER_LAYOUT = struct.Struct(">BHB")
_INVITE_LAYOUT = struct.Struct(">BHH")
_ANNOUNCE_LAYOUT = struct.Struct(">BHBB")
_ENTRY_LAYOUT = struct.Struct(">BHB")
_PAIR_OFFER_LAYOUT = struct.Struct(f">BIB{WRAPPED_KEYS_OCTETS}sI")
_BROADCAST_KEY_LAYOUT = struct.Struct(f">BI{WRAPPED_KEY_OCTETS}s")


class Result(IntEnum):
    """What became of a key press, a login or a rating."""

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
class PressResult:
    """What the press ``sequence`` of ``boot`` did."""

    boot: int
    sequence: int
    result: Result
    text: str = ""


@value
class Show:
    """A window is to show ``text`` in the manner of ``state``.

    It need not ``confirm`` that where its radio's acknowledgement is known to be enough.
    """

    version: int
    state: WindowState
    text: str = ""
    confirm: bool = True


@value
class Banner:
    """A window is to let ``text`` run through, and to be ``brightness`` (0..100 per cent) bright."""

    version: int
    brightness: int
    text: str = ""


@value
class Invite:
    """An evaluator is to invite the customer ``text`` (a number) for ``open_s`` seconds; 0 withdraws."""

    version: int
    open_s: int
    text: str = ""


@value
class Announce:
    """A ticket caller is to sound ``buzzer`` (0..15) and speak phrase ``voice`` (0: none) of a ``text``."""

    version: int
    buzzer: int
    voice: int
    text: str = ""


@value
class ShowEntry:
    """What the device ``address`` is to show; its text has 15 octets at most.

    A window takes it as a `Show`. A keypad or evaluator takes it as the `PressResult` of its press with the
    sequence ``version``: ``state`` is the result's number then.
    """

    address: int
    version: int
    state: WindowState
    text: str = ""


@value
class ShowMany:
    """What several devices are to show, broadcast: each takes its entry, unless it has shown that already."""

    entries: tuple[ShowEntry, ...]


@value
class PairOffer:
    """The post ``address`` is offered to the hardware ``device``; ``counter`` is the last broadcast's.

    `protocol.radio.keys` tells what the keys are wrapped with.
    """

    device: int
    address: int
    wrapped_keys: bytes
    counter: int


@value
class BroadcastKey:
    """A paired device is to open broadcasts with another key, ``epoch``, and with no earlier one.

    It is sent to one device alone and sealed. `protocol.radio.keys` tells what the key is wrapped with.
    """

    epoch: int
    wrapped_key: bytes


Downlink = PressResult | Show | Banner | Invite | Announce | ShowMany | PairOffer | BroadcastKey


def fits_entry(payload: Show | PressResult) -> bool:
    """Return whether ``payload`` may be an entry of a ShowMany."""
    return len(payload.text.encode("gb18030", "replace")) <= ENTRY_TEXT_MAX


def as_entry(address: int, payload: Show | PressResult) -> ShowEntry:
    """Return the entry of a ShowMany by which the device ``address`` is told ``payload``."""
    if isinstance(payload, Show):
        version, state = payload.version, payload.state
    else:
        version, state = payload.sequence, WindowState(payload.result)
    return ShowEntry(address=address, version=version, state=state, text=payload.text)


def share_out(entries: Iterable[ShowEntry], octets_max: int = PAYLOAD_MAX) -> list[ShowMany]:
    """Return as many ShowMany of up to ``octets_max`` as it takes for ``entries``, in their order."""
    shared: list[list[ShowEntry]] = []
    room = 0
    for entry in entries:
        octets = len(_encode_entry(entry))
        if octets > room:
            shared.append([])
            room = octets_max - 1
        shared[-1].append(entry)
        room -= octets
    return [ShowMany(entries=tuple(few)) for few in shared]


def encode(payload: Downlink) -> bytes:
    """Return the octets of ``payload``.

    Raises:
        ProtocolError: a number is out of its range or a text does not fit.
        struct.error: a number is out of its range.
    """
    match payload:
        case PressResult(boot=boot, sequence=sequence, result=result, text=text):
            boot = check_boot(boot)
            head = _PRESS_RESULT_LAYOUT.pack(DownlinkType.PRESS_RESULT, boot, sequence, result)
            return head + encode_text(text)
        case Show(version=version, state=state, text=text, confirm=confirm):
            octet = state if confirm else state | NO_CONFIRMATION
            return _SHOW_LAYOUT.pack(DownlinkType.SHOW, version, octet) + encode_text(text)
        case Banner(version=version, brightness=brightness, text=text):
            check_range("brightness", brightness, 0, BRIGHTNESS_MAX)
            return _BANNER_LAYOUT.pack(DownlinkType.BANNER, version, brightness) + encode_text(text)
        case Invite(version=version, open_s=open_s, text=text):
            return _INVITE_LAYOUT.pack(DownlinkType.INVITE, version, open_s) + encode_text(text)
        case Announce(version=version, buzzer=buzzer, voice=voice, text=text):
            check_range("buzzer", buzzer, 0, BUZZER_MAX)
            head = _ANNOUNCE_LAYOUT.pack(DownlinkType.ANNOUNCE, version, buzzer, voice)
            return head + encode_text(text)
        case ShowMany(entries=entries):
            return _encode_many(entries)
        case PairOffer(device=device, address=address, wrapped_keys=wrapped_keys, counter=counter):
            check_range(
                "length of the wrapped keys",
                len(wrapped_keys),
                WRAPPED_KEYS_OCTETS,
                WRAPPED_KEYS_OCTETS,
            )
            return _PAIR_OFFER_LAYOUT.pack(
                DownlinkType.PAIR_OFFER, device, address, wrapped_keys, counter
            )
        case BroadcastKey(epoch=epoch, wrapped_key=wrapped_key):
            check_range(
                "length of the wrapped key",
                len(wrapped_key),
                WRAPPED_KEY_OCTETS,
                WRAPPED_KEY_OCTETS,
            )
            return _BROADCAST_KEY_LAYOUT.pack(DownlinkType.BROADCAST_KEY, epoch, wrapped_key)


def decode(octets: bytes) -> Downlink:
    """Return the payload in ``octets``, of which there is one at least.

    Raises:
        ProtocolError: it is malformed.
        struct.error: its length is wrong.
    """
    match octets[0]:
        case DownlinkType.PRESS_RESULT:
            _, boot, sequence, number = _PRESS_RESULT_LAYOUT.unpack_from(octets)
            boot, result = check_boot(boot), member(Result, number)
            text = decode_text(octets[_PRESS_RESULT_LAYOUT.size :])
            return PressResult(boot=boot, sequence=sequence, result=result, text=text)
        case DownlinkType.SHOW:
            _, version, octet = _SHOW_LAYOUT.unpack_from(octets)
            state = member(WindowState, octet & ~NO_CONFIRMATION)
            text, confirm = decode_text(octets[_SHOW_LAYOUT.size :]), not octet & NO_CONFIRMATION
            return Show(version=version, state=state, text=text, confirm=confirm)
        case DownlinkType.BANNER:
            _, version, brightness = _BANNER_LAYOUT.unpack_from(octets)
            check_range("brightness", brightness, 0, BRIGHTNESS_MAX)
            text = decode_text(octets[_BANNER_LAYOUT.size :])
            return Banner(version=version, brightness=brightness, text=text)
        case DownlinkType.INVITE:
            _, version, open_s = _INVITE_LAYOUT.unpack_from(octets)
            text = decode_text(octets[_INVITE_LAYOUT.size :])
            return Invite(version=version, open_s=open_s, text=text)
        case DownlinkType.ANNOUNCE:
            _, version, buzzer, voice = _ANNOUNCE_LAYOUT.unpack_from(octets)
            check_range("buzzer", buzzer, 0, BUZZER_MAX)
            text = decode_text(octets[_ANNOUNCE_LAYOUT.size :])
            return Announce(version=version, buzzer=buzzer, voice=voice, text=text)
        case DownlinkType.SHOW_MANY:
            return _decode_many(octets)
        case DownlinkType.PAIR_OFFER:
            _, device, address, wrapped_keys, counter = _PAIR_OFFER_LAYOUT.unpack(octets)
            return PairOffer(
                device=device, address=address, wrapped_keys=wrapped_keys, counter=counter
            )
        case DownlinkType.BROADCAST_KEY:
            _, epoch, wrapped_key = _BROADCAST_KEY_LAYOUT.unpack(octets)
            return BroadcastKey(epoch=epoch, wrapped_key=wrapped_key)
        case unknown:
            raise ProtocolError(f"no downlink payload has the type {unknown:02x}")


def _encode_entry(entry: ShowEntry) -> bytes:
    text = encode_text(entry.text, ENTRY_TEXT_MAX)
    return _ENTRY_LAYOUT.pack(entry.address, entry.version, entry.state << 4 | len(text)) + text


def _encode_many(entries: tuple[ShowEntry, ...]) -> bytes:
    octets = bytes((DownlinkType.SHOW_MANY,)) + b"".join(map(_encode_entry, entries))
    if not entries or len(octets) > PAYLOAD_MAX:
        raise ProtocolError(
            f"{len(entries)} windows take {len(octets)} octets; one window at least and"
            f" {PAYLOAD_MAX} octets at most are allowed: see share_out"
        )
    return octets


def _decode_many(octets: bytes) -> ShowMany:
    if len(octets) > PAYLOAD_MAX:
        raise ProtocolError(
            f"a ShowMany has {len(octets)} octets; at most {PAYLOAD_MAX} are allowed"
        )
    entries: list[ShowEntry] = []
    at = 1
    while at < len(octets) or not entries:
        address, version, state_and_length = _ENTRY_LAYOUT.unpack_from(octets, at)
        at += _ENTRY_LAYOUT.size
        end = at + (state_and_length & 0xF)
        if end > len(octets):
            raise ProtocolError(f"the text of the window {address} is cut")
        state, text = member(WindowState, state_and_length >> 4), decode_text(octets[at:end])
        entries.append(ShowEntry(address=address, version=version, state=state, text=text))
        at = end
    return ShowMany(entries=tuple(entries))
