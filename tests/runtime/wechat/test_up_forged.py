"""Forged, replayed, malformed and oversized callbacks, sent to the real process: nothing comes of them."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from urllib.parse import urlencode

import attrs
import pytest

from protocol.wechat.seal import Seal
from runtime.wechat.callbacks import PATH
from sim.wechat.exchange import CallbackCall
from sim.wechat.stand_in import StandIn
from tests.runtime.reactor_thread import ReactorThread
from tests.runtime.running_hall import RunningHall, wait_until
from tests.runtime.wechat.running_office import RunningOffice
from tests.sim.wechat.service import ACCOUNT

Start = Callable[..., RunningHall]

LAUGHS = "".join(f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' for level in range(1, 10))
BOMB = f'<!DOCTYPE xml [<!ENTITY l0 "ha">{LAUGHS}]>'.encode()
"""A billion of them, if anybody expands it."""
OUTSIDE = b'<!DOCTYPE xml [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>'
SENDER = b"<xml><FromUserName>&l9;</FromUserName></xml>"
DEEP = b"<xml>" + b"<x>" * 4_000 + b"</x>" * 4_000 + b"</xml>"
SOON_S = 5.0
"""Within which each is refused."""


@attrs.frozen(kw_only=True)
class Refusal:
    """What is sent in place of a true callback: other octets, or another query; and what it is answered."""

    name: str
    status: int
    body: bytes | None = None
    inside: bytes | None = None
    """What is sealed with the account's own key, as only its owner could."""
    query: Mapping[str, str | None] = attrs.field(factory=dict)


REFUSALS = (
    Refusal(name="another signature", status=403, query={"msg_signature": "0" * 40}),
    Refusal(name="another time", status=403, query={"timestamp": "1000000000"}),
    Refusal(name="no signature", status=400, query={"msg_signature": None}),
    Refusal(name="not encrypted", status=403, query={"encrypt_type": None}),
    Refusal(name="nothing", status=400, body=b""),
    Refusal(name="no XML", status=400, body=b"\x00\xff<<<"),
    Refusal(name="XML of another kind", status=400, body=b"<html><body/></html>"),
    Refusal(name="half of it", status=400, body=b"<xml><Encrypt>AAAA"),
    Refusal(
        name="two contents", status=400, body=b"<xml><Encrypt>A</Encrypt><Encrypt>B</Encrypt></xml>"
    ),
    Refusal(name="a deep one", status=400, body=DEEP),
    Refusal(name="too much", status=413, body=b"<xml>" + b" " * 200_000 + b"</xml>"),
    Refusal(name="a bomb", status=400, body=BOMB + b"<xml><Encrypt>&l9;</Encrypt></xml>"),
    Refusal(
        name="a file of ours", status=400, body=OUTSIDE + b"<xml><Encrypt>&l9;</Encrypt></xml>"
    ),
    Refusal(name="a sealed bomb", status=400, inside=BOMB + SENDER),
    Refusal(name="a sealed file of ours", status=400, inside=OUTSIDE + SENDER),
    Refusal(name="sealed nonsense", status=400, inside=b"not XML at all"),
    Refusal(name="a sealed deep one", status=400, inside=DEEP),
)


@pytest.fixture
def office(start: Start, reactor_thread: ReactorThread, tmp_path: Path) -> Iterator[RunningOffice]:
    office = RunningOffice(start, reactor_thread, tmp_path)
    yield office
    office.wechat.stop()


def true_callback(office: RunningOffice, text: str) -> CallbackCall:
    """Return the callback of somebody who writes ``text``, signed by the account's key, and not made yet."""
    account = attrs.evolve(ACCOUNT, callback_url=f"{office.hall.base}{PATH}")
    other = StandIn([account], Random(text))
    other.people.follow("stranger", time.time())
    other.tick(time.time())
    other.people.say("stranger", text, time.time())
    return other.tick(time.time())[-1]


def post(hall: RunningHall, query: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", hall.port, timeout=SOON_S)
    try:
        headers = {"Content-Type": "text/xml"}
        connection.request("POST", f"{PATH}?{urlencode(query)}", body=body, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (BrokenPipeError, ConnectionResetError):
        # The server need not read what it refuses; then nothing was answered that could tell anything.
        return 413, b""
    finally:
        connection.close()


def changed(call: CallbackCall, refusal: Refusal) -> tuple[dict[str, str], bytes]:
    """Return what is sent in place of ``call``."""
    query, body = dict(call.query), call.body if refusal.body is None else refusal.body
    if refusal.inside is not None:
        seal = Seal(ACCOUNT.token, ACCOUNT.aes_key, ACCOUNT.app_id)
        sealed = seal.seal_parts(refusal.inside, query["timestamp"], query["nonce"])
        query["msg_signature"], body = sealed.signature, sealed.to_xml()
    changes = {**query, **refusal.query}
    return {name: text for name, text in changes.items() if text is not None}, body


def test_nothing_comes_of_what_wechat_did_not_say(office: RunningOffice) -> None:
    hall = office.hall
    ticket = hall.take(kiosk="k1", language="zh")
    office.follow("张三", ticket)
    wait_until(lambda: hall.ticket(ticket["id"])["printed"] == "printed", what="the paper")
    wait_until(lambda: len(office.ends_of_pushes()) == 1, what="the push that is near")
    before = hall.hall()["seq"]
    for number, refusal in enumerate(REFUSALS):
        call = true_callback(office, f"A001 {number}")
        began_s = time.monotonic()
        status, body = post(hall, *changed(call, refusal))
        assert status == refusal.status, refusal.name
        assert time.monotonic() - began_s < SOON_S, refusal.name
        for told in (
            b"Traceback",
            b"File ",
            b"Error",
            b"root:",
            b"ha" * 100,
            ACCOUNT.token.encode(),
        ):
            assert told not in body, refusal.name
    assert hall.hall()["seq"] == before
    assert hall.call("GET", "/healthz").status == 200
    assert hall.end() == 0
    assert "Traceback" not in hall.logged
    assert ACCOUNT.aes_key not in hall.logged


def test_replayed_callback_is_done_once(office: RunningOffice) -> None:
    hall = office.hall
    call = true_callback(office, "进度")
    first = post(hall, call.query, call.body)
    assert first[0] == 200
    assert first[1] != b"success"
    before = hall.hall()["seq"]
    for _ in range(3):
        assert post(hall, call.query, call.body) == (200, b"success")
    assert hall.hall()["seq"] == before
    assert hall.end() == 0


def test_body_without_a_length_is_cut_off(office: RunningOffice) -> None:
    call = true_callback(office, "hello")
    with socket.create_connection(("127.0.0.1", office.hall.port), timeout=SOON_S) as connection:
        head = f"POST {PATH}?{urlencode(call.query)} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head.encode())
        answer = b""
        try:
            for _ in range(100):
                connection.sendall(b"2000\r\n" + b" " * 0x2000 + b"\r\n")
            connection.sendall(b"0\r\n\r\n")
            answer = connection.recv(65_536)
        except (BrokenPipeError, ConnectionResetError):
            pass
    assert b" 200 " not in answer
    assert b"Traceback" not in answer
    assert office.hall.call("GET", "/healthz").status == 200
    assert office.hall.end() == 0
    assert "Traceback" not in office.hall.logged
