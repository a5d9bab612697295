"""What may be seen of a hall, taken from a durable state. Pure."""

from __future__ import annotations

from actors.hall.ranks import before
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
    if ticket.reserved_for is not None:
        return before(state.reserved[ticket.reserved_for], ticket.order)
    queues = state.lines[ticket.service].classes.values()
    return sum(before(queue, ticket.order) for queue in queues)
