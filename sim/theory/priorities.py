"""M/M/c with priority classes: the first of the highest class that waits is called; nobody is interrupted.

Classes come at rates ``l(1), l(2), …``, the highest first, and take equally long. With Erlang's C, the service
rate ``m`` of each of ``c`` counters and ``s(k) = (l(1) + … + l(k)) / (c m)``:

    E[W(k)] = C / (c m) / ((1 - s(k - 1)) (1 - s(k)))

Source: A. Cobham, "Priority assignment in waiting line problems", Operations Research 2 (1954). While all
counters are busy somebody leaves at the rate ``c m``. So who finds them busy waits until ``n`` people ahead and
every higher one who comes meanwhile have been called, one and he himself: the time in which a single server of
that rate becomes empty, from ``n + 1`` on. How many are ahead follows from the classes down to one's own, as if
there were no lower ones: ``n`` with probability ``(1 - s(k)) s(k)^n``. Source: R. H. Davis, "Waiting-time
distribution of a multi-server, priority queuing system", Operations Research 14 (1966). The time to become
empty is told by uniformization (A. Jensen, "Markoff chains as an aid in the study of Markoff processes", 1953).
"""

from __future__ import annotations

import math
from functools import lru_cache

from protocol.values import value
from sim.erlang import Erlang, erlang

AHEAD_MAX = 400
"""People ahead beyond whom there are practically never any."""
NEVER = 1e-13


@value
class PriorityClass:
    """The class at ``place`` (0 is the highest) of an M/M/c queue with priorities and a load below 1."""

    arrival_rates: tuple[float, ...]
    service_rate: float
    counters: int
    place: int

    @property
    def _all(self) -> Erlang:
        return erlang(sum(self.arrival_rates), self.service_rate, self.counters)

    @property
    def load(self) -> float:
        return self._all.load

    def _load_to(self, place: int) -> float:
        return sum(self.arrival_rates[:place]) / (self.counters * self.service_rate)

    @property
    def mean_wait(self) -> float:
        until_one_leaves = self._all.wait_probability / (self.counters * self.service_rate)
        higher, own = self._load_to(self.place), self._load_to(self.place + 1)
        return until_one_leaves / ((1 - higher) * (1 - own))

    def longer_than(self, wait: float) -> float:
        leave_rate = self.counters * self.service_rate
        higher = sum(self.arrival_rates[: self.place])
        ahead = self._load_to(self.place + 1)
        return self._all.wait_probability * _still_ahead(higher, leave_rate, ahead, wait)


@lru_cache(maxsize=1024)
def _still_ahead(come_rate: float, leave_rate: float, ahead: float, time: float) -> float:
    """Return the chance that a single server is not yet empty, from n + 1 people with chance ~ ahead^n."""
    total = come_rate + leave_rate
    come, leave = come_rate / total, leave_rate / total
    people = [(1 - ahead) * ahead**n for n in range(AHEAD_MAX)]
    expected = total * time
    share, steps = 0.0, 0
    log_term = -expected
    while True:
        term = math.exp(log_term)
        left = math.fsum(people)
        share += term * left
        steps += 1
        if steps > expected and term < NEVER:
            return share
        log_term += math.log(expected / steps) if expected else -math.inf
        people = [
            (come * people[n - 1] if n else 0.0)
            + (leave * people[n + 1] if n + 1 < AHEAD_MAX else 0.0)
            for n in range(AHEAD_MAX)
        ]
