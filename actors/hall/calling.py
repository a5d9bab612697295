"""Calling the next ticket, and the steps that it goes through at a counter."""

from __future__ import annotations

from datetime import datetime, timedelta

from actors.hall.heap import Heap, without_first
from actors.hall.refusals import Refusal, find_counter, find_ticket
from actors.hall.state import HallState, Line, Ticket
from protocol.answers import Reason
from protocol.commands import (
    CallNext,
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
    ServiceFinished,
    ServiceStarted,
    TicketCalled,
    TicketCancelled,
    TicketNoShow,
    TicketRecalled,
)
from protocol.hall import UnstartedTicket
from protocol.ids import CommandId, CounterId, TicketId
from protocol.tickets import TRANSITIONS, CounterMode, TicketState, TicketStep
from protocol.values import maker

make_ticket_called, make_service_finished = maker(TicketCalled), maker(ServiceFinished)


def call_next(state: HallState, command: CallNext, at: datetime) -> tuple[Event, ...]:
    """Call who is next, after ending what the counter has."""
    counter = find_counter(state, command.counter)
    post = state.post(counter)
    events: list[Event] = []
    if post.mode is not CounterMode.OPEN:
        events.append(CounterOpened(at=at, command=command.id, counter=counter))
    if post.ticket is not None:
        events.append(_ended_by_next(state, post.ticket, counter, command.id, at))
    ticket = next_ticket(state, counter)
    if ticket is not None:
        events.append(
            make_ticket_called(
                at=at,
                command=command.id,
                ticket=ticket.id,
                number=ticket.number,
                service=ticket.service,
                counter=counter,
            )
        )
    return tuple(events)


def _ended_by_next(
    state: HallState, ticket: TicketId, counter: CounterId, command: CommandId, at: datetime
) -> Event:
    unstarted = state.tickets[ticket].state is TicketState.CALLED
    if unstarted and state.spec.unstarted is UnstartedTicket.NO_SHOW:
        return TicketNoShow(at=at, command=command, ticket=ticket, counter=counter)
    return make_service_finished(at=at, command=command, ticket=ticket, counter=counter)


def next_ticket(state: HallState, counter: CounterId) -> Ticket | None:
    """Return who is next at the counter: first come, first served over all its services."""
    first: Ticket | None = None
    for service in state.spec.counters[counter].services:
        line = state.lines.get(service)
        if line is None or not line.waiting:
            continue
        ticket = _first_waiting(state, line)
        if first is None or ticket.order < first.order:
            first = ticket
    return first


def _first_waiting(state: HallState, line: Line) -> Ticket:
    """Return the first of those who still wait; somebody does."""
    queue: Heap | None = line.queue
    while queue is not None:
        ticket = state.tickets[queue.ticket]
        if ticket.state is TicketState.WAITING and ticket.order == queue.order:
            return ticket
        queue = without_first(queue)
    raise AssertionError(f"{line.waiting} wait and none of them is in the queue")


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
        ),
    )


def start(state: HallState, command: StartService, at: datetime) -> tuple[Event, ...]:
    """Begin the service."""
    ticket, counter = _at_counter(state, command, TicketStep.START)
    return (ServiceStarted(at=at, command=command.id, ticket=ticket.id, counter=counter),)


def finish(state: HallState, command: FinishService, at: datetime) -> tuple[Event, ...]:
    """End the service."""
    ticket, counter = _at_counter(state, command, TicketStep.FINISH)
    return (ServiceFinished(at=at, command=command.id, ticket=ticket.id, counter=counter),)


def no_show(state: HallState, command: MarkNoShow, at: datetime) -> tuple[Event, ...]:
    """End a call that nobody followed."""
    ticket, counter = _at_counter(state, command, TicketStep.NO_SHOW)
    return (TicketNoShow(at=at, command=command.id, ticket=ticket.id, counter=counter),)


def cancel(state: HallState, command: CancelTicket, at: datetime) -> tuple[Event, ...]:
    """End a ticket that is given up."""
    ticket = _step(state, command, TicketStep.CANCEL)
    counter = ticket.counter if ticket.state.at_counter else None
    return (TicketCancelled(at=at, command=command.id, ticket=ticket.id, counter=counter),)


def _at_counter(
    state: HallState, command: TicketCommand, step: TicketStep
) -> tuple[Ticket, CounterId]:
    ticket = _step(state, command, step)
    assert ticket.counter is not None
    return ticket, ticket.counter


def _step(state: HallState, command: TicketCommand, step: TicketStep) -> Ticket:
    """Return the ticket that the command is about, if ``step`` is allowed for it now."""
    if command.ticket is not None:
        ticket = find_ticket(state, command.ticket)
        if command.counter is not None and find_counter(state, command.counter) != ticket.counter:
            raise Refusal(
                Reason.NO_TICKET_AT_COUNTER,
                f"{ticket.number} is not at counter {command.counter}",
            )
    elif command.counter is not None:
        held = state.post(find_counter(state, command.counter)).ticket
        if held is None:
            raise Refusal(
                Reason.NO_TICKET_AT_COUNTER,
                f"counter {command.counter} has no ticket; call the next one first",
            )
        ticket = state.tickets[held]
    else:
        raise Refusal(Reason.UNKNOWN_TICKET, "neither a ticket nor a counter was named")
    if (ticket.state, step) not in TRANSITIONS:
        raise Refusal(
            Reason.TICKET_STATE,
            f"{ticket.number} is {ticket.state}: {step} is not possible now",
        )
    return ticket
