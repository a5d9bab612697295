"""What is closed beyond the configuration: closures that were added while the hall was running. Pure."""

from __future__ import annotations

from immutables import Map

from actors.hall.diary import AddedClosure, closures_of
from actors.hall.state import HallState
from protocol.hall import HallSpec
from protocol.ids import ClosureId
from protocol.values import replace

SPECS_MAX = 64
"""Configurations that are remembered with closures in them; then all are forgotten, and made anew."""


def with_closures(state: HallState) -> HallState:
    """Return ``state`` with the added closures in the hours of its configuration."""
    closures = state.diary.closures
    return replace(state, spec=_spec_with(state, closures)) if closures else state


_specs: dict[tuple[int, Map[ClosureId, AddedClosure]], tuple[HallSpec, HallSpec]] = {}
"""By the identity of the configuration, which is held beside what was made of it."""


def _spec_with(state: HallState, closures: Map[ClosureId, AddedClosure]) -> HallSpec:
    spec = state.spec
    known = _specs.get((id(spec), closures))
    if known is not None:
        return known[1]
    everywhere = closures_of(state.diary, None)
    services = dict(spec.services)
    for service in spec.services.values():
        own = tuple(added.closure for added in closures.values() if added.service == service.id)
        if own:
            hours = replace(service.hours, closures=(*service.hours.closures, *own))
            services[service.id] = replace(service, hours=hours)
    hours = spec.hours
    if everywhere:
        hours = replace(hours, closures=(*hours.closures, *everywhere))
    made = replace(spec, hours=hours, services=services)
    if len(_specs) >= SPECS_MAX:
        _specs.clear()
    _specs[id(spec), closures] = (spec, made)
    return made
