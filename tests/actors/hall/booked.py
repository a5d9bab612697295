"""A hall that is booked, for tests of appointments."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from actors.hall.diary import Booking
from actors.hall.slots import offered_between
from protocol.answers import Reason, Rejected
from protocol.appointments import AppointmentSpec, Slot, SlotPattern, code_of, read_slot
from protocol.booking_events import AppointmentBooked
from protocol.commands import (
    AddClosure,
    BookAppointment,
    CancelAppointment,
    CheckIn,
    ConfirmAppointment,
    MoveAppointment,
    ReviewBookings,
)
from protocol.hall import HallSpec
from protocol.hours import Closure
from protocol.ids import BookingId, CommandId, PersonId
from protocol.values import replace
from tests.actors.hall.conftest import TAX, ZH, Book, hall_spec

SHANGHAI = ZoneInfo("Asia/Shanghai")
WORKDAYS = (1, 2, 3, 4, 5)
TUESDAY = "2026-03-03T09:00"
LI, WANG = PersonId("li"), PersonId("wang")

ids = (CommandId(f"b{number}") for number in count())
codes = (code_of(number * 7919) for number in count())


def morning(**changes: Any) -> SlotPattern:
    """Four slots a morning, 09:00 to 11:00, with two places each."""
    parts: dict[str, Any] = {
        "weekdays": WORKDAYS,
        "begins": time(9),
        "ends": time(11),
        "every_minutes": 30,
        "capacity": 2,
    }
    return SlotPattern(**{**parts, **changes})


def appointments(**changes: Any) -> AppointmentSpec:
    """Two weeks ahead; check in from half an hour before to ten minutes after."""
    return AppointmentSpec(**{"slots": (morning(),), **changes})


def booked_hall(**changes: Any) -> HallSpec:
    """The hall of `hall_spec`, where income tax is booked."""
    services = dict(hall_spec().services)
    services[TAX] = replace(services[TAX], appointments=appointments(**changes))
    return hall_spec(services=services)


def diary_of(**changes: Any) -> Book:
    """A hall's truth at noon (12:00) of Monday, 2 March."""
    return Book(booked_hall(**changes))


def local(text: str) -> datetime:
    """The instant of a local time in Shanghai, such as 2026-03-03T09:00."""
    slot = read_slot(text)
    return datetime.combine(slot.day, slot.time, tzinfo=SHANGHAI).astimezone(UTC)


def book(book: Book, slot: str, person: PersonId | None = None, **changes: Any) -> Any:
    """Ask for a slot; the events or the refusal."""
    wanted: Slot = read_slot(slot)
    parts: dict[str, Any] = {"service": TAX, "slot": wanted, "language": ZH, "code": next(codes)}
    return book.do(BookAppointment(id=next(ids), person=person, **{**parts, **changes}))


def booked(hall: Book, slot: str, person: PersonId | None = None, **changes: Any) -> BookingId:
    """Book a slot, which is free."""
    decision = book(hall, slot, person, **changes)
    assert not isinstance(decision, Rejected), decision
    event = decision[-1]
    assert isinstance(event, AppointmentBooked)
    return event.booking


def booking_of(hall: Book, id: BookingId) -> Booking:
    return hall.state.diary.bookings[id]


def confirm(hall: Book, id: BookingId) -> Any:
    return hall.do(ConfirmAppointment(id=next(ids), booking=id))


def move(hall: Book, id: BookingId, slot: str) -> Any:
    return hall.do(MoveAppointment(id=next(ids), booking=id, slot=read_slot(slot)))


def cancel(hall: Book, id: BookingId) -> Any:
    return hall.do(CancelAppointment(id=next(ids), booking=id))


def check_in(hall: Book, id: BookingId | None = None, **changes: Any) -> Any:
    return hall.do(CheckIn(id=next(ids), booking=id, **changes))


def review(hall: Book) -> Any:
    return hall.do(ReviewBookings(id=next(ids)))


def refused(decision: Any) -> Reason:
    assert isinstance(decision, Rejected), decision
    assert len(decision.detail) > 10
    return decision.reason


def close(
    hall: Book, first: int, last: int, service: Any = None, reason: str = "works", **changes: Any
) -> Any:
    """Close on days of March."""
    closure = Closure(first=date(2026, 3, first), last=date(2026, 3, last), reason=reason)
    return hall.do(AddClosure(id=next(ids), closure=closure, service=service, **changes))


def with_service(hall: Book, **changes: Any) -> None:
    """Configure income tax anew."""
    spec = hall.state.spec
    services = {**spec.services, TAX: replace(spec.services[TAX], **changes)}
    hall.state = replace(hall.state, spec=replace(spec, services=services))


def free_on(hall: Book, day: int) -> dict[str, int]:
    on = date(2026, 3, day)
    return {str(one.slot): one.free for one in offered_between(hall.state, TAX, on, on, hall.now)}
