"""Draws what one seed stands for: a hall, its people, and what goes wrong there."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from protocol.hall import HallSpec
from protocol.tickets import TicketClass
from protocol.values import replace
from sim.explore.case import HALL_S, Case, People
from sim.explore.halls import draw_hall
from sim.explore.segments import draw_paired
from sim.faults.catalogue import FAULTS
from sim.faults.kind import Fault, draw_fault
from sim.floor.screens import LargeScreen
from sim.site import Site
from sim.world import MONDAY

ARRIVALS_PER_H = (6.0, 20.0, 40.0)
"""Customers an hour: what is drawn from, times the number of counters at most."""


FOLLOW_SHARES = (0.0, 0.0, 0.3, 1.0)
"""How many follow their ticket on the phone."""

COPIED_SHARE = 0.4
"""Of the halls, whose events go to headquarters."""

ON_SHARE = 0.25
"""Of the runs, in which a kind of fault is on."""

WHOLE_SHARE = 0.4
"""Of the deaths of the process, those between a commit and its answers."""

TIMES_MAX = 3
"""How often it happens then."""

END_SHARE = 0.2
"""Of the faults, those that are on when everything is healed, so that healing is more than waiting."""

LONGEST_S = 1_200.0
"""No single fault takes most of the run: what happens after it is as telling."""


def draw(seed: int) -> Case:
    """Return the case of ``seed``: the same at all times and in every process."""
    begins = MONDAY + timedelta(hours=Random(f"{seed}/begins").choice([0, 1, 3, 6]))
    spec = draw_hall(seed, begins)
    people = replace(
        _people(spec, Random(f"{seed}/people")),
        follow_share=Random(f"{seed}/follow").choice(FOLLOW_SHARES),
    )
    copied = Random(f"{seed}/copied").random() < COPIED_SHARE
    random = Random(f"{seed}/rest")
    paired = draw_paired(spec, Random(f"{seed}/paired"))
    return Case(
        seed=seed,
        spec=spec,
        people=people,
        faults=draw_faults(
            spec,
            Random(f"{seed}/faults"),
            Random(f"{seed}/whole"),
            HALL_S,
            followed=people.follow_share > 0,
            copied=copied,
        ),
        begins=begins,
        commit_s=random.choice([0.0005, 0.002, 0.02, 0.2]),
        on_channel=random.random() < 0.25,
        paired=paired,
        stranger_s=random.choice([30.0, 300.0]) if paired else None,
        fitter_s=random.choice([None, 600.0]) if paired else None,
        snapshot_events=random.choice([5, 50, 20_000]),
        copied=copied,
        lasts_s=HALL_S,
    )


def draw_faults(
    spec: HallSpec,
    random: Random,
    whole: Random,
    lasts_s: float,
    *,
    followed: bool = False,
    copied: bool = False,
) -> tuple[Fault, ...]:
    """Return faults within ``lasts_s``, in the order of their beginnings; of WeChat too where phones follow.

    Of the network to headquarters where events are copied there.
    """
    premises = Site(None, spec, 0, starts=False, followed=followed, copied=copied)
    premises.screen = LargeScreen(premises)
    faults: list[Fault] = []
    for kind in FAULTS.values():
        # Whether a kind is on is drawn even where nothing can have it: the others stay as they are.
        if random.random() >= ON_SHARE:
            continue
        for _ in range(random.randint(1, TIMES_MAX)):
            begins_s = random.uniform(0.0, lasts_s)
            fault = draw_fault(kind, premises, random, begins_s, lasts_max_s=LONGEST_S)
            is_on_at_end, left = random.random() < END_SHARE, random.random()
            if fault is None:
                continue
            if is_on_at_end:
                fault = replace(fault, begins_s=max(lasts_s - left * fault.lasts_s, 0.0))
            faults.append(_whole_at_times(fault, whole))
    return tuple(sorted(faults, key=lambda fault: fault.begins_s))


def _whole_at_times(fault: Fault, random: Random) -> Fault:
    """Have some processes die when a commit is whole and nobody was told: a share alone never comes to that."""
    if fault.kind != "process-kill" or random.random() >= WHOLE_SHARE:
        return fault
    return replace(fault, parameters={"amid_commit": 1.0, "written": 1.0})


def _people(spec: HallSpec, random: Random) -> People:
    normal, priority = TicketClass.NORMAL, TicketClass.PRIORITY
    booked = any(service.appointments is not None for service in spec.services.values())
    return People(
        arrivals_per_h=random.choice(ARRIVALS_PER_H) * min(len(spec.counters), 2),
        service_s=random.choice([60.0, 120.0, 240.0]),
        classes=random.choice([(normal,), (normal, normal, normal, priority), (normal, priority)]),
        visit_share=random.choice([0.0, 0.0, 0.3]) if len(spec.services) > 1 else 0.0,
        bookings_per_h=random.choice([20.0, 60.0]) if booked else 0.0,
        burst_share=random.choice([0.0, 0.05, 0.2]),
        twice_share=random.choice([0.0, 0.05]),
        cancel_share=random.choice([0.0, 0.1, 0.3]),
        follow_share=0.0,
        rating_share=random.choice([0.0, 0.2, 0.5]),
        supervisor_s=random.choice([60.0, 300.0, 3600.0]),
        closure_s=random.choice([None, 1800.0]),
    )
