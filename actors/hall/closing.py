"""Closures that are added while the hall is running, and what becomes of the bookings in them."""

from __future__ import annotations

from datetime import datetime, timedelta

from actors.hall.apply import apply_all
from actors.hall.booking import moved, reviewed
from actors.hall.diary import Booking
from actors.hall.refusals import Refusal, find_service, listed
from actors.hall.slots import OfferedSlot, find_slot, slot_at, today_of
from actors.hall.state import HallState
from protocol.answers import Reason
from protocol.appointments import DAYS_AHEAD_MAX, REASON_CHARACTERS_MAX, Slot
from protocol.booking_events import AppointmentRevoked, ClosureAdded, ClosureRemoved
from protocol.commands import AddClosure, RemoveClosure
from protocol.events import Event
from protocol.hours import Closure
from protocol.ids import ClosureId, CommandId

CLOSURES_MAX = 100
"""Closures that are added to a hall and have not ended; what is known before belongs into its configuration."""

REVOKED = "closed"
"""What is told to customers where a closure says no reason."""

_WEEK = timedelta(days=7)


@reviewed
def add_closure(state: HallState, command: AddClosure, at: datetime) -> tuple[Event, ...]:
    """Close, and move or revoke every open booking on those days, in the order of their times."""
    closure, service = command.closure, command.service
    if service is not None:
        find_service(state, service)
    _check(state, closure, at)
    added = ClosureAdded(
        at=at,
        command=command.id,
        # The number of the event that adds it.
        closure=ClosureId(f"c{state.seq + 1}"),
        service=service,
        first=closure.first,
        last=closure.last,
        reason=closure.reason,
    )
    struck = [
        booking
        for booking in state.diary.bookings.values()
        if booking.state.open
        and (service is None or booking.service == service)
        and closure.first <= slot_at(state.spec, booking.starts_at).day <= closure.last
    ]
    struck.sort(key=lambda booking: (booking.starts_at, booking.booked_at, booking.id))
    events: tuple[Event, ...] = (added,)
    state = apply_all(state, events)
    endings: list[Event] = []
    for booking in struck:
        ending = _moved_or_revoked(state, booking, closure, command.id, at)
        state = apply_all(state, (ending,))
        endings.append(ending)
    return (*events, *endings)


@reviewed
def remove_closure(state: HallState, command: RemoveClosure, at: datetime) -> tuple[Event, ...]:
    """Open again."""
    if command.closure not in state.diary.closures:
        raise Refusal(
            Reason.UNKNOWN_CLOSURE,
            f"hall {state.spec.id} has no added closure {command.closure!r}; "
            f"it has {listed(state.diary.closures)}",
        )
    return (ClosureRemoved(at=at, command=command.id, closure=command.closure),)


def _check(state: HallState, closure: Closure, at: datetime) -> None:
    """Refuse days that cannot be, and more closures than there may be."""
    today = today_of(state.spec, at)
    if closure.last < closure.first:
        wrong = f"it ends on {closure.last}, before it begins"
    elif closure.last < today:
        wrong = f"it ended on {closure.last}, before today, {today}"
    elif closure.last > today + timedelta(days=2 * DAYS_AHEAD_MAX):
        wrong = f"{closure.last} is more than {2 * DAYS_AHEAD_MAX} days ahead"
    elif len(closure.reason) > REASON_CHARACTERS_MAX:
        wrong = f"the reason has more than {REASON_CHARACTERS_MAX} characters"
    elif len(state.diary.closures) >= CLOSURES_MAX:
        wrong = (
            f"there are {CLOSURES_MAX} closures; remove one, or write those into the configuration"
        )
    else:
        return
    raise Refusal(Reason.BAD_VALUE, f"the closure cannot be added: {wrong}")


def _moved_or_revoked(
    state: HallState, booking: Booking, closure: Closure, command: CommandId, at: datetime
) -> Event:
    reason = closure.reason or REVOKED
    offered = _same_time_later(state, booking, at)
    if offered is None:
        return AppointmentRevoked(at=at, command=command, booking=booking.id, reason=reason)
    return moved(state, booking, offered, command, at, reason)


def _same_time_later(state: HallState, booking: Booking, at: datetime) -> OfferedSlot | None:
    """Return the next slot of the same weekday and time that has a free place, if the service looks for one."""
    service = state.spec.services.get(booking.service)
    if service is None or service.appointments is None or not service.appointments.move_closed:
        return None
    slot = slot_at(state.spec, booking.starts_at)
    latest = today_of(state.spec, at) + timedelta(days=service.appointments.latest_days)
    day = slot.day + _WEEK
    while day <= latest:
        offered = find_slot(state, service.id, Slot(day=day, time=slot.time))
        if offered is not None and offered.free and offered.starts_at > at:
            return offered
        day += _WEEK
    return None
