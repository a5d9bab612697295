"""Bugs by which services of a visit are lost."""

from __future__ import annotations

from actors.hall import apply, visits
from actors.hall.state import HallState
from protocol.events import TicketTransferred
from protocol.tickets import VisitOrder
from protocol.values import replace
from sim.explore.case import Case
from tests.sim.explore.planted.bug import Bug, Plant


def _transfer_ends_the_visit(plant: Plant) -> None:
    """Who is transferred has nothing to come any more."""
    transferred = apply._APPLY[TicketTransferred]

    def transfer(state: HallState, event: TicketTransferred) -> None:
        ticket = replace(state.tickets[event.ticket], then=())
        state.tickets = state.tickets.set(ticket.id, ticket)
        transferred(state, event)

    plant.entry(apply._APPLY, TicketTransferred, transfer)


def _shortest_first_forgets_one(plant: Plant) -> None:
    """Where the order is free, only one more service comes after the one that is chosen."""
    next_of = visits.next_of

    def next_and_one(state, services, visit_order, at):  # type: ignore[no-untyped-def]
        chosen, left = next_of(state, services, visit_order, at)
        return chosen, left[:1] if visit_order is VisitOrder.SHORTEST_WAIT else left

    plant.attribute(visits, "next_of", next_and_one)


def _has_visits(case: Case) -> bool:
    return case.people.visit_share > 0


BUGS = (
    Bug(
        name="transfer ends the visit",
        invariant=3,
        seed=6,
        plant=_transfer_ends_the_visit,
        can_show=_has_visits,
    ),
    Bug(
        name="shortest first forgets one",
        invariant=3,
        seed=6,
        plant=_shortest_first_forgets_one,
        can_show=_has_visits,
    ),
)
