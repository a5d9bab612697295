"""The hall's actor: nothing is said before it is durable, and nothing durable is lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from actors.hall import actor as hall_actor
from actors.hall.actor import SNAPSHOT_EVENTS, HallActor, HallAudience, ReadState
from actors.hall.apply import apply_all
from actors.hall.state import HallState
from actors.ports import CommitFailed, Committed, Recovery
from actors.supervisor import Supervisor
from protocol.answers import Accepted, Reason, Rejected
from protocol.commands import (
    CallNext,
    CancelTicket,
    Command,
    FinishService,
    HoldTicket,
    OpenCounter,
    RecallTicket,
    RequeueTicket,
    ResumeTicket,
    StartService,
    TakeTicket,
    TransferTicket,
)
from protocol.events import DayBegun, TicketCalled, TicketTaken
from protocol.ids import CommandId, CounterId, TicketId
from protocol.messages import (
    ClearAlarm,
    CounterChanged,
    RaiseAlarm,
    Recipient,
    Recorded,
    Submit,
    Subscribe,
    Unsubscribe,
    WatchCounter,
)
from sim.world import SimWorld
from tests.actors.hall.conftest import ONE, TAX, TWO, VAT, ZH, hall_spec


class ManualJournal:
    """A journal whose commits end when the test says so."""

    def __init__(self) -> None:
        self.durable: list[Recorded] = []
        self.snapshots: list[HallState] = []
        self.pending: tuple[Sequence[Recorded], Recipient] | None = None
        self.batches: list[int] = []
        self.at_once = False

    def recover(self) -> Recovery:
        snapshot = self.snapshots[-1] if self.snapshots else None
        after = snapshot.seq if snapshot else 0
        return Recovery(snapshot=snapshot, events=iter(self.durable[after:]))

    def commit(self, batch: Sequence[Recorded], reply_to: Recipient) -> bool:
        assert self.pending is None, "two commits at once"
        assert [record.seq for record in batch] == list(
            range(len(self.durable) + 1, len(self.durable) + 1 + len(batch))
        )
        self.pending = tuple(batch), reply_to
        if self.at_once:
            self.succeed()
        return False

    def succeed(self) -> None:
        assert self.pending is not None
        (batch, reply_to), self.pending = self.pending, None
        self.durable += batch
        self.batches.append(len(batch))
        reply_to.tell(Committed(seq=batch[-1].seq))

    def fail(self, reason: str) -> None:
        assert self.pending is not None
        (batch, reply_to), self.pending = self.pending, None
        reply_to.tell(CommitFailed(first_seq=batch[0].seq, reason=reason))

    def snapshot(self, state: HallState) -> None:
        self.snapshots.append(state)

    def read(self, after: int, limit: int) -> Sequence[Recorded]:
        return self.durable[after : after + limit]

    def close(self) -> None:
        pass


class Ear(list[Any]):
    """A recipient that remembers."""

    tell = list.append

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__  # type: ignore[assignment]

    def answers(self) -> list[Any]:
        return [message for message in self if isinstance(message, Accepted | Rejected)]


class Stage:
    """A hall in a world, its journal, and somebody who listens."""

    def __init__(self, journal: ManualJournal | None = None) -> None:
        self.world = SimWorld(seed=1)
        self.journal = journal or ManualJournal()
        self.audience = HallAudience()
        self.hall = self.world.spawn(
            "hall/HZ01", HallActor, hall_spec(), self.journal, self.audience
        )
        self.ear = Ear()
        self.number = 0
        self.run()

    def run(self, seconds: float = 0.001) -> None:
        self.world.run(self.world.env.now + seconds)

    def begin(self) -> Stage:
        """Have the day's beginning durable and commits succeed at once."""
        self.journal.at_once = True
        self.journal.succeed()
        self.run()
        return self

    def submit(self, command: Any) -> None:
        self.hall.tell(Submit(command=command, reply_to=self.ear))
        self.run()

    def take(self, id: str | None = None, service: Any = TAX) -> None:
        self.number += 1
        self.submit(TakeTicket(id=CommandId(id or f"t{self.number}"), service=service, language=ZH))

    def state(self) -> HallState:
        future = self.hall.ask(ReadState(), block=False)
        self.run()
        return future.get()


@pytest.fixture
def stage() -> Stage:
    return Stage().begin()


def test_nothing_is_answered_published_or_shown_before_it_is_durable() -> None:
    stage = Stage().begin()
    stage.journal.at_once = False
    events, counter = Ear(), Ear()
    stage.hall.tell(Subscribe(recipient=events))
    stage.hall.tell(WatchCounter(counter=ONE, recipient=counter))
    stage.run()
    seen = len(counter)
    stage.take()
    assert not stage.ear
    assert not events
    assert not counter[seen:]
    assert not stage.state().tickets
    stage.journal.succeed()
    stage.run()
    assert isinstance(stage.ear.answers()[0], Accepted)
    assert isinstance(events[0].event, TicketTaken)
    assert counter[-1].waiting == 1
    assert len(stage.state().tickets) == 1


def test_commands_during_a_commit_share_the_next_one() -> None:
    stage = Stage().begin()
    stage.journal.at_once = False
    for _ in range(4):
        stage.take()
    assert len(stage.journal.pending[0]) == 1
    stage.journal.succeed()
    stage.run()
    assert len(stage.journal.pending[0]) == 3
    stage.journal.succeed()
    stage.run()
    assert stage.journal.batches == [1, 1, 3]
    assert [answer.events[0].number for answer in stage.ear.answers()] == [
        "A001",
        "A002",
        "A003",
        "A004",
    ]


def test_commands_that_come_together_are_committed_together(stage: Stage) -> None:
    for number in range(5):
        command = TakeTicket(id=CommandId(f"c{number}"), service=TAX, language=ZH)
        stage.hall.tell(Submit(command=command, reply_to=stage.ear))
    stage.run()
    assert stage.journal.batches == [1, 5]


def test_a_repeat_gets_the_first_answer_also_while_it_is_not_durable(stage: Stage) -> None:
    stage.journal.at_once = False
    stage.take("same")
    stage.take("same")
    assert not stage.ear
    stage.journal.succeed()
    stage.run()
    stage.take("same")
    first, second, third = stage.ear.answers()
    assert first == second == third
    assert len(stage.journal.durable) == 2


def test_the_repeat_of_a_call_that_found_nobody_finds_nobody(stage: Stage) -> None:
    stage.submit(CallNext(id=CommandId("n"), counter=TWO))
    stage.take(service=VAT)
    stage.submit(CallNext(id=CommandId("n"), counter=TWO))
    assert stage.ear.answers()[0] == stage.ear.answers()[2]
    assert stage.state().waiting(VAT) == 1


def test_a_refusal_waits_for_what_it_was_based_on(stage: Stage) -> None:
    stage.journal.at_once = False
    stage.take()
    stage.submit(CallNext(id=CommandId("n"), counter=ONE))
    stage.submit(CallNext(id=CommandId("m"), counter=CounterId("9")))
    assert not stage.ear
    stage.journal.succeed()
    stage.run()
    stage.journal.succeed()
    stage.run()
    assert stage.ear.answers()[-1].reason is Reason.UNKNOWN_COUNTER


def test_a_failed_commit_takes_everything_back_and_says_so(stage: Stage) -> None:
    stage.take()
    durable = stage.state()
    stage.journal.at_once = False
    stage.take("lost")
    stage.take("also lost")
    stage.journal.fail("disk full: free some space")
    stage.run()
    _, lost, also_lost = stage.ear.answers()
    for answer in (lost, also_lost):
        assert isinstance(answer, Rejected)
        assert answer.reason is Reason.NOT_DURABLE
        assert "disk full" in answer.detail
    assert stage.state() is durable
    assert stage.journal.pending is None
    stage.journal.at_once = True
    stage.take("lost")
    assert stage.ear.answers()[-1].events[0].number == "A002"


def test_a_repeat_of_a_durable_command_needs_no_further_commit(stage: Stage) -> None:
    stage.take("first")
    stage.journal.at_once = False
    stage.take("under way")
    stage.take("first")
    assert [answer.command for answer in stage.ear.answers()] == ["first", "first"]


def test_a_failed_commit_raises_an_alarm_that_the_next_good_one_clears(stage: Stage) -> None:
    alarms = stage.audience.alarms = Ear()
    stage.journal.at_once = False
    stage.take()
    stage.journal.fail("disk full: free some space")
    stage.run()
    assert [type(message) for message in alarms] == [RaiseAlarm]
    assert alarms[0].alarm == "journal/HZ01"
    assert "disk full: free some space" in alarms[0].detail
    stage.journal.at_once = True
    stage.take()
    assert alarms[1:] == [ClearAlarm(alarm="journal/HZ01")]


def test_a_failed_commit_does_not_make_an_earlier_command_new_again(stage: Stage) -> None:
    stage.take("first")
    stage.journal.at_once = False
    stage.take("lost")
    stage.take("first")
    stage.journal.fail("disk full")
    stage.run()
    stage.journal.at_once = True
    stage.take("first")
    assert list(stage.state().tickets) == ["20260302-A001"]
    assert [
        answer.events[0].number for answer in stage.ear.answers() if answer.command == "first"
    ] == ["A001"] * 3


def test_a_refusal_without_a_listener_is_taken_back_with_what_it_was_based_on(stage: Stage) -> None:
    stage.take()
    stage.journal.at_once = False
    stage.submit(CallNext(id=CommandId("n"), counter=ONE))
    stage.hall.tell(
        Submit(command=CancelTicket(id=CommandId("c"), ticket=TicketId("20260302-A002")))
    )
    stage.run()
    stage.journal.fail("disk full")
    stage.run()
    stage.journal.at_once = True
    stage.take()
    stage.submit(CancelTicket(id=CommandId("c"), ticket=TicketId("20260302-A002")))
    assert isinstance(stage.ear.answers()[-1], Accepted)


def test_answers_that_wait_are_bounded_repeats_included(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hall_actor, "WAITING_MAX", 2)
    stage.journal.at_once = False
    for _ in range(3):
        stage.take("same")
    (answer,) = stage.ear.answers()
    assert answer.reason is Reason.OVERLOADED
    stage.journal.succeed()
    stage.run()
    assert len(stage.ear) == 3
    stage.journal.at_once = True
    stage.take("same")
    assert stage.ear.answers()[-1].events[0].number == "A001"


def test_whoever_waits_is_told_once_that_the_hall_failed_and_stopped(stage: Stage) -> None:
    stage.world.failures = Supervisor(stage.world, lambda *_what: None)
    stage.journal.at_once = False
    stage.take()
    stage.hall.tell("what nobody understands")
    stage.run()
    stage.world.close()
    (answer,) = stage.ear.answers()
    assert answer.reason is Reason.NOT_DURABLE


def test_a_restart_gives_the_durable_state_and_remembers_answers(stage: Stage) -> None:
    stage.take("first")
    stage.take()
    stage.submit(CallNext(id=CommandId("n"), counter=ONE))
    before = stage.state()
    stage.world.close()
    again = Stage(stage.journal)
    assert again.state() == before
    again.take("first")
    assert again.ear.answers()[0].events[0].number == "A001"
    assert again.state() == before
    again.submit(StartService(id=CommandId("s"), counter=ONE))
    assert isinstance(again.ear.answers()[-1], Accepted)


def test_a_restart_in_mid_commit_gives_the_durable_prefix(stage: Stage) -> None:
    stage.take()
    stage.journal.at_once = False
    stage.take()
    stage.world.close()
    assert stage.ear.answers()[-1].reason is Reason.NOT_DURABLE
    stage.journal.pending = None  # the process was killed
    again = Stage(stage.journal)
    assert list(again.state().tickets) == ["20260302-A001"]


def test_restarted_before_its_last_event_the_hall_still_lets_a_call_be_repeated(
    stage: Stage,
) -> None:
    stage.run(3600)
    stage.take()
    stage.submit(CallNext(id=CommandId("n"), counter=ONE))
    stage.world.close()
    again = Stage(stage.journal)  # an hour earlier
    again.run(5)
    again.submit(RecallTicket(id=CommandId("r"), counter=ONE))
    assert isinstance(again.ear.answers()[-1], Accepted)


def test_a_snapshot_is_taken_at_the_days_begin_and_after_so_many_events(stage: Stage) -> None:
    assert [state.seq for state in stage.journal.snapshots] == [1]
    for number in range(SNAPSHOT_EVENTS // 3 + 1):
        for command in (
            TakeTicket(id=CommandId(f"t{number}"), service=VAT, language=ZH),
            CallNext(id=CommandId(f"n{number}"), counter=TWO),
            FinishService(id=CommandId(f"f{number}"), counter=TWO),
        ):
            stage.hall.tell(Submit(command=command))
    stage.run()
    assert len(stage.journal.snapshots) == 2
    snapshot = stage.journal.snapshots[-1]
    events = [record.event for record in stage.journal.durable[: snapshot.seq]]
    assert apply_all(HallState(spec=hall_spec()), events) == snapshot


def test_listeners_hear_every_event_once_over_a_failure_of_the_hall(stage: Stage) -> None:
    given_up: list[Any] = []
    stage.world.failures = Supervisor(stage.world, lambda *what: given_up.append(what))
    heard = Ear()
    stage.hall.tell(Subscribe(recipient=heard))
    stage.take()
    stage.journal.at_once = False
    stage.take()
    stage.hall.tell("what nobody understands")
    stage.journal.succeed()  # durable, but the hall that would say so has failed
    stage.run(1)
    assert stage.hall.place.restarts == 1
    stage.journal.at_once = True
    stage.take()
    assert [record.seq for record in heard] == [2, 3, 4]
    assert given_up == []


def test_whoever_unsubscribes_or_stops_is_told_nothing_more(stage: Stage) -> None:
    ear = Ear()
    stage.hall.tell(Subscribe(recipient=ear))
    stage.hall.tell(WatchCounter(counter=ONE, recipient=ear))
    stage.take()
    heard = len(ear)
    assert heard >= 2
    stage.hall.tell(Unsubscribe(recipient=ear))
    stage.take()
    assert len(ear) == heard


def test_watchers_of_a_counter_see_it_now_and_at_each_change(stage: Stage) -> None:
    ear = Ear()
    stage.hall.tell(WatchCounter(counter=ONE, recipient=ear))
    stage.run()
    stage.take()
    stage.take()
    stage.submit(CallNext(id=CommandId("n"), counter=ONE))
    stage.submit(StartService(id=CommandId("s"), counter=ONE))
    views = [message for message in ear if isinstance(message, CounterChanged)]
    assert [(view.number, view.ticket_state, view.waiting) for view in views] == [
        (None, None, 0),
        (None, None, 1),
        ("A001", "called", 1),
        ("A001", "serving", 1),
    ]


def test_two_counters_calling_at_once_get_one_ticket_each(stage: Stage) -> None:
    for _ in range(2):
        stage.take(service=VAT)
    for counter in (ONE, TWO):
        command = CallNext(id=CommandId(f"n{counter}"), counter=counter)
        stage.hall.tell(Submit(command=command, reply_to=stage.ear))
    stage.run()
    called = [
        event.number
        for answer in stage.ear.answers()
        for event in answer.events
        if isinstance(event, TicketCalled)
    ]
    assert called == ["B001", "B002"]


def test_the_day_begins_by_itself(stage: Stage) -> None:
    stage.take()
    stage.run(24 * 3600)
    days = [record.event for record in stage.journal.durable if isinstance(record.event, DayBegun)]
    assert len(days) == 2
    assert not stage.state().tickets


def test_staff_of_a_free_counter_are_told_of_one_who_came_in_the_commit_of_a_call(
    stage: Stage,
) -> None:
    stage.take(service=VAT)
    ear = Ear()
    stage.hall.tell(WatchCounter(counter=TWO, recipient=ear))
    stage.run()
    seen = len(ear)
    stage.hall.tell(Submit(command=CallNext(id=CommandId("n"), counter=ONE)))
    stage.hall.tell(Submit(command=TakeTicket(id=CommandId("t"), service=VAT, language=ZH)))
    stage.run()
    assert stage.journal.batches[-1] >= 2
    assert [view.waiting for view in ear[seen:]] == [1]


@pytest.mark.parametrize(
    "command",
    [
        ResumeTicket(id=CommandId("x"), ticket=TicketId("20260302-B001")),
        RequeueTicket(id=CommandId("x"), ticket=TicketId("20260302-B001")),
        TransferTicket(id=CommandId("x"), ticket=TicketId("20260302-B001"), to_service=VAT),
        TransferTicket(id=CommandId("x"), ticket=TicketId("20260302-B001"), to_counter=TWO),
    ],
    ids=["resumed", "sent back", "to a service", "to a counter"],
)
def test_staff_of_a_free_counter_are_told_of_a_ticket_that_waits_again(
    stage: Stage, command: Command
) -> None:
    stage.take(service=VAT)
    stage.submit(OpenCounter(id=CommandId("o"), counter=TWO))
    stage.submit(CallNext(id=CommandId("n"), counter=ONE))
    stage.submit(HoldTicket(id=CommandId("h"), counter=ONE))
    ear = Ear()
    stage.hall.tell(WatchCounter(counter=TWO, recipient=ear))
    stage.run()
    seen = len(ear)
    stage.submit(command)
    assert [view.waiting for view in ear[seen:]] == [1]


def test_a_counter_that_nobody_watches_any_more_is_not_looked_at(stage: Stage) -> None:
    ear = Ear()
    stage.hall.tell(WatchCounter(counter=ONE, recipient=ear))
    stage.hall.tell(Unsubscribe(recipient=ear))
    stage.run()
    assert not stage.audience.counters


def test_watching_a_counter_that_there_is_not_costs_the_hall_one_restart(stage: Stage) -> None:
    given_up: list[Any] = []
    stage.world.failures = Supervisor(stage.world, lambda *what: given_up.append(what))
    stage.hall.tell(WatchCounter(counter=CounterId("9"), recipient=Ear()))
    stage.run(60)
    stage.take()
    assert stage.hall.place.restarts == 1
    assert isinstance(stage.ear.answers()[0], Accepted)
