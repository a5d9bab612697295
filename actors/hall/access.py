"""Whether a service gives out tickets now, and whether this customer may have one. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from actors.hall.closures import closure_on, with_closures
from actors.hall.day import zone
from actors.hall.opening import Stretch, closing_at, stretch_of
from actors.hall.refusals import Refusal
from actors.hall.state import HallState, Ticket
from protocol.answers import Reason
from protocol.hall import HallSpec, Identity, PastLast, Service
from protocol.hours import ALWAYS
from protocol.ids import FollowerId, PersonId, ServiceId, TicketId
from protocol.values import value

_NOBODY_ASKED = Identity.NONE


@value
class Availability:
    """Whether a service gives out tickets. Times are aware, UTC.

    ``is_open`` is whether its hours and the hall's allow a ticket, ``full`` whether as many were given out as a
    day may have. ``opens_at`` is when there are tickets again, if there are none now and that is known;
    ``closes_at`` when hours next end, if they do. ``closure`` is the reason of a closure on this day, if there
    is one. Without an event all this holds until ``until``.
    """

    is_open: bool
    full: bool
    opens_at: datetime | None
    closes_at: datetime | None
    closure: str | None
    until: datetime


def availability(state: HallState, id: ServiceId, at: datetime) -> Availability:
    """Return whether the service ``id`` gives out tickets at ``at`` (aware)."""
    state = with_closures(state)
    spec = state.spec
    service = spec.services[id]
    stretch = stretch_of(spec, id, at)
    until, is_open, opens_at = stretch.ends, stretch.is_open, stretch.opens_at
    last = last_ticket_at(state, id, at) if stretch.is_open else None
    if last is not None and last <= at:
        is_open, opens_at = False, _opens_after(state, id, at)
    elif last is not None:
        until = min(until, last)
    full = at < state.ends_at and is_full(state, service)
    if full:
        until, opens_at = min(until, state.ends_at), _opens_anew(state, id)
    closure = None
    if spec.hours.closures or service.hours.closures:
        closure = closure_on(spec, id, at)
        until = min(until, _midnight_after(spec, at))
    return Availability(
        is_open=is_open,
        full=full,
        opens_at=opens_at,
        closes_at=stretch.closes_at,
        closure=closure,
        until=until,
    )


def _midnight_after(spec: HallSpec, at: datetime) -> datetime:
    local = zone(spec.time_zone)
    tomorrow = at.astimezone(local).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), tzinfo=local).astimezone(UTC)


def last_ticket_at(state: HallState, service: ServiceId, at: datetime) -> datetime | None:
    """Return the first instant of the business day of ``at`` at which it is too late for a ticket, if any."""
    closing = closing_at(state, service, at)
    return None if closing is None else closing - timedelta(seconds=state.spec.last_ticket_s)


def is_full(state: HallState, service: Service) -> bool:
    """Return whether the service gave out as many tickets in this business day as it may."""
    line = state.lines.get(service.id)
    if line is None:
        return False
    if service.quota is not None and line.issued >= service.quota:
        return True
    serial = line.serial
    return service.past_last is PastLast.REFUSE and serial is not None and serial >= service.last


def check_access(
    state: HallState,
    service: Service,
    then: tuple[ServiceId, ...],
    person: PersonId | None,
    follower: FollowerId | None,
    at: datetime,
) -> None:
    """Refuse a ticket that the hours, the quota or the customer's own limit do not allow.

    ``then`` are further services of the visit, which the hall has: one that opens later today will do.
    ``follower`` is the phone that takes it, if one does.
    Costs a few tests of attributes where nothing of this is configured.
    """
    if state.diary.closures:
        state = with_closures(state)
        service = state.spec.services[service.id]
    spec = state.spec
    if spec.hours is not ALWAYS or service.hours is not ALWAYS:
        _check_open(state, service, at)
    if service.quota is not None:
        _check_quota(state, service)
    if person is not None or follower is not None or service.identity is not _NOBODY_ASKED:
        _check_person(state, service, person, follower)
    for id in then:
        further = spec.services[id]
        _check_opens_today(state, further, at)
        _check_person(state, further, person, follower)


def check_only_one(state: HallState, ticket: Ticket) -> None:
    """Refuse to have a ticket wait again whose holder took another one for one of its services meanwhile."""
    taken = ticket.taken
    services = {taken.service, *taken.then}
    for id in _taken_by(state, taken.person, taken.follower):
        other = state.tickets[id]
        if other.state.open and not services.isdisjoint((other.taken.service, *other.taken.then)):
            raise Refusal(
                Reason.PERSON_LIMIT,
                f"whoever had {ticket.number} has {other.number} for the same service now; "
                "cancel that one first",
            )


def numbers_exhausted(state: HallState, service: Service) -> Refusal:
    """Return the refusal of a service that has no more numbers today."""
    opens_at = _opens_anew(state, service.id)
    return Refusal(
        Reason.NUMBERS_EXHAUSTED,
        f"service {service.id} has given out its numbers to {service.number(service.last)} "
        f"for this business day; there are new ones {_when(state.spec, opens_at)}; "
        "or raise its `last`, let past_last go on, or add a service",
        opens_at,
    )


# -- hours ---------------------------------------------------------------------------------------


def _check_open(state: HallState, service: Service, at: datetime) -> None:
    spec = state.spec
    stretch = stretch_of(spec, service.id, at)
    if not stretch.is_open:
        raise _closed(state, service, at, stretch)
    last = last_ticket_at(state, service.id, at)
    if last is not None and last <= at:
        opens_at = _opens_after(state, service.id, at)
        raise Refusal(
            Reason.CLOSED,
            f"the last tickets of service {service.id} were given out until {_local(spec, last)}; "
            f"it opens {_when(spec, opens_at)}",
            opens_at,
        )


def _check_opens_today(state: HallState, service: Service, at: datetime) -> None:
    """Refuse a further service of a visit that is not open any more in this business day."""
    stretch = stretch_of(state.spec, service.id, at)
    if not stretch.is_open and (stretch.opens_at is None or stretch.opens_at >= state.ends_at):
        raise _closed(state, service, at, stretch)


def _closed(state: HallState, service: Service, at: datetime, stretch: Stretch) -> Refusal:
    spec, opens_at = state.spec, stretch.opens_at
    hall = stretch_of(spec, None, at)
    who = f"service {service.id}" if hall.is_open else f"hall {spec.id}"
    day = at.astimezone(zone(spec.time_zone)).date()
    closures = (*spec.hours.closures, *service.hours.closures)
    reasons = [one.reason for one in closures if one.first <= day <= one.last and one.reason]
    why = f" ({reasons[0]})" if reasons else ""
    return Refusal(
        Reason.CLOSED,
        f"{who} is closed{why}; service {service.id} opens {_when(spec, opens_at)}",
        opens_at,
    )


def _opens_after(state: HallState, service: ServiceId, at: datetime) -> datetime | None:
    """Return when the service opens after its closing in the business day of ``at``, which it has."""
    closing = closing_at(state, service, at)
    assert closing is not None
    return stretch_of(state.spec, service, closing).opens_at


def _opens_anew(state: HallState, service: ServiceId) -> datetime | None:
    """Return from when on there are numbers of the next business day."""
    stretch = stretch_of(state.spec, service, state.ends_at)
    return state.ends_at if stretch.is_open else stretch.opens_at


def _local(spec: HallSpec, at: datetime) -> str:
    return f"{at.astimezone(zone(spec.time_zone)):%Y-%m-%d %H:%M}"


def _when(spec: HallSpec, at: datetime | None) -> str:
    return "at no time that is known" if at is None else _local(spec, at)


# -- quota and persons ---------------------------------------------------------------------------


def _check_quota(state: HallState, service: Service) -> None:
    line = state.lines.get(service.id)
    if line is not None and service.quota is not None and line.issued >= service.quota:
        opens_at = _opens_anew(state, service.id)
        raise Refusal(
            Reason.QUOTA,
            f"service {service.id} has given out its {service.quota} tickets of this business day; "
            f"there are more {_when(state.spec, opens_at)}",
            opens_at,
        )


def _taken_by(
    state: HallState, person: PersonId | None, follower: FollowerId | None
) -> frozenset[TicketId]:
    """Return the tickets that somebody took today, under whatever name of himself."""
    nothing: frozenset[TicketId] = frozenset()
    as_person = nothing if person is None else state.persons.get(person, nothing)
    by_phone = nothing if follower is None else state.held.get(follower, nothing)
    return as_person | by_phone


def _check_person(
    state: HallState, service: Service, person: PersonId | None, follower: FollowerId | None
) -> None:
    """Refuse a second open ticket of a person for the service, and more in a day than it allows."""
    if person is None and service.identity is not Identity.NONE:
        raise Refusal(
            Reason.IDENTITY_NEEDED,
            f"service {service.id} asks for a {_ASKED[service.identity]}",
        )
    taken = 0
    for id in _taken_by(state, person, follower):
        ticket = state.tickets[id]
        if service.id != ticket.taken.service and service.id not in ticket.taken.then:
            continue
        taken += 1
        if ticket.state.open:
            raise Refusal(
                Reason.PERSON_LIMIT,
                f"this person has ticket {ticket.number} for service {service.id} already; "
                "it has to end before there is another",
            )
    if service.person_max is not None and taken >= service.person_max:
        opens_at = _opens_anew(state, service.id)
        raise Refusal(
            Reason.PERSON_LIMIT,
            f"this person had {taken} of the {service.person_max} tickets for service {service.id} "
            f"that one may have in a business day; there are more {_when(state.spec, opens_at)}",
            opens_at,
        )


_ASKED = {
    Identity.PHONE: "mobile number",
    Identity.DOCUMENT: "number of an identity card",
    Identity.WECHAT: "WeChat account",
}
