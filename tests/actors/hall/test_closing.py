"""Closures that are added while the hall runs: nobody is lost, and nobody is put where there is no place."""

from __future__ import annotations

from datetime import date

from actors.hall.access import availability
from actors.hall.closing import CLOSURES_MAX
from actors.hall.slots import offered_between
from protocol.answers import Reason, Rejected
from protocol.appointments import BookingState
from protocol.booking_events import AppointmentMoved, AppointmentRevoked, ClosureAdded
from protocol.commands import RemoveClosure, TakeTicket
from protocol.events import TicketTaken
from protocol.ids import ClosureId
from protocol.values import replace
from tests.actors.hall import booked as b
from tests.actors.hall.booked import booked, diary_of, local, refused
from tests.actors.hall.conftest import TAX, VAT, ZH, Book

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
