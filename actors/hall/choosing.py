"""Choosing who is called next, and saying why. Pure.

The first of each class of each service that a counter has are the candidates; the hall's policy decides among
them. Whatever it decides, nobody is overtaken more often or longer than the policy's bounds allow: a ticket
that has come to a bound goes before every later one of its service.
"""

from __future__ import annotations

from datetime import datetime

from actors.hall.ranks import Ranks, before, first
from actors.hall.state import HallState, Ticket
from protocol.choices import CANDIDATES_MAX, Candidate, Choice, Rule
from protocol.ids import CounterId
from protocol.values import maker

_make_choice, _make_candidate = maker(Choice), maker(Candidate)

_AFTER_ALL = 2**63
"""Greater than the number of any event."""


def choose(state: HallState, counter: CounterId, at: datetime) -> tuple[Ticket, Choice] | None:
    """Return who is next at the counter, and why; ``None`` if nobody is waiting for it."""
    heads = [first(queue) for queue in state.queues(counter)]
    if not heads:
        return None
    chosen = heads[0]
    for head in heads:
        if head.order < chosen.order:
            chosen = head
    ticket = state.tickets[chosen.ticket]
    return ticket, _explained(state, chosen, heads, Rule.FIRST_COME, at)


def given(state: HallState, ticket: Ticket, at: datetime) -> Choice:
    """Return the choice that staff made by naming the ticket."""
    return _make_choice(
        rule=Rule.GIVEN,
        candidates=(_candidate(state, ticket, at),),
        of=1,
        overtook=_earlier(state, ticket),
    )


def overtaken(state: HallState, ticket: Ticket) -> int:
    """Return how often later tickets of its service were called before a ticket that waits."""
    line = state.lines.get(ticket.service)
    if line is None or line.overtakers is None or ticket.reserved_for is not None:
        return 0
    return line.overtakers.size - before(line.overtakers, (ticket.order, _AFTER_ALL))


def _earlier(state: HallState, ticket: Ticket) -> int:
    """Return how many wait for the same service and came before the ticket."""
    line = state.lines.get(ticket.service)
    if line is None:
        return 0
    return sum(before(queue, ticket.order) for queue in line.classes.values())


def _explained(
    state: HallState, chosen: Ranks, heads: list[Ranks], rule: Rule, at: datetime
) -> Choice:
    told = heads
    if len(heads) > 1:
        others = sorted((head for head in heads if head is not chosen), key=_order)
        told = [chosen, *others[: CANDIDATES_MAX - 1]]
    ticket = state.tickets[chosen.ticket]
    return _make_choice(
        rule=rule,
        candidates=tuple([_candidate(state, state.tickets[head.ticket], at) for head in told]),
        of=len(heads),
        overtook=_earlier(state, ticket) if len(heads) > 1 else 0,
    )


def _order(entry: Ranks) -> tuple[int, ...]:
    return entry.order


def _candidate(state: HallState, ticket: Ticket, at: datetime) -> Candidate:
    return _make_candidate(
        ticket=ticket.id,
        number=ticket.number,
        service=ticket.service,
        ticket_class=ticket.taken.ticket_class,
        waited_s=(at - ticket.waiting_since).total_seconds(),
        overtaken=overtaken(state, ticket),
    )
