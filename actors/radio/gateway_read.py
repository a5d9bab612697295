"""What can be seen of a gateway and of its terminals on the air."""

from __future__ import annotations

from collections.abc import Collection

import attrs

from actors.radio.channel import Channel
from actors.radio.meters import Busy, Latency, Losses
from actors.radio.reach import Reach
from protocol.hall import Gateway
from protocol.ids import GatewayId, TerminalAddress
from protocol.messages import Recipient
from protocol.radio.actions import LinkCounts, PeerCounts
from protocol.radio.frame import DecoderCounts
from protocol.radio.guard import GuardCounts
from protocol.values import value

__all__ = ["GatewayRead", "ReadGateway", "TerminalTraffic"]


@value
class ReadGateway:
    """Ask a gateway for `GatewayRead`; it is told to ``reply_to`` where that is given."""

    reply_to: Recipient | None = None


@value
class TerminalTraffic:
    """What passed between a gateway and one terminal since the gateway's actor was started."""

    address: TerminalAddress
    home: GatewayId
    served: bool
    counts: PeerCounts
    loss: float | None
    """The share (0..1) of its last uplinks that say they are repeats; None before the first."""
    latency: Latency | None
    round_trip_s: float | None
    """The smoothed round trip, None before something was acknowledged."""
    heard_ago_s: float | None
    """How long ago its last good frame came."""


@value
class GatewayRead:
    """What can be seen of a gateway; the counts are copies, since its actor was started."""

    gateway: GatewayId
    up: bool
    link: LinkCounts
    octets: DecoderCounts
    round_trips_s: dict[TerminalAddress, float]
    """The smoothed round trip of each terminal that has acknowledged something."""
    serves: frozenset[TerminalAddress]
    troubles: frozenset[str]
    """What is wrong with the open port: silent, garbage, echo, address."""
    waiting: int
    """Downlinks that wait for their turn."""
    superseded: int
    """Downlinks that a newer one made worthless before they were sent."""
    broadcasts: int
    """Broadcasts that told several devices at once, and how many devices in all."""
    broadcast_entries: int
    repairs: int
    """Results of presses that were broadcast, and asked for again."""
    sent_s: float
    """Seconds on the air."""
    heard_s: float
    """Seconds in which others were on the air, as far as they were heard."""
    utilisation: float
    """The share (0..1) of the last minute in which the channel was busy with both."""
    sent_share: float
    """The share (0..1) of the last hour that the gateway was on the air."""
    sent_share_max: float
    """What it may be."""
    loss: float | None
    """The share (0..1) of the last uplinks of all terminals that say they are repeats."""
    latency: Latency | None
    """From a downlink's coming to the gateway until the terminal's radio acknowledged it."""
    terminals: tuple[TerminalTraffic, ...]
    messages: GuardCounts
    """What was taken from its own terminals, sealed for them, and refused."""

    @classmethod
    def of(
        cls,
        gateway: Gateway,
        channel: Channel,
        reach: Reach,
        losses: Losses,
        busy: Busy,
        now_s: float,
        *,
        up: bool,
        troubles: Collection[str],
    ) -> GatewayRead:
        """Return how a gateway is at ``now_s``."""
        link, pacer = channel.link, channel.pacer
        counts, air = link.peer_counts, link.air_time
        nothing = PeerCounts()
        terminals = tuple(
            _traffic(channel, reach, losses, address, counts.get(address, nothing), now_s)
            for address in sorted(reach.terminals)
        )
        return cls(
            gateway=gateway.id,
            up=up,
            link=attrs.evolve(link.counts),
            octets=attrs.evolve(link.decoder_counts),
            round_trips_s={
                one.address: one.round_trip_s for one in terminals if one.round_trip_s is not None
            },
            serves=reach.served,
            troubles=frozenset(str(trouble) for trouble in troubles),
            waiting=len(pacer),
            superseded=pacer.superseded,
            broadcasts=pacer.broadcasts,
            broadcast_entries=pacer.broadcast_entries,
            repairs=pacer.repairs,
            sent_s=air.sent_s,
            heard_s=air.heard_s,
            utilisation=busy.share(now_s, air.sent_s + air.heard_s),
            sent_share=air.sent_share(now_s),
            sent_share_max=gateway.duty_cycle_max,
            loss=losses.of_all(counts),
            latency=channel.latencies.of_gateway(),
            terminals=terminals,
            messages=channel.messages(),
        )


def _traffic(
    channel: Channel,
    reach: Reach,
    losses: Losses,
    address: TerminalAddress,
    counts: PeerCounts,
    now_s: float,
) -> TerminalTraffic:
    return TerminalTraffic(
        address=address,
        home=reach.home(address),
        served=address in reach.served,
        counts=attrs.evolve(counts),
        loss=losses.of_terminal(address, counts),
        latency=channel.latencies.of_terminal(address),
        round_trip_s=channel.link.round_trip_s(address),
        heard_ago_s=None if counts.heard_s is None else now_s - counts.heard_s,
    )
