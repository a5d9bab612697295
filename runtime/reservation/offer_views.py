"""What a hall offers to phones, from its durable state. Pure."""

from __future__ import annotations

from datetime import datetime

from actors.hall.access import availability
from actors.hall.closures import closure_on, with_closures
from actors.hall.estimating import estimate_services
from actors.hall.opening import stretch_of
from actors.hall.state import HallState
from protocol.hall import Identity, Names, Service
from protocol.ids import HallId, Language, ServiceId
from protocol.values import value
from runtime.http.bodies import field
from runtime.http.menu_views import MenuEntry, ServiceView, WaitView, menu_view, service_view

__all__ = ["Offer", "OfferedService", "offer_of"]


@value
class OfferedService:
    """A service, as a phone shows it."""

    id: ServiceId
    names: Names
    waiting: int
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
    by_phone: bool = field(about="Whether phones take numbers for it.")
    bookable: bool = field(about="Whether times can be booked.")
    lead: int = field(about="A follower is told when so many calls are left; 0 is never.")


@value
class Offer:
    """A hall's services and the menu that leads to them."""

    id: HallId
    names: Names
    address: Names = field(about="In each language; may be empty.")
    languages: tuple[Language, ...]
    time_zone: str
    open: bool
    opens_at: datetime | None = field(about="When the hall opens next, if it is closed.")
    closes_at: datetime | None = field(about="When the hall closes next, if it is open.")
    closure: str | None = field(
        about="The reason of a closure of the whole hall on this day, perhaps empty; null if there is none."
    )
    menu: tuple[MenuEntry, ...]
    services: tuple[OfferedService, ...]


def offer_of(state: HallState, at: datetime) -> Offer:
    """Return what the hall offers at ``at`` (aware)."""
    state = with_closures(state)
    spec = state.spec
    stretch = stretch_of(spec, None, at)
    estimates = estimate_services(state, at)
    return Offer(
        id=spec.id,
        names=spec.names,
        address=spec.place.address,
        languages=spec.languages,
        time_zone=spec.time_zone,
        open=stretch.is_open,
        opens_at=stretch.opens_at,
        closes_at=stretch.closes_at,
        closure=closure_on(spec, None, at),
        menu=menu_view(spec),
        services=tuple(
            _offered(
                each,
                service_view(state, each, availability(state, each.id, at), estimates[each.id], at),
            )
            for each in spec.services.values()
        ),
    )


def _offered(service: Service, view: ServiceView) -> OfferedService:
    return OfferedService(
        id=view.id,
        names=view.names,
        waiting=view.waiting,
        estimate=view.estimate,
        late=view.late,
        identity=view.identity,
        open=view.open,
        full=view.full,
        opens_at=view.opens_at,
        closes_at=view.closes_at,
        closure=view.closure,
        by_phone=service.by_phone,
        bookable=service.appointments is not None,
        lead=service.lead,
    )
