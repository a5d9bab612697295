"""What theory says of a hall with one queue: Erlang's delay model, M/M/c.

Customers come at random (Poisson, ``arrival_rate``), each of ``counters`` serves one at a time for an
exponential time (``service_rate`` each), and whoever finds no counter free waits in one queue. With the
offered load ``a = arrival_rate / service_rate`` and ``c`` counters:

    B(0) = 1,  B(n) = a B(n-1) / (n + a B(n-1))      Erlang B: all of n counters busy, nobody waits
    C    = B(c) / (1 - (a / c) (1 - B(c)))           Erlang C: an arrival must wait
    Wq   = C / (c service_rate - arrival_rate)       mean wait of all customers
    P(wait > t) = C exp(-(c service_rate - arrival_rate) t)

Source: A. K. Erlang, "Solution of some problems in the theory of probabilities of significance in automatic
telephone exchanges" (1917); in today's notation D. Gross, J. Shortle, J. Thompson, C. Harris,
*Fundamentals of Queueing Theory*, 4th ed., section 2.3. The recursion in place of powers and factorials
is what keeps large ``c`` in range: every term lies between 0 and 1.
"""

import math

from protocol.values import value

COUNTERS_MAX = 1_000_000
"""Counters that are reckoned with; the recursion takes one step for each."""


@value
class Erlang:
    """An M/M/c queue in the steady state. Waits are in the time unit of the two rates."""

    arrival_rate: float
    service_rate: float
    counters: int
    wait_probability: float
    """Erlang C: the share of customers who wait at all."""
    mean_wait: float
    """Of all customers, those who did not wait among them."""

    @property
    def load(self) -> float:
        """The share of time for which a counter is busy, 0 to 1."""
        return self.arrival_rate / (self.counters * self.service_rate)

    @property
    def memory(self) -> float:
        """For how many further customers a disturbance lasts, until 1 / e of it is left.

        The relaxation time of the single fast server that a busy hall resembles, one service more, times the
        arrival rate. Source: P. M. Morse, "Stochastic properties of waiting lines" (1955).
        """
        gap = math.sqrt(self.counters * self.service_rate) - math.sqrt(self.arrival_rate)
        return self.arrival_rate * (1 / gap**2 + 1 / self.service_rate)

    def longer_than(self, wait: float) -> float:
        """Return the share of customers who wait longer than ``wait``."""
        spare_rate = self.counters * self.service_rate - self.arrival_rate
        return self.wait_probability * math.exp(-spare_rate * wait)


def blocked(offered_load: float, counters: int) -> float:
    """Return Erlang B: the share of time for which all counters are busy if nobody waits."""
    share = 1.0
    for count in range(1, counters + 1):
        share = offered_load * share / (count + offered_load * share)
    return share


def erlang(arrival_rate: float, service_rate: float, counters: int) -> Erlang:
    """Return what theory says of the queue; both rates are per the same unit of time.

    Raises:
        ValueError: a rate is not above 0, the counters are not 1 to `COUNTERS_MAX`, or the counters
            cannot keep up (a load of 1 or more), so that waits grow for ever and have no mean.
    """
    for what, rate in (("arrival", arrival_rate), ("service", service_rate)):
        if not (rate > 0 and math.isfinite(rate)):
            raise ValueError(f"the {what} rate is {rate:g}; it must be above 0")
    if not 1 <= counters <= COUNTERS_MAX:
        raise ValueError(f"there are {counters} counters; there must be 1 to {COUNTERS_MAX:,}")
    load = arrival_rate / (counters * service_rate)
    if load >= 1:
        raise ValueError(
            f"{counters} counters serve {counters * service_rate:g} customers in the time in which "
            f"{arrival_rate:g} arrive: the queue grows for ever; it takes more counters"
        )
    all_busy = blocked(arrival_rate / service_rate, counters)
    wait_probability = all_busy / (1 - load * (1 - all_busy))
    return Erlang(
        arrival_rate=arrival_rate,
        service_rate=service_rate,
        counters=counters,
        wait_probability=wait_probability,
        mean_wait=wait_probability / (counters * service_rate - arrival_rate),
    )
