"""What Prometheus is told of the radio channels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import attrs
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from actors.radio.gateway_read import GatewayRead
from protocol.ids import HallId

__all__ = ["radio_metrics"]

_LABELS = ("hall", "gateway")

_Reads = Mapping[tuple[HallId, str], GatewayRead]

_GAUGES: tuple[tuple[str, str, Callable[[GatewayRead], float | None]], ...] = (
    ("up", "Whether the port is open.", lambda read: float(read.up)),
    ("utilisation", "Share of the last minute that was busy.", lambda read: read.utilisation),
    ("duty_cycle", "Share of the last hour on the air.", lambda read: read.sent_share),
    ("duty_cycle_max", "What it may be.", lambda read: read.sent_share_max),
    ("uplink_loss", "Share of the last uplinks that are repeats.", lambda read: read.loss),
    ("downlinks_waiting", "Downlinks that wait.", lambda read: float(read.waiting)),
    ("terminals_served", "Terminals that it serves.", lambda read: float(len(read.serves))),
)

_COUNTERS: tuple[tuple[str, str, Callable[[GatewayRead], float]], ...] = (
    ("air_sent_seconds", "On the air.", lambda read: read.sent_s),
    ("air_heard_seconds", "Others on the air.", lambda read: read.heard_s),
    ("downlinks_acknowledged", "Acknowledged.", lambda read: read.link.acknowledged),
    ("downlinks_given_up", "Never acknowledged.", lambda read: read.link.given_up),
    ("downlinks_superseded", "Never sent: a newer one came.", lambda read: read.superseded),
    ("downlink_repeats", "Further attempts.", lambda read: read.link.retries),
    ("broadcasts", "Broadcasts to several devices.", lambda read: read.broadcasts),
    ("uplinks", "Acknowledged, repeats included.", lambda read: read.link.datagrams_received),
    ("uplink_repeats", "Uplinks that are repeats.", lambda read: read.link.retries_received),
    ("flooded", "Uplinks not acknowledged: too many.", lambda read: read.link.flooded),
    ("frames", "Good frames from the port.", lambda read: read.octets.frames),
    ("noise_octets", "Octets of no good frame.", lambda read: read.octets.octets_outside),
    ("stranger_frames", "From unknown devices.", lambda read: read.link.strangers),
)


def radio_metrics(reads: _Reads) -> Iterator[Metric]:
    """Yield what was read of each gateway of each hall; figures that are not known yet are left out."""
    for name, about, of in _GAUGES:
        gauge = GaugeMetricFamily(f"paihao_radio_{name}", about, labels=_LABELS)
        for labels, read in reads.items():
            figure = of(read)
            if figure is not None:
                gauge.add_metric(labels, figure)
        yield gauge
    for name, about, count in _COUNTERS:
        counter = CounterMetricFamily(f"paihao_radio_{name}", about, labels=_LABELS)
        for labels, read in reads.items():
            counter.add_metric(labels, count(read))
        yield counter
    messages = CounterMetricFamily(
        "paihao_radio_messages",
        "Messages by what became of them: opened, plain, sealed, forged, replayed, reflected, ...",
        labels=[*_LABELS, "kind"],
    )
    for labels, read in reads.items():
        for kind, figure in attrs.asdict(read.messages).items():
            messages.add_metric([*labels, kind], figure)
    yield messages
    latency = GaugeMetricFamily(
        "paihao_radio_downlink_latency_seconds",
        "From a downlink's coming to its acknowledgement, of the last ones.",
        labels=[*_LABELS, "quantile"],
    )
    for labels, read in reads.items():
        if (found := read.latency) is not None:
            for quantile, figure in (
                ("0.5", found.p50_s),
                ("0.9", found.p90_s),
                ("0.99", found.p99_s),
            ):
                latency.add_metric([*labels, quantile], figure)
    yield latency
