"""From an appointment to a ticket: when, by whom, and what is refused."""

from __future__ import annotations

from datetime import time

import pytest

from protocol.answers import Reason, Rejected
from protocol.appointments import BookingState
from protocol.booking_events import (
    CustomerCheckedIn,
)
from protocol.events import DayBegun, TicketTaken
from protocol.hours import Hours, Opening
from protocol.ids import BookingId, KioskId
from protocol.tickets import TicketClass
from tests.actors.hall import booked as b
from tests.actors.hall.booked import (
    LI,
    TUESDAY,
    WANG,
    booked,
    diary_of,
    local,
    refused,
    with_service,
)
from tests.actors.hall.conftest import ZH


@pytest.mark.parametrize(
    ("arrives", "reason"),
    [
        ("2026-03-03T08:29", Reason.CHECK_IN_EARLY),
        ("2026-03-03T08:30", None),
        ("2026-03-03T09:09", None),
        ("2026-03-03T09:10", Reason.CHECK_IN_LATE),
        ("2026-03-04T09:00", Reason.CHECK_IN_LATE),
    ],
)
@pytest.mark.parametrize("noted", [False, True])
def test_check_in_is_possible_within_its_window(
    arrives: str, reason: Reason | None, noted: bool
) -> None:
    hall = diary_of()
    id = booked(hall, TUESDAY)
    hall.now = local(arrives)
    if noted:
        b.review(hall)
    decision = b.check_in(hall, id)
    if reason is not None:
        assert refused(decision) is reason
    else:
        taken, checked_in = decision[-2:]
        assert isinstance(taken, TicketTaken)
        assert isinstance(checked_in, CustomerCheckedIn)
        assert (taken.ticket_class, taken.due_at) == (TicketClass.APPOINTMENT, local(TUESDAY))
        assert b.booking_of(hall, id).ticket == checked_in.ticket == taken.ticket
        assert hall.state.tickets[taken.ticket].number == "A001"


def test_who_is_early_learns_when_to_come() -> None:
    hall = diary_of()
    decision = b.check_in(hall, booked(hall, TUESDAY))
    assert isinstance(decision, Rejected)
    assert decision.opens_at == local("2026-03-03T08:30")
    assert "2026-03-03T08:30" in decision.detail


def test_checking_in_twice_gives_one_ticket() -> None:
    hall = diary_of()
    id = booked(hall, TUESDAY)
    hall.now = local(TUESDAY)
    b.check_in(hall, id)
    assert refused(b.check_in(hall, id)) is Reason.BOOKING_STATE
    assert len(hall.state.tickets) == 1


def test_a_reservation_that_was_not_confirmed_is_checked_in() -> None:
    hall = diary_of(confirm_within_s=86_400)
    hall.now = local("2026-03-03T08:45")
    id = booked(hall, TUESDAY)
    assert isinstance(b.check_in(hall, id)[-1], CustomerCheckedIn)


def test_checking_in_by_person_finds_the_booking_whose_time_it_is() -> None:
    hall = diary_of()
    early, late = booked(hall, TUESDAY, LI), booked(hall, "2026-03-03T10:30", LI)
    assert refused(b.check_in(hall, person=WANG)) is Reason.UNKNOWN_BOOKING
    assert refused(b.check_in(hall, person=LI)) is Reason.CHECK_IN_EARLY
    hall.now = local("2026-03-03T10:20")
    b.check_in(hall, person=LI)
    assert b.booking_of(hall, late).state is BookingState.CHECKED_IN
    assert b.booking_of(hall, early).state is BookingState.NO_SHOW
    assert refused(b.check_in(hall)) is Reason.UNKNOWN_BOOKING
    assert refused(b.check_in(hall, BookingId("00000009"))) is Reason.UNKNOWN_BOOKING


def test_hours_quota_and_limits_of_walk_ins_do_not_keep_an_appointment_out() -> None:
    hall = diary_of()
    id = booked(hall, TUESDAY, LI)
    nine = Opening(weekdays=b.WORKDAYS, opens=time(9), closes=time(11))
    with_service(hall, quota=0, person_max=0, hours=Hours(openings=(nine,)))
    hall.now = local("2026-03-03T08:45")
    taken = b.check_in(hall, id, kiosk=KioskId("k1"))[-2]
    assert isinstance(taken, TicketTaken)
    assert (taken.kiosk, taken.person, taken.language) == ("k1", LI, ZH)
    decision = b.check_in(hall, booked(hall, "2026-03-03T09:30"), kiosk=KioskId("k9"))
    assert refused(decision) is Reason.UNKNOWN_KIOSK


def test_nobody_checks_in_for_tomorrow_so_that_no_ticket_expires_at_once() -> None:
    night = b.morning(weekdays=(1, 2, 3, 4, 5, 6, 7), begins=time(4), ends=time(6))
    hall = diary_of(slots=(night,))
    id = booked(hall, "2026-03-03T04:00")
    hall.now = local("2026-03-03T03:45")
    decision = b.check_in(hall, id)
    assert refused(decision) is Reason.CHECK_IN_EARLY
    hall.now = local("2026-03-03T04:00")
    begun, taken, checked_in = b.check_in(hall, id)
    assert isinstance(begun, DayBegun)
    assert isinstance(checked_in, CustomerCheckedIn)
    assert taken.ticket == "20260303-A001"
