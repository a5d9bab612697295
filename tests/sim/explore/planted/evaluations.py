"""Bugs by which an evaluation counts twice."""

from __future__ import annotations

from actors.hall import apply, evaluating
from actors.hall.evaluating_apply import _change_served, _count, served_last
from actors.hall.state import HallState
from protocol.events import ServiceEvaluated
from protocol.tickets import EvaluationDevice
from tests.sim.explore.planted.bug import Bug, Plant


def _rated_as_often_as_one_likes(plant: Plant) -> None:
    """A second rating of a service is taken as well."""

    def any_served(ticket, *, service=None, counter=None, not_evaluated=False):  # type: ignore[no-untyped-def]
        return served_last(ticket, service=service, counter=counter)

    def evaluated(state: HallState, event: ServiceEvaluated) -> None:
        ticket = state.tickets[event.ticket]
        place = served_last(ticket, service=event.service, counter=event.counter)
        assert place is not None
        _change_served(state, ticket, place, level=event.level)
        _count(state, event.counter, evaluated=1, levels=event.level)

    plant.attribute(evaluating, "served_last", any_served)
    plant.entry(apply._APPLY, ServiceEvaluated, evaluated)


def _pads_count_twice(plant: Plant) -> None:
    """What is said at a pad is counted twice of its counter."""
    evaluated = apply._APPLY[ServiceEvaluated]

    def evaluate(state: HallState, event: ServiceEvaluated) -> None:
        evaluated(state, event)
        if event.device is EvaluationDevice.PAD:
            _count(state, event.counter, evaluated=1, levels=event.level)

    plant.entry(apply._APPLY, ServiceEvaluated, evaluate)


BUGS = (
    Bug(
        name="rated as often as one likes",
        invariant=9,
        seed=1,
        plant=_rated_as_often_as_one_likes,
        can_show=lambda case: case.people.rating_share > 0,
    ),
    Bug(
        name="pads count twice",
        invariant=9,
        seed=2,
        plant=_pads_count_twice,
        can_show=lambda case: case.people.rating_share > 0,
    ),
)
