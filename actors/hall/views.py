"""What may be seen of a hall, taken from a durable state. Pure."""

from __future__ import annotations

from actors.hall.heap import tickets as entries
from actors.hall.state import HallState, Ticket
from protocol.ids import CounterId
from protocol.messages import CounterChanged
from protocol.tickets import TicketState


def counter_changed(state: HallState, counter: CounterId) -> CounterChanged:
    """Return what anybody may see of ``counter``."""
    post = state.post(counter)
    ticket = None if post.ticket is None else state.tickets[post.ticket]
    return CounterChanged(
        counter=counter,
        mode=post.mode,
        reason=post.reason,
        ticket=post.ticket,
        number=None if ticket is None else ticket.number,
        ticket_state=None if ticket is None else ticket.state,
        calls=0 if ticket is None else ticket.recalls + 1,
        waiting=state.waiting_for(counter),
    )


def ahead_of(state: HallState, ticket: Ticket) -> int:
    """Return how many wait for the same service and go before ``ticket``; none if it does not wait."""
    if ticket.state is not TicketState.WAITING:
        return 0
    line = state.lines[ticket.service]
    return sum(
        entry.order < ticket.order and state.tickets[entry.ticket].state is TicketState.WAITING
        for entry in entries(line.queue)
    )
