"""The laboratory: a day with every device, a day of the queue alone, what the explorer makes in ten minutes."""

from __future__ import annotations

import logging
from datetime import date, time
from time import process_time
from types import MappingProxyType

from protocol.hall import Counter, HallSpec, Service
from protocol.ids import CounterId, HallId, Language, ServiceId
from sim.distributions import LogNormal
from sim.explore.runs import run_seed
from sim.lab.run import LabRun
from sim.lab.scenario import Arrivals, Days, LabScenario, Modules, Radio, Shift
from sim.lab.whole import WholeRun
from tests.bench.figures import Figure

COUNTERS = 20
CUSTOMERS = 2_000
BEGINS, ENDS = time(8), time(18)
SERVICE_S = 280.0
"""Counters are busy for three quarters of the ten hours."""

DAY_MAX_S = 3.0
SEEDS = 12
SEEDS_OF_GOAL = 1_000
GOAL_S = 600.0
CORES = 2
"""The explorer's goal is for so many at once."""


def measure() -> list[Figure]:
    """Return the laboratory's figures, in seconds of one processor. Takes about a minute."""
    # What devices complain of in so rough a day is not what is measured.
    logging.getLogger("actors").setLevel(logging.CRITICAL)
    whole_s, visitors = _day(whole=True)
    queue_s, _ = _day(whole=False)
    seed_s = _seeds()
    return [
        Figure(
            name=f"a day with every device, {COUNTERS} counters, {visitors:,} customers",
            value=whole_s,
            unit="s",
            peer_name="its queue alone",
            peer_value=queue_s,
            goal=f"<= {DAY_MAX_S:g} s",
            met=whole_s <= DAY_MAX_S,
        ),
        Figure(
            name="customers of a scenario at queue fidelity",
            value=visitors / queue_s,
            unit="customers/s",
        ),
        Figure(
            name="explorer, a seed of two hall hours",
            value=seed_s,
            unit="s",
            peer_name=f"{SEEDS_OF_GOAL:,} seeds in {GOAL_S / 60:g} minutes on {CORES} cores",
            peer_value=GOAL_S * CORES / SEEDS_OF_GOAL,
            goal=f"<= {GOAL_S * CORES / SEEDS_OF_GOAL:g} s",
            met=seed_s <= GOAL_S * CORES / SEEDS_OF_GOAL,
        ),
    ]


def _day(*, whole: bool) -> tuple[float, int]:
    """Run the day; return what it took, and how many came."""
    began_s = process_time()
    outcome = WholeRun(_scenario(), 1).go() if whole else LabRun(_scenario(), 1).go()
    return process_time() - began_s, len(outcome.visitors)


def _seeds() -> float:
    began_s = process_time()
    for seed in range(SEEDS):
        assert run_seed(seed).broken is None, f"seed {seed} found something: paihao explore"
    return (process_time() - began_s) / SEEDS


def _scenario() -> LabScenario:
    spec = _hall()
    hours = ENDS.hour - BEGINS.hour
    return LabScenario(
        name="bench",
        title="A day",
        spec=spec,
        days=Days(first=date(2026, 3, 2), begins=BEGINS, ends=ENDS),
        shifts=tuple(
            Shift(counter=counter, begins=BEGINS, ends=ENDS, overtime_s=3600.0)
            for counter in spec.counters
        ),
        arrivals=(
            Arrivals(
                name="all",
                services=dict.fromkeys(spec.services, 1.0),
                rates=((BEGINS, CUSTOMERS / hours),),
            ),
        ),
        service_s={id: LogNormal(mean_s=SERVICE_S - 15.0, spread=0.5) for id in spec.services},
        radio=Radio(module=Modules.E32, loss=0.01),
    )


def _hall() -> HallSpec:
    english = Language("en")
    services = {
        ServiceId(name): Service(id=ServiceId(name), names={english: name}, prefix=name)
        for name in "ABCD"
    }
    counters = {
        CounterId(str(number)): Counter(
            id=CounterId(str(number)), names={english: str(number)}, services=tuple(services)
        )
        for number in range(1, COUNTERS + 1)
    }
    return HallSpec(
        id=HallId("BENCH"),
        names={english: "A hall"},
        languages=(english,),
        services=MappingProxyType(services),
        counters=MappingProxyType(counters),
    )
