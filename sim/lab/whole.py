"""Runs a rehearsal with every device: a site, people on its floor, and what breaks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import attrs
import simpy

from actors.building import HallParts
from protocol.hall import HallSpec
from protocol.ids import GatewayId
from protocol.messages import Subscribe
from sim.faults.active import schedule
from sim.faults.catalogue import kind_of
from sim.faults.headquarters import HEADQUARTERS
from sim.faults.kind import FaultKind
from sim.floor.equipment import equipped
from sim.floor.floor import Floor
from sim.floor.screens import LargeScreen
from sim.lab.breaking import draw_faults
from sim.lab.calendar import Calendar
from sim.lab.clerk import duties
from sim.lab.course import QUARTER_S
from sim.lab.push_log import PushLog
from sim.lab.run import AFTER_DAY_S, SLICES_A_DAY, ChannelSample, Outcome
from sim.lab.scenario import LabScenario, Modules, PhoneUse
from sim.lab.visitors import End, Visitor, draw_visitors
from sim.radio.loss import IndependentLoss
from sim.radio.modules import E32, HC_12, PERFECT, RadioModule
from sim.run import Progress, no_collections
from sim.site import COMMIT_S, Site
from sim.wechat.quotas import Limits

SETTLES_S = 300.0
"""The process has run for so long when the first people come: devices have said that they are there."""

_MODULES: Mapping[Modules, RadioModule] = {
    Modules.E32: E32,
    Modules.HC_12: HC_12,
    Modules.PERFECT: PERFECT,
}


class WholeRun:
    """A hall with its devices, with clerks and visitors, and with what breaks."""

    def __init__(
        self, scenario: LabScenario, seed: int, visitors: Iterable[Visitor] | None = None
    ) -> None:
        """Start everything. ``visitors`` come instead of those that the scenario and the seed draw.

        Raises:
            ValueError: more visitors or faults are expected than a run takes.
        """
        self.scenario = scenario
        self.seed = seed
        self.calendar = calendar = Calendar(scenario)
        drawn = list(draw_visitors(scenario, seed) if visitors is None else visitors)
        radio = scenario.radio
        # Nothing of it is seen in a day's figures, and its journal is kept for that: where it is to fail alone.
        copied = any(kind_of(each.kind).target is HEADQUARTERS for each in scenario.breakages)
        self.site = Site(
            simpy.Environment(initial_time=max(0.0, self._begins_s(drawn) - SETTLES_S)),
            equipped(scenario.spec),
            seed,
            begins=calendar.begins,
            commit_s=scenario.commit_s or COMMIT_S,
            module=E32 if radio is None else _MODULES[radio.module],
            loss=IndependentLoss(loss=0.0 if radio is None else radio.loss),
            forgetful=not copied,
            copied=copied,
            followed=scenario.phones is not None,
            limits=None if scenario.phones is None else _limits(scenario.phones),
        )
        self.floor = Floor(self.site, scenario, seed, drawn)
        self._pushes = None if scenario.phones is None else self._connect_phones()
        self.faults = draw_faults(scenario, calendar, seed, self.site)
        schedule(self.site, self.faults)
        self._samples: dict[GatewayId, list[ChannelSample]] = {}
        self._sample_each_quarter()

    def _connect_phones(self) -> PushLog:
        from sim.lab.phones import Phones

        site = self.site
        assert site.account is not None
        phones = Phones(site.outside, site.account, self.floor.crowd)

        def listen(parts: HallParts) -> None:
            parts.hall.tell(Subscribe(recipient=phones))

        site.on_start.append(listen)
        if site.running:
            listen(site.parts)
        return phones.log

    def go(self, progress: Progress | None = None) -> Outcome:
        """Run until everybody has gone on the last day, and heal what is broken; return what was seen.

        Raises:
            SimulationFailed: an actor failed; the message names the seed.
        """
        days = self.calendar.days
        with no_collections():
            for number, day in enumerate(days):
                self._run_day(day, number, progress)
        self.site.heal()
        self.site.run(AFTER_DAY_S)
        self._sample()
        outcome = Outcome(
            scenario=self.scenario,
            calendar=self.calendar,
            seed=self.seed,
            visitors=tuple(self.floor.crowd.visitors),
            stretches=tuple(self.floor.stretches),
            calls=tuple(self.floor.crowd.calls),
            queued=tuple(self.floor.crowd.queued),
            faults=self.faults,
            channels={id: tuple(samples) for id, samples in self._samples.items()},
            pushes=self._pushes,
        )
        self.site.close()
        return outcome

    def _sample_each_quarter(self) -> None:
        self._sample()
        self.site.later(QUARTER_S - self.site.now_s() % QUARTER_S, self._sample_each_quarter)

    def _sample(self) -> None:
        segments = self.site.segments
        for id, channel in {} if segments is None else segments.channels.items():
            channel.catch_up()
            counts = attrs.evolve(channel.counts)
            sample = ChannelSample(at_s=self.site.now_s(), counts=counts)
            self._samples.setdefault(id, []).append(sample)

    def _run_day(self, day: date, number: int, progress: Progress | None) -> None:
        ends_s = self.calendar.day_ends(day)
        began_s, days = self.site.now_s(), len(self.calendar.days)
        last = number == days - 1
        for part in range(1, SLICES_A_DAY + 1):
            self.site.env.run(until=began_s + (ends_s - began_s) * part / SLICES_A_DAY)
            if progress is not None:
                progress((number + part / SLICES_A_DAY) / days)
            if last and self._everybody_has_gone:
                break
        else:
            self.site.run(AFTER_DAY_S)
        self._end_day()
        if last and progress is not None:
            progress(1.0)

    @property
    def _everybody_has_gone(self) -> bool:
        people = all(each.end is not None for each in self.floor.crowd.visitors)
        return people and all(clerk.off for clerk in self.floor.clerks.values())

    def _end_day(self) -> None:
        self.floor.crowd.end_day()
        now_s = self.site.now_s()
        for visitor in self.floor.crowd.visitors:
            # Whoever still waited for a page when the hall closed.
            if visitor.end is None and visitor.came_s < now_s:
                visitor.end = End.EXPIRED

    def _begins_s(self, visitors: Iterable[Visitor]) -> float:
        deeds_s = [each.came_s if each.slot is None else each.booked_s for each in visitors]
        for counter in self.scenario.spec.counters:
            deeds_s += [duty.begins_s for duty in duties(self.scenario, self.calendar, counter)]
        return min(deeds_s, default=SETTLES_S)


def _limits(phones: PhoneUse) -> Limits:
    # Not for everybody: it brings wechatpy, which takes a third of a second.
    from sim.lab.followed_hall import limits_of

    return limits_of(phones)


def places_of(kind: FaultKind, spec: HallSpec, *, followed: bool = False) -> tuple[str, ...]:
    """Return where in a rehearsal of the hall a fault of ``kind`` can be, with phones if it is ``followed``."""
    return tuple(kind.target.places(_dark_site(spec, followed, copied=kind.target is HEADQUARTERS)))


def _dark_site(spec: HallSpec, followed: bool, *, copied: bool = False) -> Site:
    """Return a site of the hall whose process does not run."""
    site = Site(None, equipped(spec), 0, starts=False, followed=followed, copied=copied)
    site.screen = LargeScreen(site)
    return site
