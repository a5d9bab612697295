"""Tickets shortly before closing: given out, given out with a warning, or refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from protocol.answers import Reason, Rejected
from protocol.commands import AddClosure, CallNext, OpenCounter, TakeTicket
from protocol.events import TicketTaken
from protocol.hall import Admission
from protocol.hours import Closure, Hours, Opening
from protocol.ids import CommandId, CounterId
from tests.actors.hall.conftest import EN, ONE, VAT, Book, hall_spec

CLOSES_AT_ONE = Hours(openings=(Opening(weekdays=(1, 2, 3, 4, 5), opens=time(8), closes=time(13)),))
"""It is Monday, 12:00; a service is expected to take five minutes, at one counter."""


def busy_hall(people: int, **changes: Any) -> Book:
    """A hall where one is served and so many wait."""
    book = Book(hall_spec(**({"hours": CLOSES_AT_ONE} | changes)))
    take(book, 0)
    book.do(CallNext(id=CommandId("n"), counter=ONE))
    for number in range(people):
        take(book, number + 1)
    return book


def take(book: Book, number: int) -> Any:
    return book.do(TakeTicket(id=CommandId(f"t{number}"), service=VAT, language=EN))


@pytest.mark.parametrize(("people", "late"), [(5, False), (10, False), (13, True), (20, True)])
def test_ticket_that_is_probably_not_called_before_closing_is_marked(
    people: int, late: bool
) -> None:
    [taken] = take(busy_hall(people), 99)
    assert isinstance(taken, TicketTaken)
    assert taken.late is late


def test_such_a_ticket_is_refused_where_the_hall_wants_that() -> None:
    book = busy_hall(0, admission=Admission.REFUSE)
    answers = [take(book, number) for number in range(1, 30)]
    refused = [answer for answer in answers if isinstance(answer, Rejected)]
    assert 10 <= len(answers) - len(refused) <= 13
    assert {answer.reason for answer in refused} == {Reason.TOO_LATE}
    assert "closes in 60 min" in refused[0].detail
    # More counters, less to wait: tickets are given out again.
    book.do(OpenCounter(id=CommandId("o"), counter=CounterId("2")))
    assert not isinstance(take(book, 50), Rejected)


@pytest.mark.parametrize("changes", [{"admission": Admission.OFF}, {"hours": Hours()}])
def test_nothing_is_late_where_that_is_off_or_the_hall_never_closes(
    changes: dict[str, Any],
) -> None:
    [taken] = take(busy_hall(40, **changes), 99)
    assert isinstance(taken, TicketTaken)
    assert not taken.late


def test_who_is_refused_is_not_sent_to_a_day_that_was_closed_meanwhile() -> None:
    book = busy_hall(0, admission=Admission.REFUSE)
    tuesday = Closure(first=date(2026, 3, 3), last=date(2026, 3, 3), reason="flood")
    book.do(AddClosure(id=CommandId("close"), closure=tuesday))
    refused = [take(book, number) for number in range(1, 30)][-1]
    assert isinstance(refused, Rejected)
    assert refused.reason is Reason.TOO_LATE
    assert refused.opens_at == datetime(2026, 3, 4, 0, 0, tzinfo=UTC)
