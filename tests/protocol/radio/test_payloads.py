"""Application payloads: round trips, sizes, and what is refused."""

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from protocol.errors import ProtocolError
from protocol.radio.payloads import (
    TEXT_MAX,
    DeviceKind,
    Hello,
    Key,
    KeyPress,
    PressResult,
    Result,
    Show,
    Shown,
    WindowState,
    decode_downlink,
    decode_uplink,
    encode,
    fit_text,
)

octet = st.integers(0, 255)
word = st.integers(0, 65535)
boots = st.integers(0, 4095)
texts = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=TEXT_MAX).map(fit_text)
uplinks = st.one_of(
    st.builds(KeyPress, boot=boots, sequence=word, key=st.sampled_from(Key), argument=octet),
    st.builds(Shown, boot=boots, version=word),
    st.builds(Hello, boot=boots, kind=st.sampled_from(DeviceKind), battery_mv=st.none() | word),
)
downlinks = st.one_of(
    st.builds(PressResult, boot=boots, sequence=word, result=st.sampled_from(Result), text=texts),
    st.builds(Show, version=word, state=st.sampled_from(WindowState), text=texts),
)


@pytest.mark.parametrize(
    ("payload", "octets"),
    [
        (KeyPress(boot=1, sequence=0x0203, key=Key.NEXT, argument=4), "110011020304"),
        (Shown(boot=1, version=0x0203), "1200010203"),
        (Hello(boot=1, kind=DeviceKind.WINDOW), "13000102"),
        (Hello(boot=1, kind=DeviceKind.KEYPAD, battery_mv=3000), "130001010bb8"),
    ],
)
def test_uplink_has_the_documented_octets(payload: KeyPress | Shown | Hello, octets: str) -> None:
    assert encode(payload).hex() == octets
    assert decode_uplink(bytes.fromhex(octets)) == payload


@pytest.mark.parametrize(
    ("payload", "octets"),
    [
        (
            PressResult(boot=1, sequence=0x0203, result=Result.CALLED, text="A010"),
            "18000102030141303130",
        ),
        (Show(version=0x0203, state=WindowState.CALLED, text="请A010"), "19020301c7eb41303130"),
    ],
)
def test_downlink_has_the_documented_octets(payload: PressResult | Show, octets: str) -> None:
    assert encode(payload).hex() == octets
    assert decode_downlink(bytes.fromhex(octets)) == payload


@given(uplinks)
def test_uplink_decodes_to_itself_and_is_short(payload: KeyPress | Shown | Hello) -> None:
    assert decode_uplink(encode(payload)) == payload
    assert len(encode(payload)) <= 6


@given(downlinks)
def test_downlink_decodes_to_itself_and_fits_one_packet(payload: PressResult | Show) -> None:
    assert decode_downlink(encode(payload)) == payload
    assert len(encode(payload)) <= 48


@given(st.one_of(st.binary(max_size=64), uplinks.map(encode), downlinks.map(encode)), st.data())
@example(b"", None)
def test_any_octets_decode_or_raise_protocol_error(octets: bytes, data: st.DataObject) -> None:
    if octets and data is not None:
        at = data.draw(st.integers(0, len(octets) - 1))
        octets = octets[:at] + bytes([data.draw(octet)]) + octets[at + 1 :]
    for decode in (decode_uplink, decode_downlink):
        with contextlib.suppress(ProtocolError):
            decode(octets)


@pytest.mark.parametrize(
    ("octets", "message"),
    [
        ("", "empty"),
        ("21", "layout version 2"),
        ("14", "type 14"),
        ("1800000000", "type 18"),
        ("1100110203", "type 11 has no 5 octets"),
        ("11001102030400", "type 11 has no 7 octets"),
        ("110010020304", "0 is no Key"),
        ("12100002ff", "4096 is no boot number"),
        ("130001ff", "255 is no DeviceKind"),
        ("130001010b", "type 13 has no 5 octets"),
    ],
)
def test_malformed_uplink_is_refused_with_what_is_wrong(octets: str, message: str) -> None:
    with pytest.raises(ProtocolError, match=message):
        decode_uplink(bytes.fromhex(octets))


@pytest.mark.parametrize(
    ("octets", "message"),
    [
        ("1902", "type 19 has no 2 octets"),
        ("1100110203", "type 11"),
        ("19020306", "6 is no WindowState"),
        ("180203040506", "6 is no Result"),
        ("190203018130", "no GB18030"),
        ("190203010a", "control character"),
        ("19020301" + "41" * 41, "41 octets"),
    ],
)
def test_malformed_downlink_is_refused_with_what_is_wrong(octets: str, message: str) -> None:
    with pytest.raises(ProtocolError, match=message):
        decode_downlink(bytes.fromhex(octets))


@pytest.mark.parametrize(
    "payload",
    [
        KeyPress(boot=4096, sequence=0, key=Key.NEXT),
        KeyPress(boot=0, sequence=65536, key=Key.NEXT),
        Shown(boot=0, version=-1),
        Hello(boot=0, kind=DeviceKind.WINDOW, battery_mv=70000),
        Show(version=0, state=WindowState.CALLED, text="号" * 21),
        Show(version=0, state=WindowState.CALLED, text="a\nb"),
        Show(version=0, state=WindowState.CALLED, text="\ud800"),
    ],
)
def test_payload_that_does_not_fit_is_refused(payload: KeyPress | Shown | Hello | Show) -> None:
    with pytest.raises(ProtocolError):
        encode(payload)


@given(st.text())
def test_fitted_text_is_taken_and_a_beginning(text: str) -> None:
    fitted = fit_text(text)
    show = Show(version=1, state=WindowState.CALLED, text=fitted)
    assert decode_downlink(encode(show)) == show
    assert fit_text(fitted) == fitted


def test_fitted_text_is_never_cut_within_a_character() -> None:
    assert fit_text("号" * 50) == "号" * 20
    assert fit_text("a" + "号" * 50) == "a" + "号" * 19
    assert fit_text("A010\n请到\x003号窗口") == "A010请到3号窗口"
