"""Closures that are added while the hall runs: nobody is lost, and nobody is put where there is no place."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from actors.hall.access import availability
from actors.hall.closing import CLOSURES_MAX
from actors.hall.closures import closed_today
from actors.hall.slots import offered_between
from actors.hall.striking import REVOKED
from protocol.answers import Reason, Rejected
from protocol.appointments import BookingState
from protocol.booking_events import (
    AppointmentMoved,
    AppointmentRevoked,
    ClosureAdded,
    ClosureSettled,
)
from protocol.commands import CallNext, HoldTicket, RemoveClosure, TakeTicket
from protocol.events import TicketCancelled, TicketTaken, TicketTransferred
from protocol.ids import ClosureId, ServiceId, TicketId
from protocol.tickets import TicketState
from protocol.values import replace
from tests.actors.hall import booked as b
from tests.actors.hall.booked import booked, diary_of, local, refused
from tests.actors.hall.conftest import ONE, TAX, TWO, VAT, ZH, Book

TUESDAY, NEXT_TUESDAY, WEDNESDAY = "2026-03-03T09:00", "2026-03-10T09:00", "2026-03-04T09:00"


def state_of(hall: Book, id: b.BookingId) -> BookingState:
    return b.booking_of(hall, id).state


def test_bookings_in_a_closure_move_to_the_same_time_of_the_next_week() -> None:
    hall = diary_of()
    id, other = booked(hall, TUESDAY), booked(hall, WEDNESDAY)
    added, moved = b.close(hall, 3, 3)
    assert isinstance(added, ClosureAdded)
    assert isinstance(moved, AppointmentMoved)
    assert (moved.booking, moved.reason) == (id, "works")
    booking = b.booking_of(hall, id)
    assert (booking.starts_at, booking.state) == (local(NEXT_TUESDAY), BookingState.CONFIRMED)
    assert b.booking_of(hall, other).starts_at == local(WEDNESDAY)
    assert refused(b.book(hall, TUESDAY)) is Reason.UNKNOWN_SLOT


def test_those_for_whom_there_is_no_place_are_revoked_with_the_reason() -> None:
    hall = diary_of(latest_days=10)
    first, second = booked(hall, TUESDAY), booked(hall, TUESDAY)
    booked(hall, NEXT_TUESDAY)
    _, moved, revoked = b.close(hall, 3, 3)
    assert isinstance(moved, AppointmentMoved)
    assert moved.booking == first
    assert isinstance(revoked, AppointmentRevoked)
    assert (revoked.booking, revoked.reason) == (second, "works")
    assert hall.state.diary.taken[TAX, local(NEXT_TUESDAY)] == 2
    assert refused(b.check_in(hall, second)) is Reason.BOOKING_STATE


def test_bookings_are_not_moved_where_that_is_not_configured() -> None:
    hall = diary_of(move_closed=False)
    id = booked(hall, TUESDAY)
    b.close(hall, 3, 3, reason="")
    assert state_of(hall, id) is BookingState.REVOKED
    assert b.booking_of(hall, id).reason


def test_weeks_that_are_closed_too_are_passed_over() -> None:
    hall = diary_of(latest_days=20)
    id = booked(hall, TUESDAY)
    b.close(hall, 10, 10)
    b.close(hall, 3, 3)
    assert b.booking_of(hall, id).starts_at == local("2026-03-17T09:00")


def test_a_closure_of_one_service_leaves_the_others_open() -> None:
    hall = diary_of()
    booked(hall, TUESDAY)
    assert len(b.close(hall, 3, 3, VAT)) == 1
    assert refused(b.close(hall, 3, 3, "dog")) is Reason.UNKNOWN_SERVICE
    hall.now = local("2026-03-03T12:00")
    decision = hall.do(TakeTicket(id=next(b.ids), service=TAX, language=ZH))
    assert isinstance(decision[-1], TicketTaken)


def test_a_service_that_is_not_configured_any_more_has_its_bookings_revoked() -> None:
    hall = diary_of()
    id = booked(hall, TUESDAY)
    services = {VAT: hall.state.spec.services[VAT]}
    hall.state = replace(hall.state, spec=replace(hall.state.spec, services=services))
    b.close(hall, 3, 3)
    assert state_of(hall, id) is BookingState.REVOKED


def test_a_closure_that_is_removed_opens_again_and_brings_nobody_back() -> None:
    hall = diary_of()
    id = booked(hall, TUESDAY)
    added = b.close(hall, 3, 3)[0]
    assert isinstance(hall.do(RemoveClosure(id=next(b.ids), closure=added.closure)), tuple)
    assert b.booking_of(hall, id).starts_at == local(NEXT_TUESDAY)
    booked(hall, TUESDAY)
    gone = hall.do(RemoveClosure(id=next(b.ids), closure=added.closure))
    assert refused(gone) is Reason.UNKNOWN_CLOSURE
    assert (
        refused(hall.do(RemoveClosure(id=next(b.ids), closure=ClosureId("x"))))
        is Reason.UNKNOWN_CLOSURE
    )


def test_days_that_cannot_be_are_refused() -> None:
    hall = diary_of()
    assert refused(b.close(hall, 4, 3)) is Reason.BAD_VALUE
    assert refused(b.close(hall, 1, 1)) is Reason.BAD_VALUE
    assert refused(b.close(hall, 4, 4, reason="x" * 201)) is Reason.BAD_VALUE
    for _ in range(CLOSURES_MAX):
        b.close(hall, 4, 4)
    assert refused(b.close(hall, 4, 4)) is Reason.BAD_VALUE


def test_closures_outlive_the_day_and_are_dropped_when_long_over() -> None:
    hall = diary_of()
    b.close(hall, 4, 4)
    hall.now = local("2026-03-11T09:00")
    b.review(hall)
    assert hall.state.diary.closures
    hall.now = local("2026-03-12T09:00")
    b.review(hall)
    assert not hall.state.diary.closures


def test_walk_ins_are_refused_on_closed_days_and_learn_when_it_opens() -> None:
    hall = diary_of()
    b.close(hall, 2, 3)
    decision = hall.do(TakeTicket(id=next(b.ids), service=TAX, language=ZH))
    assert refused(decision) is Reason.CLOSED
    assert "works" in decision.detail
    assert decision.opens_at == local("2026-03-04T00:00")
    seen = availability(hall.state, TAX, hall.now)
    assert (seen.is_open, seen.opens_at) == (False, local("2026-03-04T00:00"))
    hall.now = local("2026-03-04T09:00")
    assert isinstance(
        hall.do(TakeTicket(id=next(b.ids), service=TAX, language=ZH))[-1], TicketTaken
    )


def test_walk_ins_of_other_services_are_served_when_one_is_closed() -> None:
    hall = diary_of()
    b.close(hall, 2, 2, TAX)
    for service, closed in ((TAX, True), (VAT, False)):
        decision = hall.do(TakeTicket(id=next(b.ids), service=service, language=ZH))
        assert isinstance(decision, Rejected) is closed
        assert availability(hall.state, service, hall.now).is_open is not closed


def test_a_closed_day_offers_no_slot() -> None:
    hall = diary_of()
    b.close(hall, 3, 3)
    first, last = date(2026, 3, 3), date(2026, 3, 4)
    days = {one.slot.day for one in offered_between(hall.state, TAX, first, last, hall.now)}
    assert days == {last}


# -- many at once --------------------------------------------------------------------------------


def test_a_closure_strikes_so_many_at_once_and_the_rest_with_the_reviews(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("actors.hall.closing.STRIKES_MAX", 2)
    hall = diary_of()
    ids = [
        booked(hall, f"2026-03-03T{time}") for time in ("09:30", "09:00", "10:00", "09:00", "10:30")
    ]
    added, *moved = b.close(hall, 3, 3)
    assert added.left == 3
    assert [event.booking for event in moved] == [ids[1], ids[3]]
    assert hall.state.diary.next_due_at == hall.now
    reviewed = [[type(event) for event in b.review(hall)] for _ in range(3)]
    assert reviewed == [[AppointmentMoved] * 2, [AppointmentMoved, ClosureSettled], []]
    assert all(b.booking_of(hall, id).starts_at > local("2026-03-04T00:00") for id in ids)
    assert hall.state.diary.next_due_at != hall.now


def test_a_closure_that_is_removed_meanwhile_strikes_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("actors.hall.closing.STRIKES_MAX", 1)
    hall = diary_of()
    first, second = booked(hall, TUESDAY), booked(hall, TUESDAY)
    added, _ = b.close(hall, 3, 3)
    hall.do(RemoveClosure(id=next(b.ids), closure=added.closure))
    assert b.review(hall) == ()
    assert b.booking_of(hall, first).starts_at == local(NEXT_TUESDAY)
    assert b.booking_of(hall, second).starts_at == local(TUESDAY)


# -- those who wait ------------------------------------------------------------------------------


def take(hall: Book, service: ServiceId = TAX, **changes: Any) -> TicketId:
    """Take a ticket, which there is."""
    decision = hall.do(TakeTicket(id=next(b.ids), service=service, language=ZH, **changes))
    assert not isinstance(decision, Rejected), decision
    assert isinstance(decision[-1], TicketTaken)
    return decision[-1].ticket


def ticket_state(hall: Book, id: TicketId) -> TicketState:
    return hall.state.tickets[id].state


def test_who_waits_as_a_closure_is_added_is_called_as_before() -> None:
    hall = diary_of()
    ticket = take(hall)
    assert len(b.close(hall, 2, 2)) == 1
    assert closed_today(hall.state, TAX, hall.now) == "works"
    called = hall.do(CallNext(id=next(b.ids), counter=ONE))[-1]
    assert called.ticket == ticket


def test_who_waits_is_sent_away_with_the_reason_if_that_is_wanted() -> None:
    hall = diary_of()
    at_counter, held, waiting, other = take(hall), take(hall), take(hall), take(hall, VAT)
    hall.do(CallNext(id=next(b.ids), counter=ONE))
    hall.do(HoldTicket(id=next(b.ids), ticket=held))
    _, ended = b.close(hall, 2, 2, TAX, end_waiting=True)
    assert isinstance(ended, TicketCancelled)
    assert (ended.ticket, ended.reason) == (waiting, "works")
    states = [ticket_state(hall, one) for one in (at_counter, held, waiting, other)]
    assert states == [
        TicketState.CALLED,
        TicketState.HELD,
        TicketState.CANCELLED,
        TicketState.WAITING,
    ]
    everybody = b.close(hall, 2, 2, reason="", end_waiting=True)[1:]
    assert [(one.ticket, one.reason) for one in everybody] == [(other, REVOKED)]


def test_a_visit_goes_on_with_what_is_not_closed() -> None:
    hall = diary_of()
    visit = take(hall, then=(VAT,))
    _, transferred = b.close(hall, 2, 2, TAX, end_waiting=True)
    assert isinstance(transferred, TicketTransferred)
    assert hall.state.tickets[visit].then == ()
    called = hall.do(CallNext(id=next(b.ids), counter=TWO))[-1]
    assert (called.ticket, called.service) == (visit, VAT)
    again = take(hall, VAT)
    _, ended = b.close(hall, 2, 2, end_waiting=True)
    assert ended.ticket == again


def test_a_closure_of_other_days_sends_nobody_away() -> None:
    hall = diary_of()
    take(hall)
    assert len(b.close(hall, 3, 3, end_waiting=True)) == 1
    assert closed_today(hall.state, TAX, hall.now) is None
    assert closed_today(hall.state, TAX, local("2026-03-03T23:59")) == "works"
