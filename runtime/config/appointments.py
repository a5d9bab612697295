"""Appointments in a configuration: how they are typed, and what fits together in them."""

from __future__ import annotations

from datetime import time

from actors.hall.slots import bookable
from protocol.appointments import (
    BAN_DAYS_MAX,
    BAN_NO_SHOWS_MAX,
    DAYS_AHEAD_MAX,
    AppointmentSpec,
    BanRule,
    SlotPattern,
)
from protocol.hall import Identity, Service
from runtime.config import kinds, model
from runtime.config.document import Place
from runtime.config.opening import CLOSING_TIME
from runtime.config.problems import Findings
from runtime.config.tables import Field, Tables

__all__ = ["check_appointments", "declare_appointments"]

MINUTES_A_DAY = 24 * 60


def declare_appointments(tables: Tables) -> None:
    """Declare the appointments of a service."""
    tables.declare(
        SlotPattern,
        weekdays=tables.several(kinds.whole(1, 7), most=7),
        begins=Field(key="from", read=tables.one(kinds.LOCAL_TIME)),
        ends=Field(key="to", read=tables.one(CLOSING_TIME)),
        every_minutes=tables.one(kinds.whole(1, MINUTES_A_DAY)),
        capacity=tables.one(kinds.whole(1, model.SLOT_PLACES_MAX)),
    )
    tables.declare(
        BanRule,
        no_shows=tables.one(kinds.whole(1, BAN_NO_SHOWS_MAX)),
        within_days=tables.one(kinds.whole(1, BAN_DAYS_MAX)),
        for_days=tables.one(kinds.whole(1, BAN_DAYS_MAX)),
    )
    tables.declare(
        AppointmentSpec,
        slots=Field(key="slot", read=tables.listed(SlotPattern, most=model.SLOT_PATTERNS_MAX)),
        walk_in_share=tables.one(kinds.number(0, 0.99)),
        soonest_days=tables.one(kinds.whole(0, DAYS_AHEAD_MAX)),
        latest_days=tables.one(kinds.whole(0, DAYS_AHEAD_MAX)),
        person_max=tables.one(kinds.whole(1, model.PERSON_BOOKINGS_MAX)),
        confirm_within_s=tables.one(kinds.number(30, 30 * 86_400)),
        early_s=tables.one(kinds.number(0, 43_200)),
        late_s=tables.one(kinds.number(0, 43_200)),
        ban=tables.table(BanRule),
        move_closed=tables.one(kinds.BOOLEAN),
    )


def check_appointments(tables: Tables, findings: Findings, place: Place, service: Service) -> None:
    """Report appointments of the service at ``place`` that nobody could book, or nobody could be held to."""
    appointments = service.appointments
    if appointments is None:
        return
    here = (*place, "appointments")
    if not appointments.slots and findings.sound(here, (*here, "slot")):
        findings.add(
            (*here, "slot"),
            "there is no slot",
            "needed is at least one [[hall.service.appointments.slot]]",
        )
    days = ((*here, "soonest_days"), (*here, "latest_days"))
    if findings.sound(*days) and appointments.soonest_days > appointments.latest_days:
        wrong = f"{appointments.soonest_days} is after the latest day, {appointments.latest_days}"
        findings.add(days[0], wrong, f"allowed is 0 to {appointments.latest_days}")
    if service.identity is Identity.NONE and findings.sound((*place, "identity")):
        for key in ("person_max", "ban"):
            if getattr(appointments, key) is not None and findings.sound((*here, key)):
                wrong = "nobody says who he is, so that it cannot be kept"
                findings.add((*here, key), wrong, f"needed is identity = {KNOWN}")
    _check_slots(tables, findings, here, appointments)


KNOWN = " or ".join(repr(str(one)) for one in Identity if one is not Identity.NONE)
"""What a service may ask for so that its customers are known."""


def _check_slots(
    tables: Tables, findings: Findings, here: Place, appointments: AppointmentSpec
) -> None:
    """Report slots that are none, that overlap, or that walk-ins have for themselves."""
    taken: list[tuple[int, int, int]] = []
    share_sound = findings.sound((*here, "walk_in_share"))
    for at, pattern in tables.within(here, SlotPattern):
        if not findings.sound(*((*at, key) for key in ("weekdays", "from", "to", "every_minutes"))):
            continue
        begins, ends = _minute(pattern.begins), _minute(pattern.ends) or MINUTES_A_DAY
        if begins + pattern.every_minutes > ends:
            wrong = f"from {pattern.begins:%H:%M} to {pattern.ends:%H:%M} no slot fits"
            allowed = (
                f"needed are {pattern.every_minutes} minutes of one day, or a smaller every_minutes"
            )
            findings.add((*at, "to"), wrong, allowed)
            continue
        for weekday in pattern.weekdays:
            if any(day == weekday and begins < end and since < ends for day, since, end in taken):
                wrong = f"it overlaps another slot on weekday {weekday}"
                findings.add((*at, "from"), wrong, "allowed is each time of a weekday once")
                break
        taken += ((weekday, begins, ends) for weekday in pattern.weekdays)
        if (
            share_sound
            and findings.sound((*at, "capacity"))
            and not bookable(pattern, appointments.walk_in_share)
        ):
            wrong = f"of {pattern.capacity} places none is left to book with a walk_in_share of"
            allowed = "allowed is a larger capacity or a smaller walk_in_share"
            findings.add((*at, "capacity"), f"{wrong} {appointments.walk_in_share}", allowed)


def _minute(moment: time) -> int:
    return moment.hour * 60 + moment.minute
