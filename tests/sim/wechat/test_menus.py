"""The account's menu: what may be in it, and what happens when people press it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sim.wechat.service import Server

CREATE, GET, DELETE = "/cgi-bin/menu/create", "/cgi-bin/menu/get", "/cgi-bin/menu/delete"

CLICK = {"type": "click", "name": "进度", "key": "progress"}
VIEW = {"type": "view", "name": "取号", "url": "http://hall.example/take"}


def below(*buttons: Any) -> dict[str, Any]:
    return {"name": "服务", "sub_button": list(buttons)}


@pytest.fixture
def server() -> Server:
    server = Server()
    server.sign_in()
    return server


def test_account_without_a_menu_says_so(server: Server) -> None:
    assert server.get(GET)["errcode"] == 46003


def test_created_menu_is_given_back(server: Server) -> None:
    answer = server.post(CREATE, {"button": [CLICK, below(VIEW, CLICK)]})
    assert answer == {"errcode": 0, "errmsg": "ok"}
    leaf = {"sub_button": []}
    assert server.get(GET) == {
        "menu": {
            "button": [
                {**CLICK, **leaf},
                {"name": "服务", "sub_button": [{**VIEW, **leaf}, {**CLICK, **leaf}]},
            ]
        }
    }


def test_largest_menu_is_taken(server: Server) -> None:
    buttons = [below(*[{**CLICK, "key": "k" * 128, "name": "字" * 20}] * 5)] * 3
    assert server.post(CREATE, {"button": buttons})["errcode"] == 0


@pytest.mark.parametrize(
    ("buttons", "code"),
    [
        (None, 40015),
        ({}, 40015),
        ([], 40016),
        ([CLICK] * 4, 40016),
        (["button"], 40017),
        ([{"name": "a"}], 40017),
        ([{**CLICK, "type": "dance"}], 40017),
        ([{**CLICK, "name": ""}], 40018),
        ([{**CLICK, "name": "a" * 17}], 40018),
        ([{**CLICK, "name": "字" * 6}], 40018),
        ([{**CLICK, "name": 7}], 40018),
        ([{**CLICK, "key": ""}], 40019),
        ([{**CLICK, "key": "k" * 129}], 40019),
        ([{**VIEW, "url": "http://" + "a" * 1_024}], 40020),
        ([{**VIEW, "url": "javascript:alert(1)"}], 40020),
        ([{**VIEW, "url": None}], 40020),
        ([below(below(CLICK))], 40022),
        ([below(*[CLICK] * 6)], 40023),
        ([{"name": "a", "sub_button": "b"}], 40023),
        ([below("button")], 40024),
        ([below({**CLICK, "type": None})], 40024),
        ([below({**CLICK, "name": "a" * 61})], 40025),
        ([below({**CLICK, "key": None})], 40026),
        ([below({**VIEW, "url": "ftp://hall.example/"})], 40027),
    ],
)
def test_menu_that_is_not_allowed_is_refused_and_changes_nothing(
    server: Server, buttons: Any, code: int
) -> None:
    server.post(CREATE, {"button": [CLICK]})
    assert server.post(CREATE, {"button": buttons})["errcode"] == code
    assert server.get(GET)["menu"]["button"] == [{**CLICK, "sub_button": []}]


def test_menu_with_escaped_characters_is_refused(server: Server) -> None:
    body = b'{"button": [{"type": "click", "name": "\\u8fdb\\u5ea6", "key": "progress"}]}'
    assert server.post_octets(CREATE, body)["errcode"] == 40033


def test_deleted_menu_is_gone(server: Server) -> None:
    server.post(CREATE, {"button": [CLICK]})
    assert server.get(DELETE)["errcode"] == 0
    assert server.get(GET)["errcode"] == 46003


def test_click_is_told_with_its_key(server: Server) -> None:
    server.post(CREATE, {"button": [below(CLICK)]})
    server.follower()
    assert server.people.click("zhang", "progress", server.now_s) is None
    (said,) = server.heard()
    assert "<Event><![CDATA[CLICK]]></Event><EventKey><![CDATA[progress]]></EventKey>" in said


def test_button_with_a_link_opens_it_and_is_told(server: Server) -> None:
    server.post(CREATE, {"button": [VIEW]})
    server.follower()
    assert server.people.click("zhang", "取号", server.now_s) == VIEW["url"]
    (said,) = server.heard()
    assert "<Event><![CDATA[VIEW]]></Event>" in said
    assert "<EventKey><![CDATA[http://hall.example/take]]></EventKey>" in said


def test_button_that_a_person_does_not_see_cannot_be_pressed(server: Server) -> None:
    server.post(CREATE, {"button": [CLICK]})
    with pytest.raises(LookupError, match="sees no button"):
        server.people.click("stranger", "progress", server.now_s)
    server.follower()
    with pytest.raises(LookupError, match="sees no button"):
        server.people.click("zhang", "progress-of-yesterday", server.now_s)
