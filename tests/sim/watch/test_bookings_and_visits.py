"""Invariants of appointments and visits by hand-made sightings."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from protocol.answers import Accepted
from protocol.appointments import BookingState
from protocol.booking_events import (
    AppointmentBooked,
    AppointmentLapsed,
    AppointmentMissed,
    AppointmentMoved,
    ClosureAdded,
    CustomerCheckedIn,
)
from protocol.choices import Choice, Rule
from protocol.commands import TakeTicket
from protocol.events import Event, VisitContinued
from protocol.ids import BookingId, ClosureId, CommandId, PersonId, ServiceId
from protocol.policies import Policy
from protocol.tickets import TicketClass
from protocol.values import replace
from sim.watch.sightings import Answered, BookingSaid, Quiet
from tests.sim.watch.stage import (
    BEGINS,
    ONE,
    OTHER,
    SERVICE,
    ZH,
    Stage,
    called,
    day,
    finished,
    taken,
    ticket,
)

SLOT = timedelta(minutes=30)
APPOINTMENT = TicketClass.APPOINTMENT


def booked(code: str, slot: int = 1, **further: Any) -> AppointmentBooked:
    """Return a booking of the slot that is so many after the beginning."""
    starts_at = BEGINS + slot * SLOT
    made = AppointmentBooked(
        at=BEGINS,
        command=CommandId(f"book/{code}"),
        booking=BookingId(code),
        service=SERVICE,
        starts_at=starts_at,
        ends_at=starts_at + SLOT,
        check_in_from=starts_at - SLOT,
        check_in_until=starts_at + SLOT,
        lapses_at=None,
        language=ZH,
        person=None,
        party=1,
    )
    return replace(made, **further)


def moved(code: str, slot: int) -> AppointmentMoved:
    like = booked(code, slot)
    return AppointmentMoved(
        at=BEGINS,
        command=CommandId(f"move/{code}"),
        booking=like.booking,
        starts_at=like.starts_at,
        ends_at=like.ends_at,
        check_in_from=like.check_in_from,
        check_in_until=like.check_in_until,
        lapses_at=None,
    )


def came(code: str, number: str, minutes: float = 30) -> tuple[Event, Event]:
    """Return what a check-in comes to, so many minutes after the beginning."""
    at, command = BEGINS + timedelta(minutes=minutes), CommandId(f"came/{number}")
    took = taken(number, command, APPOINTMENT, at=at)
    checked = CustomerCheckedIn(
        at=at, command=command, booking=BookingId(code), ticket=ticket(number)
    )
    return took, checked


def missed(code: str, minutes: float) -> AppointmentMissed:
    at = BEGINS + timedelta(minutes=minutes)
    return AppointmentMissed(at=at, command=CommandId("review"), booking=BookingId(code))


def closed(left: int = 0) -> ClosureAdded:
    return ClosureAdded(
        at=BEGINS,
        command=CommandId("close"),
        closure=ClosureId("c1"),
        service=SERVICE,
        first=date(2026, 3, 2),
        last=date(2026, 3, 2),
        reason="",
        left=left,
    )


# -- 1: places and check-ins ----------------------------------------------------------------------


def test_slot_with_more_bookings_than_places_is_found() -> None:
    stage = Stage(1)
    stage.happen(day(), booked("ONE"), booked("TWO", service=OTHER), booked("THREE", 2))
    assert stage.found == []
    stage.happen(booked("FOUR"))
    assert len(stage.found) == 1


def test_booking_that_is_moved_to_a_full_slot_is_found_and_its_old_place_is_free() -> None:
    stage = Stage(1)
    stage.happen(day(), booked("ONE"), moved("ONE", 2), booked("TWO"))
    assert stage.found == []
    stage.happen(moved("TWO", 2))
    assert len(stage.found) == 1


def test_code_that_is_given_to_two_bookings_is_found() -> None:
    stage = Stage(1)
    stage.happen(day(), booked("ONE"), booked("ONE", 2, command=CommandId("other")))
    assert stage.found == ["the code ONE was given out, and again"]


def test_person_with_more_bookings_than_one_may_have_is_found() -> None:
    stage = Stage(1)
    who = PersonId("p")
    stage.happen(day(), *(booked(f"B{slot}", slot, person=who) for slot in (1, 2)))
    assert stage.found == []
    stage.happen(booked("B3", 3, person=who))
    assert len(stage.found) == 1


def test_booking_that_is_checked_in_twice_is_found() -> None:
    stage = Stage(1)
    stage.happen(day(), booked("ONE"), *came("ONE", "A001"))
    assert stage.found == []
    stage.happen(*came("ONE", "A002"))
    assert len(stage.found) == 1


def test_party_that_gets_a_number_for_one_is_found() -> None:
    stage = Stage(1)
    stage.happen(day(), booked("ONE", party=3), *came("ONE", "A001"))
    assert len(stage.found) == 1


# -- 3: bookings ----------------------------------------------------------------------------------


def test_booking_that_ends_before_its_time_is_found() -> None:
    for minutes, found in (59, 1), (60, 0):
        stage = Stage(3)
        stage.happen(day(), booked("ONE"), missed("ONE", minutes))
        assert len(stage.found) == found


def test_check_in_that_is_too_early_or_too_late_is_found() -> None:
    for minutes, found in (-1, 1), (0, 0), (59, 0), (60, 1):
        stage = Stage(3)
        stage.happen(day(), booked("ONE"), *came("ONE", "A001", minutes))
        assert len(stage.found) == found


def test_step_that_a_booking_cannot_take_is_found() -> None:
    stage = Stage(3)
    lapsed = AppointmentLapsed(
        at=BEGINS + 2 * SLOT, command=CommandId("review"), booking=BookingId("ONE")
    )
    stage.happen(day(), booked("ONE"), lapsed)
    assert stage.found == ["AppointmentLapsed of ONE, which is confirmed"]


def test_booking_that_is_over_and_not_noted_is_found_when_all_is_quiet() -> None:
    stage = Stage(3)
    stage.happen(day(), booked("ONE"))
    stage.wait(3600 + 60)
    stage.see(Quiet(said=stage.said()))
    assert stage.found == []
    stage.wait(60)
    stage.see(Quiet(said=stage.said()))
    assert len(stage.found) == 1


def test_code_that_the_hall_does_not_know_is_found() -> None:
    stage = Stage(3)
    stage.happen(day())
    command = TakeTicket(id=CommandId("any"), service=SERVICE, language=ZH)
    accepted = Accepted(command=command.id, events=(booked("ONE"),))
    stage.see(Answered(command=command, answer=accepted), stage.said())
    assert stage.found == ["somebody has the code ONE, and the hall knows nothing of it"]


def test_booking_on_a_day_that_is_closed_is_found_once_the_closure_is_through() -> None:
    for left in (1, 0):
        stage = Stage(3)
        stage.happen(day(), booked("ONE"), booked("TWO", service=OTHER), closed(left))
        stage.see(stage.said())
        assert bool(stage.found) == (left == 0)


# -- 3: visits ------------------------------------------------------------------------------------


def goes_on(service: ServiceId, *then: ServiceId) -> VisitContinued:
    return VisitContinued(
        at=BEGINS, command=CommandId("end/A001"), ticket=ticket("A001"), service=service, then=then
    )


def test_visit_goes_through_its_services() -> None:
    stage = Stage(3)
    stage.happen(day(), taken("A001", then=(OTHER,)), called("A001"), finished("A001"))
    stage.happen(goes_on(OTHER), called("A001", service=OTHER), finished("A001"))
    stage.see(Quiet(said=stage.said(), closed=True))
    assert stage.found == []


def test_visit_that_does_not_go_on_is_found_with_the_next_event() -> None:
    stage = Stage(3)
    stage.happen(day(), taken("A001", then=(OTHER,)), called("A001"), finished("A001"))
    assert stage.found == []
    stage.happen(taken("A002"))
    assert stage.found == ["A001 was finished, and its visit does not go on with s2"]


def test_visit_that_goes_on_with_what_nobody_asked_for_is_found() -> None:
    stage = Stage(3)
    stage.happen(day(), taken("A001", then=(OTHER,)), called("A001"), finished("A001"))
    stage.happen(goes_on(SERVICE, OTHER))
    assert len(stage.found) == 1


def test_call_for_another_service_than_the_one_waited_for_is_found() -> None:
    stage = Stage(3)
    stage.happen(day(), taken("A001"), called("A001", service=OTHER))
    assert len(stage.found) == 1


def test_ticket_for_less_than_was_asked_for_is_found() -> None:
    asked = TakeTicket(id=CommandId("take"), service=SERVICE, language=ZH, then=(OTHER,), party=2)
    for given, found in (
        (taken("A001", "take", then=(OTHER,), party=2), 0),
        (taken("A001", "take", party=2), 1),
        (taken("A001", "take", then=(OTHER,)), 1),
    ):
        stage = Stage(3)
        stage.see(Answered(command=asked, answer=Accepted(command=asked.id, events=(given,))))
        assert len(stage.found) == found


# -- 5: appointments in order ---------------------------------------------------------------------


def test_appointments_go_by_their_time_whoever_came_first() -> None:
    for first, found in ("A002", 0), ("A001", 1):
        stage = Stage(5)
        stage.happen(
            day(),
            taken("A001", ticket_class=APPOINTMENT, due_at=BEGINS + 2 * SLOT),
            taken("A002", ticket_class=APPOINTMENT, due_at=BEGINS + SLOT),
            called(first),
        )
        assert len(stage.found) == found


def test_appointment_that_is_due_goes_before_others_unless_a_bound_says_otherwise() -> None:
    bound = Choice(rule=Rule.OVERTAKEN_BOUND, candidates=(), of=2, overtook=0)
    for at_s, choice, found in (0, None, 0), (1700, None, 1), (1700, bound, 0):
        stage = Stage(5, Policy(due_before_s=120.0))
        stage.happen(
            day(),
            taken("A001"),
            taken("B001", service=OTHER, ticket_class=APPOINTMENT, due_at=BEGINS + SLOT),
            called("A001", ONE, at_s=at_s, choice=choice),
        )
        assert len(stage.found) == found


# -- 10 -------------------------------------------------------------------------------------------


def test_booking_that_a_restart_changes_is_found() -> None:
    stage = Stage(10)
    stage.happen(day(), booked("ONE"))
    said = stage.said(fresh=True)
    stage.see(said)
    assert stage.found == []
    lost = BookingSaid(
        service=SERVICE, state=BookingState.CANCELLED, starts_at=BEGINS + SLOT, ticket=None
    )
    stage.see(replace(said, bookings={BookingId("ONE"): lost}))
    assert len(stage.found) == 1
