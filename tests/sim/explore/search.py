"""Looks for the first seed that finds each planted bug: ``python -m tests.sim.explore.search [WORD...]``.

It watches the invariant of each bug alone, which is what shows that this one can fail.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from time import process_time

from joblib import Parallel, delayed

from sim.explore.draw import draw
from sim.explore.runs import run_case
from tests.sim.explore.planted.bug import Bug
from tests.sim.explore.planted.catalogue import BUGS

SEEDS_MAX = 200
JOBS = 2


def first_seed(bug: Bug, seeds: Sequence[int]) -> int | None:
    """Return the first of ``seeds`` that finds ``bug``, if one does."""
    with bug.planted():
        for seed in seeds:
            case = draw(seed)
            if not bug.can_show(case):
                continue
            if bug.is_found(run_case(case, invariants=(bug.invariant,)).broken):
                return seed
    return None


def _search(bug: Bug, most: int) -> tuple[Bug, int | None, float]:
    began_s = process_time()
    return bug, first_seed(bug, range(most)), process_time() - began_s


def main(arguments: Sequence[str]) -> int:
    """Print a table: each bug, its invariant, and the seeds that it took."""
    wanted = [bug for bug in BUGS if not arguments or any(word in bug.name for word in arguments)]
    missed = 0
    searches = (delayed(_search)(bug, SEEDS_MAX) for bug in wanted)
    for bug, seed, took_s in Parallel(n_jobs=JOBS, return_as="generator")(searches):
        missed += seed is None
        found = "not found" if seed is None else f"seed {seed}, the {seed + 1}. one"
        print(f"{bug.invariant:>2}  {bug.name:<36} {found:<24} {took_s:6.1f} s", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
