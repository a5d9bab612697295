"""The same networks in Ciw, somebody else's simulator of queueing networks (https://ciw.readthedocs.io)."""

from __future__ import annotations

import math
from typing import Any

from sim.distributions import Exponential, Fixed, LogNormal
from sim.theory.network import Network, Visit

MORE = 100
"""Customers who come after those that are looked at, so that these are all served when the run ends."""


def ciw_is_here() -> bool:
    """Return whether Ciw is installed: it is among what tests and benchmarks need, not what Paihao does."""
    try:
        import ciw  # noqa: F401
    except ImportError:
        return False
    return True


def on_ciw(network: Network, customers: int, seed: int) -> list[Visit]:
    """Return what the first ``customers`` did in a network that was empty at first.

    Raises:
        ImportError: Ciw is not installed.
    """
    import ciw

    stages, kinds = range(len(network.stages)), range(len(network.arrival_rates))
    names = [f"Class {kind}" for kind in kinds]

    def each(of_class: Any) -> Any:
        return {name: of_class(kind) for kind, name in zip(kinds, names, strict=True)}

    arguments: dict[str, Any] = {
        "arrival_distributions": each(
            lambda kind: (
                [ciw.dists.Exponential(rate=network.arrival_rates[kind])]
                + [None for _ in stages[1:]]
            )
        ),
        "service_distributions": each(
            lambda _kind: [_drawn(ciw, stage.service) for stage in network.stages]
        ),
        "number_of_servers": [stage.counters for stage in network.stages],
        "routing": each(lambda _kind: [[float(to == at + 1) for to in stages] for at in stages]),
        "priority_classes": {name: kind for kind, name in zip(kinds, names, strict=True)},
    }
    if network.patience is not None:
        patience = network.patience
        arguments["reneging_time_distributions"] = each(
            lambda _kind: [_drawn(ciw, patience) for _ in stages]
        )
    ciw.seed(seed)
    simulation = ciw.Simulation(ciw.create_network(**arguments))
    simulation.simulate_until_max_customers(customers + MORE, method="Arrive")
    return [
        Visit(
            customer=record.id_number - 1,
            stage=record.node - 1,
            kind=names.index(record.customer_class),
            came=record.arrival_date,
            waited=record.waiting_time,
            ended=None if record.record_type == "renege" else record.service_end_date,
        )
        for record in simulation.get_all_records()
        if record.id_number <= customers
    ]


def _drawn(ciw: Any, times: Exponential | Fixed | LogNormal) -> Any:
    match times:
        case Exponential():
            return ciw.dists.Exponential(rate=1 / times.mean_s)
        case Fixed():
            return ciw.dists.Deterministic(value=times.always_s)
        case LogNormal():
            variance = math.log1p(times.spread * times.spread)
            return ciw.dists.Lognormal(
                mean=math.log(times.mean_s) - variance / 2, sd=math.sqrt(variance)
            )
