"""Opening, pausing and closing counters."""

from __future__ import annotations

from datetime import datetime

from actors.hall.refusals import Refusal, find_counter
from actors.hall.state import HallState
from protocol.answers import Reason
from protocol.commands import CloseCounter, OpenCounter, PauseCounter, TogglePause
from protocol.events import CounterClosed, CounterOpened, CounterPaused, Event, TicketRequeued
from protocol.ids import CounterId
from protocol.tickets import CounterMode


def open_counter(state: HallState, command: OpenCounter, at: datetime) -> tuple[Event, ...]:
    """Have the counter take customers."""
    counter, staff = find_counter(state, command.counter), command.staff
    roster = state.spec.staff
    if staff is not None and roster and staff not in roster:
        raise Refusal(
            Reason.UNKNOWN_STAFF,
            f"hall {state.spec.id} has nobody with the number {staff!r}; see its roster",
        )
    post = state.post(counter)
    if post.mode is CounterMode.OPEN and staff in (None, post.staff):
        return ()
    return (CounterOpened(at=at, command=command.id, counter=counter, staff=staff),)


def pause_counter(state: HallState, command: PauseCounter, at: datetime) -> tuple[Event, ...]:
    """Have it take nobody for a while."""
    counter = _free_counter(state, command.counter, "paused")
    post = state.post(counter)
    if post.mode is CounterMode.PAUSED and post.reason == command.reason:
        return ()
    return (CounterPaused(at=at, command=command.id, counter=counter, reason=command.reason),)


def toggle_pause(state: HallState, command: TogglePause, at: datetime) -> tuple[Event, ...]:
    """Have it take nobody for a while, or take customers again."""
    id, counter = command.id, command.counter
    if state.post(find_counter(state, counter)).mode is CounterMode.OPEN:
        return pause_counter(state, PauseCounter(id=id, counter=counter), at)
    return open_counter(state, OpenCounter(id=id, counter=counter), at)


def close_counter(state: HallState, command: CloseCounter, at: datetime) -> tuple[Event, ...]:
    """Have it take nobody any more; what it has goes back to where it stood."""
    counter = find_counter(state, command.counter)
    post = state.post(counter)
    if post.mode is CounterMode.CLOSED:
        return ()
    closed = CounterClosed(at=at, command=command.id, counter=counter)
    if post.ticket is None:
        return (closed,)
    order = state.tickets[post.ticket].order
    back = TicketRequeued(
        at=at, command=command.id, ticket=post.ticket, counter=counter, order=order
    )
    return (back, closed)


def _free_counter(state: HallState, counter: CounterId, wish: str) -> CounterId:
    held = state.post(find_counter(state, counter)).ticket
    if held is not None:
        raise Refusal(
            Reason.TICKET_STATE,
            f"counter {counter} still has {state.tickets[held].number} and cannot be {wish}: "
            "finish it or mark it as no-show first",
        )
    return counter
