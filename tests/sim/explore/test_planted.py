"""Each planted bug is found by the seed that is known to find it: so every invariant can fail.

``python -m tests.sim.explore.search`` looks for these seeds from 0 on, which takes some minutes.
"""

from __future__ import annotations

from collections import Counter

import pytest

from sim.explore.draw import draw
from sim.explore.runs import run_case
from sim.watch.invariants import INVARIANTS
from tests.sim.explore.planted.bug import Bug
from tests.sim.explore.planted.catalogue import BUGS
from tests.sim.explore.search import SEEDS_MAX, first_seed


@pytest.mark.parametrize("bug", BUGS, ids=[bug.name.replace(" ", "-") for bug in BUGS])
def test_planted_bug_is_found_by_its_invariant(bug: Bug) -> None:
    with bug.planted():
        broken = run_case(draw(bug.seed), invariants=(bug.invariant,)).broken
    if not bug.is_found(broken):
        # What a seed stands for changes with the code that it runs: then another one finds it. That may
        # take minutes: the seed's number wants to be corrected.
        found = first_seed(bug, range(SEEDS_MAX))
        assert found is not None, f"seed {bug.seed} finds {broken}, and no other one the bug"


def test_each_invariant_has_two_bugs_or_more_that_are_found_soon() -> None:
    bugs = Counter(bug.invariant for bug in BUGS)
    assert set(bugs) == set(INVARIANTS)
    assert min(bugs.values()) >= 2
    assert all(bug.seed < SEEDS_MAX for bug in BUGS)
