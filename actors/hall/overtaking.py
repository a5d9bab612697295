"""How often and how long tickets are overtaken, and who may be overtaken no more. Pure.

Only those who wait for the same service, at whichever of its counters, overtake one another. A ticket is
overtaken when one behind it, by `Ticket.order`, is called before it. Its line keeps the order of each such call
for as long as somebody waits whom that call overtook, so that

    overtaken(ticket) = calls in `Line.overtakers` whose order is behind the ticket's

counts every later ticket that was called while this one waited where it stands. Whoever is put between others
is treated like them: it is taken to be overtaken as often as the one before whom it now stands, and to have
waited as long as one of those between whom it stands, at least and at most (`counts_since`). So, of two in
the same queue, the first was overtaken at least as often, and has waited at least as long, as the second:

- overtaken() does not grow with the order, as whatever is behind the second is behind the first;
- `counts_since` does not fall with the order: it is never before the instant with which the order begins, that
  instant for a ticket as it is taken, and clamped to what its neighbours have for one that is put anywhere.

**The bound.** Let the policy have chosen a ticket ``u``, and let some ticket of its service before ``u`` be
at a bound: overtaken `Policy.overtaken_max` times, or waiting since `Policy.overtaken_wait_s`. Then so is the
first of its queue, by the above. `first_at_bound` finds the earliest of the first ones that are at a bound,
and that one is called in place of ``u``. It overtakes nobody at a bound, as the first of that one's queue
would have been at the bound and earlier. Hence no call passes a ticket at a bound, and no ticket is overtaken
more than ``overtaken_max`` times. While a ticket waits each call of its service is of one before it or of one
of at most ``overtaken_max`` behind it: nobody starves whose service is called and before whom no more are put
by hand.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from actors.hall.ranks import Order, Ranks, before, from_on, instant, instant_of, put
from actors.hall.ranks import at as entry_at
from actors.hall.state import HallState, Line, Ticket
from protocol.ids import TicketId
from protocol.policies import Policy
from protocol.tickets import TicketState
from protocol.values import changer

_WAITING = TicketState.WAITING
_AFTER_ALL = 2**63
"""Greater than the number of any event."""

_with_overtakers = changer(Line, "overtakers")


def overtaken(state: HallState, ticket: Ticket) -> int:
    """Return how often later tickets of its service were called before a ticket that waits for it."""
    if ticket.state is not _WAITING or ticket.reserved_for is not None:
        return 0
    line = state.lines.get(ticket.service)
    return 0 if line is None or line.overtakers is None else overtaken_at(line, ticket.order)


def overtaken_at(line: Line, order: Order) -> int:
    """Return how often whoever waits in the line with ``order`` was overtaken."""
    overtakers = line.overtakers
    if overtakers is None:
        return 0
    return overtakers.size - before(overtakers, (order, _AFTER_ALL))


def earlier(state: HallState, ticket: Ticket) -> int:
    """Return how many wait for the ticket's service, at any of its counters, and came before it."""
    line = state.lines.get(ticket.service)
    count = 0
    if line is not None:
        for queue in line.classes.values():
            count += before(queue, ticket.order)
    return count


def first_at_bound(
    state: HallState, policy: Policy, chosen: Ticket, at: datetime
) -> TicketId | None:
    """Return who must go before the one ``chosen`` for the sake of the bounds on overtaking, if anybody."""
    line = state.lines.get(chosen.service)
    found: Ranks | None = None
    if line is not None:
        for queue in line.classes.values():
            if queue.order < (chosen if found is None else found).order and _at_bound(
                state, policy, line, queue, at
            ):
                found = queue
    return None if found is None else found.ticket


def _at_bound(state: HallState, policy: Policy, line: Line, queue: Ranks, at: datetime) -> bool:
    """Return whether the first of the queue is at a bound."""
    most, longest_s = policy.overtaken_max, policy.overtaken_wait_s
    if most is not None and overtaken_at(line, queue.order) >= most:
        return True
    if longest_s is None:
        return False
    return at - counts_since(state.tickets[queue.ticket]) >= timedelta(seconds=longest_s)


def due_at(ticket: Ticket) -> datetime | None:
    """Return the time of the appointment by which the ticket stands in its queue, if it does."""
    due = ticket.taken.due_at
    return due if due is not None and ticket.order[0] == instant(due) else None


def counts_since(ticket: Ticket) -> datetime:
    """Return since when a ticket that waits is taken to wait, where the bound on that is concerned."""
    return ticket.counts_since or ticket.waiting_since


def clamped_since(state: HallState, ticket: Ticket) -> datetime:
    """Return what is to be `counts_since` of a ticket that is about to join its queue; see the module."""
    since = max(due_at(ticket) or ticket.waiting_since, instant_of(ticket.order))
    line = state.lines.get(ticket.service)
    queue = None if line is None else line.classes.get(ticket.ticket_class)
    if queue is None or ticket.reserved_for is not None:
        return since
    place = before(queue, ticket.order)
    if place:
        since = max(since, counts_since(state.tickets[entry_at(queue, place - 1).ticket]))
    if place < queue.size:
        since = min(since, counts_since(state.tickets[entry_at(queue, place).ticket]))
    return since


def overtook(line: Line, order: Order, seq: int, id: TicketId) -> Line:
    """Return the line after call number ``seq``, of ``id`` with ``order``, which overtook somebody in it."""
    return _with_overtakers(line, put(line.overtakers, (order, seq), id))


def remembered(line: Line) -> Line:
    """Return the line without the calls that overtook nobody who waits in it now."""
    if line.overtakers is None:
        return line
    if not line.classes:
        return _with_overtakers(line, None)
    earliest = min([queue.order for queue in line.classes.values()])
    if line.overtakers.order > (earliest,):
        return line
    return _with_overtakers(line, from_on(line.overtakers, (earliest,)))
