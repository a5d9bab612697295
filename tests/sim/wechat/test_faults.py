"""Quotas and troubles: what WeChat refuses, and how it breaks."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.wechat.exchange import Reply, Request
from sim.wechat.faults import LASTS_S_MAX, TROUBLES_MAX, Ill, Trouble
from sim.wechat.quotas import Limits
from sim.wechat.stand_in import BODY_MAX, StandIn
from tests.sim.wechat.service import ACCOUNT, CALL, CALL_DATA, MORNING_S, Server

SEND = "/cgi-bin/message/template/send"
MIDNIGHT_S = MORNING_S + 15 * 3_600
"""2026-11-25 00:00 China Standard Time."""


@pytest.fixture
def server() -> Server:
    server = Server()
    server.sign_in()
    return server


def limited(**bounds: Any) -> Server:
    server = Server(attrs.evolve(ACCOUNT, limits=Limits(**bounds)))
    server.sign_in()
    return server


def begin(server: Server, ill: Ill, **more: Any) -> None:
    whole = {"begins_s": server.now_s, "lasts_s": 600.0, **more}
    server.stand_in.troubles.begin(Trouble(ill=ill, **whole))


def raw(server: Server, openid: str) -> Reply:
    body = b'{"touser":"%s","template_id":"%s","data":{}}' % (openid.encode(), CALL.id.encode())
    return server.ask("POST", SEND, {"access_token": str(server.token)}, body)


# -- quotas ---------------------------------------------------------------------------------


def test_day_quota_ends_at_midnight_of_china() -> None:
    server = limited(day={SEND: 2})
    openid = server.follower()
    server.now_s = MIDNIGHT_S - 1
    server.sign_in()
    assert [server.template(openid)["errcode"] for _ in range(3)] == [0, 0, 45009]
    server.now_s = MIDNIGHT_S
    assert server.template(openid)["errcode"] == 0


def test_day_quota_does_not_end_at_midnight_of_utc() -> None:
    server = limited(day={SEND: 1})
    openid = server.follower()
    server.now_s = MIDNIGHT_S - 17 * 3_600
    server.sign_in()
    server.template(openid)
    server.now_s = MIDNIGHT_S - 16 * 3_600 + 1
    assert server.template(openid)["errcode"] == 45009


def test_minute_rate_ends_with_the_minute() -> None:
    server = limited(minute={SEND: 2})
    openid = server.follower()
    server.now_s += 59
    assert [server.template(openid)["errcode"] for _ in range(3)] == [0, 0, 45011]
    server.now_s += 1
    assert server.template(openid)["errcode"] == 0


def test_each_path_has_a_quota_of_its_own() -> None:
    server = limited(day={SEND: 0})
    assert server.template(server.follower())["errcode"] == 45009
    assert "ticket" in server.code()


def test_refused_call_beyond_a_bound_is_not_counted() -> None:
    server = limited(day={SEND: 4}, minute={SEND: 1})
    openid = server.follower()
    codes = []
    for _ in range(3):
        codes += [server.template(openid)["errcode"] for _ in range(2)]
        server.now_s += 60
    assert codes == [0, 45011] * 3
    assert server.template(openid)["errcode"] == 0
    server.now_s += 60
    assert server.template(openid)["errcode"] == 45009


# -- troubles -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ill", "code"), [(Ill.BUSY, -1), (Ill.DAY_QUOTA, 45009), (Ill.MINUTE_RATE, 45011)]
)
def test_trouble_with_a_code_refuses_and_does_nothing(server: Server, ill: Ill, code: int) -> None:
    openid = server.follower()
    begin(server, ill)
    assert server.template(openid)["errcode"] == code
    assert server.phone() == ()


def test_delay_does_it_at_once_and_answers_late(server: Server) -> None:
    begin(server, Ill.DELAY, delay_s=12.0)
    reply = raw(server, server.follower())
    assert reply.delay_s == 12.0
    assert server.document(reply)["errcode"] == 47003


@pytest.mark.parametrize("done", [False, True])
def test_reset_breaks_the_connection_before_or_after_it_was_done(
    server: Server, done: bool
) -> None:
    openid = server.follower()
    begin(server, Ill.RESET, done=done, path=SEND, lasts_s=1.0)
    document = {"touser": openid, "template_id": CALL.id, "client_msg_id": "call-1"}
    body = json.dumps({**document, "data": CALL_DATA}).encode()
    reply = server.ask("POST", SEND, {"access_token": str(server.token)}, body)
    assert reply.reset
    assert len(server.phone()) == done
    server.now_s += 1
    again = server.template(openid, client_msg_id="call-1")
    assert again["errcode"] == (45065 if done else 0)
    assert len(server.phone()) == 1


def test_server_error_is_a_status_and_a_page(server: Server) -> None:
    begin(server, Ill.SERVER_ERROR, status=503)
    reply = raw(server, server.follower())
    assert reply.status == 503
    assert reply.body.startswith(b"<!doctype html>")


def test_answer_that_is_no_json_has_status_200(server: Server) -> None:
    begin(server, Ill.NOT_JSON)
    reply = raw(server, server.follower())
    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith("text/html")


def test_revoked_tokens_are_renewed_by_asking_again(server: Server) -> None:
    openid = server.follower()
    begin(server, Ill.REVOKED, begins_s=server.now_s + 10)
    assert server.template(openid)["errcode"] == 0
    server.now_s += 100
    assert server.template(openid)["errcode"] == 40001
    assert server.template(openid)["errcode"] == 40001
    server.sign_in()
    assert server.template(openid)["errcode"] == 0


def test_revocation_that_is_over_when_somebody_asks_has_happened(server: Server) -> None:
    openid = server.follower()
    begin(server, Ill.REVOKED, begins_s=server.now_s + 10, lasts_s=1.0)
    server.now_s += 100
    server.people.follow("li", server.now_s)
    assert server.template(openid)["errcode"] == 40001


def test_trouble_lasts_from_its_beginning_to_its_end(server: Server) -> None:
    openid = server.follower()
    begin(server, Ill.BUSY, begins_s=server.now_s + 10, lasts_s=20.0)
    codes = {}
    for after_s in (0, 9, 10, 29, 30):
        server.now_s = MORNING_S + after_s
        codes[after_s] = server.template(openid)["errcode"]
    assert codes == {0: 0, 9: 0, 10: -1, 29: -1, 30: 0}


def test_trouble_meets_its_path_only(server: Server) -> None:
    begin(server, Ill.BUSY, path="/cgi-bin/qrcode")
    assert server.code()["errcode"] == -1
    assert server.template(server.follower())["errcode"] == 0


def test_trouble_meets_its_share_of_the_calls_and_counts_them(server: Server) -> None:
    openid = server.follower()
    begin(server, Ill.BUSY, probability=0.3)
    met = [server.template(openid)["errcode"] for _ in range(500)].count(-1)
    assert 100 < met < 200
    assert server.stand_in.troubles.met == {Ill.BUSY: met}


def test_trouble_can_be_ended_before_its_time(server: Server) -> None:
    openid = server.follower()
    busy = Trouble(ill=Ill.BUSY, begins_s=server.now_s, lasts_s=600.0)
    end = server.stand_in.troubles.begin(busy)
    begin(server, Ill.SERVER_ERROR, path="/cgi-bin/qrcode")
    end()
    assert server.template(openid)["errcode"] == 0
    assert server.ask("POST", "/cgi-bin/qrcode/create").status == 502
    server.stand_in.troubles.heal()
    assert "ticket" in server.code()


def test_late_callbacks_begin_later_and_keep_their_content(server: Server) -> None:
    begin(server, Ill.LATE_CALLBACKS, delay_s=30.0)
    server.people.follow("zhang", server.now_s)
    assert server.stand_in.next_deadline() == MORNING_S + 30
    assert server.heard(after_s=29.0) == []
    (said,) = server.heard(after_s=1.0)
    assert f"<CreateTime>{int(MORNING_S)}</CreateTime>" in said


def test_callback_that_lies_ahead_does_not_end_a_trouble(server: Server) -> None:
    openid = server.follower()
    server.template(openid)
    begin(server, Ill.BUSY, lasts_s=0.1, path="/cgi-bin/qrcode")
    server.template(openid)
    assert server.code()["errcode"] == -1


def test_callbacks_are_in_time_again_when_their_trouble_is_over(server: Server) -> None:
    begin(server, Ill.LATE_CALLBACKS, delay_s=30.0, lasts_s=10.0)
    server.now_s += 10
    server.people.follow("zhang", server.now_s)
    assert len(server.heard()) == 1


def test_repeated_callback_comes_again_with_the_same_content(server: Server) -> None:
    begin(server, Ill.REPEATED_CALLBACKS)
    server.people.follow("zhang", server.now_s)
    (first,) = server.heard()
    assert server.heard(after_s=1.0) == [first]
    assert server.heard(after_s=60.0) == []
    assert server.stand_in.next_deadline() is None


def test_repeated_callback_without_an_answer_shows_no_notice(server: Server) -> None:
    server.follower()
    begin(server, Ill.REPEATED_CALLBACKS)
    server.people.say("zhang", "进度", server.now_s)
    (first,) = server.heard()
    again = [server.hear(call) for _ in range(20) for call in server.calls(after_s=1.0)]
    assert again == [first] * 3
    assert server.stand_in.next_deadline() is None
    assert server.phone() == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"lasts_s": 0.0},
        {"lasts_s": LASTS_S_MAX + 1},
        {"probability": 1.1},
        {"delay_s": -1.0},
        {"ill": Ill.DELAY},
        {"ill": Ill.LATE_CALLBACKS},
    ],
)
def test_trouble_beyond_its_bounds_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"is "):
        Trouble(**{"ill": Ill.BUSY, "begins_s": 0.0, "lasts_s": 1.0, **wrong})


def test_troubles_are_bounded(server: Server) -> None:
    for _ in range(TROUBLES_MAX):
        begin(server, Ill.BUSY)
    with pytest.raises(ValueError, match="enough"):
        begin(server, Ill.BUSY)
    server.now_s += 600
    server.code()
    begin(server, Ill.BUSY)


# -- the whole ------------------------------------------------------------------------------


def test_body_beyond_the_bound_is_not_read(server: Server) -> None:
    assert server.ask("POST", SEND, body=b"x" * (BODY_MAX + 1)).status == 413


def test_same_seed_gives_the_same_service() -> None:
    def played(seed: int) -> list[Any]:
        server = Server(seed=seed)
        server.sign_in()
        server.template(server.follower(), client_msg_id="a")
        return [server.token, server.code(), server.calls(after_s=2.0)]

    assert played(7) == played(7)
    assert played(7) != played(8)


@pytest.mark.parametrize("accounts", [[], [ACCOUNT, ACCOUNT]])
def test_stand_in_needs_accounts_of_different_names(accounts: list[Any]) -> None:
    with pytest.raises(ValueError, match="account"):
        StandIn(accounts, Server().stand_in._random)


PATHS = [
    SEND,
    "/cgi-bin/message/subscribe/bizsend",
    "/cgi-bin/message/custom/send",
    "/cgi-bin/qrcode/create",
    "/cgi-bin/menu/create",
    "/cgi-bin/stable_token",
    "/cgi-bin/openapi/quota/get",
]
NAMES = ["touser", "template_id", "data", "url", "msgtype", "text", "action_name", "action_info"]
NAMES += ["scene", "scene_str", "button", "name", "type", "sub_button", "appid", "grant_type"]
TEXTS = st.sampled_from(["text", CALL.id, "QR_STR_SCENE", "click", "client_credential", "", "😀"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.text(max_size=5)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inside: (
        st.lists(inside, max_size=6)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), inside, max_size=5)
    ),
    max_leaves=12,
)


@given(path=st.sampled_from(PATHS), document=DOCUMENTS)
def test_any_document_is_answered_with_json(path: str, document: Any) -> None:
    server = Server()
    token = server.sign_in()
    if isinstance(document, dict) and "touser" in document:
        document["touser"] = server.follower()
    reply = server.ask("POST", path, {"access_token": token}, json.dumps(document).encode())
    assert isinstance(server.document(reply), dict)


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "get", ""]),
    path=st.sampled_from(
        [*PATHS, "/connect/oauth2/authorize", "/cgi-bin/showqrcode", "/sns/oauth2/access_token"]
    )
    | st.text(max_size=5),
    query=st.dictionaries(
        st.sampled_from(["access_token", "appid", "redirect_uri", "state", "code", "ticket"]),
        st.text(max_size=20) | st.just(ACCOUNT.app_id),
    ),
    body=st.binary(max_size=50),
    person=st.none() | st.text(min_size=1, max_size=3),
)
def test_any_request_is_answered(
    method: str, path: str, query: dict[str, str], body: bytes, person: str | None
) -> None:
    request = Request(
        method=method, path=path, query=query, body=body, at_s=MORNING_S, person=person
    )
    assert Server().stand_in.answer(request).status in (200, 302, 404)
