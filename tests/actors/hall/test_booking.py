"""Appointments: who may book, and what becomes of it."""

from __future__ import annotations

from itertools import product

import pytest

from actors.hall.diary import EMPTY_DIARY
from protocol.answers import Reason, Rejected
from protocol.appointments import BOOKING_TRANSITIONS, BanRule, BookingState, BookingStep
from protocol.booking_events import (
    AppointmentBooked,
    AppointmentLapsed,
    AppointmentMissed,
)
from protocol.events import DayBegun
from protocol.hall import Identity
from protocol.ids import BookingId
from tests.actors.hall import booked as b
from tests.actors.hall.booked import (
    LI,
    TUESDAY,
    WANG,
    booked,
    diary_of,
    free_on,
    local,
    refused,
    with_service,
)
from tests.actors.hall.conftest import Book

# -- persons ----------------------------------------------------------------------------------------


def test_a_person_has_so_many_open_bookings_and_no_more() -> None:
    hall = diary_of(person_max=1)
    assert refused(b.book(hall, TUESDAY)) is Reason.IDENTITY_NEEDED
    first = booked(hall, TUESDAY, LI)
    assert refused(b.book(hall, "2026-03-04T09:00", LI)) is Reason.PERSON_LIMIT
    booked(hall, TUESDAY, WANG)
    b.cancel(hall, first)
    again = booked(hall, "2026-03-04T09:00", LI)
    hall.now = local("2026-03-04T09:00")
    b.check_in(hall, again)
    booked(hall, "2026-03-05T09:00", LI)


def test_a_service_that_asks_who_one_is_asks_at_booking() -> None:
    hall = diary_of()
    with_service(hall, identity=Identity.PHONE)
    assert refused(b.book(hall, TUESDAY)) is Reason.IDENTITY_NEEDED
    booked(hall, TUESDAY, LI)


# -- reservations -----------------------------------------------------------------------------------


def test_a_reservation_lapses_to_the_second_unless_it_is_confirmed() -> None:
    hall = diary_of(confirm_within_s=600)
    first, second = booked(hall, TUESDAY), booked(hall, TUESDAY)
    assert b.booking_of(hall, first).state is BookingState.RESERVED
    hall.wait(seconds=599.999)
    b.confirm(hall, second)
    assert b.review(hall) == ()
    hall.wait(seconds=0.001)
    assert refused(b.confirm(hall, first)) is Reason.BOOKING_STATE
    (lapsed,) = b.review(hall)
    assert isinstance(lapsed, AppointmentLapsed)
    assert b.booking_of(hall, first).state is BookingState.LAPSED
    assert b.booking_of(hall, second).state is BookingState.CONFIRMED
    assert b.review(hall) == ()
    assert b.confirm(hall, second) == ()


def test_the_place_of_a_lapsed_reservation_is_free_before_anybody_noted_it() -> None:
    hall = diary_of(confirm_within_s=600)
    booked(hall, TUESDAY)
    booked(hall, TUESDAY)
    hall.wait(seconds=600)
    events = b.book(hall, TUESDAY)
    assert [type(event) for event in events] == [
        AppointmentLapsed,
        AppointmentLapsed,
        AppointmentBooked,
    ]


def test_moving_does_not_begin_the_time_to_confirm_anew() -> None:
    hall = diary_of(confirm_within_s=600)
    id = booked(hall, TUESDAY)
    due_at = b.booking_of(hall, id).due_at
    hall.wait(seconds=300)
    b.move(hall, id, "2026-03-04T09:00")
    assert b.booking_of(hall, id).due_at == due_at


def test_a_reservation_lapses_as_its_slot_begins_at_the_latest() -> None:
    hall = diary_of(confirm_within_s=86_400)
    hall.now = local("2026-03-03T08:50")
    id = booked(hall, TUESDAY)
    assert b.booking_of(hall, id).due_at == local(TUESDAY)
    b.move(hall, id, "2026-03-05T09:00")
    assert b.booking_of(hall, id).due_at == local("2026-03-04T08:50")


def test_moving_frees_one_place_and_takes_another() -> None:
    hall = diary_of()
    id = booked(hall, TUESDAY)
    booked(hall, TUESDAY)
    assert refused(b.move(hall, booked(hall, "2026-03-03T09:30"), TUESDAY)) is Reason.SLOT_FULL
    b.move(hall, id, "2026-03-03T10:00")
    assert free_on(hall, 3) == {
        "2026-03-03T09:00": 1,
        "2026-03-03T09:30": 1,
        "2026-03-03T10:00": 1,
        "2026-03-03T10:30": 2,
    }
    assert b.move(hall, id, "2026-03-03T10:00") == ()
    assert refused(b.move(hall, id, "2026-03-03T10:10")) is Reason.UNKNOWN_SLOT


def test_a_booking_is_not_moved_or_cancelled_once_its_time_has_come() -> None:
    hall = diary_of()
    id = booked(hall, TUESDAY)
    hall.now = local(TUESDAY)
    assert refused(b.move(hall, id, "2026-03-04T09:00")) is Reason.BOOKING_STATE
    assert refused(b.cancel(hall, id)) is Reason.BOOKING_STATE


# -- days -------------------------------------------------------------------------------------------


def test_bookings_outlive_the_day_and_old_ones_are_dropped() -> None:
    hall = diary_of(ban=BanRule(no_shows=2, within_days=7, for_days=30))
    id, other = booked(hall, TUESDAY, LI), booked(hall, "2026-03-05T09:00", LI)
    hall.now = local("2026-03-04T09:00")
    begun = hall.do(b.ReviewBookings(id=next(b.ids)))
    assert [type(event) for event in begun] == [DayBegun, AppointmentMissed]
    assert set(hall.state.diary.bookings) == {id, other}
    hall.now = local("2026-03-11T09:00")
    b.review(hall)
    assert set(hall.state.diary.bookings) == {other}
    assert LI in hall.state.diary.bans
    hall.now = local("2027-04-11T09:00")
    b.review(hall)
    assert hall.state.diary == EMPTY_DIARY


# -- all pairs --------------------------------------------------------------------------------------


def in_state(state: BookingState) -> tuple[Book, BookingId]:
    """A hall with a booking in that state, some minutes before its slot."""
    reserved = state in (BookingState.RESERVED, BookingState.LAPSED)
    hall = diary_of(
        confirm_within_s=60 if state is BookingState.LAPSED else 86_400 if reserved else None
    )
    slot = "2026-03-02T10:00" if state is BookingState.NO_SHOW else "2026-03-02T10:30"
    hall.now = local("2026-03-02T08:00")
    id = booked(hall, slot)
    hall.now = local("2026-03-02T10:20")
    match state:
        case BookingState.CANCELLED:
            b.cancel(hall, id)
        case BookingState.CHECKED_IN:
            b.check_in(hall, id)
        case BookingState.REVOKED:
            b.close(hall, 2, 31)
        case _:
            b.review(hall)
    assert b.booking_of(hall, id).state is state
    return hall, id


STEPS = {
    BookingStep.CONFIRM: b.confirm,
    BookingStep.MOVE: lambda hall, id: b.move(hall, id, TUESDAY),
    BookingStep.CHECK_IN: b.check_in,
    BookingStep.CANCEL: b.cancel,
}


@pytest.mark.parametrize(("state", "step"), list(product(BookingState, STEPS)))
def test_every_pair_of_the_table_is_done_or_refused(state: BookingState, step: BookingStep) -> None:
    hall, id = in_state(state)
    decision = STEPS[step](hall, id)
    if (state, step) in BOOKING_TRANSITIONS:
        assert decision
        assert not isinstance(decision, Rejected)
        assert b.booking_of(hall, id).state is BOOKING_TRANSITIONS[state, step]
    elif (state, step) == (BookingState.CONFIRMED, BookingStep.CONFIRM):
        assert decision == ()
    elif (state, step) == (BookingState.NO_SHOW, BookingStep.CHECK_IN):
        assert refused(decision) is Reason.CHECK_IN_LATE
    else:
        assert refused(decision) is Reason.BOOKING_STATE
