"""Halls that are slow, full or away: a callback is answered in time all the same."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from sim.journal import MemoryJournal
from sim.wechat.phones import Kind
from tests.runtime.wechat.office import HeldJournal, Office

Opened = Callable[..., Office]

BOUND_S = 0.05
"""In place of three seconds."""

TRIES_S = 5.0


def test_hall_whose_journal_does_not_commit_is_not_waited_for(opened: Opened) -> None:
    journal = HeldJournal()
    office = opened(journal=journal, answer_s=BOUND_S)
    ticket = office.take()
    scene = office.code(ticket)
    journal.holds = True
    office.people.scan("zhang", scene, office.now_s)
    began_s = time.monotonic()
    [answer] = office.deliver()
    assert BOUND_S <= time.monotonic() - began_s < 4.0
    assert (answer.status, answer.body) == (200, b"success")
    assert office.counted()["followed", "late"] == 1
    assert office.followings() == []
    # The work went on: once the disk answers, the ticket is followed.
    office.served.call(journal.let_go)
    office.wait_until(lambda: office.callbacks.under_way == 0)
    assert [followed for followed, _ in office.followings()] == [ticket]


def test_repeat_while_a_hall_is_slow_changes_nothing(opened: Opened) -> None:
    journal = HeldJournal()
    office = opened(journal=journal, answer_s=BOUND_S)
    scene = office.code(office.take())
    journal.holds = True
    office.people.scan("zhang", scene, office.now_s)
    [first] = office.due()
    office.shift_s += 5.0
    [second] = office.due()
    assert [office.post(call).body for call in (first, second, first)] == [b"success"] * 3
    assert office.callbacks.under_way == 1
    office.served.call(journal.let_go)
    office.wait_until(lambda: office.callbacks.under_way == 0)
    assert len(office.followings()) == 1


def test_hall_that_never_answers_is_given_up_in_the_end(opened: Opened) -> None:
    journal = HeldJournal()
    office = opened(journal=journal, answer_s=0.01, work_s=0.02)
    scene = office.code(office.take())
    journal.holds = True
    office.people.scan("zhang", scene, office.now_s)
    office.deliver()
    office.wait_until(lambda: office.callbacks.under_way == 0)
    # Whatever it says after that is heard by nobody, and harms nobody.
    office.served.call(journal.let_go)
    assert len(office.followings()) == 1


def test_what_a_hall_takes_back_after_the_answer_is_tried_again(opened: Opened) -> None:
    journal = HeldJournal()
    office = opened(journal=journal, answer_s=BOUND_S, retry_s=BOUND_S)
    ticket = office.take()
    scene = office.code(ticket)
    journal.holds = True
    office.people.scan("zhang", scene, office.now_s)
    assert [answer.body for answer in office.deliver()] == [b"success"]
    office.served.call(journal.fail_next, 2)
    office.served.call(journal.let_go)
    office.wait_until(lambda: office.callbacks.under_way == 0)
    assert [followed for followed, _ in office.followings()] == [ticket]


def test_what_a_hall_takes_back_for_ever_is_given_up(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    journal = HeldJournal()
    office = opened(journal=journal, answer_s=0.01, retry_s=1_000.0, work_s=0.2)
    scene = office.code(office.take())
    journal.holds = True
    office.people.scan("zhang", scene, office.now_s)
    office.deliver()
    office.served.call(journal.fail_next, 1_000)
    office.served.call(journal.let_go)
    office.wait_until(lambda: office.callbacks.under_way == 0)
    assert office.followings() == []
    assert "callback was not carried out kind=followed" in caplog.text


def test_disk_that_is_full_lets_wechat_try_again(opened: Opened) -> None:
    journal = MemoryJournal()
    office = opened(journal=journal)
    ticket = office.take()
    scene = office.code(ticket)
    office.people.scan("zhang", scene, office.now_s)
    office.served.call(journal.fail_next)
    assert [answer.status for answer in office.deliver()] == [503]
    assert office.followings() == []
    office.shift_s += TRIES_S
    assert [answer.status for answer in office.deliver()] == [200]
    assert [followed for followed, _ in office.followings()] == [ticket]
    assert "已关注号票" in office.shown("zhang")


def test_attempt_with_the_same_signature_after_a_failure_is_carried_out(opened: Opened) -> None:
    journal = MemoryJournal()
    office = opened(journal=journal)
    office.wechat.stand_in.deliveries.same_signature = True
    scene = office.code(office.take())
    office.people.scan("zhang", scene, office.now_s)
    office.served.call(journal.fail_next)
    assert [answer.status for answer in office.deliver()] == [503]
    office.shift_s += TRIES_S
    assert [answer.status for answer in office.deliver()] == [200]
    assert len(office.followings()) == 1


def test_unfollow_that_was_not_durable_is_tried_again(opened: Opened) -> None:
    journal = MemoryJournal()
    office = opened(journal=journal)
    ticket = office.take()
    office.scan("zhang", office.code(ticket))
    office.people.unfollow("zhang", office.now_s)
    office.served.call(journal.fail_next)
    assert [answer.status for answer in office.deliver()] == [503]
    office.shift_s += TRIES_S
    assert [answer.body for answer in office.deliver()] == [b"success"]
    assert office.followings()[-1] == (ticket, None)


def test_hall_that_is_gone_is_said_to_be_away_or_asked_again(office: Office) -> None:
    scene = office.code(office.take())
    office.follow("zhang")
    hall = office.served.hall
    office.served.call(lambda: hall.stop(block=False))
    office.wait_until(lambda: not hall.is_alive())
    shown = office.say("zhang", "进度")
    assert "大厅系统暂时没有回应" in shown
    assert "大厅系统暂时没有回应" in office.say("zhang", "A001")
    office.people.scan("zhang", scene, office.now_s)
    assert [answer.status for answer in office.deliver()] == [503]


def test_failure_after_the_answer_is_logged(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    journal = HeldJournal()
    office = opened(journal=journal, answer_s=BOUND_S)
    scene = office.code(office.take())
    journal.holds = True
    office.people.scan("zhang", scene, office.now_s)
    office.deliver()
    office.served.call(office.callbacks.stop)
    assert office.callbacks.under_way == 0
    assert "callback was not carried out kind=followed" in caplog.text
    assert office.people.contact("zhang").openid not in caplog.text


def test_callbacks_beyond_the_bound_come_again(opened: Opened) -> None:
    journal = HeldJournal()
    office = opened(journal=journal, answer_s=BOUND_S, under_way_max=1)
    scene = office.code(office.take())
    journal.holds = True
    office.people.scan("zhang", scene, office.now_s)
    office.deliver()
    office.people.follow("li", office.now_s)
    assert [answer.status for answer in office.deliver()] == [503]
    office.served.call(journal.let_go)
    office.wait_until(lambda: office.callbacks.under_way == 0)
    office.shift_s += TRIES_S
    assert [answer.status for answer in office.deliver()] == [200]
    assert office.wechat.phone("li")[-1].kind is Kind.REPLY
