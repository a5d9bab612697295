"""Setting tickets aside, and sending them elsewhere, without a new number."""

from __future__ import annotations

from datetime import datetime

from actors.hall.ranks import Order, Ranks
from actors.hall.ranks import at as entry_at
from actors.hall.refusals import (
    Refusal,
    check_reached,
    check_step,
    find_counter,
    find_step,
    find_ticket,
    listed,
)
from actors.hall.state import HallState, Ticket
from protocol.answers import Reason
from protocol.commands import (
    HoldTicket,
    ReactivateTicket,
    RequeueTicket,
    ResumeTicket,
    TransferTicket,
)
from protocol.events import (
    Event,
    TicketHeld,
    TicketReactivated,
    TicketRequeued,
    TicketResumed,
    TicketTransferred,
)
from protocol.ids import CounterId, ServiceId
from protocol.tickets import QueuePlace, TicketStep


def hold(state: HallState, command: HoldTicket, at: datetime) -> tuple[Event, ...]:
    """Set the ticket aside."""
    ticket = find_step(state, command, TicketStep.HOLD)
    held = TicketHeld(
        at=at, command=command.id, ticket=ticket.id, counter=_has(ticket), note=command.note
    )
    return (held,)


def resume(state: HallState, command: ResumeTicket, at: datetime) -> tuple[Event, ...]:
    """Let a held ticket wait again."""
    ticket = find_step(state, command, TicketStep.RESUME)
    return (TicketResumed(at=at, command=command.id, ticket=ticket.id),)


def requeue(state: HallState, command: RequeueTicket, at: datetime) -> tuple[Event, ...]:
    """Put the ticket back into its queue."""
    ticket = find_step(state, command, TicketStep.REQUEUE)
    order = _place(state, ticket, command.place, command.after)
    requeued = TicketRequeued(
        at=at, command=command.id, ticket=ticket.id, counter=_has(ticket), order=order
    )
    return (requeued,)


def reactivate(state: HallState, command: ReactivateTicket, at: datetime) -> tuple[Event, ...]:
    """Let a ticket that had ended wait again."""
    ticket = find_ticket_to_reactivate(state, command)
    order = _place(state, ticket, command.place, command.after)
    return (TicketReactivated(at=at, command=command.id, ticket=ticket.id, order=order),)


def find_ticket_to_reactivate(state: HallState, command: ReactivateTicket) -> Ticket:
    """Return the ticket, which no counter has any more, so that it must be named itself."""
    if command.ticket is None:
        raise Refusal(Reason.UNKNOWN_TICKET, "name the ticket: no counter has it any more")
    ticket = find_ticket(state, command.ticket)
    if command.counter is not None:
        check_reached(state, find_counter(state, command.counter), ticket)
    check_step(ticket, TicketStep.REACTIVATE)
    return ticket


def transfer(state: HallState, command: TransferTicket, at: datetime) -> tuple[Event, ...]:
    """Let the ticket wait elsewhere."""
    ticket = find_step(state, command, TicketStep.TRANSFER)
    service, counter = _destination(state, ticket, command)
    # What is new there goes behind what is there already if it is asked for; else time of arrival counts.
    order = _behind(state) if command.back else ticket.order
    transferred = TicketTransferred(
        at=at,
        command=command.id,
        ticket=ticket.id,
        counter=_has(ticket),
        service=service,
        to_counter=counter,
        order=order,
        note=command.note,
    )
    return (transferred,)


def _destination(
    state: HallState, ticket: Ticket, command: TransferTicket
) -> tuple[ServiceId, CounterId | None]:
    spec, service, counter = state.spec, command.to_service, command.to_counter
    if service is None and counter is None:
        raise Refusal(Reason.BAD_VALUE, "name a service or a counter to transfer to")
    if service is not None and service not in spec.services:
        raise Refusal(
            Reason.UNKNOWN_SERVICE,
            f"hall {spec.id} has no service {service!r}; it has {listed(spec.services)}",
        )
    if counter is not None:
        find_counter(state, counter)
    elif not any(service in each.services for each in spec.counters.values()):
        raise Refusal(Reason.NO_COUNTER, f"no counter of hall {spec.id} has service {service}")
    return service or ticket.service, counter


def _has(ticket: Ticket) -> CounterId | None:
    """Return the counter that has the ticket now."""
    return ticket.counter if ticket.state.at_counter else None


def _place(state: HallState, ticket: Ticket, place: QueuePlace, after: int) -> Order:
    """Return the order that puts a ticket where it is wanted among those who wait with it now."""
    if place is QueuePlace.BACK:
        return _behind(state)
    if place is QueuePlace.FRONT:
        return (-state.seq - 1,)
    if after < 0:
        raise Refusal(Reason.BAD_VALUE, f"a ticket cannot go after {after} others; give 0 or more")
    waiting = [order for order in _orders(state, ticket, after + 1) if order != ticket.order]
    if after == 0:
        return (-state.seq - 1,)
    if after > len(waiting):
        return _behind(state)
    # What begins with an order comes right after it, and the newest of those first.
    return (*waiting[after - 1], -state.seq - 1)


def _behind(state: HallState) -> Order:
    """Return an order after all that there are: orders begin with the number of the event that made them."""
    return (state.seq + 1,)


def _orders(state: HallState, ticket: Ticket, count: int) -> list[Order]:
    """Return the first orders of those who wait for the ticket's service, and one more than ``count``."""
    if ticket.reserved_for is not None:
        queues = (
            [state.reserved[ticket.reserved_for]] if ticket.reserved_for in state.reserved else []
        )
    else:
        line = state.lines.get(ticket.service)
        queues = [] if line is None else list(line.classes.values())
    found = [order for queue in queues for order in _first_orders(queue, count + 1)]
    return sorted(found)[: count + 1]


def _first_orders(queue: Ranks, count: int) -> list[Order]:
    return [entry_at(queue, place).order for place in range(min(count, queue.size))]
