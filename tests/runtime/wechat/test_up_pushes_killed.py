"""The process dies between sending a push and noting that: the push is repeated, and shown once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from protocol.push_events import PushDue
from tests.runtime.reactor_thread import ReactorThread
from tests.runtime.running_hall import RunningHall, wait_until
from tests.runtime.wechat.running_office import SEND, RunningOffice

Start = Callable[..., RunningHall]

NEVER_S = 40.0
"""WeChat takes a message, and says so after so long: after the process's death."""


@pytest.fixture
def office(start: Start, reactor_thread: ReactorThread, tmp_path: Path) -> Iterator[RunningOffice]:
    office = RunningOffice(start, reactor_thread, tmp_path)
    yield office
    office.wechat.stop()


def ids(sent: list[dict[str, Any]]) -> list[str]:
    """Return which messages were sent."""
    return [each["client_msg_id"] for each in sent]


def test_push_that_was_sent_and_not_noted_is_repeated_and_shown_once(office: RunningOffice) -> None:
    hall = office.hall
    tickets = [hall.take(kiosk="k1", language="zh") for _ in range(2)]
    for person, ticket in zip(("张三", "李四"), tickets, strict=True):
        office.follow(person, ticket)
    # Both are near at once; these two are sent, answered and noted.
    wait_until(lambda: len(office.ends_of_pushes()) == 2, what="two pushes that are noted")
    assert [outcome for _, outcome in office.ends_of_pushes()] == ["sent", "sent"]
    noted = set(ids(office.sent))

    office.wechat.trouble("delay", delay_s=NEVER_S, path=SEND)
    hall.at_counter("1", "next")
    wait_until(lambda: len(office.told("张三")) == 2, what="the call on the phone")
    hall.kill()
    calls = [push.push for push in office.events(PushDue) if push.kind.value == "call"]
    assert len(calls) == 1
    assert calls[0] not in dict(office.ends_of_pushes())
    before = len(office.sent)

    office.wechat.on_reactor(office.wechat.model.troubles.heal)
    office.start()
    wait_until(lambda: calls[0] in dict(office.ends_of_pushes()), what="the call's end")
    assert dict(office.ends_of_pushes())[calls[0]] == "sent"
    again = ids(office.sent[before:])
    assert len(again) == 1, "one push is repeated, and none that was noted"
    assert again[0].endswith(calls[0])
    assert again[0] not in noted
    assert max(Counter(ids(office.sent)).values()) == 2
    # WeChat knows the id, and shows nobody anything twice.
    assert [len(office.told(person)) for person in ("张三", "李四")] == [2, 1]
    assert office.hall.end() == 0
    assert len(office.sent) == before + 1


def test_push_that_was_due_and_not_sent_is_sent_after_the_start(office: RunningOffice) -> None:
    hall = office.hall
    ticket = hall.take(kiosk="k1", language="zh")
    office.wechat.trouble("busy", path=SEND)
    office.follow("张三", ticket)
    office.wait_sent(1)
    hall.kill()
    assert office.ends_of_pushes() == []
    office.wechat.on_reactor(office.wechat.model.troubles.heal)
    office.start()
    [told] = wait_until(lambda: office.told("张三"), what="the push")
    assert ticket["number"] in told.text
    wait_until(lambda: len(office.ends_of_pushes()) == 1, what="its end")
    assert office.hall.end() == 0
