"""Ending a service, and what comes next of a visit to several."""

from __future__ import annotations

from datetime import datetime

from actors.hall.state import HallState, Ticket
from protocol.events import Event, ServiceFinished, VisitContinued
from protocol.ids import CommandId, CounterId, ServiceId
from protocol.tickets import VisitOrder
from protocol.values import maker

_make_finished = maker(ServiceFinished)


def finished(
    state: HallState, ticket: Ticket, counter: CounterId, command: CommandId, at: datetime
) -> list[Event]:
    """Return what ends the service that the counter gives the ticket, and lets its visit go on."""
    events: list[Event] = [
        _make_finished(at=at, command=command, ticket=ticket.id, counter=counter)
    ]
    if ticket.then:
        service = _next_service(state, ticket)
        left = list(ticket.then)
        left.remove(service)
        events.append(
            VisitContinued(
                at=at,
                command=command,
                ticket=ticket.id,
                service=service,
                then=tuple(left),
            )
        )
    return events


def _next_service(state: HallState, ticket: Ticket) -> ServiceId:
    """Return the service that the visit goes on with."""
    if ticket.taken.visit_order is VisitOrder.FIXED:
        return ticket.then[0]
    return min(ticket.then, key=state.waiting)
