"""M/M/c with impatience (Erlang A): who has waited for an exponential time of mean ``1 / g`` gives up.

Somebody of boundless patience who found all counters busy would be called after a time with the density

    v(x) = l p(c - 1) exp(l H(x) - c m x),    H(x) = (1 - e^(-g x)) / g

and ``p(c - 1) = 1 / (1 / B(c - 1) + l J)`` with Erlang's B and ``J``, the integral of ``exp(l H(x) - c m x)``.
Everybody waits until then or until patience ends:

    P(W > t)  = e^(-g t) * integral of v from t on
    P(leaves) = (1 + (l - c m) J) / (1 / B(c - 1) + l J)
    E[W]      = P(leaves) / g                               of all, whether called or not

Sources: C. Palm, "Research on telephone traffic carried by full availability groups" (1957); S. Zeltyn,
A. Mandelbaum, "Call centers with impatient customers: many-server asymptotics of the M/M/n+G queue", Queueing
Systems 51 (2005), section 2, after F. Baccelli, G. Hebuterne (1981).
"""

from __future__ import annotations

import math

from protocol.values import value
from sim.erlang import blocked

STEPS = 4_000
"""Of Simpson's rule, an even number."""
NEVER = 40.0
"""Densities of less than e to minus this are nothing."""


@value
class Impatience:
    """M/M/c in which ``patience_rate`` (above 0) is the rate at which a waiting customer gives up."""

    arrival_rate: float
    service_rate: float
    counters: int
    patience_rate: float

    @property
    def load(self) -> float:
        served = self.arrival_rate * (1 - self.left_share)
        return served / (self.counters * self.service_rate)

    @property
    def left_share(self) -> float:
        """The share of customers who give up."""
        spare = self.arrival_rate - self.counters * self.service_rate
        return (1 + spare * self._busy_from(0.0)) / self._normed

    @property
    def mean_wait(self) -> float:
        return self.left_share / self.patience_rate

    def longer_than(self, wait: float) -> float:
        stays = math.exp(-self.patience_rate * wait)
        return stays * self.arrival_rate * self._busy_from(wait) / self._normed

    @property
    def _normed(self) -> float:
        offered = self.arrival_rate / self.service_rate
        not_busy = 1 / blocked(offered, self.counters - 1)
        return not_busy + self.arrival_rate * self._busy_from(0.0)

    def _busy_from(self, wait: float) -> float:
        """Return the integral J from ``wait`` on, by Simpson's rule."""
        leave_rate = self.counters * self.service_rate

        def density(time: float) -> float:
            given_up = -math.expm1(-self.patience_rate * time) / self.patience_rate
            return math.exp(self.arrival_rate * given_up - leave_rate * time)

        most = self.arrival_rate / self.patience_rate
        step = (max(wait, (NEVER + most) / leave_rate) + 1 / leave_rate - wait) / STEPS
        inner = math.fsum(
            (4 if number % 2 else 2) * density(wait + number * step) for number in range(1, STEPS)
        )
        return (density(wait) + inner + density(wait + STEPS * step)) * step / 3
