"""The API behind the page of phones: who is there, what they do, what they open."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from runtime.stand_in.phones import PEOPLE_MAX
from runtime.stand_in.server import HOST
from tests.runtime.running_hall import wait_until
from tests.runtime.stand_in.rig import AccountServer, ServedStandIn
from tests.sim.wechat.service import CALL, CALL_DATA, ONCE

ZHANG = quote("张三")
AUTHORIZE = "/connect/oauth2/authorize"


@pytest.fixture
def there(stand_in: ServedStandIn) -> ServedStandIn:
    """A stand-in where Zhang San has a phone."""
    assert stand_in.deed(ZHANG, "appear").status == 200
    return stand_in


def zhang(stand_in: ServedStandIn) -> Any:
    (person,) = [each for each in stand_in.state()["people"] if each["name"] == "张三"]
    return person


def code(stand_in: ServedStandIn, scene: str) -> Any:
    wish = {
        "action_name": "QR_STR_SCENE",
        "expire_seconds": 600,
        "action_info": {"scene": {"scene_str": scene}},
    }
    return stand_in.ask(
        "POST", "/cgi-bin/qrcode/create", wish, access_token=stand_in.token()
    ).document


def make_menu(stand_in: ServedStandIn, *buttons: dict[str, Any]) -> None:
    query = {"access_token": stand_in.token()}
    made = stand_in.ask("POST", "/cgi-bin/menu/create", {"button": list(buttons)}, **query)
    assert made.document["errcode"] == 0


# -- deeds ----------------------------------------------------------------------------------


def test_new_person_has_an_empty_phone(there: ServedStandIn) -> None:
    person = zhang(there)
    assert (person["following"], person["messages"]) == (False, [])
    assert person["openid"].startswith("o")


def test_deeds_are_told_to_the_account(
    serve: Callable[..., ServedStandIn], account_server: AccountServer
) -> None:
    stand_in = serve(callback_url=account_server.url)
    made = code(stand_in, "ticket-A010")
    make_menu(stand_in, {"type": "click", "name": "Progress", "key": "progress"})
    stand_in.deed(ZHANG, "appear")
    deeds: list[tuple[str, dict[str, Any], str]] = [
        ("scan", {"code": made["url"]}, "qrscene_ticket-A010"),
        ("scan", {"code": "ticket-A010"}, "<Event><![CDATA[SCAN]]>"),
        ("click", {"key": "progress"}, "<Event><![CDATA[CLICK]]>"),
        ("say", {"text": "进度"}, "<Content><![CDATA[进度]]>"),
        ("consent", {"template": ONCE.id}, "subscribe_msg_popup_event"),
        ("withdraw", {"template": ONCE.id}, "subscribe_msg_change_event"),
        ("unfollow", {}, "<Event><![CDATA[unsubscribe]]>"),
        ("follow", {}, "<Event><![CDATA[subscribe]]>"),
    ]
    for number, (deed, given, expected) in enumerate(deeds, start=1):
        answer = stand_in.deed(ZHANG, deed, **given)
        assert (answer.status, answer.document["done"]) == (200, True), answer
        assert expected in account_server.wait_heard(number)[-1].plain


def test_picture_of_a_code_can_be_scanned_by_its_address(there: ServedStandIn) -> None:
    ticket = code(there, "ticket-A010")["ticket"]
    address = f"https://mp.weixin.qq.com/cgi-bin/showqrcode?{urlencode({'ticket': ticket})}"
    assert there.deed(ZHANG, "scan", code=address).document["done"]
    assert zhang(there)["following"]


def test_scan_without_following_leaves_a_stranger(there: ServedStandIn) -> None:
    code(there, "t1")
    assert there.deed(ZHANG, "scan", code="t1", yes=False).document["done"]
    assert not zhang(there)["following"]
    assert not there.deed(ZHANG, "scan", code="t2").document["done"]


def test_scanned_address_of_this_machine_is_opened(there: ServedStandIn) -> None:
    address = "http://127.0.0.1:8080/halls/HZ01/t/1?c=x"
    opens = there.deed(ZHANG, "scan", code=address).document["opens"]
    led = there.ask("GET", opens)
    assert (led.status, led.headers["location"]) == (302, address)


def test_message_shows_its_fields_and_its_link(there: ServedStandIn) -> None:
    there.deed(ZHANG, "follow")
    body = {
        "touser": zhang(there)["openid"],
        "template_id": CALL.id,
        "data": CALL_DATA,
        "url": "http://hall.example/t",
    }
    there.ask("POST", "/cgi-bin/message/template/send", body, access_token=there.token())
    (message,) = zhang(there)["messages"]
    assert (message["kind"], message["title"]) == ("template", CALL.title)
    assert ["thing2", "3号窗口"] in message["fields"]
    assert isinstance(message["id"], str)


def test_codes_menu_and_notifications_are_shown(there: ServedStandIn) -> None:
    code(there, "t1")
    below = {"type": "view", "name": "Take", "url": "http://hall.example/take"}
    make_menu(there, {"name": "Queue", "sub_button": [below]})
    state = there.state()
    assert [each["scene"] for each in state["codes"]] == ["t1"]
    assert state["menu"][0]["below"][0]["url"] == "http://hall.example/take"
    assert {"id": ONCE.id, "title": ONCE.title} in state["notifications"]
    assert there.account.secret not in there.ask("GET", "/phones/state").body.decode()


@pytest.mark.parametrize(
    ("person", "deed", "given", "status", "said"),
    [
        ("nobody", "follow", {}, 404, "nobody called"),
        (ZHANG, "fly", {}, 404, "there are appear, follow"),
        (ZHANG, "say", {"text": "hello"}, 400, "does not follow"),
        (ZHANG, "say", {}, 422, "text is missing"),
        (ZHANG, "click", {"key": "k"}, 400, "sees no button"),
        (ZHANG, "consent", {"template": "none"}, 400, "no notification"),
        (ZHANG, "follow", {"why": "so"}, 422, "why is not known"),
        (quote("n" * 21), "appear", {}, 400, "1 to 20 characters"),
        ("state", "appear", {}, 404, "nothing at"),
    ],
)
def test_what_cannot_be_done_is_refused(
    there: ServedStandIn, person: str, deed: str, given: dict[str, Any], status: int, said: str
) -> None:
    answer = there.deed(person, deed, **given)
    assert answer.status == status, answer
    assert said in answer.document["detail"]
    assert len(there.state()["people"]) == 1


def test_people_beyond_the_bound_are_refused(stand_in: ServedStandIn) -> None:
    answers = [stand_in.deed(f"n{number}", "appear").status for number in range(PEOPLE_MAX + 1)]
    assert answers == [200] * PEOPLE_MAX + [400]
    assert stand_in.deed("n0", "appear").status == 200


def test_other_sites_page_cannot_act(there: ServedStandIn) -> None:
    sent = {"Sec-Fetch-Site": "cross-site"}
    for path in (f"/phones/{ZHANG}/follow", "/troubles/busy", "/troubles/end"):
        answer = there.ask("POST", path, {}, headers=sent)
        assert answer.status == 403, path
    assert not zhang(there)["following"]
    assert there.state()["troubles"] == []


# -- pages opened as somebody ---------------------------------------------------------------


def opened(stand_in: ServedStandIn, person: str, url: str) -> Any:
    return stand_in.ask("GET", f"/phones/{person}/open", url=url)


def test_link_leads_through_oauth_as_that_person(serve: Callable[..., ServedStandIn]) -> None:
    stand_in = serve(page_hosts=("127.0.0.1:8080",))
    stand_in.deed(ZHANG, "appear")
    back = "http://127.0.0.1:8080/wechat/halls"
    query = {
        "appid": stand_in.account.app_id,
        "redirect_uri": back,
        "response_type": "code",
        "scope": "snsapi_base",
        "state": "s1",
    }
    link = f"https://open.weixin.qq.com{AUTHORIZE}?{urlencode(query)}#wechat_redirect"
    make_menu(stand_in, {"type": "view", "name": "Take", "url": link})
    led = opened(stand_in, ZHANG, link)
    assert (led.status, urlsplit(led.headers["location"]).path) == (302, AUTHORIZE)
    cookie = led.headers["set-cookie"]
    assert "HttpOnly; SameSite=Lax" in cookie
    assert "Path=/connect/oauth2" in cookie
    sent = {"Cookie": cookie.partition(";")[0]}
    asked = stand_in.ask("GET", led.headers["location"], headers=sent)
    assert asked.status == 302
    assert asked.headers["location"].startswith(f"{back}?code=")
    returned = parse_qs(urlsplit(asked.headers["location"]).query)
    told = stand_in.ask(
        "GET",
        "/sns/oauth2/access_token",
        appid=stand_in.account.app_id,
        secret=stand_in.account.secret,
        code=returned["code"][0],
        grant_type="authorization_code",
    )
    assert told.document["openid"] == zhang(stand_in)["openid"]
    assert returned["state"] == ["s1"]


def test_cookie_of_nobody_is_an_ordinary_browser(there: ServedStandIn) -> None:
    sent = {"Cookie": "stand-in-person=somebody"}
    answer = there.ask("GET", AUTHORIZE, headers=sent, appid=there.account.app_id)
    assert (answer.status, "location" in answer.headers) == (200, False)
    assert len(there.state()["people"]) == 1


def test_pages_forget_who_looked_before(serve: Callable[..., ServedStandIn]) -> None:
    stand_in = serve(forgotten_cookies=("person", "person-2"))
    stand_in.deed(ZHANG, "appear")
    _, *forgotten = opened(stand_in, ZHANG, "http://127.0.0.1:8080/halls").cookies
    assert forgotten == [f"{name}=; Path=/; Max-Age=0" for name in ("person", "person-2")]


@pytest.mark.parametrize(
    "url", ["", "http://elsewhere.example/", "javascript:alert(1)", "//elsewhere.example", "/x"]
)
def test_link_that_was_not_shown_is_not_opened(there: ServedStandIn, url: str) -> None:
    answer = opened(there, ZHANG, url)
    assert answer.status == 404
    assert "location" not in answer.headers


def test_link_in_a_text_can_be_opened_by_whoever_got_it(there: ServedStandIn) -> None:
    there.deed("li", "appear")
    there.deed(ZHANG, "follow")
    there.deed(ZHANG, "say", text="hello")
    openid = zhang(there)["openid"]
    text = {"content": "看进度：http://hall.example/t/1?c=a 谢谢"}
    body = {"touser": openid, "msgtype": "text", "text": text}
    sent = there.ask("POST", "/cgi-bin/message/custom/send", body, access_token=there.token())
    assert sent.document["errcode"] == 0
    led = opened(there, ZHANG, "http://hall.example/t/1?c=a")
    assert led.headers["location"] == "http://hall.example/t/1?c=a"
    assert opened(there, "li", "http://hall.example/t/1?c=a").status == 404


# -- troubles -------------------------------------------------------------------------------


def test_trouble_begins_with_its_parameters_and_ends(there: ServedStandIn) -> None:
    given = {"seconds": 90, "path": "/cgi-bin/token"}
    (shown,) = there.ask("POST", "/troubles/busy", given).document
    assert (shown["kind"], shown["path"], shown["percent"]) == ("busy", "/cgi-bin/token", 100)
    assert 80 < shown["left_s"] <= 90
    assert there.ask("GET", "/cgi-bin/token").document["errcode"] == -1
    there.ask("POST", "/troubles/late_callbacks", {"delay_s": 3})
    there.ask("POST", "/troubles/busy", {"path": "/sns/"})
    assert there.ask("GET", "/cgi-bin/token").document["errcode"] == 40002
    there.ask("POST", "/troubles/busy/end", {})
    assert [each["kind"] for each in there.state()["troubles"]] == ["late_callbacks"]
    there.ask("POST", "/troubles/end", {})
    assert there.state()["troubles"] == []


@pytest.mark.parametrize(
    ("kind", "given", "status"),
    [
        ("flood", {}, 404),
        ("delay", {}, 400),
        ("busy", {"seconds": 0}, 400),
        ("busy", {"seconds": 10**9}, 400),
        ("busy", {"percent": 101}, 400),
        ("server_error", {"status": 200}, 400),
        ("busy", {"seconds": "long"}, 422),
    ],
)
def test_trouble_that_cannot_be_is_refused(
    there: ServedStandIn, kind: str, given: dict[str, Any], status: int
) -> None:
    there.ask("POST", "/troubles/busy", {})
    assert there.ask("POST", f"/troubles/{kind}", given).status == status
    assert [each["kind"] for each in there.state()["troubles"]] == ["busy"]


# -- the rest -------------------------------------------------------------------------------


def test_root_leads_to_the_phones(stand_in: ServedStandIn) -> None:
    assert stand_in.ask("GET", "/").headers["location"] == "/phones"


def test_pages_policy_allows_no_inline_script_or_style(stand_in: ServedStandIn) -> None:
    answer = stand_in.ask("GET", "/phones")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    page = answer.body.decode()
    assert " style=" not in page
    assert "<style" not in page


def test_state_stays_short_however_much_arrived(there: ServedStandIn) -> None:
    there.deed(ZHANG, "follow")
    body = {"touser": zhang(there)["openid"], "template_id": CALL.id, "data": CALL_DATA}
    query = urlencode({"access_token": there.token()})
    connection = HTTPConnection(HOST, there.server.port, timeout=10)
    for _ in range(30):
        connection.request("POST", f"/cgi-bin/message/template/send?{query}", json.dumps(body))
        assert b'"errcode":0' in connection.getresponse().read()
    connection.close()
    wait_until(lambda: len(there.phone("张三")) == 30, what="30 messages")
    assert len(zhang(there)["messages"]) == 20
