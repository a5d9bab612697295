"""The search for the fewest counters of a day, whoever judges the plans.

It begins with a plan that is given, adds counters where the target is missed, and then takes them away one by
one, in many quarters at once that are too far apart to feel one another, for as long as every quarter still
meets the target: no single one can be spared then. At every time somebody works who can serve each service.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Protocol

from sim.lab.attainment import Attained, Cell, Target
from sim.lab.staffing import QUARTER_S, Day, Plan

ADDING_ROUNDS_MAX = 60
PATIENT_ROUNDS = 3
"""Rounds after each of which one counter more is added at a time."""


class Judge(Protocol):
    """Says what a plan attains."""

    def attained(self, plan: Plan, /) -> Attained:
        """Return what it attains in all runs."""
        ...

    def missed(self, plan: Plan, /) -> Sequence[Cell]:
        """Return where it misses the target; of a plan that does, maybe not all places."""
        ...


class Search:
    """Seeks the fewest counters for a target."""

    def __init__(self, day: Day, target: Target, most: int, judge: Judge) -> None:
        """``most`` is how many counters a group may have."""
        self._day = day
        self._target = target
        self._most = most
        self._judge = judge
        self._lasts = 1 + math.ceil(target.within_s / QUARTER_S)
        """Quarters after which those who came in one have been called, if they are called in time."""

    def staffed_always(self, plan: Plan) -> Plan:
        """Return the plan with somebody for each service at every time, and no more than there may be."""
        rows = [[min(self._most, count) for count in row] for row in plan]
        for quarter in range(self._day.quarters):
            for pool in self._day.pools:
                if not any(rows[group][quarter] for group in pool.groups):
                    rows[pool.groups[0]][quarter] = 1
        return tuple(map(tuple, rows))

    # -- more ------------------------------------------------------------------------------------

    def enough(self, plan: Plan) -> Plan:
        """Add counters until the target is met, or all there may be."""
        for number in range(ADDING_ROUNDS_MAX):
            attained = self._judge.attained(plan)
            missed = attained.missed(self._target)
            if not missed:
                return plan
            rows = [list(row) for row in plan]
            for quarter in sorted({quarter for _, quarter in missed}):
                pools = {pool for pool, each in missed if each == quarter}
                for _ in range(1 + number // PATIENT_ROUNDS):
                    self._add(rows, quarter, pools, attained)
            if tuple(map(tuple, rows)) == plan:
                break
            plan = tuple(map(tuple, rows))
        return self._day.even(self._most)

    def _add(
        self, rows: list[list[int]], quarter: int, pools: set[int], attained: Attained
    ) -> None:
        """Add a counter for pools that miss the target in a quarter."""
        late = {pool: _late(attained, pool, quarter) for pool in pools}
        able = sorted({group for pool in pools for group in self._day.pools[pool].groups})

        def helps(group: int) -> int:
            return sum(
                count for pool, count in late.items() if group in self._day.pools[pool].groups
            )

        best = max(able, key=helps)
        # Those of the quarter are called in it and after it, behind those who came before.
        for at in (quarter, *range(quarter + 1, quarter + self._lasts), quarter - 1):
            if 0 <= at < self._day.quarters and rows[best][at] < self._most:
                rows[best][at] += 1
                return

    # -- fewer -----------------------------------------------------------------------------------

    def fewest(self, plan: Plan) -> Plan:
        """Take counters away for as long as the target is met, as it is by ``plan``."""
        # What seemed needed while more was there to be taken away elsewhere is looked at once more, alone.
        for apart in (self._lasts + 1, 2 * self._lasts + 2):
            plan = self._fewer(plan, apart)
        return plan

    def _fewer(self, plan: Plan, apart: int) -> Plan:
        """Take counters away in quarters that are ``apart``."""
        needed: set[Cell] = set()
        changed = True
        while changed:
            changed = False
            for group in range(len(self._day.groups)):
                for first in range(min(apart, self._day.quarters)):
                    cells = [
                        (group, quarter)
                        for quarter in range(first, self._day.quarters, apart)
                        if (group, quarter) not in needed and self._spared(plan, group, quarter)
                    ]
                    kept = self._without(plan, cells, needed)
                    changed = changed or kept != plan
                    plan = kept
        return plan

    def _spared(self, plan: Plan, group: int, quarter: int) -> bool:
        """Whether without one counter there is still somebody for each service."""
        return plan[group][quarter] > 0 and all(
            sum(plan[each][quarter] for each in pool.groups) > 1
            for pool in self._day.pools
            if group in pool.groups
        )

    def _without(self, plan: Plan, cells: Sequence[Cell], needed: set[Cell]) -> Plan:
        """Return the plan without as many of the counters at ``cells`` as can be spared."""
        left = list(cells)
        while left:
            fewer = _less(plan, left)
            missed = {quarter for _, quarter in self._judge.missed(fewer)}
            if not missed:
                return fewer
            blamed = {min(left, key=partial(_far, quarter)) for quarter in missed}
            needed |= blamed
            left = [cell for cell in left if cell not in blamed]
        return plan


def _far(missed: int, cell: Cell) -> float:
    """Return how unlikely it is that a target is ``missed`` in a quarter for the counter gone at ``cell``.

    The queue that it leaves goes on into later quarters; who came a little before it still needs it.
    """
    after = missed - cell[1]
    return after if after >= 0 else -1.5 * after


def _late(attained: Attained, pool: int, quarter: int) -> int:
    met, of = attained.counts(pool, quarter)
    return of - met


def _less(plan: Plan, cells: Iterable[Cell]) -> Plan:
    rows = [list(row) for row in plan]
    for group, quarter in cells:
        rows[group][quarter] -= 1
    return tuple(map(tuple, rows))
