"""What happens to a simulated hall: who comes, how long it takes, how clerks work, for how long."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import attrs

from protocol.ids import CounterId, ServiceId
from protocol.values import value
from sim.distributions import Distribution, Exponential, Fixed

ARRIVALS_MAX = 2_000_000
"""People whom one run lets come: a hall remembers each ticket until its business day ends."""


class Keys(StrEnum):
    """Which keys the clerks press."""

    NEXT_ONLY = "next-only"
    """One key for everything: it ends the last ticket as served and calls the next."""
    ALL = "all"
    """START when the person has come, FINISH, then NEXT; RECALL and NO_SHOW for one who does not come."""


@value
class Rush:
    """From ``begins_s`` to ``ends_s`` (seconds from the beginning) ``times`` as many people come, above 0."""

    begins_s: float
    ends_s: float
    times: float


@value
class Scenario:
    """One run. Times are in seconds of the hall's clock, rates per second.

    People come at random (Poisson) from the beginning for ``doors_s``, or until ``customers`` have come if
    that is given. Clerks then go on until nobody is left, but no longer than ``overtime_s`` after the
    doors have closed; who still waits then is lost to the end of the business day.
    """

    arrivals_per_s: float
    service_s: Distribution
    doors_s: float
    customers: int | None = None
    overtime_s: float = 3600.0
    mix: Mapping[ServiceId, float] = attrs.field(factory=lambda: MappingProxyType({}))
    """How often each service is wanted, in parts of the sum; every service alike if empty."""
    services_s: Mapping[ServiceId, Distribution] = attrs.field(factory=lambda: MappingProxyType({}))
    """How long a service takes that is named here; the others take ``service_s``."""
    rushes: tuple[Rush, ...] = ()
    """When more or fewer people come; they do not overlap."""
    closes_s: Mapping[CounterId, float] = attrs.field(factory=lambda: MappingProxyType({}))
    """When a counter closes for good, after the ticket that it has by then; the others stay open."""
    keys: Keys = Keys.ALL
    walk_s: Distribution = attrs.field(factory=lambda: Fixed(always_s=0.0))
    """From the call until the person stands at the counter."""
    no_show_share: float = 0.0
    """The share of people who walk out silently after taking a ticket."""
    no_show_after_s: float = 60.0
    """How long a clerk waits for somebody who was called."""
    patience_s: Distribution | None = None
    """How long people wait before they cancel; nobody does if it is None."""

    commit_s: float = 0.0
    """How long the hall's disk takes to make events durable."""

    @property
    def ends_s(self) -> float:
        """When the last clerk goes home."""
        return self.doors_s + self.overtime_s

    @property
    def arrivals_expected(self) -> float:
        """How many people will come, on the average."""
        if self.customers is not None:
            return float(self.customers)
        doors_s = self.doors_s
        more_s = sum(
            (rush.times - 1) * max(0.0, min(rush.ends_s, doors_s) - rush.begins_s)
            for rush in self.rushes
        )
        return self.arrivals_per_s * (doors_s + more_s)

    def times_as_many(self, at_s: float) -> float:
        """Return how many times as many people as usual come at ``at_s``."""
        for rush in self.rushes:
            if rush.begins_s <= at_s < rush.ends_s:
                return rush.times
        return 1.0


THEORY_RUN_S = 12 * 3600.0


def theory_scenario(arrival_rate: float, service_rate: float, customers: int) -> Scenario:
    """Return the run of a hall as in theory until ``customers`` have come.

    Theory knows no unit of time. So that every run stays within one business day, whatever its length,
    the unit of both rates is made as long as lets the customers come in `THEORY_RUN_S` seconds.
    """
    arrivals_per_s = customers / THEORY_RUN_S
    return Scenario(
        arrivals_per_s=arrivals_per_s,
        service_s=Exponential(mean_s=arrival_rate / service_rate / arrivals_per_s),
        doors_s=THEORY_RUN_S,
        customers=customers,
        keys=Keys.NEXT_ONLY,
    )
