"""Setting tickets aside, and sending them elsewhere, without a new number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from heapq import merge
from itertools import islice

from actors.hall.access import check_only_one
from actors.hall.ranks import Order, Ranks, entries, instant
from actors.hall.refusals import Refusal, check_note, find_counter, find_service, find_step
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
from protocol.ids import CommandId, CounterId, ServiceId
from protocol.tickets import CounterMode, QueuePlace, TicketStep

ORDER_LENGTH_MAX = 32
"""Numbers in one order. Only tickets put between others that were put there themselves, again and again and
ever closer, come to that; the next one is refused."""


def hold(state: HallState, command: HoldTicket, at: datetime) -> tuple[Event, ...]:
    """Set the ticket aside."""
    ticket = find_step(state, command, TicketStep.HOLD)
    note = check_note(command.note)
    return (
        TicketHeld(at=at, command=command.id, ticket=ticket.id, counter=_has(ticket), note=note),
    )


def resume(state: HallState, command: ResumeTicket, at: datetime) -> tuple[Event, ...]:
    """Let a held ticket wait again."""
    ticket = find_step(state, command, TicketStep.RESUME)
    resumed = TicketResumed(at=at, command=command.id, ticket=ticket.id)
    return (resumed, *released(state, ticket, ticket.order, command.id, at))


def requeue(state: HallState, command: RequeueTicket, at: datetime) -> tuple[Event, ...]:
    """Put the ticket back into its queue."""
    ticket = find_step(state, command, TicketStep.REQUEUE)
    order = _place(state, ticket, command.place, command.after, at)
    requeued = TicketRequeued(
        at=at, command=command.id, ticket=ticket.id, counter=_has(ticket), order=order
    )
    return (requeued, *released(state, ticket, order, command.id, at))


def reactivate(state: HallState, command: ReactivateTicket, at: datetime) -> tuple[Event, ...]:
    """Let a ticket that had ended wait again."""
    ticket = find_step(state, command, TicketStep.REACTIVATE)
    check_only_one(state, ticket)
    order = _place(state, ticket, command.place, command.after, at)
    reactivated = TicketReactivated(at=at, command=command.id, ticket=ticket.id, order=order)
    return (reactivated, *released(state, ticket, order, command.id, at))


def transfer(state: HallState, command: TransferTicket, at: datetime) -> tuple[Event, ...]:
    """Let the ticket wait elsewhere: where its order puts it there, or behind those who wait there now."""
    ticket = find_step(state, command, TicketStep.TRANSFER)
    service, counter = _destination(state, ticket, command)
    transferred = TicketTransferred(
        at=at,
        command=command.id,
        ticket=ticket.id,
        counter=_has(ticket),
        service=service,
        to_counter=counter,
        order=_behind(state, at) if command.back else ticket.order,
        note=check_note(command.note) or ticket.note,
    )
    return (transferred,)


def _destination(
    state: HallState, ticket: Ticket, command: TransferTicket
) -> tuple[ServiceId, CounterId | None]:
    spec, service, counter = state.spec, command.to_service, command.to_counter
    if service is None and counter is None:
        raise Refusal(Reason.BAD_VALUE, "name a service or a counter to transfer to")
    if service is not None:
        find_service(state, service)
    if counter is None:
        assert service is not None
        if not _at_some_counter(state, service):
            raise Refusal(Reason.NO_COUNTER, f"no counter of hall {spec.id} has service {service}")
    elif state.post(find_counter(state, counter)).mode is CounterMode.CLOSED:
        raise Refusal(
            Reason.COUNTER_CLOSED,
            f"counter {counter} is closed and would not call {ticket.number}: "
            "open it first, choose another one, or transfer to a service alone",
        )
    return service or ticket.service, counter


def released(
    state: HallState,
    ticket: Ticket,
    order: Order,
    command: CommandId,
    at: datetime,
    closing: CounterId | None = None,
) -> tuple[Event, ...]:
    """Return what lets a ticket that waits with ``order`` wait for its service, if its one counter is closed.

    Nothing if it waits for no counter alone, or for one that takes customers and is not just ``closing``.
    """
    if _waits_alone_for(state, ticket, closing) == ticket.reserved_for:
        return ()
    return (
        TicketTransferred(
            at=at,
            command=command,
            ticket=ticket.id,
            counter=None,
            service=ticket.service,
            to_counter=None,
            order=order,
            note=ticket.note,
        ),
    )


def _waits_alone_for(
    state: HallState, ticket: Ticket, closing: CounterId | None = None
) -> CounterId | None:
    """Return the one counter that a ticket is to wait for from now on, if any."""
    counter = ticket.reserved_for
    if counter is None:
        return None
    known = counter in state.spec.counters
    if known and counter != closing and state.post(counter).mode is not CounterMode.CLOSED:
        return counter
    return None if _at_some_counter(state, ticket.service) else counter


def _at_some_counter(state: HallState, service: ServiceId) -> bool:
    return any(service in counter.services for counter in state.spec.counters.values())


def _has(ticket: Ticket) -> CounterId | None:
    """Return the counter that has the ticket now."""
    return ticket.counter if ticket.state.at_counter else None


def _place(state: HallState, ticket: Ticket, place: QueuePlace, after: int, at: datetime) -> Order:
    """Return the order that puts a ticket where it is wanted among those who wait with it now."""
    if after < 0:
        raise Refusal(Reason.BAD_VALUE, f"a ticket cannot go after {after} others; give 0 or more")
    if place is QueuePlace.BACK:
        return _behind(state, at)
    if place is QueuePlace.FRONT or after == 0:
        return (-state.seq - 1,)
    others = list(islice(_others(state, ticket), after - 1, after + 1))
    if not others:
        return _behind(state, at)
    if len(others) < 2:
        # Behind the last one even if that is an appointment whose time is to come.
        return max(_behind(state, at), (*others[0], -state.seq - 1))
    order = _between(others[0], others[1], state.seq + 1)
    if len(order) > ORDER_LENGTH_MAX:
        raise Refusal(
            Reason.BAD_VALUE,
            f"too many were put one after another behind the {after} before {ticket.number}; "
            "choose the front, the back or another number",
        )
    return order


# Every order ends with the number of the event that made it, or its negative: no two tickets have the same.


def _behind(state: HallState, at: datetime) -> Order:
    """Return an order after all that there are but those of appointments whose time is to come."""
    return (instant(at), state.seq + 1)


def _between(one: Order, other: Order, seq: int) -> Order:
    """Return a short order after ``one`` and before the ``other``, made by the event ``seq``."""
    shared = 0
    while shared < len(one) and one[shared] == other[shared]:
        shared += 1
    if shared == len(one):
        # The other was put behind this one; so are those who come between, the newest first.
        return (*one, -seq)
    return (*one[: shared + 1], seq)


def _others(state: HallState, ticket: Ticket) -> Iterator[Order]:
    """Yield the orders of those who wait where the ticket is to wait, the first of them first."""
    counter = _waits_alone_for(state, ticket)
    queues: list[Ranks]
    if counter is not None:
        queues = [state.reserved[counter]] if counter in state.reserved else []
    else:
        line = state.lines.get(ticket.service)
        queues = [] if line is None else list(line.classes.values())
    orders = merge(*((entry.order for entry in entries(queue)) for queue in queues))
    return (order for order in orders if order != ticket.order)
