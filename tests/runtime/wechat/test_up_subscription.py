"""Pushes as subscription notifications: with a consent they come, without one nobody tries again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from protocol.push_events import CallVoiced, PushDue, PushEnded
from protocol.pushes import PushKind, PushOutcome
from sim.wechat.phones import Kind
from tests.runtime.reactor_thread import ReactorThread
from tests.runtime.running_hall import RunningHall, wait_until
from tests.runtime.wechat.running_office import RunningOffice
from tests.sim.wechat.service import CALL

Start = Callable[..., RunningHall]


def silently(file: str) -> str:
    """Return the file of a hall that calls silently for its first service, and tells calls alone."""
    return file.replace('id = "declare"\n', 'id = "declare"\nsilent = true\nlead = 0\n', 1)


@pytest.fixture
def office(start: Start, reactor_thread: ReactorThread, tmp_path: Path) -> Iterator[RunningOffice]:
    office = RunningOffice(
        start, reactor_thread, tmp_path, channel="subscription", changes=silently
    )
    yield office
    office.wechat.stop()


def test_push_comes_as_a_notification_after_consent(office: RunningOffice) -> None:
    hall = office.hall
    ticket = hall.take(kiosk="k1", language="zh")
    office.follow("张三", ticket)
    office.wechat.act(office.wechat.model.people.consent, "张三", CALL.id)
    with hall.stream() as stream:
        hall.at_counter("1", "next")
        [told] = wait_until(lambda: office.told("张三", kind=Kind.NOTIFICATION), what="the call")
        assert ticket["number"] in told.text
        assert told.link is not None
        assert ticket["id"] in told.link
        wait_until(lambda: office.events(PushEnded), what="its end")
        [ended] = office.events(PushEnded)
        assert ended.outcome is PushOutcome.SENT
        assert stream.of("announcement") == []
    assert office.events(CallVoiced) == []
    contact = office.wechat.on_reactor(lambda: office.wechat.model.people.contact("张三"))
    assert contact.consents == {CALL.id: 0}
    assert hall.end() == 0


def test_without_consent_it_is_not_tried_again_and_a_silent_call_is_said_aloud(
    office: RunningOffice,
) -> None:
    hall = office.hall
    ticket = hall.take(kiosk="k1", language="zh")
    office.follow("张三", ticket)
    with hall.stream() as stream:
        hall.at_counter("1", "next")
        wait_until(lambda: stream.of("announcement"), what="an announcement")
        assert stream.of("announcement")[0]["number"] == ticket["number"]
    [due] = office.events(PushDue)
    assert (due.kind, due.silent) == (PushKind.CALL, True)
    wait_until(lambda: office.events(PushEnded), what="its end")
    [ended] = office.events(PushEnded)
    assert ended.outcome is PushOutcome.REFUSED
    assert "43101" in ended.detail
    [voiced] = office.events(CallVoiced)
    assert voiced.number == ticket["number"]
    assert office.told("张三", kind=Kind.NOTIFICATION) == []
    # The next push is another one, and is tried: a consent may have come meanwhile.
    office.wechat.act(office.wechat.model.people.consent, "李四", CALL.id)
    other = hall.take(kiosk="k1", language="zh")
    office.follow("李四", other)
    hall.at_counter("1", "next")
    wait_until(lambda: office.told("李四", kind=Kind.NOTIFICATION), what="the other's call")
    assert len(office.sent) == 2, "the first push was sent once"
    assert hall.end() == 0


def test_consent_that_is_used_up_lets_the_next_call_be_said_aloud(office: RunningOffice) -> None:
    hall = office.hall
    office.wechat.act(office.wechat.model.people.consent, "张三", CALL.id)
    for _ in range(2):
        office.follow("张三", hall.take(kiosk="k1", language="zh"))
    with hall.stream() as stream:
        hall.at_counter("1", "next")
        wait_until(lambda: office.told("张三", kind=Kind.NOTIFICATION), what="the first call")
        hall.at_counter("1", "next")
        wait_until(lambda: stream.of("announcement"), what="an announcement")
        assert [each["number"] for each in stream.of("announcement")] == ["A002"]
    assert len(office.told("张三", kind=Kind.NOTIFICATION)) == 1
    assert hall.end() == 0


def test_demo_hall_tells_by_notifications_where_that_is_chosen(start: Start) -> None:
    hall = start("--wechat", "--pushes", "subscription")
    phones = re.search(r"http://127\.0\.0\.1:(\d+)/phones", hall.said)
    assert phones is not None
    stand_in = HTTPConnection("127.0.0.1", int(phones[1]), timeout=10)

    def ask(method: str, path: str, body: Any = None) -> Any:
        sent = None if body is None else json.dumps(body)
        stand_in.request(method, quote(path), sent, {"Content-Type": "application/json"})
        response = stand_in.getresponse()
        content = json.loads(response.read())
        assert response.status == 200, content
        return content

    ticket = hall.take(kiosk="k1", language="zh")
    code = wait_until(lambda: ask("GET", "/phones/state")["codes"], what="a code")[0]
    assert {each["id"] for each in ask("GET", "/phones/state")["notifications"]} == {"near", "call"}
    for template in ("near", "call"):
        ask("POST", "/phones/李四/consent", {"template": template})
    ask("POST", "/phones/李四/scan", {"code": code["ticket"]})
    wait_until(lambda: hall.ticket(ticket["id"])["followed"], what="a follower")
    hall.at_counter("1", "next")

    def told() -> list[Any]:
        people = {each["name"]: each for each in ask("GET", "/phones/state")["people"]}
        return [each for each in people["李四"]["messages"] if each["kind"] == "notification"]

    wait_until(lambda: len(told()) == 2, what="both notifications")
    stand_in.close()
    assert hall.end() == 0
    assert "Traceback" not in hall.logged
