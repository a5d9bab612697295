"""Many seeds, one after another or in several processes at once."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterable, Iterator

from joblib import Parallel, delayed

from sim.explore.case import Case
from sim.explore.draw import draw
from sim.explore.run import ExplorerRun, Outcome
from sim.watch.invariants import INVARIANTS

log = logging.getLogger("actors")

SEEDS_MAX = 1_000_000
JOBS_MAX = 256

SEEDS_AT_ONCE = 8
"""Seeds that a process is given at once."""


def run_case(
    case: Case, *, invariants: Iterable[int] = tuple(INVARIANTS), keep_lines: bool = False
) -> Outcome:
    """Run ``case`` and watch ``invariants``; everything of it is let go afterwards.

    What actors log of all that breaks is left out: sightings tell it.
    """
    loud = log.level
    log.setLevel(logging.CRITICAL)
    # What was there before the run is not looked through at its end.
    gc.freeze()
    try:
        return ExplorerRun(case, invariants).go(keep_lines=keep_lines)
    finally:
        log.setLevel(loud)
        # Runs collect no garbage; a hall and its people refer to each other.
        gc.collect()
        gc.unfreeze()


def run_seed(seed: int) -> Outcome:
    """Run what ``seed`` stands for."""
    return run_case(draw(seed))


def explore(seeds: Iterable[int], jobs: int = 1) -> Iterator[Outcome]:
    """Run all ``seeds`` and yield their outcomes as they are done, with ``jobs`` processes in no order.

    Raises:
        ValueError: ``jobs`` is not within 1 and `JOBS_MAX`.
    """
    if not 1 <= jobs <= JOBS_MAX:
        raise ValueError(f"{jobs} jobs cannot be run at once; it takes 1 to {JOBS_MAX}")
    if jobs == 1:
        yield from map(run_seed, seeds)
        return
    engine = Parallel(n_jobs=jobs, batch_size=SEEDS_AT_ONCE, return_as="generator_unordered")
    yield from engine(delayed(run_seed)(seed) for seed in seeds)
