"""Runs a rehearsal: the production actors of a hall, with the scenario's visitors and clerks around them.

A hall has a world of its own, or halls share one: those of a district, a city, a country in one process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from actors.base import Ref
from actors.counter import CounterActor
from actors.hall.actor import HallActor, HallAudience, ReadState
from actors.hall.state import HallState
from protocol.ids import GatewayId, ServiceId
from protocol.values import replace, value
from sim.faults.active import schedule
from sim.faults.kind import Fault
from sim.journal import MemoryJournal
from sim.lab.breaking import draw_faults
from sim.lab.calendar import Calendar
from sim.lab.clerk import ShiftClerk, Stretch, duties
from sim.lab.crowd import Call, LabCrowd, Queued
from sim.lab.phone_clerk import PhoneClerk
from sim.lab.push_log import PushLog
from sim.lab.scenario import LabScenario, PhoneUse
from sim.lab.visitors import Visitor, draw_visitors
from sim.people import Colleagues
from sim.radio.reception import ChannelCounts
from sim.run import Progress, no_collections
from sim.world import SimulationFailed, SimWorld

if TYPE_CHECKING:
    from sim.lab.followed_hall import FollowedHall

SLICES_A_DAY = 48
"""Parts of a day after each of which progress is told."""
AFTER_DAY_S = 1.0
"""So long after the end of a business day nothing of it is open any more."""


@value
class ChannelSample:
    """What had happened on a channel until ``at_s`` (world seconds)."""

    at_s: float
    counts: ChannelCounts


@value
class Outcome:
    """What was seen of a run: every visitor with what became of it, and when counters were open or paused."""

    scenario: LabScenario
    calendar: Calendar
    seed: int
    visitors: tuple[Visitor, ...]
    stretches: tuple[Stretch, ...]
    calls: tuple[Call, ...]
    queued: tuple[Queued, ...]
    faults: tuple[Fault, ...] = ()
    """What broke; in world seconds."""
    channels: Mapping[GatewayId, tuple[ChannelSample, ...]] = attrs.field(factory=dict)
    """What happened on the air behind each gateway, every quarter of an hour."""
    pushes: PushLog | None = None
    """What phones were told, if people had any."""


class LabRun:
    """A hall with clerks and visitors, on a world of its own unless it is given one."""

    def __init__(
        self,
        scenario: LabScenario,
        seed: int,
        visitors: Iterable[Visitor] | None = None,
        *,
        forgetful: bool = True,
        world: SimWorld | None = None,
    ) -> None:
        """Start every actor. ``visitors`` come instead of those that the scenario and the seed draw.

        Unless ``forgetful``, the ``journal`` keeps every event. Halls on one ``world``, which begins when the
        scenario does, are run by `run_together`.

        Raises:
            ValueError: more visitors are expected than a run takes.
        """
        self.scenario = scenario
        self.seed = seed
        self.calendar = calendar = Calendar(scenario)
        drawn = draw_visitors(scenario, seed) if visitors is None else visitors
        self.world = world = world or SimWorld(seed=seed, begins=calendar.begins)
        assert world.begins == calendar.begins, "halls of one world begin at one time"
        # No devices: the queue is what is looked at.
        self._spec = spec = replace(scenario.spec, gateways={}, kiosks={})
        self.journal = MemoryJournal(world.env, commit_s=scenario.commit_s, forgetful=forgetful)
        self.hall: Ref[Any] = world.spawn(
            f"hall/{spec.id}", HallActor, spec, self.journal, HallAudience()
        )
        self.crowd = LabCrowd(world, scenario, self.hall, drawn)
        self._stretches: list[Stretch] = []
        self.followed: FollowedHall | None = None
        """Its account with WeChat, if people have phones."""
        self.faults: tuple[Fault, ...] = ()
        if scenario.phones is not None:
            self._connect_phones(scenario.phones)
        self._hire_clerks()

    def _connect_phones(self, use: PhoneUse) -> None:
        # Not for everybody: it brings wechatpy, which takes a third of a second.
        from sim.lab.followed_hall import FollowedHall

        scenario, world, crowd = self.scenario, self.world, self.crowd
        followed = FollowedHall(world, self._spec, self.hall, crowd, use, self.seed)
        self.followed = followed
        self.faults = draw_faults(scenario, self.calendar, self.seed, followed)
        schedule(followed, self.faults)

    def _hire_clerks(self) -> None:
        spec, world = self.scenario.spec, self.world
        kind = ShiftClerk if self.followed is None else PhoneClerk
        colleagues: dict[tuple[ServiceId, ...], Colleagues] = {}
        for counter in spec.counters.values():
            name = f"hall/{spec.id}/counter/{counter.id}"
            clerk = kind(
                world,
                counter.id,
                world.spawn(name, CounterActor, counter.id, self.hall),
                self.hall,
                colleagues.setdefault(counter.services, Colleagues()),
                self.crowd,
                self.scenario,
                duties(self.scenario, self.calendar, counter.id),
                self._stretches.append,
            )
            if isinstance(clerk, PhoneClerk):
                self.crowd.look.append(clerk.somebody_came)

    def go(self, progress: Progress | None = None) -> Outcome:
        """Run to the end of the last business day and close the world; return what was seen.

        Raises:
            SimulationFailed: an actor failed, or somebody was lost; the message names the seed.
        """
        [outcome] = run_together([self], progress)
        return outcome

    def outcome(self) -> Outcome:
        """Return what was seen, once everything is over.

        Raises:
            SimulationFailed: somebody was lost; the message names the seed.
        """
        self._nobody_is_lost()
        return Outcome(
            scenario=self.scenario,
            calendar=self.calendar,
            seed=self.seed,
            visitors=tuple(self.crowd.visitors),
            stretches=tuple(self._stretches),
            calls=tuple(self.crowd.calls),
            queued=tuple(self.crowd.queued),
            faults=self.faults,
            pushes=None if self.followed is None else self.followed.phones.log,
        )

    def _nobody_is_lost(self) -> None:
        """Every ticket has ended for the hall, and every visitor knows how."""
        seed = self.seed
        still_open = [each.number for each in self.state().tickets.values() if each.state.open]
        if still_open:
            raise SimulationFailed(
                f"seed {seed}: open after the end of their day: {', '.join(still_open[:10])}"
            )
        lost = [visitor.name for visitor in self.crowd.visitors if visitor.end is None]
        if lost:
            raise SimulationFailed(f"seed {seed}: nothing became of {', '.join(lost[:10])}")

    def state(self) -> HallState:
        """Return the hall's durable state."""
        asked = self.hall.ask(ReadState(), block=False)
        self.world.run(self.world.monotonic() + 1)
        state: HallState = asked.get()
        return state


def run_together(runs: Sequence[LabRun], progress: Progress | None = None) -> list[Outcome]:
    """Run halls that share a world, and have the same days, to the end of the last one; close the world.

    Raises:
        SimulationFailed: an actor failed, or somebody was lost; the message names the seed.
    """
    world, calendar = runs[0].world, runs[0].calendar
    assert all(run.world is world and run.calendar.days == calendar.days for run in runs)
    days = calendar.days
    with no_collections():
        for number, day in enumerate(days):
            began_s = world.monotonic()
            ends_s = max(run.calendar.day_ends(day) for run in runs)
            for part in range(1, SLICES_A_DAY + 1):
                world.run(began_s + (ends_s - began_s) * part / SLICES_A_DAY)
                if progress is not None:
                    progress((number + part / SLICES_A_DAY) / len(days))
            world.run(ends_s + AFTER_DAY_S)
            for run in runs:
                run.crowd.end_day()
    outcomes = [run.outcome() for run in runs]
    world.close()
    return outcomes
