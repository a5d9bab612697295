"""M/D/c: every service takes the same time ``D``.

Whoever is at a counter now is gone after ``D``, and whoever is there then came or waited meanwhile. So the
shares of time ``p(n)`` for which ``n`` people are there obey, with ``a = l D``,

    p(n) = sum over k <= c of p(k) g(n)  +  sum over k from c + 1 to c + n of p(k) g(n - k + c)
    g(j) = e^-a a^j / j!

which is gone through until it rests. ``E[W]`` follows by Little's law, and with ``q(j)``, the share of time for
which ``j`` people wait at most, and ``m D <= t < (m + 1) D``:

    P(W <= t) = e^(-l (kD - t)) * sum over j from 0 to kc - 1 of q(kc - j - 1) (l (kD - t))^j / j!,   k = m + 1

Sources: C. D. Crommelin, "Delay probability formulae when the holding times are constant" (1932); G. J. Franx,
"A simple solution for the M/D/c waiting time distribution", Operations Research Letters 29 (2001).
"""

from __future__ import annotations

import math
from functools import lru_cache

from protocol.values import value

PEOPLE_MAX = 400
"""People in the hall beyond whom there are practically never any."""
ROUNDS_MAX = 20_000
SETTLED = 1e-13
"""The shares rest when none of them changes by more."""
NEVER = 1e-16


@value
class ConstantService:
    """M/D/c with a load below 1; at loads up to 0.9 or so the shares are told to ten digits."""

    arrival_rate: float
    service_time: float
    counters: int

    @property
    def load(self) -> float:
        return self.arrival_rate * self.service_time / self.counters

    @property
    def mean_wait(self) -> float:
        shares = _shares(self.arrival_rate * self.service_time, self.counters)
        waiting = math.fsum(
            (people - self.counters) * share
            for people, share in enumerate(shares)
            if people > self.counters
        )
        return waiting / self.arrival_rate

    def longer_than(self, wait: float) -> float:
        shares = _shares(self.arrival_rate * self.service_time, self.counters)
        ends = int(wait / self.service_time) + 1
        expected = self.arrival_rate * (ends * self.service_time - wait)
        at_most: list[float] = []
        total = 0.0
        for people in range(self.counters * (ends + 1)):
            total += shares[people] if people < len(shares) else 0.0
            if people >= self.counters:
                at_most.append(total)
        term, within = math.exp(-expected), 0.0
        places = ends * self.counters
        for came in range(places):
            within += term * at_most[places - came - 1]
            term *= expected / (came + 1)
        return 1 - within


@lru_cache(maxsize=16)
def _shares(offered: float, counters: int) -> tuple[float, ...]:
    """Return for how much of the time so many people are there."""
    came = [math.exp(-offered)]
    while came[-1] > NEVER or len(came) < offered + counters:
        came.append(came[-1] * offered / len(came))
    shares = [1.0] + [0.0] * PEOPLE_MAX
    for _ in range(ROUNDS_MAX):
        after = [0.0] * (PEOPLE_MAX + len(came) + 1)
        for people, share in enumerate(shares):
            if share > NEVER:
                stay = max(0, people - counters)
                for number, chance in enumerate(came):
                    after[stay + number] += share * chance
        after = after[: PEOPLE_MAX + 1]
        change = max(abs(one - two) for one, two in zip(after, shares, strict=True))
        shares = after
        if change < SETTLED:
            break
    total = math.fsum(shares)
    return tuple(share / total for share in shares)
