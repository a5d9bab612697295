"""The explorer: halls that hold, one hash for a seed in any process, and cases that get smaller."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pykka import ActorRegistry

from protocol.values import replace
from sim.explore.case import Case
from sim.explore.draw import draw
from sim.explore.run import Outcome
from sim.explore.runs import explore, run_case
from sim.explore.shrink import shrink
from sim.faults.catalogue import FAULTS
from tests.sim.explore.planted.catalogue import BUGS

SHORT_S = 600.0
ROOT = Path(__file__).resolve().parents[3]


def short(seed: int, lasts_s: float = SHORT_S) -> Case:
    """Return the case of ``seed`` with less time, into which its faults are pressed."""
    case = draw(seed)
    share = lasts_s / case.lasts_s
    faults = [
        replace(fault, begins_s=fault.begins_s * share, lasts_s=fault.lasts_s * share)
        for fault in case.faults
    ]
    return replace(case, lasts_s=lasts_s, faults=tuple(faults))


@pytest.mark.parametrize("seed", range(20))
def test_drawn_hall_holds_what_must_always_hold(seed: int) -> None:
    outcome = run_case(short(seed))
    assert outcome.broken is None, "\n".join([str(outcome.broken), *outcome.around])


def test_draws_every_kind_of_fault_in_about_a_quarter_of_the_cases() -> None:
    cases = [draw(seed) for seed in range(150)]
    for name in FAULTS:
        having = sum(any(fault.kind == name for fault in case.faults) for case in cases)
        # Some halls have no printer, or no radio, to which it could happen.
        assert 0.05 < having / len(cases) < 0.4, name


def test_same_seed_draws_the_same_case() -> None:
    assert draw(7) == draw(7)
    assert draw(7) != draw(8)


_HASH = """
from sim.explore.runs import run_case
from tests.sim.explore.test_explore import short
for seed in (2, 23):
    print(run_case(short(seed, 300.0)).hash)
"""


def test_hash_of_all_messages_is_the_same_in_any_process_under_any_hash_seed() -> None:
    hashes = set()
    for hash_seed in ("0", "4711"):
        ran = subprocess.run(
            [sys.executable, "-c", _HASH],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        hashes.add(tuple(ran.stdout.split()))
    # Here other runs came before, in another order.
    hashes.add(tuple(reversed([run_case(short(seed, 300.0)).hash for seed in (23, 2)])))
    assert len(hashes) == 1
    [(one, other)] = hashes
    assert one != other


def test_nothing_of_a_run_stays() -> None:
    before = len(ActorRegistry.get_all())
    run_case(short(3, 100.0))
    assert len(ActorRegistry.get_all()) == before


def test_outcomes_come_from_several_processes() -> None:
    with pytest.raises(ValueError, match="0 jobs"):
        list(explore([], jobs=0))
    assert list(explore([], jobs=2)) == []


def test_failing_case_is_made_smaller_and_still_breaks_the_same() -> None:
    bug = next(bug for bug in BUGS if bug.name == "ids are not remembered")
    case = short(bug.seed)
    assert case.faults
    with bug.planted():
        outcome = run_case(case)
        assert outcome.broken is not None
        small, least = shrink(case, outcome, run_case)
    assert least.broken is not None
    assert least.broken.invariant == outcome.broken.invariant
    assert small.faults == ()
    assert small.lasts_s < case.lasts_s
    # Without double clicks it would not show.
    assert small.people.twice_share > 0
    number = least.broken.number
    assert number is not None
    assert any(number in line for line in least.around)
    # The code is right again.
    assert run_case(small).broken is None


def test_case_that_cannot_be_made_smaller_stays_as_it_is() -> None:
    case = short(0)

    def fails_only_whole(tried: Case) -> Outcome:
        return replace(outcome, broken=outcome.broken if tried == case else None)

    bug = next(bug for bug in BUGS if bug.name == "ids are not remembered")
    with bug.planted():
        outcome = run_case(case)
    assert shrink(case, outcome, fails_only_whole) == (case, outcome)
