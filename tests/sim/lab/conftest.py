"""A small hall's day that is rehearsed in a moment."""

from __future__ import annotations

from datetime import date, time

import pytest

from protocol.appointments import AppointmentSpec, SlotPattern
from protocol.hall import Counter, HallSpec, Service
from protocol.ids import CounterId, HallId, Language, ServiceId
from protocol.tickets import TicketClass
from sim.distributions import Exponential, Fixed, LogNormal
from sim.lab.scenario import Appointments, Arrivals, Break, Days, LabScenario, People, Rating, Shift

EN = Language("en")


def hall() -> HallSpec:
    booked = AppointmentSpec(
        slots=(
            SlotPattern(
                weekdays=(1, 2, 3, 4, 5),
                begins=time(9),
                ends=time(12),
                every_minutes=30,
                capacity=3,
            ),
        ),
        walk_in_share=0.3,
    )
    return HallSpec(
        id=HallId("LAB"),
        names={EN: "A hall to rehearse in"},
        languages=(EN,),
        services={
            ServiceId("a"): Service(id=ServiceId("a"), names={EN: "A"}, prefix="A"),
            ServiceId("b"): Service(
                id=ServiceId("b"), names={EN: "B"}, prefix="B", appointments=booked
            ),
        },
        counters={
            CounterId(id): Counter(
                id=CounterId(id),
                names={EN: id},
                services=tuple(ServiceId(service) for service in services),
            )
            for id, services in {"1": "ab", "2": "ab", "3": "a"}.items()
        },
    )


@pytest.fixture
def scenario() -> LabScenario:
    """Three hours with a bit of everything."""
    return LabScenario(
        name="small",
        title="A small day",
        spec=hall(),
        days=Days(first=date(2026, 3, 3), begins=time(9), ends=time(12)),
        shifts=(
            Shift(counter=CounterId("1"), begins=time(9), ends=time(12), overtime_s=3600),
            Shift(
                counter=CounterId("2"),
                begins=time(9),
                ends=time(12),
                breaks=(Break(begins=time(10), ends=time(10, 20)),),
                overtime_s=3600,
            ),
            Shift(counter=CounterId("3"), begins=time(10), ends=time(11)),
        ),
        arrivals=(
            Arrivals(
                name="everybody",
                services={ServiceId("a"): 3, ServiceId("b"): 1},
                rates=((time(9), 40), (time(10, 15), 80), (time(10, 30), 30)),
                classes={TicketClass.NORMAL: 4, TicketClass.PRIORITY: 1},
                party={1: 3, 2: 1},
                remote_share=0.2,
            ),
        ),
        appointments=(Appointments(service=ServiceId("b"), no_show_share=0.3),),
        service_s={
            ServiceId("a"): LogNormal(mean_s=150, spread=0.6),
            ServiceId("b"): Fixed(always_s=240),
        },
        people=People(
            to_counter_s=Fixed(always_s=8),
            patience_s=Exponential(mean_s=3000),
            no_show_share=0.05,
            way_s=Exponential(mean_s=600),
        ),
        rating=Rating(share=0.5),
    )
