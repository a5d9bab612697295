"""Pairing over HTTP."""

from __future__ import annotations

import logging
from random import Random
from types import MappingProxyType
from typing import Any

import pytest

from actors.radio.pairing import PairRequestHeard
from protocol.hall import Gateway, Security, Terminal, TerminalKind
from protocol.ids import CounterId, GatewayId, TerminalAddress
from protocol.radio.device_guard import DeviceGuard, DeviceMemory
from protocol.radio.device_pairing import DevicePairing
from protocol.radio.payloads import DeviceKind, PairOffer, decode_downlink, encode
from protocol.values import replace
from tests.runtime.http.rig import HALL, Answer, Serve, Served, hall_spec

PATH = f"{HALL}/gateways/g1/pairing"
POST_16 = f"{HALL}/gateways/g1/terminals/16/pairing"
CODE = "00112233-44556677-8899aabb-ccddeeff"
OPENING = {"address": 16, "code": CODE}


def gateway(name: str, security: Security) -> Gateway:
    return Gateway(
        id=GatewayId(name),
        port=f"virtual:{name}",
        address=TerminalAddress(1),
        security=security,
        terminals=(
            Terminal(address=TerminalAddress(16), kind=TerminalKind.KEYPAD, counter=CounterId("1")),
        ),
    )


@pytest.fixture
def hall(serve: Serve) -> Served:
    gateways = [gateway("g1", Security.OPTIONAL), gateway("g2", Security.OFF)]
    by_id = MappingProxyType({one.id: one for one in gateways})
    return serve(spec=replace(hall_spec(), gateways=by_id))


class Device:
    """A keypad that is brought to the hall; it talks to the hall's actors directly."""

    def __init__(self, hall: Served, number: int = 0xCAFE, code: str = CODE) -> None:
        self.hall = hall
        self.pairing = DevicePairing(
            number,
            DeviceKind.KEYPAD,
            bytes.fromhex(code.replace("-", "")),
            1,
            Random(number),
            0.0,
        )

    def ask(self) -> PairOffer | None:
        """Ask for a post once."""
        request = self.pairing.tick(0.0)
        assert request is not None
        security = self.hall.port_of_hall.security[GatewayId("g1")]
        self.hall.call(security.tell, PairRequestHeard(payload=encode(request)))
        # Answered behind the request: once this is read, the offer is made or is not.
        self.hall.ask("GET", PATH)
        if not self.hall.downlinks:
            return None
        offer = decode_downlink(self.hall.downlinks[-1].payload)
        assert isinstance(offer, PairOffer)
        return offer

    def pair(self) -> DeviceGuard:
        offer = self.ask()
        assert offer is not None
        keys = self.pairing.take(offer, 0.0)
        assert keys is not None
        guard = DeviceGuard(DeviceMemory(keys=keys), lambda _memory: None)
        self.hall.call(self.hall.guards[GatewayId("g1")].open, 16, guard.seal(b"hello"))
        return guard


def pairing(hall: Served) -> Any:
    return hall.ask("GET", PATH).json["pairing"]


def test_pairing_is_opened_seen_and_ends_with_a_device_at_its_post(hall: Served) -> None:
    assert hall.ask("GET", PATH).json == {
        "security": "optional",
        "pairing": None,
        "paired": [],
        "keys_owed": [],
        "messages": [],
    }
    opened = hall.ask("POST", PATH, OPENING)
    assert opened.status == 202
    assert opened.json == {
        "address": 16,
        "kind": "keypad",
        "phase": "waiting",
        "left_s": 120,
        "device": None,
        "note": "",
    }
    device = Device(hall)
    assert device.ask() is not None
    assert pairing(hall)["phase"] == "offered"
    device.pairing._due_s = 0.0
    device.pair()
    seen = hall.ask("GET", PATH).json
    assert seen["pairing"]["phase"] == "paired"
    assert seen["pairing"]["device"] == "0000cafe"
    assert seen["pairing"]["left_s"] == 0
    assert seen["paired"] == [{"address": 16, "device": "0000cafe"}]
    assert seen["messages"][0]["opened"] == 1


def test_device_is_forgotten_once(hall: Served) -> None:
    hall.ask("POST", PATH, OPENING)
    Device(hall).pair()
    for was_paired in (True, False):
        answer = hall.ask("DELETE", POST_16)
        assert (answer.status, answer.json) == (200, {"was_paired": was_paired})
    assert hall.ask("GET", PATH).json["paired"] == []


def test_pairing_that_is_ended_is_cancelled_and_another_may_be_opened(hall: Served) -> None:
    hall.ask("POST", PATH, OPENING)
    assert hall.ask("POST", PATH, {**OPENING, "code": "f" * 32}).problem == "pairing-open"
    assert hall.ask("POST", PATH, OPENING).status == 202
    assert hall.ask("DELETE", PATH).json["pairing"]["phase"] == "cancelled"
    assert hall.ask("DELETE", PATH).status == 200
    assert hall.ask("POST", PATH, {**OPENING, "code": "f" * 32}).status == 202


@pytest.mark.parametrize(
    ("path", "body", "problem"),
    [
        (PATH, {**OPENING, "code": "0011"}, "pairing-refused"),
        (PATH, {**OPENING, "seconds": 5}, "pairing-refused"),
        (PATH, {**OPENING, "seconds": 3601}, "pairing-refused"),
        (PATH, {**OPENING, "address": 17}, "unknown-terminal"),
        (PATH, {**OPENING, "address": -1}, "unknown-terminal"),
        (PATH, {**OPENING, "code": "0" * 65}, "invalid-body"),
        (PATH, {"address": 16}, "invalid-body"),
        (PATH, {**OPENING, "minutes": 2}, "invalid-body"),
        (PATH.replace("g1", "g2"), OPENING, "pairing-refused"),
        (PATH.replace("g1", "g3"), OPENING, "unknown-gateway"),
    ],
)
def test_pairing_that_cannot_be_is_refused_with_the_reason(
    hall: Served, path: str, body: Any, problem: str
) -> None:
    assert hall.ask("POST", path, body).problem == problem


@pytest.mark.parametrize("address", ["17", "255", "999", "x", "-1", "1e1", "٣"])
def test_post_that_is_not_there_cannot_be_forgotten(hall: Served, address: str) -> None:
    path = POST_16.replace("/16/", f"/{_quoted(address)}/")
    assert hall.ask("DELETE", path).problem == "unknown-terminal"


def _quoted(text: str) -> str:
    return "".join(f"%{octet:02X}" for octet in text.encode())


@pytest.mark.parametrize("token", ["counter", "kiosk", "display", "elsewhere"])
def test_only_the_halls_managers_may(hall: Served, token: str) -> None:
    answers = [
        hall.ask("POST", PATH, OPENING, token=token),
        hall.ask("GET", PATH, token=token),
        hall.ask("DELETE", PATH, token=token),
        hall.ask("DELETE", POST_16, token=token),
    ]
    assert {answer.problem for answer in answers} == {"forbidden"}
    assert hall.ask("GET", PATH, token=None).problem == "unauthorized"


def test_code_is_in_no_answer_and_no_log(hall: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answers: list[Answer] = [
        hall.ask("POST", PATH, OPENING),
        hall.ask("POST", PATH, {**OPENING, "seconds": 1}),
        hall.ask("POST", PATH, {**OPENING, "address": "16"}),
        hall.ask("POST", PATH, {**OPENING, "code": CODE + "0"}),
        hall.ask("GET", PATH),
    ]
    for code in (CODE, CODE.replace("-", "")):
        assert all(code not in answer.body.decode() for answer in answers)
        assert code not in caplog.text


def test_key_that_was_used_for_another_pairing_is_refused(hall: Served) -> None:
    assert hall.ask("POST", PATH, OPENING, key="k").status == 202
    assert hall.ask("POST", PATH, OPENING, key="k").status == 202
    other = hall.ask("POST", PATH, {**OPENING, "seconds": 60}, key="k")
    assert other.problem == "idempotency-key-reused"
