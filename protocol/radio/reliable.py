"""A half-duplex radio channel as one of its nodes sees it: reliable datagrams without blocking.

    waiting --first attempt--> listening --acknowledged--> done
                                |      ^
                         timeout|      |pause over, channel free
                                v      |
                               pausing-+      after the last attempt: given up

One datagram at a time is *listening*: it was sent, and its acknowledgement is waited for, while
nothing else is sent but acknowledgements. While it *pauses* between attempts other peers have
their turn; an acknowledgement that comes late is still taken. Pauses grow and are drawn at random.

What stock nodes do to each other decides the rest:

- Whatever arrives is acknowledged at once and first, also while an acknowledgement is waited
  for. Two nodes that send to each other at the same time both succeed.
- Attempts go on for longer than a stock peer is deaf (`LinkOptions.peer_deaf_s`).
- No broadcast is sent between a datagram's attempts: a peer would take the next attempt for a
  new datagram. A waiting broadcast keeps new datagrams from starting until those under way end.
"""

from collections import deque
from collections.abc import Container
from math import inf
from random import Random

import attrs

from protocol.errors import FrameError
from protocol.radio.actions import (
    Acknowledged,
    Action,
    GaveUp,
    LinkCounts,
    Received,
    Refusal,
    Refused,
    Stranger,
    Transmit,
)
from protocol.radio.datagram import (
    BROADCAST,
    FLAG_ACK,
    FLAG_RETRY,
    DuplicateMemory,
    PeerIds,
    acknowledgement,
    acknowledges,
)
from protocol.radio.frame import (
    PAYLOAD_MAX,
    RESYNC,
    DecoderCounts,
    Frame,
    FrameDecoder,
    encode_frame,
)
from protocol.radio.options import PAUSE_JITTER, LinkOptions
from protocol.radio.round_trip import RoundTrip
from protocol.values import replace

BITS_PER_OCTET = 10
"""On a serial line: start bit, eight bits, stop bit."""


@attrs.define(eq=False)
class _Outgoing:
    """A datagram on its way; ``frame`` is None until the first attempt."""

    payload: bytes
    token: int
    frame: Frame | None = None
    attempts: int = 0
    began_s: float = 0.0
    due_s: float = -inf


@attrs.define(eq=False)
class _Peer:
    address: int
    round_trip: RoundTrip
    queue: deque[_Outgoing] = attrs.field(factory=deque)


class ReliableLink:
    """Sends and receives reliable datagrams as the node ``address`` (0 to 254) of one channel.

    Sans-I/O: each input is given the time ``now_s`` (seconds of a monotonic clock) and returns
    what to do, in order, acknowledgements first. Whoever drives the link calls `tick` when
    `next_deadline` has come. Octets of any kind raise nothing. ``random`` draws the pauses. The
    same class serves gateways and devices. Where ``peers`` are given, what other nodes send is
    neither acknowledged nor delivered.
    """

    def __init__(
        self,
        address: int,
        random: Random,
        options: LinkOptions | None = None,
        peers: Container[int] | None = None,
    ) -> None:
        _check_address(address)
        self.address = address
        self.options = options or LinkOptions()
        self.counts = LinkCounts()
        self._random = random
        self._allowed = peers
        self._decoder = FrameDecoder()
        self._ids = PeerIds()
        self._unicasts_seen = DuplicateMemory()
        # Apart, so that a broadcast does not make a repeat look new.
        self._broadcasts_seen = DuplicateMemory()
        self._peers: dict[int, _Peer] = {}
        self._turns: deque[_Peer] = deque()
        self._waiting = 0
        self._broadcasts: deque[bytes] = deque()
        self._listening_to: _Peer | None = None
        self._listening_until_s = -inf
        self._line_free_s = -inf

    @property
    def decoder_counts(self) -> DecoderCounts:
        """What the octets from the line were."""
        return self._decoder.counts

    def round_trip_s(self, peer: int) -> float | None:
        """Return the smoothed round trip to ``peer``, or None where none was measured."""
        known = self._peers.get(peer)
        return None if known is None else known.round_trip.mean_s

    # -- inputs -----------------------------------------------------------------------------

    def receive(self, octets: bytes, now_s: float) -> list[Action]:
        """Take in ``octets`` from the line."""
        acknowledgements: list[Action] = []
        actions: list[Action] = []
        for frame in self._decoder.receive(octets):
            is_answer = bool(frame.flags & FLAG_ACK)
            if frame.source in (BROADCAST, self.address) or (is_answer and frame.to == BROADCAST):
                self.counts.impossible += 1
            elif frame.to not in (self.address, BROADCAST):
                self.counts.overheard += 1
            elif is_answer:
                self._answered(frame, now_s, actions)
            elif self._allowed is not None and frame.source not in self._allowed:
                self.counts.strangers += 1
                actions.append(Stranger(source=frame.source))
            elif frame.to == BROADCAST:
                self._take_in(frame, self._broadcasts_seen, actions)
            else:
                self.counts.acknowledgements_sent += 1
                self.counts.retries_received += bool(frame.flags & FLAG_RETRY)
                acknowledgements.append(self._transmit(acknowledgement(frame)))
                self._take_in(frame, self._unicasts_seen, actions)
        return acknowledgements + actions + self.tick(now_s)

    def send(self, to: int, payload: bytes, token: int, now_s: float) -> list[Action]:
        """Send ``payload`` to the peer ``to`` when its turn comes.

        Ends in one `Acknowledged` or `GaveUp` with ``token``, or in `Refused` at once.
        Raises FrameError for a payload over 60 octets, and for an address that no peer can have.
        """
        _check_address(to)
        _check_payload(payload)
        if to == self.address:
            raise FrameError(f"the address {to} is our own: nothing can be sent there")
        peer = self._peers.get(to)
        if peer is None:
            peer = self._peers[to] = _Peer(to, RoundTrip(self.options))
        if len(peer.queue) >= self.options.queue_per_peer_max:
            return self._refuse(token, to, Refusal.PEER_QUEUE_FULL)
        if self._waiting >= self.options.queue_max:
            return self._refuse(token, to, Refusal.QUEUE_FULL)
        if not peer.queue:
            self._turns.append(peer)
        peer.queue.append(_Outgoing(payload, token))
        self._waiting += 1
        return self.tick(now_s)

    def send_broadcast(self, payload: bytes, now_s: float) -> list[Action]:
        """Send ``payload`` to everybody, once, when no datagram is under way.

        It may be `Refused` at once; nothing else is ever known of it.
        Raises FrameError for a payload over 60 octets.
        """
        _check_payload(payload)
        if len(self._broadcasts) >= self.options.broadcasts_max:
            return self._refuse(None, BROADCAST, Refusal.BROADCASTS_FULL)
        self._broadcasts.append(payload)
        return self.tick(now_s)

    def tick(self, now_s: float) -> list[Action]:
        """Do what is due at ``now_s``; calling it early or late does no harm."""
        actions: list[Action] = []
        if self._listening_to is not None and now_s >= self._listening_until_s:
            self._unanswered(self._listening_to, now_s, actions)
        while self._listening_to is None and now_s >= self._line_free_s:
            if self._broadcasts and not self._under_way():
                actions.append(self._broadcast(self._broadcasts.popleft(), now_s))
                continue
            peer = self._next_peer(now_s)
            if peer is None:
                break
            actions.append(self._attempt(peer, now_s))
        return actions

    def next_deadline(self) -> float | None:
        """Return when `tick` has something to do next, or None while there is nothing."""
        if self._listening_to is not None:
            return self._listening_until_s
        heads = [peer.queue[0] for peer in self._turns]
        under_way = [head.due_s for head in heads if head.attempts]
        if under_way and (self._broadcasts or len(under_way) == len(heads)):
            return max(min(under_way), self._line_free_s)
        return self._line_free_s if heads or self._broadcasts else None

    # -- sending ----------------------------------------------------------------------------

    def _transmit(self, frame: Frame) -> Transmit:
        octets = encode_frame(frame)
        if self.options.resync:
            octets = RESYNC + octets
        self.counts.frames_sent += 1
        self.counts.octets_sent += len(octets)
        return Transmit(octets=octets)

    def _broadcast(self, payload: bytes, now_s: float) -> Transmit:
        self.counts.broadcasts_sent += 1
        transmit = self._transmit(
            Frame(
                to=BROADCAST,
                source=self.address,
                id=self._ids.next_broadcast(),
                payload=payload,
            )
        )
        on_line_s = len(transmit.octets) * BITS_PER_OCTET / self.options.bitrate
        self._line_free_s = now_s + on_line_s
        return transmit

    def _attempt(self, peer: _Peer, now_s: float) -> Transmit:
        """Send the oldest datagram to ``peer``, for the first time or again."""
        head = peer.queue[0]
        if head.frame is None:
            head.began_s = now_s
            head.frame = Frame(
                to=peer.address,
                source=self.address,
                id=self._ids.next_unicast(peer.address),
                payload=head.payload,
            )
        elif head.attempts == 1:
            head.frame = replace(head.frame, flags=FLAG_RETRY)
        head.attempts += 1
        self.counts.retries += head.attempts > 1
        self._listening_to = peer
        self._listening_until_s = now_s + peer.round_trip.timeout_s
        return self._transmit(head.frame)

    def _unanswered(self, peer: _Peer, now_s: float, actions: list[Action]) -> None:
        """Let the datagram that was listened for pause, or give it up."""
        head = peer.queue[0]
        self._listening_to = None
        if head.attempts < self.options.attempts_max:
            mean_s = self.options.pause_mean_s(head.attempts, peer.round_trip.timeout_s)
            head.due_s = now_s + mean_s * self._random.uniform(*PAUSE_JITTER)
            return
        self._end(peer)
        peer.round_trip.lost()
        self.counts.given_up += 1
        actions.append(GaveUp(token=head.token, to=peer.address, attempts=head.attempts))

    def _end(self, peer: _Peer) -> None:
        """Take the oldest datagram to ``peer`` away."""
        if self._listening_to is peer:
            self._listening_to = None
        peer.queue.popleft()
        self._waiting -= 1
        if not peer.queue:
            self._turns.remove(peer)

    def _under_way(self) -> bool:
        return any(peer.queue[0].attempts for peer in self._turns)

    def _next_peer(self, now_s: float) -> _Peer | None:
        """Return whose turn it is and put it behind the others."""
        for _ in range(len(self._turns)):
            peer = self._turns[0]
            self._turns.rotate(-1)
            head = peer.queue[0]
            if head.due_s <= now_s and (head.attempts or not self._broadcasts):
                return peer
        return None

    def _refuse(self, token: int | None, to: int, reason: Refusal) -> list[Action]:
        self.counts.refused += 1
        return [Refused(token=token, to=to, reason=reason)]

    # -- receiving --------------------------------------------------------------------------

    def _take_in(self, frame: Frame, seen: DuplicateMemory, actions: list[Action]) -> None:
        """Deliver a datagram unless it is a repeat."""
        self.counts.datagrams_received += 1
        if seen.repeats(frame):
            self.counts.duplicates += 1
            return
        actions.append(
            Received(
                source=frame.source,
                payload=frame.payload,
                flags=frame.flags,
                broadcast=frame.to == BROADCAST,
            )
        )

    def _answered(self, answer: Frame, now_s: float, actions: list[Action]) -> None:
        """End the datagram that ``answer`` acknowledges, if there is one."""
        peer = self._peers.get(answer.source)
        head = peer.queue[0] if peer is not None and peer.queue else None
        if (
            peer is None
            or head is None
            or head.frame is None
            or not acknowledges(answer, head.frame)
        ):
            self.counts.stale_acknowledgements += 1
            return
        self._end(peer)
        self._ids.acknowledged(peer.address, answer.id)
        round_trip_s = now_s - head.began_s
        if head.attempts == 1:
            peer.round_trip.measured(round_trip_s)
        else:
            peer.round_trip.ambiguous()
        self.counts.acknowledged += 1
        actions.append(
            Acknowledged(
                token=head.token,
                to=peer.address,
                round_trip_s=round_trip_s,
                attempts=head.attempts,
            )
        )


def _check_address(address: int) -> None:
    if not 0 <= address < BROADCAST:
        raise FrameError(f"no node has the address {address}; 0 to {BROADCAST - 1} are allowed")


def _check_payload(payload: bytes) -> None:
    if len(payload) > PAYLOAD_MAX:
        raise FrameError(
            f"the payload has {len(payload)} octets; at most {PAYLOAD_MAX} are allowed"
        )
