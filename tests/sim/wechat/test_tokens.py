"""Access tokens: who gets one, how long it works, and what a call without a good one is answered."""

from __future__ import annotations

from random import Random
from typing import Any

import attrs
import pytest

from sim.wechat.quotas import Limits
from sim.wechat.stand_in import StandIn
from sim.wechat.tokens import KEPT_MAX, JsapiTicket, Tokens
from tests.sim.wechat.service import ACCOUNT, Server

TOKEN, STABLE = "/cgi-bin/token", "/cgi-bin/stable_token"
MENU = "/cgi-bin/menu/create"


@pytest.fixture
def server() -> Server:
    return Server()


def plain(server: Server) -> dict[str, Any]:
    return server.document(server.ask("GET", TOKEN, server.secret_query()))


def stable(server: Server, **changes: Any) -> dict[str, Any]:
    return server.document(server.ask("POST", STABLE, body=server.secret(**changes)))


def verdict(server: Server, token: str | None) -> int:
    """What a call with ``token`` is answered; 43004 is that of one that is let in."""
    server.token = token
    return int(server.template(server.people.contact("stranger").openid)["errcode"])


WORKS = 43004


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"grant_type": "authorization_code"}, 40002),
        ({"grant_type": None}, 40002),
        ({"appid": "wx-of-somebody-else"}, 40013),
        ({"appid": None}, 41002),
        ({"appid": ["wx"]}, 40013),
        ({"secret": "guessed"}, 40125),
        ({"secret": None}, 41004),
    ],
)
def test_stable_token_without_the_right_secret_is_refused(
    server: Server, changes: dict[str, Any], code: int
) -> None:
    assert stable(server, **changes)["errcode"] == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"grant_type": ""}, 40002),
        ({"appid": "wx-of-somebody-else"}, 40013),
        ({"secret": "guessed"}, 40125),
    ],
)
def test_plain_token_without_the_right_secret_is_refused(
    server: Server, changes: dict[str, str], code: int
) -> None:
    reply = server.ask("GET", TOKEN, server.secret_query(**changes))
    assert server.document(reply)["errcode"] == code


def test_error_comes_with_status_200_and_a_text_that_names_the_request(server: Server) -> None:
    reply = server.ask("POST", STABLE, body=server.secret(secret="guessed"))
    assert reply.status == 200
    assert server.document(reply)["errmsg"].startswith("invalid appsecret rid: ")


def test_each_plain_token_is_new_and_lives_two_hours(server: Server) -> None:
    first, second = plain(server), plain(server)
    assert first["access_token"] != second["access_token"]
    assert first["expires_in"] == second["expires_in"] == 7200


def test_replaced_plain_token_works_five_minutes_more(server: Server) -> None:
    first = plain(server)["access_token"]
    second = plain(server)["access_token"]
    server.now_s += 299
    assert verdict(server, first) == WORKS
    server.now_s += 1
    assert verdict(server, first) == 40001
    assert verdict(server, second) == WORKS


def test_plain_token_replaced_twice_works_no_more(server: Server) -> None:
    first, second, third = (plain(server)["access_token"] for _ in range(3))
    assert [verdict(server, each) for each in (first, second, third)] == [40001, WORKS, WORKS]


def test_replacing_a_plain_token_never_lengthens_its_life(server: Server) -> None:
    first = plain(server)["access_token"]
    server.now_s += 7_199
    plain(server)
    server.now_s += 1
    assert verdict(server, first) == 40001


def test_expired_token_is_refused_as_expired(server: Server) -> None:
    token = plain(server)["access_token"]
    server.now_s += 7_199
    assert verdict(server, token) == WORKS
    server.now_s += 1
    assert verdict(server, token) == 42001


def test_missing_token_is_refused(server: Server) -> None:
    assert verdict(server, None) == 41001
    assert verdict(server, "") == 41001


def test_token_of_a_wrong_form_is_refused_as_such(server: Server) -> None:
    assert verdict(server, "short") == 40014
    assert verdict(server, "no such letters: ' or 1 = 1 --") == 40014


def test_unknown_token_is_refused(server: Server) -> None:
    assert verdict(server, "x" * 137) == 40001


def test_stable_token_is_the_same_for_all_callers(server: Server) -> None:
    first = stable(server)
    server.now_s += 6_899
    second = stable(server)
    assert second["access_token"] == first["access_token"]
    assert (first["expires_in"], second["expires_in"]) == (7200, 301)


def test_stable_token_is_renewed_five_minutes_early_and_both_work(server: Server) -> None:
    first = stable(server)["access_token"]
    server.now_s += 6_900
    second = stable(server)
    assert second["access_token"] != first
    assert second["expires_in"] == 7200
    server.now_s += 299
    assert verdict(server, first) == WORKS
    server.now_s += 1
    assert verdict(server, first) == 42001


def test_plain_and_stable_tokens_leave_each_other_alone(server: Server) -> None:
    first = stable(server)["access_token"]
    tokens = [plain(server)["access_token"] for _ in range(5)]
    assert verdict(server, first) == WORKS
    stable(server, force_refresh=True)
    assert verdict(server, tokens[-1]) == WORKS


def test_forced_stable_token_ends_the_one_before_at_once(server: Server) -> None:
    first = stable(server)["access_token"]
    second = stable(server, force_refresh=True)["access_token"]
    assert second != first
    assert verdict(server, first) == 40001
    assert verdict(server, second) == WORKS


def test_stable_token_forced_within_30_s_stays(server: Server) -> None:
    stable(server)
    first = stable(server, force_refresh=True)["access_token"]
    server.now_s += 29.9
    assert stable(server, force_refresh=True)["access_token"] == first
    server.now_s += 0.1
    assert stable(server, force_refresh=True)["access_token"] != first


def test_stable_token_is_forced_twenty_times_a_day(server: Server) -> None:
    stable(server)
    seen = set()
    for _ in range(25):
        server.now_s += 30
        seen.add(stable(server, force_refresh=True)["access_token"])
    assert len(seen) == 20
    server.now_s += 86_400
    stable(server)
    server.now_s += 30
    last = stable(server)["access_token"]
    assert stable(server, force_refresh=True)["access_token"] != last


def test_revoked_tokens_are_refused_and_new_ones_can_be_had(server: Server) -> None:
    old = [plain(server)["access_token"], stable(server)["access_token"]]
    server.stand_in.revoke_tokens()
    assert [verdict(server, each) for each in old] == [40001, 40001]
    assert verdict(server, stable(server)["access_token"]) == WORKS
    assert verdict(server, plain(server)["access_token"]) == WORKS


def test_tokens_of_another_account_do_not_open_this_one() -> None:
    mine, other = Server(seed=1), Server(seed=2)
    assert verdict(mine, other.sign_in()) == 40001


def test_token_is_of_the_account_that_got_it() -> None:
    second = attrs.evolve(ACCOUNT, app_id="wxsecond", templates=())
    server = Server(second)
    server.stand_in = StandIn([ACCOUNT, second], Random(1))
    server.people = server.stand_in.people
    server.sign_in()
    server.people.follow("zhang", server.now_s, app_id="wxsecond")
    in_second = server.people.contact("zhang", "wxsecond").openid
    in_first = server.people.contact("zhang").openid
    assert in_first != in_second
    assert server.template(in_first)["errcode"] == 40003
    assert server.template(in_second)["errcode"] == 40037


def test_stable_token_is_given_so_often_a_minute_and_no_more() -> None:
    server = Server()
    answers = [stable(server).get("errcode") for _ in range(10_001)]
    assert answers[:-1] == [None] * 10_000
    assert answers[-1] == 45011


def test_plain_token_is_given_2000_times_a_day() -> None:
    server = Server()
    answers = [plain(server).get("errcode") for _ in range(2_001)]
    assert answers[-2:] == [None, 45009]


def test_call_with_the_wrong_method_is_refused(server: Server) -> None:
    server.sign_in()
    token = {"access_token": str(server.token)}
    assert server.document(server.ask("GET", MENU, token))["errcode"] == 43002
    reply = server.ask("POST", "/cgi-bin/menu/get", token, b"{}")
    assert server.document(reply)["errcode"] == 43001
    assert server.document(server.ask("GET", STABLE))["errcode"] == 43002
    assert server.document(server.ask("POST", TOKEN))["errcode"] == 43001


def test_empty_post_is_refused(server: Server) -> None:
    server.sign_in()
    assert server.post_octets(MENU, b"")["errcode"] == 44002
    assert server.document(server.ask("POST", STABLE))["errcode"] == 44002


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'"text"', b"\xff\xfe", b'{"a": "\\ud800"}', b"[" * 100_000, b"touser=o"],
)
def test_post_that_is_no_json_object_is_refused(server: Server, body: bytes) -> None:
    server.sign_in()
    assert server.post_octets(MENU, body)["errcode"] == 47001


def test_unknown_path_is_refused(server: Server) -> None:
    server.sign_in()
    assert server.get("/cgi-bin/nothing")["errcode"] == 40066


def test_known_tokens_are_bounded_and_those_in_use_stay() -> None:
    tokens = Tokens(Random(1))
    stable_token, _ = tokens.stable(0.0)
    texts = [tokens.plain(1.0)[0] for _ in range(3 * KEPT_MAX)]
    known = [each for each in texts if tokens.knows(each)]
    assert len(known) == KEPT_MAX - 1
    assert tokens.knows(stable_token)
    tokens.check(texts[-1], 2.0)
    tokens.check(texts[-2], 2.0)


def test_jsapi_ticket_is_the_same_until_shortly_before_its_end() -> None:
    ticket = JsapiTicket(Random(1))
    first = ticket.give(0.0)
    assert first[1] == 7200
    assert ticket.give(6_899.0) == (first[0], 301)
    assert ticket.give(6_900.0)[0] != first[0]


def test_jsapi_ticket_is_answered_and_other_kinds_are_not(server: Server) -> None:
    server.sign_in()
    answer = server.get("/cgi-bin/ticket/getticket", type="jsapi")
    assert (answer["errcode"], answer["errmsg"], answer["expires_in"]) == (0, "ok", 7200)
    assert len(answer["ticket"]) == 86
    assert server.get("/cgi-bin/ticket/getticket")["errcode"] == 40097


def test_quota_a_path_and_day_is_told() -> None:
    server = Server()
    server.sign_in()
    server.code()
    asked = {"cgi_path": "/cgi-bin/qrcode/create"}
    told = server.post("/cgi-bin/openapi/quota/get", asked)["quota"]
    assert told == {"daily_limit": 100_000, "used": 1, "remain": 99_999}
    for unknown in ({"cgi_path": "/cgi-bin/nothing"}, {}, {"cgi_path": 3}):
        assert server.post("/cgi-bin/openapi/quota/get", unknown)["errcode"] == 76021


def test_limits_that_are_not_named_are_those_of_every_account() -> None:
    limits = Limits(day={"/cgi-bin/menu/get": 3})
    assert limits.a_day("/cgi-bin/menu/get") == 3
    assert limits.a_day("/cgi-bin/qrcode/create") == 100_000
    assert limits.a_minute("/cgi-bin/stable_token") == 10_000
