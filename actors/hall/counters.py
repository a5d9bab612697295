"""Opening, pausing and closing counters."""

from __future__ import annotations

from datetime import datetime

from actors.hall.ranks import entries
from actors.hall.refusals import Refusal, check_note, find_counter
from actors.hall.requeueing import released
from actors.hall.state import HallState
from protocol.answers import Reason
from protocol.commands import CloseCounter, OpenCounter, PauseCounter, TogglePause
from protocol.events import CounterClosed, CounterOpened, CounterPaused, Event, TicketRequeued
from protocol.tickets import CounterMode


def open_counter(state: HallState, command: OpenCounter, at: datetime) -> tuple[Event, ...]:
    """Have the counter take customers; who works there may change while it has one."""
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
    """Have it take nobody for a while, once it has nobody; what waits for it alone goes on waiting."""
    counter = find_counter(state, command.counter)
    post, reason = state.post(counter), check_note(command.reason)
    if post.ticket is not None:
        raise Refusal(
            Reason.COUNTER_BUSY,
            f"counter {counter} still has {state.tickets[post.ticket].number} and cannot be paused: "
            "finish it, hold it or send it back first",
        )
    if post.mode is CounterMode.PAUSED and post.reason == reason:
        return ()
    return (CounterPaused(at=at, command=command.id, counter=counter, reason=reason),)


def toggle_pause(state: HallState, command: TogglePause, at: datetime) -> tuple[Event, ...]:
    """Have it take nobody for a while, or take customers again."""
    id, counter = command.id, command.counter
    if state.post(find_counter(state, counter)).mode is CounterMode.OPEN:
        return pause_counter(state, PauseCounter(id=id, counter=counter), at)
    return open_counter(state, OpenCounter(id=id, counter=counter), at)


def close_counter(state: HallState, command: CloseCounter, at: datetime) -> tuple[Event, ...]:
    """Have it take nobody any more.

    What it has goes back to where it stood. What waits for it alone waits for its service from now on, in
    order, unless no counter has that: then only this one can call it, once it is open again.
    """
    counter = find_counter(state, command.counter)
    post = state.post(counter)
    if post.mode is CounterMode.CLOSED:
        return ()
    events: list[Event] = []
    if post.ticket is not None:
        ticket = state.tickets[post.ticket]
        events.append(
            TicketRequeued(
                at=at, command=command.id, ticket=ticket.id, counter=counter, order=ticket.order
            )
        )
        events += released(state, ticket, ticket.order, command.id, at, closing=counter)
    for entry in entries(state.reserved.get(counter)):
        ticket = state.tickets[entry.ticket]
        events += released(state, ticket, ticket.order, command.id, at, closing=counter)
    events.append(CounterClosed(at=at, command=command.id, counter=counter))
    return tuple(events)
