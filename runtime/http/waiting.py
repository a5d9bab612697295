"""What staff of one counter need to see and others need not: who waits, who is held, and notes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from heapq import merge
from itertools import islice

from actors.hall.evaluating_apply import served_last
from actors.hall.ranks import Entry, Key, entries
from actors.hall.refusals import reaches
from actors.hall.state import BEFORE_ALL, HallState, Ticket
from protocol.ids import CounterId, ServiceId, TicketId
from protocol.tickets import TicketClass, TicketState
from protocol.values import value
from runtime.http.bodies import field
from runtime.http.calls import Call
from runtime.http.encoding import to_json
from runtime.http.problems import refuse
from runtime.http.request import Response

WAITING_SHOWN_MAX = 50
"""Waiting tickets that are listed, and as many held ones; those beyond have to be looked up by their number."""

ENDED_SHOWN_MAX = 10


@value
class ListedTicket:
    """A ticket in a counter's lists."""

    id: TicketId
    number: str
    service: ServiceId
    ticket_class: TicketClass = field(about="Its class.", json_name="class")
    state: TicketState
    taken_at: datetime
    waiting_since: datetime
    ended_at: datetime | None
    party: int = field(about="People under the one number.")
    counter: CounterId | None = field(about="The counter that had it last.")
    reserved: bool = field(about="Whether it waits for this counter alone.")
    note: str


@value
class LastServed:
    """Whom a counter served last."""

    id: TicketId
    number: str
    evaluated: bool


@value
class CounterQueue:
    """Those whom a counter may call or bring back, after event ``seq``."""

    seq: int
    note: str = field(about="What was noted of the ticket that the counter has.")
    waiting: tuple[ListedTicket, ...] = field(
        about=f"The first {WAITING_SHOWN_MAX} by their place; the policy may call another one first."
    )
    held: tuple[ListedTicket, ...] = field(about="Set aside, oldest first.")
    last: LastServed | None = field(about="Whom it served last, since it opened.")
    ended: tuple[ListedTicket, ...] = field(
        about=f"The last {ENDED_SHOWN_MAX} that ended as no-show or cancelled, newest first."
    )


def counter_queue(state: HallState, counter: CounterId, aside: Iterable[Ticket]) -> CounterQueue:
    """Return what the counter may call or bring back; ``aside`` are all that are in no queue."""
    places = merge(*(entries(queue) for queue in state.queues(counter)), key=_order)
    mine = [ticket for ticket in aside if reaches(state, counter, ticket)]
    held = [ticket for ticket in mine if ticket.state is TicketState.HELD]
    held.sort(key=lambda ticket: (ticket.taken_at, ticket.id))
    ended = [ticket for ticket in mine if ticket.state is not TicketState.HELD]
    ended.sort(key=lambda ticket: (ticket.ended_at or BEFORE_ALL, ticket.id), reverse=True)
    has = state.post(counter).ticket
    return CounterQueue(
        seq=state.seq,
        note="" if has is None else state.tickets[has].note,
        waiting=tuple(
            _listed(state.tickets[place.ticket]) for place in islice(places, WAITING_SHOWN_MAX)
        ),
        held=tuple(_listed(ticket) for ticket in held[:WAITING_SHOWN_MAX]),
        last=_last_served(state, counter),
        ended=tuple(_listed(ticket) for ticket in ended[:ENDED_SHOWN_MAX]),
    )


def _order(place: Entry) -> Key:
    return place.order


def _last_served(state: HallState, counter: CounterId) -> LastServed | None:
    id = state.post(counter).last
    if id is None:
        return None
    ticket = state.tickets[id]
    place = served_last(ticket, counter=counter)
    assert place is not None, "what the counter served last was served there"
    evaluated = ticket.served[place].level is not None
    return LastServed(id=id, number=ticket.number, evaluated=evaluated)


def _listed(ticket: Ticket) -> ListedTicket:
    return ListedTicket(
        id=ticket.id,
        number=ticket.number,
        service=ticket.service,
        ticket_class=ticket.ticket_class,
        state=ticket.state,
        taken_at=ticket.taken_at,
        waiting_since=ticket.waiting_since,
        ended_at=ticket.ended_at,
        party=ticket.taken.party,
        counter=ticket.counter,
        reserved=ticket.reserved_for is not None,
        note=ticket.note,
    )


def read_queue(call: Call) -> None:
    """Say whom a counter may call or bring back."""
    desk, counter = call.hall, CounterId(call.params["counter"])
    call.asked_by.check_counter(counter)
    if counter not in desk.spec.counters:
        raise refuse("unknown-counter", f"hall {desk.spec.id} has no counter {counter!r}")

    def render(state: HallState) -> Response:
        queue = counter_queue(state, counter, desk.aside(state))
        return Response(status=200, body=to_json(queue))

    call.read(render)
