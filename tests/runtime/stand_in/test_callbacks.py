"""Callbacks over real sockets: sealed, in time, again with the same id, and to this machine alone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from runtime.stand_in.caller import ANSWER_MAX
from tests.runtime.running_hall import wait_until
from tests.runtime.stand_in.rig import AccountServer, ServedStandIn, free_port
from tests.sim.wechat.service import CALL, CALL_DATA

TEXT = "排队进度"


def outcomes(stand_in: ServedStandIn) -> list[tuple[str, int]]:
    return [(each["outcome"], each["attempts"]) for each in stand_in.state()["callbacks"]]


def said(stand_in: ServedStandIn, text: str = TEXT) -> None:
    """Have somebody follow who writes then; the follow is heard first."""
    people = stand_in.model.people
    stand_in.act(people.follow, "张三")
    wait_until(lambda: len(outcomes(stand_in)) == 1, what="that they follow is heard")
    stand_in.act(people.say, "张三", text)


def test_callback_arrives_sealed_and_its_answer_on_the_phone(
    serve: Callable[..., ServedStandIn], account_server: AccountServer
) -> None:
    stand_in = serve(callback_url=account_server.url)
    openid = stand_in.on_reactor(lambda: stand_in.model.people.contact("张三").openid)
    plain = (
        f"<xml><ToUserName>{openid}</ToUserName><FromUserName>{stand_in.account.origin}"
        "</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType>"
        "<Content>前面还有3人</Content></xml>"
    )
    sealed = account_server.seal.seal(plain.encode(), "1795482000", "nonce")
    account_server.answers.extend([(200, b"success"), (200, sealed)])
    said(stand_in)
    follow, text = account_server.wait_heard(2)
    assert (follow.method, follow.query["openid"]) == ("POST", openid)
    assert follow.headers["Content-Type"] == "text/xml"
    assert "<Event><![CDATA[subscribe]]>" in follow.plain
    assert f"<Content><![CDATA[{TEXT}]]>" in text.plain
    wait_until(lambda: stand_in.phone("张三"), what="the reply")
    assert [message.text for message in stand_in.phone("张三")] == ["前面还有3人"]


@pytest.mark.parametrize("failure", [(500, b""), None, 30.0])
def test_failed_callback_comes_again_with_the_same_id(
    serve: Callable[..., ServedStandIn],
    account_server: AccountServer,
    failure: tuple[int, bytes] | float | None,
) -> None:
    stand_in = serve(callback_url=account_server.url, pace=20.0)
    said(stand_in)
    account_server.wait_heard(2)
    account_server.heard.clear()
    account_server.answers.append(failure)
    stand_in.act(stand_in.model.people.say, "张三", "again")
    first, second = account_server.wait_heard(2)[:2]
    assert first.plain == second.plain
    assert "again" in first.plain
    assert re.search(r"<MsgId>\d+</MsgId>", first.plain)
    assert first.query["msg_signature"] != second.query["msg_signature"]


def test_callback_that_nobody_answers_is_given_up_after_three_attempts(
    serve: Callable[..., ServedStandIn],
) -> None:
    stand_in = serve(callback_url=f"http://127.0.0.1:{free_port()}/wechat", pace=50.0)
    stand_in.act(stand_in.model.people.follow, "张三")
    wait_until(lambda: outcomes(stand_in), what="the end of it")
    assert outcomes(stand_in) == [("given_up", 3)]
    assert [message.kind for message in stand_in.phone("张三")] == ["trouble"]


def test_answer_that_is_too_long_is_no_answer(
    serve: Callable[..., ServedStandIn], account_server: AccountServer
) -> None:
    stand_in = serve(callback_url=account_server.url, pace=50.0)
    account_server.answers.extend([(200, b"x" * (ANSWER_MAX + 1))] * 3)
    stand_in.act(stand_in.model.people.follow, "张三")
    wait_until(lambda: outcomes(stand_in), what="the end of it")
    assert outcomes(stand_in) == [("given_up", 3)]


def test_address_is_asked_for_its_echo(
    serve: Callable[..., ServedStandIn], account_server: AccountServer
) -> None:
    stand_in = serve(callback_url=account_server.url)
    stand_in.act(stand_in.model.connect)
    (asked,) = account_server.wait_heard(1)
    assert asked.method == "GET"
    wait_until(lambda: outcomes(stand_in), what="the end of it")
    assert outcomes(stand_in) == [("answered", 1)]


def test_end_of_a_template_is_told_after_it_was_sent(
    serve: Callable[..., ServedStandIn], account_server: AccountServer
) -> None:
    stand_in = serve(callback_url=account_server.url, pace=5.0)
    stand_in.act(stand_in.model.people.follow, "张三")
    account_server.wait_heard(1)
    openid = stand_in.on_reactor(lambda: stand_in.model.people.contact("张三").openid)
    body = {"touser": openid, "template_id": CALL.id, "data": CALL_DATA}
    sent = stand_in.ask(
        "POST", "/cgi-bin/message/template/send", body, access_token=stand_in.token()
    ).document
    _, ended = account_server.wait_heard(2)
    assert f"<MsgID>{sent['msgid']}</MsgID><Status><![CDATA[success]]>" in ended.plain


def test_many_callbacks_at_once_all_arrive(
    serve: Callable[..., ServedStandIn], account_server: AccountServer
) -> None:
    stand_in = serve(callback_url=account_server.url)

    def all_follow() -> None:
        for number in range(130):
            stand_in.model.people.follow(f"n{number}", stand_in.clock.now())
        stand_in.server.wake()

    stand_in.on_reactor(all_follow)
    heard = account_server.wait_heard(130)
    assert len({each.query["openid"] for each in heard}) == 130


def test_callback_to_another_machine_is_not_made(serve: Callable[..., ServedStandIn]) -> None:
    stand_in = serve(callback_url="http://192.0.2.1/wechat", pace=50.0)
    stand_in.act(stand_in.model.people.follow, "张三")
    wait_until(lambda: outcomes(stand_in), what="the end of it")
    assert outcomes(stand_in) == [("given_up", 3)]
