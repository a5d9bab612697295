"""Draws how services are booked: slots all day long, few places in each, and rules that soon matter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from random import Random
from types import MappingProxyType

from protocol.appointments import AppointmentSpec, BanRule, SlotPattern
from protocol.hall import Service
from protocol.ids import ServiceId
from protocol.values import replace

ALL_DAYS = (1, 2, 3, 4, 5, 6, 7)
NIGHT = time(0, 0)

HALL_SHARE = 0.4
"""Of the halls, those in which services are booked."""

SERVICE_SHARE = 0.7
"""Of the services of such a hall."""


def draw_appointments(
    services: Mapping[ServiceId, Service], random: Random
) -> Mapping[ServiceId, Service]:
    """Return ``services`` with appointments, or as they are."""
    if random.random() >= HALL_SHARE:
        return services
    return MappingProxyType(
        {
            id: replace(service, appointments=_appointments(random))
            if random.random() < SERVICE_SHARE
            else service
            for id, service in services.items()
        }
    )


def _appointments(random: Random) -> AppointmentSpec:
    every_minutes = random.choice([5, 15, 30])
    slots = SlotPattern(
        weekdays=ALL_DAYS,
        begins=NIGHT,
        ends=NIGHT,
        every_minutes=every_minutes,
        capacity=random.choice([1, 2, 4]),
    )
    return AppointmentSpec(
        slots=(slots,),
        # Of one place half is none.
        walk_in_share=0.0 if slots.capacity == 1 else random.choice([0.0, 0.5]),
        soonest_days=0,
        latest_days=random.choice([0, 7, 14]),
        person_max=random.choice([None, 1, 2]),
        confirm_within_s=random.choice([None, 60.0, 600.0]),
        early_s=random.choice([300.0, 1800.0]),
        late_s=random.choice([0.0, 60.0, 600.0]),
        ban=random.choice([None, BanRule(no_shows=2, within_days=7, for_days=1)]),
        move_closed=random.random() < 0.7,
    )
