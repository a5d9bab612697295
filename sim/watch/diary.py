"""The appointments as a clerk with paper and pencil has them, who reads the stream of events.

Like the `Ledger` it shares nothing with the actors' own diary, with which it is compared.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import attrs

from protocol.appointments import BookingState
from protocol.booking_events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentConfirmed,
    AppointmentLapsed,
    AppointmentMissed,
    AppointmentMoved,
    AppointmentRevoked,
    BanLifted,
    ClosureAdded,
    ClosureRemoved,
    ClosureSettled,
    CustomerCheckedIn,
    PersonBanned,
)
from protocol.events import DayBegun, Event
from protocol.ids import BookingId, ClosureId, PersonId, ServiceId, TicketId


@attrs.define(slots=True)
class Booked:
    """An appointment; times are aware, UTC, as in `AppointmentBooked`."""

    id: BookingId
    service: ServiceId
    state: BookingState
    starts_at: datetime
    check_in_from: datetime
    check_in_until: datetime
    lapses_at: datetime | None
    person: PersonId | None
    party: int
    ticket: TicketId | None = None

    @property
    def due_at(self) -> datetime | None:
        """When it ends if nobody does anything; nothing once it has ended."""
        if self.state is BookingState.RESERVED:
            return self.lapses_at
        return self.check_in_until if self.state is BookingState.CONFIRMED else None


@attrs.define(slots=True)
class Closed:
    """A closure that was added: of the hall, or of one service."""

    service: ServiceId | None
    first: date
    last: date
    settled: bool
    """Every booking on its days was moved or revoked."""


class Diary:
    """Bookings, closures and bans as of the last event that was taken."""

    def __init__(self) -> None:
        self.bookings: dict[BookingId, Booked] = {}
        self.closures: dict[ClosureId, Closed] = {}
        self.bans: dict[PersonId, datetime] = {}

    def take(self, event: Event) -> None:
        """Write down what the event says, if it is of appointments."""
        write = _WRITE.get(type(event))
        if write is not None:
            write(self, event)

    def placed(self, service: ServiceId, starts_at: datetime) -> int:
        """Return how many places of a slot are taken."""
        return sum(
            each.state.placed and each.starts_at == starts_at and each.service == service
            for each in self.bookings.values()
        )

    def _day_begun(self, event: DayBegun) -> None:
        # Bookings and closures are kept for a week, and no run lasts as long.
        self.bans = {person: until for person, until in self.bans.items() if until > event.at}

    def _booked(self, event: AppointmentBooked) -> None:
        reserved = event.lapses_at is not None
        self.bookings[event.booking] = Booked(
            id=event.booking,
            service=event.service,
            state=BookingState.RESERVED if reserved else BookingState.CONFIRMED,
            starts_at=event.starts_at,
            check_in_from=event.check_in_from,
            check_in_until=event.check_in_until,
            lapses_at=event.lapses_at,
            person=event.person,
            party=event.party,
        )

    def _moved(self, event: AppointmentMoved) -> None:
        booked = self.bookings.get(event.booking)
        if booked is not None:
            booked.starts_at, booked.lapses_at = event.starts_at, event.lapses_at
            booked.check_in_from = event.check_in_from
            booked.check_in_until = event.check_in_until

    def _checked_in(self, event: CustomerCheckedIn) -> None:
        booked = self.bookings.get(event.booking)
        if booked is not None:
            booked.state, booked.ticket = BookingState.CHECKED_IN, event.ticket

    def _changed(self, event: Any) -> None:
        booked = self.bookings.get(event.booking)
        if booked is not None:
            booked.state = _STATES[type(event)]

    def _banned(self, event: PersonBanned) -> None:
        self.bans[event.person] = event.until

    def _ban_lifted(self, event: BanLifted) -> None:
        self.bans.pop(event.person, None)

    def _closure_added(self, event: ClosureAdded) -> None:
        self.closures[event.closure] = Closed(
            service=event.service, first=event.first, last=event.last, settled=not event.left
        )

    def _closure_settled(self, event: ClosureSettled) -> None:
        if event.closure in self.closures:
            self.closures[event.closure].settled = True

    def _closure_removed(self, event: ClosureRemoved) -> None:
        self.closures.pop(event.closure, None)


_STATES: dict[type, BookingState] = {
    AppointmentConfirmed: BookingState.CONFIRMED,
    AppointmentCancelled: BookingState.CANCELLED,
    AppointmentLapsed: BookingState.LAPSED,
    AppointmentMissed: BookingState.NO_SHOW,
    AppointmentRevoked: BookingState.REVOKED,
}

_WRITE: dict[type, Callable[[Diary, Any], None]] = {
    DayBegun: Diary._day_begun,
    AppointmentBooked: Diary._booked,
    AppointmentMoved: Diary._moved,
    CustomerCheckedIn: Diary._checked_in,
    **dict.fromkeys(_STATES, Diary._changed),
    PersonBanned: Diary._banned,
    BanLifted: Diary._ban_lifted,
    ClosureAdded: Diary._closure_added,
    ClosureSettled: Diary._closure_settled,
    ClosureRemoved: Diary._closure_removed,
}
