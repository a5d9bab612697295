"""The services of a hall and the menu that leads to them, as the API tells them."""

from __future__ import annotations

from datetime import datetime

from actors.hall.access import Availability
from actors.hall.admission import is_late
from actors.hall.state import HallState
from protocol.estimates import Estimate
from protocol.hall import HallSpec, Identity, Menu, Names, Service
from protocol.ids import ServiceId
from protocol.values import value
from runtime.http.bodies import field
from runtime.http.choice_views import ClassView, class_views


@value
class WaitView:
    """How long a wait will probably last, in seconds from now: half of all such waits end by ``p50_s``."""

    p50_s: int
    p90_s: int = field(about="Nine tenths of all such waits end by then.")


@value
class ServiceView:
    """A service of a hall."""

    id: ServiceId
    names: Names
    prefix: str
    waiting: int
    classes: tuple[ClassView, ...] = field(about="Those who wait, by class.")
    estimate: WaitView | None = field(
        about="How long somebody who comes now will probably wait; null if no open counter has it."
    )
    late: bool = field(
        about="Whether one who comes now will probably not be called before closing."
    )
    identity: Identity = field(about="What a customer has to say of himself.")
    open: bool = field(about="Whether its hours allow a ticket now.")
    full: bool = field(about="Whether as many were given out today as may be.")
    opens_at: datetime | None = field(
        about="When there are tickets again, if there are none now and that is known."
    )
    closes_at: datetime | None = field(about="When its present hours end, if they do.")
    closure: str | None = field(
        about="The reason of a closure on this day, perhaps empty; null if there is none."
    )


@value
class MenuEntry:
    """An entry of the kiosk's menu: a service, or a page with a name and entries of its own."""

    service: ServiceId | None
    names: Names | None
    entries: tuple[MenuEntry, ...]


def wait_view(estimate: Estimate | None) -> WaitView | None:
    """Return the estimate in whole seconds."""
    if estimate is None:
        return None
    return WaitView(p50_s=round(estimate.p50_s), p90_s=round(estimate.p90_s))


def service_view(
    state: HallState,
    service: Service,
    available: Availability,
    estimate: Estimate | None,
    at: datetime,
) -> ServiceView:
    """Return the service as ``state`` has it at ``at``."""
    return ServiceView(
        id=service.id,
        names=service.names,
        prefix=service.prefix,
        waiting=state.waiting(service.id),
        classes=class_views(state, service.id),
        estimate=wait_view(estimate),
        late=is_late(state, service.id, at, estimate),
        identity=service.identity,
        open=available.is_open,
        full=available.full,
        opens_at=available.opens_at,
        closes_at=available.closes_at,
        closure=available.closure,
    )


def menu_view(spec: HallSpec) -> tuple[MenuEntry, ...]:
    """Return the hall's menu; every service in the order of the configuration where it has none."""
    return tuple(_menu_entry(entry) for entry in spec.menu or tuple(spec.services))


def _menu_entry(entry: Menu | ServiceId) -> MenuEntry:
    if isinstance(entry, Menu):
        inner = tuple(_menu_entry(one) for one in entry.entries)
        return MenuEntry(service=None, names=entry.names, entries=inner)
    return MenuEntry(service=entry, names=None, entries=())
