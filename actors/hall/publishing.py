"""Whom a hall tells of what became durable. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from actors.hall.state import HallState
from protocol.events import (
    TicketReactivated,
    TicketRequeued,
    TicketResumed,
    TicketTaken,
    TicketTransferred,
    VisitContinued,
)
from protocol.ids import CounterId, ServiceId
from protocol.messages import Recorded
from protocol.tickets import TicketState

WAITS_AGAIN = (TicketResumed, TicketRequeued, TicketTransferred, TicketReactivated, VisitContinued)
"""Events after which a ticket waits that has its number already."""


def counters_to_tell(
    records: Iterable[Recorded],
    before: HallState,
    after: HallState,
    watched: Mapping[CounterId, object],
) -> Iterator[CounterId]:
    """Yield those of the ``watched`` counters for which ``records`` changed something that their staff see.

    They come in the order of watching: runs must repeat exactly.
    """
    changed: set[CounterId | None] = set()
    newly_waited_for: list[ServiceId] = []
    for record in records:
        event = record.event
        if type(event) is TicketTaken:
            if not event.ahead:
                newly_waited_for.append(event.service)
            continue
        changed.add(getattr(event, "counter", None))
        if isinstance(event, WAITS_AGAIN):
            ticket = after.tickets.get(event.ticket)
            if ticket is not None and ticket.state is TicketState.WAITING:
                changed.add(ticket.reserved_for)
                newly_waited_for.append(ticket.service)
    if before.day != after.day:
        changed |= set(watched)
    elif newly_waited_for:
        changed |= _free_for(newly_waited_for, after, watched)
    for counter in watched if len(changed) > 1 else changed:
        if counter is not None and counter in changed and counter in watched:
            yield counter


def _free_for(
    services: list[ServiceId], state: HallState, watched: Iterable[CounterId]
) -> set[CounterId]:
    """Return free counters for services where somebody waits now and nobody did: staff want to know."""
    posts, counters = state.posts, state.spec.counters
    free = set()
    for id in watched:
        post = posts.get(id)
        if (post is None or post.ticket is None) and any(
            service in services for service in counters[id].services
        ):
            free.add(id)
    return free
