"""The pusher between a hall's journal and somebody who sends pushes."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from actors.hall.actor import ReadState, StateRead
from actors.pusher import (
    ALARM_AFTER_S,
    ANSWER_MAX_S,
    ON_THEIR_WAY_MAX,
    PAUSE_FIRST_S,
    PAUSE_MAX_S,
    REPORT_AGAIN_S,
    PusherActor,
)
from protocol.answers import Accepted, Reason, Rejected
from protocol.commands import BeginDay, CallNext, CancelTicket, TakeTicket
from protocol.hours import ALWAYS
from protocol.ids import FollowerId, TicketId
from protocol.messages import (
    ClearAlarm,
    PushAnswered,
    RaiseAlarm,
    Recorded,
    Submit,
    Subscribe,
)
from protocol.push_commands import FollowTicket, ReportPush
from protocol.push_events import PushDue
from protocol.pushes import PushKind, PushOutcome, PushResult, PushSpec
from protocol.values import replace
from tests.actors.conftest import ClockRig, SimRig
from tests.actors.hall.conftest import EN, ONE, VAT, Book, hall_spec
from tests.actors.recorders import Ear, RecorderActor

pytestmark = pytest.mark.parametrize("rig", [SimRig, ClockRig], indirect=True)

NEAR, CALL, _ = PushKind


class Sender(Ear):
    """Notes what is to be sent."""

    def send(self, push: PushDue, reply_to: Any) -> None:
        self.append(push)
        self.reply_to = reply_to


class Stage:
    """A pusher; a book in place of the hall, recorders in place of the others."""

    def __init__(self, rig: Any, **pushes: Any) -> None:
        self.rig = rig
        self.book = Book(hall_spec(pushes=PushSpec(**pushes)))
        self.book.now = rig.world.now()
        self.hall, self.alarms, self.sender = Ear(), Ear(), Sender()
        self.ids = count()
        spawn = rig.world.spawn
        hall = spawn("hall", RecorderActor, self.hall)
        alarms = spawn("alarms", RecorderActor, self.alarms)
        spec = self.book.state.spec
        self.pusher = spawn("hall/HZ01/pusher", PusherActor, spec, hall, alarms, self.sender)

    def ready(self) -> Stage:
        self.pusher.tell(StateRead(state=self.book.state))
        self.rig.run()
        return self

    def do(self, kind: Any, **parts: Any) -> Any:
        """Have the hall carry out a command and tell the pusher."""
        self.book.now = self.rig.world.now()
        id = parts.pop("id", f"c{next(self.ids)}")
        events = self.book.do(kind(id=id, **parts))
        assert not isinstance(events, Rejected), events
        for seq, event in enumerate(events, start=self.book.state.seq - len(events) + 1):
            self.pusher.tell(Recorded(seq=seq, event=event))
        self.rig.run()
        return events

    def follow(self, name: str = "zhang") -> TicketId:
        """Take a ticket and follow it."""
        ticket: TicketId = self.do(TakeTicket, service=VAT, language=EN)[-1].ticket
        self.do(FollowTicket, ticket=ticket, follower=FollowerId(name))
        return ticket

    def answer(self, push: PushDue, result: PushResult, **more: Any) -> None:
        self.pusher.tell(PushAnswered(push=push.push, result=result, **more))
        self.rig.run()

    def reports(self) -> list[ReportPush]:
        return [submit.command for submit in self.hall.of(Submit)]

    def note(self, report: ReportPush) -> None:
        """Have the hall note a report, as it would."""
        parts = {name: getattr(report, name) for name in ("id", "ticket", "push", "outcome")}
        self.do(ReportPush, **parts)

    def kinds(self) -> list[PushKind]:
        return [push.kind for push in self.sender]


@pytest.fixture
def stage(rig: Any) -> Stage:
    return Stage(rig).ready()


def test_start_listens_and_reads_the_state(rig: Any) -> None:
    stage = Stage(rig)
    rig.run()
    assert stage.hall.of(Subscribe)
    assert stage.hall.of(ReadState)


def test_push_that_is_due_is_sent_and_reported(stage: Stage) -> None:
    ticket = stage.follow()
    [push] = stage.sender
    assert (push.kind, push.ticket, push.language) == (NEAR, ticket, EN)
    assert not stage.reports()
    stage.answer(push, PushResult.SENT)
    [report] = stage.reports()
    assert (report.push, report.ticket, report.outcome) == (push.push, ticket, PushOutcome.SENT)
    stage.note(report)
    stage.do(CallNext, counter=ONE)
    assert stage.kinds() == [NEAR, CALL]


def test_what_was_due_before_the_start_is_sent(rig: Any) -> None:
    stage = Stage(rig)
    stage.follow()
    assert not stage.sender
    stage.ready()
    assert stage.kinds() == [NEAR]


def test_later_is_sent_again_after_a_growing_pause(stage: Stage) -> None:
    stage.follow()
    pause_s = PAUSE_FIRST_S
    for times in range(1, 5):
        assert len(stage.sender) == times
        stage.answer(stage.sender[-1], PushResult.LATER, detail="busy")
        stage.rig.run(pause_s * 0.7)
        assert len(stage.sender) == times
        stage.rig.run(pause_s * 0.6)
        pause_s *= 2
    assert len({push.push for push in stage.sender}) == 1
    assert not stage.reports()


def test_nothing_else_is_sent_during_the_pause_that_was_asked_for(stage: Stage) -> None:
    stage.follow()
    stage.answer(stage.sender[0], PushResult.LATER, pause_s=45.0)
    stage.follow("zhao")
    stage.rig.run(44)
    assert len(stage.sender) == 1
    stage.rig.run(2)
    assert [push.follower for push in stage.sender] == ["zhang", "zhang", "zhao"]


def test_calls_go_before_turns_that_come_near(stage: Stage) -> None:
    stage.follow()
    stage.answer(stage.sender[0], PushResult.LATER, pause_s=10.0)
    stage.follow("zhao")
    stage.do(CallNext, counter=ONE)
    stage.rig.run(11)
    assert [(push.kind, push.follower) for push in stage.sender[1:]] == [
        (CALL, "zhang"),
        (NEAR, "zhao"),
    ]


def test_push_that_the_hall_has_ended_is_not_sent(stage: Stage) -> None:
    ticket = stage.follow()
    stage.answer(stage.sender[0], PushResult.LATER, pause_s=10.0)
    stage.do(CancelTicket, ticket=ticket)
    stage.rig.run(20)
    assert len(stage.sender) == 1
    assert not stage.reports()


def test_push_that_is_stale_when_its_turn_comes_is_reported(rig: Any) -> None:
    stage = Stage(rig, near_within_s=300.0).ready()
    stage.follow()
    stage.answer(stage.sender[0], PushResult.LATER, pause_s=301.0)
    rig.run(302)
    [report] = stage.reports()
    assert report.outcome is PushOutcome.STALE
    assert "300" in report.detail
    assert len(stage.sender) == 1


def test_push_whose_time_is_over_on_its_way_is_not_sent_again(rig: Any) -> None:
    stage = Stage(rig, near_within_s=30.0).ready()
    stage.follow()
    rig.run(31)
    assert not stage.reports()
    stage.answer(stage.sender[0], PushResult.LATER)
    assert [report.outcome for report in stage.reports()] == [PushOutcome.STALE]


def test_silent_call_is_given_up_in_time_though_nothing_may_be_sent(rig: Any) -> None:
    stage = Stage(rig, silent_within_s=15.0, silent=ALWAYS).ready()
    stage.follow()
    stage.answer(stage.sender[0], PushResult.LATER, pause_s=3600.0)
    stage.do(CallNext, counter=ONE)
    rig.run(14)
    assert not stage.reports()
    rig.run(2)
    [report] = stage.reports()
    stage.note(report)
    assert type(stage.book.events[-1]).__name__ == "CallVoiced"


def test_silent_call_of_which_nobody_knows_whether_it_was_sent_is_given_up(rig: Any) -> None:
    stage = Stage(rig, silent_within_s=15.0, silent=ALWAYS).ready()
    stage.follow()
    stage.do(CallNext, counter=ONE)
    assert stage.kinds() == [NEAR, CALL]
    rig.run(16)
    assert [report.outcome for report in stage.reports()] == [PushOutcome.STALE]


def test_bounded_many_are_on_their_way_at_once(stage: Stage) -> None:
    services = stage.book.state.spec.services
    services = {**services, VAT: replace(services[VAT], lead=100)}
    stage.book.state = replace(
        stage.book.state, spec=replace(stage.book.state.spec, services=services)
    )
    for number in range(ON_THEIR_WAY_MAX + 5):
        stage.follow(f"f{number}")
    assert len(stage.sender) == ON_THEIR_WAY_MAX
    for push in list(stage.sender):
        stage.answer(push, PushResult.SENT)
    assert len(stage.sender) == ON_THEIR_WAY_MAX + 5


def test_push_without_an_answer_is_sent_again(stage: Stage) -> None:
    stage.follow()
    stage.rig.run(ANSWER_MAX_S + PAUSE_MAX_S)
    assert len(stage.sender) == 2
    assert stage.sender[0].push == stage.sender[1].push


def test_late_answer_of_a_push_that_ended_says_nothing(stage: Stage) -> None:
    ticket = stage.follow()
    stage.do(CancelTicket, ticket=ticket)
    stage.answer(stage.sender[0], PushResult.SENT)
    assert not stage.reports()


def test_unreachable_follower_is_reported_as_gone(stage: Stage) -> None:
    stage.follow()
    stage.answer(stage.sender[0], PushResult.UNREACHABLE, detail="has left")
    [report] = stage.reports()
    assert (report.outcome, report.unfollow, report.detail) == (
        PushOutcome.REFUSED,
        True,
        "has left",
    )


def test_report_that_could_not_be_written_is_sent_again(stage: Stage) -> None:
    stage.follow()
    stage.answer(stage.sender[0], PushResult.SENT)
    [report] = stage.reports()
    refused = Rejected(command=report.id, reason=Reason.NOT_DURABLE, detail="disk full")
    stage.pusher.tell(refused)
    stage.rig.run(REPORT_AGAIN_S + 1)
    assert stage.reports() == [report, report]
    stage.pusher.tell(Accepted(command=report.id, events=()))
    stage.rig.run(REPORT_AGAIN_S + 1)
    assert len(stage.reports()) == 2


def test_alarm_when_nothing_can_be_sent_for_long_ends_with_the_first_that_is(stage: Stage) -> None:
    stage.follow()
    waited_s = 0.0
    while waited_s < ALARM_AFTER_S + PAUSE_MAX_S:
        assert not stage.alarms.of(RaiseAlarm) or waited_s >= ALARM_AFTER_S
        stage.answer(stage.sender[-1], PushResult.LATER, detail="busy")
        stage.rig.run(30)
        waited_s += 30
    [alarm] = {alarm.alarm for alarm in stage.alarms.of(RaiseAlarm)}
    assert alarm == "pushes/HZ01"
    stage.answer(stage.sender[-1], PushResult.SENT)
    assert [cleared.alarm for cleared in stage.alarms.of(ClearAlarm)] == [alarm]


def test_template_that_is_wrong_raises_the_alarm_at_once(stage: Stage) -> None:
    stage.follow()
    stage.answer(stage.sender[0], PushResult.MISCONFIGURED, detail="no such template")
    [alarm] = stage.alarms.of(RaiseAlarm)
    assert "no such template" in alarm.detail
    assert stage.reports()[0].outcome is PushOutcome.REFUSED


def test_new_day_forgets_what_was_to_be_sent(rig: Any) -> None:
    stage = Stage(rig, near_within_s=7 * 24 * 3600.0).ready()
    stage.follow()
    stage.answer(stage.sender[0], PushResult.LATER, pause_s=48 * 3600.0)
    stage.rig.run(24 * 3600)
    stage.do(BeginDay)
    stage.rig.run(25 * 3600)
    assert len(stage.sender) == 1
    assert not stage.reports()
