"""Each command: what it causes, and why it is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any

import pytest

from actors.hall.views import ahead_of, counter_changed
from protocol.answers import Reason, Rejected
from protocol.commands import (
    BeginDay,
    CallNext,
    CancelTicket,
    CloseCounter,
    FinishService,
    MarkNoShow,
    OpenCounter,
    PauseCounter,
    RecallTicket,
    ReportPrint,
    ReprintTicket,
    StartService,
    TakeTicket,
)
from protocol.events import (
    CounterOpened,
    DayBegun,
    ReprintRequested,
    ServiceFinished,
    TicketCalled,
    TicketExpired,
    TicketNoShow,
    TicketPrinted,
    TicketTaken,
)
from protocol.hall import UnstartedTicket
from protocol.tickets import CounterMode, PrintState
from protocol.values import replace
from tests.actors.hall.conftest import ONE, TAX, TWO, VAT, ZH, Book, hall_spec

ids = (f"c{number}" for number in count())


def take(book: Any, service: Any = TAX, **changes: Any) -> TicketTaken:
    decision = book.do(TakeTicket(id=next(ids), service=service, language=ZH, **changes))
    assert not isinstance(decision, Rejected), decision
    return decision[-1]


def call(book: Any, counter: Any = ONE) -> TicketCalled | None:
    decision = book.do(CallNext(id=next(ids), counter=counter))
    assert not isinstance(decision, Rejected), decision
    called = [event for event in decision if isinstance(event, TicketCalled)]
    return called[0] if called else None


def refused(decision: Any) -> Reason:
    assert isinstance(decision, Rejected), decision
    assert len(decision.detail) > 10
    return decision.reason


def test_taking_gives_numbers_in_order_and_counts_those_ahead(book: Any) -> None:
    taken = [take(book) for _ in range(3)]
    assert [event.number for event in taken] == ["A001", "A002", "A003"]
    assert [event.ahead for event in taken] == [0, 1, 2]
    assert taken[0].ticket == "20260302-A001"
    assert take(book, VAT).number == "B001"


def test_taking_past_the_last_number_is_refused(book: Any) -> None:
    for _ in range(5):
        take(book)
    decision = book.do(TakeTicket(id="x", service=TAX, language=ZH))
    assert refused(decision) is Reason.NUMBERS_EXHAUSTED
    assert "A005" in decision.detail


def test_a_language_that_the_hall_lacks_becomes_its_first(book: Any) -> None:
    decision = book.do(TakeTicket(id="x", service=TAX, language="xx"))
    assert decision[-1].language == ZH


@pytest.mark.parametrize(
    "moved", [{"day_begins": time(6, 0)}, {"time_zone": "America/Los_Angeles"}]
)
def test_a_day_that_is_to_begin_later_does_not_come_twice(book: Any, moved: Any) -> None:
    first = take(book)
    ended = book.state.ends_at
    book.state = replace(book.state, spec=hall_spec(**moved))
    book.now = ended
    second = take(book)
    assert (first.ticket, second.ticket) == ("20260302-A001", "20260303-A001")
    assert book.state.ends_at > ended + timedelta(hours=24)
    book.now = book.state.ends_at
    assert take(book).ticket == "20260304-A001"


def test_a_changed_configuration_never_leads_to_a_number_given_out(book: Any) -> None:
    first = take(book, TAX)
    services = book.state.spec.services
    changed = hall_spec(services={TAX: replace(services[TAX], prefix="X"), VAT: services[VAT]})
    book.state = replace(book.state, spec=changed)
    take(book, TAX)
    moved = hall_spec(services={TAX: services[TAX], VAT: replace(services[VAT], prefix="A")})
    book.state = replace(book.state, spec=moved)
    taken = take(book, VAT)
    assert taken.number == "A002"
    assert first.ticket != taken.ticket


def test_taking_for_an_unknown_service_names_those_there_are(book: Any) -> None:
    decision = book.do(TakeTicket(id="x", service="dog", language=ZH))
    assert refused(decision) is Reason.UNKNOWN_SERVICE
    assert "tax, vat" in decision.detail


def test_taking_at_an_unknown_kiosk_is_refused(book: Any) -> None:
    decision = book.do(TakeTicket(id="x", service=TAX, language=ZH, kiosk="k9"))
    assert refused(decision) is Reason.UNKNOWN_KIOSK


def test_calling_takes_the_oldest_over_all_services_of_the_counter(book: Any) -> None:
    for service in (VAT, TAX, VAT):
        take(book, service)
    assert [call(book).number for _ in range(3)] == ["B001", "A001", "B002"]
    assert call(book) is None


def test_a_counter_calls_only_its_own_services(book: Any) -> None:
    take(book, TAX)
    assert call(book, TWO) is None
    take(book, VAT)
    assert call(book, TWO).number == "B001"


def test_calling_opens_a_closed_counter(book: Any) -> None:
    decision = book.do(CallNext(id="x", counter=ONE))
    assert [type(event) for event in decision] == [DayBegun, CounterOpened]
    assert book.state.post(ONE).mode is CounterMode.OPEN


def test_next_finishes_what_the_counter_has(book: Any) -> None:
    take(book)
    take(book)
    first = call(book)
    decision = book.do(CallNext(id="x", counter=ONE))
    assert isinstance(decision[0], ServiceFinished)
    assert decision[0].ticket == first.ticket
    assert decision[1].number == "A002"


def test_next_marks_an_unstarted_ticket_as_no_show_where_the_hall_says_so() -> None:
    book = Book(hall_spec(unstarted=UnstartedTicket.NO_SHOW))
    take(book), take(book), take(book)
    call(book)
    assert isinstance(book.do(CallNext(id="x", counter=ONE))[0], TicketNoShow)
    book.do(StartService(id="s", counter=ONE))
    assert isinstance(book.do(CallNext(id="y", counter=ONE))[0], ServiceFinished)


def test_a_cancelled_ticket_is_never_called_and_counts_no_more(book: Any) -> None:
    first, second, third = take(book), take(book), take(book)
    book.do(CancelTicket(id="x", ticket=first.ticket))
    book.do(CancelTicket(id="y", ticket=second.ticket))
    assert book.state.waiting(TAX) == 1
    assert call(book).ticket == third.ticket
    assert book.state.waiting(TAX) == 0


def test_recall_is_locked_out_and_capped(book: Any) -> None:
    take(book)
    called = call(book)
    assert refused(book.do(RecallTicket(id=next(ids), counter=ONE))) is Reason.RECALL_TOO_SOON
    for times in (1, 2, 3):
        book.wait(seconds=2)
        (recalled,) = book.do(RecallTicket(id=next(ids), ticket=called.ticket))
        assert (recalled.times, recalled.number) == (times, "A001")
    book.wait(minutes=1)
    assert refused(book.do(RecallTicket(id=next(ids), counter=ONE))) is Reason.RECALL_TOO_OFTEN


def test_steps_at_a_counter_without_a_ticket_are_refused(book: Any) -> None:
    book.do(OpenCounter(id="o", counter=ONE))
    for command in (RecallTicket, StartService, FinishService, MarkNoShow):
        reason = refused(book.do(command(id=next(ids), counter=ONE)))
        assert reason is Reason.NO_TICKET_AT_COUNTER


def test_a_step_that_names_another_counter_than_the_tickets_is_refused(book: Any) -> None:
    take(book)
    called = call(book)
    decision = book.do(StartService(id="x", ticket=called.ticket, counter=TWO))
    assert refused(decision) is Reason.NO_TICKET_AT_COUNTER


def test_unknown_tickets_and_counters_are_refused(book: Any) -> None:
    take(book)
    assert refused(book.do(StartService(id="a", ticket="nope"))) is Reason.UNKNOWN_TICKET
    assert refused(book.do(StartService(id="b"))) is Reason.UNKNOWN_TICKET
    for command in (CallNext, OpenCounter, PauseCounter, CloseCounter, FinishService):
        assert refused(book.do(command(id="c", counter="9"))) is Reason.UNKNOWN_COUNTER


def test_a_counter_with_a_ticket_is_not_paused(book: Any) -> None:
    take(book)
    call(book)
    decision = book.do(PauseCounter(id="x", counter=ONE))
    assert refused(decision) is Reason.COUNTER_BUSY
    assert "A001" in decision.detail


def test_opening_an_open_counter_changes_nothing(book: Any) -> None:
    book.do(OpenCounter(id="a", counter=ONE))
    assert book.do(OpenCounter(id="b", counter=ONE)) == ()


def test_a_kiosk_ticket_awaits_its_print_until_the_report(book: Any) -> None:
    ticket = take(book, kiosk="k1").ticket
    assert book.state.tickets[ticket].printed is PrintState.PENDING
    assert refused(book.do(ReprintTicket(id="r0", ticket=ticket))) is Reason.TICKET_STATE
    book.do(ReportPrint(id="p", ticket=ticket, failure="paper out"))
    assert book.state.tickets[ticket].print_failure == "paper out"
    (again,) = book.do(ReprintTicket(id="r", ticket=ticket))
    assert isinstance(again, ReprintRequested)
    assert again.kiosk == "k1"
    book.do(ReportPrint(id="q", ticket=ticket))
    assert book.state.tickets[ticket].printed is PrintState.PRINTED
    assert take(book).number == "A002"


def test_a_ticket_that_has_ended_needs_no_paper_and_no_failure_is_noted(book: Any) -> None:
    ticket = take(book, VAT, kiosk="k1").ticket
    call(book)
    book.do(FinishService(id="f", ticket=ticket))
    assert book.do(ReportPrint(id="p", ticket=ticket, failure="paper out")) == ()
    (printed,) = book.do(ReportPrint(id="q", ticket=ticket))
    assert isinstance(printed, TicketPrinted)


def test_reprinting_is_refused_without_a_printer_and_after_the_end(book: Any) -> None:
    phone = take(book).ticket
    assert refused(book.do(ReprintTicket(id="a", ticket=phone))) is Reason.NO_PRINTER
    assert refused(book.do(ReprintTicket(id="b", ticket=phone, kiosk="k2"))) is Reason.NO_PRINTER
    assert refused(book.do(ReprintTicket(id="c", ticket=phone, kiosk="k9"))) is Reason.UNKNOWN_KIOSK
    assert refused(book.do(ReportPrint(id="d", ticket=phone))) is Reason.NO_PRINTER
    book.do(CancelTicket(id="e", ticket=phone))
    decision = book.do(ReprintTicket(id="f", ticket=phone, kiosk="k1"))
    assert refused(decision) is Reason.TICKET_STATE


def test_a_new_day_expires_open_tickets_and_starts_numbers_again(book: Any) -> None:
    take(book), take(book)
    call(book)
    book.wait(days=1)
    decision = book.do(TakeTicket(id="t", service=TAX, language=ZH))
    kinds = [type(event) for event in decision]
    assert kinds == [TicketExpired, TicketExpired, DayBegun, TicketTaken]
    assert decision[0].counter == ONE
    assert decision[2].day == date(2026, 3, 3)
    assert decision[3].ticket == "20260303-A001"
    assert book.state.post(ONE).ticket is None


def test_the_day_begins_at_the_halls_own_time(book: Any) -> None:
    # 03:59:59 and 04:00:00 in Shanghai are 19:59:59 and 20:00:00 UTC the evening before.
    book.now = datetime(2026, 3, 2, 19, 59, 59, tzinfo=UTC)
    (begun,) = book.do(BeginDay(id="a"))
    assert (begun.day, begun.ends_at) == (
        date(2026, 3, 2),
        datetime(2026, 3, 2, 20, tzinfo=UTC),
    )
    assert book.do(BeginDay(id="b")) == ()
    book.wait(seconds=1)
    assert book.do(BeginDay(id="c"))[-1].day == date(2026, 3, 3)


def test_a_clock_set_back_an_hour_dates_nothing_before_the_last_event(book: Any) -> None:
    take(book)
    before = book.now
    book.now -= timedelta(hours=1)
    taken, called = take(book), call(book)
    assert taken.at == called.at == before
    assert [event.at for event in book.events] == sorted(event.at for event in book.events)


def test_a_clock_set_back_over_the_days_begin_stays_in_the_new_day(book: Any) -> None:
    book.now = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
    assert take(book).ticket == "20260303-A001"
    book.now -= timedelta(hours=1)
    assert take(book).ticket == "20260303-A002"


@pytest.mark.parametrize(
    "left",
    [
        {"services": {TAX: hall_spec().services[TAX]}, "counters": {}},
        {"counters": {TWO: hall_spec().counters[TWO]}},
        {"kiosks": {}},
        {"services": {}, "counters": {}, "kiosks": {}},
    ],
    ids=["a service", "a counter", "kiosks", "everything"],
)
def test_what_a_configuration_lost_within_the_day_makes_nothing_fail(book: Any, left: Any) -> None:
    for service in (TAX, VAT, TAX, VAT):
        take(book, service, kiosk="k1")
    call(book, ONE)
    call(book, TWO)
    book.state = replace(book.state, spec=hall_spec(**left))
    commands: list[Any] = [TakeTicket(id="x", service=VAT, language=ZH, kiosk="k1")]
    for counter in (ONE, TWO):
        commands += [
            kind(id="x", counter=counter) for kind in (CallNext, OpenCounter, CloseCounter)
        ]
    for ticket in book.state.tickets:
        commands += [
            kind(id="x", ticket=ticket, counter=counter)
            for kind in (RecallTicket, StartService, FinishService, MarkNoShow, CancelTicket)
            for counter in (None, ONE, TWO)
        ]
        commands += [
            ReportPrint(id="x", ticket=ticket, failure="paper out"),
            ReprintTicket(id="x", ticket=ticket),
        ]
    before = book.state, book.now
    for command in commands:
        for days in (0, 1):
            book.state, book.now = before
            book.wait(days=days)
            book.do(command)
            for counter in book.state.spec.counters:
                counter_changed(book.state, counter)
            for ticket in book.state.tickets.values():
                ahead_of(book.state, ticket)
    # Open tickets of what is gone end all the same.
    book.state, book.now = before
    (finished,) = book.do(FinishService(id="f", ticket="20260302-A001"))
    assert isinstance(finished, ServiceFinished)
    book.wait(days=1)
    *expired, _ = book.do(BeginDay(id="d"))
    assert len(expired) == 3
