"""What is closed beyond the configuration: closures that were added while the hall was running. Pure."""

from __future__ import annotations

from datetime import datetime

from immutables import Map

from actors.hall.day import zone
from actors.hall.diary import AddedClosure, closures_of
from actors.hall.state import HallState
from protocol.hall import HallSpec
from protocol.ids import ClosureId, ServiceId
from protocol.values import replace

SPECS_MAX = 64
"""Configurations that are remembered with closures in them; then all are forgotten, and made anew."""


def with_closures(state: HallState) -> HallState:
    """Return ``state`` with the added closures in the hours of its configuration."""
    closures = state.diary.closures
    return replace(state, spec=_spec_with(state, closures)) if closures else state


def closed_today(state: HallState, service: ServiceId, at: datetime) -> str | None:
    """Return why the service is closed on the local day of ``at`` (aware), if a closure says that it is.

    Nothing else counts: neither its usual hours nor special days. A reason may be empty, and of several
    one is told.
    """
    return closure_on(with_closures(state).spec, service, at)


def closure_on(spec: HallSpec, service: ServiceId | None, at: datetime) -> str | None:
    """Return the same of the closures that ``spec`` has; without a service, of the whole hall's."""
    own = None if service is None else spec.services.get(service)
    closures = (*spec.hours.closures, *(() if own is None else own.hours.closures))
    if not closures:
        return None
    day = at.astimezone(zone(spec.time_zone)).date()
    return max((one.reason for one in closures if one.first <= day <= one.last), default=None)


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
