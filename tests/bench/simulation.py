"""Simulated customers a second: a whole hall beside Ciw and beside bare SimPy, all with M/M/10 at load 0.9.

The three take turns, a small part of the run each time, so that other work on the machine slows all of them
alike; what counts is the processor's time.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from time import process_time

import ciw
import simpy

from sim.halls import theory_hall
from sim.run import Run, no_collections
from sim.scenario import theory_scenario
from tests.bench.figures import Figure

ARRIVAL_RATE = 9.0
SERVICE_RATE = 1.0
COUNTERS = 10
CUSTOMERS = 40_000
PARTS = 100

RATIO_MIN = 0.21
"""15,000 customers a second where bare SimPy does 71,000."""

NAME = "simulation, M/M/10 at load 0.9, hall and counter actors"

Contestant = Callable[[], Iterator[int]]
"""Yields after each of `PARTS` parts how many customers have come in it."""


def measure() -> list[Figure]:
    """Return the simulation's figures. Takes about half a minute."""
    ours, bare, others = rates(hall, bare_simpy, on_ciw)
    return [
        Figure(
            name=NAME,
            value=ours,
            unit="customers/s",
            peer_name="bare SimPy",
            peer_value=bare,
            goal=f">= {RATIO_MIN} times",
            met=ours >= RATIO_MIN * bare,
        ),
        Figure(name=NAME, value=ours, unit="customers/s", peer_name="Ciw", peer_value=others),
    ]


def rates(*contestants: Contestant) -> list[float]:
    """Return for each contestant how many customers come in a second of the processor."""
    runs = [contestant() for contestant in contestants]
    customers = [0] * len(runs)
    spent_s = [0.0] * len(runs)
    with no_collections():
        for _ in range(PARTS):
            for number, run in enumerate(runs):
                began_s = process_time()
                customers[number] += next(run)
                spent_s[number] += process_time() - began_s
    return [count / time_s for count, time_s in zip(customers, spent_s, strict=True)]


def hall() -> Iterator[int]:
    """Run the production actors."""
    scenario = theory_scenario(ARRIVAL_RATE, SERVICE_RATE, CUSTOMERS)
    run = Run(theory_hall(COUNTERS), scenario, seed=1)
    before = 0
    for part in range(1, PARTS + 1):
        run.world.run(part * scenario.doors_s / PARTS)
        yield run.crowd.tally.arrived - before
        before = run.crowd.tally.arrived
    run.world.close()


def bare_simpy() -> Iterator[int]:
    """Run the same queue as SimPy's documentation would have it: a process for each customer."""
    env = simpy.Environment()
    counters = simpy.Resource(env, COUNTERS)
    chance = random.Random(1)
    arrived = 0
    waits: list[float] = []

    def customer() -> simpy.events.ProcessGenerator:
        arrived_at = env.now
        with counters.request() as request:
            yield request
            waits.append(env.now - arrived_at)
            yield env.timeout(chance.expovariate(SERVICE_RATE))

    def door() -> simpy.events.ProcessGenerator:
        nonlocal arrived
        while True:
            yield env.timeout(chance.expovariate(ARRIVAL_RATE))
            arrived += 1
            env.process(customer())

    env.process(door())
    before = 0
    for part in range(1, PARTS + 1):
        env.run(part * CUSTOMERS / ARRIVAL_RATE / PARTS)
        yield arrived - before
        before = arrived


def on_ciw() -> Iterator[int]:
    """Run the same queue on Ciw, each part from an empty hall: Ciw's runs cannot be gone on with."""
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate=ARRIVAL_RATE)],
        service_distributions=[ciw.dists.Exponential(rate=SERVICE_RATE)],
        number_of_servers=[COUNTERS],
    )
    for part in range(PARTS):
        ciw.seed(part)
        simulation = ciw.Simulation(network)
        simulation.simulate_until_max_customers(CUSTOMERS // PARTS, method="Finish")
        yield len(simulation.get_all_records())
