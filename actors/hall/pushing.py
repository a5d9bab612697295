"""What followers of tickets are to be told, because of what has just happened. Pure.

Their turn is told by place in the real queue: whoever is put before, after or away counts at once, and so do
the shares of the classes. A push that is due is an event of the same command as what it tells of, so that none
is lost and none is made twice. One that is not worth sending any more ends in the same way; when the day ends,
all do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from actors.hall.ahead import streams_of, within_bound
from actors.hall.ranks import Ranks, at, before
from actors.hall.silence import voiced
from actors.hall.state import HallState, Ticket
from actors.hall.views import ahead_of
from protocol.events import Event, TicketRecalled
from protocol.ids import PushId, TicketId
from protocol.policies import PolicyKind
from protocol.push_events import PushDue, PushEnded
from protocol.pushes import LEAD_MAX, PushKind, PushOutcome
from protocol.tickets import TicketState

_WAITING, _CALLED = TicketState.WAITING, TicketState.CALLED


def pushes(earlier: HallState, after: HallState, events: Sequence[Event]) -> tuple[Event, ...]:
    """Return what begins and ends for followers with ``events``, which lead from ``earlier`` to ``after``.

    All of it is of the last event's time and command.
    """
    if not events or not (earlier.followed or after.followed):
        return ()
    told: list[Event] = []
    cause = events[-1]
    kinds = _kinds(events)
    for id, its_kinds in kinds.items():
        ticket = after.tickets.get(id)
        if ticket is not None and ticket.following is not None:
            kind = _call(after, ticket, its_kinds)
            ended = list(_ended(ticket, cause, superseded=kind is not None))
            told += ended
            if kind is not None:
                told.append(_due(after, ticket, kind, cause))
            elif ended:
                # Perhaps of a silent call, whose follower has let the ticket go before he was told.
                told += voiced(ticket, cause.at, cause.command)
    for id in dict.fromkeys((*kinds, *_moved_up(earlier, after))):
        ticket = after.tickets.get(id)
        if ticket is not None and _is_near(after, ticket):
            told.append(_due(after, ticket, PushKind.NEAR, cause))
    return tuple(told)


def _kinds(events: Sequence[Event]) -> dict[TicketId, set[type]]:
    """Return the kinds of events that there are of each ticket."""
    kinds: dict[TicketId, set[type]] = {}
    for event in events:
        ticket = getattr(event, "ticket", None)
        if ticket is not None:
            kinds.setdefault(ticket, set()).add(type(event))
    return kinds


# -- calls -----------------------------------------------------------------------------------------


def _call(state: HallState, ticket: Ticket, kinds: set[type]) -> PushKind | None:
    """Return which push of a call is due: one for each call, also to whoever follows the ticket during it."""
    following, called = ticket.following, ticket.called
    assert following is not None
    if ticket.state is not _CALLED or following.follower is None or called is None:
        return None
    if following.call != called.command:
        return PushKind.CALL
    if TicketRecalled in kinds and state.spec.pushes.recall:
        return PushKind.RECALL
    return None


def _ended(ticket: Ticket, cause: Event, *, superseded: bool) -> Iterator[PushEnded]:
    """End the pushes of the ticket that are not worth sending any more."""
    following = ticket.following
    assert following is not None
    for push in following.due:
        if push.follower != following.follower:
            why = "its follower has let the ticket go"
        elif superseded:
            why = "the ticket was called since"
        elif not _is_worth(ticket, push):
            why = f"the ticket is {ticket.state}"
        else:
            continue
        yield PushEnded(
            at=cause.at,
            command=cause.command,
            push=push.push,
            ticket=ticket.id,
            outcome=PushOutcome.STALE,
            detail=why,
        )


def _is_worth(ticket: Ticket, push: PushDue) -> bool:
    """Whether the push still says what is the case; one of an earlier call has been superseded."""
    return ticket.state is (_WAITING if push.kind is PushKind.NEAR else _CALLED)


def _due(state: HallState, ticket: Ticket, kind: PushKind, cause: Event) -> PushDue:
    following = ticket.following
    assert following is not None
    assert following.follower is not None
    return PushDue(
        at=cause.at,
        command=cause.command,
        push=PushId(f"{ticket.id}/{following.pushes + 1}"),
        ticket=ticket.id,
        number=ticket.number,
        service=ticket.service,
        language=ticket.language,
        kind=kind,
        follower=following.follower,
        ahead=ahead_of(state, ticket),
        counter=ticket.counter if ticket.state is _CALLED else None,
        silent=ticket.state is _CALLED and ticket.called is not None and ticket.called.silent,
    )


# -- turns that come near --------------------------------------------------------------------------


def _moved_up(earlier: HallState, after: HallState) -> Iterator[TicketId]:
    """Yield who is at the head of each line that has changed; nobody else can be near."""
    for service, line in after.lines.items():
        if line is not earlier.lines.get(service):
            lead = after.spec.services[service].lead
            for queue in line.classes.values():
                yield from _head(queue, lead)
    for counter, queue in after.reserved.items():
        if queue is not earlier.reserved.get(counter):
            # For whichever services they are.
            yield from _head(queue, LEAD_MAX)


def _head(queue: Ranks, lead: int) -> Iterator[TicketId]:
    for place in range(min(lead, queue.size)):
        yield at(queue, place).ticket


def _is_near(state: HallState, ticket: Ticket) -> bool:
    """Whether the ticket's follower is to be told that its turn comes near."""
    following = ticket.following
    if ticket.state is not _WAITING or following is None or following.follower is None:
        return False
    return (
        not following.near and _goes_first(state, ticket) < state.spec.services[ticket.service].lead
    )


def _goes_first(state: HallState, ticket: Ticket) -> float:
    """Return how many who wait for the same service go before the ticket, as far as that is certain.

    Whoever is the first of a class may be called next: how much of its share each other class has had already
    is the counters' own affair. So nobody is told too late.
    """
    policy, service, own = state.spec.policy, ticket.service, ticket.ticket_class
    if ticket.reserved_for is not None or policy.kind is not PolicyKind.CLASS_RATIOS:
        return ahead_of(state, ticket)
    earlier = before(state.lines[service].classes[own], ticket.order)
    streams = []
    for stream in streams_of(state, (service,), ticket.order):
        if stream.ticket_class is not own:
            share = policy.ratios.get(stream.ticket_class, 1) / policy.ratios.get(own, 1)
            stream = stream._replace(ahead=min(stream.waiting, earlier * share))
        streams.append(stream)
    if policy.overtaken_max is not None:
        streams = within_bound(state, policy.overtaken_max, streams, service, own, ticket.order)
    return sum(stream.ahead for stream in streams)
