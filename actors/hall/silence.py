"""Calls that nobody says aloud, since their customers are told on their phones. Pure.

A call is silent for a ticket whose follower wishes it, for a service, or at certain hours; only ever for a
ticket that is followed, or nobody would come. Where the push cannot be sent, it is said aloud after all.
"""

from __future__ import annotations

from datetime import datetime, time

from actors.hall.day import zone
from actors.hall.opening import times_of
from actors.hall.state import HallState, Ticket
from protocol.hall import HallSpec
from protocol.ids import CommandId
from protocol.push_events import CallVoiced
from protocol.tickets import TicketState


def is_silent(state: HallState, ticket: Ticket, at: datetime) -> bool:
    """Whether the ticket is called silently at ``at`` (aware)."""
    following = ticket.following
    if following is None or following.follower is None:
        return False
    service = state.spec.services.get(ticket.service)
    quiet = service is not None and service.silent
    return following.silent or quiet or _in_silent_hours(state.spec, at)


def stays_silent(state: HallState, ticket: Ticket) -> bool:
    """Whether the ticket is recalled silently: if it was called so, and its follower is told of the recall."""
    called = ticket.called
    return called is not None and called.silent and state.spec.pushes.recall


def voiced(ticket: Ticket, at: datetime, command: CommandId) -> tuple[CallVoiced, ...]:
    """Return what says the ticket's call aloud, if it is called and nobody has said it."""
    called = ticket.called
    if ticket.state is not TicketState.CALLED or called is None or not called.silent:
        return ()
    return (
        CallVoiced(
            at=at,
            command=command,
            ticket=ticket.id,
            number=ticket.number,
            counter=called.counter,
        ),
    )


def _in_silent_hours(spec: HallSpec, at: datetime) -> bool:
    hours = spec.pushes.silent
    if hours is None:
        return False
    local = at.astimezone(zone(spec.time_zone))
    now = local.time()
    return any(
        begins <= now and (now < ends or ends == time())
        for begins, ends in times_of(hours, local.date())
    )
