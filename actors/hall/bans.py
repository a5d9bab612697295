"""Who missed too many appointments books none for a while, unless somebody lets him. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from actors.hall.day import zone
from actors.hall.diary import Booking
from actors.hall.refusals import Refusal, find_booking
from actors.hall.state import HallState
from protocol.answers import Reason
from protocol.booking_events import BanLifted, PersonBanned
from protocol.commands import LiftBan
from protocol.events import Event
from protocol.ids import CommandId, PersonId


def check_ban(state: HallState, person: PersonId, at: datetime) -> None:
    """Refuse who is banned."""
    until = _banned_until(state, person, at)
    if until is not None:
        local = until.astimezone(zone(state.spec.time_zone))
        raise Refusal(
            Reason.BANNED,
            f"too many appointments were missed: none is taken before {local:%Y-%m-%d %H:%M}; take a ticket",
            until,
        )


def banned_for(
    state: HallState, missed: Booking, command: CommandId, at: datetime
) -> PersonBanned | None:
    """Return the ban of whoever did not come with that booking, if it was one too many."""
    service, person = state.spec.services.get(missed.service), missed.person
    rule = None if service is None or service.appointments is None else service.appointments.ban
    if rule is None or person is None:
        return None
    since = missed.starts_at - timedelta(days=rule.within_days)
    times = (*state.diary.missed.get(person, ()), missed.starts_at)
    if sum(time > since for time in times) < rule.no_shows:
        return None
    until = missed.check_in_until + timedelta(days=rule.for_days)
    return PersonBanned(at=at, command=command, person=person, until=until)


def lift_ban(state: HallState, command: LiftBan, at: datetime) -> tuple[Event, ...]:
    """End a ban before its time; what was missed before it does not count any more."""
    person = command.person
    if person is None and command.booking is not None:
        person = find_booking(state, command.booking).person
    until = None if person is None else _banned_until(state, person, at)
    if person is None or until is None:
        raise Refusal(
            Reason.NOT_BANNED,
            "that person is not banned; give what was said at booking, or the code of a booking",
        )
    return (BanLifted(at=at, command=command.id, person=person, until=until),)


def _banned_until(state: HallState, person: PersonId, at: datetime) -> datetime | None:
    until = state.diary.bans.get(person)
    return until if until is not None and at < until else None
