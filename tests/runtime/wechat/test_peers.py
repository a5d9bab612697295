"""Callbacks that others' libraries sign and seal, over a real socket, and our replies as these read them.

Ours is on wechatpy on both ends of the other tests; what these libraries do was written by other people.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from runtime.wechat.callbacks import PATH
from tests.peers.node import asked
from tests.runtime.wechat.office import Office

LIBRARIES = ("@wecom/crypto", "wechat-crypto")

pytestmark = pytest.mark.needs_npm(*LIBRARIES)

SEALED_BLOCK_OCTETS = 32
"""Every length of padding is met by so many messages, each an octet longer."""

OPENID = "oPeer-0123456789_abcdefghijk"


class Peer:
    """A library that makes the callbacks of the office's account."""

    def __init__(self, library: str, office: Office, folder: Path) -> None:
        self._library = library
        self._office = office
        self._folder = folder

    def make(self, *callbacks: dict[str, Any], **account: str) -> list[dict[str, Any]]:
        """Make callbacks; return what the library reads of each answer."""
        ours = self._office.account
        whole = {"token": ours.token, "aesKey": ours.aes_key, "appId": ours.app_id, **account}
        question = {
            "library": self._library,
            "account": whole,
            "url": f"http://127.0.0.1:{self._office.served.port}{PATH}",
            "callbacks": callbacks,
        }
        answers: list[dict[str, Any]] = asked("callbacks.js", question, self._folder)
        return answers


@pytest.fixture(params=LIBRARIES)
def peer(request: pytest.FixtureRequest, office: Office, tmp_path: Path) -> Peer:
    return Peer(request.param, office, tmp_path)


def fields(office: Office, *, openid: str = OPENID, **more: str | int) -> dict[str, Any]:
    return {
        "ToUserName": office.account.origin,
        "FromUserName": openid,
        "CreateTime": int(time.time()),
        **more,
    }


def said(office: Office, text: str, number: int = 1, **more: Any) -> dict[str, Any]:
    """Return a callback that somebody wrote ``text``."""
    message = fields(office, MsgType="text", Content=text, MsgId=9_000_000_000 + number)
    return {"fields": {**message, **more.pop("fields", {})}, **more}


def test_peer_is_echoed(peer: Peer) -> None:
    [answer] = peer.make({})
    assert (answer["status"], answer["body"]) == (200, answer["echo"])


def test_scan_that_a_peer_tells_of_binds_the_ticket(peer: Peer, office: Office) -> None:
    ticket = office.take()
    key = f"qrscene_{office.code(ticket)}"
    [answer] = peer.make(
        {"fields": fields(office, MsgType="event", Event="subscribe", EventKey=key, Ticket="t")}
    )
    assert answer["signed"]
    assert answer["appId"] == office.account.app_id
    reply = answer["reply"]
    assert (reply["ToUserName"], reply["FromUserName"]) == (OPENID, office.account.origin)
    assert reply["MsgType"] == "text"
    assert "已关注号票 A001" in reply["Content"]
    assert office.served.port_of_hall.scan_url(ticket) in reply["Content"]
    assert office.followings() == [(ticket, OPENID)]


def test_messages_of_every_length_are_read_and_answered(peer: Peer, office: Office) -> None:
    openids = ["o" * length for length in range(20, 20 + SEALED_BLOCK_OCTETS)]
    answers = peer.make(
        *(
            said(office, "A001号", number, fields={"FromUserName": openid})
            for number, openid in enumerate(openids)
        )
    )
    assert [answer["status"] for answer in answers] == [200] * SEALED_BLOCK_OCTETS
    assert all(answer["signed"] for answer in answers)
    assert {answer["appId"] for answer in answers} == {office.account.app_id}
    assert [answer["reply"]["ToUserName"] for answer in answers] == openids
    assert all("A001号 属于税务" in answer["reply"]["Content"] for answer in answers)
    paddings = {answer["length"] % SEALED_BLOCK_OCTETS for answer in answers}
    assert len(paddings) == SEALED_BLOCK_OCTETS


def test_what_needs_no_answer_is_answered_with_the_bare_word(peer: Peer, office: Office) -> None:
    [answer] = peer.make({"fields": fields(office, MsgType="event", Event="unsubscribe")})
    assert (answer["status"], answer["body"]) == (200, "success")


def test_second_attempt_is_answered_and_does_nothing(peer: Peer, office: Office) -> None:
    first, second = peer.make(said(office, "进度", times=2))
    assert first["signed"]
    assert (second["status"], second["body"]) == (200, "success")
    assert office.counted()["callback", "repeated"] == 1


@pytest.mark.parametrize(
    ("wrong", "account"),
    [
        ({}, {"token": "another"}),
        ({}, {"aesKey": "0" * 43}),
        ({}, {"appId": "wx0000000000000000"}),
        ({"forged": "body"}, {}),
        ({"forged": "nonce"}, {}),
        ({"ageS": 600}, {}),
        ({"ageS": -600}, {}),
    ],
    ids=["token", "key", "app", "body", "nonce", "old", "ahead"],
)
def test_what_a_peer_has_no_right_to_say_is_refused(
    peer: Peer, office: Office, wrong: dict[str, Any], account: dict[str, str]
) -> None:
    [answer] = peer.make(said(office, "进度", **wrong), **account)
    assert answer["status"] in {400, 403}
    assert "进度" not in answer["body"]
    assert set(office.counted()) == {("callback", "refused")}
