"""What each event makes of a hall's state. Pure: the state given stays as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from immutables import Map

from actors.hall.ranks import Ranks, put, without
from actors.hall.state import HallState, Line, Post, Served, ServiceTimes, Ticket
from protocol.events import (
    CounterClosed,
    CounterOpened,
    CounterPaused,
    DayBegun,
    EvaluationInvited,
    Event,
    ReprintRequested,
    ServiceEvaluated,
    ServiceFinished,
    ServiceStarted,
    TicketCalled,
    TicketCancelled,
    TicketExpired,
    TicketHeld,
    TicketNoShow,
    TicketPrinted,
    TicketPrintFailed,
    TicketReactivated,
    TicketRecalled,
    TicketRequeued,
    TicketResumed,
    TicketTaken,
    TicketTransferred,
    VisitContinued,
)
from protocol.ids import ServiceId, TicketId
from protocol.tickets import CounterMode, PrintState, TicketState
from protocol.values import changer, copied, maker, replace

make_line, make_ticket = maker(Line), maker(Ticket)
_call = changer(Ticket, "state", "counter", "called_at")
_end = changer(Ticket, "state", "ended_at")
_serve = changer(Ticket, "state", "ended_at", "served")
_with_classes = changer(Line, "classes")
_with_ticket = changer(Post, "ticket")
_with_last = changer(Post, "ticket", "last")
_make_served, _make_times = maker(Served), maker(ServiceTimes)

TIMES_MEMORY = 100
"""Services over which a measured time is averaged: later ones count more, and a change shows within so many."""


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
    state.reserved = {}
    state.posts = {}
    state.persons = Map()


def _taken(state: HallState, event: TicketTaken) -> None:
    service, id, order = event.service, event.ticket, (state.seq,)
    ticket = make_ticket(
        id=id,
        number=event.number,
        taken=event,
        service=service,
        state=TicketState.WAITING,
        order=order,
        waiting_since=event.at,
        kiosk=event.kiosk,
        printed=PrintState.NONE if event.kiosk is None else PrintState.PENDING,
        then=event.then,
    )
    state.tickets = state.tickets.set(id, ticket)
    line = state.lines.get(service)
    if line is None:
        classes: Any = {}
        issued, overtakers = 0, None
    else:
        classes, issued, overtakers = line.classes, line.issued, line.overtakers
    queue = put(classes.get(event.ticket_class), order, id)
    line = make_line(
        serial=event.serial,
        issued=issued + 1,
        classes={**classes, event.ticket_class: queue},
        overtakers=overtakers,
    )
    state.lines = {**state.lines, service: line}
    if event.person is not None:
        known = state.persons.get(event.person, frozenset())
        state.persons = state.persons.set(event.person, known | {id})


def _called(state: HallState, event: TicketCalled) -> None:
    id, counter = event.ticket, event.counter
    ticket = state.tickets[id]
    if ticket.state is TicketState.WAITING:
        _leave_queue(state, ticket)
        if event.choice is not None and event.choice.overtook and ticket.reserved_for is None:
            line = state.lines[ticket.service]
            overtakers = put(line.overtakers, (ticket.order, state.seq), id)
            state.lines = {**state.lines, ticket.service: replace(line, overtakers=overtakers)}
    called = _call(ticket, TicketState.CALLED, counter, event.at)
    if ticket.recalls or ticket.started_at is not None:
        called = replace(called, recalls=0, recalled_at=None, started_at=None)
    state.tickets = state.tickets.set(id, called)
    state.posts = {**state.posts, counter: _with_ticket(state.post(counter), id)}


def _recalled(state: HallState, event: TicketRecalled) -> None:
    _change_ticket(state, event.ticket, recalls=event.times, recalled_at=event.at)


def _held(state: HallState, event: TicketHeld) -> None:
    ticket = _taken_out(state, event.ticket)
    held = replace(ticket, state=TicketState.HELD, note=event.note or ticket.note)
    state.tickets = state.tickets.set(ticket.id, held)


def _resumed(state: HallState, event: TicketResumed) -> None:
    _wait(state, state.tickets[event.ticket])


def _requeued(state: HallState, event: TicketRequeued) -> None:
    _wait(state, _taken_out(state, event.ticket), order=event.order)


def _transferred(state: HallState, event: TicketTransferred) -> None:
    ticket = _taken_out(state, event.ticket)
    _wait(
        state,
        ticket,
        service=event.service,
        reserved_for=event.to_counter,
        order=event.order,
        note=event.note,
    )


def _reactivated(state: HallState, event: TicketReactivated) -> None:
    _wait(state, state.tickets[event.ticket], order=event.order, ended_at=None)


def _started(state: HallState, event: ServiceStarted) -> None:
    _change_ticket(state, event.ticket, state=TicketState.SERVING, started_at=event.at)


def _finished(state: HallState, event: ServiceFinished) -> None:
    ticket, counter = state.tickets[event.ticket], event.counter
    post = state.post(counter)
    called_at = ticket.called_at
    assert called_at is not None
    served = _make_served(
        service=ticket.service,
        counter=counter,
        staff=post.staff,
        called_at=called_at,
        started_at=ticket.started_at,
        ended_at=event.at,
        invited=state.spec.evaluation.invite,
    )
    ended = _serve(ticket, TicketState.SERVED, event.at, (*ticket.served, served))
    state.tickets = state.tickets.set(ticket.id, ended)
    state.posts = {**state.posts, counter: _with_last(post, None, ticket.id)}
    took_s = (event.at - (ticket.started_at or called_at)).total_seconds()
    times = _measured(state.times.get(ticket.service), took_s)
    state.times = {**state.times, ticket.service: times}


def _measured(times: ServiceTimes | None, took_s: float) -> ServiceTimes:
    """Return what is known of a service's times after one more, by exponentially weighted moments."""
    if times is None:
        return _make_times(count=1, mean_s=took_s, variance=0.0)
    count = times.count + 1 if times.count < TIMES_MEMORY else TIMES_MEMORY
    off_s = took_s - times.mean_s
    step_s = off_s / count
    return _make_times(
        count=count,
        mean_s=times.mean_s + step_s,
        variance=(1 - 1 / count) * (times.variance + off_s * step_s),
    )


def _continued(state: HallState, event: VisitContinued) -> None:
    _wait(
        state,
        state.tickets[event.ticket],
        service=event.service,
        then=event.then,
        # Behind those who wait there: it has only now come to them.
        order=(state.seq,),
        waiting_since=event.at,
        ended_at=None,
        reserved_for=None,
        note="",
    )


def _no_show(state: HallState, event: TicketNoShow) -> None:
    _ended(state, event, TicketState.NO_SHOW)


def _cancelled(state: HallState, event: TicketCancelled) -> None:
    _ended(state, event, TicketState.CANCELLED)


def _expired(state: HallState, event: TicketExpired) -> None:
    _ended(state, event, TicketState.EXPIRED)


def _ended(
    state: HallState, event: TicketNoShow | TicketCancelled | TicketExpired, end: TicketState
) -> None:
    ticket = _taken_out(state, event.ticket)
    state.tickets = state.tickets.set(ticket.id, _end(ticket, end, event.at))


def _invited(state: HallState, event: EvaluationInvited) -> None:
    _change_served(state, event.ticket, event.service, invited=True)


def _evaluated(state: HallState, event: ServiceEvaluated) -> None:
    _change_served(state, event.ticket, event.service, level=event.level)


def _printed(state: HallState, event: TicketPrinted) -> None:
    _change_ticket(state, event.ticket, printed=PrintState.PRINTED, print_failure=None)


def _print_failed(state: HallState, event: TicketPrintFailed) -> None:
    _change_ticket(state, event.ticket, printed=PrintState.FAILED, print_failure=event.failure)


def _reprint(state: HallState, event: ReprintRequested) -> None:
    _change_ticket(
        state, event.ticket, printed=PrintState.PENDING, print_failure=None, kiosk=event.kiosk
    )


def _opened(state: HallState, event: CounterOpened) -> None:
    post = state.post(event.counter)
    staff = event.staff or post.staff
    opened = replace(post, mode=CounterMode.OPEN, reason="", staff=staff)
    state.posts = {**state.posts, event.counter: opened}


def _paused(state: HallState, event: CounterPaused) -> None:
    paused = replace(state.post(event.counter), mode=CounterMode.PAUSED, reason=event.reason)
    state.posts = {**state.posts, event.counter: paused}


def _closed(state: HallState, event: CounterClosed) -> None:
    closed = replace(
        state.post(event.counter), mode=CounterMode.CLOSED, reason="", staff=None, last=None
    )
    state.posts = {**state.posts, event.counter: closed}


# -- queues and counters -------------------------------------------------------------------------


def _wait(state: HallState, ticket: Ticket, **changes: Any) -> None:
    """Let a ticket that is in no queue and at no counter wait."""
    ticket = replace(ticket, state=TicketState.WAITING, **changes)
    state.tickets = state.tickets.set(ticket.id, ticket)
    enter_queue(state, ticket)


def enter_queue(state: HallState, ticket: Ticket) -> None:
    """Put a ticket into the queue where it waits; ``state`` is changed: it must be the caller's own copy."""
    if ticket.reserved_for is not None:
        alone = put(state.reserved.get(ticket.reserved_for), ticket.order, ticket.id)
        state.reserved = {**state.reserved, ticket.reserved_for: alone}
        return
    line = state.lines.get(ticket.service) or Line(serial=_before_first(state, ticket.service))
    queue = put(line.classes.get(ticket.ticket_class), ticket.order, ticket.id)
    classes = {**line.classes, ticket.ticket_class: queue}
    state.lines = {**state.lines, ticket.service: _with_classes(line, classes)}


def _before_first(state: HallState, service: ServiceId) -> int:
    """Return the serial of a service that has given out no number today."""
    return state.spec.services[service].first - 1


def _taken_out(state: HallState, id: TicketId) -> Ticket:
    """Take a ticket out of its queue, or away from its counter; return it."""
    ticket = state.tickets[id]
    if ticket.state is TicketState.WAITING:
        _leave_queue(state, ticket)
    elif ticket.state.at_counter:
        assert ticket.counter is not None
        post = _with_ticket(state.post(ticket.counter), None)
        state.posts = {**state.posts, ticket.counter: post}
    return ticket


def _leave_queue(state: HallState, ticket: Ticket) -> None:
    if ticket.reserved_for is not None:
        alone = without(state.reserved[ticket.reserved_for], ticket.order)
        state.reserved = _with_or_without(state.reserved, ticket.reserved_for, alone)
        return
    line = state.lines[ticket.service]
    ticket_class = ticket.taken.ticket_class
    queue = without(line.classes[ticket_class], ticket.order)
    classes = _with_or_without(line.classes, ticket_class, queue)
    line = _with_classes(line, classes)
    if not classes and line.overtakers is not None:
        line = replace(line, overtakers=None)
    state.lines = {**state.lines, ticket.service: line}


def _with_or_without(queues: Any, key: Any, queue: Ranks | None) -> Any:
    """Return ``queues`` with ``queue`` at ``key``, or without that key if the queue is empty."""
    changed = {**queues, key: queue}
    if queue is None:
        del changed[key]
    return changed


def _change_ticket(state: HallState, id: TicketId, /, **changes: Any) -> None:
    state.tickets = state.tickets.set(id, replace(state.tickets[id], **changes))


def _change_served(state: HallState, id: TicketId, service: ServiceId, /, **changes: Any) -> None:
    """Change the last time that ``service`` was finished for the ticket."""
    served = list(state.tickets[id].served)
    for place in reversed(range(len(served))):
        if served[place].service == service:
            served[place] = replace(served[place], **changes)
            break
    _change_ticket(state, id, served=tuple(served))


_APPLY: dict[type, Callable[[HallState, Any], None]] = {
    DayBegun: _day_begun,
    TicketTaken: _taken,
    TicketCalled: _called,
    TicketRecalled: _recalled,
    TicketHeld: _held,
    TicketResumed: _resumed,
    TicketRequeued: _requeued,
    TicketTransferred: _transferred,
    TicketReactivated: _reactivated,
    ServiceStarted: _started,
    ServiceFinished: _finished,
    VisitContinued: _continued,
    EvaluationInvited: _invited,
    ServiceEvaluated: _evaluated,
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
