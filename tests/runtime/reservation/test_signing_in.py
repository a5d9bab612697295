"""Signing in: WeChat says whose the browser is, and nobody else can."""

from __future__ import annotations

import logging
import time
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from runtime.reservation.cookies import CUSTOMER_S, ENTERING_S
from runtime.reservation.signing_in import own_path
from sim.wechat.faults import Ill
from tests.runtime.http.rig import PLENTY
from tests.runtime.reservation.conftest import Begin
from tests.runtime.reservation.platform import MY, Phone, Platform
from tests.sim.wechat.service import ACCOUNT

HERE = "/m/halls/HZ01?service=tax&silent=1"


def problem_page(answer: Any) -> str:
    """Return the kind of problem that a page tells."""
    text = answer.body.decode()
    assert "text/html" in answer.headers["content-type"], answer
    return str(text.partition('href="/problems/')[2].partition('"')[0])


def test_browser_goes_to_wechat_and_comes_back_to_where_it_was(platform: Platform) -> None:
    phone = platform.phone(signed_in=False)
    address = phone.leave(HERE)
    parts = urlsplit(address)
    assert address.startswith("https://open.weixin.qq.com/connect/oauth2/authorize?")
    assert parts.fragment == "wechat_redirect"
    query = parse_qsl(parts.query)
    # WeChat takes its fields in this order alone.
    assert [name for name, _ in query] == [
        "appid",
        "redirect_uri",
        "response_type",
        "scope",
        "state",
    ]
    assert dict(query)["scope"] == "snsapi_base"
    assert dict(query)["state"].isalnum()
    answer = phone.get(phone.come_back(address))
    assert (answer.status, answer.headers["location"]) == (303, HERE)
    assert set(phone.cookies) == {"customer"}
    assert phone.openid not in phone.cookies["customer"]
    assert phone.get(MY).status == 200


def test_cookie_is_hidden_from_scripts_and_other_sites(begin: Begin) -> None:
    answer = begin().phone(signed_in=False).sign_in()
    for cookie in answer.headers["set-cookie"].split(", "):
        assert "HttpOnly; SameSite=Lax" in cookie
        assert "Secure" not in cookie
    answer = begin(secure=True).phone(signed_in=False).sign_in()
    assert answer.headers["set-cookie"].count("; Secure") == 2


def test_who_has_not_signed_in_is_told_where_to(platform: Platform) -> None:
    answer = platform.phone(signed_in=False).get(MY)
    assert answer.status == 401
    assert answer.problem == "sign-in-needed"
    assert answer.json["sign_in"] == "/m/sign-in"


def test_token_of_the_hall_is_no_customer(platform: Platform) -> None:
    assert platform.served.ask("GET", MY, token="manager").problem == "sign-in-needed"


@pytest.mark.parametrize("change", ["", "x", "-" * 5_000, "é", "last"])
def test_cookie_that_was_not_made_here_says_nothing(platform: Platform, change: str) -> None:
    phone = platform.phone()
    held = phone.cookies["customer"]
    if change == "last":
        change = held[:-5] + ("A" if held[-5] != "A" else "B") + held[-4:]
    phone.cookies["customer"] = change
    assert phone.get(MY).problem == "sign-in-needed"
    phone.cookies["customer"] = held
    assert phone.get(MY).status == 200


def test_cookie_of_another_server_says_nothing(begin: Begin, platform: Platform) -> None:
    other = begin(key=b"the key of another, of 32 octets")
    phone = platform.phone(signed_in=False)
    phone.cookies = other.phone().cookies
    assert phone.get(MY).problem == "sign-in-needed"


def test_cookie_of_one_purpose_is_none_of_the_other(platform: Platform) -> None:
    phone = platform.phone(signed_in=False)
    phone.leave()
    phone.cookies["customer"] = phone.cookies["entering"]
    assert phone.get(MY).problem == "sign-in-needed"


def test_cookie_ends_after_its_time(platform: Platform) -> None:
    phone = platform.phone()
    platform.shift_s = CUSTOMER_S - 60.0
    assert phone.get(MY).status == 200
    platform.shift_s = CUSTOMER_S + 60.0
    assert phone.get(MY).problem == "sign-in-needed"


# -- what WeChat brings back ---------------------------------------------------------------------


def test_code_that_was_used_sends_the_browser_once_more(platform: Platform) -> None:
    phone = platform.phone(signed_in=False)
    back = phone.come_back(phone.leave(HERE))
    _use_code(platform, back)
    again = phone.get(back)
    assert again.status == 303
    assert again.headers["location"].startswith("https://open.weixin.qq.com/")
    answer = phone.get(phone.come_back(again.headers["location"]))
    assert answer.headers["location"] == HERE
    assert phone.get(MY).status == 200


def test_codes_that_are_never_taken_end_with_a_page(platform: Platform) -> None:
    phone = platform.phone(signed_in=False)
    back = phone.come_back(phone.leave(HERE))
    _use_code(platform, back)
    back = phone.come_back(phone.get(back).headers["location"])
    _use_code(platform, back)
    answer = phone.get(back)
    assert answer.status == 400
    assert problem_page(answer) == "sign-in-failed"
    assert "/m/sign-in?to=%2Fm%2Fhalls%2FHZ01%3Fservice%3Dtax%26silent%3D1" in answer.body.decode()
    assert "customer" not in phone.cookies


def _use_code(platform: Platform, back: str) -> None:
    code = dict(parse_qsl(urlsplit(back).query))["code"]
    wechat = platform.wechat
    asked = {"appid": ACCOUNT.app_id, "secret": ACCOUNT.secret, "code": code}
    wechat.ask("GET", "/sns/oauth2/access_token", {**asked, "grant_type": "authorization_code"})


def test_state_of_another_browser_is_not_taken(platform: Platform) -> None:
    mallory, victim = platform.phone("mallory", signed_in=False), platform.phone(signed_in=False)
    back = mallory.come_back(mallory.leave())
    victim.leave()
    answer = victim.get(back)
    assert answer.status == 400
    assert problem_page(answer) == "sign-in-failed"
    assert "customer" not in victim.cookies
    assert platform.exchanges() == 0


def test_state_comes_too_late_or_without_its_cookie(platform: Platform) -> None:
    phone = platform.phone(signed_in=False)
    back = phone.come_back(phone.leave())
    platform.shift_s = ENTERING_S + 60.0
    assert problem_page(phone.get(back)) == "sign-in-failed"
    platform.shift_s = 0.0
    phone.cookies.clear()
    assert problem_page(phone.get(back)) == "sign-in-failed"
    assert platform.exchanges() == 0


def test_who_goes_back_in_the_browser_stays_who_one_is(platform: Platform) -> None:
    phone = platform.phone(signed_in=False)
    back = phone.come_back(phone.leave())
    phone.get(back)
    held = phone.cookies["customer"]
    answer = phone.get(back)
    assert (answer.status, answer.headers["location"]) == (303, "/m/")
    assert phone.cookies["customer"] == held
    assert platform.exchanges() == 1


def test_virtual_visitor_is_nobody(platform: Platform) -> None:
    platform.wechat.people.make_virtual("zhang", virtual=True)
    phone = platform.phone(signed_in=False)
    answer = phone.sign_in()
    assert answer.status == 403
    assert problem_page(answer) == "virtual-visitor"
    assert "customer" not in phone.cookies


@pytest.mark.parametrize("ill", [Ill.BUSY, Ill.RESET, Ill.NOT_JSON, Ill.SERVER_ERROR])
def test_wechat_that_is_away_is_said_and_asked_again(platform: Platform, ill: Ill) -> None:
    phone = platform.phone(signed_in=False)
    back = phone.come_back(phone.leave(HERE))
    platform.trouble(ill)
    answer = phone.get(back)
    assert answer.status == 503
    assert problem_page(answer) == "wechat-away"
    assert "/m/sign-in?to=%2Fm%2Fhalls" in answer.body.decode()
    assert "retry-after" in answer.headers
    platform.wechat.now_s += 120.0
    assert phone.sign_in().headers["location"] == "/m/"
    assert phone.get(MY).status == 200


def test_hall_goes_on_while_wechat_thinks(platform: Platform) -> None:
    phone, other = platform.phone(signed_in=False), platform.phone("li")
    back = phone.come_back(phone.leave(HERE))
    with platform.wechat_thinks() as goes_on:
        client = platform.served.client()
        client.send(phone.request(back))
        platform.wait_until_asked(2)
        assert other.take()["number"] == "A001"
        goes_on.set()
    status, headers = client.head()
    assert (status, headers["location"]) == (303, HERE)


def test_wechat_that_thinks_too_long_is_away(platform: Platform) -> None:
    phone = platform.phone(signed_in=False)
    back = phone.come_back(phone.leave(HERE))
    with platform.wechat_thinks() as goes_on:
        client = platform.served.client()
        client.send(phone.request(back))
        platform.wait_until_asked(1)
        sweep = platform.served.service._sweep
        platform.served.call(sweep, time.monotonic() + PLENTY.answer_s + 1.0)
        answer = client.answer()
        goes_on.set()
    assert problem_page(answer) == "wechat-away"


def test_nothing_of_a_sign_in_is_in_the_log(
    platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in (*("runtime", "twisted", "requests"),):
        caplog.set_level(logging.DEBUG, name)
    phone = platform.phone(signed_in=False)
    address = phone.leave()
    back = phone.come_back(address)
    phone.get(back)
    phone = platform.phone("li", signed_in=False)
    back_of_li = phone.come_back(phone.leave())
    platform.trouble(Ill.RESET)
    assert phone.get(back_of_li).status == 503
    assert "customers not signed in" in caplog.text
    asked = dict(parse_qsl(urlsplit(back).query))
    of_li = dict(parse_qsl(urlsplit(back_of_li).query))
    openid = platform.wechat.people.contact("zhang").openid
    for private in (*asked.values(), *of_li.values(), openid, ACCOUNT.secret):
        assert private not in caplog.text


# -- where it goes on ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/m/", "/m/mine", "/t/HZ01/20261123-A010?c=abc", "/m/halls/HZ01?x=a//b/../c", "/m/a%20b"],
)
def test_own_page_is_gone_on_to(path: str) -> None:
    assert own_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "https://evil.example/m/",
        "//evil.example/m/",
        "/m",
        "/m//evil.example",
        "/m/../halls/HZ01/reception",
        "/m/%2e%2e/halls",
        "/m/..%2fhalls",
        "/m/\\evil.example",
        "/\\evil.example/m/",
        "/m/\r\nSet-Cookie: a=b",
        "/m/ ",
        "/m/号",
        "/halls/HZ01/kiosk/k1",
        "/mx/",
        "/m/sign-in",
        "/m/enter?code=1",
        "/m/" + "a" * 2_000,
    ],
)
def test_what_is_no_own_page_is_not_gone_on_to(path: str) -> None:
    assert own_path(path) == "/m/"


def test_address_of_another_site_is_not_gone_on_to(platform: Platform) -> None:
    phone = platform.phone(signed_in=False)
    assert phone.sign_in("https://evil.example/").headers["location"] == "/m/"


def test_without_an_account_nobody_signs_in(begin: Begin) -> None:
    platform = begin(more_routes=lambda _pages: (), customer_of=lambda _request: None)
    phone = Phone(platform, "zhang")
    assert phone.get("/m/sign-in").status == 404
    assert phone.get("/m/enter?code=a&state=b").status == 404
    assert phone.get(MY).problem == "not-found"
