"""Draws halls: one to six services, one to eight counters; its radio and appointments are drawn beside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from random import Random
from types import MappingProxyType
from typing import TypeVar

from actors.hall.day import zone
from protocol.hall import (
    Admission,
    Counter,
    EvaluationSpec,
    HallSpec,
    Kiosk,
    PastLast,
    Service,
    UnstartedTicket,
)
from protocol.hours import ALWAYS, Hours, Opening
from protocol.ids import CounterId, HallId, KioskId, Language, ServiceId, StaffId
from protocol.policies import LateRule, Policy, PolicyKind
from protocol.pushes import PushSpec
from protocol.tickets import TicketClass
from protocol.values import replace
from sim.explore.appointments import draw_appointments
from sim.explore.segments import draw_gateways

SERVICES_MAX = 6
COUNTERS_MAX = 8
FEW_COUNTERS_MAX = 3
KIOSKS_MAX = 2

ZH, EN = Language("zh"), Language("en")
TIME_ZONE = "Asia/Shanghai"
ALL_DAYS = (1, 2, 3, 4, 5, 6, 7)

K = TypeVar("K")
V = TypeVar("V")


def draw_hall(seed: int, begins: datetime) -> HallSpec:
    """Return a hall in which something may happen from ``begins`` (aware, UTC) on."""
    random = Random(f"{seed}/hall")
    services = draw_appointments(_services(random), Random(f"{seed}/appointments"))
    counters = _counters(random, tuple(services))
    followed = Random(f"{seed}/pushes")
    services = {id: replace(one, lead=followed.choice([0, 1, 3])) for id, one in services.items()}
    return HallSpec(
        id=HallId("X1"),
        names={ZH: "大厅", EN: "Hall"},
        services=_frozen(services),
        counters=counters,
        kiosks=_kiosks(random),
        gateways=draw_gateways(tuple(counters), tuple(services), Random(f"{seed}/gateways")),
        time_zone=TIME_ZONE,
        day_begins=_day_begins(random, begins),
        unstarted=random.choice(list(UnstartedTicket)),
        recalls_max=random.choice([1, 3]),
        announcement_s=random.choice([2.0, 5.0]),
        hours=_hours(random, begins),
        policy=_policy(Random(f"{seed}/policy")),
        admission=random.choice(list(Admission)),
        evaluation=EvaluationSpec(
            within_s=random.choice([600.0, 3600.0]), invite=random.random() < 0.8
        ),
        pushes=PushSpec(recall=followed.random() < 0.5),
        staff=_frozen({StaffId(str(1000 + n)): f"职员{n}" for n in range(len(counters))}),
    )


def _frozen(values: dict[K, V]) -> Mapping[K, V]:
    return MappingProxyType(values)


def _services(random: Random) -> Mapping[ServiceId, Service]:
    services = {}
    for n in range(random.randint(1, SERVICES_MAX)):
        id = ServiceId(f"s{n + 1}")
        services[id] = Service(
            id=id,
            names={ZH: f"业务{n + 1}", EN: f"Service {n + 1}"},
            prefix="ABCDEF"[n],
            last=random.choice([999, 999, 999, 40]),
            past_last=random.choice(list(PastLast)),
            quota=random.choice([None, None, None, 30]),
            service_s=random.choice([60.0, 180.0, 300.0]),
        )
    return _frozen(services)


def _counters(random: Random, services: tuple[ServiceId, ...]) -> Mapping[CounterId, Counter]:
    # Where there are few, people have to wait.
    count = random.randint(1, random.choice([FEW_COUNTERS_MAX, COUNTERS_MAX]))
    given: list[set[ServiceId]] = [
        set(random.sample(services, random.randint(1, len(services)))) for _ in range(count)
    ]
    for service in services:
        # Each is had somewhere: a ticket that nobody may call would be lost by configuration.
        random.choice(given).add(service)
    counters = {}
    for n, having in enumerate(given):
        id = CounterId(str(n + 1))
        ordered = [service for service in services if service in having]
        random.shuffle(ordered)
        counters[id] = Counter(
            id=id,
            names={ZH: f"{n + 1}号窗口"},
            services=tuple(ordered),
            weights=_frozen({service: random.randint(1, 4) for service in ordered}),
        )
    return _frozen(counters)


def _kiosks(random: Random) -> Mapping[KioskId, Kiosk]:
    kiosks = {}
    for n in range(random.randint(0, KIOSKS_MAX)):
        id = KioskId(f"k{n + 1}")
        printer = f"virtual:printer-{id}" if random.random() < 0.8 else None
        kiosks[id] = Kiosk(id=id, names={ZH: "取号机"}, printer=printer)
    return _frozen(kiosks)


def _policy(random: Random) -> Policy:
    # Only classes that share a counter by ratios overtake each other all day long, and a bound on that shows
    # where it comes before the ratio does.
    return Policy(
        kind=random.choice([*PolicyKind, *3 * [PolicyKind.CLASS_RATIOS]]),
        ratios=_frozen(
            {
                TicketClass.NORMAL: random.randint(1, 2),
                TicketClass.PRIORITY: random.choice([1, 3, 6]),
                TicketClass.APPOINTMENT: random.randint(1, 3),
            }
        ),
        overtaken_max=random.choice([None, 0, 1, 1, 2]),
        overtaken_wait_s=random.choice([None, None, 300.0, 900.0]),
        due_before_s=random.choice([0.0, 120.0, 600.0]),
        late=random.choice(list(LateRule)),
        late_after_s=random.choice([0.0, 300.0]),
    )


def _day_begins(random: Random, begins: datetime) -> time:
    """Return when days begin: in some halls while people are there."""
    if random.random() >= 0.2:
        return time(4, 0)
    at = begins.astimezone(zone(TIME_ZONE)) + timedelta(minutes=random.randint(10, 100))
    return at.time().replace(second=0, microsecond=0)


def _hours(random: Random, begins: datetime) -> Hours:
    """Return opening hours: some halls close, or open, while the run lasts."""
    if random.random() >= 0.3:
        return ALWAYS
    local = begins.astimezone(zone(TIME_ZONE)).replace(minute=0, second=0, microsecond=0)
    opens = local + timedelta(minutes=random.choice([-30, 0, 15]))
    closes = local + timedelta(minutes=random.choice([75, 100, 400]))
    opening = Opening(weekdays=ALL_DAYS, opens=opens.time(), closes=closes.time())
    return Hours(openings=(opening,))
