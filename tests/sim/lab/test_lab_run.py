"""A rehearsal on the production actors: nobody is lost, staff keep their hours, and it repeats exactly."""

from __future__ import annotations

from collections import Counter
from datetime import date, time
from functools import partial
from typing import Any

import pytest

from actors.hall.actor import ReadState
from protocol.events import (
    CounterClosed,
    CounterOpened,
    CounterPaused,
    CustomerCheckedIn,
    ServiceEvaluated,
    TicketReactivated,
    TicketTaken,
)
from protocol.ids import CounterId, HallId
from protocol.tickets import Channel, TicketState
from protocol.values import replace
from sim.distributions import Fixed
from sim.lab.calendar import Calendar
from sim.lab.figures import rehearse, report_of
from sim.lab.run import LabRun, Outcome, run_together
from sim.lab.scenario import Break, LabScenario, People, Rating, SetsOff, Shift
from sim.lab.visitors import End
from sim.world import SimWorld

DAY = date(2026, 3, 3)


def outcome_and_events(scenario: LabScenario, seed: int = 1) -> tuple[Outcome, list[object]]:
    run = LabRun(scenario, seed, forgetful=False)
    outcome = run.go()
    return outcome, [recorded.event for recorded in run.journal.read(0, run.journal.seq)]


def read_state(run: LabRun, asked: list[Any]) -> None:
    asked.append(run.hall.ask(ReadState(), block=False))


def test_what_became_of_visitors_is_what_the_hall_holds(scenario: LabScenario) -> None:
    for seed in (1, 2, 3):
        run = LabRun(scenario, seed)
        asked: list[Any] = []
        before_s = run.calendar.day_ends(DAY) - 60
        run.world.call_later(before_s, partial(read_state, run, asked))
        outcome = run.go()
        states = Counter(ticket.state for ticket in asked.pop().get().tickets.values())
        ends = Counter(visitor.end for visitor in outcome.visitors)
        assert states[TicketState.SERVED] == ends[End.SERVED] > 50
        assert states[TicketState.CANCELLED] == ends[End.LEFT] > 0
        assert states[TicketState.NO_SHOW] == ends[End.NO_SHOW] > 0
        assert ends[None] == 0


def test_same_seed_gives_the_same_messages_and_the_same_report(scenario: LabScenario) -> None:
    def logged(seed: int) -> list[str]:
        run, log = LabRun(scenario, seed), list[str]()
        run.world.trace = lambda at_s, to, message: log.append(f"{at_s!r} {to} {message!r}")
        run.go()
        return log

    first = logged(5)
    assert len(first) > 500
    assert not [line for line in first if " at 0x" in line]
    assert logged(5) == first
    assert logged(6) != first
    assert rehearse(scenario, 5) == rehearse(scenario, 5)
    assert rehearse(scenario, 5) != rehearse(scenario, 6)


def test_counters_open_pause_and_close_with_their_shifts(scenario: LabScenario) -> None:
    outcome, events = outcome_and_events(scenario)
    calendar = outcome.calendar
    modes = [
        (type(event), event.counter, event.at)
        for event in events
        if isinstance(event, CounterOpened | CounterPaused | CounterClosed)
    ]
    for counter, expected in {
        "1": [CounterOpened, CounterClosed],
        "2": [CounterOpened, CounterPaused, CounterOpened, CounterClosed],
        "3": [CounterOpened, CounterClosed],
    }.items():
        assert [kind for kind, at_counter, _ in modes if at_counter == counter] == expected
    [paused, back] = [at for kind, counter, at in modes if counter == "2"][1:3]
    assert (back - paused).total_seconds() == pytest.approx(20 * 60)
    begins_s = (paused - calendar.begins).total_seconds() - calendar.seconds(DAY, time(10))
    assert 0 <= begins_s < 1200, "after the customer who was there"
    for stretch in outcome.stretches:
        if stretch.counter == "3":
            assert stretch.begins_s == calendar.seconds(DAY, time(10))
    for call in outcome.calls:
        assert any(
            stretch.counter == call.counter
            and stretch.open
            and stretch.begins_s <= call.begins_s <= call.ends_s <= stretch.ends_s + 1e-6
            for stretch in outcome.stretches
        ), "nobody is served at a counter that is paused or closed"


def test_idle_clerk_goes_on_a_break_and_home_in_time(scenario: LabScenario) -> None:
    quiet = replace(
        scenario,
        arrivals=(replace(scenario.arrivals[0], rates=((time(9), 2),)),),
        appointments=(),
        shifts=(
            Shift(
                counter=CounterId("1"),
                begins=time(9),
                ends=time(12),
                breaks=(Break(begins=time(10), ends=time(10, 30)),),
                overtime_s=3600,
            ),
            Shift(counter=CounterId("2"), begins=time(9), ends=time(11, 30), overtime_s=3600),
        ),
    )
    outcome = LabRun(quiet, 2).go()
    seconds = outcome.calendar.seconds
    ends = {each.counter: each.ends_s for each in outcome.stretches}
    assert ends == {"1": seconds(DAY, time(12)), "2": seconds(DAY, time(11, 30))}
    [pause] = [each for each in outcome.stretches if not each.open]
    assert (pause.begins_s, pause.ends_s) == (seconds(DAY, time(10)), seconds(DAY, time(10, 30)))


def test_overtime_ends_and_leaves_the_rest_to_the_end_of_the_day(scenario: LabScenario) -> None:
    short = replace(
        scenario,
        shifts=(Shift(counter=CounterId("1"), begins=time(9), ends=time(12), overtime_s=600),),
        people=People(),
    )
    outcome = LabRun(short, 1).go()
    assert Counter(visitor.end for visitor in outcome.visitors)[End.EXPIRED] > 20
    last_s = max(stretch.ends_s for stretch in outcome.stretches)
    over_s = last_s - outcome.calendar.seconds(DAY, time(12))
    assert 600 <= over_s < 600 + 1500


def test_who_booked_checks_in_and_is_called_by_class(scenario: LabScenario) -> None:
    outcome, events = outcome_and_events(scenario)
    checked_in = [event for event in events if isinstance(event, CustomerCheckedIn)]
    booked = [visitor for visitor in outcome.visitors if visitor.slot is not None]
    missed = [visitor for visitor in booked if visitor.end is End.MISSED]
    assert missed
    assert len(checked_in) == len(booked) - len(missed) > 3


def test_who_took_a_ticket_by_phone_and_was_called_too_early_gets_another_call(
    scenario: LabScenario,
) -> None:
    far = replace(
        scenario,
        arrivals=(
            replace(scenario.arrivals[0], remote_share=1.0, rates=((time(9), 10), (time(11), 0))),
        ),
        people=People(way_s=Fixed(always_s=900)),
        appointments=(),
    )
    outcome, events = outcome_and_events(far)
    taken = [event for event in events if isinstance(event, TicketTaken)]
    assert {event.channel for event in taken} == {Channel.WEB}
    back = [event for event in events if isinstance(event, TicketReactivated)]
    assert len(back) == len([each for each in outcome.visitors if each.came_back]) > 5
    for visitor in outcome.visitors:
        assert visitor.end is End.SERVED
        assert visitor.in_hall_s == pytest.approx((visitor.taken_s or 0) + 900)
        assert visitor.started_s is not None
        assert visitor.started_s >= (visitor.in_hall_s or 0)


def test_who_sets_off_by_the_estimate_waits_less_in_the_hall(scenario: LabScenario) -> None:
    busy = replace(
        scenario,
        arrivals=(replace(scenario.arrivals[0], remote_share=0.5, rates=((time(9), 70),)),),
        people=People(way_s=Fixed(always_s=300)),
    )
    later = replace(busy, people=replace(busy.people, sets_off=SetsOff.BY_ESTIMATE))

    def remote_wait_s(scenario: LabScenario) -> float:
        [wait_s] = [each[2] for each in rehearse(scenario, 1).classes if each[0] == "remote"]
        return wait_s

    assert remote_wait_s(later) < 0.6 * remote_wait_s(busy)


def test_ratings_are_those_of_the_journal_and_fall_with_long_waits(scenario: LabScenario) -> None:
    outcome, events = outcome_and_events(scenario)
    levels = sorted(event.level for event in events if isinstance(event, ServiceEvaluated))
    report = report_of(outcome)
    assert report.ratings.count == len(levels) > 10
    assert report.ratings.levels == tuple(levels.count(level) for level in range(1, 6))
    strict = replace(scenario, rating=Rating(share=0.5, long_wait_s=0.0))
    assert (rehearse(strict, 1).ratings.mean or 0) < (report.ratings.mean or 0)


def test_more_counters_serve_the_same_people_sooner(scenario: LabScenario) -> None:
    few = replace(scenario, people=People())
    more = replace(
        few,
        shifts=(*few.shifts[:2], replace(few.shifts[2], begins=time(9), ends=time(12))),
    )
    slow, fast = rehearse(few, 3), rehearse(more, 3)
    assert slow.came == fast.came
    assert fast.waits[0].mean_s < slow.waits[0].mean_s


def test_given_visitors_come_instead_of_drawn_ones(scenario: LabScenario) -> None:
    drawn = LabRun(scenario, 1).crowd.visitors[:10]
    outcome = LabRun(scenario, 2, visitors=drawn).go()
    assert outcome.visitors == tuple(drawn)


def test_course_counts_everybody_once(scenario: LabScenario) -> None:
    report = rehearse(scenario, 1)
    course = report.course
    every, *services = course.services
    assert course.begins[0] == "2026-03-03T08:30", "when the first with an appointment is there"
    assert len(course.begins) >= 12
    assert sum(every.came) == report.came
    for place in range(len(course.begins)):
        assert every.waiting[place] == pytest.approx(sum(each.waiting[place] for each in services))
        assert course.busy[place] <= course.open[place] + 1e-9 <= 3 + 1e-9
    # Little's law: the mean queue over the day is made of everybody's wait.
    outcome = LabRun(scenario, 1).go()
    waited_s = sum(each.ends_s - each.begins_s for each in outcome.queued)
    assert sum(every.waiting) * 900 == pytest.approx(waited_s, rel=0.02)


def test_days_follow_one_another_with_numbers_that_begin_again(scenario: LabScenario) -> None:
    week = replace(scenario, days=replace(scenario.days, days=3))
    outcome, events = outcome_and_events(week)
    first = [event for event in events if isinstance(event, TicketTaken) and event.number == "A001"]
    assert len(first) == 3
    assert {visitor.day.day for visitor in outcome.visitors} == {3, 4, 5}
    assert Counter(visitor.end for visitor in outcome.visitors)[None] == 0


def test_halls_that_share_a_world_have_the_days_that_each_has_alone(scenario: LabScenario) -> None:
    alone = [LabRun(scenario, seed).go() for seed in (1, 2, 3)]
    world = SimWorld(seed=7, begins=Calendar(scenario).begins)
    runs = []
    for seed in (1, 2, 3):
        spec = replace(scenario.spec, id=HallId(f"LAB{seed}"))
        runs.append(LabRun(replace(scenario, spec=spec), seed, world=world))
    for one, other in zip(alone, run_together(runs), strict=True):
        assert other.seed == one.seed
        assert (other.calls, other.queued) == (one.calls, one.queued)
        assert [each.end for each in other.visitors] == [each.end for each in one.visitors]
    assert world.find("hall/LAB1") is None
