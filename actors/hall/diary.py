"""The hall's appointments: bookings, the places that they take, closures, bans. It outlives the business day.

A diary follows from the hall's events alone, not from the configuration: what a booking was promised stays as
it was, also where slots, capacities or whole services are configured anew. Nothing in it is changed in place.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

import attrs
from immutables import Map

from actors.hall.ranks import Ranks, put, without
from protocol.appointments import BookingState
from protocol.hours import Closure
from protocol.ids import (
    BookingId,
    ClosureId,
    FollowerId,
    Language,
    PersonId,
    ServiceId,
    TicketId,
)
from protocol.values import replace, value


@value
class Booking:
    """An appointment; times are aware, UTC.

    ``booked_at`` is when it was booked; the customer may check in from ``check_in_from`` and until before
    ``check_in_until``; a reservation lapses at ``lapses_at``.
    """

    id: BookingId
    service: ServiceId
    state: BookingState
    booked_at: datetime
    starts_at: datetime
    ends_at: datetime
    check_in_from: datetime
    check_in_until: datetime
    lapses_at: datetime | None
    language: Language
    person: PersonId | None
    party: int
    ticket: TicketId | None = None
    """The ticket that the customer got."""
    reason: str | None = None
    """Why the hall moved or revoked it."""
    holder: FollowerId | None = None
    """The phone that booked it."""

    @property
    def due_at(self) -> datetime | None:
        """When it lapses or becomes a no-show; never, once it has ended."""
        match self.state:
            case BookingState.RESERVED:
                return self.lapses_at
            case BookingState.CONFIRMED:
                return self.check_in_until
            case _:
                return None


@value
class AddedClosure:
    """A closure that was added while the hall was running, of the hall or of one ``service``."""

    id: ClosureId
    closure: Closure
    service: ServiceId | None
    end_waiting: bool = False
    """Those who wait for it are not called any more."""
    unsettled_since: datetime | None = None
    """Since when bookings, or people who wait, are left that it has not struck yet; aware, UTC."""


@value
class Diary:
    """See the module. ``taken``, ``of_person``, ``of_holder`` and ``due`` follow from ``bookings``."""

    bookings: Map[BookingId, Booking] = attrs.field(factory=Map)
    taken: Map[tuple[ServiceId, datetime], int] = attrs.field(factory=Map)
    """Places that are taken in the slot of a service that starts then; only where there are some."""
    of_person: Map[PersonId, frozenset[BookingId]] = attrs.field(factory=Map)
    """The open bookings of each person who has some."""
    of_holder: Map[FollowerId, frozenset[BookingId]] = attrs.field(factory=Map)
    """The bookings of each phone that booked some, ended ones too."""
    due: Ranks | None = None
    """Bookings, sorted by when they lapse or become no-shows."""
    closures: Map[ClosureId, AddedClosure] = attrs.field(factory=Map)
    missed: Map[PersonId, tuple[datetime, ...]] = attrs.field(factory=Map)
    """When appointments began that a person missed lately, since the last ban."""
    bans: Map[PersonId, datetime] = attrs.field(factory=Map)
    """Until when a person may book nothing."""

    @property
    def next_due_at(self) -> datetime | None:
        """When `ReviewBookings` has something to do next."""
        times = [added.unsettled_since for added in self.closures.values()]
        if self.due is not None:
            times.append(self.due.order[0])
        return min((time for time in times if time is not None), default=None)


EMPTY_DIARY = Diary()


def filed(diary: Diary, booking: Booking) -> Diary:
    """Return the diary with ``booking``, instead of what it had under that id, if anything."""
    before = diary.bookings.get(booking.id)
    if before is not None:
        diary = unfiled(diary, before)
    taken, of_person, due = diary.taken, diary.of_person, diary.due
    if booking.state.placed:
        slot = (booking.service, booking.starts_at)
        taken = taken.set(slot, taken.get(slot, 0) + 1)
    if booking.state.open:
        of_person = _with(of_person, booking.person, booking.id)
    if (due_at := booking.due_at) is not None:
        due = put(due, (due_at, booking.id), TicketId(booking.id))
    bookings = diary.bookings.set(booking.id, booking)
    return replace(
        diary,
        bookings=bookings,
        taken=taken,
        of_person=of_person,
        of_holder=_with(diary.of_holder, booking.holder, booking.id),
        due=due,
    )


def unfiled(diary: Diary, booking: Booking) -> Diary:
    """Return the diary without ``booking``, which it has."""
    taken, of_person, due = diary.taken, diary.of_person, diary.due
    if booking.state.placed:
        slot = (booking.service, booking.starts_at)
        left = taken[slot] - 1
        taken = taken.set(slot, left) if left else taken.delete(slot)
    if booking.state.open:
        of_person = _less(of_person, booking.person, booking.id)
    if (due_at := booking.due_at) is not None:
        due = without(due, (due_at, booking.id))
    return replace(
        diary,
        bookings=diary.bookings.delete(booking.id),
        taken=taken,
        of_person=of_person,
        of_holder=_less(diary.of_holder, booking.holder, booking.id),
        due=due,
    )


W = TypeVar("W", PersonId, FollowerId)


def _with(
    whose: Map[W, frozenset[BookingId]], who: W | None, booking: BookingId
) -> Map[W, frozenset[BookingId]]:
    """Return ``whose`` with a booking of somebody, if it is known of whom."""
    return whose if who is None else whose.set(who, whose.get(who, frozenset()) | {booking})


def _less(
    whose: Map[W, frozenset[BookingId]], who: W | None, booking: BookingId
) -> Map[W, frozenset[BookingId]]:
    """Return ``whose`` without a booking that it has of ``who``; without ``who`` where it was the only one."""
    if who is None:
        return whose
    others = whose[who] - {booking}
    return whose.set(who, others) if others else whose.delete(who)


def closures_of(diary: Diary, service: ServiceId | None) -> tuple[Closure, ...]:
    """Return the added closures of the hall, and those of ``service``."""
    return tuple(
        added.closure
        for added in diary.closures.values()
        if added.service is None or added.service == service
    )


__all__ = ["EMPTY_DIARY", "AddedClosure", "Booking", "Diary", "closures_of", "filed", "unfiled"]
