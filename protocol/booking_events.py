"""What has happened to a hall's appointments, as `protocol.events` says of the rest."""

from datetime import date, datetime

from protocol.ids import (
    BookingId,
    ClosureId,
    CommandId,
    FollowerId,
    Language,
    PersonId,
    ServiceId,
    TicketId,
)
from protocol.values import value


@value
class AppointmentBooked:
    """A slot was booked, from ``starts_at`` to ``ends_at``; times are aware, UTC.

    The customer may check in from ``check_in_from`` and until before ``check_in_until``. With ``lapses_at`` it
    is a reservation, which lapses then unless it was confirmed.
    """

    at: datetime
    command: CommandId
    booking: BookingId
    service: ServiceId
    starts_at: datetime
    ends_at: datetime
    check_in_from: datetime
    check_in_until: datetime
    lapses_at: datetime | None
    language: Language
    person: PersonId | None
    party: int
    holder: FollowerId | None = None
    """The phone that booked it."""


@value
class AppointmentConfirmed:
    """The customer said that he will come."""

    at: datetime
    command: CommandId
    booking: BookingId


@value
class AppointmentMoved:
    """A booking has another slot; times as in `AppointmentBooked`.

    ``reason`` is there where the hall moved it because of a closure.
    """

    at: datetime
    command: CommandId
    booking: BookingId
    starts_at: datetime
    ends_at: datetime
    check_in_from: datetime
    check_in_until: datetime
    lapses_at: datetime | None
    reason: str | None = None


@value
class AppointmentCancelled:
    """The customer will not come; the place is free."""

    at: datetime
    command: CommandId
    booking: BookingId


@value
class AppointmentLapsed:
    """A reservation was not confirmed in time; the place is free."""

    at: datetime
    command: CommandId
    booking: BookingId


@value
class AppointmentRevoked:
    """The hall took a booking back, because of what ``reason`` says."""

    at: datetime
    command: CommandId
    booking: BookingId
    reason: str


@value
class AppointmentMissed:
    """The customer of a booking did not come in time."""

    at: datetime
    command: CommandId
    booking: BookingId


@value
class CustomerCheckedIn:
    """The customer of a booking has come, and has ``ticket``."""

    at: datetime
    command: CommandId
    booking: BookingId
    ticket: TicketId


@value
class PersonBanned:
    """A person missed too many appointments, and may book none before ``until`` (aware, UTC)."""

    at: datetime
    command: CommandId
    person: PersonId
    until: datetime


@value
class BanLifted:
    """A person may book again, who otherwise might not have before ``until`` (aware, UTC)."""

    at: datetime
    command: CommandId
    person: PersonId
    until: datetime


@value
class ClosureAdded:
    """The hall, or ``service`` alone, is closed from ``first`` to ``last`` because of ``reason``.

    With ``end_waiting`` those who wait for it are not called any more. So many of these and of the bookings on
    those days are ``left`` to be looked at after this command; `ClosureSettled` tells that none is.
    """

    at: datetime
    command: CommandId
    closure: ClosureId
    service: ServiceId | None
    first: date
    last: date
    reason: str
    end_waiting: bool = False
    left: int = 0


@value
class ClosureSettled:
    """No booking is left on the days of a closure, and nobody who is not called any more."""

    at: datetime
    command: CommandId
    closure: ClosureId


@value
class ClosureRemoved:
    """A closure is no more."""

    at: datetime
    command: CommandId
    closure: ClosureId
