"""What is said of waits: against theory where there is one, and in the right direction everywhere else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.hall.estimating import estimate_service, estimate_services, estimate_ticket
from actors.hall.intervals import AT_ONCE, FREE_P90_S, interval_of
from actors.hall.sharing import drawn_of, layout_of, pulls_of, shares
from actors.hall.state import HallState, Ticket
from protocol.commands import (
    CallNext,
    CloseCounter,
    FinishService,
    MarkNoShow,
    OpenCounter,
    RequeueTicket,
    TakeTicket,
    TransferTicket,
)
from protocol.estimates import Estimate
from protocol.events import TicketCalled, TicketTaken, VisitContinued
from protocol.hall import Counter, HallSpec, Service
from protocol.ids import CommandId, CounterId, HallId, Language, ServiceId, TicketId
from protocol.policies import Policy, PolicyKind
from protocol.tickets import QueuePlace, TicketClass, TicketState, VisitOrder
from tests.actors.hall.conftest import Book

EN = Language("en")
SERVICE_S = 100.0


def hall(counters: Iterable[str], **changes: Any) -> HallSpec:
    """A hall with so many counters, each with the services that are its letters."""
    counters = list(counters)
    services = sorted(set("".join(counters)))
    return HallSpec(
        id=HallId("EST"),
        names={EN: "A hall"},
        languages=(EN,),
        services={
            ServiceId(id): Service(
                id=ServiceId(id), names={EN: id}, prefix=id.upper(), service_s=SERVICE_S
            )
            for id in services
        },
        counters={
            CounterId(str(number)): Counter(
                id=CounterId(str(number)),
                names={EN: str(number)},
                services=tuple(map(ServiceId, its)),
            )
            for number, its in enumerate(counters, 1)
        },
        **changes,
    )


class Desk(Book):
    """A hall that is asked what it expects."""

    def __init__(self, *counters: str, **changes: Any) -> None:
        super().__init__(hall(counters, **changes))
        self._commands = 0

    def command(self, kind: Any, **fields: Any) -> Any:
        self._commands += 1
        return self.do(kind(id=CommandId(f"c{self._commands}"), **fields))

    def open(self, *counters: str) -> None:
        for counter in counters:
            self.command(OpenCounter, counter=CounterId(counter))

    def take(self, service: str, **fields: Any) -> TicketTaken:
        taken = self.command(TakeTicket, service=ServiceId(service), language=EN, **fields)[-1]
        assert isinstance(taken, TicketTaken)
        return taken

    def next(self, counter: str) -> TicketCalled:
        called = self.command(CallNext, counter=CounterId(counter))[-1]
        assert isinstance(called, TicketCalled)
        return called

    def says(self, service: str) -> Estimate:
        estimate = estimate_service(self.state, ServiceId(service), self.now)
        assert estimate is not None
        return estimate

    def ticket(self, id: TicketId) -> Ticket:
        return self.state.tickets[id]


def test_free_counter_means_at_once() -> None:
    desk = Desk("a")
    desk.open("1")
    assert desk.says("a") == AT_ONCE
    assert (AT_ONCE.p50_s, AT_ONCE.p90_s) == (0.0, FREE_P90_S)


def test_without_an_open_counter_nothing_is_said() -> None:
    desk = Desk("a", "b")
    desk.open("2")
    assert estimate_service(desk.state, ServiceId("a"), desk.now) is None
    taken = desk.take("a")
    assert taken.estimate is None
    assert not taken.late
    assert estimate_ticket(desk.state, desk.ticket(taken.ticket), desk.now) is None


@pytest.mark.parametrize("counters", [1, 2, 8, 9, 30])
@pytest.mark.parametrize("ahead", [0, 1, 5, 40])
def test_before_anything_is_measured_the_wait_is_erlangs(counters: int, ahead: int) -> None:
    desk = Desk(*["a"] * counters)
    for number in range(1, counters + 1):
        desk.take("a")
        desk.next(str(number))
    for _ in range(ahead):
        desk.take("a")
    estimate = desk.says("a")
    random, waits = Random(1), []
    for _ in range(4000):
        # What is not known of the mean is in p90 as well: the mean of ten is so uncertain.
        mean_s = SERVICE_S * sum(random.expovariate(1.0) for _ in range(10)) / 10
        waits.append(random.gammavariate(ahead + 1, mean_s / counters))
    waits.sort()
    assert estimate.p50_s == pytest.approx(waits[2000], rel=0.12)
    assert estimate.p90_s == pytest.approx(max(waits[3600], FREE_P90_S), rel=0.08)


def test_service_that_has_lasted_long_counts_as_nearly_over_where_times_are_alike() -> None:
    desk = Desk("a")
    for _ in range(60):
        desk.take("a")
        desk.next("1")
        desk.wait(seconds=SERVICE_S)
    desk.take("a")
    desk.next("1")
    at_first = desk.says("a")
    desk.wait(seconds=SERVICE_S)
    assert desk.says("a").p50_s < 0.5 * at_first.p50_s


def test_measured_times_replace_what_was_configured() -> None:
    desk = Desk("a")
    for _ in range(150):
        desk.take("a")
        desk.next("1")
        desk.wait(seconds=10)
    desk.take("a")
    # One is ahead, and the present one should have ended by now.
    assert 10 < desk.says("a").p50_s < 15


def test_nobody_who_came_counts_as_time_of_the_counter_too() -> None:
    desk = Desk("a")
    for _ in range(5):
        desk.take("a")
        desk.next("1")
        desk.wait(seconds=30)
        desk.command(MarkNoShow, counter=CounterId("1"))
    assert desk.state.times[ServiceId("a")].mean_s == 30
    assert desk.state.times[ServiceId("a")].count == 5


def test_other_services_of_the_same_counter_are_in_the_way() -> None:
    desk = Desk("ab", "c")
    desk.open("1", "2")
    for _ in range(10):
        desk.take("b")
    with_others = desk.says("a")
    assert with_others.p50_s == pytest.approx(10 * SERVICE_S, rel=0.2)
    assert desk.says("c") == AT_ONCE


def test_people_go_where_less_is_to_be_done() -> None:
    desk = Desk("a", "ab", "b")
    desk.open("1", "2", "3")
    for _ in range(30):
        desk.take("a")
    # Counters 1 and 2 share them; nobody keeps counter 3 from b.
    assert desk.says("a").p50_s == pytest.approx(30 * SERVICE_S / 2, rel=0.15)
    assert desk.says("b").p50_s < 0.35 * desk.says("a").p50_s


def test_later_tickets_are_not_ahead_of_a_ticket() -> None:
    desk = Desk("ab")
    desk.take("b")
    desk.next("1")
    first = desk.take("a")
    before = estimate_ticket(desk.state, desk.ticket(first.ticket), desk.now)
    for _ in range(10):
        desk.take("a")
        desk.take("b")
    assert estimate_ticket(desk.state, desk.ticket(first.ticket), desk.now) == before
    assert before == first.estimate


def test_ticket_for_one_counter_waits_for_that_one_alone() -> None:
    desk = Desk("a", "a", "b")
    desk.open("1", "2", "3")
    for _ in range(6):
        desk.take("a")
    moved = desk.take("a").ticket
    desk.command(TransferTicket, ticket=moved, to_counter=CounterId("3"))
    alone = estimate_ticket(desk.state, desk.ticket(moved), desk.now)
    assert alone == AT_ONCE
    other = desk.take("a")
    assert other.estimate is not None
    assert other.estimate.p50_s > SERVICE_S


def test_counter_where_nobody_works_any_more_is_not_counted() -> None:
    desk = Desk("a", "a")
    for number in ("1", "2"):
        desk.take("a")
        desk.next(number)
    desk.wait(seconds=60)
    desk.command(FinishService, counter=CounterId("2"))
    for _ in range(8):
        desk.take("a")
    both = desk.says("a")
    desk.wait(minutes=10)
    assert desk.says("a").p50_s > 1.5 * both.p50_s


def test_closed_counters_are_not_counted() -> None:
    desk = Desk("a", "a")
    desk.open("1", "2")
    for _ in range(8):
        desk.take("a")
    both = desk.says("a")
    desk.command(CloseCounter, counter=CounterId("2"))
    assert desk.says("a").p50_s == pytest.approx(2 * both.p50_s, rel=0.2)


def test_class_with_more_calls_waits_less_and_who_has_fewer_waits_for_those_to_come() -> None:
    ratios = {TicketClass.PRIORITY: 3, TicketClass.NORMAL: 1}
    desk = Desk("a", policy=Policy(kind=PolicyKind.CLASS_RATIOS, ratios=ratios))
    desk.open("1")
    for _ in range(8):
        desk.take("a")
    normal = desk.says("a")
    for _ in range(12):
        desk.take("a", ticket_class=TicketClass.PRIORITY)
    assert desk.says("a").p50_s == pytest.approx(2.5 * normal.p50_s, rel=0.25)
    priority = estimate_service(desk.state, ServiceId("a"), desk.now, TicketClass.PRIORITY)
    assert priority is not None
    assert priority.p50_s < desk.says("a").p50_s


def test_each_call_has_the_estimate_and_the_wait_of_its_ticket() -> None:
    desk = Desk("a")
    desk.open("1")
    taken = desk.take("a")
    desk.wait(seconds=42)
    called = desk.next("1")
    assert (called.waited_s, called.estimate) == (42.0, taken.estimate)
    assert called.estimate is not None


def test_wait_that_somebody_interfered_with_is_not_held_against_its_estimate() -> None:
    desk = Desk("a")
    desk.open("1")
    taken = desk.take("a")
    desk.command(RequeueTicket, ticket=taken.ticket, place=QueuePlace.BACK)
    assert desk.next("1").estimate is None


def test_visit_goes_on_where_the_wait_is_shortest_though_more_people_wait_there() -> None:
    desk = Desk("a", "b", *["c"] * 9)
    desk.open(*[str(number) for number in range(1, 12)])
    visit = (ServiceId("b"), ServiceId("c"))
    first = desk.take("a", then=visit, visit_order=VisitOrder.SHORTEST_WAIT)
    assert first.service == "a"
    # Three people for one counter, five for nine.
    for service, people in (("b", 3), ("c", 5)):
        for _ in range(people):
            desk.take(service)
    desk.next("1")
    events = desk.command(FinishService, counter=CounterId("1"))
    [continued] = [event for event in events if isinstance(event, VisitContinued)]
    assert continued.service == "c"
    assert continued.estimate == AT_ONCE
    assert desk.state.tickets[continued.ticket].estimate == AT_ONCE


HALLS = st.lists(
    st.text("abcde", min_size=1, max_size=5).map(lambda its: "".join(sorted(set(its)))),
    min_size=1,
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(HALLS, st.lists(st.tuples(st.sampled_from("tnfw"), st.integers(0, 30)), max_size=60))
def test_whatever_happens_estimates_are_intervals(
    counters: list[str], steps: list[tuple[str, int]]
) -> None:
    desk = Desk(*counters)
    services = list(desk.state.spec.services)
    for step, number in steps:
        counter = CounterId(str(number % len(counters) + 1))
        if step == "t":
            desk.take(services[number % len(services)])
        elif step == "n":
            desk.command(CallNext, counter=counter)
        elif step == "f":
            desk.command(FinishService, counter=counter)
        else:
            desk.wait(seconds=number * 7)
        check_intervals(desk.state, desk.now)


def check_intervals(state: HallState, at: Any) -> None:
    told = estimate_services(state, at)
    for service, estimate in told.items():
        assert (estimate is None) == (estimate_service(state, service, at) is None)
    waiting = [each for each in state.tickets.values() if each.state is TicketState.WAITING]
    for each in (*told.values(), *(estimate_ticket(state, ticket, at) for ticket in waiting)):
        assert each is None or 0 <= each.p50_s < each.p90_s < 1e7


@given(HALLS, st.data())
def test_shares_of_all_counters_together_are_everybody(
    counters: list[str], data: st.DataObject
) -> None:
    spec = hall(counters)
    layout = layout_of(spec, ServiceId(counters[0][0]))
    each = [len(group) for group in layout.groups]
    busy_s = data.draw(st.lists(st.floats(0.1, 1e4), min_size=len(each), max_size=len(each)))
    services = len(layout.services)
    work_s = data.draw(st.lists(st.floats(0.1, 1e6), min_size=services, max_size=services))
    pulls = pulls_of(layout, each, busy_s, work_s)
    drawn = drawn_of(layout, each, pulls)
    assert shares(layout, each, pulls, drawn) == pytest.approx([1.0] * services)


@pytest.mark.parametrize("shape", [0.5, 1.0, 3.0, 20.0])
def test_quantiles_are_those_of_the_gamma_distribution(shape: float) -> None:
    random = Random(1)
    drawn = sorted(random.gammavariate(shape, 100.0) for _ in range(40_000))
    estimate = interval_of(shape * 100.0, 1 / shape)
    assert estimate.p50_s == pytest.approx(drawn[20_000], rel=0.05)
    assert estimate.p90_s == pytest.approx(drawn[36_000], rel=0.05)


def test_appointment_that_is_due_before_ones_turn_is_ahead_and_a_later_one_is_not() -> None:
    desk = Desk("a")
    desk.take("a")
    desk.next("1")
    for _ in range(10):
        desk.take("a")
    without = desk.says("a")
    due = estimate_service(
        desk.state,
        ServiceId("a"),
        desk.now,
        TicketClass.APPOINTMENT,
        desk.now + timedelta(seconds=60),
    )
    later = estimate_service(
        desk.state,
        ServiceId("a"),
        desk.now,
        TicketClass.APPOINTMENT,
        desk.now + timedelta(seconds=600),
    )
    assert due is not None
    assert later is not None
    assert due.p50_s < later.p50_s < without.p50_s
    assert later.p50_s == pytest.approx(due.p50_s + 480)
