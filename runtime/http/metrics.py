"""What Prometheus is told."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from actors.hall.state import HallState
from actors.world import ActorWatch
from protocol.ids import HallId
from protocol.tickets import CounterMode, TicketState

CONTENT_TYPE = CONTENT_TYPE_LATEST.encode()

DURATIONS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)


class RequestCounts:
    """Requests by route and status, and how long they took. Routes are a fixed set, so this is bounded."""

    def __init__(self) -> None:
        self.by_status: dict[tuple[str, int], int] = {}
        self._durations = [0] * (len(DURATIONS_S) + 1)
        self._seconds = 0.0

    def count(self, route: str, status: int, spent_s: float = 0.0) -> None:
        """Count one answer; for a stream ``spent_s`` goes to its first octet."""
        key = route, status
        self.by_status[key] = self.by_status.get(key, 0) + 1
        self._durations[bisect_left(DURATIONS_S, spent_s)] += 1
        self._seconds += spent_s

    def metrics(self) -> Iterator[Metric]:
        """Yield what was counted."""
        requests = CounterMetricFamily(
            "paihao_http_requests", "HTTP requests answered.", labels=["route", "status"]
        )
        for (route, status), count in self.by_status.items():
            requests.add_metric([route, str(status)], count)
        yield requests
        bounds = [*map(str, DURATIONS_S), "+Inf"]
        duration = HistogramMetricFamily(
            "paihao_http_request_duration_seconds", "From a whole request to its answer."
        )
        duration.add_metric(
            [], list(zip(bounds, accumulate(self._durations), strict=True)), self._seconds
        )
        yield duration


def hall_metrics(states: Mapping[HallId, HallState]) -> Iterator[Metric]:
    """Yield what is to be seen of each hall's durable state. Tickets are those of the business day."""
    tickets = GaugeMetricFamily(
        "paihao_tickets", "Today's tickets.", labels=["hall", "service", "state"]
    )
    waiting = GaugeMetricFamily("paihao_waiting", "Tickets that wait.", labels=["hall", "service"])
    counters = GaugeMetricFamily("paihao_counters", "Counters.", labels=["hall", "mode"])
    seq = CounterMetricFamily("paihao_events", "Durable events of a hall.", labels=["hall"])
    for hall, state in states.items():
        spec = state.spec
        by_state = dict.fromkeys(
            ((service, kind) for service in spec.services for kind in TicketState), 0
        )
        for ticket in state.tickets.values():
            # A service may be gone from the configuration since its ticket was taken.
            key = ticket.service, ticket.state
            by_state[key] = by_state.get(key, 0) + 1
        for (service, kind), count in by_state.items():
            tickets.add_metric([hall, service, kind], count)
        for service in spec.services:
            waiting.add_metric([hall, service], state.waiting(service))
        modes = dict.fromkeys(CounterMode, 0)
        for counter in spec.counters:
            modes[state.post(counter).mode] += 1
        for mode, count in modes.items():
            counters.add_metric([hall, mode], count)
        seq.add_metric([hall], state.seq)
    yield from (tickets, waiting, counters, seq)


def actor_metrics(watched: Iterable[ActorWatch]) -> Iterator[Metric]:
    """Yield what is to be seen of the actors."""
    mailbox = GaugeMetricFamily(
        "paihao_actor_mailbox", "Messages that wait for an actor.", labels=["actor"]
    )
    turns = CounterMetricFamily(
        "paihao_actor_turns", "Messages that an actor handled.", labels=["actor"]
    )
    busy = CounterMetricFamily(
        "paihao_actor_busy_seconds", "Time an actor spent in its methods.", labels=["actor"]
    )
    slowest = GaugeMetricFamily(
        "paihao_actor_slowest_seconds",
        "The longest that an actor took for one message.",
        labels=["actor", "message"],
    )
    restarts = CounterMetricFamily(
        "paihao_actor_restarts", "Restarts of an actor after a failure.", labels=["actor"]
    )
    for watch in watched:
        mailbox.add_metric([watch.name], watch.mailbox)
        turns.add_metric([watch.name], watch.turns)
        busy.add_metric([watch.name], watch.busy_s)
        slowest.add_metric([watch.name, watch.slowest_message], watch.slowest_s)
        restarts.add_metric([watch.name], watch.restarts)
    yield from (mailbox, turns, busy, slowest, restarts)


def gauge(name: str, about: str, by_label: Mapping[str, float], label: str) -> Metric:
    """Return a gauge with one label."""
    family = GaugeMetricFamily(name, about, labels=[label])
    for of, number in by_label.items():
        family.add_metric([of], number)
    return family


class _Given(Collector):
    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def exposition(metrics: Iterable[Metric]) -> bytes:
    """Return ``metrics`` as Prometheus reads them."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Given(metrics))
    return generate_latest(registry)


MoreMetrics = Callable[[], Iterable[Metric]]
"""Returns metrics that others have: journals, links."""
