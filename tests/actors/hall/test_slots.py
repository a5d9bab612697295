"""What slots there are, and which of them can be booked."""

from __future__ import annotations

from datetime import date, time

import pytest

from actors.hall.slots import bookable, offered_between
from protocol.answers import Reason
from protocol.booking_events import (
    CustomerCheckedIn,
)
from protocol.hours import Closure, Hours, Opening, SpecialDay
from protocol.ids import BookingId
from protocol.values import replace
from tests.actors.hall import booked as b
from tests.actors.hall.booked import (
    TUESDAY,
    booked,
    diary_of,
    free_on,
    local,
    refused,
    with_service,
)
from tests.actors.hall.conftest import TAX, VAT


def test_slots_follow_one_another_and_a_booking_takes_one_place() -> None:
    hall = diary_of()
    booked(hall, TUESDAY)
    assert free_on(hall, 3) == {
        "2026-03-03T09:00": 1,
        "2026-03-03T09:30": 2,
        "2026-03-03T10:00": 2,
        "2026-03-03T10:30": 2,
    }
    assert free_on(hall, 7) == {}  # Saturday


def test_slots_of_today_that_have_begun_are_not_offered() -> None:
    hall = diary_of()
    hall.now = local("2026-03-02T09:30")
    assert list(free_on(hall, 2)) == ["2026-03-02T10:00", "2026-03-02T10:30"]
    assert refused(b.book(hall, "2026-03-02T09:30")) is Reason.UNKNOWN_SLOT


def test_soonest_and_latest_days_bound_what_is_booked() -> None:
    hall = diary_of(soonest_days=1, latest_days=7)
    hall.now = local("2026-03-02T08:00")
    for slot in ("2026-03-02T09:00", "2026-03-10T09:00", "2026-02-27T09:00"):
        assert refused(b.book(hall, slot)) is Reason.UNKNOWN_SLOT
    booked(hall, TUESDAY)
    booked(hall, "2026-03-09T09:00")
    whole = offered_between(hall.state, TAX, date(2026, 1, 1), date(2027, 1, 1), hall.now)
    days = {one.slot.day for one in whole}
    assert (min(days), max(days)) == (date(2026, 3, 3), date(2026, 3, 9))


@pytest.mark.parametrize("slot", ["2026-03-03T09:15", "2026-03-03T11:00", "2026-03-07T09:00"])
def test_times_that_are_no_slot_are_refused(slot: str) -> None:
    assert refused(b.book(diary_of(), slot)) is Reason.UNKNOWN_SLOT


def test_hours_and_holidays_close_slots() -> None:
    hall = diary_of()
    nine_to_ten = Opening(weekdays=b.WORKDAYS, opens=time(9), closes=time(10))
    holiday = Closure(first=date(2026, 3, 4), last=date(2026, 3, 5), reason="holiday")
    half = SpecialDay(day=date(2026, 3, 6), times=((time(9, 45), time(10, 45)),))
    with_service(hall, hours=Hours(openings=(nine_to_ten,), special=(half,)))
    hall.state = replace(
        hall.state, spec=replace(hall.state.spec, hours=Hours(closures=(holiday,)))
    )
    assert list(free_on(hall, 3)) == ["2026-03-03T09:00", "2026-03-03T09:30"]
    assert list(free_on(hall, 4)) == []
    assert list(free_on(hall, 6)) == ["2026-03-06T10:00"]
    assert refused(b.book(hall, "2026-03-04T09:00")) is Reason.UNKNOWN_SLOT


def test_a_time_that_daylight_saving_leaves_out_is_no_slot() -> None:
    sunday = b.morning(weekdays=(7,), begins=time(1), ends=time(4))
    hall = diary_of(slots=(sunday,), latest_days=30)
    hall.state = replace(hall.state, spec=replace(hall.state.spec, time_zone="America/New_York"))
    offered = free_on(hall, 8)
    assert list(offered) == [f"2026-03-08T{t}" for t in ("01:00", "01:30", "03:00", "03:30")]


@pytest.mark.parametrize(
    ("capacity", "share", "left"),
    [(10, 0.9, 1), (10, 0.3, 7), (3, 0.5, 1), (4, 0.0, 4), (1, 0.99, 0)],
)
def test_walk_in_share_is_kept_exactly(capacity: int, share: float, left: int) -> None:
    assert bookable(b.morning(capacity=capacity), share) == left


def test_a_full_slot_is_refused_and_a_cancelled_place_is_free_again() -> None:
    hall = diary_of()
    first = booked(hall, TUESDAY)
    booked(hall, TUESDAY)
    assert refused(b.book(hall, TUESDAY)) is Reason.SLOT_FULL
    b.cancel(hall, first)
    booked(hall, TUESDAY)


def test_a_lower_capacity_books_nothing_new_and_takes_nothing_back() -> None:
    hall = diary_of()
    both = [booked(hall, TUESDAY) for _ in range(2)]
    with_service(hall, appointments=b.appointments(slots=(b.morning(capacity=1),)))
    assert free_on(hall, 3)[TUESDAY] == 0
    assert refused(b.book(hall, TUESDAY)) is Reason.SLOT_FULL
    b.cancel(hall, both[0])
    assert refused(b.book(hall, TUESDAY)) is Reason.SLOT_FULL
    hall.now = local(TUESDAY)
    assert isinstance(b.check_in(hall, both[1])[-1], CustomerCheckedIn)


def test_services_without_appointments_are_not_booked() -> None:
    hall = diary_of()
    assert refused(b.book(hall, TUESDAY, service=VAT)) is Reason.NO_APPOINTMENTS
    assert refused(b.book(hall, TUESDAY, service="dog")) is Reason.UNKNOWN_SERVICE
    assert refused(b.book(hall, TUESDAY, party=0)) is Reason.BAD_VALUE
    assert refused(b.book(hall, TUESDAY, code=BookingId("short"))) is Reason.BAD_VALUE


def test_a_full_diary_takes_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.hall.booking.BOOKINGS_MAX", 1)
    hall = diary_of()
    booked(hall, TUESDAY)
    assert refused(b.book(hall, TUESDAY)) is Reason.SLOT_FULL


def test_a_review_ends_so_many_at_once_and_the_rest_with_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("actors.hall.booking.REVIEW_MAX", 1)
    hall = diary_of(confirm_within_s=60)
    first, second = booked(hall, TUESDAY), booked(hall, TUESDAY)
    hall.wait(seconds=61)
    assert refused(b.confirm(hall, first)) is Reason.BOOKING_STATE
    assert refused(b.confirm(hall, second)) is Reason.BOOKING_STATE
    assert [len(b.review(hall)) for _ in range(3)] == [1, 1, 0]


def test_a_code_that_is_taken_becomes_another() -> None:
    hall = diary_of()
    first, second = (booked(hall, TUESDAY, code=BookingId("00000000")) for _ in range(2))
    assert first == "00000000"
    assert second != first
    assert len(second) == 8
