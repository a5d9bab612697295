"""Closures that are added while the hall is running, and what becomes of the bookings in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from actors.hall.apply import apply_all
from actors.hall.booking import overdue, reviewed
from actors.hall.diary import AddedClosure
from actors.hall.refusals import Refusal, find_service, listed
from actors.hall.slots import today_of
from actors.hall.state import HallState
from actors.hall.striking import strikes, struck
from protocol.answers import Reason
from protocol.appointments import DAYS_AHEAD_MAX, REASON_CHARACTERS_MAX
from protocol.booking_events import ClosureAdded, ClosureRemoved, ClosureSettled
from protocol.commands import AddClosure, RemoveClosure, ReviewBookings
from protocol.events import Event
from protocol.hours import Closure
from protocol.ids import ClosureId, CommandId

CLOSURES_MAX = 100
"""Closures that are added to a hall and have not ended; what is known before belongs into its configuration."""

STRIKES_MAX = 500
"""Bookings and tickets that one command moves or ends because of a closure, so that a turn stays short; the
rest follow with the next reviews."""


@reviewed
def add_closure(state: HallState, command: AddClosure, at: datetime) -> tuple[Event, ...]:
    """Close, and begin to move or revoke every open booking on those days, in the order of their times."""
    closure, service = command.closure, command.service
    if service is not None:
        find_service(state, service)
    _check(state, closure, at)
    id = ClosureId(f"c{state.seq + 1}")  # the number of the event that adds it
    added = AddedClosure(id=id, closure=closure, service=service, end_waiting=command.end_waiting)
    those, left = struck(state, added, at, STRIKES_MAX)
    event = ClosureAdded(
        at=at,
        command=command.id,
        closure=id,
        service=service,
        first=closure.first,
        last=closure.last,
        reason=closure.reason,
        end_waiting=command.end_waiting,
        left=left,
    )
    state = apply_all(state, (event,))
    return (event, *strikes(state, added, those, command.id, at))


def review(state: HallState, command: ReviewBookings, at: datetime) -> tuple[Event, ...]:
    """End what has lapsed or was missed, and go on with the first closure that has not struck everything."""
    ended = overdue(state, command.id, at)
    state = apply_all(state, ended)
    unsettled = [
        (added.unsettled_since, added.id)
        for added in state.diary.closures.values()
        if added.unsettled_since is not None
    ]
    if not unsettled:
        return ended
    _, first = min(unsettled)
    return (*ended, *_gone_on(state, state.diary.closures[first], command.id, at))


def _gone_on(
    state: HallState, added: AddedClosure, command: CommandId, at: datetime
) -> Iterator[Event]:
    those, left = struck(state, added, at, STRIKES_MAX)
    yield from strikes(state, added, those, command, at)
    if not left:
        yield ClosureSettled(at=at, command=command, closure=added.id)


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
