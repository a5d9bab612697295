"""What a rehearsal has shown: plain values, for a table, a page or JSON."""

from __future__ import annotations

import logging
from collections import Counter as Counts
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from protocol.answers import Reason
from protocol.hall import name_in
from protocol.ids import HallId, Language, ServiceId
from protocol.values import value
from sim.lab.channels import ChannelFigures, channel_figures
from sim.lab.course import Course, course_of
from sim.lab.phone_figures import PhoneFigures, phone_figures
from sim.lab.run import LabRun, Outcome
from sim.lab.scenario import LabScenario
from sim.lab.visitors import End, Visitor
from sim.lab.whole import WholeRun
from sim.report import CounterWork, Waits, plain, waits_of
from sim.run import Progress
from sim.statistics import mean

log = logging.getLogger("actors")

EN = Language("en")
ESTIMATES_SHOWN_MAX = 2_000
"""Estimates that a report keeps one by one, evenly chosen; shares are of all of them."""


@value
class Target:
    """How many of a service's visitors waited no longer than the hall wants nobody to exceed."""

    service: ServiceId | None
    target_s: float | None
    share: float
    """Of those who were called, 0 to 1."""


@value
class Estimates:
    """What tickets said of their waits, beside how long these were."""

    told: int
    within_p50: float
    """The share of waits that ended by what half of them should."""
    within_p90: float
    error_s: float
    """How far off the middle of the estimate was, on the average."""
    pairs: tuple[tuple[float, float, float], ...]
    """Said p50, said p90, waited (seconds); at most `ESTIMATES_SHOWN_MAX`."""


@value
class Ratings:
    """What customers thought; ``mean`` is None of none."""

    count: int
    mean: float | None
    levels: tuple[int, ...]
    """How often each level was given, 1 to 5."""


@value
class LabReport:
    """One run of a scenario."""

    scenario: str
    title: str
    hall: HallId
    seed: int
    days: tuple[str, ...]
    """The days on which the hall was open."""
    closed_days: tuple[str, ...]
    came: int
    """Visitors who wanted a ticket; people who booked and never came are not among them."""
    people: int
    """Visitors and who came with them."""
    ends: Mapping[End, int]
    refused: Mapping[Reason, int]
    waits: tuple[Waits, ...]
    """All together first, then service by service."""
    targets: tuple[Target, ...]
    """As ``waits``."""
    classes: tuple[tuple[str, int, float, float], ...]
    """Kind of ticket, how many were called, their mean wait and the one that 90 % did not exceed (seconds)."""
    counters: tuple[CounterWork, ...]
    """Busy is in parts of the time that the counter was open."""
    estimates: Estimates
    ratings: Ratings
    course: Course
    faults: tuple[tuple[str, str], ...] = ()
    """What broke: when (local), and what for how long."""
    channels: tuple[ChannelFigures, ...] = ()
    """The radio behind each gateway, if the run had devices."""
    phones: PhoneFigures | None = None
    """What phones were told, and what that was good for; None if nobody had one."""

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain data; the keys are those of the fields."""
        fields: dict[str, Any] = plain(self)
        return fields


def rehearse(scenario: LabScenario, seed: int, progress: Progress | None = None) -> LabReport:
    """Run ``scenario``; the same ``seed`` gives the same report.

    Raises:
        ValueError: more visitors are expected than a run takes.
        SimulationFailed: an actor failed, or somebody was lost; the message names the seed.
    """
    run = WholeRun(scenario, seed) if scenario.with_devices else LabRun(scenario, seed)
    loud = log.level
    if scenario.breakages:
        # What breaks is in the report; what actors log of it would be a line for each try.
        log.setLevel(logging.CRITICAL)
    try:
        return report_of(run.go(progress))
    finally:
        log.setLevel(loud)


def report_of(outcome: Outcome) -> LabReport:
    """Return what was seen of a run, as figures."""
    scenario, visitors = outcome.scenario, outcome.visitors
    came = [visitor for visitor in visitors if visitor.end is not End.MISSED]
    ends = Counts(visitor.end for visitor in visitors if visitor.end is not None)
    open_days = outcome.calendar.open_days
    return LabReport(
        scenario=scenario.name,
        title=scenario.title,
        hall=scenario.spec.id,
        seed=outcome.seed,
        days=tuple(day.isoformat() for day in open_days),
        closed_days=tuple(day.isoformat() for day in outcome.calendar.days if day not in open_days),
        came=len(came),
        people=sum(visitor.party for visitor in came),
        ends={end: ends[end] for end in End},
        refused=dict(sorted(_reasons(visitors).items())),
        waits=tuple(_by_service(scenario, visitors, _waits)),
        targets=tuple(_by_service(scenario, visitors, _target)),
        classes=tuple(_classes(visitors)),
        counters=tuple(_counters(outcome)),
        estimates=_estimates(visitors),
        ratings=_ratings(visitors),
        course=course_of(outcome),
        faults=tuple(_faults(outcome)),
        channels=channel_figures(outcome),
        phones=phone_figures(outcome),
    )


def _faults(outcome: Outcome) -> Iterable[tuple[str, str]]:
    for fault in outcome.faults:
        at = outcome.calendar.local(fault.begins_s)
        words = [fault.kind, fault.where or "everywhere"]
        words += [f"{name}={number:g}" for name, number in fault.parameters.items()]
        yield f"{at:%Y-%m-%dT%H:%M:%S}", f"{' '.join(words)} for {fault.lasts_s:.0f} s"


def _reasons(visitors: Iterable[Visitor]) -> Counts[Reason]:
    return Counts(visitor.reason for visitor in visitors if visitor.reason is not None)


def waits_in(visitors: Iterable[Visitor]) -> list[float]:
    """Return the waits in the hall of those who were called, in seconds."""
    return [visitor.waited_s for visitor in visitors if visitor.waited_s is not None]


def _by_service(
    scenario: LabScenario,
    visitors: Sequence[Visitor],
    figure: Callable[[LabScenario, ServiceId | None, Sequence[Visitor]], Any],
) -> Iterable[Any]:
    yield figure(scenario, None, visitors)
    for service in scenario.spec.services:
        own = [visitor for visitor in visitors if visitor.service == service]
        yield figure(scenario, service, own)


def _waits(scenario: LabScenario, service: ServiceId | None, visitors: Sequence[Visitor]) -> Waits:
    names = None if service is None else scenario.spec.services[service].names
    return waits_of(service, "all" if names is None else name_in(names, EN), waits_in(visitors))


def _target(
    scenario: LabScenario, service: ServiceId | None, visitors: Sequence[Visitor]
) -> Target:
    services = scenario.spec.services
    kept = [
        visitor.waited_s <= services[visitor.service].target_wait_s
        for visitor in visitors
        if visitor.waited_s is not None
    ]
    return Target(
        service=service,
        target_s=None if service is None else services[service].target_wait_s,
        share=sum(kept) / len(kept) if kept else 1.0,
    )


def _classes(visitors: Sequence[Visitor]) -> Iterable[tuple[str, int, float, float]]:
    """Yield the waits of each class, and of those who took their tickets by phone."""
    groups: dict[str, list[Visitor]] = {}
    for visitor in visitors:
        kind = "remote" if visitor.remote else visitor.ticket_class.value
        groups.setdefault(kind, []).append(visitor)
    for kind, group in sorted(groups.items()):
        waits = waits_of(None, kind, waits_in(group))
        yield kind, waits.called, waits.mean_s, waits.p90_s


def _counters(outcome: Outcome) -> Iterable[CounterWork]:
    counters = outcome.scenario.spec.counters
    busy_s, open_s = dict.fromkeys(counters, 0.0), dict.fromkeys(counters, 0.0)
    served = dict.fromkeys(counters, 0)
    for call in outcome.calls:
        busy_s[call.counter] += call.ends_s - call.begins_s
    for visitor in outcome.visitors:
        if visitor.counter is not None:
            served[visitor.counter] += visitor.end is End.SERVED
    for stretch in outcome.stretches:
        if stretch.open:
            open_s[stretch.counter] += stretch.ends_s - stretch.begins_s
    for counter in counters.values():
        id = counter.id
        yield CounterWork(
            counter=id,
            name=name_in(counter.names, EN),
            served=served[id],
            busy_share=busy_s[id] / open_s[id] if open_s[id] else 0.0,
        )


def _estimates(visitors: Iterable[Visitor]) -> Estimates:
    pairs = [
        (visitor.p50_s, visitor.p90_s, visitor.called_s - visitor.taken_s)
        for visitor in visitors
        if visitor.p50_s is not None
        and visitor.p90_s is not None
        and visitor.called_s is not None
        and visitor.taken_s is not None
        and not visitor.came_back
    ]
    told = len(pairs)
    every = max(1, -(-told // ESTIMATES_SHOWN_MAX))
    return Estimates(
        told=told,
        within_p50=sum(waited <= p50 for p50, _, waited in pairs) / told if told else 0.0,
        within_p90=sum(waited <= p90 for _, p90, waited in pairs) / told if told else 0.0,
        error_s=mean([abs(waited - p50) for p50, _, waited in pairs]),
        pairs=tuple(pairs[::every]),
    )


def _ratings(visitors: Iterable[Visitor]) -> Ratings:
    levels = [visitor.level for visitor in visitors if visitor.level is not None]
    return Ratings(
        count=len(levels),
        mean=mean(levels) if levels else None,
        levels=tuple(levels.count(level) for level in range(1, 6)),
    )
