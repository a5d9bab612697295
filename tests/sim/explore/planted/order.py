"""Bugs by which tickets are called out of order."""

from __future__ import annotations

from actors.hall import apply, overtaking
from actors.hall.state import Line
from protocol.policies import PolicyKind
from sim.explore.case import Case
from tests.sim.explore.planted.bug import Bug, Plant


def _bound_off_by_one(plant: Plant) -> None:
    """One may be overtaken once more than the policy says."""
    overtaken_at = overtaking.overtaken_at
    plant.attribute(overtaking, "overtaken_at", lambda line, order: overtaken_at(line, order) - 1)


def _overtaking_is_not_written_down(plant: Plant) -> None:
    """Nobody notes that somebody was overtaken."""

    def overtook(line: Line, _order: object, _seq: int, _id: object) -> Line:
        return line

    plant.attribute(apply, "overtook", overtook)


def _newest_first(plant: Plant) -> None:
    """Who came last in a class stands first."""
    instant = apply.instant
    plant.attribute(apply, "instant", lambda at: -instant(at))


def _wait_bound_late(plant: Plant) -> None:
    """Who has waited long enough is overtaken for five more minutes."""
    counts_since = overtaking.counts_since
    five_minutes = overtaking.timedelta(minutes=5)
    plant.attribute(overtaking, "counts_since", lambda ticket: counts_since(ticket) + five_minutes)


def _counts_overtaking(case: Case) -> bool:
    return _classes_overtake(case) and case.spec.policy.overtaken_max is not None


def _bounds_overtaking(case: Case) -> bool:
    return _classes_overtake(case) and bool(case.spec.policy.overtaken_max)


def _bounds_waiting(case: Case) -> bool:
    return _classes_overtake(case) and case.spec.policy.overtaken_wait_s is not None


def _classes_overtake(case: Case) -> bool:
    by_ratios = case.spec.policy.kind is PolicyKind.CLASS_RATIOS
    return by_ratios and len(set(case.people.classes)) > 1


BUGS = (
    Bug(
        name="overtaking bound off by one",
        invariant=5,
        seed=2,
        plant=_bound_off_by_one,
        can_show=_counts_overtaking,
    ),
    Bug(
        name="overtaking is not written down",
        invariant=5,
        seed=2,
        plant=_overtaking_is_not_written_down,
        can_show=_bounds_overtaking,
    ),
    Bug(name="newest first", invariant=5, seed=0, plant=_newest_first),
    Bug(
        name="bound on waiting late",
        invariant=5,
        seed=2,
        plant=_wait_bound_late,
        can_show=_bounds_waiting,
    ),
)
