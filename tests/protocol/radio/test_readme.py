"""What the document for authors of firmware says is what the code does."""

import re
from pathlib import Path
from random import Random

from protocol.radio import options, payloads
from protocol.radio.actions import Action, Transmit
from protocol.radio.downlinks import DownlinkType
from protocol.radio.frame import PAYLOAD_MAX, RESYNC, Frame, FrameDecoder
from protocol.radio.payloads import (
    DeviceKind,
    Key,
    KeyPress,
    PressResult,
    Result,
    Show,
    ShowEntry,
    ShowMany,
    Shown,
    Supply,
    WindowState,
    decode_downlink,
    decode_uplink,
    encode,
)
from protocol.radio.reliable import ReliableLink
from protocol.radio.repeater import Repeater
from protocol.radio.routed import RoutedLink
from protocol.radio.router import ROUTED_PAYLOAD_MAX, Routes
from protocol.radio.secured import Direction, Way, read_envelope, seal, verify
from protocol.radio.uplinks import UplinkType

README = Path(payloads.__file__).with_name("README.md").read_text(encoding="utf-8")

PRESS = KeyPress(boot=1, sequence=1, key=Key.NEXT)
KEY = bytes(range(16))
FROM_5 = Way(direction=Direction.UP, terminal=5, gateway=1)


def shown_frames(block: int) -> list[bytes]:
    """The octets of each line of one example."""
    text = re.findall(r"```frames\n(.*?)```", README, re.DOTALL)[block]
    lines = [re.match(r"(?:[0-9a-f]{2} +)+", line) for line in text.splitlines()]
    return [bytes.fromhex(line[0]) for line in lines if line is not None]


def transmitted(actions: list[Action]) -> list[bytes]:
    return [action.octets for action in actions if isinstance(action, Transmit)]


def test_exchange_is_what_links_say_to_each_other() -> None:
    gateway, keypad, window = (ReliableLink(at, Random(at)) for at in (1, 5, 6))
    result = PressResult(boot=1, sequence=1, result=Result.CALLED, text="A001")
    show = Show(version=7, state=WindowState.CALLED, text="A001")
    said = transmitted(keypad.send(1, encode(PRESS), 1, 0.0))
    said += transmitted(gateway.receive(said[-1], 0.1))
    keypad.receive(said[-1], 0.2)
    said += transmitted(gateway.send(5, encode(result), 1, 0.3))
    said += transmitted(keypad.receive(said[-1], 0.4))
    gateway.receive(said[-1], 0.5)
    said += transmitted(gateway.send(6, encode(show), 2, 0.6))
    said += transmitted(window.receive(said[-1], 0.7))
    gateway.receive(said[-1], 0.8)
    said += transmitted(window.send(1, encode(Shown(boot=1, version=7)), 1, 0.9))
    said += transmitted(gateway.receive(said[-1], 1.0))
    assert said == shown_frames(0)


def test_other_ways_of_the_press_are_what_the_code_says() -> None:
    repeat, sealed, first_hop, second_hop, to_many = shown_frames(1)
    keypad = ReliableLink(5, Random(1))
    first = transmitted(keypad.send(1, encode(PRESS), 1, 0.0))
    again: list[bytes] = []
    while not again:
        again = transmitted(keypad.tick(keypad.next_deadline() or 0.0))
    assert first == shown_frames(0)[:1]
    assert again == [repeat]

    [frame] = FrameDecoder().receive(sealed)
    assert frame.payload == seal(KEY, FROM_5, 1, encode(PRESS))
    assert decode_uplink(verify(KEY, FROM_5, read_envelope(frame.payload), taken=0)) == PRESS

    behind = RoutedLink(5, Random(1), routes=Routes({1: 2}))
    assert transmitted(behind.send(1, encode(PRESS), 1, 0.0)) == [first_hop]
    repeater = Repeater(2, Random(1), reached={1, 5})
    assert transmitted(repeater.receive(first_hop, 0.1))[1:] == [second_hop]

    entries = (
        ShowEntry(address=6, version=8, state=WindowState.CALLED, text="A002"),
        ShowEntry(address=7, version=3, state=WindowState.PAUSED),
    )
    [broadcast] = FrameDecoder().receive(to_many)
    assert broadcast == Frame(to=255, source=1, id=2, payload=encode(ShowMany(entries=entries)))
    assert decode_downlink(broadcast.payload) == ShowMany(entries=entries)


def test_every_payload_and_its_type_are_in_the_tables() -> None:
    for kind in (*UplinkType, *DownlinkType):
        name = kind.name.title().replace("_", "")
        assert re.search(rf"^\| {name} \| {kind:02X}[, ]", README, re.MULTILINE), name


def test_every_number_of_an_enumeration_is_in_the_tables() -> None:
    rows = {
        "key": Key,
        "kind": DeviceKind,
        "supply": Supply,
        "result": Result,
        "state": WindowState,
    }
    for name, enumeration in rows.items():
        [row] = re.findall(rf"^\| {name} \| (.*) \|$", README, re.MULTILINE)
        numbers = re.findall(r"(?:^|, )(\d+) ", row)
        assert numbers == [str(int(member)) for member in enumeration], name


def test_bounds_are_those_of_the_code() -> None:
    assert f"payload (0..{PAYLOAD_MAX})" in README
    assert f"at most {ROUTED_PAYLOAD_MAX} octets" in README
    assert f"A payload has at most {payloads.PAYLOAD_MAX} octets" in README
    assert f"at most {payloads.TEXT_MAX} octets" in README
    assert f"{payloads.BOOT_MAX} is followed by 0" in README
    assert RESYNC.hex(" ") in README
    defaults = options.LinkOptions()
    assert f"{defaults.timeout_first_s * 1000:g} ms at first" in README
    assert f"{defaults.attempts_max} times in at least {defaults.peer_deaf_s:g} s" in README
    assert payloads.PAIRING_ADDRESS == 254
