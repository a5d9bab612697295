"""The halls as a customer chooses among them, from their durable states. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from actors.hall.access import availability
from actors.hall.closures import closure_on, with_closures
from actors.hall.estimating import estimate_services
from actors.hall.opening import stretch_of
from actors.hall.state import HallState
from protocol.hall import Names
from protocol.ids import DistrictId, HallId
from protocol.places import Position
from protocol.values import value
from runtime.config.model import District
from runtime.http.bodies import field
from runtime.http.menu_views import WaitView, wait_view

__all__ = ["Directory", "DistrictName", "ListedHall", "directory", "listed_hall"]


@value
class DistrictName:
    """A district."""

    id: DistrictId
    names: Names


@value
class ListedHall:
    """A hall in the directory."""

    id: HallId
    names: Names
    district: DistrictId | None
    address: Names = field(about="In each language; may be empty.")
    position: Position | None = field(about="Degrees (WGS 84).")
    open: bool
    opens_at: datetime | None = field(about="When the hall opens next, if it is closed.")
    closes_at: datetime | None = field(about="When the hall closes next, if it is open.")
    closure: str | None = field(
        about="The reason of a closure of the whole hall on this day, perhaps empty; null if there is none."
    )
    waiting: int
    estimate: WaitView | None = field(
        about="The shortest wait of the open services for which phones take numbers."
    )
    by_phone: bool = field(about="Whether phones take numbers here at all.")
    reach_m: float | None = field(about="No phone farther from the position takes one (metres).")


@value
class Directory:
    """All halls, by district."""

    districts: tuple[DistrictName, ...]
    halls: tuple[ListedHall, ...]
    away: tuple[HallId, ...] = field(about="Halls that do not answer at the moment.")


def listed_hall(state: HallState, at: datetime) -> ListedHall:
    """Return the hall as ``state`` has it at ``at`` (aware)."""
    state = with_closures(state)
    spec, place = state.spec, state.spec.place
    stretch = stretch_of(spec, None, at)
    services = [service for service in spec.services.values() if service.by_phone]
    estimate = None
    if stretch.is_open:
        estimates = estimate_services(state, at)
        waits = [
            wait
            for service in services
            if (wait := estimates[service.id]) is not None
            and availability(state, service.id, at).is_open
        ]
        estimate = min(waits, key=lambda wait: (wait.p50_s, wait.p90_s), default=None)
    return ListedHall(
        id=spec.id,
        names=spec.names,
        district=place.district,
        address=place.address,
        position=place.position,
        open=stretch.is_open,
        opens_at=stretch.opens_at,
        closes_at=stretch.closes_at,
        closure=closure_on(spec, None, at),
        waiting=sum(state.waiting(service) for service in spec.services),
        estimate=wait_view(estimate),
        by_phone=bool(services),
        reach_m=place.reach_m,
    )


def directory(
    districts: Mapping[DistrictId, District], halls: Iterable[ListedHall], away: Iterable[HallId]
) -> Directory:
    """Return the directory of ``halls``, without those that are ``away``."""
    named = (DistrictName(id=each.id, names=each.names) for each in districts.values())
    return Directory(districts=tuple(named), halls=tuple(halls), away=tuple(away))
