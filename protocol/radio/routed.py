"""A reliable link on a segment where every payload carries the router's header.

It has the interface of `ReliableLink`, with the ends of the way for its peers. What differs:

- A datagram to a far node goes to the next hop. `Acknowledged` says that the next hop has it, no more:
  there are no acknowledgements from end to end. Afterwards the channel is left to the repeater for as long
  again.
- What carries no router's header is refused and counted; so is what is for others.
- A device that has no post yet has no route: what is for it goes back by the way on which it asked last.
- Who is behind a repeater is served together with it and with all others there: the repeater is
  acknowledged by one gateway, whoever's datagrams it brings.
"""

from collections.abc import Collection, Mapping
from random import Random

import attrs

from protocol.errors import FrameError
from protocol.radio.actions import (
    Acknowledged,
    Action,
    BroadcastSent,
    GaveUp,
    LinkCounts,
    Misrouted,
    Overheard,
    PeerCounts,
    Received,
    Refused,
    Stranger,
)
from protocol.radio.air_time import AirTime
from protocol.radio.datagram import BROADCAST
from protocol.radio.frame import DecoderCounts
from protocol.radio.options import LinkOptions
from protocol.radio.outbox import Urgency
from protocol.radio.reliable import ReliableLink
from protocol.radio.router import Routed, Routes, decode_routed, encode_routed
from protocol.radio.uplinks import PAIRING_ADDRESS
from protocol.values import replace

__all__ = ["RoutedLink", "RouterCounts"]


@attrs.define
class RouterCounts:
    """What a routed link has refused, and a repeater passed on, since it was made."""

    refused: int = 0
    """Payloads without a router's header: the segment is mixed."""
    not_ours: int = 0
    """Datagrams to somebody else that we do not pass on."""
    returned: int = 0
    """Datagrams that came back to who sent them: a route goes round."""
    too_far: int = 0
    """Datagrams that passed too many repeaters."""
    relayed: int = 0
    """Datagrams passed on and acknowledged by the next hop."""
    relay_lost: int = 0
    """Datagrams that the next hop did not acknowledge, or that there was no room for."""


@attrs.define(eq=False)
class _Sent:
    """What the link's own token stands for; without ``token`` we only pass it on."""

    to: int
    token: int | None


class RoutedLink:
    """See the module. ``routes`` say who is behind which repeater; without them all are in direct reach."""

    def __init__(
        self,
        address: int,
        random: Random,
        options: LinkOptions | None = None,
        peers: Collection[int] | None = None,
        *,
        routes: Routes | None = None,
    ) -> None:
        self.routes = routes or Routes()
        self.router_counts = RouterCounts()
        self._asked_by: int | None = None
        """The node that brought the last datagram of a device without a post."""
        hops = None if peers is None else self._hops(peers)
        self._link = ReliableLink(address, random, options, hops)
        self._served = peers
        self._not_served: Collection[int] = ()
        self._far_counts: dict[int, PeerCounts] = {}
        self._sent: dict[int, _Sent] = {}
        """Bounded by the link's own queues."""
        self._tokens = 0
        self._id = -1

    # -- what can be seen -------------------------------------------------------------------

    @property
    def address(self) -> int:
        """Our own address."""
        return self._link.address

    @property
    def counts(self) -> LinkCounts:
        """What the hops to and from us have seen."""
        return self._link.counts

    @property
    def decoder_counts(self) -> DecoderCounts:
        """What the octets from the line were."""
        return self._link.decoder_counts

    @property
    def air_time(self) -> AirTime:
        """How long we and the others were on the air."""
        return self._link.air_time

    @property
    def peer_counts(self) -> Mapping[int, PeerCounts]:
        """What passed between us and each node; for far ones, what their repeater acknowledged and brought."""
        return {**self._link.peer_counts, **self._far_counts}

    def round_trip_s(self, peer: int) -> float | None:
        """Return the smoothed round trip to the next hop on the way to ``peer``."""
        return self._link.round_trip_s(self.routes.next_hop(peer))

    # -- sending ----------------------------------------------------------------------------

    def send(
        self,
        to: int,
        payload: bytes,
        token: int,
        now_s: float,
        *,
        urgency: Urgency = Urgency.NORMAL,
        idempotent: bool = False,
    ) -> list[Action]:
        """Send ``payload`` to ``to`` by its next hop, as `ReliableLink.send`.

        Raises FrameError for a payload over 55 octets, and for an address that no peer can have.
        """
        routed = self._routed(to, payload)
        return self._send_on(routed, token, now_s, urgency=urgency, idempotent=idempotent)

    def send_broadcast(
        self,
        payload: bytes,
        now_s: float,
        *,
        token: int | None = None,
        urgency: Urgency = Urgency.NORMAL,
    ) -> list[Action]:
        """Send ``payload`` to everybody in our own reach, as `ReliableLink.send_broadcast`."""
        octets = encode_routed(self._routed(BROADCAST, payload))
        inner = None if token is None else self._note(BROADCAST, token)
        actions = self._link.send_broadcast(octets, now_s, token=inner, urgency=urgency)
        return self._translated(actions, now_s)

    def supersede(self, token: int, payload: bytes) -> bool:
        """Put ``payload`` in the place of what waits with ``token``, as `ReliableLink.supersede`."""
        for inner, sent in self._sent.items():
            if sent.token == token:
                octets = encode_routed(self._routed(sent.to, payload))
                if self._link.supersede(inner, octets):
                    return True
        return False

    def withdraw(self, token: int) -> bool:
        """Do not send what waits with ``token``, as `ReliableLink.withdraw`."""
        for inner, sent in self._sent.items():
            if sent.token == token and self._link.withdraw(inner):
                del self._sent[inner]
                return True
        return False

    def abandon(self, token: int) -> bool:
        """Make no further attempt with ``token``, as `ReliableLink.abandon`."""
        for inner, sent in self._sent.items():
            if sent.token == token and self._link.abandon(inner):
                del self._sent[inner]
                return True
        return False

    def conclude(self, token: int) -> bool:
        """Make no further attempt with ``token``, as `ReliableLink.conclude`."""
        for inner, sent in self._sent.items():
            if sent.token == token and self._link.conclude(inner):
                del self._sent[inner]
                return True
        return False

    def interrupt(self, token: int) -> bool:
        """Let what is under way with ``token`` pause, as `ReliableLink.interrupt`."""
        return any(
            sent.token == token and self._link.interrupt(inner)
            for inner, sent in self._sent.items()
        )

    def serve(
        self, peers: Collection[int], now_s: float, not_served: Collection[int] = ()
    ) -> list[Action]:
        """Acknowledge and deliver what ``peers`` send from now on, as `ReliableLink.serve`.

        What is under way to a far node that is not served any more goes on while its repeater is.
        """
        self._served = frozenset(peers)
        self._not_served = frozenset(not_served) - self._served
        actions: list[Action] = []
        for inner, sent in list(self._sent.items()):
            given_away = sent.to != BROADCAST and sent.to not in self._served
            if sent.token is not None and given_away and self._link.withdraw(inner):
                del self._sent[inner]
                actions.append(GaveUp(token=sent.token, to=sent.to, attempts=0))
        near, away = self._hops(self._served), self._hops(self._not_served)
        return actions + self._translated(self._link.serve(near, now_s, away), now_s)

    def keep_quiet(self, until_s: float) -> None:
        """Send nothing but acknowledgements until ``until_s``."""
        self._link.keep_quiet(until_s)

    def tick(self, now_s: float) -> list[Action]:
        """Do what is due at ``now_s``."""
        return self._translated(self._link.tick(now_s), now_s)

    def next_deadline(self) -> float | None:
        """Return when `tick` has something to do next, or None while there is nothing."""
        return self._link.next_deadline()

    def free_from_s(self) -> float:
        """Return from when on a new datagram may go out, as `ReliableLink.free_from_s`."""
        return self._link.free_from_s()

    def _next_hop(self, to: int) -> int:
        if to == PAIRING_ADDRESS and self._asked_by is not None:
            return self._asked_by
        return self.routes.next_hop(to)

    def _routed(self, to: int, payload: bytes) -> Routed:
        self._id = (self._id + 1) % 256
        return Routed(to=to, source=self.address, id=self._id, payload=payload)

    def _send_on(
        self,
        routed: Routed,
        token: int | None,
        now_s: float,
        *,
        urgency: Urgency = Urgency.NORMAL,
        idempotent: bool = False,
    ) -> list[Action]:
        octets = encode_routed(routed)
        next_hop = self._next_hop(routed.to)
        actions = self._link.send(
            next_hop,
            octets,
            self._note(routed.to, token),
            now_s,
            urgency=urgency,
            idempotent=idempotent,
            passed_on=next_hop != routed.to,
        )
        return self._translated(actions, now_s)

    def _note(self, to: int, token: int | None) -> int:
        self._tokens += 1
        self._sent[self._tokens] = _Sent(to, token)
        return self._tokens

    # -- receiving --------------------------------------------------------------------------

    def receive(self, octets: bytes, now_s: float) -> list[Action]:
        """Take in ``octets`` from the line."""
        return self._translated(self._link.receive(octets, now_s), now_s)

    def _translated(self, actions: list[Action], now_s: float) -> list[Action]:
        """Put the ends of the way into the place of the hops."""
        translated: list[Action] = []
        for action in actions:
            match action:
                case Received():
                    translated += self._take(action, now_s)
                case Acknowledged() | GaveUp() | Refused() | BroadcastSent():
                    translated += self._ended(action)
                case _:
                    translated.append(action)
        return translated

    def _ended(self, action: Acknowledged | GaveUp | Refused | BroadcastSent) -> list[Action]:
        if action.token is None:
            return [action]
        sent = self._sent.pop(action.token)
        if isinstance(action, BroadcastSent):
            return [] if sent.token is None else [BroadcastSent(token=sent.token)]
        acknowledged = isinstance(action, Acknowledged)
        if sent.token is None:
            self.router_counts.relayed += acknowledged
            self.router_counts.relay_lost += not acknowledged
            return []
        if action.to != sent.to and not isinstance(action, Refused):
            counts = self._far(sent.to)
            counts.sent += 1
            counts.retries += max(action.attempts - 1, 0)
            counts.acknowledged += acknowledged
            counts.given_up += not acknowledged
        return [replace(action, token=sent.token, to=sent.to)]

    def _take(self, received: Received, now_s: float) -> list[Action]:
        """Deliver what the datagram of one hop carries, if it is for us."""
        try:
            routed = decode_routed(received.payload, received.source, broadcast=received.broadcast)
        except FrameError as error:
            self.router_counts.refused += 1
            return [Misrouted(source=received.source, reason=str(error))]
        if routed.source == self.address:
            self.router_counts.returned += 1
            return []
        if routed.source == PAIRING_ADDRESS:
            self._asked_by = received.source
        if routed.to not in (self.address, BROADCAST):
            return self._pass_on(routed, received.source, now_s)
        if routed.source != received.source:
            counts = self._far(routed.source)
            counts.received += 1
            counts.heard_s = now_s
        if routed.source in self._not_served:
            return [Overheard(source=routed.source, repeat=False)]
        if self._served is not None and routed.source not in self._served:
            return [Stranger(source=routed.source)]
        return [
            Received(
                source=routed.source,
                payload=routed.payload,
                flags=routed.flags,
                broadcast=received.broadcast,
            )
        ]

    def _pass_on(self, routed: Routed, hop: int, now_s: float) -> list[Action]:
        """Do what is to be done with a datagram to somebody else, which came from ``hop``."""
        self.router_counts.not_ours += 1
        reason = (
            f"{hop} sent us a datagram from {routed.source} to {routed.to}, to whom we have no route: its"
            " routes are wrong, or it sends plain payloads on a routed segment"
        )
        return [Misrouted(source=hop, reason=reason)]

    def _far(self, address: int) -> PeerCounts:
        return self._far_counts.setdefault(address, PeerCounts())

    def _hops(self, peers: Collection[int]) -> frozenset[int]:
        return frozenset(map(self.routes.next_hop, peers))
