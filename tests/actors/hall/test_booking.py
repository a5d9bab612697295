"""Appointments: what is booked when, who may, and what becomes of it."""

from __future__ import annotations

from datetime import date, time, timedelta
from itertools import product
from typing import Any

import pytest

from actors.hall.diary import EMPTY_DIARY
from actors.hall.slots import bookable, offered_between
from protocol.answers import Reason, Rejected
from protocol.appointments import BOOKING_TRANSITIONS, BanRule, BookingState, BookingStep
from protocol.booking_events import (
    AppointmentBooked,
    AppointmentLapsed,
    AppointmentMissed,
    BanLifted,
    CustomerCheckedIn,
    PersonBanned,
)
from protocol.commands import LiftBan
from protocol.events import DayBegun, TicketTaken
from protocol.hall import Identity
from protocol.hours import Closure, Hours, Opening, SpecialDay
from protocol.ids import BookingId, KioskId
from protocol.tickets import TicketClass
from protocol.values import replace
from tests.actors.hall import booked as b
from tests.actors.hall.booked import LI, WANG, booked, diary_of, local, refused
from tests.actors.hall.conftest import TAX, VAT, ZH, Book

TUESDAY = "2026-03-03T09:00"


def free_on(hall: Book, day: int) -> dict[str, int]:
    on = date(2026, 3, day)
    return {str(one.slot): one.free for one in offered_between(hall.state, TAX, on, on, hall.now)}


def with_service(hall: Book, **changes: Any) -> None:
    """Configure income tax anew."""
    spec = hall.state.spec
    services = {**spec.services, TAX: replace(spec.services[TAX], **changes)}
    hall.state = replace(hall.state, spec=replace(spec, services=services))


# -- slots ---------------------------------------------------------------------------------------


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


# -- persons -------------------------------------------------------------------------------------


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


# -- reservations --------------------------------------------------------------------------------


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


# -- check-in ------------------------------------------------------------------------------------


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


# -- no-shows and bans ---------------------------------------------------------------------------

RULE = BanRule(no_shows=2, within_days=7, for_days=30)


def missed(hall: Book, slot: str, person: Any = LI) -> Any:
    """Book a slot and do not come."""
    booked(hall, slot, person)
    hall.now = local(slot) + timedelta(minutes=10)
    return [
        event for event in b.review(hall) if isinstance(event, AppointmentMissed | PersonBanned)
    ]


def test_who_misses_too_many_within_the_days_is_banned_for_a_while() -> None:
    hall = diary_of(ban=RULE)
    (first,) = missed(hall, TUESDAY)
    assert isinstance(first, AppointmentMissed)
    second, ban = missed(hall, "2026-03-05T09:00")
    assert isinstance(second, AppointmentMissed)
    assert isinstance(ban, PersonBanned)
    assert ban.until == local("2026-03-05T09:10") + timedelta(days=30)
    decision = b.book(hall, "2026-03-06T09:00", LI)
    assert refused(decision) is Reason.BANNED
    assert decision.opens_at == ban.until
    booked(hall, "2026-03-06T09:00", WANG)
    hall.now = ban.until - timedelta(seconds=1)
    assert refused(b.book(hall, "2026-04-06T09:00", LI)) is Reason.BANNED
    hall.now = ban.until
    booked(hall, "2026-04-06T09:00", LI)


def test_no_shows_that_lie_further_apart_do_not_ban() -> None:
    hall = diary_of(ban=RULE)
    missed(hall, TUESDAY)
    assert len(missed(hall, "2026-03-10T09:00")) == 1
    assert len(missed(hall, "2026-03-16T09:00")) == 2


def test_a_lifted_ban_bans_no_more_and_its_no_shows_count_no_more() -> None:
    hall = diary_of(ban=RULE)
    missed(hall, TUESDAY)
    _, ban = missed(hall, "2026-03-05T09:00")
    (lifted,) = hall.do(LiftBan(id=next(b.ids), person=LI))
    assert isinstance(lifted, BanLifted)
    assert (lifted.person, lifted.until) == (LI, ban.until)
    assert len(missed(hall, "2026-03-06T09:00")) == 1
    assert refused(hall.do(LiftBan(id=next(b.ids), person=LI))) is Reason.NOT_BANNED


def test_a_ban_is_lifted_by_the_code_of_a_booking_while_it_lasts() -> None:
    hall = diary_of(ban=RULE)
    missed(hall, TUESDAY)
    missed(hall, "2026-03-05T09:00")
    mine, anonymous = sorted(hall.state.diary.bookings)[0], BookingId("00000009")
    assert refused(hall.do(LiftBan(id=next(b.ids), booking=anonymous))) is Reason.UNKNOWN_BOOKING
    assert refused(hall.do(LiftBan(id=next(b.ids)))) is Reason.NOT_BANNED
    (lifted,) = hall.do(LiftBan(id=next(b.ids), booking=mine))
    assert isinstance(lifted, BanLifted)
    hall.state = replace(
        hall.state,
        diary=replace(hall.state.diary, bans=hall.state.diary.bans.set(LI, lifted.until)),
    )
    hall.now = lifted.until
    assert refused(hall.do(LiftBan(id=next(b.ids), person=LI))) is Reason.NOT_BANNED


def test_without_a_rule_nobody_is_banned() -> None:
    hall = diary_of()
    for day in (3, 4, 5, 6, 9, 10):
        assert len(missed(hall, f"2026-03-{day:02}T09:00")) == 1


# -- days ----------------------------------------------------------------------------------------


def test_bookings_outlive_the_day_and_old_ones_are_dropped() -> None:
    hall = diary_of(ban=RULE)
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


# -- all pairs -----------------------------------------------------------------------------------


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
