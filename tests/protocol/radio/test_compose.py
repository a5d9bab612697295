"""Payloads written by people."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import ProtocolError
from protocol.radio.compose import PAYLOADS, compose, usage
from protocol.radio.describe import fields_of
from protocol.radio.payloads import (
    Banner,
    DeviceKind,
    Downlink,
    Hello,
    Key,
    KeyPress,
    PressResult,
    Result,
    Show,
    ShowEntry,
    ShowMany,
    Supply,
    Uplink,
    WindowState,
)


@pytest.mark.parametrize(
    ("line", "payload"),
    [
        ("press next --boot 1 --sequence 7", KeyPress(boot=1, sequence=7, key=Key.NEXT)),
        (
            "press --boot=0xfff no-show --sequence 7 --argument 2",
            KeyPress(boot=4095, sequence=7, key=Key.NO_SHOW, argument=2),
        ),
        (
            "show --version 3 --state called A010",
            Show(version=3, state=WindowState.CALLED, text="A010"),
        ),
        (
            "show idle --version 3 --confirm no",
            Show(version=3, state=WindowState.IDLE, confirm=False),
        ),
        ("show idle --version 3", Show(version=3, state=WindowState.IDLE)),
        (
            "show --text idle --version 3 called",
            Show(version=3, state=WindowState.CALLED, text="idle"),
        ),
        (
            "press-result refused 没有人 --boot 1 --sequence 2",
            PressResult(boot=1, sequence=2, result=Result.REFUSED, text="没有人"),
        ),
        (
            "hello window --boot 1 --supply battery --battery-mv 3700",
            Hello(boot=1, kind=DeviceKind.WINDOW, battery_mv=3700, supply=Supply.BATTERY),
        ),
        ("banner --version 1 --brightness 80", Banner(version=1, brightness=80)),
        (
            "show-many 30:2:called:A0:10 31:5:closed",
            ShowMany(
                entries=(
                    ShowEntry(address=30, version=2, state=WindowState.CALLED, text="A0:10"),
                    ShowEntry(address=31, version=5, state=WindowState.CLOSED),
                )
            ),
        ),
    ],
)
def test_words_name_a_payload(line: str, payload: Any) -> None:
    assert compose(line.split()) == payload


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "a payload is needed; there are press, "),
        ("shout", "there is no payload 'shout'; there are press, "),
        ("show", "--version, --state is missing"),
        ("show called --version three", "--version is a number, not 'three'"),
        ("show called --version", "--version is a number, not ''"),
        ("show called --version -1", "--version is a number, not '-1'"),
        ("show called --version 1 --version 2", "--version is given twice"),
        ("show calling --version 1", "state is one of idle, called,"),
        ("show called A010 B020 --version 1", "'B020' is one word too many"),
        ("shown --boot 1 --version 1 --loudness 9", "it has no field --loudness"),
        ("show called --version 1 --confirm 0", "--confirm is one of yes, no, not '0'"),
        ("show-many 30:2", "state is one of idle"),
        ("show-many 30", "version is a number, not ''"),
    ],
)
def test_wrong_words_are_refused_with_what_to_write(line: str, said: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        compose(line.split())
    assert said in str(refused.value)
    if line.split()[:1] and line.split()[0] in PAYLOADS:
        assert str(refused.value).endswith(f"; write: {usage(line.split()[0])}")


def test_every_payload_has_a_name_and_a_usage() -> None:
    assert set(PAYLOADS.values()) == {*get_args(Uplink), *get_args(Downlink)}
    assert usage("show") == (
        "show --version NUMBER {idle|called|recall|serving|paused|closed} [TEXT] [--confirm {yes|no}]"
    )
    for name, kind in PAYLOADS.items():
        assert usage(name).startswith(name)
        assert kind.__name__.lower().endswith(name.replace("-", ""))


@given(st.sampled_from(sorted(PAYLOADS)), st.lists(st.text() | st.from_regex(r"--[a-z]+=?.*")))
def test_any_words_are_a_payload_or_are_refused(name: str, words: list[str]) -> None:
    try:
        payload = compose([name, *words])
    except ProtocolError:
        return
    assert isinstance(payload, PAYLOADS[name])
    assert fields_of(payload)
