"""Application payloads: round trips, sizes, and what is refused."""

import contextlib
import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from protocol.errors import ProtocolError
from protocol.radio.payloads import (
    ENTRY_TEXT_MAX,
    PAYLOAD_MAX,
    TEXT_MAX,
    Announce,
    Banner,
    BroadcastKey,
    DeviceKind,
    Downlink,
    Hello,
    Invite,
    Key,
    KeyPress,
    KeyTaken,
    Login,
    PairOffer,
    PairRequest,
    PressResult,
    Rating,
    Result,
    Show,
    ShowEntry,
    ShowMany,
    Shown,
    Supply,
    Uplink,
    WindowState,
    decode_downlink,
    decode_uplink,
    encode,
    fit_text,
    fits_entry,
    share_out,
)

octet = st.integers(0, 255)
word = st.integers(0, 65535)
long_word = st.integers(0, 2**32 - 1)
boots = st.integers(0, 4095)
kinds = st.sampled_from(DeviceKind)
characters = st.characters(exclude_categories=["Cc", "Cs"])
texts = st.text(characters, max_size=TEXT_MAX).map(fit_text)
short_texts = st.text(characters, max_size=ENTRY_TEXT_MAX).map(
    lambda t: fit_text(t, ENTRY_TEXT_MAX)
)
key_presses = st.builds(
    KeyPress, boot=boots, sequence=word, key=st.sampled_from(Key), argument=octet
)
hellos = st.builds(
    Hello,
    boot=boots,
    kind=kinds,
    battery_mv=st.none() | st.integers(1, 65535),
    supply=st.sampled_from(Supply),
    device=long_word,
    version=word,
)
uplinks = st.one_of(
    key_presses,
    hellos,
    st.builds(Shown, boot=boots, version=word),
    st.builds(
        Rating, boot=boots, sequence=word, version=word, level=st.integers(1, 5), reasons=octet
    ),
    st.builds(Login, boot=boots, sequence=word, code=long_word),
    st.builds(PairRequest, device=long_word, kind=kinds, nonce=long_word),
    st.builds(KeyTaken, boot=boots, epoch=long_word),
)
entries = st.builds(
    ShowEntry, address=octet, version=word, state=st.sampled_from(WindowState), text=short_texts
)
downlinks = st.one_of(
    st.builds(PressResult, boot=boots, sequence=word, result=st.sampled_from(Result), text=texts),
    st.builds(Show, version=word, state=st.sampled_from(WindowState), text=texts),
    st.builds(Banner, version=word, brightness=st.integers(0, 100), text=texts),
    st.builds(Invite, version=word, open_s=word, text=texts),
    st.builds(Announce, version=word, buzzer=st.integers(0, 15), voice=octet, text=texts),
    st.lists(entries, min_size=1, max_size=2).map(lambda few: ShowMany(entries=tuple(few))),
    st.builds(
        PairOffer,
        device=long_word,
        address=octet,
        wrapped_keys=st.binary(min_size=40, max_size=40),
        counter=long_word,
    ),
    st.builds(BroadcastKey, epoch=long_word, wrapped_key=st.binary(min_size=24, max_size=24)),
)


@pytest.mark.parametrize(
    ("payload", "octets"),
    [
        (KeyPress(boot=1, sequence=0x0203, key=Key.NEXT, argument=4), "110011020304"),
        (Shown(boot=1, version=0x0203), "1200010203"),
        (Hello(boot=1, kind=DeviceKind.WINDOW), "1300010200000000000000" + "0000"),
        (
            Hello(
                boot=1,
                kind=DeviceKind.CALLER,
                battery_mv=3000,
                supply=Supply.CHARGING,
                device=0x0A0B0C0D,
                version=0x0203,
            ),
            "13000105030bb80a0b0c0d0203",
        ),
        (Rating(boot=1, sequence=0x0203, version=0x0405, level=5, reasons=6), "140001020304050506"),
        (Login(boot=1, sequence=0x0203, code=1001), "1500010203000003e9"),
        (
            PairRequest(device=0x0A0B0C0D, kind=DeviceKind.EVALUATOR, nonce=0x01020304),
            "160a0b0c0d0301020304",
        ),
        (KeyTaken(boot=1, epoch=0x01020304), "17000101020304"),
    ],
)
def test_uplink_has_the_documented_octets(payload: Uplink, octets: str) -> None:
    assert encode(payload).hex() == octets
    assert decode_uplink(bytes.fromhex(octets)) == payload


@pytest.mark.parametrize(
    ("octets", "battery_mv"), [("13000103", None), ("130001030bb8", 3000), ("130001030000", None)]
)
def test_older_hello_is_still_read(octets: str, battery_mv: int | None) -> None:
    hello = Hello(boot=1, kind=DeviceKind.EVALUATOR, battery_mv=battery_mv, version=None)
    assert decode_uplink(bytes.fromhex(octets)) == hello
    assert decode_uplink(encode(hello)) == hello


@pytest.mark.parametrize(
    ("payload", "octets"),
    [
        (
            PressResult(boot=1, sequence=0x0203, result=Result.CALLED, text="A010"),
            "18000102030141303130",
        ),
        (Show(version=0x0203, state=WindowState.CALLED, text="请A010"), "19020301c7eb41303130"),
        (Banner(version=0x0203, brightness=80, text="请"), "1a020350c7eb"),
        (Invite(version=0x0203, open_s=300, text="A010"), "1b0203012c41303130"),
        (Announce(version=0x0203, buzzer=2, voice=7, text="A010"), "1c0203020741303130"),
        (
            ShowMany(
                entries=(
                    ShowEntry(address=17, version=0x0203, state=WindowState.CALLED, text="A010"),
                    ShowEntry(address=18, version=0x0405, state=WindowState.IDLE),
                )
            ),
            "1d110203144130313012040500",
        ),
        (
            PairOffer(
                device=0x0A0B0C0D, address=17, wrapped_keys=bytes(range(40)), counter=0x01020304
            ),
            "1e0a0b0c0d11" + bytes(range(40)).hex() + "01020304",
        ),
    ],
)
def test_downlink_has_the_documented_octets(payload: Downlink, octets: str) -> None:
    assert encode(payload).hex() == octets
    assert decode_downlink(bytes.fromhex(octets)) == payload


@given(uplinks)
def test_uplink_decodes_to_itself_and_is_short(payload: Uplink) -> None:
    assert decode_uplink(encode(payload)) == payload
    assert len(encode(payload)) <= 13


@given(key_presses)
def test_key_press_fits_one_chunk_of_six_octets(payload: KeyPress) -> None:
    assert len(encode(payload)) == 6


@given(downlinks)
def test_downlink_decodes_to_itself_and_leaves_room_for_headers(payload: Downlink) -> None:
    assert decode_downlink(encode(payload)) == payload
    # An offer is never sealed: what it takes of the envelope's room leaves that of the router's header.
    assert len(encode(payload)) <= (50 if isinstance(payload, PairOffer) else PAYLOAD_MAX)


@given(st.lists(entries, max_size=30))
def test_shared_out_windows_are_all_there_in_order_and_fit(few: list[ShowEntry]) -> None:
    shared = share_out(few)
    assert [entry for many in shared for entry in many.entries] == few
    assert all(len(encode(many)) <= PAYLOAD_MAX for many in shared)
    # No two that follow each other would have fitted one.
    for first, second in itertools.pairwise(shared):
        assert (
            len(encode(first)) + len(encode(ShowMany(entries=second.entries[:1]))) - 1 > PAYLOAD_MAX
        )


@given(texts)
def test_window_with_a_short_text_fits_an_entry(text: str) -> None:
    show = Show(version=1, state=WindowState.PAUSED, text=text)
    entry = ShowEntry(address=1, version=1, state=WindowState.PAUSED, text=text)
    if fits_entry(show):
        assert share_out([entry]) == [ShowMany(entries=(entry,))]
    else:
        with pytest.raises(ProtocolError, match="15"):
            share_out([entry])


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
        ("17", "type 17"),
        ("1800000000", "type 18"),
        ("1100110203", "type 11 has no 5 octets"),
        ("11001102030400", "type 11 has no 7 octets"),
        ("110010020304", "0 is no Key"),
        ("12100002ff", "4096 is no boot number"),
        ("130001ff", "255 is no DeviceKind"),
        ("130001010b", "type 13 has no 5 octets"),
        ("130001010b0000", "type 13 has no 7 octets"),
        ("13000101040000000000000000", "4 is no Supply"),
        ("140001020304050006", "level is 0; 1 to 5"),
        ("140001020304050606", "level is 6; 1 to 5"),
        ("1400010203040505", "type 14 has no 8 octets"),
        ("1500010203000003", "type 15 has no 8 octets"),
        ("160a0b0c0d0001020304", "0 is no DeviceKind"),
        ("160a0b0c0d01010203", "type 16 has no 9 octets"),
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
        ("1a020365", "brightness is 101; 0 to 100"),
        ("1b020301", "type 1b has no 4 octets"),
        ("1c02031000", "buzzer is 16; 0 to 15"),
        ("1d", "type 1d has no 1 octets"),
        ("1d110203", "type 1d has no 4 octets"),
        ("1d1102031441", "text of the window 17 is cut"),
        ("1d110203f0", "15 is no WindowState"),
        ("1d" + "11020310" * 12, "49 octets"),
        ("1e0a0b0c0d11" + "00" * 27, "type 1e has no 33 octets"),
        ("1f", "type 1f"),
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
        Hello(boot=0, kind=DeviceKind.WINDOW, battery_mv=0),
        Hello(boot=0, kind=DeviceKind.WINDOW, device=2**32),
        Rating(boot=0, sequence=0, version=0, level=6),
        Rating(boot=0, sequence=0, version=0, level=1, reasons=256),
        Login(boot=0, sequence=0, code=-1),
        Banner(version=0, brightness=101),
        Announce(version=0, buzzer=16, voice=0),
        Announce(version=0, buzzer=0, voice=256),
        Invite(version=0, open_s=65536),
        ShowMany(entries=()),
        ShowMany(entries=(ShowEntry(address=1, version=1, state=WindowState.IDLE),) * 12),
        PairOffer(device=1, address=1, wrapped_keys=bytes(39), counter=0),
        BroadcastKey(epoch=1, wrapped_key=bytes(25)),
        Show(version=0, state=WindowState.CALLED, text="号" * 21),
        Show(version=0, state=WindowState.CALLED, text="a\nb"),
        Show(version=0, state=WindowState.CALLED, text="\ud800"),
    ],
)
def test_payload_that_does_not_fit_is_refused(payload: Uplink | Downlink) -> None:
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
