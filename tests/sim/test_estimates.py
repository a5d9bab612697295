"""What a hall says of waits, beside the waits that people then had: in three halls, over several days."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

import pytest

from protocol.events import CounterClosed, CounterOpened, Event, TicketCalled, TicketTaken
from protocol.hall import Counter, HallSpec, Service
from protocol.ids import CounterId, HallId, Language, ServiceId
from protocol.values import value
from sim.distributions import Fixed, LogNormal
from sim.run import Run
from sim.scenario import Keys, Rush, Scenario

EN = Language("en")
SEEDS = (1, 2, 3, 4, 5)
HOUR_S = 3600.0

MEANS_S = {"a": 60.0, "b": 120.0, "c": 240.0, "d": 180.0}
WANTED = {"a": 4.0, "b": 3.0, "c": 1.0, "d": 1.0}
EXPECTED_S = 150.0
"""What the configuration says of every service: nothing that is true of one of them."""
COUNTERS = ("ab", "ab", "bc", "cd", "abcd", "abcd")
"""The services of each counter."""


def hall(counters: Iterable[str] = COUNTERS) -> HallSpec:
    return HallSpec(
        id=HallId("EST"),
        names={EN: "A hall of estimates"},
        languages=(EN,),
        services={
            ServiceId(id): Service(
                id=ServiceId(id), names={EN: id}, prefix=id.upper(), last=9999, service_s=EXPECTED_S
            )
            for id in MEANS_S
        },
        counters={
            CounterId(str(number)): Counter(
                id=CounterId(str(number)),
                names={EN: str(number)},
                services=tuple(ServiceId(id) for id in services),
            )
            for number, services in enumerate(counters, 1)
        },
    )


def day(load: float, **changes: object) -> Scenario:
    """Eight hours in which so large a part of the counters' time is needed."""
    mean_s = sum(WANTED[id] * MEANS_S[id] for id in WANTED) / sum(WANTED.values())
    parts: dict[str, object] = {
        "arrivals_per_s": load * len(COUNTERS) / mean_s,
        "service_s": Fixed(always_s=0.0),
        "services_s": MappingProxyType(
            {ServiceId(id): LogNormal(mean_s=each, spread=0.6) for id, each in MEANS_S.items()}
        ),
        "mix": MappingProxyType({ServiceId(id): share for id, share in WANTED.items()}),
        "doors_s": 8 * HOUR_S,
        "keys": Keys.NEXT_ONLY,
    }
    return Scenario(**(parts | changes))  # type: ignore[arg-type]


SCENARIOS = {
    "steady": day(0.92),
    "noon peak": day(0.6, rushes=(Rush(begins_s=3 * HOUR_S, ends_s=5 * HOUR_S, times=2.2),)),
    "a counter closes": day(0.85, closes_s=MappingProxyType({CounterId("6"): 4 * HOUR_S})),
}


@value
class Said:
    """What was said of a wait, and how long it was, in seconds."""

    waited_s: float
    p50_s: float
    p90_s: float
    plain_s: float
    """Position x mean service time / counters."""


def said_in(spec: HallSpec, scenario: Scenario, seed: int) -> list[Said]:
    """Return what was said to each of a day's people whose service some counter had open."""
    run = Run(spec, scenario, seed, forgetful=False)
    run.go()
    events = [recorded.event for recorded in run.journal.read(0, run.journal.seq)]
    return list(pairs(spec, events))


def pairs(spec: HallSpec, events: Iterable[Event]) -> Iterable[Said]:
    """Go by the events alone: each call has its own estimate with it.

    The plain rule gets what favours it: the true mean of the service, and the counters that are open for it.
    """
    has = {id: set(counter.services) for id, counter in spec.counters.items()}
    opened: set[CounterId] = set()
    plain_s = {}
    for event in events:
        if isinstance(event, CounterOpened):
            opened.add(event.counter)
        elif isinstance(event, CounterClosed):
            opened.remove(event.counter)
        elif isinstance(event, TicketTaken):
            counters = sum(event.service in has[counter] for counter in opened)
            if event.estimate is not None:
                plain_s[event.ticket] = (event.ahead + 1) * MEANS_S[event.service] / counters
        elif isinstance(event, TicketCalled) and event.estimate is not None:
            yield Said(
                waited_s=event.waited_s,
                p50_s=event.estimate.p50_s,
                p90_s=event.estimate.p90_s,
                plain_s=plain_s[event.ticket],
            )


def share(waits: Iterable[bool]) -> float:
    told = list(waits)
    return sum(told) / len(told)


@pytest.fixture(scope="module", params=SCENARIOS)
def days(request: pytest.FixtureRequest) -> list[list[Said]]:
    return [said_in(hall(), SCENARIOS[request.param], seed) for seed in SEEDS]


def test_nine_tenths_of_waits_end_within_what_was_said(days: list[list[Said]]) -> None:
    every = [said for each in days for said in each]
    waited = [said for said in every if said.waited_s > 0]
    assert len(waited) > 0.6 * len(every) > 3000
    assert 0.85 <= share(said.waited_s <= said.p90_s for said in every) <= 0.95
    assert 0.85 <= share(said.waited_s <= said.p90_s for said in waited) <= 0.95
    for each in days:
        # People of one day wait behind one another: they are right or wrong together.
        assert 0.8 <= share(said.waited_s <= said.p90_s for said in each) <= 0.985


def test_half_of_the_waits_are_longer_than_the_middle_that_was_said(
    days: list[list[Said]],
) -> None:
    waited = [said for each in days for said in each if said.waited_s > 0]
    assert 0.4 <= share(said.waited_s <= said.p50_s for said in waited) <= 0.6


def test_error_is_far_below_that_of_position_times_mean_by_counters(
    days: list[list[Said]],
) -> None:
    for each in days:
        error_s = sum(abs(said.waited_s - said.p50_s) for said in each)
        plain_s = sum(abs(said.waited_s - said.plain_s) for said in each)
        assert error_s <= 0.8 * plain_s


def test_after_a_counter_has_closed_others_are_told_that_they_wait_longer() -> None:
    spec, scenario = (
        hall(["ab", "ab"]),
        day(0.2, closes_s=MappingProxyType({CounterId("1"): HOUR_S})),
    )
    run = Run(spec, scenario, 1, forgetful=False)
    run.go()
    events = [recorded.event for recorded in run.journal.read(0, run.journal.seq)]
    closed_at = next(event.at for event in events if isinstance(event, CounterClosed))
    told = [event for event in events if isinstance(event, TicketTaken) and event.estimate]
    before = [event.estimate.p50_s for event in told if event.at < closed_at and event.estimate]
    after = [event.estimate.p50_s for event in told if event.at > closed_at and event.estimate]
    assert sum(after) / len(after) > 1.5 * sum(before) / len(before)
