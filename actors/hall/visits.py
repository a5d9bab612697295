"""Which service of a visit comes first, and what comes after each that ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from math import inf

from actors.hall.access import availability
from actors.hall.apply import apply_all
from actors.hall.estimating import estimate_service
from actors.hall.refusals import Refusal, find_service, listed
from actors.hall.state import HallState, Ticket
from protocol.answers import Reason
from protocol.commands import THEN_MAX, TakeTicket
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
        _make_finished(
            at=at,
            command=command,
            ticket=ticket.id,
            counter=counter,
            invited=state.spec.evaluation.invite,
        )
    ]
    if not ticket.then:
        return events
    # What the hall offers no more since the ticket was taken is left out.
    to_come = [service for service in ticket.then if service in state.spec.services]
    if to_come:
        # The counter that has just become free counts as well.
        after = apply_all(state, events)
        service, left = next_of(after, to_come, ticket.taken.visit_order, at)
        events.append(
            VisitContinued(
                at=at,
                command=command,
                ticket=ticket.id,
                service=service,
                then=left,
                estimate=estimate_service(after, service, at, ticket.ticket_class),
            )
        )
    return events


def begun(
    state: HallState, command: TakeTicket, at: datetime
) -> tuple[ServiceId, tuple[ServiceId, ...]]:
    """Return the service with which the visit of a ticket begins, and those that come after it.

    Raises:
        Refusal: the hall has not all of the services, or there are too many, or one of them twice.
    """
    services = (command.service, *command.then)
    if len(command.then) > THEN_MAX:
        raise Refusal(
            Reason.BAD_VALUE,
            f"a visit has {THEN_MAX} further services at most, not {len(command.then)}; "
            "take another ticket for the others",
        )
    for service in services:
        find_service(state, service)
    if len(set(services)) < len(services):
        raise Refusal(
            Reason.BAD_VALUE,
            f"a visit has each service once, not {listed(services)}; leave one out",
        )
    return next_of(state, services, command.visit_order, at)


def next_of(
    state: HallState, services: Sequence[ServiceId], visit_order: VisitOrder, at: datetime
) -> tuple[ServiceId, tuple[ServiceId, ...]]:
    """Return which of the services of a visit comes next, and the others."""
    chosen = services[0]
    if visit_order is VisitOrder.SHORTEST_WAIT:
        chosen = min(services, key=partial(_wait_for, state, at))
    return chosen, tuple(service for service in services if service != chosen)


def _wait_for(state: HallState, at: datetime, service: ServiceId) -> tuple[bool, float, int]:
    """Return what is compared of two services: whether it is closed, the expected wait, and how many wait."""
    closed = not availability(state, service, at).is_open
    estimate = estimate_service(state, service, at)
    return closed, inf if estimate is None else estimate.p50_s, state.waiting(service)
