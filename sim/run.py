"""Runs a hall on virtual time with people in it, and reports."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from actors.base import Ref
from actors.counter import CounterActor
from actors.hall.actor import HallActor, HallAudience, ReadState
from actors.hall.day import business_day
from actors.hall.state import HallState
from protocol.hall import HallSpec
from protocol.ids import ServiceId
from sim.crowd import Crowd, Tally
from sim.erlang import erlang
from sim.halls import THEORY_SERVICE, theory_hall
from sim.journal import MemoryJournal
from sim.people import Colleagues, DayClerk, Door
from sim.report import Report, TheoryReport, report
from sim.scenario import ARRIVALS_MAX, Scenario, theory_scenario
from sim.statistics import batch_means, observations_min
from sim.world import SimulationFailed, SimWorld

Progress = Callable[[float], None]
"""Is called now and then with the share of the run that is done, 0 to 1."""

SLICES = 200
"""Parts in which the expected length of a run is gone through; after each it is seen whether it is over."""
LONGEST = 10
"""A run until so many customers have come is given up after so many times its expected length."""


class Run:
    """A hall on a world of its own, with a door, clerks and a crowd."""

    def __init__(
        self, spec: HallSpec, scenario: Scenario, seed: int, *, forgetful: bool = True
    ) -> None:
        """Start every actor; unless ``forgetful``, the ``journal`` keeps every event.

        Raises:
            ValueError: more people are expected than `ARRIVALS_MAX`.
        """
        if scenario.arrivals_expected > ARRIVALS_MAX:
            raise ValueError(
                f"{scenario.arrivals_expected:,.0f} people would come; a run takes {ARRIVALS_MAX:,} at "
                "most: choose fewer customers, hours or arrivals"
            )
        self.world = world = SimWorld(seed=seed)
        self.scenario = scenario
        self._spec = spec
        self.journal = journal = MemoryJournal(
            world.env, commit_s=scenario.commit_s, forgetful=forgetful
        )
        self.hall: Ref[Any] = world.spawn(
            f"hall/{spec.id}", HallActor, spec, journal, HallAudience()
        )
        self.crowd = Crowd(spec, scenario, seed, self.hall, world.monotonic)
        colleagues: dict[tuple[ServiceId, ...], Colleagues] = {}
        for counter in spec.counters.values():
            name = f"hall/{spec.id}/counter/{counter.id}"
            ref = world.spawn(name, CounterActor, counter.id, self.hall)
            same = colleagues.setdefault(counter.services, Colleagues())
            DayClerk(world, counter.id, ref, self.hall, same, scenario, self.crowd, seed)
        Door(world, scenario, self.crowd, seed)

    @property
    def over(self) -> bool:
        """Whether nobody is left and nobody comes any more."""
        return self.crowd.closed and not self.crowd.present

    def go(self, progress: Progress | None = None) -> Tally:
        """Run to the end and close the world; return what was counted.

        Raises:
            SimulationFailed: an actor failed, or a ticket outlived its day; the message names the seed.
        """
        with no_collections():
            self._let_time_pass(progress)
            if self.crowd.present:
                self._await_day_end()
        self.world.close()
        return self.crowd.tally

    def _let_time_pass(self, progress: Progress | None) -> None:
        scenario = self.scenario
        slice_s = scenario.doors_s / SLICES
        last_s = scenario.doors_s * LONGEST if scenario.customers else scenario.ends_s
        until_s = 0.0
        while not self.over and until_s < last_s:
            until_s += slice_s
            self.world.run(until_s)
            if progress is not None:
                progress(min(1.0, self.crowd.tally.arrived / scenario.arrivals_expected))

    def _await_day_end(self) -> None:
        """Let the business day end: every ticket must end with it."""
        _, ends_at = business_day(self.world.now(), self._spec.time_zone, self._spec.day_begins)
        left_s = (ends_at - self.world.now()).total_seconds()
        self.world.run(self.world.monotonic() + left_s + 1)
        tally, state = self.crowd.tally, self.state()
        still_open = [ticket.number for ticket in state.tickets.values() if ticket.state.open]
        if still_open:
            raise SimulationFailed(
                f"seed {self.world.seed}: open after the end of their day: {', '.join(still_open[:10])}"
            )
        tally.expired += self.crowd.present

    def state(self) -> HallState:
        """Return the hall's durable state."""
        asked = self.hall.ask(ReadState(), block=False)
        self.world.run(self.world.monotonic() + 1)
        state: HallState = asked.get()
        return state


@contextmanager
def no_collections() -> Iterator[None]:
    """Keep Python from searching objects for unreachable cycles: a run makes many objects and no cycles.

    The search took a twentieth of a long run's time, and more with every ticket that the hall remembers.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def simulate(
    spec: HallSpec, scenario: Scenario, seed: int, progress: Progress | None = None
) -> Report:
    """Run the hall ``spec`` through ``scenario``; the same ``seed`` gives the same report.

    Raises:
        ValueError: more people are expected than `ARRIVALS_MAX`.
        SimulationFailed: an actor failed; the message names the seed.
    """
    tally = Run(spec, scenario, seed).go(progress)
    return report(spec, tally, seed)


def compare_with_theory(
    arrival_rate: float,
    service_rate: float,
    counters: int,
    *,
    customers: int,
    seed: int,
    confidence: float,
    progress: Progress | None = None,
) -> TheoryReport:
    """Run M/M/c on the production actors and put its mean wait beside Erlang's.

    The rates are per any one unit of time; ``confidence`` (above 0, below 1) is that of the interval.

    Raises:
        ValueError: theory has no answer for these rates, or the customers are too few or too many.
    """
    theory = erlang(arrival_rate, service_rate, counters)
    if customers < observations_min():
        raise ValueError(
            f"{customers} customers are too few for an interval; let {observations_min()} or more come"
        )
    scenario = theory_scenario(arrival_rate, service_rate, customers)
    tally = Run(theory_hall(counters), scenario, seed).go(progress)
    unit_s = arrival_rate / scenario.arrivals_per_s
    waits = [wait_s / unit_s for wait_s in tally.waits[THEORY_SERVICE]]
    return TheoryReport(
        seed=seed,
        customers=customers,
        theory=theory,
        wait=batch_means(waits, confidence),
        waited_share=sum(wait > 0 for wait in waits) / len(waits),
        busy_share=sum(tally.busy_s.values()) / counters / tally.last_end_s,
    )
