"""Several services under one number, and several people."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from actors.hall.views import counter_changed
from protocol.answers import Reason, Rejected
from protocol.commands import (
    PARTY_MAX,
    THEN_MAX,
    CallNext,
    Command,
    FinishService,
    MarkNoShow,
    ReactivateTicket,
    StartService,
    TakeTicket,
    TransferTicket,
)
from protocol.events import ServiceFinished, TicketCalled, TicketTaken, VisitContinued
from protocol.hall import Service, UnstartedTicket
from protocol.ids import CommandId, ServiceId
from protocol.tickets import TicketState, VisitOrder
from protocol.values import replace
from tests.actors.hall.conftest import EN, ONE, TAX, TWO, VAT, ZH, Book, hall_spec

_ids = count()
MANY = tuple(ServiceId(f"s{nth}") for nth in range(THEN_MAX + 2))
SHORTEST = VisitOrder.SHORTEST_WAIT


def id() -> CommandId:
    return CommandId(f"v{next(_ids)}")


def done(book: Book, command: Command) -> tuple[Any, ...]:
    decision = book.do(command)
    assert not isinstance(decision, Rejected), decision
    return tuple(decision)


def take(book: Book, service: ServiceId = TAX, **parts: Any) -> TicketTaken:
    taken = done(book, TakeTicket(id=id(), service=service, language=ZH, **parts))[-1]
    assert isinstance(taken, TicketTaken)
    return taken


def refused(book: Book, **parts: Any) -> Reason:
    decision = book.do(TakeTicket(**{"id": id(), "service": TAX, "language": ZH, **parts}))
    assert isinstance(decision, Rejected), decision
    assert len(decision.detail) > 10
    return decision.reason


def test_a_visit_goes_through_its_services_under_one_number(book: Book) -> None:
    taken = take(book, then=(VAT,))
    (*_, called) = done(book, CallNext(id=id(), counter=ONE))
    assert called.number == taken.number == "A001"
    book.wait(minutes=4)
    finished, continued = done(book, FinishService(id=id(), counter=ONE))
    assert isinstance(finished, ServiceFinished)
    assert isinstance(continued, VisitContinued)
    ticket = book.state.tickets[taken.ticket]
    assert (ticket.service, ticket.then, ticket.state) == (VAT, (), TicketState.WAITING)
    assert ticket.waiting_since == book.now
    (*_, called) = done(book, CallNext(id=id(), counter=TWO))
    assert called.number == "A001"
    done(book, FinishService(id=id(), counter=TWO))
    ticket = book.state.tickets[taken.ticket]
    assert ticket.state is TicketState.SERVED
    assert [(each.service, each.counter) for each in ticket.served] == [(TAX, ONE), (VAT, TWO)]


def test_a_call_for_the_next_service_is_told_from_the_one_before(book: Book) -> None:
    take(book, then=(VAT,))
    views = []
    for _ in range(2):
        book.wait(minutes=4)
        done(book, CallNext(id=id(), counter=ONE))
        views.append(counter_changed(book.state, ONE))
    one, other = views
    assert (one.number, one.ticket_state, one.calls) == (other.number, other.ticket_state, 1)
    assert one.called_at == book.now - timedelta(minutes=4)
    assert other.called_at == book.now


def test_who_goes_on_with_a_visit_waits_behind_those_who_wait_there(book: Book) -> None:
    visitor = take(book, then=(VAT,))
    others = [take(book, VAT), take(book, VAT)]
    called = [
        done(book, CallNext(id=id(), counter=counter))[-1].ticket
        for counter in (ONE, ONE, TWO, TWO)
    ]
    assert called == [each.ticket for each in (visitor, *others, visitor)]


def test_the_next_one_may_be_who_goes_on_with_a_visit_here(book: Book) -> None:
    visitor = take(book, then=(VAT,))
    done(book, CallNext(id=id(), counter=ONE))
    *_, called = done(book, CallNext(id=id(), counter=ONE))
    assert isinstance(called, TicketCalled)
    assert (called.ticket, called.service) == (visitor.ticket, VAT)
    assert book.state.post(ONE).ticket == visitor.ticket


def test_a_no_show_ends_a_visit_and_reactivated_it_goes_on() -> None:
    book = Book(hall_spec(unstarted=UnstartedTicket.NO_SHOW))
    visitor = take(book, then=(VAT,))
    done(book, CallNext(id=id(), counter=ONE))
    done(book, MarkNoShow(id=id(), counter=ONE))
    assert book.state.tickets[visitor.ticket].state is TicketState.NO_SHOW
    done(book, ReactivateTicket(id=id(), ticket=visitor.ticket))
    done(book, CallNext(id=id(), counter=ONE))
    done(book, StartService(id=id(), counter=ONE))
    done(book, FinishService(id=id(), counter=ONE))
    assert book.state.tickets[visitor.ticket].service == VAT


def test_a_service_that_a_visit_was_transferred_to_does_not_come_twice(book: Book) -> None:
    visitor = take(book, then=(VAT,))
    done(book, TransferTicket(id=id(), ticket=visitor.ticket, to_service=VAT))
    done(book, CallNext(id=id(), counter=TWO))
    done(book, FinishService(id=id(), counter=TWO))
    assert book.state.tickets[visitor.ticket].state is TicketState.SERVED


def test_a_service_that_the_hall_lost_is_left_out_of_a_visit(book: Book) -> None:
    visitor = take(book, then=(VAT,))
    done(book, CallNext(id=id(), counter=ONE))
    services = {TAX: book.state.spec.services[TAX]}
    book.state = replace(book.state, spec=hall_spec(services=services))
    (finished,) = done(book, FinishService(id=id(), counter=ONE))
    assert isinstance(finished, ServiceFinished)
    assert book.state.tickets[visitor.ticket].state is TicketState.SERVED


@pytest.mark.parametrize("order", VisitOrder)
def test_a_visit_begins_in_its_order_or_where_fewest_wait(order: VisitOrder, book: Book) -> None:
    take(book, TAX)
    taken = take(book, TAX, then=(VAT,), visit_order=order)
    ticket = book.state.tickets[taken.ticket]
    if order is SHORTEST:
        assert (taken.number, taken.ahead, ticket.service, ticket.then) == ("B001", 0, VAT, (TAX,))
    else:
        assert (taken.number, taken.ahead, ticket.service, ticket.then) == ("A002", 1, TAX, (VAT,))


def many_services() -> Book:
    services = {
        id: Service(id=id, names={EN: id}, prefix=f"{id}-", last=9) for id in (TAX, VAT, *MANY)
    }
    counters = hall_spec().counters
    one = replace(counters[ONE], services=tuple(services))
    return Book(hall_spec(services=services, counters={**counters, ONE: one}))


def test_a_visit_goes_on_each_time_where_fewest_wait() -> None:
    book = many_services()
    one, two, three = MANY[:3]
    for service, waiting in ((TAX, 0), (one, 3), (two, 1), (three, 2)):
        for _ in range(waiting):
            take(book, service)
    visitor = take(book, TAX, then=(one, two, three), visit_order=SHORTEST)
    went = [book.state.tickets[visitor.ticket].service]
    for _ in range(3):
        while book.state.post(ONE).ticket != visitor.ticket:
            done(book, CallNext(id=id(), counter=ONE))
            book.now += timedelta(minutes=1)
        left = book.state.tickets[visitor.ticket].then
        fewest = min(book.state.waiting(service) for service in left)
        _, continued = done(book, FinishService(id=id(), counter=ONE))
        assert book.state.waiting(continued.service) == fewest + 1  # itself
        went.append(continued.service)
    assert went[0] == TAX
    assert sorted(went) == sorted([TAX, one, two, three])


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"then": ("dog",)}, Reason.UNKNOWN_SERVICE),
        ({"service": "dog", "then": (TAX,)}, Reason.UNKNOWN_SERVICE),
        ({"then": (TAX,)}, Reason.BAD_VALUE),
        ({"then": (VAT, VAT)}, Reason.BAD_VALUE),
        ({"then": MANY[: THEN_MAX + 1]}, Reason.BAD_VALUE),
        ({"party": 0}, Reason.BAD_VALUE),
        ({"party": PARTY_MAX + 1}, Reason.BAD_VALUE),
    ],
)
def test_a_visit_out_of_its_bounds_is_refused_and_takes_no_number(
    parts: Any, reason: Reason
) -> None:
    book = many_services()
    assert refused(book, **parts) is reason
    assert not book.state.tickets


def test_a_visit_at_its_bounds_is_taken() -> None:
    book = many_services()
    taken = take(book, then=MANY[:THEN_MAX], party=PARTY_MAX)
    assert (len(taken.then), taken.party) == (THEN_MAX, PARTY_MAX)
