"""Makes a failing case smaller: less time, fewer faults, simpler people, as long as it breaks the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from protocol.values import replace
from sim.explore.case import Case
from sim.explore.run import Outcome

ATTEMPTS_MAX = 80
"""Runs in search of a smaller case."""

SHORTEST_S = 60.0

_SHARES = (
    "bookings_per_h",
    "visit_share",
    "burst_share",
    "twice_share",
    "cancel_share",
    "rating_share",
)
"""What people need not do."""

_CHANGED = ("lasts_s", "faults", "people", "on_channel", "paired", "stranger_s", "fitter_s")
"""What a smaller case may differ in."""

Try = Callable[[Case], Outcome]


def shrink(
    case: Case,
    outcome: Outcome,
    run: Try,
    on_attempt: Callable[[int], object] = lambda _attempt: None,
) -> tuple[Case, Outcome]:
    """Return a smaller case that breaks the invariant that ``outcome`` of ``case`` broke, and its outcome.

    ``run`` runs a case; ``on_attempt`` is called with the number of each run. It may be the same case again,
    if nothing can be left out.
    """
    assert outcome.broken is not None, "what holds cannot be shrunk"
    search = _Search(case, outcome, run, on_attempt)
    while search.step():
        pass
    return search.case, search.outcome


class _Search:
    """Tries the candidates of the smallest case so far, until none of them fails alike."""

    def __init__(
        self, case: Case, outcome: Outcome, run: Try, on_attempt: Callable[[int], object]
    ) -> None:
        self.case = case
        self.outcome = outcome
        self._run = run
        self._on_attempt = on_attempt
        self._attempts = 0
        self._tried: set[str] = set()

    def step(self) -> bool:
        """Take the first candidate that fails alike; return whether there was one."""
        for candidate in _candidates(self.case, self.outcome):
            # The hall stays as it is.
            key = repr({name: getattr(candidate, name) for name in _CHANGED})
            if key in self._tried:
                continue
            if self._attempts >= ATTEMPTS_MAX:
                return False
            self._tried.add(key)
            self._attempts += 1
            self._on_attempt(self._attempts)
            outcome = self._run(candidate)
            if self._is_alike(outcome):
                self.case, self.outcome = candidate, outcome
                return True
        return False

    def _is_alike(self, outcome: Outcome) -> bool:
        before, after = self.outcome.broken, outcome.broken
        assert before is not None
        return after is not None and after.invariant == before.invariant


def _candidates(case: Case, outcome: Outcome) -> Iterator[Case]:
    """Yield smaller cases, those first that leave out the most."""
    assert outcome.broken is not None
    if outcome.broken.at_s + 1 < case.lasts_s:
        yield _ending(case, float(int(outcome.broken.at_s) + 1))
    faults = case.faults
    if faults:
        yield replace(case, faults=())
    if len(faults) > 3:
        half = len(faults) // 2
        yield replace(case, faults=faults[half:])
        yield replace(case, faults=faults[:half])
    for place in range(len(faults)):
        yield replace(case, faults=faults[:place] + faults[place + 1 :])
    for share in (0.5, 0.8):
        if case.lasts_s * share >= SHORTEST_S:
            yield _ending(case, float(int(case.lasts_s * share)))
    yield from _simpler_people(case)
    if case.on_channel:
        yield replace(case, on_channel=False)
    if case.stranger_s is not None:
        yield replace(case, stranger_s=None)
    if case.fitter_s is not None:
        yield replace(case, fitter_s=None)
    if case.paired:
        yield replace(case, paired=(), stranger_s=None, fitter_s=None)


def _ending(case: Case, lasts_s: float) -> Case:
    """Return the case with less time, without faults that would not begin any more."""
    faults = tuple(fault for fault in case.faults if fault.begins_s < lasts_s)
    return replace(case, lasts_s=lasts_s, faults=faults)


def _simpler_people(case: Case) -> Iterator[Case]:
    people = case.people
    for name in _SHARES:
        if getattr(people, name):
            yield replace(case, people=replace(people, **{name: 0.0}))
    if people.closure_s is not None:
        yield replace(case, people=replace(people, closure_s=None))
    if people.supervisor_s < case.lasts_s:
        yield replace(case, people=replace(people, supervisor_s=100 * case.lasts_s))
