"""Somebody else's client as the account's server: node-easywechat asks the stand-in over real HTTP."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sim.wechat.phones import Kind
from tests.peers.node import asked
from tests.runtime.stand_in.rig import ServedStandIn
from tests.sim.wechat.service import CALL, CALL_DATA

pytestmark = pytest.mark.needs_npm("node-easywechat", "node-socialite")

PAGE = "http://hall.example/m/enter"

Deeds = Callable[..., list[Any]]


@pytest.fixture
def does(stand_in: ServedStandIn, tmp_path: Path) -> Deeds:
    """Has the client do something; whatever it keeps is kept until the test ends."""
    account = stand_in.account

    def do(*deeds: tuple[Any, ...], **more: Any) -> list[Any]:
        named = {"appId": account.app_id, "secret": account.secret, "token": account.token}
        question = {
            "url": stand_in.server.base_url,
            "account": {**named, "aesKey": account.aes_key},
            "page": PAGE,
            "deeds": deeds,
            **more,
        }
        became: list[Any] = asked("client.js", question, tmp_path)
        return became

    return do


@pytest.mark.parametrize("stable", [False, True])
def test_client_gets_a_token_and_what_it_asks_for_with_it(does: Deeds, stable: bool) -> None:
    token, again, renewed, menu = does(
        ("token",), ("token",), ("renew",), ("get", "cgi-bin/menu/get"), stable=stable
    )
    assert len(token) > 100
    assert again == token
    # The stable one stays the same for whoever asks; the plain one is another each time.
    assert (renewed == token) is stable
    assert menu["errcode"] == 46003


def test_client_with_another_secret_gets_no_token(does: Deeds, stand_in: ServedStandIn) -> None:
    account = {"appId": stand_in.account.app_id, "secret": "another", "token": "t", "aesKey": None}
    [refused] = does(("token",), account=account)
    assert '"errcode":40125' in refused["error"]


def test_revoked_token_is_refused_as_the_client_knows_it(
    does: Deeds, stand_in: ServedStandIn
) -> None:
    does(("token",))
    stand_in.on_reactor(stand_in.model.revoke_tokens)
    [refused] = does(("post", "cgi-bin/qrcode/create", {"action_name": "QR_STR_SCENE"}))
    assert refused["errcode"] == 40001


def test_code_of_the_client_leads_whoever_scans_to_the_account(
    does: Deeds, stand_in: ServedStandIn
) -> None:
    scene = {"scene": {"scene_str": "号票-A010"}}
    wish = {"expire_seconds": 3_600, "action_name": "QR_STR_SCENE", "action_info": scene}
    [code] = does(("post", "cgi-bin/qrcode/create", wish))
    assert code["expire_seconds"] == 3_600
    people = stand_in.model.people
    assert stand_in.act(people.scan, "张三", code["ticket"])
    openid = people.contact("张三").openid
    [person] = does(("get", "cgi-bin/user/info", {"openid": openid, "lang": "zh_CN"}))
    assert (person["subscribe"], person["openid"]) == (1, openid)
    assert person["qr_scene_str"] == "号票-A010"
    picture = stand_in.ask("GET", "/cgi-bin/showqrcode", ticket=code["ticket"])
    assert picture.body.startswith(b"\x89PNG")


def test_template_message_of_the_client_is_on_the_phone(
    does: Deeds, stand_in: ServedStandIn
) -> None:
    people = stand_in.model.people
    stand_in.act(people.follow, "张三")
    openid = people.contact("张三").openid
    push = {"touser": openid, "template_id": CALL.id, "url": PAGE, "data": CALL_DATA}
    path = "cgi-bin/message/template/send"
    taken, refused = does(("post", path, push), ("post", path, {**push, "template_id": "none"}))
    assert (taken["errcode"], refused["errcode"]) == (0, 40037)
    [message] = stand_in.phone("张三")
    assert (message.kind, message.title, message.link) == (Kind.TEMPLATE, CALL.title, PAGE)
    assert dict(message.fields)["thing2"] == "3号窗口"


def test_menu_of_the_client_is_seen_by_who_follows(does: Deeds, stand_in: ServedStandIn) -> None:
    button = {"type": "click", "name": "我的进度", "key": "progress"}
    made, found = does(
        ("post", "cgi-bin/menu/create", {"button": [button]}), ("get", "cgi-bin/menu/get")
    )
    assert made["errcode"] == 0
    [shown] = found["menu"]["button"]
    assert {name: shown[name] for name in button} == button
    assert [each["name"] for each in stand_in.model.people.menu()] == ["我的进度"]


def test_scripts_of_a_page_are_signed_with_the_accounts_ticket(
    does: Deeds, stand_in: ServedStandIn
) -> None:
    page = "http://hall.example/m/halls/HZ01?from=code"
    [signed] = does(("scripts", page))
    config = signed["config"]
    said = (
        f"jsapi_ticket={signed['ticket']}&noncestr={config['nonceStr']}"
        f"&timestamp={config['timestamp']}&url={page}"
    )
    assert config["signature"] == hashlib.sha1(said.encode()).hexdigest()
    # Another caller, with a token of its own, is given the same.
    path = "/cgi-bin/ticket/getticket"
    given = stand_in.ask("GET", path, type="jsapi", access_token=stand_in.token()).document
    assert given["ticket"] == signed["ticket"]


def test_client_learns_who_opened_its_page_once(does: Deeds, stand_in: ServedStandIn) -> None:
    [address] = does(("redirect", "state1"))
    people = stand_in.model.people
    back = urlsplit(
        stand_in.on_reactor(lambda: people.open_link("张三", address, stand_in.clock.now()))
    )
    query = parse_qs(back.query)
    assert back._replace(query="").geturl().partition("#")[0] == PAGE
    assert query["state"] == ["state1"]
    [code] = query["code"]
    person, again = does(("person", code), ("person", code))
    assert person == people.contact("张三").openid
    assert again != person
