"""Estimates where the hall goes on as it was: who will overtake, give up, come back, or come too late."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.hall.ahead import Stream, within_bound
from actors.hall.attending import BREAK_REST_S, BREAK_S
from actors.hall.durations import WIDTH_MAX, WIDTH_MIN, back_again, given_up, measured
from actors.hall.estimating import estimate_service
from actors.hall.intervals import with_returns
from actors.hall.overtaking import overtaken
from actors.hall.paces import PACE_MEMORY, quickened, to_come
from actors.hall.ranks import entries
from actors.hall.state import Ticket
from protocol.commands import (
    CancelTicket,
    CloseCounter,
    MarkNoShow,
    OpenCounter,
    PauseCounter,
    ReactivateTicket,
    TakeTicket,
)
from protocol.estimates import Estimate
from protocol.events import TicketCalled
from protocol.ids import CommandId, CounterId, ServiceId, TicketId
from protocol.policies import Policy, PolicyKind
from protocol.tickets import QueuePlace, TicketClass
from protocol.values import replace
from tests.actors.hall.conftest import NOON, ZH
from tests.actors.hall.turns import NORMAL, ONE, PRIORITY, THREE, TWO, S, Turns, turns_spec

RATIOS = {PRIORITY: 3, NORMAL: 1}
SHARED = Policy(kind=PolicyKind.CLASS_RATIOS, ratios=RATIOS)


def hall(policy: Policy = SHARED, *counters: CounterId) -> Turns:
    """A hall where the counters (or else counter 3 alone) are open for service S, and one is busy at each."""
    turns = Turns(turns_spec(policy))
    for counter in counters or (THREE,):
        turns.ask(OpenCounter, counter=counter)
        turns.take(S)
        turns.next(counter)
    return turns


def says(turns: Turns, ticket_class: TicketClass = NORMAL) -> Estimate:
    estimate = estimate_service(turns.state, S, turns.now, ticket_class)
    assert estimate is not None
    return estimate


def take(turns: Turns, count: int, ticket_class: TicketClass = NORMAL) -> list[TicketId]:
    return [turns.take(S, ticket_class) for _ in range(count)]


# -- who overtakes -------------------------------------------------------------------------------


def test_whoever_hurries_waits_for_those_who_may_be_overtaken_no_more() -> None:
    free, bound = (hall(replace(SHARED, overtaken_max=most)) for most in (None, 0))
    for turns in (free, bound):
        take(turns, 10)
    assert says(free, PRIORITY).p50_s < 0.2 * says(bound, PRIORITY).p50_s
    assert says(bound, PRIORITY).p50_s == pytest.approx(says(bound).p50_s, rel=0.01)


def test_whoever_waits_is_overtaken_no_more_often_than_the_policy_says() -> None:
    free, bound = (hall(replace(SHARED, overtaken_max=most)) for most in (None, 2))
    waits = []
    for turns in (free, bound):
        patient = take(turns, 6)[-1]
        take(turns, 12, PRIORITY)
        ticket = turns.ticket(patient)
        streams = [
            Stream(service=S, ticket_class=NORMAL, waiting=6, ahead=5),
            Stream(service=S, ticket_class=PRIORITY, waiting=12, ahead=12),
        ]
        most = turns.state.spec.policy.overtaken_max
        if most is not None:
            streams = within_bound(turns.state, most, streams, S, NORMAL, ticket.order)
        waits.append([stream.ahead for stream in streams])
    assert waits == [[5, 12], [5, 2]]


@settings(max_examples=60)
@given(
    most=st.integers(0, 4),
    classes=st.lists(st.sampled_from([NORMAL, NORMAL, PRIORITY]), min_size=1, max_size=25),
    calls=st.integers(0, 8),
)
def test_those_at_the_bound_are_found_as_by_walking(
    most: int, classes: list[TicketClass], calls: int
) -> None:
    turns = hall(replace(SHARED, overtaken_max=most))
    for ticket_class in classes:
        turns.take(S, ticket_class)
    for _ in range(min(calls, len(classes))):
        turns.next(THREE)
    line = turns.state.lines[S]

    def waiting(ticket_class: TicketClass) -> list[Ticket]:
        queue = line.classes.get(ticket_class)
        return [turns.ticket(entry.ticket) for entry in entries(queue)]

    walked = 0
    for other in waiting(NORMAL):
        between = sum(other.order < mine.order for mine in waiting(PRIORITY))
        walked += overtaken(turns.state, other) + between >= most
    size = len(waiting(NORMAL))
    stream = Stream(service=S, ticket_class=NORMAL, waiting=size, ahead=0)
    (found,) = within_bound(turns.state, most, [stream], S, PRIORITY, None)
    assert found.ahead == walked


def test_whoever_waits_is_told_of_those_who_will_come_and_overtake() -> None:
    waits = []
    for hurry in (NORMAL, PRIORITY):
        turns = hall()
        take(turns, 10)
        for _ in range(8):
            turns.wait(minutes=3)
            turns.ask(CancelTicket, ticket=turns.take(S, hurry))
        waits.append(says(turns).p50_s)
    assert waits[1] > 1.4 * waits[0]


def test_people_who_came_at_once_say_nothing_of_others() -> None:
    pace = None
    for _ in range(30):
        pace = quickened(pace, NOON)
    assert pace is not None
    assert to_come(pace, NOON, 3600.0) == 0.0


def test_a_pace_is_that_of_the_last_and_slows_down_while_nobody_comes() -> None:
    at, pace = NOON, None
    for _ in range(PACE_MEMORY + 1):
        pace = quickened(pace, at)
        at += timedelta(minutes=2)
    assert pace is not None
    assert to_come(pace, at - timedelta(minutes=2), 600.0) == pytest.approx(5.0)
    assert to_come(pace, at + timedelta(minutes=22), 600.0) == pytest.approx(2.5)
    assert to_come(quickened(None, at), at, 600.0) == 0.0


# -- counters that come back ---------------------------------------------------------------------


def test_a_paused_counter_is_taken_to_come_back() -> None:
    waits = {}
    for what in ("open", "paused", "closed"):
        turns = hall(Policy(), THREE, TWO)
        if what != "open":
            turns.ask(MarkNoShow, counter=TWO)
            kind: Any = PauseCounter if what == "paused" else CloseCounter
            turns.ask(kind, counter=TWO)
        take(turns, 20)
        waits[what] = says(turns)
        if what == "paused":
            turns.wait(seconds=BREAK_S - BREAK_REST_S)
            later = says(turns)
            turns.wait(hours=1)
            assert says(turns).p50_s <= later.p50_s < waits[what].p50_s
    assert waits["open"].p50_s < waits["paused"].p50_s < waits["closed"].p50_s
    assert waits["paused"].p90_s < waits["closed"].p90_s


def test_a_wait_that_ends_before_somebody_comes_back_is_as_long_as_without() -> None:
    assert with_returns(600.0, 2, [600.0]) == 600.0
    assert with_returns(600.0, 1, [200.0]) == 400.0
    assert with_returns(600.0, 1, [500.0, 200.0]) == 400.0


# -- what is learned -----------------------------------------------------------------------------


def test_a_service_whose_customers_give_up_is_waited_for_the_less() -> None:
    times = measured(None, 100.0)
    for _ in range(50):
        times = given_up(measured(times, 100.0))
    assert times.left == pytest.approx(0.5, abs=0.02)
    for _ in range(500):
        times = measured(times, 100.0)
    assert times.left < 0.01


def test_cancelling_while_one_waits_counts_as_giving_up_and_being_sent_away_does_not() -> None:
    turns = hall()
    turns.ask(MarkNoShow, counter=THREE)
    first, second = take(turns, 2)
    turns.next(THREE)
    turns.ask(CancelTicket, ticket=first)
    assert turns.state.times[S].left == 0.0
    turns.ask(CancelTicket, ticket=second)
    assert turns.state.times[S].left == pytest.approx(0.5)


def test_a_call_that_nobody_followed_counts_with_the_next_one_of_its_ticket() -> None:
    turns = hall()
    turns.wait(seconds=300)
    late = turns.take(S)
    turns.next(THREE)
    turns.wait(seconds=60)
    turns.ask(MarkNoShow, counter=THREE)
    before = turns.state.times[S]
    assert (before.count, before.mean_s) == (2, 180.0)
    turns.ask(ReactivateTicket, ticket=late, place=QueuePlace.FRONT)
    after = turns.state.times[S]
    assert (after.count, after.mean_s) == (1, 360.0)
    assert back_again(after) == after


def called(waited_s: float, said: Estimate | None) -> TicketCalled:
    return TicketCalled(
        at=NOON,
        command=CommandId("c"),
        ticket=TicketId("t"),
        number="S001",
        service=ServiceId("s"),
        counter=ONE,
        waited_s=waited_s,
        estimate=said,
    )


def test_intervals_grow_wider_and_narrower_until_nine_tenths_are_within() -> None:
    said = Estimate(p50_s=100.0, p90_s=200.0)
    times = measured(None, 60.0)
    for _ in range(50):
        times = measured(times, 60.0, called(201.0, said))
    assert times.width == WIDTH_MAX
    before = times.width
    for waited_s in (201.0, *[150.0] * 9, *[150.0] * 9, 201.0):
        times = measured(times, 60.0, called(waited_s, said))
    assert times.width == pytest.approx(before, rel=0.06)
    for _ in range(500):
        times = measured(times, 60.0, called(200.0, said))
    assert times.width == WIDTH_MIN
    nothing = (None, Estimate(p50_s=0.0, p90_s=10.0))
    for estimate in nothing:
        assert measured(times, 60.0, called(900.0, estimate)).width == WIDTH_MIN


def test_what_is_said_is_as_wide_as_it_had_to_be() -> None:
    turns = hall(Policy())
    take(turns, 10)
    times = measured(measured(None, 300.0), 300.0)
    waits = []
    for width in (1.0, 1.5):
        turns.state = replace(turns.state, times={S: replace(times, width=width)})
        waits.append(says(turns))
    plain, wide = waits
    assert wide.p50_s == plain.p50_s
    assert wide.p90_s - wide.p50_s == pytest.approx(1.5 * (plain.p90_s - plain.p50_s))


def test_a_hall_of_first_come_notes_no_paces() -> None:
    turns = hall(Policy())
    turns.do(TakeTicket(id=CommandId("x"), service=S, language=ZH))
    assert not turns.state.lines[S].paces
