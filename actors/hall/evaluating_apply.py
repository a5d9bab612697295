"""What each event of an evaluation makes of a hall's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from actors.hall.state import HallState, Ticket
from protocol.events import EvaluationInvited, ServiceEvaluated
from protocol.ids import CounterId, ServiceId
from protocol.values import replace


def served_last(
    ticket: Ticket,
    *,
    service: ServiceId | None = None,
    counter: CounterId | None = None,
    not_evaluated: bool = False,
) -> int | None:
    """Return the place in ``ticket.served`` of the newest such service; none if there is no such."""
    for place in reversed(range(len(ticket.served))):
        served = ticket.served[place]
        if (
            service in (None, served.service)
            and counter in (None, served.counter)
            and not (not_evaluated and served.level is not None)
        ):
            return place
    return None


def _invited(state: HallState, event: EvaluationInvited) -> None:
    ticket = state.tickets[event.ticket]
    place = served_last(ticket, service=event.service, counter=event.counter, not_evaluated=True)
    assert place is not None, "nobody is asked what was answered already"
    served = ticket.served[place]
    if served.invited:
        _change_served(state, ticket, place, asked_again=served.asked_again + 1)
    else:
        _change_served(state, ticket, place, invited=True)
        _count(state, event.counter, invited=1)


def _evaluated(state: HallState, event: ServiceEvaluated) -> None:
    ticket = state.tickets[event.ticket]
    place = served_last(ticket, service=event.service, counter=event.counter, not_evaluated=True)
    assert place is not None, "an evaluation counts once"
    _change_served(state, ticket, place, level=event.level)
    _count(state, event.counter, evaluated=1, levels=event.level)


def _change_served(state: HallState, ticket: Ticket, place: int, /, **changes: Any) -> None:
    served = list(ticket.served)
    served[place] = replace(served[place], **changes)
    changed = replace(ticket, served=tuple(served))
    state.tickets = state.tickets.set(ticket.id, changed)


def _count(state: HallState, counter: CounterId, **more: int) -> None:
    """Add to what is counted of the counter today."""
    post = state.post(counter)
    tally = replace(post.tally, **{name: getattr(post.tally, name) + n for name, n in more.items()})
    state.posts = {**state.posts, counter: replace(post, tally=tally)}


APPLY_EVALUATIONS: Mapping[type, Callable[[HallState, Any], None]] = MappingProxyType(
    {EvaluationInvited: _invited, ServiceEvaluated: _evaluated}
)
