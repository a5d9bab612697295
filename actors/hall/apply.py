"""What each event makes of a hall's state. Pure: the state given stays as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from immutables import Map

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
from protocol.ids import CounterId, TicketId
from protocol.tickets import CounterMode, PrintState, TicketState
from protocol.values import changer, copied, maker, replace

make_line, make_post, make_ticket = maker(Line), maker(Post), maker(Ticket)
_call = changer(Ticket, "state", "counter", "called_at")
_end = changer(Ticket, "state", "ended_at")

_NOBODY = Line(queue=None, waiting=0, serial=0)


def apply_all(state: HallState, events: Iterable[Event]) -> HallState:
    """Return the state after ``events``, which must be such as `decide` gave for this state."""
    after = copied(state)
    for event in events:
        after.seq += 1
        after.last_at = event.at
        _APPLY[type(event)](after, event)
    return after


# Each of these changes the copy that `apply_all` has made for itself: its fields, not what they hold.


def _day_begun(state: HallState, event: DayBegun) -> None:
    state.day = event.day
    state.ends_at = event.ends_at
    state.tickets = Map()
    state.lines = {}
    state.posts = {}


def _taken(state: HallState, event: TicketTaken) -> None:
    service, id, order = event.service, event.ticket, (state.seq,)
    ticket = make_ticket(
        id=id,
        number=event.number,
        service=service,
        language=event.language,
        ticket_class=event.ticket_class,
        channel=event.channel,
        kiosk=event.kiosk,
        state=TicketState.WAITING,
        order=order,
        taken_at=event.at,
        printed=PrintState.NONE if event.kiosk is None else PrintState.PENDING,
    )
    line = state.lines.get(service, _NOBODY)
    line = make_line(
        queue=put(line.queue, order, id), waiting=line.waiting + 1, serial=event.serial
    )
    state.tickets = state.tickets.set(id, ticket)
    state.lines = {**state.lines, service: line}


def _called(state: HallState, event: TicketCalled) -> None:
    id, service, counter = event.ticket, event.service, event.counter
    line = state.lines[service]
    queue = line.queue
    # Whatever lies before it was cancelled: `decide` skipped it, and now it goes.
    while queue is not None:
        first, queue = queue.ticket, without_first(queue)
        if first == id:
            break
    line = make_line(queue=queue, waiting=line.waiting - 1, serial=line.serial)
    state.lines = {**state.lines, service: line}
    called = _call(state.tickets[id], TicketState.CALLED, counter, event.at)
    state.tickets = state.tickets.set(id, called)
    post = make_post(mode=state.post(counter).mode, ticket=id)
    state.posts = {**state.posts, counter: post}


def _recalled(state: HallState, event: TicketRecalled) -> None:
    _change_ticket(state, event.ticket, recalls=event.times, recalled_at=event.at)


def _started(state: HallState, event: ServiceStarted) -> None:
    _change_ticket(state, event.ticket, state=TicketState.SERVING, started_at=event.at)


def _finished(state: HallState, event: ServiceFinished) -> None:
    _ended(state, event, TicketState.SERVED)


def _no_show(state: HallState, event: TicketNoShow) -> None:
    _ended(state, event, TicketState.NO_SHOW)


def _cancelled(state: HallState, event: TicketCancelled) -> None:
    _ended(state, event, TicketState.CANCELLED)


def _expired(state: HallState, event: TicketExpired) -> None:
    _ended(state, event, TicketState.EXPIRED)


def _ended(
    state: HallState,
    event: ServiceFinished | TicketNoShow | TicketCancelled | TicketExpired,
    end: TicketState,
) -> None:
    """End a ticket: its counter is free, or one fewer waits (its place in the queue is skipped later)."""
    ticket = state.tickets[event.ticket]
    state.tickets = state.tickets.set(ticket.id, _end(ticket, end, event.at))
    if ticket.state is TicketState.WAITING:
        line = state.lines[ticket.service]
        line = make_line(queue=line.queue, waiting=line.waiting - 1, serial=line.serial)
        state.lines = {**state.lines, ticket.service: line}
    else:
        counter = ticket.counter
        assert counter is not None
        state.posts = {**state.posts, counter: make_post(mode=state.post(counter).mode)}


def _printed(state: HallState, event: TicketPrinted) -> None:
    _change_ticket(state, event.ticket, printed=PrintState.PRINTED, print_failure=None)


def _print_failed(state: HallState, event: TicketPrintFailed) -> None:
    _change_ticket(state, event.ticket, printed=PrintState.FAILED, print_failure=event.failure)


def _reprint(state: HallState, event: ReprintRequested) -> None:
    _change_ticket(
        state, event.ticket, printed=PrintState.PENDING, print_failure=None, kiosk=event.kiosk
    )


def _change_ticket(state: HallState, id: TicketId, /, **changes: Any) -> None:
    state.tickets = state.tickets.set(id, replace(state.tickets[id], **changes))


def _opened(state: HallState, event: CounterOpened) -> None:
    _change_mode(state, event.counter, CounterMode.OPEN)


def _paused(state: HallState, event: CounterPaused) -> None:
    _change_mode(state, event.counter, CounterMode.PAUSED, event.reason)


def _closed(state: HallState, event: CounterClosed) -> None:
    _change_mode(state, event.counter, CounterMode.CLOSED)


def _change_mode(state: HallState, counter: CounterId, mode: CounterMode, reason: str = "") -> None:
    post = Post(mode=mode, reason=reason, ticket=state.post(counter).ticket)
    state.posts = {**state.posts, counter: post}


_APPLY: dict[type, Callable[[HallState, Any], None]] = {
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
