"""Radio terminals over HTTP: how they are, and banners for windows."""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType
from typing import Any

import pytest

from protocol.hall import Gateway, Terminal, TerminalKind
from protocol.ids import CounterId, GatewayId, TerminalAddress
from protocol.messages import LinkDown, LinkUp, UplinkReceived
from protocol.radio.payloads import (
    Banner,
    DeviceKind,
    Hello,
    Shown,
    Supply,
    decode_downlink,
    encode,
)
from protocol.values import replace
from tests.runtime.http.rig import HALL, Serve, Served, hall_spec

TERMINALS = f"{HALL}/terminals"
BANNER = f"{HALL}/counters/1/banner"
G1 = GatewayId("g1")
ONE = CounterId("1")


def terminal(address: int, kind: TerminalKind, **given: Any) -> Terminal:
    return Terminal(address=TerminalAddress(address), kind=kind, **given)


@pytest.fixture
def hall(serve: Serve) -> Served:
    gateway = Gateway(
        id=G1,
        port="virtual:g1",
        address=TerminalAddress(1),
        terminals=(
            terminal(12, TerminalKind.WINDOW, counter=ONE, banner="你好", brightness=40),
            terminal(9, TerminalKind.REPEATER),
        ),
    )
    served = serve(spec=replace(hall_spec(), gateways=MappingProxyType({G1: gateway})))
    # Whoever answers has opened its port.
    listed(served)
    served.call(served.ports[0].owner.tell, LinkUp())
    return served


def hear(hall: Served, address: int, payload: Hello | Shown) -> None:
    message = UplinkReceived(gateway=G1, payload=encode(payload))
    hall.call(hall.terminals[G1, TerminalAddress(address)].tell, message)


def listed(hall: Served) -> list[dict[str, Any]]:
    answer = hall.ask("GET", TERMINALS)
    assert answer.status == 200, answer
    found: list[dict[str, Any]] = answer.json["terminals"]
    return found


def test_terminal_that_was_never_heard_says_nothing_of_itself(hall: Served) -> None:
    window, repeater = listed(hall)
    assert window == {
        "gateway": "g1",
        "address": 12,
        "kind": "window",
        "counter": "1",
        "state": "never",
        "troubles": [],
        "heard_at": None,
        "boot": None,
        "device": None,
        "supply": "unknown",
        "battery_mv": None,
        "restarts": 0,
        "refused": 0,
        "flooded": 0,
        "unanswered": 0,
        "loss": None,
        "secured": False,
        "banner": {"text": "你好", "brightness": 40},
    }
    assert (repeater["kind"], repeater["counter"], repeater["banner"]) == ("repeater", None, None)


def test_terminal_is_listed_as_it_said(hall: Served) -> None:
    hello = Hello(
        boot=7,
        kind=DeviceKind.REPEATER,
        battery_mv=2100,
        supply=Supply.BATTERY,
        device=0xAB12,
    )
    hear(hall, 9, hello)
    hear(hall, 9, Shown(boot=7, version=1))
    _, repeater = listed(hall)
    assert datetime.fromisoformat(repeater.pop("heard_at")).tzinfo is not None
    assert repeater == {
        "gateway": "g1",
        "address": 9,
        "kind": "repeater",
        "counter": None,
        "state": "here",
        "troubles": ["low-battery", "refused"],
        "boot": 7,
        "device": "0000ab12",
        "supply": "battery",
        "battery_mv": 2100,
        "restarts": 0,
        "refused": 1,
        "flooded": 0,
        "unanswered": 0,
        "loss": None,
        "secured": False,
        "banner": None,
    }
    alarms = [alarm["alarm"] for alarm in hall.ask("GET", f"{HALL}/alarms").json["alarms"]]
    assert alarms == ["terminal/g1/9/low-battery", "terminal/g1/9"]


def test_terminal_whose_gateway_is_away_is_not_said_to_be_silent(hall: Served) -> None:
    hear(hall, 9, Hello(boot=7, kind=DeviceKind.REPEATER))
    assert [one["state"] for one in listed(hall)] == ["never", "here"]
    hall.call(hall.ports[0].owner.tell, LinkDown(reason="unplugged"))
    assert [one["state"] for one in listed(hall)] == ["gateway-down", "gateway-down"]
    hall.call(hall.ports[0].owner.tell, LinkUp())
    assert [one["state"] for one in listed(hall)] == ["never", "here"]


def test_hall_without_terminals_lists_none(serve: Serve) -> None:
    assert listed(serve()) == []


def test_terminal_whose_actor_has_stopped_is_left_out(hall: Served) -> None:
    hall.call(lambda: hall.terminals[G1, TerminalAddress(12)].stop(block=False))
    assert [found["address"] for found in listed(hall)] == [9]


def test_banner_is_sent_to_the_window_and_listed(hall: Served) -> None:
    answer = hall.ask("PUT", BANNER, {"text": "午休至 13:30", "brightness": 70})
    assert (answer.status, answer.json) == (200, {"text": "午休至 13:30", "brightness": 70})
    sent = [decode_downlink(downlink.payload) for downlink in hall.call(list, hall.downlinks)]
    banners = [banner for banner in sent if isinstance(banner, Banner)]
    assert [(banner.text, banner.brightness) for banner in banners] == [
        ("你好", 40),
        ("午休至 13:30", 70),
    ]
    assert listed(hall)[0]["banner"] == {"text": "午休至 13:30", "brightness": 70}


def test_banner_is_as_configured_again_once_it_is_taken_back(hall: Served) -> None:
    hall.ask("PUT", BANNER, {"text": "午休至 13:30", "brightness": 70})
    answer = hall.ask("DELETE", BANNER)
    assert (answer.status, answer.json) == (200, {"text": "你好", "brightness": 40})
    assert listed(hall)[0]["banner"] == {"text": "你好", "brightness": 40}
    assert hall.ask("DELETE", f"{HALL}/counters/9/banner").problem == "unknown-counter"


def test_banner_without_brightness_keeps_the_configured_one(hall: Served) -> None:
    assert hall.ask("PUT", BANNER, {}).json == {"text": "", "brightness": 40}


@pytest.mark.parametrize(
    ("path", "body", "problem"),
    [
        (BANNER, {"text": "号" * 21}, "bad-value"),
        (BANNER, {"text": "a\nb"}, "invalid-body"),
        (BANNER, {"text": "a", "brightness": 101}, "bad-value"),
        (BANNER, {"text": "a", "brightness": -1}, "bad-value"),
        (BANNER, {"brightness": 0.5}, "invalid-body"),
        (f"{HALL}/counters/2/banner", {"text": "a"}, "unknown-terminal"),
        (f"{HALL}/counters/9/banner", {"text": "a"}, "unknown-counter"),
    ],
)
def test_banner_that_cannot_be_shown_is_refused(
    hall: Served, path: str, body: Any, problem: str
) -> None:
    assert hall.ask("PUT", path, body).problem == problem


@pytest.mark.parametrize("token", ["counter", "kiosk", "display", "tablet", "elsewhere"])
def test_only_managers_may(hall: Served, token: str) -> None:
    assert hall.ask("GET", TERMINALS, token=token).problem == "forbidden"
    assert hall.ask("PUT", BANNER, {"text": "a"}, token=token).problem == "forbidden"
