"""What each event makes of a hall's state. Pure: the state given stays as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from actors.hall.heap import put, without_first
from actors.hall.state import HallState, Line, Post, Ticket
from protocol.events import (
    CounterClosed,
    CounterOpened,
    CounterPaused,
    DayBegun,
    Event,
    ReprintRequested,
    ServiceFinished,
    ServiceStarted,
    TicketCalled,
    TicketCancelled,
    TicketExpired,
    TicketNoShow,
    TicketPrinted,
    TicketPrintFailed,
    TicketRecalled,
    TicketTaken,
)
from protocol.tickets import CounterMode, PrintState, TicketState
from protocol.values import replace

_NOBODY = Line(queue=None, waiting=0, serial=0)


def apply(state: HallState, event: Event) -> HallState:
    """Return the state after ``event``, which must be one that `decide` gave for this state."""
    return _APPLY[type(event)](state, event)


def apply_all(state: HallState, events: Iterable[Event]) -> HallState:
    """Return the state after ``events`` in their order."""
    for event in events:
        state = _APPLY[type(event)](state, event)
    return state


def _day_begun(state: HallState, event: DayBegun) -> HallState:
    return HallState(
        spec=state.spec,
        seq=state.seq + 1,
        last_at=event.at,
        day=event.day,
        ends_at=event.ends_at,
    )


def _taken(state: HallState, event: TicketTaken) -> HallState:
    service = event.service
    seq = state.seq + 1
    ticket = Ticket(
        id=event.ticket,
        number=event.number,
        service=service,
        language=event.language,
        ticket_class=event.ticket_class,
        channel=event.channel,
        kiosk=event.kiosk,
        state=TicketState.WAITING,
        order=(seq,),
        taken_at=event.at,
        printed=PrintState.NONE if event.kiosk is None else PrintState.PENDING,
    )
    line = state.lines.get(service, _NOBODY)
    queue = put(line.queue, ticket.order, ticket.id)
    line = Line(queue=queue, waiting=line.waiting + 1, serial=event.serial)
    return replace(
        state,
        seq=seq,
        last_at=event.at,
        tickets=state.tickets.set(ticket.id, ticket),
        lines={**state.lines, service: line},
    )


def _called(state: HallState, event: TicketCalled) -> HallState:
    ticket, counter = state.tickets[event.ticket], event.counter
    line = state.lines[event.service]
    queue = line.queue
    # Whatever lies before it was cancelled: `decide` skipped it, and now it goes.
    while queue is not None:
        first, queue = queue.ticket, without_first(queue)
        if first == event.ticket:
            break
    line = Line(queue=queue, waiting=line.waiting - 1, serial=line.serial)
    post = Post(mode=state.post(counter).mode, ticket=ticket.id)
    called = replace(ticket, state=TicketState.CALLED, counter=counter, called_at=event.at)
    return replace(
        state,
        seq=state.seq + 1,
        last_at=event.at,
        tickets=state.tickets.set(ticket.id, called),
        lines={**state.lines, event.service: line},
        posts={**state.posts, counter: post},
    )


def _recalled(state: HallState, event: TicketRecalled) -> HallState:
    return _ticket(state, event, recalls=event.times, recalled_at=event.at)


def _started(state: HallState, event: ServiceStarted) -> HallState:
    return _ticket(state, event, state=TicketState.SERVING, started_at=event.at)


def _finished(state: HallState, event: ServiceFinished) -> HallState:
    return _ended(state, event, TicketState.SERVED)


def _no_show(state: HallState, event: TicketNoShow) -> HallState:
    return _ended(state, event, TicketState.NO_SHOW)


def _cancelled(state: HallState, event: TicketCancelled) -> HallState:
    return _ended(state, event, TicketState.CANCELLED)


def _expired(state: HallState, event: TicketExpired) -> HallState:
    return _ended(state, event, TicketState.EXPIRED)


def _ended(
    state: HallState,
    event: ServiceFinished | TicketNoShow | TicketCancelled | TicketExpired,
    end: TicketState,
) -> HallState:
    """End a ticket: its counter is free, or one fewer waits (its place in the queue is skipped later)."""
    ticket = state.tickets[event.ticket]
    tickets = state.tickets.set(ticket.id, replace(ticket, state=end, ended_at=event.at))
    seq = state.seq + 1
    if ticket.state is TicketState.WAITING:
        line = state.lines[ticket.service]
        line = Line(queue=line.queue, waiting=line.waiting - 1, serial=line.serial)
        lines = {**state.lines, ticket.service: line}
        return replace(state, seq=seq, last_at=event.at, tickets=tickets, lines=lines)
    assert ticket.counter is not None
    posts = {**state.posts, ticket.counter: Post(mode=state.post(ticket.counter).mode)}
    return replace(state, seq=seq, last_at=event.at, tickets=tickets, posts=posts)


def _printed(state: HallState, event: TicketPrinted) -> HallState:
    return _ticket(state, event, printed=PrintState.PRINTED, print_failure=None)


def _print_failed(state: HallState, event: TicketPrintFailed) -> HallState:
    return _ticket(state, event, printed=PrintState.FAILED, print_failure=event.failure)


def _reprint(state: HallState, event: ReprintRequested) -> HallState:
    return _ticket(state, event, printed=PrintState.PENDING, print_failure=None, kiosk=event.kiosk)


def _ticket(
    state: HallState,
    event: TicketRecalled | ServiceStarted | TicketPrinted | TicketPrintFailed | ReprintRequested,
    /,
    **changes: Any,
) -> HallState:
    """Change one ticket and nothing else."""
    ticket = replace(state.tickets[event.ticket], **changes)
    return replace(
        state,
        seq=state.seq + 1,
        last_at=event.at,
        tickets=state.tickets.set(ticket.id, ticket),
    )


def _opened(state: HallState, event: CounterOpened) -> HallState:
    return _mode(state, event, CounterMode.OPEN)


def _paused(state: HallState, event: CounterPaused) -> HallState:
    return _mode(state, event, CounterMode.PAUSED, event.reason)


def _closed(state: HallState, event: CounterClosed) -> HallState:
    return _mode(state, event, CounterMode.CLOSED)


def _mode(
    state: HallState,
    event: CounterOpened | CounterPaused | CounterClosed,
    mode: CounterMode,
    reason: str = "",
) -> HallState:
    post = Post(mode=mode, reason=reason, ticket=state.post(event.counter).ticket)
    return replace(
        state,
        seq=state.seq + 1,
        last_at=event.at,
        posts={**state.posts, event.counter: post},
    )


_APPLY: dict[type, Callable[[HallState, Any], HallState]] = {
    DayBegun: _day_begun,
    TicketTaken: _taken,
    TicketCalled: _called,
    TicketRecalled: _recalled,
    ServiceStarted: _started,
    ServiceFinished: _finished,
    TicketNoShow: _no_show,
    TicketCancelled: _cancelled,
    TicketExpired: _expired,
    TicketPrinted: _printed,
    TicketPrintFailed: _print_failed,
    ReprintRequested: _reprint,
    CounterOpened: _opened,
    CounterPaused: _paused,
    CounterClosed: _closed,
}
