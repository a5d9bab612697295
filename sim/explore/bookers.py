"""Customers with appointments: they book, confirm, move, cancel, come early, late, twice, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar

from actors.hall.day import zone
from protocol.answers import Accepted, Answer
from protocol.appointments import AppointmentSpec, Slot, code_of
from protocol.booking_events import AppointmentBooked, AppointmentMoved
from protocol.commands import (
    BookAppointment,
    CancelAppointment,
    CheckIn,
    ConfirmAppointment,
    MoveAppointment,
)
from protocol.ids import BookingId, KioskId, PersonId, ServiceId
from protocol.tickets import Channel
from sim.explore.case import Case
from sim.explore.clients import Clients, Then

E = TypeVar("E")

PERSONS = 12
"""Who books; some have several bookings, and some miss so many that they may book no more."""

NEXT_SLOTS = 4
"""The next slots of today are what most want, so that they get full."""

ANOTHER_DAY_SHARE = 0.15
PAST_SHARE = 0.1
NOBODY_SHARE = 0.1
"""Who does not say who he is, or types a code that another has."""

CONFIRM_SHARE, MOVE_SHARE, CANCEL_SHARE, COME_SHARE, TWICE_SHARE = 0.7, 0.2, 0.1, 0.75, 0.15

SOON_S = 120.0
"""Within so long, on the average, people do what they do before they come."""

ASTRAY_S = 240.0
"""So much too early or too late do they check in at most."""


class Bookers:
    """Book until `close` is called. ``taken`` is told the answer to each check-in."""

    def __init__(self, case: Case, clients: Clients, taken: Then) -> None:
        self._case = case
        self._clients = clients
        self._taken = taken
        self._world = clients.site.outside
        self._random = Random(f"{case.seed}/bookers")
        self._closed = False
        self._kiosks: list[KioskId | None] = [*case.spec.kiosks, None]
        self._codes: list[BookingId] = []
        self._booked: dict[ServiceId, AppointmentSpec] = {
            id: service.appointments
            for id, service in case.spec.services.items()
            if service.appointments is not None
        }
        if self._booked and case.people.bookings_per_h:
            self._await_next()

    def close(self) -> None:
        """Let nobody book any more, nor come for what is booked."""
        self._closed = True

    def _await_next(self) -> None:
        after_s = self._random.expovariate(self._case.people.bookings_per_h / 3600)
        self._world.call_later(after_s, self._book)

    def _book(self) -> None:
        if self._closed:
            return
        random = self._random
        service = random.choice(list(self._booked))
        person = PersonId(f"person-{random.randrange(PERSONS)}")
        command = BookAppointment(
            id=self._clients.new_id("book"),
            service=service,
            slot=self._slot(service),
            code=self._code(),
            language=random.choice(self._case.spec.languages),
            person=None if random.random() < NOBODY_SHARE else person,
            party=random.choice([1, 1, 3]),
        )
        self._clients.ask(command, lambda answer: self._has_booked(command, answer))
        self._await_next()

    def _code(self) -> BookingId:
        random = self._random
        if self._codes and random.random() < NOBODY_SHARE:
            return random.choice(self._codes)
        code = code_of(random.getrandbits(40))
        self._codes.append(code)
        return code

    def _slot(self, service: ServiceId) -> Slot:
        """Choose one of the next slots of today mostly, or one of another day."""
        random, appointments = self._random, self._booked[service]
        every = timedelta(minutes=appointments.slots[0].every_minutes)
        local = self._world.now().astimezone(zone(self._case.spec.time_zone))
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        passed = (local - midnight) // every
        soonest = 0 if random.random() < PAST_SHARE else 1
        at = midnight + every * (passed + random.randint(soonest, NEXT_SLOTS))
        if random.random() < ANOTHER_DAY_SHARE:
            at += timedelta(days=random.randint(1, appointments.latest_days + 1))
        return Slot(day=at.date(), time=at.time())

    # -- what they do about it ----------------------------------------------------------------

    def _has_booked(self, command: BookAppointment, answer: Answer) -> None:
        booked = _of(answer, AppointmentBooked)
        if booked is None:
            return
        random, id = self._random, booked.booking
        if random.random() < CONFIRM_SHARE:
            self._soon(lambda: self._confirm(id))
        if random.random() < CANCEL_SHARE:
            self._soon(lambda: self._cancel(id))
        if random.random() < MOVE_SHARE:
            self._soon(lambda: self._move(id, command.service))
        self._come(id, command.person, booked.check_in_from, booked.check_in_until)

    def _soon(self, do: Callable[[], None]) -> None:
        self._world.call_later(self._random.expovariate(1 / SOON_S), do)

    def _confirm(self, id: BookingId) -> None:
        self._clients.ask(ConfirmAppointment(id=self._clients.new_id("confirm"), booking=id))

    def _cancel(self, id: BookingId) -> None:
        self._clients.ask(CancelAppointment(id=self._clients.new_id("cancel-booking"), booking=id))

    def _move(self, id: BookingId, service: ServiceId) -> None:
        if self._closed:
            return

        def moved(answer: Answer) -> None:
            event = _of(answer, AppointmentMoved)
            if event is not None:
                self._come(id, None, event.check_in_from, event.check_in_until)

        command = MoveAppointment(
            id=self._clients.new_id("move"), booking=id, slot=self._slot(service)
        )
        self._clients.ask(command, moved)

    def _come(
        self, id: BookingId, person: PersonId | None, begins: datetime, ends: datetime
    ) -> None:
        """Check in about then, if at all; some do it twice."""
        random = self._random
        if random.random() >= COME_SHARE:
            return
        window_s = (ends - begins).total_seconds() + 2 * ASTRAY_S
        after_s = (begins - self._world.now()).total_seconds() - ASTRAY_S
        after_s = max(after_s + random.random() * window_s, 1.0)
        times = 2 if random.random() < TWICE_SHARE else 1
        for _ in range(times):
            self._world.call_later(after_s, lambda: self._check_in(id, person))

    def _check_in(self, id: BookingId, person: PersonId | None) -> None:
        if self._closed:
            return
        kiosk = self._random.choice(self._kiosks)
        by_person = person is not None and self._random.random() < 0.3
        command = CheckIn(
            id=self._clients.new_id("check-in"),
            booking=None if by_person else id,
            person=person if by_person else None,
            channel=Channel.WEB if kiosk is None else Channel.KIOSK,
            kiosk=kiosk,
        )
        self._clients.ask(command, self._taken)


def _of(answer: Answer, kind: type[E]) -> E | None:
    """Return the event of that kind in an answer, if it has one."""
    events = answer.events if isinstance(answer, Accepted) else ()
    return next((event for event in events if isinstance(event, kind)), None)
