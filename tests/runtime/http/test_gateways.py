"""Radio gateways over HTTP: figures of each channel and terminal, and the same for Prometheus."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from protocol.hall import Gateway, Terminal, TerminalKind
from protocol.ids import CounterId, GatewayId, TerminalAddress
from protocol.messages import LinkUp, OctetsReceived, SendDownlink
from protocol.radio.datagram import acknowledgement
from protocol.radio.frame import Frame, encode_frame
from protocol.radio.payloads import Show, WindowState, encode
from protocol.values import replace
from tests.runtime.http.rig import HALL, Serve, Served, hall_spec

GATEWAYS = f"{HALL}/gateways"
G1, G2 = GatewayId("g1"), GatewayId("g2")


def gateway(id: GatewayId, address: int, **given: Any) -> Gateway:
    window = Terminal(
        address=TerminalAddress(address), kind=TerminalKind.WINDOW, counter=CounterId("1")
    )
    return Gateway(
        id=id, port=f"virtual:{id}", address=TerminalAddress(1), terminals=(window,), **given
    )


@pytest.fixture
def hall(serve: Serve) -> Served:
    """Two gateways, of which the second one covers the first; only the first one is up."""
    both = {G1: gateway(G1, 12), G2: gateway(G2, 22, covers=(G1,), duty_cycle_max=0.01)}
    served = serve(spec=replace(hall_spec(), gateways=MappingProxyType(both)))
    # Whoever answers has opened its port.
    listed(served)
    served.call(served.ports[0].owner.tell, LinkUp())
    return served


def hear(hall: Served, frame: Frame, port: int = 0) -> None:
    hall.call(hall.ports[port].owner.tell, OctetsReceived(octets=encode_frame(frame)))


def listed(hall: Served) -> list[dict[str, Any]]:
    answer = hall.ask("GET", GATEWAYS)
    assert answer.status == 200, answer
    found: list[dict[str, Any]] = answer.json["gateways"]
    return found


def test_gateways_are_listed_with_who_serves_whom(hall: Served) -> None:
    first, second = listed(hall)
    assert (first["id"], first["port"], first["up"]) == ("g1", "virtual:g1", True)
    assert (second["up"], second["covers"], second["duty_cycle_max"]) == (False, ["g1"], 0.01)
    assert first["latency"] is first["loss"] is None
    [window] = first["terminals"]
    assert (window["gateway"], window["address"], window["served_by"]) == ("g1", 12, "g1")
    assert [(one["address"], one["served_by"]) for one in second["terminals"]] == [
        (12, "g1"),
        (22, None),
    ]


def test_gateway_tells_what_its_channel_did(hall: Served) -> None:
    listed(hall)  # It serves by then.
    for id_ in range(1, 6):
        assert listed(hall)[0]["loss"] is None, "of so few nothing is said"
        hear(hall, Frame(to=1, source=12, id=id_, payload=b"\x12\x00\x01\x00\x05"))
        hear(hall, Frame(to=1, source=12, id=id_, flags=0x40, payload=b"\x12\x00\x01\x00\x05"))
    hear(hall, Frame(to=1, source=99, id=1, payload=b"?"))
    show = encode(Show(version=7, state=WindowState.CALLED, text="A001"))
    hall.call(hall.ports[0].written.clear)
    message = SendDownlink(to=TerminalAddress(12), payload=show, token=1)
    hall.call(hall.gateways[G1].tell, message)
    # Reading it lets the gateway have its turn.
    assert listed(hall)[0]["sent_s"] > 0
    [frame] = [one for one in hall.ports[0].frames() if one.payload[:1] == b"\x19"]
    hear(hall, acknowledgement(frame))
    first = listed(hall)[0]
    assert (first["acknowledged"], first["given_up"], first["strangers"]) == (1, 0, 1)
    assert (first["loss"], first["latency"]["count"]) == (0.5, 1)
    assert first["duty_cycle"] > 0
    [window] = first["terminals"]
    assert (window["received"], window["loss"], window["sent"]) == (10, 0.5, 1)
    assert window["heard_ago_s"] >= 0


def test_metrics_have_the_figures_of_each_gateway(hall: Served) -> None:
    hear(hall, Frame(to=1, source=12, id=1, payload=b"\x12\x00\x01\x00\x00"))
    hear(hall, Frame(to=1, source=12, id=2, payload=b"\x20\x00\x00\x00\x01\x12\x00\x00\x00\x00"))
    answer = hall.ask("GET", "/metrics")
    text = answer.body.decode()
    assert 'paihao_radio_up{gateway="g1",hall="HZ01"} 1.0' in text
    assert 'paihao_radio_up{gateway="g2",hall="HZ01"} 0.0' in text
    assert 'paihao_radio_duty_cycle_max{gateway="g2",hall="HZ01"} 0.01' in text
    assert 'paihao_radio_frames_total{gateway="g1",hall="HZ01"} 2.0' in text
    for kind in ("plain", "unpaired"):
        labels = f'gateway="g1",hall="HZ01",kind="{kind}"'
        assert f"paihao_radio_messages_total{{{labels}}} 1.0" in text


def test_terminal_that_floods_is_counted_where_it_is_looked_for(hall: Served) -> None:
    listed(hall)
    for id_ in range(1, 601):
        hear(hall, Frame(to=1, source=12, id=id_ % 256, payload=b"\x12\x00\x01\x00\x00"))
    first = listed(hall)[0]
    assert first["flooded"] == first["terminals"][0]["flooded"] > 100
    assert first["duty_cycle"] < 0.01
    text = hall.ask("GET", "/metrics").body.decode()
    assert f'paihao_radio_flooded_total{{gateway="g1",hall="HZ01"}} {first["flooded"]}.0' in text
    answer = hall.ask("GET", f"{HALL}/terminals")
    window = answer.json["terminals"][0]
    assert window["unanswered"] == first["flooded"]
    assert window["flooded"] >= 500
    assert window["loss"] == 0.0


def test_gateway_that_has_stopped_is_left_out(hall: Served) -> None:
    hall.call(lambda: hall.gateways[G1].stop(block=False))
    assert [one["id"] for one in listed(hall)] == ["g2"]


def test_hall_without_gateways_lists_none(serve: Serve) -> None:
    assert listed(serve()) == []


def test_only_managers_may_see_gateways(hall: Served) -> None:
    assert hall.ask("GET", GATEWAYS, token="kiosk").status in (401, 403)
