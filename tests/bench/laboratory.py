"""The laboratory: a day with every device, of the queue alone, of many halls; the explorer's ten minutes."""

from __future__ import annotations

import gc
import logging
import resource
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date, time
from multiprocessing import get_context
from time import process_time
from types import MappingProxyType

from protocol.hall import Counter, HallSpec, Service
from protocol.ids import CounterId, HallId, Language, ServiceId
from protocol.values import replace
from sim.distributions import LogNormal
from sim.explore.runs import run_seed
from sim.lab.calendar import Calendar
from sim.lab.run import LabRun, run_together
from sim.lab.scenario import Arrivals, Days, LabScenario, Modules, Radio, Shift
from sim.lab.whole import WholeRun
from sim.world import SimWorld
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


MANY = (10, 100)
"""Small halls on one world, each with so many counters and customers in its day:"""
SMALL_COUNTERS = 5
SMALL_CUSTOMERS = 500
ALONE = 10
"""So many of them run alone beside, half before and half after."""
TIMES_MAX = 1.6
"""Halls that take turns have their states in a processor's cache less often than one that is alone."""
MEMORY_MAX_MB = 2_000
KB_PER_MB = 1000 / 1.024


def measure() -> list[Figure]:
    """Return the laboratory's figures, in seconds of one processor. Takes about two minutes."""
    # What devices complain of in so rough a day is not what is measured.
    logging.getLogger("actors").setLevel(logging.CRITICAL)
    # What is loaded once in a process is no part of a day.
    WholeRun(_scenario(1, 5), 1).go()
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
        *(figure for halls in MANY for figure in _many(halls)),
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


def _many(halls: int) -> list[Figure]:
    """Return what a day of so many small halls takes on one world, in a process of their own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        each_s, alone_s, memory_mb = process.submit(_together_and_alone, halls).result()
    small = f"small halls in one process, {SMALL_CUSTOMERS:,} customers each"
    return [
        Figure(
            name=f"{halls} {small}: a day of each",
            value=each_s,
            unit="s",
            peer_name="one alone",
            peer_value=alone_s,
            goal=f"<= {TIMES_MAX} times",
            met=each_s <= TIMES_MAX * alone_s,
        ),
        Figure(
            name=f"{halls} {small}: memory",
            value=memory_mb,
            unit="MB",
            goal=f"<= {MEMORY_MAX_MB:,} MB",
            met=memory_mb <= MEMORY_MAX_MB,
        ),
    ]


def _together_and_alone(halls: int) -> tuple[float, float, float]:
    """Return the seconds of a hall among as many, those of one alone, and the memory at most (MB)."""
    _small_halls([0])  # what is loaded and cached once is
    alone_s = sum(_small_halls([seed]) for seed in range(ALONE // 2))
    together_s = _small_halls(range(halls))
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KB_PER_MB
    alone_s += sum(_small_halls([seed]) for seed in range(ALONE // 2, ALONE))
    return together_s / halls, alone_s / ALONE, memory_mb


def _small_halls(seeds: Sequence[int]) -> float:
    """Run a day of a small hall for each seed, all on one world; return the seconds that it took."""
    whole = _scenario(SMALL_COUNTERS, SMALL_CUSTOMERS)
    gc.collect()
    began_s = process_time()
    world = SimWorld(begins=Calendar(whole).begins)
    runs = []
    for seed in seeds:
        spec = replace(whole.spec, id=HallId(f"BENCH{seed}"))
        runs.append(LabRun(replace(whole, spec=spec), seed, world=world))
    run_together(runs)
    return process_time() - began_s


def _scenario(counters: int = COUNTERS, customers: int = CUSTOMERS) -> LabScenario:
    spec = _hall(counters)
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
                rates=((BEGINS, customers / hours),),
            ),
        ),
        service_s={id: LogNormal(mean_s=SERVICE_S - 15.0, spread=0.5) for id in spec.services},
        radio=Radio(module=Modules.E32, loss=0.01),
    )


def _hall(counters: int) -> HallSpec:
    english = Language("en")
    services = {
        ServiceId(name): Service(id=ServiceId(name), names={english: name}, prefix=name)
        for name in "ABCD"
    }
    places = {
        CounterId(str(number)): Counter(
            id=CounterId(str(number)), names={english: str(number)}, services=tuple(services)
        )
        for number in range(1, counters + 1)
    }
    return HallSpec(
        id=HallId("BENCH"),
        names={english: "A hall"},
        languages=(english,),
        services=MappingProxyType(services),
        counters=MappingProxyType(places),
    )
