"""What each event makes of a hall's state. Pure: the state given stays as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from immutables import Map

from actors.hall.booking_apply import APPLY_BOOKINGS, without_old
from actors.hall.durations import back_again, given_up, measured
from actors.hall.evaluating_apply import APPLY_EVALUATIONS
from actors.hall.following_apply import APPLY_FOLLOWING
from actors.hall.overtaking import clamped_since, overtook
from actors.hall.paces import quickened
from actors.hall.queues import enter_queue, leave_queue
from actors.hall.ranks import Order, instant, put
from actors.hall.state import HallState, Line, Post, Served, Tally, Ticket
from actors.hall.strides import charged
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
from protocol.ids import TicketId
from protocol.policies import PolicyKind
from protocol.tickets import CounterMode, PrintState, TicketState
from protocol.values import changer, copier, maker, replace

make_line, make_ticket = maker(Line), maker(Ticket)
_call = changer(Ticket, "state", "counter", "called_at", "called")
_end = changer(Ticket, "state", "ended_at")
_serve = changer(Ticket, "state", "ended_at", "served")
_with_ticket = changer(Post, "ticket")
_with_last = changer(Post, "ticket", "last", "tally")
_copy = copier(HallState)
_make_served, _make_tally = maker(Served), maker(Tally)

_NO_CALL: Mapping[str, Any] = MappingProxyType(
    {"called_at": None, "started_at": None, "recalls": 0, "recalled_at": None}
)
"""What is forgotten of a call once the ticket waits or is held: its next call is another one."""

_FIRST_COME = PolicyKind.FIRST_COME
_WAITING, _CALLED, _SERVED = TicketState.WAITING, TicketState.CALLED, TicketState.SERVED
_NO_PAPER, _PAPER_DUE = PrintState.NONE, PrintState.PENDING


def apply_all(state: HallState, events: Iterable[Event]) -> HallState:
    """Return the state after ``events``, which must be such as `decide` gave for this state."""
    after = _copy(state)
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
    state.held = Map()
    state.followed = 0
    state.diary = without_old(state.diary, event.day, event.at)


def _taken(state: HallState, event: TicketTaken) -> None:
    service, id, due_at = event.service, event.ticket, event.due_at
    order = (instant(event.at if due_at is None else due_at), state.seq)
    ticket = make_ticket(
        id=id,
        number=event.number,
        taken=event,
        service=service,
        state=_WAITING,
        order=order,
        waiting_since=event.at,
        kiosk=event.kiosk,
        printed=_NO_PAPER if event.kiosk is None else _PAPER_DUE,
        then=event.then,
        estimate=event.estimate,
    )
    if due_at is not None:
        ticket = replace(ticket, counts_since=clamped_since(state, ticket))
    state.tickets = state.tickets.set(id, ticket)
    line = state.lines.get(service)
    if line is None:
        classes: Any = {}
        issued, overtakers = 0, None
        paces: Any = {}
    else:
        classes, issued, overtakers = line.classes, line.issued, line.overtakers
        paces = line.paces
    if state.spec.policy.kind is not _FIRST_COME:
        pace = quickened(paces.get(event.ticket_class), event.at)
        paces = {**paces, event.ticket_class: pace}
    queue = put(classes.get(event.ticket_class), order, id)
    line = make_line(
        serial=event.serial,
        issued=issued + 1,
        classes={**classes, event.ticket_class: queue},
        overtakers=overtakers,
        paces=paces,
    )
    state.lines = {**state.lines, service: line}
    if event.person is not None:
        known = state.persons.get(event.person, frozenset())
        state.persons = state.persons.set(event.person, known | {id})
    if event.follower is not None:
        held = state.held.get(event.follower, frozenset())
        state.held = state.held.set(event.follower, held | {id})


def _called(state: HallState, event: TicketCalled) -> None:
    id, counter = event.ticket, event.counter
    ticket = state.tickets[id]
    post, choice = state.post(counter), event.choice
    if choice is not None and state.spec.policy.kind is not _FIRST_COME:
        post = charged(state, post, counter, ticket, choice)
    if ticket.state is _WAITING:
        leave_queue(state, ticket)
    if choice is not None and choice.overtook:
        service = ticket.service
        line = overtook(state.lines[service], ticket.order, state.seq, id)
        state.lines = {**state.lines, service: line}
    called = _call(ticket, _CALLED, counter, event.at, event)
    state.tickets = state.tickets.set(id, called)
    state.posts = {**state.posts, counter: _with_ticket(post, id)}


def _recalled(state: HallState, event: TicketRecalled) -> None:
    _change_ticket(state, event.ticket, recalls=event.times, recalled_at=event.at)


def _held(state: HallState, event: TicketHeld) -> None:
    ticket = _taken_out(state, event.ticket)
    note = event.note or ticket.note
    held = replace(ticket, state=TicketState.HELD, note=note, **_NO_CALL)
    state.tickets = state.tickets.set(ticket.id, held)


def _resumed(state: HallState, event: TicketResumed) -> None:
    ticket = state.tickets[event.ticket]
    _wait(state, ticket, ticket.order, event.at)


def _requeued(state: HallState, event: TicketRequeued) -> None:
    _wait(state, _taken_out(state, event.ticket), event.order, event.at)


def _transferred(state: HallState, event: TicketTransferred) -> None:
    ticket = _taken_out(state, event.ticket)
    _wait(
        state,
        ticket,
        event.order,
        event.at,
        service=event.service,
        reserved_for=event.to_counter,
        note=event.note,
        # Of a visit, it has come to this service before its turn.
        then=tuple(service for service in ticket.then if service != event.service),
    )


def _reactivated(state: HallState, event: TicketReactivated) -> None:
    ticket = state.tickets[event.ticket]
    times = state.times.get(ticket.service)
    if ticket.state is TicketState.NO_SHOW and times is not None:
        state.times = {**state.times, ticket.service: back_again(times)}
    _wait(state, ticket, event.order, event.at, ended_at=None)


def _started(state: HallState, event: ServiceStarted) -> None:
    _change_ticket(state, event.ticket, state=TicketState.SERVING, started_at=event.at)


def _finished(state: HallState, event: ServiceFinished) -> None:
    ticket, counter = state.tickets[event.ticket], event.counter
    post = state.post(counter)
    called_at = ticket.called_at
    assert called_at is not None
    invited, before = event.invited, post.tally
    served = _make_served(
        service=ticket.service,
        counter=counter,
        staff=post.staff,
        called_at=called_at,
        started_at=ticket.started_at,
        ended_at=event.at,
        invited=invited,
    )
    ended = _serve(ticket, _SERVED, event.at, (*ticket.served, served))
    state.tickets = state.tickets.set(ticket.id, ended)
    tally = _make_tally(
        served=before.served + 1,
        invited=before.invited + invited,
        evaluated=before.evaluated,
        levels=before.levels,
    )
    state.posts = {**state.posts, counter: _with_last(post, None, ticket.id, tally)}
    _measure(state, ticket, called_at, event.at)


def _measure(state: HallState, ticket: Ticket, called_at: datetime, ended_at: datetime) -> None:
    """Count how long the ticket had its counter, and how well its wait was told, for those who wait."""
    took_s = (ended_at - called_at).total_seconds()
    times = measured(state.times.get(ticket.service), took_s, ticket.called)
    state.times = {**state.times, ticket.service: times}


def _continued(state: HallState, event: VisitContinued) -> None:
    _wait(
        state,
        state.tickets[event.ticket],
        # Behind those who wait there: it has only now come to them.
        (instant(event.at), state.seq),
        event.at,
        waiting_since=event.at,
        service=event.service,
        then=event.then,
        ended_at=None,
        reserved_for=None,
        note="",
        estimate=event.estimate,
    )


def _no_show(state: HallState, event: TicketNoShow) -> None:
    ticket = state.tickets[event.ticket]
    if ticket.called_at is not None:
        _measure(state, ticket, ticket.called_at, event.at)
    _ended(state, event, TicketState.NO_SHOW)


def _cancelled(state: HallState, event: TicketCancelled) -> None:
    ticket = state.tickets[event.ticket]
    times = state.times.get(ticket.service)
    if ticket.state is _WAITING and not event.reason and times is not None:
        state.times = {**state.times, ticket.service: given_up(times)}
    _ended(state, event, TicketState.CANCELLED)


def _expired(state: HallState, event: TicketExpired) -> None:
    _ended(state, event, TicketState.EXPIRED)


def _ended(
    state: HallState, event: TicketNoShow | TicketCancelled | TicketExpired, end: TicketState
) -> None:
    ticket = _taken_out(state, event.ticket)
    state.tickets = state.tickets.set(ticket.id, _end(ticket, end, event.at))


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
    paused = replace(
        state.post(event.counter),
        mode=CounterMode.PAUSED,
        reason=event.reason,
        paused_at=event.at,
    )
    state.posts = {**state.posts, event.counter: paused}


def _closed(state: HallState, event: CounterClosed) -> None:
    closed = replace(
        state.post(event.counter), mode=CounterMode.CLOSED, reason="", staff=None, last=None
    )
    state.posts = {**state.posts, event.counter: closed}


def _wait(state: HallState, ticket: Ticket, order: Order, at: datetime, **changes: Any) -> None:
    """Let a ticket that is in no queue and at no counter wait in its place, with ``changes``.

    Who comes behind where it stood waits anew from ``at``; else a policy that goes by waiting times would call
    it first again.
    """
    if ticket.order < order:
        changes["waiting_since"] = at
    changes = {
        "state": TicketState.WAITING,
        "order": order,
        "estimate": None,
        **_NO_CALL,
        **changes,
    }
    ticket = replace(ticket, **changes)
    ticket = replace(ticket, counts_since=clamped_since(state, ticket))
    state.tickets = state.tickets.set(ticket.id, ticket)
    enter_queue(state, ticket)


def _taken_out(state: HallState, id: TicketId) -> Ticket:
    """Take a ticket out of its queue, or away from its counter; return it."""
    ticket = state.tickets[id]
    if ticket.state is TicketState.WAITING:
        leave_queue(state, ticket)
    elif ticket.state.at_counter:
        assert ticket.counter is not None
        post = _with_ticket(state.post(ticket.counter), None)
        state.posts = {**state.posts, ticket.counter: post}
    return ticket


def _change_ticket(state: HallState, id: TicketId, /, **changes: Any) -> None:
    state.tickets = state.tickets.set(id, replace(state.tickets[id], **changes))


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
    TicketNoShow: _no_show,
    TicketCancelled: _cancelled,
    TicketExpired: _expired,
    TicketPrinted: _printed,
    TicketPrintFailed: _print_failed,
    ReprintRequested: _reprint,
    CounterOpened: _opened,
    CounterPaused: _paused,
    CounterClosed: _closed,
    **APPLY_BOOKINGS,
    **APPLY_EVALUATIONS,
    **APPLY_FOLLOWING,
}
