"""The hall reviews its bookings by itself, to the second, also after a restart."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from actors.hall.actor import HallActor, HallAudience
from actors.hall.apply import apply_all
from actors.hall.state import HallState
from protocol.appointments import BookingState, code_of, read_slot
from protocol.booking_events import (
    AppointmentLapsed,
    AppointmentMissed,
    AppointmentRevoked,
    ClosureSettled,
)
from protocol.commands import AddClosure, BookAppointment, TakeTicket
from protocol.events import DayBegun, TicketExpired, TicketTaken
from protocol.hours import Closure
from protocol.ids import BookingId, CommandId
from protocol.messages import Recorded, Submit, Subscribe
from sim.journal import MemoryJournal
from sim.world import SimWorld
from tests.actors.hall.booked import booked_hall, local
from tests.actors.hall.conftest import TAX, ZH
from tests.actors.hall.test_hall_actor import Ear, ManualJournal

BOOKED = BookingId(code_of(1))


def started(world: SimWorld, journal: Any, **changes: Any) -> tuple[Any, Ear]:
    hall = world.spawn("hall/HZ01", HallActor, booked_hall(**changes), journal, HallAudience())
    ear = Ear()
    hall.tell(Subscribe(recipient=ear))
    run(world)
    return hall, ear


def run(world: SimWorld, seconds: float = 0.01) -> None:
    world.run(world.env.now + seconds)


def book(world: SimWorld, hall: Any, slot: str, id: str = "b1") -> None:
    command = BookAppointment(
        id=CommandId(id), service=TAX, slot=read_slot(slot), code=BOOKED, language=ZH
    )
    hall.tell(Submit(command=command, reply_to=Ear()))
    run(world)


def told(ear: Ear, kind: type) -> list[Any]:
    return [one.event for one in ear if isinstance(one, Recorded) and isinstance(one.event, kind)]


@pytest.fixture
def world() -> SimWorld:
    return SimWorld(seed=1, begins=local("2026-03-02T12:00"))


def test_a_reservation_lapses_by_itself_when_its_time_comes(world: SimWorld) -> None:
    hall, ear = started(world, MemoryJournal(), confirm_within_s=90.0)
    book(world, hall, "2026-03-03T09:00")
    booked_at = world.now()
    run(world, 89.0)
    assert not told(ear, AppointmentLapsed)
    run(world, 1.1)
    (lapsed,) = told(ear, AppointmentLapsed)
    assert timedelta(seconds=89) < lapsed.at - booked_at < timedelta(seconds=91)


def test_an_appointment_that_nobody_came_to_becomes_a_no_show_by_itself(world: SimWorld) -> None:
    hall, ear = started(world, MemoryJournal())
    book(world, hall, "2026-03-05T09:00")
    run(world, 86_400.0 * 3)
    (missed,) = told(ear, AppointmentMissed)
    late = missed.at - local("2026-03-05T09:10")
    assert timedelta() <= late < timedelta(seconds=1)


def test_what_was_due_while_the_hall_was_down_ends_at_its_start() -> None:
    journal = ManualJournal()
    journal.at_once = True
    first = SimWorld(seed=1, begins=local("2026-03-02T12:00"))
    hall, _ = started(first, journal, confirm_within_s=90.0)
    book(first, hall, "2026-03-03T09:00")
    assert state_of_booking(journal) is BookingState.RESERVED
    later = SimWorld(seed=1, begins=local("2026-03-02T12:30"))
    started(later, journal)
    assert state_of_booking(journal) is BookingState.LAPSED


def test_a_hall_that_was_down_as_its_day_ended_begins_the_next_one_at_its_start() -> None:
    journal = ManualJournal()
    journal.at_once = True
    first = SimWorld(seed=1, begins=local("2026-03-02T23:50"))
    hall, _ = started(first, journal)
    hall.tell(Submit(command=TakeTicket(id=CommandId("t"), service=TAX, language=ZH)))
    run(first)
    later = SimWorld(seed=1, begins=local("2026-03-03T04:10"))
    hall, ear = started(later, journal)
    expired, begun = [record.event for record in journal.durable][-2:]
    assert isinstance(expired, TicketExpired)
    assert isinstance(begun, DayBegun)
    assert (begun.day, begun.at) == (date(2026, 3, 3), local("2026-03-03T04:10"))
    hall.tell(Submit(command=TakeTicket(id=CommandId("u"), service=TAX, language=ZH)))
    run(later)
    (taken,) = told(ear, TicketTaken)
    assert taken.number == "A001"


def test_a_closure_that_strikes_too_many_at_once_is_gone_on_with_by_the_hall_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("actors.hall.closing.STRIKES_MAX", 1)
    world = SimWorld(seed=1, begins=local("2026-03-02T12:00"))
    hall, ear = started(world, MemoryJournal(), move_closed=False)
    for number in range(2):
        book(world, hall, "2026-03-03T09:00", id=f"b{number}")
    closure = Closure(first=date(2026, 3, 3), last=date(2026, 3, 3))
    hall.tell(Submit(command=AddClosure(id=CommandId("c"), closure=closure)))
    run(world)
    assert len(told(ear, AppointmentRevoked)) == 1
    run(world, 2.0)
    assert len(told(ear, AppointmentRevoked)) == 2
    assert len(told(ear, ClosureSettled)) == 1
    run(world, 10.0)
    assert isinstance(ear[-1].event, ClosureSettled)


def test_what_becomes_due_after_a_restart_ends_in_its_time() -> None:
    journal = ManualJournal()
    journal.at_once = True
    first = SimWorld(seed=1, begins=local("2026-03-02T12:00"))
    hall, _ = started(first, journal, confirm_within_s=90.0)
    book(first, hall, "2026-03-03T09:00")
    later = SimWorld(seed=1, begins=local("2026-03-02T12:01"))
    _, ear = started(later, journal)
    run(later, 29.0)
    assert not told(ear, AppointmentLapsed)
    run(later, 2.0)
    assert len(told(ear, AppointmentLapsed)) == 1


def state_of_booking(journal: ManualJournal) -> BookingState:
    events = (one.event for one in journal.durable)
    return apply_all(HallState(spec=booked_hall()), events).diary.bookings[BOOKED].state


def test_a_review_that_was_not_durable_is_done_again(world: SimWorld) -> None:
    journal = ManualJournal()
    hall, ear = started(world, journal, confirm_within_s=90.0)
    journal.succeed()
    run(world)
    book(world, hall, "2026-03-03T09:00")
    journal.succeed()
    run(world, 91.0)
    assert isinstance(journal.pending[0][0].event, AppointmentLapsed)  # type: ignore[index]
    journal.fail("disk full")
    run(world, 5.0)
    assert not told(ear, AppointmentLapsed)
    journal.succeed()
    run(world, 5.0)
    assert len(told(ear, AppointmentLapsed)) == 1
