"""Each error code has a request that is answered with it: the shortest way to meet it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs
import pytest

from sim.wechat.codes import Code
from sim.wechat.faults import Ill, Trouble
from sim.wechat.quotas import Limits
from tests.sim.wechat.service import ACCOUNT, Server

SEND, MENU = "/cgi-bin/message/template/send", "/cgi-bin/menu/create"
INFO = "/cgi-bin/user/info"

Way = Callable[[Server], dict[str, Any]]


def token(**changes: Any) -> Way:
    return lambda server: server.document(
        server.ask("POST", "/cgi-bin/stable_token", body=server.secret(**changes))
    )


def with_token(text: str) -> Way:
    return lambda server: server.document(server.ask("GET", INFO, {"access_token": text}))


def method(name: str, path: str) -> Way:
    return lambda server: server.document(
        server.ask(name, path, {"access_token": server.sign_in()}, b"{}")
    )


def button(**changes: Any) -> Way:
    whole = {"type": "click", "name": "a", "key": "k", **changes}
    return menu([whole])


def below(**changes: Any) -> Way:
    whole = {"type": "click", "name": "a", "key": "k", **changes}
    return menu([{"name": "a", "sub_button": [whole]}])


def menu(buttons: Any) -> Way:
    return lambda server: server.post(MENU, {"button": buttons})


def template(**changes: Any) -> Way:
    return lambda server: server.template(server.follower(), **changes)


def code_of(**changes: str) -> Way:
    asked = {"grant_type": "authorization_code", **changes}
    return lambda server: server.document(
        server.ask("GET", "/sns/oauth2/access_token", server.secret_query(**asked))
    )


def trouble(ill: Ill) -> Way:
    def way(server: Server) -> dict[str, Any]:
        begun = Trouble(ill=ill, begins_s=server.now_s, lasts_s=1.0)
        server.stand_in.troubles.begin(begun)
        return server.code()

    return way


def twice(way: Way) -> Way:
    def again(server: Server) -> dict[str, Any]:
        way(server)
        return way(server)

    return again


def expired(server: Server) -> dict[str, Any]:
    server.now_s += 7_200
    return server.code()


def code_used(server: Server) -> dict[str, Any]:
    query = {
        "appid": ACCOUNT.app_id,
        "redirect_uri": "http://hall.example/",
        "response_type": "code",
        "scope": "snsapi_base",
    }
    address = server.people.lead_back("zhang", query, server.now_s)
    return twice(code_of(code=address.split("code=")[1].split("&")[0]))(server)


def window_full(server: Server) -> dict[str, Any]:
    openid = server.follower()
    return [server.service(openid) for _ in range(4)][-1]


WAYS: Mapping[Code, Way] = {
    Code.BUSY: trouble(Ill.BUSY),
    Code.SECRET_OR_TOKEN: with_token("x" * 136),
    Code.GRANT_TYPE: token(grant_type=None),
    Code.OPENID: lambda server: server.template("o"),
    Code.MESSAGE_TYPE: lambda server: server.service(server.follower(), msgtype="image"),
    Code.APP_ID: token(appid="wx"),
    Code.TOKEN_MALFORMED: with_token("short"),
    Code.MENU_TYPE: menu(None),
    Code.BUTTONS: menu([]),
    Code.BUTTON_TYPE: button(type="none"),
    Code.BUTTON_NAME: button(name=""),
    Code.BUTTON_KEY: button(key=""),
    Code.BUTTON_URL: button(type="view", url=""),
    Code.MENU_DEPTH: below(sub_button=[{}]),
    Code.SUB_BUTTONS: menu([{"name": "a", "sub_button": [{}] * 6}]),
    Code.SUB_BUTTON_TYPE: below(type="none"),
    Code.SUB_BUTTON_NAME: below(name=""),
    Code.SUB_BUTTON_KEY: below(key=""),
    Code.SUB_BUTTON_URL: below(type="view", url=""),
    Code.OAUTH_CODE: code_of(code="none"),
    Code.CHARACTERS: lambda server: server.post_octets(MENU, b'{"a": "\\u5385"}'),
    Code.TEMPLATE: template(template_id="none"),
    Code.LINK: template(url=7),
    Code.QR_ACTION: lambda server: server.code("s" * 65),
    Code.PATH: lambda server: server.get("/cgi-bin/none"),
    Code.ARGUMENTS: lambda server: server.get("/cgi-bin/ticket/getticket", type="card"),
    Code.SECRET: token(secret="guessed"),
    Code.OAUTH_CODE_USED: code_used,
    Code.TOKEN_MISSING: with_token(""),
    Code.APP_ID_MISSING: token(appid=None),
    Code.SECRET_MISSING: token(secret=None),
    Code.OAUTH_CODE_MISSING: code_of(),
    Code.OPENID_MISSING: lambda server: server.get(INFO),
    Code.TOKEN_EXPIRED: expired,
    Code.GET_REQUIRED: method("POST", INFO),
    Code.POST_REQUIRED: method("GET", SEND),
    Code.NOT_FOLLOWING: lambda server: server.template(server.people.contact("li").openid),
    Code.NO_CONSENT: lambda server: server.notify(server.follower()),
    Code.EMPTY: lambda server: server.post_octets(SEND, b""),
    Code.CONTENT_EMPTY: lambda server: server.service(server.follower(), text=None),
    Code.CONTENT_LONG: lambda server: server.service(
        server.follower(), text={"content": "a" * 2_049}
    ),
    Code.DAY_QUOTA: trouble(Ill.DAY_QUOTA),
    Code.MINUTE_RATE: trouble(Ill.MINUTE_RATE),
    Code.WINDOW_CLOSED: lambda server: server.service(server.people.contact("li").openid),
    Code.WINDOW_FULL: window_full,
    Code.REPEATED: twice(template(client_msg_id="a")),
    Code.MESSAGE_ID_LONG: template(client_msg_id="a" * 65),
    Code.NO_MENU: lambda server: server.get("/cgi-bin/menu/get"),
    Code.NOT_JSON: lambda server: server.post_octets(SEND, b"<xml/>"),
    Code.ARGUMENT: template(data={}),
    Code.UNAUTHORISED: lambda server: server.notify(server.follower()),
    Code.NO_SUCH_API: lambda server: server.post("/cgi-bin/openapi/quota/get", {}),
}


@pytest.mark.parametrize("code", Code, ids=lambda code: code.name.lower())
def test_code_is_answered_with_its_text(code: Code) -> None:
    account = ACCOUNT
    if code is Code.UNAUTHORISED:
        banned = frozenset({"/cgi-bin/message/subscribe/bizsend"})
        account = attrs.evolve(ACCOUNT, unauthorised=banned)
    server = Server(account)
    server.sign_in()
    answer = WAYS[code](server)
    assert answer["errcode"] == code
    assert answer["errmsg"].startswith(code.text)
    assert set(answer) == {"errcode", "errmsg"}


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(day={"/cgi-bin/qrcode/create": 1}), Code.DAY_QUOTA),
        (Limits(minute={"/cgi-bin/qrcode/create": 1}), Code.MINUTE_RATE),
    ],
)
def test_used_up_quota_is_answered_as_an_injected_one_is(limits: Limits, code: Code) -> None:
    server = Server(attrs.evolve(ACCOUNT, limits=limits))
    server.sign_in()
    assert "ticket" in server.code()
    assert server.code()["errcode"] == code


def test_codes_of_the_fact_sheet_are_all_there() -> None:
    listed = [-1, 40001, 40014, 42001, 40003, 40029, 40163, 40037, 43004, 43101, 45009, 45011]
    listed += [45015, 45047, 47001, 47003, 48001, 40002, 40013, 40125, 41001, 43001, 43002, 44002]
    assert set(listed) <= {int(code) for code in Code}
