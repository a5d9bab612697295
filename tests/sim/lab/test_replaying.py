"""A recorded day once more: the present rules give what was, others do not, and people stay who they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta
from random import Random
from typing import Any

import pytest

import sim.lab.run
from protocol.booking_events import AppointmentBooked
from protocol.events import (
    CounterClosed,
    CounterOpened,
    CounterPaused,
    DayBegun,
    Event,
    ServiceFinished,
    ServiceStarted,
    TicketCalled,
    TicketCancelled,
    TicketExpired,
    TicketHeld,
    TicketNoShow,
    TicketReactivated,
    TicketRequeued,
    TicketResumed,
    TicketTaken,
    TicketTransferred,
    VisitContinued,
)
from protocol.ids import CommandId, CounterId, Language, ServiceId, TicketId
from protocol.messages import Recorded
from protocol.policies import Policy, PolicyKind
from protocol.tickets import Channel, TicketClass
from protocol.values import replace
from sim.distributions import Fixed
from sim.lab.clerk import ShiftClerk
from sim.lab.recorder import record
from sim.lab.recording import Recording, contents_of
from sim.lab.replay_figures import closeness, day_as_it_was
from sim.lab.replaying import replay
from sim.lab.run import LabRun
from sim.lab.scenario import LabScenario, People, Shift
from sim.lab.visitors import End
from sim.people import Doing
from tests.sim.lab.eventful import EventfulClerk, EventfulCrowd

DAY = date(2026, 3, 3)


def recorded(events: Sequence[Recorded], scenario: LabScenario) -> Recording:
    contents = contents_of(events)
    [found] = [each for each in contents.days if each.day == DAY]
    of_day = events[found.first_seq - 1 : found.last_seq]
    return record(found, of_day, contents.bookings, scenario.spec)


def day_of(scenario: LabScenario, seed: int = 1) -> Recording:
    run = LabRun(scenario, seed, forgetful=False)
    run.go()
    return recorded(run.journal.read(0, run.journal.seq), scenario)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_present_rules_give_the_waits_that_were(scenario: LabScenario, seed: int) -> None:
    recording = day_of(scenario, seed)
    was, control = day_as_it_was(recording), replay(recording, scenario.spec)
    close = closeness(was, control)
    assert close.tickets == was.figures.called > 50
    assert was.figures.mean_s > 50
    assert close.off_s < 0.1
    assert close.other_end == 0
    assert control.figures.busy_share == pytest.approx(was.figures.busy_share, abs=0.02)
    assert was.figures.ends[End.LEFT] > 0
    assert was.figures.ends[End.NO_SHOW] > 0
    assert [leg for leg in recording.legs if leg.booked_at is not None]
    assert [leg for leg in recording.legs if leg.in_hall_at is not None], "called too early"


def eventful_day(
    scenario: LabScenario, monkeypatch: pytest.MonkeyPatch, seed: int
) -> tuple[Recording, set[type]]:
    """Return a day with much that is rare, and the kinds of events in it."""
    with monkeypatch.context() as patched:
        patched.setattr(sim.lab.run, "LabCrowd", EventfulCrowd)
        patched.setattr(sim.lab.run, "ShiftClerk", EventfulClerk)
        run = LabRun(scenario, seed, forgetful=False)
        run.go()
    events = run.journal.read(0, run.journal.seq)
    return recorded(events, scenario), {type(each.event) for each in events}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_day_on_which_tickets_are_sent_on_comes_back_as_it_was(
    scenario: LabScenario, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    recording, kinds = eventful_day(scenario, monkeypatch, seed)
    rare = {
        TicketTransferred, TicketHeld, TicketResumed, TicketRequeued, VisitContinued, TicketNoShow,
        TicketReactivated, TicketCancelled, AppointmentBooked,
    }  # fmt: skip
    assert rare <= kinds
    assert sum(leg.follows is not None for leg in recording.legs) > 20
    assert any(leg.moves for leg in recording.legs)
    was, control = day_as_it_was(recording), replay(recording, scenario.spec)
    close = closeness(was, control)
    assert close.tickets == was.figures.called > 100
    assert was.figures.mean_s > 200
    assert close.off_s < 0.1
    assert close.other_end == 0
    assert recording.unlike == {}


def test_who_was_sent_on_is_so_with_more_staff_too(
    scenario: LabScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording, _ = eventful_day(replace(scenario, people=People()), monkeypatch, 2)
    control = replay(recording, scenario.spec)
    all_day = [
        Shift(counter=counter, begins=time(9), ends=time(12), overtime_s=3600)
        for counter in scenario.spec.counters
    ]
    more = replay(recording, scenario.spec, all_day)
    assert more.figures.came == control.figures.came
    assert more.figures.called >= control.figures.called
    assert more.figures.mean_s < 0.8 * control.figures.mean_s


def test_ticket_for_a_counter_that_is_closed_now_waits_for_its_service(
    scenario: LabScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording, _ = eventful_day(replace(scenario, people=People()), monkeypatch, 2)
    assert any(leg.came_by and leg.came_by.to_counter == "2" for leg in recording.legs)
    one = [Shift(counter=CounterId("1"), begins=time(9), ends=time(12), overtime_s=9 * 3600)]
    alone = replay(recording, scenario.spec, one)
    for leg, end in zip(recording.legs, alone.ends, strict=True):
        if leg.came_by and leg.came_by.to_counter == "2":
            assert end in (End.SERVED, End.MISSED, End.LEFT)


class Hesitant(ShiftClerk):
    """Does something else now and then before the next customer, for seconds or minutes; looks up slowly."""

    chance = Random(5)

    def _press_next(self) -> None:
        idle = self._was_idle or self._presses == 1
        self._doing = Doing.AWAITING_ANSWER
        rests_s = self.chance.choice((2.0, 5.0) if idle else (2.0, 15.0, 240.0))
        self._world.call_later(rests_s, super()._press_next)


@pytest.mark.parametrize("seed", [1, 2])
def test_clerks_who_are_slow_are_slow_again(
    scenario: LabScenario, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sim.lab.run, "ShiftClerk", Hesitant)
        recording = day_of(scenario, seed)
    was, control = day_as_it_was(recording), replay(recording, scenario.spec)
    assert was.figures.mean_s > 1.5 * day_as_it_was(day_of(scenario, seed)).figures.mean_s
    close = closeness(was, control)
    # What is left is how long an idle clerk took to see somebody.
    assert abs(close.mean_off_s) < 0.05 * was.figures.mean_s
    assert close.off_s < 0.1 * was.figures.mean_s
    assert sum(leg.after_s for leg in recording.legs) > 600


def test_more_staff_serve_the_same_people_sooner(scenario: LabScenario) -> None:
    recording = day_of(replace(scenario, people=People()))
    control = replay(recording, scenario.spec)
    all_day = [
        Shift(counter=counter, begins=time(9), ends=time(12), overtime_s=3600)
        for counter in scenario.spec.counters
    ]
    changed = replay(recording, scenario.spec, all_day)
    assert changed.figures.came == control.figures.came
    assert changed.figures.mean_s < 0.8 * control.figures.mean_s


def test_other_rules_move_the_wait_from_one_class_to_another(scenario: LabScenario) -> None:
    recording = day_of(replace(scenario, appointments=(), people=People()))
    ratios = {TicketClass.PRIORITY: 20, TicketClass.NORMAL: 1}
    policy = Policy(kind=PolicyKind.CLASS_RATIOS, ratios=ratios)
    changed = replay(recording, replace(scenario.spec, policy=policy))
    control = replay(recording, scenario.spec)

    def priority_wait_s(waits: tuple[float | None, ...]) -> float:
        legs = zip(recording.legs, waits, strict=True)
        own = [wait for leg, wait in legs if wait and leg.ticket_class is TicketClass.PRIORITY]
        return sum(own) / len(own)

    assert priority_wait_s(changed.waits) < 0.6 * priority_wait_s(control.waits)


def test_who_left_does_not_leave_when_called_before(scenario: LabScenario) -> None:
    hasty = replace(scenario, people=People(patience_s=Fixed(always_s=600)))
    recording = day_of(hasty)
    assert day_as_it_was(recording).figures.ends[End.LEFT] > 10
    many = [
        Shift(counter=counter, begins=time(9), ends=time(12), overtime_s=3600)
        for counter in hasty.spec.counters
    ]
    changed = replay(recording, hasty.spec, many)
    assert changed.figures.ends[End.LEFT] < day_as_it_was(recording).figures.ends[End.LEFT]


# -- what is rare --------------------------------------------------------------------------------


class Journal:
    """Writes a day's events by the minute."""

    def __init__(self, scenario: LabScenario) -> None:
        self.scenario = scenario
        self.events: list[Recorded] = []
        begins = LabRun(scenario, 1, ()).calendar.begins
        self._nine = begins + timedelta(hours=9)

    def at(self, minute: float, kind: Any, **fields: Any) -> None:
        at = self._nine + timedelta(minutes=minute)
        event: Event = kind(at=at, command=CommandId(f"c{len(self.events)}"), **fields)
        self.events.append(Recorded(seq=len(self.events) + 1, event=event))

    def begin(self) -> None:
        self.at(-60, DayBegun, day=DAY, ends_at=self._nine + timedelta(hours=19))

    def taken(self, minute: float, ticket: str) -> None:
        self.at(
            minute, TicketTaken, ticket=TicketId(ticket), service=ServiceId("a"), number=ticket,
            serial=1, language=Language("en"), ticket_class=TicketClass.NORMAL, channel=Channel.WEB,
            kiosk=None, ahead=0,
        )  # fmt: skip

    def served(self, begins: float, ends: float, ticket: str, service: str = "a") -> None:
        who = {"ticket": TicketId(ticket), "counter": CounterId("1")}
        self.at(begins, TicketCalled, number=ticket, service=ServiceId(service), **who)
        self.at(begins, ServiceStarted, **who)
        self.at(ends, ServiceFinished, **who)


@pytest.fixture
def journal(scenario: LabScenario) -> Journal:
    return Journal(replace(scenario, appointments=()))


def test_transferred_ticket_comes_again_after_its_first_counter(journal: Journal) -> None:
    counter = CounterId("1")
    journal.begin()
    journal.at(0, CounterOpened, counter=counter)
    journal.taken(1, "A1")
    who = {"ticket": TicketId("A1"), "counter": counter}
    journal.at(1, TicketCalled, number="A1", service=ServiceId("a"), **who)
    journal.at(
        5, TicketTransferred, service=ServiceId("b"), to_counter=None, order=(1,), note="", **who
    )
    journal.served(7, 10, "A1", "b")
    journal.at(11, CounterClosed, counter=counter)
    recording = recorded(journal.events, journal.scenario)
    first, second = recording.legs
    assert (first.service, first.busy_s, first.after_s) == ("a", 240, 120)
    assert (second.service, second.waited_s) == ("b", 120)
    assert recording.unlike == {}
    control = replay(recording, journal.scenario.spec)
    assert control.ends == (End.SERVED, End.SERVED)
    assert control.waits == (pytest.approx(0), pytest.approx(120, abs=0.1))


def test_clerk_who_went_away_without_closing_is_gone(journal: Journal) -> None:
    journal.begin()
    journal.at(0, CounterOpened, counter=CounterId("1"))
    journal.taken(1, "A1")
    journal.served(1, 5, "A1")
    journal.taken(20, "A2")
    journal.at(1139, TicketExpired, ticket=TicketId("A2"), counter=None)
    recording = recorded(journal.events, journal.scenario)
    [stretch] = recording.manned[CounterId("1")]
    assert stretch.ends_at == recording.legs[0].ended_at
    control = replay(recording, journal.scenario.spec)
    assert control.ends == (End.SERVED, End.EXPIRED)


def test_counter_that_was_never_closed_is_open_until_the_last_deed(journal: Journal) -> None:
    one, two = CounterId("1"), CounterId("2")
    journal.begin()
    journal.at(0, CounterOpened, counter=one)
    journal.at(0, CounterOpened, counter=two)
    journal.taken(1, "A1")
    journal.served(1, 5, "A1")
    journal.at(6, CounterPaused, counter=two, reason="")
    journal.taken(8, "A2")
    journal.served(8, 11, "A2")
    recording = recorded(journal.events, journal.scenario)
    [first], [second] = recording.manned[one], recording.manned[two]
    assert first.ends_at == recording.legs[1].ended_at
    assert (second.ends_at, second.pauses) == (
        journal.events[-5].event.at,
        [],
    )
    control = replay(recording, journal.scenario.spec)
    assert control.ends == (End.SERVED, End.SERVED)
    assert day_as_it_was(recording).figures.busy_share == pytest.approx(7 / 17)
    assert control.figures.busy_share == pytest.approx(7 / 17, abs=0.01)


def test_day_is_over_when_none_of_its_tickets_is_open(journal: Journal) -> None:
    journal.begin()
    journal.taken(1, "A1")
    assert [each.over for each in contents_of(journal.events).days] == [False]
    journal.served(1, 5, "A1")
    [found] = contents_of(journal.events).days
    assert (found.over, found.tickets, found.called, found.last_seq) == (True, 1, 1, 5)
