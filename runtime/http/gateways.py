"""The radio channels over HTTP: each gateway and the terminals that it hears, in figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actors.radio.gateway_read import GatewayRead, ReadGateway, TerminalTraffic
from actors.radio.meters import Latency
from actors.radio.network import NetworkRead, ReadNetwork
from actors.radio.serving import Post
from protocol.hall import Gateway
from protocol.ids import GatewayId, TerminalAddress
from protocol.values import value
from runtime.config.model import Role
from runtime.http.bodies import field
from runtime.http.calls import Call
from runtime.http.encoding import to_json
from runtime.http.gathering import Gather, Groups
from runtime.http.request import NO_STORE, Response
from runtime.http.routing import Route

_MANAGERS = frozenset({Role.MANAGER})

DIGITS = 6
"""Shares and seconds are rounded to so many places."""


@value
class LatencyView:
    """From a downlink's coming to the gateway until the terminal's radio acknowledged it, in seconds."""

    p50_s: float
    p90_s: float
    p99_s: float
    count: int = field(about="How many of the last ones these figures are of.")


@value
class TrafficView:
    """What passed between a gateway and one terminal since the server was started."""

    gateway: GatewayId = field(about="The terminal's home, which the configuration names.")
    address: int = field(about="Its radio address.")
    served_by: GatewayId | None = field(about="Who acknowledges it and sends to it now.")
    heard: float | None = field(
        about="Share of its transmissions that this gateway hears, where others may hear it too."
    )
    received: int = field(about="Messages from it that were acknowledged, repeats included.")
    loss: float | None = field(
        about="Share of the last of them that say they are repeats; of too few nothing is said."
    )
    flooded: int = field(
        about="Messages from it that were not acknowledged, because there were too many."
    )
    sent: int = field(about="Messages to it.")
    repeated: int = field(about="Further attempts to send them.")
    given_up: int = field(about="Messages that it never acknowledged.")
    latency: LatencyView | None
    heard_ago_s: float | None = field(about="Seconds since its last good frame.")


@value
class GatewayView:
    """A gateway and its channel since the server was started."""

    id: GatewayId
    port: str
    up: bool = field(about="Whether its port is open.")
    covers: tuple[GatewayId, ...] = field(about="Gateways that it stands in for.")
    troubles: tuple[str, ...] = field(
        about="What is wrong with the open port (silent, garbage, echo, address); each is an alarm as well."
    )
    utilisation: float = field(about="Share of the last minute in which the channel was busy.")
    sent_s: float = field(about="Seconds on the air.")
    heard_s: float = field(about="Seconds in which others were on the air.")
    duty_cycle: float = field(about="Share of the last hour on the air.")
    duty_cycle_max: float = field(about="What it may be; beyond it only acknowledgements are sent.")
    loss: float | None = field(about="Share of the last messages from terminals that are repeats.")
    latency: LatencyView | None
    waiting: int = field(about="Messages that wait for their turn.")
    acknowledged: int = field(about="Messages that terminals acknowledged.")
    given_up: int = field(about="Messages that were never acknowledged.")
    superseded: int = field(about="Messages that a newer one made worthless before they were sent.")
    broadcasts: int = field(about="Broadcasts that told several devices at once.")
    flooded: int = field(
        about="Messages that were not acknowledged, because their senders sent too many."
    )
    strangers: int = field(about="Frames from devices that are not configured.")
    noise_octets: int = field(about="Octets from the port that belong to no good frame.")
    terminals: tuple[TrafficView, ...]


@value
class GatewayList:
    """All gateways of a hall, in the order of the configuration."""

    gateways: tuple[GatewayView, ...]


def gateways() -> tuple[Route, ...]:
    """Return the route of gateways; managers only."""
    return (
        Route(
            method="GET",
            pattern="/api/v1/halls/{hall}/gateways",
            handler=read_gateways,
            summary="List the radio gateways: air time, loss, latency, and who serves which terminal",
            roles=_MANAGERS,
            answers={200: GatewayList},
        ),
    )


def read_gateways(call: Call) -> Response | None:
    """Say how the gateways of a hall are."""
    port = call.hall.port
    if port.radio is None or not port.gateways:
        return _answer(GatewayList(gateways=()))
    asked = Groups(
        (port.gateways.values(), lambda reply: ReadGateway(reply_to=reply)),
        ([port.radio], lambda reply: ReadNetwork(reply_to=reply)),
    )
    call.ask(
        asked,
        lambda reply: Gather(asked.count, reply),
        lambda answer: _answer(_list(port.spec.gateways, answer)),
    )
    return None


def _list(specs: Mapping[GatewayId, Gateway], answer: Any) -> GatewayList:
    network = next((read for read in answer if isinstance(read, NetworkRead)), None)
    reads = {read.gateway: read for read in answer if isinstance(read, GatewayRead)}
    return GatewayList(
        gateways=tuple(_view(spec, reads[id], network) for id, spec in specs.items() if id in reads)
    )


def _view(spec: Gateway, read: GatewayRead, network: NetworkRead | None) -> GatewayView:
    return GatewayView(
        id=read.gateway,
        port=spec.port,
        up=read.up,
        covers=spec.covers,
        troubles=tuple(sorted(read.troubles)),
        utilisation=round(read.utilisation, DIGITS),
        sent_s=round(read.sent_s, DIGITS),
        heard_s=round(read.heard_s, DIGITS),
        duty_cycle=round(read.sent_share, DIGITS),
        duty_cycle_max=read.sent_share_max,
        loss=_rounded(read.loss),
        latency=_latency(read.latency),
        waiting=read.waiting,
        acknowledged=read.link.acknowledged,
        given_up=read.link.given_up,
        superseded=read.superseded,
        broadcasts=read.broadcasts,
        flooded=read.link.flooded,
        strangers=read.link.strangers,
        noise_octets=read.octets.octets_outside,
        terminals=tuple(_traffic(read.gateway, one, network) for one in read.terminals),
    )


def _traffic(
    gateway: GatewayId, traffic: TerminalTraffic, network: NetworkRead | None
) -> TrafficView:
    server, qualities = gateway if traffic.served else None, None
    if network is not None:
        post = Post(home=traffic.home, address=TerminalAddress(traffic.address))
        server, qualities = network.servers.get(post), network.qualities.get(post)
    return TrafficView(
        gateway=traffic.home,
        address=traffic.address,
        served_by=server,
        heard=_rounded(qualities.get(gateway)) if qualities else None,
        received=traffic.counts.received,
        loss=_rounded(traffic.loss),
        flooded=traffic.counts.flooded,
        sent=traffic.counts.sent,
        repeated=traffic.counts.retries,
        given_up=traffic.counts.given_up,
        latency=_latency(traffic.latency),
        heard_ago_s=_rounded(traffic.heard_ago_s),
    )


def _latency(latency: Latency | None) -> LatencyView | None:
    if latency is None:
        return None
    return LatencyView(
        p50_s=round(latency.p50_s, DIGITS),
        p90_s=round(latency.p90_s, DIGITS),
        p99_s=round(latency.p99_s, DIGITS),
        count=latency.count,
    )


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, DIGITS)


def _answer(given: object) -> Response:
    return Response(status=200, body=to_json(given), headers=(NO_STORE,))
