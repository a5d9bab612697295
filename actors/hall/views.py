"""What may be seen of a hall, taken from a durable state. Pure."""

from __future__ import annotations

from actors.hall.evaluating_apply import served_last
from actors.hall.ranks import before
from actors.hall.state import HallState, Post, Ticket
from protocol.ids import CounterId
from protocol.messages import AskedCustomer, CounterChanged
from protocol.tickets import TicketState
from protocol.values import maker

_make_changed, _make_asked = maker(CounterChanged), maker(AskedCustomer)


def counter_changed(state: HallState, counter: CounterId) -> CounterChanged:
    """Return what anybody may see of ``counter``."""
    post = state.post(counter)
    ticket = None if post.ticket is None else state.tickets[post.ticket]
    return _make_changed(
        counter=counter,
        mode=post.mode,
        reason=post.reason,
        ticket=post.ticket,
        number=None if ticket is None else ticket.number,
        ticket_state=None if ticket is None else ticket.state,
        calls=0 if ticket is None else ticket.recalls + 1,
        waiting=state.waiting_for(counter),
        asked=_asked(state, counter, post),
        called_at=None if ticket is None else ticket.called_at,
        silent=ticket is not None and ticket.called is not None and ticket.called.silent,
    )


def _asked(state: HallState, counter: CounterId, post: Post) -> AskedCustomer | None:
    if post.last is None:
        return None
    ticket = state.tickets[post.last]
    place = served_last(ticket, counter=counter)
    assert place is not None, "what the counter served last was served there"
    served = ticket.served[place]
    if served.level is not None:
        # Of several services here an older one may be asked for after that.
        left = served_last(ticket, counter=counter, not_evaluated=True)
        if left is not None and ticket.served[left].invited:
            served = ticket.served[left]
    if not served.invited:
        return None
    return _make_asked(
        ticket=ticket.id,
        number=ticket.number,
        service=served.service,
        ended_at=served.ended_at,
        times=served.asked_again,
        evaluated=served.level is not None,
    )


def ahead_of(state: HallState, ticket: Ticket) -> int:
    """Return how many wait for the same service and go before ``ticket``; none if it does not wait."""
    if ticket.state is not TicketState.WAITING:
        return 0
    if ticket.reserved_for is not None:
        return before(state.reserved[ticket.reserved_for], ticket.order)
    queues = state.lines[ticket.service].classes.values()
    return sum(before(queue, ticket.order) for queue in queues)
