"""What a run has shown: plain values, for a table or for JSON. Nothing in them depends on the machine."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from protocol.hall import HallSpec, name_in
from protocol.ids import CounterId, HallId, Language, ServiceId
from protocol.values import value
from sim.crowd import Tally
from sim.erlang import Erlang
from sim.statistics import WARM_UP_SHARE, Interval, mean, percentiles

SHARES = (0.5, 0.9, 0.95)

BATCH_MEMORIES = 25
"""How many times the queue's memory a batch should be: at 13 times, intervals of 99 % held the truth in 95 %
of 150 runs, at 26 times in 98.7 %."""


@value
class Waits:
    """Waits from arrival to call of those who were called, in seconds."""

    service: ServiceId | None
    """The service, or None for all together."""
    name: str
    called: int
    mean_s: float
    p50_s: float
    p90_s: float
    p95_s: float
    longest_s: float


@value
class CounterWork:
    """What one counter did. Busy is from a call to the end of its ticket."""

    counter: CounterId
    name: str
    served: int
    busy_share: float
    """Of the time from the beginning to the last ticket's end, 0 to 1."""


@value
class Report:
    """One run of a hall."""

    hall: HallId
    seed: int
    lasted_s: float
    """Seconds of the hall's clock from the beginning to the last ticket's end."""
    arrived: int
    served: int
    no_show: int
    left: int
    """Cancelled their tickets."""
    expired: int
    """Never served that day."""
    refused: int
    """Got no ticket."""
    waits: tuple[Waits, ...]
    """All together first, then service by service."""
    counters: tuple[CounterWork, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain data; the keys are those of the fields."""
        fields: dict[str, Any] = plain(self)
        return fields


@value
class TheoryReport:
    """A run of M/M/c beside Erlang's theory. Waits are in the unit of the two rates."""

    seed: int
    customers: int
    theory: Erlang
    wait: Interval
    """Of the mean wait."""
    waited_share: float
    """The share of customers who waited at all."""
    busy_share: float

    @property
    def customers_advised(self) -> int:
        """How many should come at least, so that the batches hardly know of each other."""
        return math.ceil(
            self.theory.memory * BATCH_MEMORIES * self.wait.batches / (1 - WARM_UP_SHARE)
        )

    @property
    def agrees(self) -> bool:
        """Whether the theory's mean wait lies within the measured interval."""
        return self.wait.holds(self.theory.mean_wait)

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return {
            **plain(self),
            "load": self.theory.load,
            "customers_advised": self.customers_advised,
            "agrees": self.agrees,
        }


def report(spec: HallSpec, tally: Tally, seed: int) -> Report:
    """Return what ``tally`` holds at the end of a run of the hall ``spec``."""
    language = Language("en")
    every = [wait for waits in tally.waits.values() for wait in waits]
    by_service = [
        waits_of(service, name_in(spec.services[service].names, language), waits)
        for service, waits in tally.waits.items()
    ]
    return Report(
        hall=spec.id,
        seed=seed,
        lasted_s=tally.last_end_s,
        arrived=tally.arrived,
        served=tally.served,
        no_show=tally.no_show,
        left=tally.left,
        expired=tally.expired,
        refused=sum(tally.refused.values()),
        waits=(waits_of(None, "all", every), *by_service),
        counters=tuple(
            CounterWork(
                counter=counter.id,
                name=name_in(counter.names, language),
                served=tally.served_at[counter.id],
                busy_share=tally.busy_s[counter.id] / tally.last_end_s if tally.last_end_s else 0.0,
            )
            for counter in spec.counters.values()
        ),
    )


def waits_of(service: ServiceId | None, name: str, waits: Sequence[float]) -> Waits:
    """Return the figures of ``waits`` (seconds)."""
    p50_s, p90_s, p95_s = percentiles(waits, SHARES)
    return Waits(
        service=service,
        name=name,
        called=len(waits),
        mean_s=mean(waits),
        p50_s=p50_s,
        p90_s=p90_s,
        p95_s=p95_s,
        longest_s=max(waits, default=0.0),
    )


def plain(given: Any) -> Any:
    """Return a value of this module as dicts, lists, strings and numbers."""
    fields: Iterable[Any] | None = getattr(type(given), "__attrs_attrs__", None)
    if fields is not None:
        return {field.name: plain(getattr(given, field.name)) for field in fields}
    if isinstance(given, tuple):
        return [plain(each) for each in given]
    if isinstance(given, Mapping):
        return {str(key): plain(each) for key, each in given.items()}
    return given
