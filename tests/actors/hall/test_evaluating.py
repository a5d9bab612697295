"""Evaluations: each finished service counts once, for whoever gave it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from actors.hall.state import Tally
from actors.hall.views import counter_changed
from protocol.answers import Reason, Rejected
from protocol.commands import (
    EVALUATION_CHARACTERS_MAX,
    CallNext,
    CloseCounter,
    EvaluateService,
    FinishService,
    InviteEvaluation,
    OpenCounter,
    TakeTicket,
    TransferTicket,
)
from protocol.events import EvaluationInvited, ServiceEvaluated, TicketTaken
from protocol.hall import EvaluationSpec
from protocol.ids import CommandId, ServiceId, StaffId, TicketId
from protocol.messages import AskedCustomer
from protocol.tickets import EvaluationDevice
from protocol.values import replace
from tests.actors.hall.conftest import ONE, TAX, TWO, VAT, ZH, Book, hall_spec

REASONS = {"slow": {ZH: "太慢"}, "rude": {ZH: "态度不好"}}
_ids = count()


def id() -> CommandId:
    return CommandId(f"c{next(_ids)}")


def evaluation_book(**changes: Any) -> Book:
    evaluation = EvaluationSpec(**{"within_s": 600.0, "reasons": REASONS, **changes})
    return Book(hall_spec(evaluation=evaluation))


@pytest.fixture
def book() -> Book:
    return evaluation_book()


def serve(book: Book, *services: ServiceId) -> TicketId:
    """Take a ticket for a visit of ``services`` and finish the first at counter 1."""
    first, *then = services or (TAX,)
    taken = book.do(TakeTicket(id=id(), service=first, then=tuple(then), language=ZH))[-1]
    assert isinstance(taken, TicketTaken)
    go_on(book)
    return taken.ticket


def go_on(book: Book) -> None:
    book.do(CallNext(id=id(), counter=ONE))
    book.do(FinishService(id=id(), counter=ONE))


def rate(ticket: TicketId | None, level: int = 5, **more: Any) -> EvaluateService:
    return EvaluateService(id=id(), ticket=ticket, level=level, **more)


def test_evaluation_is_for_the_counter_and_the_staff_that_served(book: Book) -> None:
    book.do(OpenCounter(id=id(), counter=ONE, staff=StaffId("007")))
    ticket = serve(book)
    # Somebody else sits there when the customer gets round to it.
    book.do(OpenCounter(id=id(), counter=ONE, staff=StaffId("008")))
    command = rate(
        ticket, 2, reasons=("slow", "slow"), text="等太久", device=EvaluationDevice.PHONE
    )
    (event,) = book.do(command)
    assert event == ServiceEvaluated(
        at=book.now,
        command=command.id,
        ticket=ticket,
        service=TAX,
        counter=ONE,
        staff=StaffId("007"),
        level=2,
        reasons=("slow",),
        text="等太久",
        device=EvaluationDevice.PHONE,
    )
    assert book.state.post(ONE).tally == Tally(served=1, invited=1, evaluated=1, levels=2)


def test_second_evaluation_of_a_service_is_refused(book: Book) -> None:
    ticket = serve(book)
    book.do(rate(ticket, 1))
    refused = book.do(rate(ticket, 5))
    assert isinstance(refused, Rejected)
    assert refused.reason is Reason.EVALUATED
    assert book.state.post(ONE).tally.levels == 1


def test_visit_has_one_evaluation_for_each_service_newest_first(book: Book) -> None:
    ticket = serve(book, TAX, VAT)
    go_on(book)
    evaluated = [book.do(rate(ticket, level))[0].service for level in (4, 3)]
    assert evaluated == [VAT, TAX]
    assert book.do(rate(ticket)).reason is Reason.EVALUATED


def test_service_that_is_named_is_evaluated_before_newer_ones(book: Book) -> None:
    ticket = serve(book, TAX, VAT)
    go_on(book)
    assert book.do(rate(ticket, service=TAX))[0].service == TAX
    assert book.do(rate(ticket, service=TAX)).reason is Reason.EVALUATED
    assert book.do(rate(ticket, service=VAT))[0].service == VAT


def test_service_given_twice_is_evaluated_twice_and_no_more(book: Book) -> None:
    ticket = serve(book, TAX, VAT)
    book.do(TransferTicket(id=id(), ticket=ticket, to_service=TAX))
    go_on(book)
    for level in (5, 4):
        book.do(rate(ticket, level))
    assert [served.level for served in book.state.tickets[ticket].served] == [4, 5]
    assert book.do(rate(ticket)).reason is Reason.EVALUATED


def test_pad_at_a_counter_means_whom_it_served_last(book: Book) -> None:
    serve(book)
    ticket = serve(book)
    (event,) = book.do(rate(None, counter=ONE, device=EvaluationDevice.PAD))
    assert (event.ticket, event.device) == (ticket, EvaluationDevice.PAD)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (lambda ticket: rate(ticket, 0), Reason.BAD_VALUE),
        (lambda ticket: rate(ticket, 6), Reason.BAD_VALUE),
        (lambda ticket: rate(ticket, reasons=("dull",)), Reason.BAD_VALUE),
        (lambda ticket: rate(ticket, text="x" * (EVALUATION_CHARACTERS_MAX + 1)), Reason.BAD_VALUE),
        (lambda ticket: rate(ticket, service=VAT), Reason.NOT_SERVED),
        (lambda ticket: rate(ticket, counter=TWO), Reason.NOT_SERVED),
        (lambda _ticket: rate(None, counter=TWO), Reason.NOT_SERVED),
        (lambda _ticket: rate(None, counter="9"), Reason.UNKNOWN_COUNTER),
        (lambda ticket: rate(ticket, counter="9"), Reason.UNKNOWN_COUNTER),
        (lambda _ticket: rate(None), Reason.UNKNOWN_TICKET),
        (lambda _ticket: rate(TicketId("20260302-A999")), Reason.UNKNOWN_TICKET),
    ],
)
def test_evaluation_that_makes_no_sense_is_refused(
    book: Book, command: Callable[[TicketId], EvaluateService], reason: Reason
) -> None:
    ticket = serve(book)
    refused = book.do(command(ticket))
    assert isinstance(refused, Rejected)
    assert refused.reason is reason
    assert book.state.post(ONE).tally.evaluated == 0


def test_waiting_ticket_has_nothing_to_evaluate(book: Book) -> None:
    taken = book.do(TakeTicket(id=id(), service=TAX, language=ZH))[-1]
    assert book.do(rate(taken.ticket)).reason is Reason.NOT_SERVED


@pytest.mark.parametrize(("after_s", "taken"), [(600.0, True), (600.001, False)])
def test_evaluation_is_taken_until_its_time_is_over(
    book: Book, after_s: float, taken: bool
) -> None:
    ticket = serve(book)
    book.wait(seconds=after_s)
    answer = book.do(rate(ticket))
    assert isinstance(answer, tuple) is taken
    assert taken or answer.reason is Reason.EVALUATION_CLOSED


def test_text_of_the_greatest_length_is_taken(book: Book) -> None:
    (event,) = book.do(rate(serve(book), text="好" * EVALUATION_CHARACTERS_MAX))
    assert len(event.text) == EVALUATION_CHARACTERS_MAX


# -- invitations ---------------------------------------------------------------------------------


def test_counter_invites_whom_it_served_last_and_is_counted_once() -> None:
    book = evaluation_book(invite=False)
    serve(book)
    ticket = serve(book)
    assert book.state.post(ONE).tally == Tally(served=2)
    for _ in range(2):  # a customer who did not look is asked again
        command = InviteEvaluation(id=id(), counter=ONE)
        (event,) = book.do(command)
        assert event == EvaluationInvited(
            at=book.now, command=command.id, ticket=ticket, counter=ONE, service=TAX
        )
    assert book.state.post(ONE).tally == Tally(served=2, invited=1)


def test_service_that_invites_by_itself_counts_every_customer_as_invited(book: Book) -> None:
    serve(book)
    serve(book)
    assert book.state.post(ONE).tally == Tally(served=2, invited=2)


def test_counter_that_served_nobody_has_nobody_to_invite(book: Book) -> None:
    assert book.do(InviteEvaluation(id=id(), counter=ONE)).reason is Reason.NOT_SERVED


def test_closed_counter_invites_nobody_whom_it_served_before(book: Book) -> None:
    serve(book)
    book.do(CloseCounter(id=id(), counter=ONE))
    assert book.do(InviteEvaluation(id=id(), counter=ONE)).reason is Reason.NOT_SERVED
    assert book.state.post(ONE).tally.served == 1


def asked(book: Book) -> AskedCustomer | None:
    """Whom counter 1 is seen to ask."""
    return counter_changed(book.state, ONE).asked


def test_counter_shows_whom_it_asks_and_that_he_has_evaluated(book: Book) -> None:
    assert asked(book) is None
    ticket = serve(book)
    expected = AskedCustomer(
        ticket=ticket,
        number=book.state.tickets[ticket].number,
        service=TAX,
        ended_at=book.now,
        times=0,
    )
    assert asked(book) == expected
    for times in (1, 2):
        book.do(InviteEvaluation(id=id(), counter=ONE))
        assert asked(book) == replace(expected, times=times)
    assert book.state.post(ONE).tally.invited == 1
    book.do(rate(ticket))
    assert asked(book) == replace(expected, times=2, evaluated=True)


def test_counter_asks_nobody_until_it_invites_where_the_hall_does_not() -> None:
    book = evaluation_book(invite=False)
    serve(book)
    assert asked(book) is None
    book.do(InviteEvaluation(id=id(), counter=ONE))
    assert asked(book) is not None


def test_service_given_twice_is_asked_for_where_it_was_not_answered() -> None:
    book = evaluation_book(invite=False)
    ticket = serve(book, TAX, VAT)
    book.do(TransferTicket(id=id(), ticket=ticket, to_service=TAX))
    go_on(book)
    book.do(rate(ticket))
    assert asked(book) is None
    book.do(InviteEvaluation(id=id(), counter=ONE))
    assert [served.invited for served in book.state.tickets[ticket].served] == [True, False]
    seen = asked(book)
    assert seen is not None
    assert not seen.evaluated


def test_customer_who_has_evaluated_is_not_invited(book: Book) -> None:
    book.do(rate(serve(book)))
    assert book.do(InviteEvaluation(id=id(), counter=ONE)).reason is Reason.EVALUATED
