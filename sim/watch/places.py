"""1. What is given once: a place of a slot to a booking, and a ticket to a booking, whoever asks at once."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

from actors.hall.day import zone
from protocol.answers import Accepted
from protocol.appointments import AppointmentSpec
from protocol.booking_events import AppointmentBooked, AppointmentMoved, CustomerCheckedIn
from protocol.ids import BookingId, CommandId, ServiceId, TicketId
from sim.watch.invariant import Invariant, Scene, sees
from sim.watch.sightings import Answered, EventSeen, number_of


class PlacesOnce(Invariant):
    """See the module. Nothing is overbooked, nobody has more than is allowed, and who comes has one number."""

    number = 1
    title = "a place is given once, and a booking is checked in once"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._asked: dict[CommandId, BookingId] = {}
        self._came: dict[BookingId, TicketId] = {}
        self._told: dict[BookingId, TicketId] = {}

    @sees(EventSeen)
    def _event(self, seen: EventSeen) -> None:
        match seen.event:
            case AppointmentBooked() as event:
                self._booked(event)
            case AppointmentMoved() as event:
                booked = self.scene.ledger.diary.bookings.get(event.booking)
                if booked is not None and booked.starts_at != event.starts_at:
                    self._placed(event.booking, booked.service, event.starts_at)
            case CustomerCheckedIn() as event:
                self._checked_in(event)

    def _booked(self, event: AppointmentBooked) -> None:
        diary = self.scene.ledger.diary
        if event.booking in diary.bookings:
            self.broken(f"the code {event.booking} was given out, and again")
        first = self._asked.setdefault(event.command, event.booking)
        if first != event.booking:
            self.broken(f"who asked once [{event.command}] has {first} and {event.booking}")
        self._placed(event.booking, event.service, event.starts_at)
        self._check_person(event)

    def _placed(self, booking: BookingId, service: ServiceId, starts_at: datetime) -> None:
        """A booking gets one more place of a slot."""
        taken = self.scene.ledger.diary.placed(service, starts_at) + 1
        places = self._places(service, starts_at)
        if taken > places:
            self.broken(
                f"{booking} has a place of {service} at {starts_at:%H:%M} UTC, which is the"
                f" {taken}. one; there are {places}"
            )

    def _places(self, service: ServiceId, starts_at: datetime) -> int:
        """Return how many places of that slot may be booked, as the configuration says."""
        appointments = self._appointments(service)
        local = starts_at.astimezone(zone(self.scene.spec.time_zone))
        for pattern in appointments.slots:
            since = local.hour * 60 + local.minute - pattern.begins.hour * 60
            since -= pattern.begins.minute
            on_time = since >= 0 and since % pattern.every_minutes == 0
            if local.isoweekday() in pattern.weekdays and on_time:
                return int(pattern.capacity * (1 - Fraction(str(appointments.walk_in_share))))
        return 0

    def _appointments(self, service: ServiceId) -> AppointmentSpec:
        appointments = self.scene.spec.services[service].appointments
        assert appointments is not None, f"{service} was booked, which nobody can"
        return appointments

    def _check_person(self, event: AppointmentBooked) -> None:
        person, appointments = event.person, self._appointments(event.service)
        if person is None:
            return
        diary = self.scene.ledger.diary
        until = diary.bans.get(person)
        if appointments.ban is not None and until is not None and event.at < until:
            self.broken(f"{event.booking} is of {person}, who may book nothing before {until}")
        own = sum(
            each.person == person and each.service == event.service and each.state.open
            for each in diary.bookings.values()
        )
        if appointments.person_max is not None and own >= appointments.person_max:
            self.broken(f"{event.booking} is of {person}, who has {own} of {event.service} already")

    def _checked_in(self, event: CustomerCheckedIn) -> None:
        ledger = self.scene.ledger
        ticket = event.ticket
        first = self._came.setdefault(event.booking, ticket)
        if first != ticket:
            self.broken(
                f"{event.booking} was checked in with {number_of(first)}, and again with"
                f" {number_of(ticket)}",
                number_of(ticket),
            )
        booked, entry = ledger.diary.bookings.get(event.booking), ledger.tickets.get(ticket)
        if booked is None or entry is None:
            self.broken(
                f"{event.booking} is checked in with {number_of(ticket)}, and one of them is unknown"
            )
        elif (booked.service, booked.party) != (entry.service, entry.party):
            self.broken(
                f"{event.booking} is {booked.party} people's for {booked.service}; {entry.number} is"
                f" {entry.party} people's for {entry.service}",
                entry.number,
            )

    @sees(Answered)
    def _answered(self, seen: Answered) -> None:
        """Who has been told a number for a booking is not told another one, at no page and no kiosk."""
        if isinstance(seen.answer, Accepted):
            for event in seen.answer.events:
                if type(event) is CustomerCheckedIn:
                    first = self._told.setdefault(event.booking, event.ticket)
                    if first != event.ticket:
                        self.broken(
                            f"{event.booking} was told {number_of(first)} and"
                            f" {number_of(event.ticket)}",
                            number_of(event.ticket),
                        )
