"""What the API tells and takes: value classes, from which the OpenAPI document is made as well."""

from __future__ import annotations

from datetime import date, datetime

from actors.hall.access import availability
from actors.hall.closures import closure_on, with_closures
from actors.hall.estimating import estimate_services
from actors.hall.opening import stretch_of
from actors.hall.state import HallState, Ticket
from protocol.commands import PARTY_MAX, THEN_MAX
from protocol.hall import Names
from protocol.ids import CounterId, HallId, KioskId, Language, ServiceId, TicketId
from protocol.messages import Alarm
from protocol.tickets import CounterMode, TicketClass, TicketState, VisitOrder
from protocol.values import value
from runtime.http.bodies import field
from runtime.http.choice_views import PolicyView, policy_view
from runtime.http.menu_views import (
    MenuEntry,
    ServiceView,
    menu_view,
    service_view,
)
from runtime.http.service_views import (
    AskedTicket,
    CounterToday,
    Staff,
    asked_at,
    staff_at,
    today_at,
)

# -- bodies --------------------------------------------------------------------------------------


@value
class Nothing:
    """A body without keys, or no body."""


@value
class TakeTicketBody:
    """Which ticket is wanted."""

    service: ServiceId = field(about="The service's id.")
    ticket_class: TicketClass = field(
        about="Who goes before whom within the service.",
        json_name="class",
        default=TicketClass.NORMAL,
    )
    language: Language | None = field(
        about="The customer's language; the hall's first one where it is left out.", default=None
    )
    kiosk: KioskId | None = field(
        about="The kiosk that prints the ticket; a kiosk's own token needs not say it.",
        default=None,
    )
    party: int = field(about=f"People under the one number, 1 to {PARTY_MAX}.", default=1)
    then: tuple[ServiceId, ...] = field(
        about=f"Further services of the same visit, {THEN_MAX} at most.", default=()
    )
    visit_order: VisitOrder = field(
        about="In which order the services of the visit come.", default=VisitOrder.FIXED
    )
    phone: str | None = field(
        about="The customer's mainland mobile number; only a digest of it is kept.",
        default=None,
        shown=False,
    )
    document: str | None = field(
        about="The number of the customer's identity card; only a digest of it is kept.",
        default=None,
        shown=False,
    )
    openid: str | None = field(
        about="By which the hall's WeChat account knows the customer; only a digest of it is kept.",
        default=None,
        shown=False,
    )


@value
class ReprintBody:
    """Where the paper is wanted."""

    kiosk: KioskId | None = field(
        about="The kiosk that prints; the one where the ticket was taken if left out.", default=None
    )


@value
class PauseBody:
    """Why the counter takes nobody."""

    reason: str | None = field(about="Is shown to people.", default=None, characters_max=100)


# -- answers -------------------------------------------------------------------------------------


@value
class TicketStepped:
    """What a step made of a ticket."""

    id: TicketId
    state: TicketState
    counter: CounterId | None


@value
class TicketStep:
    """The answer to a step of a ticket."""

    ticket: TicketStepped


@value
class TicketReprinted:
    """A ticket whose paper was asked for again."""

    id: TicketId
    kiosk: KioskId


@value
class Reprint:
    """The answer to asking for the paper again; whether it came out is told later, as an event."""

    ticket: TicketReprinted


@value
class CalledTicket:
    """A ticket that was called."""

    id: TicketId
    number: str
    service: ServiceId
    counter: CounterId
    state: TicketState


@value
class NextTicket:
    """The answer to calling the next one."""

    ticket: CalledTicket | None = field(about="null when nobody waits.")


@value
class CounterStepped:
    """What a counter does now."""

    id: CounterId
    mode: CounterMode
    reason: str


@value
class CounterStep:
    """The answer to opening, pausing or closing a counter."""

    counter: CounterStepped


@value
class HallName:
    """A hall in the list of halls."""

    id: HallId
    names: Names


@value
class HallList:
    """All halls."""

    halls: tuple[HallName, ...]


@value
class TicketAtCounter:
    """The ticket that a counter has."""

    id: TicketId
    number: str
    service: ServiceId
    state: TicketState
    recalls: int
    taken_at: datetime
    called_at: datetime | None
    started_at: datetime | None


@value
class CounterView:
    """A counter of a hall."""

    id: CounterId
    names: Names
    services: tuple[ServiceId, ...]
    mode: CounterMode
    reason: str
    waiting: int = field(about="People who wait for any of its services.")
    ticket: TicketAtCounter | None
    staff: Staff | None = field(about="Who works there, if it is known.")
    asked: AskedTicket | None = field(
        about="Whom it served last, while that customer is asked to evaluate."
    )
    today: CounterToday


@value
class KioskView:
    """A kiosk of a hall."""

    id: KioskId
    names: Names
    printer: bool


@value
class HallView:
    """A hall as it is after event ``seq``; stream events from there with ``events?after=seq``."""

    id: HallId
    names: Names
    languages: tuple[Language, ...]
    time_zone: str
    day: date
    seq: int
    waiting: int
    open: bool = field(about="Whether the hall is open; its services may have shorter hours.")
    opens_at: datetime | None = field(about="When the hall opens next, if it is closed.")
    closes_at: datetime | None = field(about="When the hall closes next, if it is open.")
    closure: str | None = field(
        about="The reason of a closure of the whole hall on this day, perhaps empty; null if there is none."
    )
    policy: PolicyView
    services: tuple[ServiceView, ...]
    menu: tuple[MenuEntry, ...]
    counters: tuple[CounterView, ...]
    kiosks: tuple[KioskView, ...]


@value
class AlarmList:
    """What needs a person now."""

    alarms: tuple[Alarm, ...]


# -- from a hall's state -------------------------------------------------------------------------


def hall_view(state: HallState, at: datetime) -> tuple[HallView, datetime]:
    """Return the hall as ``state`` has it at ``at``, and until when (aware) that holds if nothing happens."""
    state = with_closures(state)
    spec = state.spec
    stretch = stretch_of(spec, None, at)
    estimates = estimate_services(state, at)
    available = {id: availability(state, id, at) for id in spec.services}
    services = tuple(
        service_view(state, service, available[service.id], estimates[service.id], at)
        for service in spec.services.values()
    )
    until = min(stretch.ends, *(one.until for one in available.values()))
    view = HallView(
        id=spec.id,
        names=spec.names,
        languages=spec.languages,
        time_zone=spec.time_zone,
        day=state.day,
        seq=state.seq,
        waiting=sum(service.waiting for service in services),
        open=stretch.is_open,
        opens_at=stretch.opens_at,
        closes_at=stretch.closes_at,
        closure=closure_on(spec, None, at),
        policy=policy_view(spec.policy),
        services=services,
        menu=menu_view(spec),
        counters=tuple(_counter_view(state, counter) for counter in spec.counters),
        kiosks=tuple(
            KioskView(id=kiosk.id, names=kiosk.names, printer=kiosk.printer is not None)
            for kiosk in spec.kiosks.values()
        ),
    )
    return view, until


def _counter_view(state: HallState, id: CounterId) -> CounterView:
    counter, post = state.spec.counters[id], state.post(id)
    return CounterView(
        id=id,
        names=counter.names,
        services=counter.services,
        mode=post.mode,
        reason=post.reason,
        waiting=state.waiting_for(id),
        ticket=None if post.ticket is None else _at_counter(state.tickets[post.ticket]),
        staff=staff_at(state, post),
        asked=asked_at(state, id),
        today=today_at(post),
    )


def _at_counter(ticket: Ticket) -> TicketAtCounter:
    return TicketAtCounter(
        id=ticket.id,
        number=ticket.number,
        service=ticket.service,
        state=ticket.state,
        recalls=ticket.recalls,
        taken_at=ticket.taken_at,
        called_at=ticket.called_at,
        started_at=ticket.started_at,
    )
