"""What terminals and a gateway say to each other, within the payload of a reliable datagram.

The first octet of each payload holds the version of this layout (now 1) in its high half and the
payload's type in its low half. Numbers are unsigned, high octet first. Text is GB18030, which
display modules with Chinese fonts take as it is, without control characters, to the payload's end.

    uplink, device to gateway
    KeyPress     11 | boot 12 bits, key 4 bits | sequence 2 | argument 1
    Shown        12 | boot 2 | version 2
    Hello        13 | boot 2 | kind 1 | supply 1 | battery 2 | device 4 | version 2
    Rating       14 | boot 2 | sequence 2 | version 2 | level 1 | reasons 1
    Login        15 | boot 2 | sequence 2 | code 4
    PairRequest  16 | device 4 | kind 1 | nonce 4
    KeyTaken     17 | boot 2 | epoch 4

    downlink, gateway to device
    PressResult  18 | boot 2 | sequence 2 | result 1 | text 0..40
    Show         19 | version 2 | unconfirmed 1 bit, state 7 bits | text 0..40
    Banner       1A | version 2 | brightness 1 | text 0..40
    Invite       1B | version 2 | open 2 (seconds, 0: withdraw) | text 0..40
    Announce     1C | version 2 | buzzer 1 | voice 1 | text 0..40
    ShowMany     1D | for each device: address 1 | version 2 | state 4 bits, length 4 bits | text
    PairOffer    1E | device 4 | address 1 | wrapped keys 40 | counter 4
    BroadcastKey 1F | epoch 4 | wrapped key 24

- ``boot`` is counted by the device in memory that outlives its power; 4095 is followed by 0. In a
  KeyPress it is the high twelve bits of its field, the key is the low four.
- ``sequence`` is counted within one boot, for each press (key, login or rating) anew and not for its
  repeats; 65535 is followed by 0. Together they name a press, so that what the radio repeats is done once.
- ``version`` numbers what one device is to show or do (Show, Banner, Invite and Announce alike, 1..65535, then
  1 again); the device confirms it by Shown and does the same version once. A Show with its bit set needs no
  Shown: the radio's acknowledgement is known to be enough.
- In a ShowMany a window's entry has the version and state of a Show; a keypad's or an evaluator's has the
  sequence and the number of a PressResult in their places. Nobody confirms it.
- In a Hello, ``battery`` is in millivolts, 0 without one; ``device`` is the hardware's own number, 0 if it has
  none; ``version`` is what it showed or did last, 0 after a start. The older Hello ends behind kind, or has
  nothing but the battery behind it; it is still read.
- Key presses fit 6 octets: one 16-octet chunk of a transparent module with their frame (without
  doubled octets). No payload is over 46 octets, so that a datagram of 60 also takes a router header
  and a secured envelope, and one packet of an E32 module the plain frame. Only a PairOffer has 50:
  it is never in an envelope.
"""

import struct

from protocol.errors import ProtocolError
from protocol.radio import downlinks, uplinks
from protocol.radio.downlinks import (
    BRIGHTNESS_MAX,
    BUZZER_MAX,
    ENTRY_TEXT_MAX,
    Announce,
    Banner,
    BroadcastKey,
    Downlink,
    Invite,
    PairOffer,
    PressResult,
    Result,
    Show,
    ShowEntry,
    ShowMany,
    WindowState,
    as_entry,
    fits_entry,
    share_out,
)
from protocol.radio.octets import (
    BOOT_MAX,
    PAYLOAD_MAX,
    SEQUENCE_MAX,
    TEXT_MAX,
    VERSION,
    VERSIONS,
    fit_text,
)
from protocol.radio.uplinks import (
    PAIRING_ADDRESS,
    RATING_MAX,
    REASONS_MAX,
    DeviceKind,
    Hello,
    Key,
    KeyPress,
    KeyTaken,
    Login,
    PairRequest,
    Press,
    Rating,
    Shown,
    Supply,
    Uplink,
)

__all__ = [
    "BOOT_MAX",
    "BRIGHTNESS_MAX",
    "BUZZER_MAX",
    "ENTRY_TEXT_MAX",
    "PAIRING_ADDRESS",
    "PAYLOAD_MAX",
    "RATING_MAX",
    "REASONS_MAX",
    "SEQUENCE_MAX",
    "TEXT_MAX",
    "VERSIONS",
    "Announce",
    "Banner",
    "BroadcastKey",
    "DeviceKind",
    "Downlink",
    "Hello",
    "Invite",
    "Key",
    "KeyPress",
    "KeyTaken",
    "Login",
    "PairOffer",
    "PairRequest",
    "Press",
    "PressResult",
    "Rating",
    "Result",
    "Show",
    "ShowEntry",
    "ShowMany",
    "Shown",
    "Supply",
    "Uplink",
    "WindowState",
    "as_entry",
    "decode_downlink",
    "decode_uplink",
    "encode",
    "fit_text",
    "fits_entry",
    "share_out",
]


def encode(payload: Uplink | Downlink) -> bytes:
    """Return the octets of ``payload``.

    Raises ProtocolError for a number out of its range or a text that does not fit.
    """
    try:
        if isinstance(payload, Uplink):
            return uplinks.encode(payload)
        return downlinks.encode(payload)
    except struct.error as error:
        raise ProtocolError(f"a number of {payload} is out of its range: {error}") from error


def decode_uplink(octets: bytes) -> Uplink:
    """Return what a device said. Raises ProtocolError for anything malformed."""
    _check_version(octets)
    try:
        return uplinks.decode(octets)
    except struct.error as error:
        raise _wrong_length(octets) from error


def decode_downlink(octets: bytes) -> Downlink:
    """Return what a gateway said. Raises ProtocolError for anything malformed."""
    _check_version(octets)
    try:
        return downlinks.decode(octets)
    except struct.error as error:
        raise _wrong_length(octets) from error


def _check_version(octets: bytes) -> None:
    if not octets:
        raise ProtocolError("the payload is empty; its first octet must say what it is")
    if octets[0] >> 4 != VERSION:
        raise ProtocolError(
            f"the payload begins with {octets[0]:02x}: layout version {octets[0] >> 4};"
            f" only version {VERSION} is known here"
        )


def _wrong_length(octets: bytes) -> ProtocolError:
    return ProtocolError(f"a payload of type {octets[0]:02x} has no {len(octets)} octets")
