"""Who is called next under each kind of policy, and why."""

from __future__ import annotations

from collections import Counter as Counts
from datetime import timedelta

import pytest

from actors.hall.choosing import check_in_as
from actors.hall.overtaking import overtaken
from protocol.choices import CANDIDATES_MAX, Rule
from protocol.commands import (
    CallTicket,
    HoldTicket,
    RequeueTicket,
    ResumeTicket,
    TransferTicket,
)
from protocol.events import TicketCalled
from protocol.policies import LateRule, Policy, PolicyKind
from protocol.tickets import QueuePlace, TicketState
from tests.actors.hall.conftest import NOON
from tests.actors.hall.turns import (
    APPOINTMENT,
    NORMAL,
    ONE,
    PRIORITY,
    THREE,
    TWO,
    Q,
    R,
    S,
    Turns,
    turns_spec,
)


def hall(kind: PolicyKind = PolicyKind.FIRST_COME, **parts: object) -> Turns:
    return Turns(turns_spec(Policy(kind=kind, **parts)))  # type: ignore[arg-type]


# -- first come ----------------------------------------------------------------------------------


def test_first_come_goes_over_all_services_and_classes_of_the_counter() -> None:
    turns = hall()
    taken = [turns.take(S), turns.take(Q, PRIORITY), turns.take(R), turns.take(Q)]
    called = [turns.next(ONE) for _ in taken]
    assert [call.ticket for call in called] == taken
    assert turns.call(ONE) is None


def test_choice_tells_the_candidates_the_chosen_first() -> None:
    turns = hall()
    first = turns.take(R, PRIORITY)
    turns.wait(seconds=5)
    later = turns.take(Q)
    turns.take(Q)
    turns.wait(seconds=5)
    choice = turns.next(ONE).choice
    assert choice is not None
    assert (choice.rule, choice.of, choice.overtook) == (Rule.FIRST_COME, 2, 0)
    assert [(one.ticket, one.ticket_class, one.waited_s) for one in choice.candidates] == [
        (first, PRIORITY, 10.0),
        (later, NORMAL, 5.0),
    ]


def test_choice_among_many_tells_no_more_than_the_most() -> None:
    turns = hall()
    for service in (Q, R, S):
        for ticket_class in (NORMAL, PRIORITY, APPOINTMENT):
            turns.take(service, ticket_class)
    choice = turns.next(ONE).choice
    assert choice is not None
    assert (choice.of, len(choice.candidates)) == (9, CANDIDATES_MAX)


def test_call_of_staff_says_so_and_counts_those_who_came_earlier() -> None:
    turns = hall()
    earlier, given = turns.take(Q), turns.take(Q)
    call = turns.ask(CallTicket, counter=ONE, ticket=given)[-1]
    assert isinstance(call, TicketCalled)
    assert call.choice is not None
    assert (call.choice.rule, call.choice.overtook) == (Rule.GIVEN, 1)
    assert turns.ticket(given).called == call
    choice = turns.next().choice
    assert choice is not None
    assert (choice.candidates[0].ticket, choice.candidates[0].overtaken) == (earlier, 1)


# -- shares --------------------------------------------------------------------------------------


def calls(turns: Turns, count: int) -> list[TicketCalled]:
    return [turns.next(ONE) for _ in range(count)]


def test_service_weights_share_the_calls_of_the_counter() -> None:
    turns = Turns(turns_spec(Policy(kind=PolicyKind.SERVICE_WEIGHTS), {Q: 5, R: 3}))
    for _ in range(30):
        for service in (Q, R, S):
            turns.take(service)
    done = calls(turns, 45)
    assert Counts(call.service for call in done) == {Q: 25, R: 15, S: 5}
    for start in range(0, 45, 9):  # and each round of nine has its share already
        assert Counts(call.service for call in done[start : start + 9]) == {Q: 5, R: 3, S: 1}
    assert {call.choice.rule for call in done if call.choice} == {Rule.SERVICE_WEIGHT}


def test_class_ratios_interleave_the_classes_over_all_services() -> None:
    turns = hall(PolicyKind.CLASS_RATIOS, ratios={PRIORITY: 2})
    for number in range(12):
        turns.take((Q, R, S)[number % 3])
        turns.take((R, S)[number % 2], PRIORITY)
    done = calls(turns, 12)
    classes = [call.choice.candidates[0].ticket_class for call in done if call.choice]
    assert Counts(classes) == {PRIORITY: 8, NORMAL: 4}
    assert all(NORMAL in classes[start : start + 3] for start in range(0, 12, 3))


def test_service_that_nobody_waited_for_neither_saves_nor_loses_calls() -> None:
    turns = Turns(turns_spec(Policy(kind=PolicyKind.SERVICE_WEIGHTS)))
    for _ in range(30):
        turns.take(Q)
    calls(turns, 10)
    for _ in range(10):
        turns.take(R)
    assert Counts(call.service for call in calls(turns, 10)) == {Q: 5, R: 5}


def test_calls_of_staff_count_for_the_share() -> None:
    turns = Turns(turns_spec(Policy(kind=PolicyKind.SERVICE_WEIGHTS)))
    taken = {service: [turns.take(service) for _ in range(9)] for service in (Q, R)}
    for ticket in taken[Q][:3]:
        turns.ask(CallTicket, counter=ONE, ticket=ticket)
    assert [call.service for call in calls(turns, 4)] == [R, R, R, Q]


def test_shares_of_one_counter_are_not_those_of_another() -> None:
    turns = Turns(turns_spec(Policy(kind=PolicyKind.SERVICE_WEIGHTS), {R: 20}))
    for _ in range(40):
        turns.take(R)
        turns.take(S)
    calls(turns, 20)
    assert Counts(turns.next(TWO).service for _ in range(10)) == {R: 5, S: 5}


# -- the wait that is wanted ---------------------------------------------------------------------


def test_target_wait_calls_who_waited_longest_in_parts_of_the_target() -> None:
    spec = turns_spec(
        Policy(kind=PolicyKind.TARGET_WAIT), q={"target_wait_s": 600}, r={"target_wait_s": 60}
    )
    turns = Turns(spec)
    early = turns.take(Q)
    turns.wait(seconds=100)
    late = turns.take(R)
    turns.wait(seconds=11)  # 111 of 600 s are more than 11 of 60 s
    assert turns.next().ticket == early
    again = turns.take(Q)
    turns.wait(seconds=30)
    called = turns.next()
    assert called.ticket == late
    assert called.choice is not None
    assert called.choice.rule is Rule.TARGET_WAIT
    assert turns.next().ticket == again


# -- appointments --------------------------------------------------------------------------------


def test_due_appointment_goes_before_those_who_came_earlier() -> None:
    turns = hall(due_before_s=120)
    turns.take(Q)
    booked = turns.take(Q, due_s=120)
    called = turns.next()
    assert called.ticket == booked
    assert called.choice is not None
    assert (called.choice.rule, called.choice.overtook) == (Rule.APPOINTMENT_DUE, 1)


def test_appointments_go_in_the_order_of_their_times() -> None:
    turns = hall()
    later, sooner, over = (turns.take(Q, due_s=due) for due in (90, 60, -30))
    assert [turns.next().ticket for _ in range(3)] == [over, sooner, later]


def test_walk_in_goes_before_an_appointment_where_the_gap_is_long_enough() -> None:
    for due_s, first in ((400, "walk-in"), (250, "booked")):
        turns = Turns(turns_spec(Policy(due_before_s=120), q={"service_s": 300.0}))
        ids = {"booked": turns.take(Q, due_s=due_s), "walk-in": turns.take(Q)}
        called = turns.next()
        assert called.ticket == ids[first]
        rule = called.choice.rule if called.choice else None
        assert rule is (Rule.FIRST_COME if first == "walk-in" else Rule.APPOINTMENT_NEXT)


def test_short_service_fits_into_a_gap_that_is_too_short_for_another() -> None:
    spec = turns_spec(Policy(), q={"service_s": 600.0}, r={"service_s": 60.0})
    turns = Turns(spec)
    turns.take(Q)
    short = turns.take(R)
    booked = turns.take(S, due_s=200)
    assert [turns.next().ticket for _ in range(2)] == [short, booked]


def test_appointment_alone_is_called_early() -> None:
    turns = hall()
    booked = turns.take(Q, due_s=1800)
    called = turns.next()
    assert called.ticket == booked
    assert called.choice is not None
    assert called.choice.rule is Rule.APPOINTMENT_NEXT


def test_appointment_that_was_sent_back_goes_by_its_place() -> None:
    turns = hall()
    booked = turns.take(Q, due_s=10)
    waiting = turns.take(Q)
    turns.next()
    turns.ask(RequeueTicket, ticket=booked, place=QueuePlace.BACK)
    assert [turns.next().ticket for _ in range(2)] == [waiting, booked]


@pytest.mark.parametrize(
    ("late", "minutes", "expected"),
    [
        (LateRule.BY_TIME, 20, (APPOINTMENT, NOON)),
        (LateRule.WALK_IN, 20, (NORMAL, None)),
        (LateRule.WALK_IN, 5, (APPOINTMENT, NOON)),
        (LateRule.WALK_IN, -20, (APPOINTMENT, NOON)),
    ],
)
def test_late_check_in_goes_as_the_policy_says(
    late: LateRule, minutes: int, expected: object
) -> None:
    at = NOON + timedelta(minutes=minutes)
    assert check_in_as(Policy(late=late, late_after_s=300), NOON, at) == expected


# -- bounds --------------------------------------------------------------------------------------


def test_priority_overtakes_as_often_as_the_bound_allows() -> None:
    turns = hall(PolicyKind.CLASS_RATIOS, ratios={PRIORITY: 20}, overtaken_max=2)
    turns.take(Q)
    turns.next()  # the class has had its call of this round
    normal = turns.take(Q)
    hurried = [turns.take(Q, PRIORITY) for _ in range(5)]
    called = [turns.next() for _ in range(4)]
    assert [call.ticket for call in called] == [hurried[0], hurried[1], normal, hurried[2]]
    choice = called[2].choice
    assert choice is not None
    assert (choice.rule, choice.candidates[0].overtaken) == (Rule.OVERTAKEN_BOUND, 2)


def test_due_appointments_do_not_pass_one_who_waited_as_long_as_allowed() -> None:
    turns = hall(overtaken_wait_s=600)
    waiting = turns.take(Q)
    turns.wait(seconds=599)
    turns.take(Q, due_s=0)
    assert turns.next().ticket != waiting
    turns.take(Q, due_s=0)
    turns.wait(seconds=1)
    called = turns.next()
    assert called.ticket == waiting
    assert called.choice is not None
    assert called.choice.rule is Rule.OVERTAKEN_BOUND


def test_bound_is_of_the_service_and_holds_at_every_counter() -> None:
    turns = hall(overtaken_max=1)
    waiting = turns.take(S)
    for service in (S, S, R):
        turns.take(service, due_s=0)
    assert turns.next(THREE).ticket != waiting
    assert turns.next(TWO).ticket == waiting
    assert turns.next(ONE).service == S


def test_ticket_sent_to_a_counter_does_not_pass_one_at_the_bound_there() -> None:
    turns = hall(overtaken_max=0)
    waiting, booked = turns.take(R), turns.take(R, due_s=0)
    for counter, ticket in ((TWO, booked), (THREE, booked)):
        turns.call(counter)
        turns.ask(HoldTicket, counter=counter)
        turns.ask(ResumeTicket, ticket=waiting)
        turns.ask(TransferTicket, ticket=ticket, to_counter=counter)
    # Counter 3 has not the service R: there nobody else could be called.
    assert turns.next(THREE).ticket == booked
    assert turns.ticket(waiting).state is TicketState.WAITING
    assert overtaken(turns.state, turns.ticket(waiting)) == 1
    later = turns.take(R)
    turns.ask(TransferTicket, ticket=later, to_counter=TWO)
    assert [turns.next(TWO).ticket for _ in range(2)] == [waiting, later]
