"""What a hall's journal holds: its days, and of one of them who came, what became of it, and who worked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum

import attrs

from protocol.booking_events import AppointmentBooked, AppointmentMoved
from protocol.events import (
    DayBegun,
    ServiceFinished,
    TicketCalled,
    TicketCancelled,
    TicketExpired,
    TicketNoShow,
    TicketReactivated,
    TicketTaken,
    VisitContinued,
)
from protocol.ids import BookingId, CounterId, ServiceId, StaffId, TicketId
from protocol.messages import Recorded
from protocol.tickets import QueuePlace, TicketClass
from protocol.values import value
from sim.lab.visitors import End

Booking = tuple[ServiceId, datetime]
"""What was booked, and for when (aware, UTC)."""


class Deed(StrEnum):
    """What is done with a ticket, by staff or by itself, that lets it wait elsewhere."""

    TRANSFER = "transfer"
    REQUEUE = "requeue"
    HOLD = "hold"
    RESUME = "resume"
    VISIT = "visit"
    """The next service of its visit."""


@value
class Move:
    """A ticket was put somewhere else: ``service`` and ``to_counter`` are where, as far as they say it.

    ``place`` is where it then stood: where its time of arrival puts it if None, and for
    `QueuePlace.AFTER` behind ``after`` others.
    """

    deed: Deed
    service: ServiceId
    to_counter: CounterId | None = None
    place: QueuePlace | None = None
    after: int = 0


@value
class DayFound:
    """A business day in a journal, and the numbers of its first and last event."""

    day: date
    first_seq: int
    last_seq: int
    tickets: int
    called: int
    over: bool
    """Whether nothing of it is open any more."""


@value
class Contents:
    """What days a journal has, and every booking in it."""

    days: tuple[DayFound, ...]
    bookings: Mapping[BookingId, Booking]


def contents_of(events: Iterable[Recorded]) -> Contents:
    """Return what a journal's events, from the first one on, are about."""
    days: list[DayFound] = []
    bookings: dict[BookingId, Booking] = {}
    open_tickets: set[TicketId] = set()
    day: DayBegun | None = None
    first_seq = tickets = called = seq = 0

    def end(over: bool) -> None:
        if day is not None:
            days.append(
                DayFound(
                    day=day.day, first_seq=first_seq, last_seq=seq, tickets=tickets, called=called,
                    over=over,
                )
            )  # fmt: skip

    for recorded in events:
        event = recorded.event
        if isinstance(event, DayBegun):
            end(True)
            day, first_seq, tickets, called = event, recorded.seq, 0, 0
            open_tickets.clear()
        seq = recorded.seq
        if isinstance(event, AppointmentBooked):
            bookings[event.booking] = (event.service, event.starts_at)
        elif isinstance(event, AppointmentMoved) and event.booking in bookings:
            bookings[event.booking] = (bookings[event.booking][0], event.starts_at)
        elif isinstance(event, TicketTaken):
            tickets += 1
            open_tickets.add(event.ticket)
        elif isinstance(event, TicketCalled):
            called += 1
        elif isinstance(event, TicketReactivated | VisitContinued):
            open_tickets.add(event.ticket)
        elif isinstance(event, ServiceFinished | TicketNoShow | TicketCancelled | TicketExpired):
            open_tickets.discard(event.ticket)
    end(not open_tickets)
    return Contents(days=tuple(days), bookings=bookings)


@attrs.define(kw_only=True, eq=False)
class Leg:
    """Somebody waited for a service once, and what became of it. Changed while the journal is read."""

    ticket: TicketId
    service: ServiceId
    came_at: datetime
    ticket_class: TicketClass
    party: int = 1
    booked_at: datetime | None = None
    """The time of the appointment."""
    follows: Leg | None = None
    """The leg of the same ticket after whose end this one began."""
    came_by: Move | None = None
    """How it then began, under the same number."""
    taken_for: ServiceId | None = None
    """The service that was wanted at first, if another one was later, while waiting."""
    moves: list[tuple[datetime, Move]] = attrs.field(factory=list)
    """What was done with the ticket while it waited."""
    back_at: QueuePlace = QueuePlace.FRONT
    """Where it stood again when he came who was called before he had come."""
    back_after: int = 0
    called_at: datetime | None = None
    """The first call."""
    in_hall_at: datetime | None = None
    """When he came who was called before he had come, and put back."""
    counter: CounterId | None = None
    last_called_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    seen: list[tuple[CounterId, float]] = attrs.field(factory=list)
    """Of each call the counter, and how long its clerk took if he was idle."""
    given_up_s: float | None = None
    """How long the clerk waited for one who did not come."""
    given_up_after_s: float = 0.0
    """As ``after_s``, when the clerk had waited in vain."""
    after_s: float = 0.0
    """How long the clerk took until the next call although somebody waited."""
    end: End | None = None

    @property
    def waited_s(self) -> float | None:
        """From coming to the first call, if there was one."""
        if self.called_at is None:
            return None
        return (self.called_at - self.came_at).total_seconds()

    @property
    def busy_s(self) -> float:
        """How long it kept a counter busy, from the last call to its end."""
        if self.last_called_at is None or self.ended_at is None:
            return 0.0
        return (self.ended_at - self.last_called_at).total_seconds()

    @property
    def called_too_early_s(self) -> float:
        """How long it kept a counter busy before, when he had not come yet."""
        return (self.given_up_s or 0.0) if self.in_hall_at is not None else 0.0


@attrs.define(kw_only=True, eq=False)
class Manned:
    """A counter was open, with pauses from when to when. Changed while the journal is read."""

    staff: StaffId | None
    begins_at: datetime
    ends_at: datetime | None = None
    pauses: list[tuple[datetime, datetime | None]] = attrs.field(factory=list)


@value
class Recording:
    """What a day's journal tells of it."""

    day: date
    legs: tuple[Leg, ...]
    manned: Mapping[CounterId, tuple[Manned, ...]]
    unlike: Mapping[str, int]
    """How often something happened that is replayed only about as it was."""
