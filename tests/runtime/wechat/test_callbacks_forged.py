"""Requests that WeChat did not make, or not so: refused without a word of why, and nothing changes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocol.values import replace
from protocol.wechat.door import Door
from protocol.wechat.seal import Seal
from runtime.config.model import WeChatMode
from sim.wechat.accounts import Mode
from sim.wechat.exchange import CallbackCall
from sim.wechat.phones import Kind
from tests.runtime.http.rig import PLENTY
from tests.runtime.wechat.office import Office
from tests.sim.wechat.service import ACCOUNT

Opened = Callable[..., Office]

BOMB = b"""<!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><xml><Encrypt>&c;</Encrypt></xml>"""

OUTSIDE = (
    b"""<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><Encrypt>&a;</Encrypt></xml>"""
)


@pytest.fixture
def scanned(office: Office) -> CallbackCall:
    """The callback of a scan that would bind a ticket, not made yet."""
    ticket = office.take()
    assert office.people.scan("zhang", office.code(ticket), office.now_s)
    [call] = office.due()
    return call


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"msg_signature": "0" * 40}, 403),
        ({"msg_signature": None}, 400),
        ({"msg_signature": "x"}, 400),
        ({"nonce": "12345"}, 403),
        ({"nonce": ""}, 400),
        ({"nonce": "é"}, 400),
        ({"timestamp": "1000000000"}, 403),
        ({"timestamp": "+100000000"}, 400),
        ({"timestamp": None}, 400),
        ({"encrypt_type": None}, 403),
        ({"encrypt_type": "raw"}, 403),
        ({"body": b""}, 400),
        ({"body": b"<xml></xml>"}, 400),
        ({"body": b"<xml><Encrypt>AAAA</Encrypt></xml>"}, 403),
        ({"body": b"\xff\xfe<"}, 400),
        ({"body": b"{}"}, 400),
        ({"body": BOMB}, 400),
        ({"body": OUTSIDE}, 400),
        ({f"more{number}": "1" for number in range(16)}, 400),
    ],
)
def test_forged_or_malformed_callback_is_refused_and_changes_nothing(
    office: Office,
    scanned: CallbackCall,
    changes: dict[str, Any],
    status: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = office.post(scanned, **changes)
    assert (answer.status, answer.body) == (
        status,
        {400: b"Bad Request\n", 403: b"Forbidden\n"}[status],
    )
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert office.followings() == []
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    # What was refused is not remembered: the true one is still taken.
    assert office.post(scanned).status == 200
    assert len(office.followings()) == 1


def test_body_over_the_bound_is_refused(office: Office, scanned: CallbackCall) -> None:
    assert office.post(scanned, body=b"<xml>" + b" " * 70_000 + b"</xml>").status == 413
    assert office.followings() == []


def test_field_that_is_in_the_query_twice_is_refused(office: Office, scanned: CallbackCall) -> None:
    twice = scanned.address.partition("?")[2] + "&nonce=1"
    assert office.ask("POST", twice, scanned.body).status == 400
    assert office.followings() == []


def test_query_that_is_no_text_is_refused(office: Office, scanned: CallbackCall) -> None:
    for query in ("%ff=%fe", "nonce=%ff", "encrypt_type=aes&nonce", "encrypt_type=aes;&&=&="):
        assert office.ask("POST", query, scanned.body).status == 400


def test_replay_of_what_was_taken_is_answered_success_and_changes_nothing(
    office: Office, scanned: CallbackCall
) -> None:
    assert office.post(scanned).body != b"success"
    office.cancel(office.followings()[0][0])
    before = len(office.events())
    again = office.post(scanned)
    assert (again.status, again.body) == (200, b"success")
    assert len(office.events()) == before
    assert office.counted()["callback", "repeated"] == 1


def test_replay_after_the_window_is_refused(office: Office, scanned: CallbackCall) -> None:
    office.shift_s = 301.0
    assert office.post(scanned).status == 403
    assert office.followings() == []


def test_callback_of_a_clock_that_is_ahead_is_refused(
    office: Office, scanned: CallbackCall
) -> None:
    office.shift_s = -302.0
    assert office.post(scanned).status == 403
    assert office.followings() == []


def test_callback_of_another_account_is_refused(office: Office, scanned: CallbackCall) -> None:
    foreign = Seal(ACCOUNT.token, ACCOUNT.aes_key, "wxffffffffffffffff")
    timestamp, nonce = scanned.query["timestamp"], scanned.query["nonce"]
    ours = Seal(ACCOUNT.token, ACCOUNT.aes_key, ACCOUNT.app_id)
    plain = ours.open(scanned.body, scanned.query["msg_signature"], timestamp, nonce)
    sealed = foreign.seal_parts(plain, timestamp, nonce)
    answer = office.post(scanned, body=sealed.to_xml(), msg_signature=sealed.signature)
    assert answer.status == 403
    assert office.followings() == []


def test_attempts_at_one_callback_bind_once(office: Office) -> None:
    """WeChat signs each attempt anew; the message in it is the same."""
    ticket = office.take()
    office.people.scan("zhang", office.code(ticket), office.now_s)
    bodies = []
    for _ in range(3):
        [call] = office.due()
        bodies.append(office.post(call).body)
        office.shift_s += 5.0
    assert bodies[0] != b"success"
    assert bodies[1:] == [b"success", b"success"]
    assert len(office.followings()) == 1


def test_attempts_with_the_same_signature_bind_once(office: Office) -> None:
    office.wechat.stand_in.deliveries.same_signature = True
    ticket = office.take()
    office.people.scan("zhang", office.code(ticket), office.now_s)
    [first] = office.due()
    assert office.post(first).status == 200
    office.shift_s += 5.0
    [second] = office.due()
    assert second.query["msg_signature"] == first.query["msg_signature"]
    assert office.post(second).body == b"success"
    assert len(office.followings()) == 1


def test_two_events_of_one_second_are_both_taken(office: Office) -> None:
    """They share sender and time, which is all that WeChat says to tell events apart by."""
    first, second = office.take(), office.take()
    office.follow("zhang")
    second_s = float(int(office.now_s) + 1)
    office.shift_s += 2.0
    for ticket in (first, second):
        office.people.scan("zhang", office.code(ticket), second_s)
    office.shift_s += 1.0
    office.deliver()
    assert [ticket for ticket, _ in office.followings()] == [first, second]


# -- the question whether the address is the account's ---------------------------------------------


def echo_call(office: Office) -> CallbackCall:
    office.wechat.stand_in.connect(office.now_s)
    [call] = office.due()
    return call


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"signature": "0" * 40}, 403),
        ({"signature": None}, 400),
        ({"timestamp": "1000000000"}, 403),
        ({"echostr": "<script>alert(1)</script>"}, 400),
        ({"echostr": ""}, 400),
        ({"echostr": None}, 400),
    ],
)
def test_forged_question_is_refused_and_not_echoed(
    office: Office, changes: dict[str, Any], status: int
) -> None:
    answer = office.post(echo_call(office), **changes)
    assert answer.status == status
    assert b"script" not in answer.body


def test_question_is_answered_once(office: Office) -> None:
    call = echo_call(office)
    assert office.post(call).body == call.query["echostr"].encode()
    assert office.post(call).status == 403


# -- plain mode ------------------------------------------------------------------------------------


def test_plain_callback_is_taken_where_that_is_configured(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    office = opened(mode=WeChatMode.PLAIN, account={"mode": Mode.PLAIN})
    assert "WeChat's plain mode is allowed" in caplog.text
    ticket = office.take()
    assert "已关注号票" in office.scan("zhang", office.code(ticket))


def test_plain_callback_is_refused_in_safe_mode(opened: Opened) -> None:
    office = opened(account={"mode": Mode.PLAIN})
    ticket = office.take()
    office.people.scan("zhang", office.code(ticket), office.now_s)
    assert [answer.status for answer in office.deliver()] == [403]
    assert office.followings() == []


def test_plain_part_of_compatible_mode_is_not_read(opened: Opened) -> None:
    office = opened(account={"mode": Mode.COMPATIBLE})
    ticket, other = office.take(), office.take()
    scene, wrong = office.code(ticket), office.code(other)
    office.people.scan("zhang", scene, office.now_s)
    [call] = office.due()
    assert scene.encode() in call.body
    assert office.post(call, body=call.body.replace(scene.encode(), wrong.encode())).status == 200
    assert [ticket for ticket, _ in office.followings()] == [ticket]


# -- rates and noise -------------------------------------------------------------------------------


def test_callbacks_are_not_bounded_by_the_rate_of_one_address(opened: Opened) -> None:
    limits = replace(PLENTY, address_requests_per_s=0.001, address_requests_burst=3)
    office = opened(limits=limits)
    for number in range(6):
        office.people.follow(f"person {number}", office.now_s)
    assert [answer.status for answer in office.deliver()] == [200] * 6
    statuses = [office.served.ask("GET", "/healthz", token=None).status for _ in range(4)]
    assert statuses[-1] == 429


def test_refusals_are_logged_once_in_a_while_and_counted(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(20):
        office.ask("POST", "nonce=1", b"<xml></xml>")
    assert caplog.text.count("callbacks refused") == 1
    assert office.counted()["callback", "refused"] == 20


def test_error_of_our_own_shows_nothing_and_lets_wechat_try_again(
    office: Office,
    scanned: CallbackCall,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a defect")

    with monkeypatch.context() as patch:
        patch.setattr(Door, "answer", fail)
        answer = office.post(scanned)
    assert (answer.status, answer.body) == (500, b"Internal Server Error\n")
    assert "callback failed kind=followed" in caplog.text
    assert "a defect" in caplog.text
    assert office.post(scanned).body != b"success"
    assert office.counted()["followed", "failed"] == 1


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(st.characters(min_codepoint=33, max_codepoint=126)), body=st.binary())
def test_any_request_is_refused_with_a_word(office: Office, query: str, body: bytes) -> None:
    answer = office.ask("POST", query.replace("#", ""), body)
    assert answer.status in (400, 403)
    assert answer.body in (b"Bad Request\n", b"Forbidden\n")


def test_person_is_shown_no_trouble_by_all_of_that(office: Office) -> None:
    ticket = office.take()
    office.scan("zhang", office.code(ticket))
    office.say("zhang", "进度")
    assert {message.kind for message in office.wechat.phone("zhang")} == {Kind.REPLY}
