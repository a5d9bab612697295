"""Which tickets a counter may act on, and the steps of a counter itself."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from protocol.answers import Reason, Rejected
from protocol.commands import (
    CallNext,
    CallTicket,
    CancelTicket,
    CloseCounter,
    Command,
    HoldTicket,
    MarkNoShow,
    OpenCounter,
    ReactivateTicket,
    RequeueTicket,
    ResumeTicket,
    TakeTicket,
    TogglePause,
    TransferTicket,
)
from protocol.events import CounterOpened, CounterPaused
from protocol.ids import CommandId, CounterId, ServiceId, StaffId, TicketId
from protocol.tickets import CounterMode, TicketState
from tests.actors.hall.conftest import ONE, TAX, TWO, VAT, ZH, Book, hall_spec

_ids = count()


def id() -> CommandId:
    return CommandId(f"r{next(_ids)}")


def take(book: Book, service: ServiceId) -> TicketId:
    ticket: TicketId = book.do(TakeTicket(id=id(), service=service, language=ZH))[-1].ticket
    return ticket


Step = Callable[[TicketId, CounterId], Command]


def hold(ticket: TicketId, counter: CounterId) -> Command:
    return HoldTicket(id=id(), ticket=ticket, counter=counter)


def resume(ticket: TicketId, counter: CounterId) -> Command:
    return ResumeTicket(id=id(), ticket=ticket, counter=counter)


def requeue(ticket: TicketId, counter: CounterId) -> Command:
    return RequeueTicket(id=id(), ticket=ticket, counter=counter)


def transfer(ticket: TicketId, counter: CounterId) -> Command:
    return TransferTicket(id=id(), ticket=ticket, counter=counter, to_service=VAT)


def reactivate(ticket: TicketId, counter: CounterId) -> Command:
    return ReactivateTicket(id=id(), ticket=ticket, counter=counter)


def refused(answer: Any) -> Reason:
    assert isinstance(answer, Rejected), answer
    return answer.reason


@pytest.mark.parametrize("step", [hold, requeue, transfer])
def test_counter_acts_on_a_ticket_that_waits_for_its_services_alone(book: Book, step: Step) -> None:
    ticket = take(book, TAX)  # which counter 2 has not
    assert refused(book.do(step(ticket, TWO))) is Reason.WRONG_COUNTER
    assert isinstance(book.do(step(ticket, ONE)), tuple)


@pytest.mark.parametrize("step", [hold, requeue, transfer])
def test_counter_does_not_act_on_a_ticket_that_another_has(book: Book, step: Step) -> None:
    take(book, VAT)
    (*_, called) = book.do(CallNext(id=id(), counter=TWO))
    # Counter 1 has the service as well, but not the ticket.
    assert refused(book.do(step(called.ticket, ONE))) is Reason.WRONG_COUNTER
    assert isinstance(book.do(step(called.ticket, TWO)), tuple)


def test_counter_resumes_what_it_held_and_what_it_might_call(book: Book) -> None:
    ticket = take(book, TAX)
    book.do(CallNext(id=id(), counter=ONE))
    book.do(hold(ticket, ONE))
    assert refused(book.do(resume(ticket, TWO))) is Reason.WRONG_COUNTER
    assert isinstance(book.do(resume(ticket, ONE)), tuple)


def test_counter_takes_back_what_it_sent_to_another_by_mistake(book: Book) -> None:
    ticket = take(book, VAT)
    book.do(OpenCounter(id=id(), counter=TWO))
    book.do(CallTicket(id=id(), counter=ONE, ticket=ticket))
    book.do(TransferTicket(id=id(), counter=ONE, to_counter=TWO))
    assert book.state.tickets[ticket].reserved_for == TWO
    book.do(TransferTicket(id=id(), counter=ONE, ticket=ticket, to_counter=ONE))
    assert book.state.tickets[ticket].reserved_for == ONE


def test_counter_reactivates_whom_it_or_nobody_called(book: Book) -> None:
    ticket = take(book, TAX)
    book.do(CallNext(id=id(), counter=ONE))
    book.do(MarkNoShow(id=id(), counter=ONE))
    assert refused(book.do(reactivate(ticket, TWO))) is Reason.WRONG_COUNTER
    assert isinstance(book.do(reactivate(ticket, ONE)), tuple)
    book.do(CancelTicket(id=id(), ticket=ticket))
    assert isinstance(book.do(reactivate(ticket, ONE)), tuple)


def test_ticket_that_only_waits_is_not_cancelled_by_a_counter(book: Book) -> None:
    ticket = take(book, TAX)
    command = CancelTicket(id=id(), ticket=ticket, counter=ONE)
    assert refused(book.do(command)) is Reason.NO_TICKET_AT_COUNTER


def test_held_ticket_is_not_called_by_a_counter_that_it_is_not_for(book: Book) -> None:
    ticket = take(book, TAX)
    book.do(hold(ticket, ONE))
    call = CallTicket(id=id(), counter=TWO, ticket=ticket)
    assert refused(book.do(call)) is Reason.WRONG_COUNTER
    book.do(CallTicket(id=id(), counter=ONE, ticket=ticket))
    assert book.state.tickets[ticket].state is TicketState.CALLED


# -- counters ------------------------------------------------------------------------------------


def test_one_key_pauses_a_counter_and_opens_it_again(book: Book) -> None:
    book.do(OpenCounter(id=id(), counter=ONE))
    (paused,) = book.do(TogglePause(id=id(), counter=ONE))
    assert isinstance(paused, CounterPaused)
    (opened,) = book.do(TogglePause(id=id(), counter=ONE))
    assert isinstance(opened, CounterOpened)
    book.do(CloseCounter(id=id(), counter=ONE))
    book.do(TogglePause(id=id(), counter=ONE))
    assert book.state.post(ONE).mode is CounterMode.OPEN
    assert refused(book.do(TogglePause(id=id(), counter=CounterId("9")))) is Reason.UNKNOWN_COUNTER


def test_staff_stay_when_their_counter_is_opened_again(book: Book) -> None:
    book.do(OpenCounter(id=id(), counter=ONE, staff=StaffId("007")))
    for _ in range(2):
        book.do(TogglePause(id=id(), counter=ONE))
    assert book.state.post(ONE).staff == "007"


def test_where_there_is_a_roster_unknown_staff_are_refused() -> None:
    book = Book(hall_spec(staff={StaffId("007"): "王芳"}))
    command = OpenCounter(id=id(), counter=ONE, staff=StaffId("8"))
    assert refused(book.do(command)) is Reason.UNKNOWN_STAFF
    assert isinstance(book.do(OpenCounter(id=id(), counter=ONE, staff=StaffId("007"))), tuple)
