"""Networks that theory can solve: who comes, what is done at each stage, by how many counters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from protocol.values import value
from sim.distributions import Exponential, Fixed, LogNormal
from sim.erlang import erlang
from sim.lab.streams import stream
from sim.theory.constant_service import ConstantService
from sim.theory.impatience import Impatience
from sim.theory.priorities import PriorityClass
from sim.theory.queue import Queue
from sim.theory.single_server import SingleServer


@value
class Stage:
    """A queue with so many ``counters``; ``queues`` are what theory says of it to each class."""

    counters: int
    service: Exponential | Fixed | LogNormal
    queues: tuple[Queue, ...]


@value
class Network:
    """Customers of one or more classes, the highest first, come at random and pass all stages in order.

    Their order is strict and interrupts nobody; within a class it is first come, first served.
    """

    name: str
    source: str
    """Whose formulas are used."""
    arrival_rates: tuple[float, ...]
    stages: tuple[Stage, ...]
    patience: Exponential | None = None
    """How long a customer waits for a call at most; nobody gives up if it is None."""


class Customer(NamedTuple):
    """Somebody who comes, drawn beforehand: when, of which class, for how long at each stage."""

    came: float
    kind: int
    services: tuple[float, ...]
    patience: float | None


class Visit(NamedTuple):
    """Somebody passed a stage: came there, ``waited``, and was served until ``ended`` (None: gave up)."""

    customer: int
    """By the order in which they came to the first stage, from 0."""
    stage: int
    kind: int
    came: float
    waited: float
    ended: float | None


def draw_customers(network: Network, count: int, seed: int) -> list[Customer]:
    """Return the first ``count`` customers of a run."""
    chance = {
        purpose: stream(seed, network.name, purpose)
        for purpose in ("arrivals", "class", "service", "patience")
    }
    total = sum(network.arrival_rates)
    customers, now = [], 0.0
    for _ in range(count):
        now += chance["arrivals"].expovariate(total)
        [kind] = chance["class"].choices(
            range(len(network.arrival_rates)), weights=network.arrival_rates
        )
        services = tuple(stage.service.draw(chance["service"]) for stage in network.stages)
        patience = None if network.patience is None else network.patience.draw(chance["patience"])
        customers.append(Customer(now, kind, services, patience))
    return customers


def busy_share(visits: Iterable[Visit], counters: int, begins: float, ends: float) -> float:
    """Return the share of the time from ``begins`` to ``ends`` for which a counter is busy."""
    busy = sum(
        max(0.0, min(visit.ended, ends) - max(visit.came + visit.waited, begins))
        for visit in visits
        if visit.ended is not None
    )
    return busy / counters / (ends - begins)


# -- the networks --------------------------------------------------------------------------------

UNIT = Exponential(mean_s=1.0)


def _one_queue(
    name: str, source: str, rate: float, counters: int, service: Exponential | Fixed | LogNormal,
    queue: Queue,
) -> Network:  # fmt: skip
    stage = Stage(counters=counters, service=service, queues=(queue,))
    return Network(name=name, source=source, arrival_rates=(rate,), stages=(stage,))


def networks() -> Sequence[Network]:
    """Return the networks that are looked at. A service at the first stage takes a unit of time.

    Loads of 0.6 or so let the mean of a run of a thousand customers be nearly normal, as intervals need it."""
    varied = LogNormal(mean_s=1.0, spread=0.8)
    classes = (0.6, 1.2)
    first, second = Exponential(mean_s=1.0), Exponential(mean_s=1.5)
    return (
        _one_queue("M/M/3", "Erlang 1917", 1.8, 3, UNIT, erlang(1.8, 1.0, 3)),
        _one_queue(
            "M/G/1", "Pollaczek, Khinchine", 0.6, 1, varied,
            SingleServer(arrival_rate=0.6, service=varied),
        ),
        _one_queue(
            "M/D/3", "Crommelin 1932", 2.1, 3, Fixed(always_s=1.0),
            ConstantService(arrival_rate=2.1, service_time=1.0, counters=3),
        ),
        Network(
            name="M/M/3 with priorities",
            source="Cobham 1954",
            arrival_rates=classes,
            stages=(
                Stage(
                    counters=3,
                    service=UNIT,
                    queues=tuple(
                        PriorityClass(
                            arrival_rates=classes, service_rate=1.0, counters=3, place=place
                        )
                        for place in range(len(classes))
                    ),
                ),
            ),
        ),
        Network(
            name="M/M/3 with impatience",
            source="Palm 1957 (Erlang A)",
            arrival_rates=(3.0,),
            stages=(
                Stage(
                    counters=3,
                    service=UNIT,
                    queues=(
                        Impatience(
                            arrival_rate=3.0, service_rate=1.0, counters=3, patience_rate=0.5
                        ),
                    ),
                ),
            ),
            patience=Exponential(mean_s=2.0),
        ),
        Network(
            name="M/M/2 and M/M/3 in tandem",
            source="Burke 1956",
            arrival_rates=(1.2,),
            stages=(
                Stage(counters=2, service=first, queues=(erlang(1.2, 1.0, 2),)),
                Stage(counters=3, service=second, queues=(erlang(1.2, 1 / 1.5, 3),)),
            ),
        ),
    )  # fmt: skip
