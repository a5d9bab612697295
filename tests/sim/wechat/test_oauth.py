"""How pages learn who looks at them."""

from __future__ import annotations

from random import Random
from urllib.parse import urlencode

import attrs
import pytest

from sim.wechat.oauth import CODES_MAX, PageError
from sim.wechat.stand_in import StandIn
from tests.sim.wechat.service import ACCOUNT, MORNING_S, Server, returned

PAGE = "http://hall.example/pages/take?hall=HZ01"


def query(**changes: str) -> dict[str, str]:
    whole = {
        "appid": ACCOUNT.app_id,
        "redirect_uri": PAGE,
        "response_type": "code",
        "scope": "snsapi_base",
        "state": "s7",
        **changes,
    }
    return {name: text for name, text in whole.items() if text}


def link(**changes: str) -> str:
    base = "https://open.weixin.qq.com/connect/oauth2/authorize"
    return f"{base}?{urlencode(query(**changes))}#wechat_redirect"


@pytest.fixture
def server() -> Server:
    return Server()


def a_code(server: Server, **changes: str) -> str:
    address = server.people.open_link("zhang", link(**changes), server.now_s)
    return returned(address)["code"]


def redeem(server: Server, code: str, **changes: str) -> dict[str, object]:
    asked = server.secret_query(code=code, grant_type="authorization_code", **changes)
    return server.document(server.ask("GET", "/sns/oauth2/access_token", asked))


def test_browser_comes_back_with_a_code_and_the_state(server: Server) -> None:
    address = server.people.open_link("zhang", link(), server.now_s)
    assert address.startswith(f"{PAGE}&code=")
    assert returned(address)["state"] == "s7"


def test_request_of_a_phone_is_redirected(server: Server) -> None:
    reply = server.ask("GET", "/connect/oauth2/authorize", query(), person="zhang")
    assert reply.status == 302
    code = returned(reply.headers["Location"])["code"]
    assert redeem(server, code)["openid"] == server.people.contact("zhang").openid


def test_request_of_another_browser_gets_no_code(server: Server) -> None:
    reply = server.ask("GET", "/connect/oauth2/authorize", query())
    assert reply.status == 200
    assert "Location" not in reply.headers
    assert "请在微信客户端打开链接" in reply.body.decode()


def test_code_gives_the_openid(server: Server) -> None:
    told = redeem(server, a_code(server))
    assert told["openid"] == server.people.contact("zhang").openid
    assert told["scope"] == "snsapi_base"
    assert told["expires_in"] == 7200
    assert {"access_token", "refresh_token"} <= set(told)
    assert "is_snapshotuser" not in told


def test_code_works_once(server: Server) -> None:
    code = a_code(server)
    assert "openid" in redeem(server, code)
    assert redeem(server, code)["errcode"] == 40163


def test_code_works_for_five_minutes(server: Server) -> None:
    early, late = a_code(server), a_code(server)
    server.now_s += 299
    assert "openid" in redeem(server, early)
    server.now_s += 1
    assert redeem(server, late)["errcode"] == 40029


def test_unknown_or_missing_code_is_refused(server: Server) -> None:
    assert redeem(server, "0" * 32)["errcode"] == 40029
    assert redeem(server, "")["errcode"] == 41008


def test_code_of_another_account_is_refused() -> None:
    other = attrs.evolve(ACCOUNT, app_id="wxother", secret="another")
    server = Server()
    server.stand_in = StandIn([ACCOUNT, other], Random(1))
    server.people = server.stand_in.people
    code = a_code(server)
    assert redeem(server, code, appid="wxother", secret="another")["errcode"] == 40029
    assert "openid" in redeem(server, code)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"appid": "wx-of-somebody-else"}, 40013),
        ({"secret": "guessed"}, 40125),
    ],
)
def test_code_is_not_redeemed_without_the_secret(
    server: Server, changes: dict[str, str], code: int
) -> None:
    text = a_code(server)
    assert redeem(server, text, **changes)["errcode"] == code
    assert "openid" in redeem(server, text)


def test_redeeming_with_another_grant_type_is_refused(server: Server) -> None:
    asked = server.secret_query(code=a_code(server))
    reply = server.ask("GET", "/sns/oauth2/access_token", asked)
    assert server.document(reply)["errcode"] == 40002


def test_virtual_openid_is_marked_and_stands_for_nobody(server: Server) -> None:
    server.follower()
    server.people.make_virtual("zhang")
    told = redeem(server, a_code(server, scope="snsapi_userinfo"))
    assert told["is_snapshotuser"] == 1
    assert told["openid"] != server.people.contact("zhang").openid
    server.sign_in()
    assert server.template(str(told["openid"]))["errcode"] == 40003
    server.people.make_virtual("zhang", virtual=False)
    assert "is_snapshotuser" not in redeem(server, a_code(server))


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "http://elsewhere.example/take"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "http://[hall.example/"},
        {"redirect_uri": "http://hall.example:81/"},
        {"redirect_uri": ""},
        {"response_type": "token"},
        {"scope": "snsapi_login"},
        {"scope": ""},
        {"state": "not-alphanumeric"},
        {"state": "a" * 129},
        {"appid": "wx-of-somebody-else"},
        {"appid": ""},
    ],
)
def test_wrong_request_shows_a_page_and_leads_nowhere(
    server: Server, changes: dict[str, str]
) -> None:
    reply = server.ask("GET", "/connect/oauth2/authorize", query(**changes), person="zhang")
    assert reply.status == 200
    assert "Location" not in reply.headers
    assert "参数错误" in reply.body.decode()
    with pytest.raises(PageError):
        server.people.open_link("zhang", link(**changes), MORNING_S)


def test_other_links_are_opened_as_they_are(server: Server) -> None:
    assert server.people.open_link("zhang", PAGE, server.now_s) == PAGE


def test_known_codes_are_bounded_oldest_forgotten_first(server: Server) -> None:
    first = a_code(server)
    second = a_code(server)
    for _ in range(CODES_MAX - 1):
        a_code(server)
    assert redeem(server, first)["errcode"] == 40029
    assert "openid" in redeem(server, second)
