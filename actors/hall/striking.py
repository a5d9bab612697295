"""What a closure strikes that was added while the hall was running: bookings, and those who wait. Pure.

Bookings are moved to the same time of a following week where there is a place, or else revoked. Whoever waits
is still called, unless the closure says otherwise: then a visit goes on with what is open; other tickets end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from heapq import nsmallest

from actors.hall.booking import moved
from actors.hall.closures import closed_today
from actors.hall.day import zone
from actors.hall.diary import AddedClosure, Booking
from actors.hall.ranks import Order
from actors.hall.slots import OfferedSlot, find_slot, slot_at, today_of
from actors.hall.state import HallState, Ticket
from actors.hall.visits import next_of
from protocol.appointments import Slot
from protocol.booking_events import AppointmentRevoked
from protocol.events import Event, TicketCancelled, TicketTransferred
from protocol.hall import HallSpec
from protocol.ids import BookingId, CommandId, ServiceId, TicketId
from protocol.tickets import TicketState

REVOKED = "closed"
"""What is told to customers where a closure says no reason."""

Struck = Ticket | Booking

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)


def struck(
    state: HallState, added: AddedClosure, at: datetime, most: int
) -> tuple[list[Struck], int]:
    """Return whom the closure strikes at ``at``, at ``most`` so many, and how many are left.

    Those who wait come first, in their order, then bookings by their time.
    """
    waiting, booked = _waiting(state, added, at), _booked(state, added)
    those: list[Struck] = [state.tickets[id] for _, id in nsmallest(most, waiting)]
    soonest = nsmallest(most - len(those), booked)
    those += [state.diary.bookings[id] for *_, id in soonest]
    return those, len(waiting) + len(booked) - len(those)


def strikes(
    state: HallState,
    added: AddedClosure,
    those: list[Struck],
    command: CommandId,
    at: datetime,
) -> Iterator[Event]:
    """Yield what becomes of ``those``, whom the closure strikes; ``state`` has the closure."""
    reason = added.closure.reason or REVOKED
    places = _Places(state, at)
    for one in those:
        if isinstance(one, Ticket):
            yield _sent_away(state, one, reason, command, at)
            continue
        offered = places.same_time_later(one)
        if offered is None:
            yield AppointmentRevoked(at=at, command=command, booking=one.id, reason=reason)
        else:
            yield moved(state, one, offered, command, at, reason)


def _waiting(state: HallState, added: AddedClosure, at: datetime) -> list[tuple[Order, TicketId]]:
    """Return the places of those who wait for what is closed today, if they are not called any more.

    Held tickets are in the care of staff, and stay so.
    """
    closure, service = added.closure, added.service
    if not (added.end_waiting and closure.first <= today_of(state.spec, at) <= closure.last):
        return []
    return [
        (ticket.order, ticket.id)
        for ticket in state.tickets.values()
        if ticket.state is TicketState.WAITING and (service is None or ticket.service == service)
    ]


def _booked(state: HallState, added: AddedClosure) -> list[tuple[datetime, datetime, BookingId]]:
    """Return when the open bookings on the days of the closure are, when they were made, and their codes."""
    closure, service = added.closure, added.service
    begins, ends = _midnight(state.spec, closure.first), _midnight(state.spec, closure.last + _DAY)
    return [
        (booking.starts_at, booking.booked_at, booking.id)
        for booking in state.diary.bookings.values()
        if begins <= booking.starts_at < ends
        and (service is None or booking.service == service)
        and booking.state.open
    ]


def _midnight(spec: HallSpec, day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone(spec.time_zone)).astimezone(UTC)


def _sent_away(
    state: HallState, ticket: Ticket, reason: str, command: CommandId, at: datetime
) -> Event:
    """Return what lets a visit go on with a service that is not closed, or else ends the ticket."""
    to_come = [
        service
        for service in ticket.then
        if service in state.spec.services and closed_today(state, service, at) is None
    ]
    if not to_come:
        return TicketCancelled(
            at=at, command=command, ticket=ticket.id, counter=None, reason=reason
        )
    service, _ = next_of(state, to_come, ticket.taken.visit_order, at)
    return TicketTransferred(
        at=at,
        command=command,
        ticket=ticket.id,
        counter=None,
        service=service,
        to_counter=None,
        order=ticket.order,
        note=ticket.note,
    )


class _Places:
    """The free places of following weeks, each looked for once; those that somebody got are counted."""

    def __init__(self, state: HallState, at: datetime) -> None:
        self._state = state
        self._at = at
        self._today = today_of(state.spec, at)
        self._found: dict[tuple[ServiceId, Slot], OfferedSlot | None] = {}
        self._given: Counter[tuple[ServiceId, Slot]] = Counter()

    def same_time_later(self, booking: Booking) -> OfferedSlot | None:
        """Give away the next place at the same weekday and time, if the service looks for one."""
        service = self._state.spec.services.get(booking.service)
        if service is None or service.appointments is None or not service.appointments.move_closed:
            return None
        slot = slot_at(self._state.spec, booking.starts_at)
        latest = self._today + timedelta(days=service.appointments.latest_days)
        day = slot.day + _WEEK
        while day <= latest:
            key = (service.id, Slot(day=day, time=slot.time))
            offered = self._offered(*key)
            if offered is not None and offered.free > self._given[key]:
                self._given[key] += 1
                return offered
            day += _WEEK
        return None

    def _offered(self, service: ServiceId, slot: Slot) -> OfferedSlot | None:
        key = (service, slot)
        if key not in self._found:
            offered = find_slot(self._state, service, slot)
            self._found[key] = offered if offered is None or offered.starts_at > self._at else None
        return self._found[key]
