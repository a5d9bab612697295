"""Callbacks: how they are signed, when they come again, and what becomes of their answers."""

from __future__ import annotations

import hashlib
from random import Random
from xml.etree import ElementTree

import attrs
import pytest

from protocol.errors import ConfigError
from sim.wechat.accounts import Mode
from sim.wechat.answers import ANSWER_MAX
from sim.wechat.callbacks import ENDED_MAX, TROUBLE_TEXT, Outcome
from sim.wechat.events import element
from sim.wechat.exchange import CallbackCall
from sim.wechat.phones import Kind
from sim.wechat.stand_in import StandIn
from tests.sim.wechat.service import ACCOUNT, MORNING_S, Server

PLAIN = attrs.evolve(ACCOUNT, mode=Mode.PLAIN, aes_key="")
COMPATIBLE = attrs.evolve(ACCOUNT, mode=Mode.COMPATIBLE)


@pytest.fixture
def server() -> Server:
    return Server()


def plain_server() -> Server:
    server = Server(ACCOUNT)
    server.account, server.stand_in = PLAIN, StandIn([PLAIN], Random(1))
    server.people = server.stand_in.people
    return server


def say(server: Server, text: str = "进度") -> CallbackCall:
    server.follower()
    server.people.say("zhang", text, server.now_s)
    (call,) = server.calls()
    return call


def answer(server: Server, call: CallbackCall, body: bytes, status: int | None = 200) -> None:
    server.stand_in.callback_answered(call.id, status, body, server.now_s)


def reply_xml(server: Server, text: str = "前面还有3人", **changes: str) -> bytes:
    parts = {
        "ToUserName": server.people.contact("zhang").openid,
        "FromUserName": server.account.origin,
        "CreateTime": str(int(server.now_s)),
        "MsgType": "text",
        "Content": text,
        **changes,
    }
    return element("xml", {name: part for name, part in parts.items() if part}).encode()


def sealed(server: Server, xml: bytes) -> bytes:
    return server.seal.seal(xml, str(int(server.now_s)), "1234567890")


def outcomes(server: Server) -> list[Outcome]:
    return [ended.outcome for ended in server.stand_in.deliveries.ended]


# -- what a callback looks like -------------------------------------------------------------


def test_callback_goes_to_the_account_with_a_signature_of_the_token(server: Server) -> None:
    call = say(server)
    assert (call.method, call.url, call.attempt) == ("POST", ACCOUNT.callback_url, 1)
    query = call.query
    assert query["timestamp"] == str(int(MORNING_S))
    parts = sorted([ACCOUNT.token, query["timestamp"], query["nonce"]])
    assert query["signature"] == hashlib.sha1("".join(parts).encode()).hexdigest()
    assert query["openid"] == server.people.contact("zhang").openid
    assert call.address.startswith("http://hall.example/wechat?signature=")


def test_safe_callback_shows_nothing_in_the_clear(server: Server) -> None:
    call = say(server, "secret text")
    assert call.query["encrypt_type"] == "aes"
    assert [each.tag for each in ElementTree.fromstring(call.body)] == ["ToUserName", "Encrypt"]
    assert b"secret" not in call.body
    assert "secret text" in server.hear(call)


def test_plain_callback_is_not_encrypted() -> None:
    server = plain_server()
    call = say(server, "in the clear")
    assert b"in the clear" in call.body
    assert "encrypt_type" not in call.query
    answer(server, call, reply_xml(server))
    assert server.phone()[-1].text == "前面还有3人"


def test_compatible_callback_has_both_forms_and_takes_both_answers() -> None:
    server = Server(COMPATIBLE)
    call = say(server, "both </xml> ]]> forms")
    content = {each.tag: each.text for each in ElementTree.fromstring(call.body)}
    assert content["Content"] == "both </xml> ]]> forms"
    assert ElementTree.fromstring(server.hear(call)).findtext("Content") == content["Content"]
    answer(server, call, sealed(server, reply_xml(server, "sealed")))
    answer(server, say(server), reply_xml(server, "bare"))
    assert [message.text for message in server.phone()] == ["sealed", "bare"]


def test_text_is_told_with_sender_time_and_a_number_of_its_own(server: Server) -> None:
    numbers = set()
    for text in ("A010", "<b>&]]>", "a\x00b\ud800c"):
        root = ElementTree.fromstring(server.hear(say(server, text)))
        assert root.findtext("ToUserName") == ACCOUNT.origin
        assert root.findtext("FromUserName") == server.people.contact("zhang").openid
        assert root.findtext("CreateTime") == str(int(MORNING_S))
        assert root.findtext("MsgType") == "text"
        numbers.add(root.findtext("MsgId"))
        assert root.findtext("Content") == text.replace("\x00", "").replace("\ud800", "")
    assert len(numbers) == 3


def test_follow_and_leave_are_told_once(server: Server) -> None:
    for _ in range(2):
        server.people.follow("zhang", server.now_s)
    (followed,) = server.heard()
    assert "<Event><![CDATA[subscribe]]></Event><EventKey><![CDATA[]]></EventKey>" in followed
    for _ in range(2):
        server.people.unfollow("zhang", server.now_s)
    (left,) = server.heard()
    assert "<Event><![CDATA[unsubscribe]]></Event>" in left


def test_openid_stays_when_somebody_leaves_and_comes_back(server: Server) -> None:
    first = server.follower()
    server.people.unfollow("zhang", server.now_s)
    assert server.follower() == first
    assert len(first) == 28


def test_stranger_cannot_write(server: Server) -> None:
    with pytest.raises(LookupError, match="does not follow"):
        server.people.say("stranger", "hello", server.now_s)


@pytest.mark.parametrize("wrong", [{"aes_key": "short"}, {"token": "not a token"}])
def test_account_that_cannot_be_sealed_for_is_refused_at_once(wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        StandIn([attrs.evolve(ACCOUNT, **wrong)], Random(1))


def test_account_without_an_address_is_told_nothing() -> None:
    server = Server(attrs.evolve(ACCOUNT, callback_url=None))
    server.people.follow("zhang", server.now_s)
    assert server.stand_in.next_deadline() is None
    assert server.calls() == []


# -- attempts -------------------------------------------------------------------------------


def test_callback_without_an_answer_comes_three_times_five_seconds_apart(server: Server) -> None:
    calls, times = [say(server)], [server.now_s]
    while (due_s := server.stand_in.next_deadline()) is not None:
        server.now_s = due_s
        made = server.calls()
        calls += made
        times += [due_s] * len(made)
    assert [at_s - MORNING_S for at_s in times] == [0.0, 5.0, 10.0]
    assert server.now_s == MORNING_S + 15
    assert [call.attempt for call in calls] == [1, 2, 3]
    assert len({call.id for call in calls}) == 3
    assert len({call.delivery for call in calls}) == 1
    assert len({server.hear(call) for call in calls}) == 1
    assert len({call.query["nonce"] for call in calls}) == 3
    assert outcomes(server)[-1] is Outcome.GIVEN_UP


def test_callback_that_is_given_up_shows_the_person_a_notice(server: Server) -> None:
    say(server)
    for _ in range(3):
        server.calls(after_s=5.0)
    (message,) = server.phone()
    assert (message.kind, message.text) == (Kind.TROUBLE, TROUBLE_TEXT)


def test_event_that_nobody_waits_on_is_given_up_silently(server: Server) -> None:
    server.follower()
    server.people.unfollow("zhang", server.now_s)
    for _ in range(4):
        server.calls(after_s=5.0)
    assert outcomes(server)[-1] is Outcome.GIVEN_UP
    assert server.phone() == ()


@pytest.mark.parametrize("status", [None, 500, 502, 403])
def test_failed_attempt_is_repeated_when_its_time_is_over(
    server: Server, status: int | None
) -> None:
    call = say(server)
    answer(server, call, b"success", status)
    assert server.calls(after_s=4.9) == []
    (again,) = server.calls(after_s=0.1)
    assert (again.attempt, server.hear(again)) == (2, server.hear(call))
    answer(server, again, b"success")
    assert server.stand_in.next_deadline() is None
    assert outcomes(server)[-1] is Outcome.ANSWERED


def test_answer_after_five_seconds_is_not_heard(server: Server) -> None:
    call = say(server)
    server.now_s += 5.0
    answer(server, call, sealed(server, reply_xml(server)))
    assert server.phone() == ()
    assert [again.attempt for again in server.calls()] == [2]


def test_answer_just_within_five_seconds_is_heard(server: Server) -> None:
    call = say(server)
    server.now_s += 4.99
    answer(server, call, sealed(server, reply_xml(server)))
    assert server.phone()[0].text == "前面还有3人"


def test_late_answer_to_an_earlier_attempt_is_not_heard(server: Server) -> None:
    first = say(server)
    (second,) = server.calls(after_s=5.0)
    answer(server, first, sealed(server, reply_xml(server, "first")))
    answer(server, second, sealed(server, reply_xml(server, "second")))
    answer(server, second, sealed(server, reply_xml(server, "twice")))
    assert [message.text for message in server.phone()] == ["second"]


def test_retries_can_carry_the_first_signature(server: Server) -> None:
    server.stand_in.deliveries.same_signature = True
    first = say(server)
    (second,) = server.calls(after_s=5.0)
    assert second.query == first.query
    assert second.id != first.id


def test_answer_to_an_unknown_attempt_changes_nothing(server: Server) -> None:
    server.stand_in.callback_answered("d99/1", 200, b"success", server.now_s)
    assert outcomes(server) == []


# -- answers --------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"success", b""])
def test_nothing_to_say_is_a_good_answer(server: Server, body: bytes) -> None:
    answer(server, say(server), body)
    assert outcomes(server)[-1] is Outcome.ANSWERED
    assert server.phone() == ()


def test_sealed_text_is_shown_to_the_person(server: Server) -> None:
    answer(server, say(server), sealed(server, reply_xml(server)))
    (message,) = server.phone()
    assert (message.kind, message.text) == (Kind.REPLY, "前面还有3人")
    assert message.app_id == ACCOUNT.app_id


def test_answer_of_another_kind_is_shown_as_its_kind(server: Server) -> None:
    xml = reply_xml(server, MsgType="image", Content="")
    answer(server, say(server), sealed(server, xml))
    assert server.phone()[0].text == "[image]"
    xml = reply_xml(server, MsgType="transfer_customer_service", Content="")
    answer(server, say(server), sealed(server, xml))
    assert len(server.phone()) == 1


BAD_XML = {
    "no_xml": b"<xml>",
    "another_root": b"<html><p>a</p></html>",
    "entity": b'<!DOCTYPE x [<!ENTITY a "b">]><xml><ToUserName>&c;</ToUserName></xml>',
    "json": b'{"errcode": 0}',
    "word": b"SUCCESS",
    "too_large": b"x" * 65_537,
}


@pytest.mark.parametrize("body", BAD_XML.values(), ids=BAD_XML.keys())
def test_answer_that_is_no_message_shows_a_notice_and_is_not_asked_for_again(
    server: Server, body: bytes
) -> None:
    answer(server, say(server), body)
    assert outcomes(server)[-1] is Outcome.BAD_ANSWER
    assert [message.kind for message in server.phone()] == [Kind.TROUBLE]
    assert server.stand_in.next_deadline() is None


@pytest.mark.parametrize(
    "changes",
    [
        {"ToUserName": "o-of-another"},
        {"FromUserName": "gh_another"},
        {"CreateTime": "now"},
        {"CreateTime": ""},
        {"MsgType": "dance"},
        {"MsgType": ""},
        {"Content": ""},
        {"Content": "字" * 683},
    ],
)
def test_sealed_message_with_a_wrong_part_is_a_bad_answer(
    server: Server, changes: dict[str, str]
) -> None:
    call = say(server)
    answer(server, call, sealed(server, reply_xml(server, **changes)))
    assert outcomes(server)[-1] is Outcome.BAD_ANSWER


def test_message_with_an_element_twice_is_a_bad_answer(server: Server) -> None:
    call = say(server)
    twice = reply_xml(server).replace(b"</xml>", b"<MsgType>text</MsgType></xml>")
    answer(server, call, sealed(server, twice))
    assert outcomes(server)[-1] is Outcome.BAD_ANSWER


def test_answer_of_too_many_octets_is_bad_though_its_message_is_good() -> None:
    server = plain_server()
    for spaces, outcome in ((100, Outcome.ANSWERED), (ANSWER_MAX, Outcome.BAD_ANSWER)):
        call = say(server)
        answer(server, call, reply_xml(server) + b" " * spaces)
        assert outcomes(server)[-1] is outcome


def test_bare_answer_in_safe_mode_is_bad(server: Server) -> None:
    call = say(server)
    answer(server, call, reply_xml(server))
    assert outcomes(server)[-1] is Outcome.BAD_ANSWER


def test_answer_sealed_by_somebody_else_is_bad(server: Server) -> None:
    call = say(server)
    other = Server(attrs.evolve(ACCOUNT, token="another"))
    answer(server, call, sealed(other, reply_xml(server)))
    assert outcomes(server)[-1] is Outcome.BAD_ANSWER


# -- the address ----------------------------------------------------------------------------


def test_right_echo_connects_the_address(server: Server) -> None:
    server.stand_in.connect(server.now_s)
    (call,) = server.calls()
    assert (call.method, call.body) == ("GET", b"")
    assert {"signature", "timestamp", "nonce", "echostr"} == set(call.query)
    answer(server, call, call.query["echostr"].encode())
    assert outcomes(server) == [Outcome.ANSWERED]


@pytest.mark.parametrize("body", [b"", b"success", b"0"])
def test_wrong_echo_does_not_connect_it(server: Server, body: bytes) -> None:
    server.stand_in.connect(server.now_s)
    answer(server, server.calls()[0], body)
    assert outcomes(server) == [Outcome.BAD_ANSWER]


# -- bounds ---------------------------------------------------------------------------------


def test_callbacks_beyond_the_bound_are_lost_and_counted(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim.wechat.callbacks.WAITING_MAX", 3)
    for name in "abcde":
        server.people.follow(name, server.now_s)
    assert server.stand_in.deliveries.lost == 2
    assert len(server.heard()) == 3
    server.people.follow("f", server.now_s)
    assert len(server.heard()) == 1


def test_remembered_ends_are_bounded(server: Server) -> None:
    for number in range(ENDED_MAX + 5):
        server.follower(f"p{number}")
    assert len(outcomes(server)) == ENDED_MAX
