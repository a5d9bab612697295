"""Frames in words: every layer, and whatever cannot be read."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.radio.describe import Datagram, Describer, LayerKind, readable
from protocol.radio.frame import Frame
from protocol.radio.payloads import (
    DeviceKind,
    Hello,
    Key,
    KeyPress,
    ShowEntry,
    ShowMany,
    WindowState,
    encode,
)
from protocol.radio.secured import Envelope

PRESS = encode(KeyPress(boot=3, sequence=7, key=Key.NEXT))
ROUTE = bytes((1, 40, 2, 9, 0))
ENVELOPE = b"\x20" + (1234).to_bytes(4) + PRESS + bytes.fromhex("a1b2c3d4")

octet = st.integers(0, 255)
payloads = st.binary(max_size=60) | st.builds(
    lambda start, rest: start + rest,
    st.sampled_from([PRESS[:1], b"\x13", b"\x19", b"\x1d", b"\x20", ROUTE, ROUTE + b"\x20"]),
    st.binary(max_size=48),
)


def described(payload: bytes, flags: int = 0, to: int = 1, source: int = 16, **options: Any) -> Any:
    frame = Frame(to=to, source=source, id=7, flags=flags, payload=payload)
    return Describer(**options).describe(frame)


def test_payload_is_told_by_its_name_and_fields_in_words() -> None:
    [layer] = described(PRESS).layers
    assert (layer.kind, layer.name, layer.problem) == (LayerKind.PAYLOAD, "KeyPress", None)
    assert layer.fields == {"boot": 3, "sequence": 7, "key": "next", "argument": 0}
    assert layer.octets == PRESS


def test_fields_within_fields_are_told_as_well() -> None:
    entries = (
        ShowEntry(address=30, version=2, state=WindowState.CALLED, text="A010"),
        ShowEntry(address=31, version=5, state=WindowState.CLOSED),
    )
    [layer] = described(encode(ShowMany(entries=entries)), to=255).layers
    assert layer.fields["entries"] == (
        {"address": 30, "version": 2, "state": "called", "text": "A010"},
        {"address": 31, "version": 5, "state": "closed", "text": ""},
    )


def test_field_that_is_not_there_is_none() -> None:
    [layer] = described(encode(Hello(boot=1, kind=DeviceKind.WINDOW))).layers
    assert layer.fields["battery_mv"] is None


@pytest.mark.parametrize(
    ("flags", "to", "source", "datagram", "repeat"),
    [
        (0x00, 1, 16, Datagram.DATA, False),
        (0x40, 1, 16, Datagram.DATA, True),
        (0x00, 255, 16, Datagram.BROADCAST, False),
        (0x80, 1, 16, Datagram.ACKNOWLEDGEMENT, False),
        (0xC0, 1, 16, Datagram.ACKNOWLEDGEMENT, True),
        (0x80, 255, 16, Datagram.IMPOSSIBLE, False),
        (0x00, 1, 255, Datagram.IMPOSSIBLE, False),
    ],
)
def test_datagram_follows_from_flags_and_addresses(
    flags: int, to: int, source: int, datagram: Datagram, repeat: bool
) -> None:
    description = described(b"!", flags, to, source)
    assert (description.datagram, description.repeat) == (datagram, repeat)


def test_flags_of_applications_and_reserved_ones_are_told_apart() -> None:
    description = described(PRESS, 0x35)
    assert (description.application_flags, description.reserved_flags) == (0x05, 0x30)


def test_acknowledgement_has_no_layers_unless_it_carries_remains() -> None:
    assert described(b"!", 0x80).layers == ()
    [remains] = described(PRESS, 0x85).layers
    assert remains.kind is LayerKind.UNKNOWN
    assert "remains" in remains.problem


@pytest.mark.parametrize("routed", [None, True])
def test_router_header_is_told_ahead_of_what_it_carries(routed: bool | None) -> None:
    header, payload = described(ROUTE + PRESS, routed=routed).layers
    assert header.kind is LayerKind.ROUTER
    assert header.fields == {"to": 1, "from": 40, "hops": 2, "id": 9, "flags": 0}
    assert payload.name == "KeyPress"


def test_router_header_is_not_guessed_where_it_explains_nothing() -> None:
    [layer] = described(ROUTE + b"\xff\xff").layers
    assert layer.kind is LayerKind.UNKNOWN
    header, rest = described(ROUTE + b"\xff\xff", routed=True).layers
    assert (header.kind, rest.kind) == (LayerKind.ROUTER, LayerKind.UNKNOWN)
    [unread] = described(ROUTE + PRESS, routed=False).layers
    assert unread.kind is LayerKind.UNKNOWN


def test_payload_too_short_for_the_router_header_that_must_be_there_is_told() -> None:
    [layer] = described(ROUTE[:4], routed=True).layers
    assert "no router's header" in layer.problem


@pytest.mark.parametrize(
    ("right", "told", "has_problem"),
    [(None, "unverified", False), (True, "right", False), (False, "wrong", True)],
)
def test_envelope_tells_its_counter_and_what_its_tag_is(
    right: bool | None, told: str, has_problem: bool
) -> None:
    asked = []

    def check(source: int, to: int, envelope: Envelope) -> bool | None:
        asked.append((source, to, envelope.counter, envelope.payload))
        return right

    envelope, payload = described(ENVELOPE, check=check).layers
    assert envelope.fields == {"counter": 1234, "tag": "a1b2c3d4", "check": told}
    assert bool(envelope.problem) is has_problem
    assert payload.name == "KeyPress"
    assert asked == [(16, 1, 1234, PRESS)]


def test_envelope_behind_a_router_header_is_of_the_far_ends() -> None:
    asked = []

    def check(source: int, to: int, _envelope: Envelope) -> bool:
        asked.append((source, to))
        return True

    kinds = [layer.kind for layer in described(ROUTE + ENVELOPE, check=check).layers]
    assert kinds == [LayerKind.ROUTER, LayerKind.SECURED, LayerKind.PAYLOAD]
    assert asked[-1] == (40, 1)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "empty"),
        (b"NEXT", "layout version 4"),
        (b"\x10\x00", "no uplink payload has the type 10"),
        (b"\x1f\x00", "a payload of type 1f has no 2 octets"),
        (PRESS[:-1], "has no 5 octets"),
        (b"\x20\x00\x00", "it was cut"),
        (b"\x19\x00\x01\x77", "119 is no WindowState"),
    ],
)
def test_what_cannot_be_read_is_told_with_the_reason(payload: bytes, reason: str) -> None:
    [layer] = described(payload).layers
    assert layer.kind is LayerKind.UNKNOWN
    assert layer.octets == payload
    assert reason in layer.problem
    assert layer.fields == {"text": readable(payload)}


@given(
    st.builds(Frame, to=octet, source=octet, id=octet, flags=octet, payload=payloads),
    st.sampled_from([None, True, False]),
)
def test_any_frame_is_described(frame: Frame, routed: bool | None) -> None:
    description = Describer(routed=routed).describe(frame)
    assert description.frame == frame
    for outer, inner in zip(description.layers, description.layers[1:], strict=False):
        assert inner.octets in outer.octets
        assert outer.kind in (LayerKind.ROUTER, LayerKind.SECURED)
