"""Calling tickets, and the steps that they go through at a counter."""

from __future__ import annotations

from datetime import datetime, timedelta

from actors.hall.apply import apply_all
from actors.hall.choosing import choose, given
from actors.hall.refusals import (
    Refusal,
    check_reached,
    check_step,
    find_counter,
    find_step,
    find_ticket,
    listed,
)
from actors.hall.silence import is_silent, stays_silent
from actors.hall.state import HallState, Ticket
from actors.hall.visits import finished
from protocol.answers import Reason
from protocol.choices import Choice
from protocol.commands import (
    CallNext,
    CallTicket,
    CancelTicket,
    FinishService,
    MarkNoShow,
    RecallTicket,
    StartService,
    TicketCommand,
)
from protocol.events import (
    CounterOpened,
    Event,
    ServiceStarted,
    TicketCalled,
    TicketCancelled,
    TicketNoShow,
    TicketRecalled,
    VisitContinued,
)
from protocol.hall import UnstartedTicket
from protocol.ids import CommandId, CounterId
from protocol.tickets import CounterMode, TicketState, TicketStep
from protocol.values import maker

make_ticket_called = maker(TicketCalled)

_OPEN, _CALLED = CounterMode.OPEN, TicketState.CALLED
_NO_SHOW = UnstartedTicket.NO_SHOW


def call_next(state: HallState, command: CallNext, at: datetime) -> tuple[Event, ...]:
    """Call who is next, after ending what the counter has."""
    counter = find_counter(state, command.counter)
    events = _made_free(state, counter, command.id, at)
    if events and type(events[-1]) is VisitContinued:
        # Whoever goes on with another service may be the next one here.
        state = apply_all(state, events)
    chosen = choose(state, counter, at)
    if chosen is not None:
        ticket, choice = chosen
        silent = bool(state.followed) and is_silent(state, ticket, at)
        events.append(_call(ticket, counter, command.id, choice, at, silent))
    return tuple(events)


def call_given(state: HallState, command: CallTicket, at: datetime) -> tuple[Event, ...]:
    """Call the ticket that was named, after ending what the counter has."""
    counter = find_counter(state, command.counter)
    ticket = find_ticket(state, command.ticket)
    check_step(ticket, TicketStep.CALL)
    if ticket.state is TicketState.WAITING:
        _check_calls(state, counter, ticket)
    else:
        check_reached(state, counter, ticket)
    events = _made_free(state, counter, command.id, at)
    choice, silent = given(state, ticket, at), is_silent(state, ticket, at)
    events.append(_call(ticket, counter, command.id, choice, at, silent))
    return tuple(events)


def _check_calls(state: HallState, counter: CounterId, ticket: Ticket) -> None:
    """Refuse a ticket that waits for another counter, or for a service that this one has not."""
    services = state.spec.counters[counter].services
    if ticket.reserved_for is not None and ticket.reserved_for != counter:
        raise Refusal(
            Reason.WRONG_COUNTER,
            f"{ticket.number} waits for counter {ticket.reserved_for}; call it there or transfer it",
        )
    if ticket.reserved_for is None and ticket.service not in services:
        raise Refusal(
            Reason.WRONG_COUNTER,
            f"{ticket.number} waits for {ticket.service}, which counter {counter} has not; "
            f"it has {listed(services)}",
        )


def _call(
    ticket: Ticket,
    counter: CounterId,
    command: CommandId,
    choice: Choice,
    at: datetime,
    silent: bool,
) -> Event:
    return make_ticket_called(
        at=at,
        command=command,
        ticket=ticket.id,
        number=ticket.number,
        service=ticket.service,
        counter=counter,
        choice=choice,
        waited_s=choice.candidates[0].waited_s,
        estimate=ticket.estimate,
        silent=silent,
    )


def _made_free(
    state: HallState, counter: CounterId, command: CommandId, at: datetime
) -> list[Event]:
    """Return the events that open the counter and end the ticket that it has."""
    post = state.post(counter)
    events: list[Event] = []
    if post.mode is not _OPEN:
        events.append(CounterOpened(at=at, command=command, counter=counter))
    if post.ticket is not None:
        ticket = state.tickets[post.ticket]
        if ticket.state is _CALLED and state.spec.unstarted is _NO_SHOW:
            no_show = TicketNoShow(at=at, command=command, ticket=ticket.id, counter=counter)
            events.append(no_show)
        else:
            events += finished(state, ticket, counter, command, at)
    return events


def recall(state: HallState, command: RecallTicket, at: datetime) -> tuple[Event, ...]:
    """Announce the call once more, not too soon and not too often."""
    ticket, counter = _at_counter(state, command, TicketStep.RECALL)
    spec = state.spec
    if ticket.recalls >= spec.recalls_max:
        raise Refusal(
            Reason.RECALL_TOO_OFTEN,
            f"{ticket.number} was recalled {ticket.recalls} times, the most allowed; "
            "mark it as no-show or start it",
        )
    last = ticket.recalled_at or ticket.called_at
    assert last is not None
    if at - last < timedelta(seconds=spec.recall_lockout_s):
        raise Refusal(
            Reason.RECALL_TOO_SOON,
            f"{ticket.number} was called less than {spec.recall_lockout_s:g} s ago; wait a moment",
        )
    return (
        TicketRecalled(
            at=at,
            command=command.id,
            ticket=ticket.id,
            number=ticket.number,
            counter=counter,
            times=ticket.recalls + 1,
            silent=stays_silent(state, ticket),
        ),
    )


def start(state: HallState, command: StartService, at: datetime) -> tuple[Event, ...]:
    """Begin the service."""
    ticket, counter = _at_counter(state, command, TicketStep.START)
    return (ServiceStarted(at=at, command=command.id, ticket=ticket.id, counter=counter),)


def finish(state: HallState, command: FinishService, at: datetime) -> tuple[Event, ...]:
    """End the service; a visit goes on with the next one."""
    ticket, counter = _at_counter(state, command, TicketStep.FINISH)
    return tuple(finished(state, ticket, counter, command.id, at))


def no_show(state: HallState, command: MarkNoShow, at: datetime) -> tuple[Event, ...]:
    """End a call that nobody followed."""
    ticket, counter = _at_counter(state, command, TicketStep.NO_SHOW)
    return (TicketNoShow(at=at, command=command.id, ticket=ticket.id, counter=counter),)


def cancel(state: HallState, command: CancelTicket, at: datetime) -> tuple[Event, ...]:
    """End a ticket that is given up."""
    ticket = find_step(state, command, TicketStep.CANCEL)
    counter = ticket.counter if ticket.state.at_counter else None
    return (TicketCancelled(at=at, command=command.id, ticket=ticket.id, counter=counter),)


def _at_counter(
    state: HallState, command: TicketCommand, step: TicketStep
) -> tuple[Ticket, CounterId]:
    ticket = find_step(state, command, step)
    assert ticket.counter is not None
    return ticket, ticket.counter
