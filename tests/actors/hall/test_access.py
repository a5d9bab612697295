"""Who gets a ticket when: hours, the last ticket, quotas, persons, and business days."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from actors.hall.access import availability
from protocol.answers import Reason, Rejected
from protocol.commands import (
    BeginDay,
    CallNext,
    CancelTicket,
    FinishService,
    ReactivateTicket,
    TakeTicket,
)
from protocol.events import DayBegun, ServiceFinished, TicketCalled, TicketExpired, TicketTaken
from protocol.hall import Identity, PastLast
from protocol.hours import Closure, Hours, Opening
from protocol.ids import CommandId, PersonId
from protocol.tickets import VisitOrder
from protocol.values import replace
from tests.actors.hall.conftest import EN, NOON, ONE, TAX, VAT, Book, hall_spec

ids = (f"a{number}" for number in count())

ALICE, BOB = PersonId("alice"), PersonId("bob")

OFFICE = Hours(
    openings=(
        Opening(weekdays=(1, 2, 3, 4, 5), opens=time(9), closes=time(12)),
        Opening(weekdays=(1, 2, 3, 4, 5), opens=time(14), closes=time(17)),
    )
)


def hall(tax: dict[str, Any] | None = None, **changes: Any) -> Book:
    spec = hall_spec(**changes)
    services = {**spec.services, TAX: replace(spec.services[TAX], **(tax or {}))}
    return Book(replace(spec, services=services))


def at(book: Book, day: int, hour: int, minute: int = 0) -> datetime:
    """Put the clock to a time in March 2026, of which the 2nd is a Monday, in the hall's zone."""
    zone = ZoneInfo(book.state.spec.time_zone)
    book.now = datetime(2026, 3, day, hour, minute, tzinfo=zone).astimezone(UTC)
    return book.now


def ask(book: Book, service: Any = TAX, **changes: Any) -> Any:
    return book.do(TakeTicket(id=next(ids), service=service, language=EN, **changes))


def take(book: Book, service: Any = TAX, **changes: Any) -> TicketTaken:
    decision = ask(book, service, **changes)
    assert not isinstance(decision, Rejected), decision
    return decision[-1]


def refused(decision: Any, reason: Reason) -> Rejected:
    assert isinstance(decision, Rejected), decision
    assert decision.reason is reason, decision
    return decision


def see(book: Book, service: Any = TAX) -> tuple[bool, bool, datetime | None]:
    """Return what is shown; it must agree with what happens to whoever asks."""
    seen = availability(book.state, service, book.now)
    assert seen.until > book.now
    return seen.is_open, seen.full, seen.opens_at


# -- hours ---------------------------------------------------------------------------------------


def test_a_closed_hall_says_when_it_opens() -> None:
    book = hall(hours=OFFICE)
    opens = at(book, 2, 14)
    at(book, 2, 12)
    decision = refused(ask(book), Reason.CLOSED)
    assert decision.opens_at == opens
    assert "hall HZ01 is closed" in decision.detail
    assert "2026-03-02 14:00" in decision.detail
    assert see(book) == (False, False, opens)
    book.now = opens
    take(book)
    assert see(book) == (True, False, None)


def test_a_closed_service_is_told_apart_from_its_hall_and_says_why() -> None:
    closure = Closure(first=date(2026, 3, 2), last=date(2026, 3, 3), reason="system upgrade")
    book = hall({"hours": Hours(closures=(closure,))})
    decision = refused(ask(book), Reason.CLOSED)
    assert "service tax is closed (system upgrade)" in decision.detail
    assert decision.opens_at == at(book, 4, 0)
    take(book, VAT)


def test_no_ticket_is_given_out_in_the_last_seconds_before_closing() -> None:
    book = hall(hours=OFFICE, last_ticket_s=900.0)
    at(book, 2, 11, 59)
    take(book)  # a break at noon is no closing
    at(book, 2, 16, 44)
    take(book)
    assert availability(book.state, TAX, book.now).until == at(book, 2, 16, 45)
    decision = refused(ask(book), Reason.CLOSED)
    assert "16:45" in decision.detail
    assert decision.opens_at == at(book, 3, 9)
    at(book, 2, 16, 50)
    assert see(book) == (False, False, decision.opens_at)


def test_who_waits_at_closing_is_still_called_and_served() -> None:
    book = hall(hours=OFFICE)
    at(book, 2, 16, 59)
    take(book)
    take(book)
    at(book, 2, 17, 30)
    refused(ask(book), Reason.CLOSED)
    for _ in range(2):
        called = book.do(CallNext(id=next(ids), counter=ONE))
        assert isinstance(called[-1], TicketCalled)
        done = book.do(FinishService(id=next(ids), counter=ONE))
        assert isinstance(done[-1], ServiceFinished)


def test_a_service_of_a_visit_may_open_later_but_must_open_today() -> None:
    later = Hours(openings=(Opening(weekdays=(1,), opens=time(14), closes=time(17)),))
    book = hall({"hours": later})
    at(book, 2, 10)
    refused(ask(book), Reason.CLOSED)
    assert take(book, VAT, then=(TAX,)).then == (TAX,)
    at(book, 2, 17)
    refused(ask(book, VAT, then=(TAX,)), Reason.CLOSED)


# -- business days -------------------------------------------------------------------------------


def test_a_day_goes_from_opening_over_closing_and_overrun_past_midnight_to_the_next_morning() -> (
    None
):
    book = hall(hours=OFFICE, last_ticket_s=600.0)
    at(book, 2, 8, 59)
    refused(ask(book), Reason.CLOSED)
    at(book, 2, 9)
    assert take(book).number == "A001"
    at(book, 2, 16, 49)
    assert take(book).number == "A002"
    at(book, 2, 16, 51)
    refused(ask(book), Reason.CLOSED)
    at(book, 2, 23, 59)
    assert isinstance(book.do(CallNext(id=next(ids), counter=ONE))[-1], TicketCalled)
    at(book, 3, 0, 1)  # midnight is nothing: the business day goes on to four
    assert book.do(BeginDay(id=next(ids))) == ()
    at(book, 3, 4)
    ended = book.do(BeginDay(id=next(ids)))
    assert [type(event) for event in ended] == [TicketExpired, TicketExpired, DayBegun]
    at(book, 3, 9)
    assert take(book).number == "A001"


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_a_day_on_which_the_clock_changes_has_its_hours(day: date) -> None:
    daily = Opening(weekdays=(1, 2, 3, 4, 5, 6, 7), opens=time(8), closes=time(18))
    book = hall(hours=Hours(openings=(daily,)), time_zone="Europe/Berlin")
    berlin = ZoneInfo("Europe/Berlin")
    opens = datetime.combine(day, time(8), tzinfo=berlin).astimezone(UTC)
    closes = datetime.combine(day, time(18), tzinfo=berlin).astimezone(UTC)
    assert closes - opens == timedelta(hours=10)
    book.now = opens - timedelta(seconds=1)
    assert refused(ask(book), Reason.CLOSED).opens_at == opens
    book.now = opens
    take(book)
    book.now = closes - timedelta(seconds=1)
    take(book)
    book.now = closes
    refused(ask(book), Reason.CLOSED)


def test_a_hall_left_running_for_weeks_begins_each_day_anew() -> None:
    book = hall({"quota": 2}, hours=OFFICE)
    for day in range(2, 30):
        at(book, day, 10)
        if date(2026, 3, day).isoweekday() > 5:
            refused(ask(book), Reason.CLOSED)
        else:
            assert [take(book).number, take(book).number] == ["A001", "A002"]
            refused(ask(book), Reason.QUOTA)


# -- quota and numbers ---------------------------------------------------------------------------


def test_a_service_over_its_quota_says_when_there_are_tickets_again() -> None:
    book = hall({"quota": 2}, hours=OFFICE)
    at(book, 2, 10)
    ticket = take(book)
    assert see(book) == (True, False, None)
    take(book)
    decision = refused(ask(book), Reason.QUOTA)
    seen = see(book)
    assert decision.opens_at == at(book, 3, 9)
    assert seen == (True, True, decision.opens_at)
    at(book, 2, 11)
    book.do(CancelTicket(id=next(ids), ticket=ticket.ticket))
    refused(ask(book), Reason.QUOTA)  # what was given out was given out
    take(book, VAT)


def test_numbers_that_are_exhausted_come_again_with_the_next_day() -> None:
    book = hall()
    for _ in range(5):
        take(book)
    decision = refused(ask(book), Reason.NUMBERS_EXHAUSTED)
    assert decision.opens_at == at(book, 3, 4)
    book.now = NOON
    assert see(book) == (True, True, decision.opens_at)
    at(book, 3, 4)
    assert not availability(book.state, TAX, book.now).full
    assert take(book).number == "A001"


def test_numbers_go_on_past_the_last_and_none_comes_twice() -> None:
    book = hall({"past_last": PastLast.GO_ON, "first": 998, "last": 999})
    numbers = [take(book).number for _ in range(4)]
    assert numbers == ["A998", "A999", "A1000", "A1001"]
    assert see(book) == (True, False, None)


# -- persons -------------------------------------------------------------------------------------


def test_a_service_that_asks_who_one_is_takes_nobody_who_does_not_say() -> None:
    book = hall({"identity": Identity.PHONE})
    decision = refused(ask(book), Reason.IDENTITY_NEEDED)
    assert "mobile number" in decision.detail
    refused(ask(book, VAT, then=(TAX,)), Reason.IDENTITY_NEEDED)
    assert take(book, person=ALICE).person == ALICE
    take(book, VAT)


def test_a_person_has_one_open_ticket_for_a_service_and_so_many_in_a_day() -> None:
    book = hall({"identity": Identity.PHONE, "person_max": 2})
    for _ in range(2):
        ticket = take(book, person=ALICE)
        decision = refused(ask(book, person=ALICE), Reason.PERSON_LIMIT)
        assert ticket.number in decision.detail
        assert decision.opens_at is None
        book.do(CancelTicket(id=next(ids), ticket=ticket.ticket))
    decision = refused(ask(book, person=ALICE), Reason.PERSON_LIMIT)
    assert decision.opens_at == at(book, 3, 4)
    book.now = NOON + timedelta(hours=1)
    take(book, person=BOB)
    take(book, VAT, person=ALICE)
    at(book, 3, 4)
    take(book, person=ALICE)


def test_a_visit_counts_for_each_of_its_services() -> None:
    book = hall()
    take(book, VAT, then=(TAX,), person=ALICE)
    refused(ask(book, person=ALICE), Reason.PERSON_LIMIT)
    refused(ask(book, VAT, person=ALICE), Reason.PERSON_LIMIT)
    refused(ask(book, VAT, then=(TAX,), person=ALICE), Reason.PERSON_LIMIT)


def test_a_refused_person_changes_nothing() -> None:
    book = hall({"identity": Identity.PHONE})
    take(book, person=ALICE)
    before = book.state
    refused(ask(book, person=ALICE), Reason.PERSON_LIMIT)
    assert book.state is before


def test_a_visit_by_the_shortest_wait_leaves_what_is_closed_for_later() -> None:
    morning = Hours(openings=(Opening(weekdays=(1,), opens=time(9), closes=time(13)),))
    book = hall(tax={"hours": morning})
    at(book, 2, 8)
    taken = take(book, then=(VAT,), visit_order=VisitOrder.SHORTEST_WAIT)
    assert (taken.service, taken.then) == (VAT, (TAX,))


def test_a_cancelled_ticket_is_not_reactivated_beside_a_newer_one_of_the_same_person() -> None:
    book = hall()
    first = take(book, person=ALICE)
    book.do(CancelTicket(id=CommandId("cancel"), ticket=first.ticket))
    second = take(book, person=ALICE)
    again = ReactivateTicket(id=CommandId("again"), ticket=first.ticket)
    assert second.number in refused(book.do(again), Reason.PERSON_LIMIT).detail
    book.do(CancelTicket(id=CommandId("cancel2"), ticket=second.ticket))
    assert not isinstance(book.do(replace(again, id=CommandId("again2"))), Rejected)
