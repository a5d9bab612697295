"""A half-duplex radio channel as one of its nodes sees it: reliable datagrams without blocking.

How datagrams are sent and repeated is the `sender`'s; here is what comes from the line. What stock nodes do
to each other decides the rest:

- Whatever arrives is acknowledged at once and first, also while an acknowledgement is waited
  for. Two nodes that send to each other at the same time both succeed.
- Attempts go on for longer than a stock peer is deaf.
- No broadcast is sent between a datagram's attempts: a peer would take the next attempt for a
  new datagram. Who sends says of which datagrams that does no harm.

Several gateways may have one address on one channel, each serving some of the terminals
(`ReliableLink.serve`). What the others send is listened to, so that a peer that one takes over
from another does not take the first datagram for a repeat.
"""

from collections.abc import Collection, Mapping
from random import Random

from protocol.errors import FrameError
from protocol.radio.actions import (
    Action,
    LinkCounts,
    Overheard,
    PeerCounts,
    Received,
    Stranger,
)
from protocol.radio.air_time import AirTime
from protocol.radio.datagram import (
    BROADCAST,
    FLAG_ACK,
    FLAG_RETRY,
    DuplicateMemory,
    acknowledgement,
)
from protocol.radio.frame import PAYLOAD_MAX, DecoderCounts, Frame, FrameDecoder
from protocol.radio.neighbours import Neighbours
from protocol.radio.options import LinkOptions
from protocol.radio.outbox import Outgoing, Urgency
from protocol.radio.sender import Sender

__all__ = ["ReliableLink"]

ACK_OCTETS = 11
"""Of an acknowledgement, without doubled octets."""


class ReliableLink:
    """Sends and receives reliable datagrams as the node ``address`` (0 to 254) of one channel.

    Sans-I/O: each input is given the time ``now_s`` (seconds of a monotonic clock) and returns
    what to do, in order, acknowledgements first. Whoever drives the link calls `tick` when
    `next_deadline` has come. Octets of any kind raise nothing. ``random`` draws the pauses. The
    same class serves gateways and devices. Where ``peers`` are given, what other nodes send is
    neither acknowledged nor delivered; `serve` changes them.
    """

    def __init__(
        self,
        address: int,
        random: Random,
        options: LinkOptions | None = None,
        peers: Collection[int] | None = None,
    ) -> None:
        _check_address(address)
        self.address = address
        self.options = options or LinkOptions()
        self.counts = LinkCounts()
        self._neighbours = Neighbours(self.options)
        self._sender = Sender(address, random, self.options, self.counts, self._neighbours)
        self._served = peers
        self._not_served: Collection[int] = ()
        self._decoder = FrameDecoder()
        self._unicasts_seen = DuplicateMemory()
        # Apart, so that a broadcast does not make a repeat look new.
        self._broadcasts_seen = DuplicateMemory()

    # -- what can be seen -------------------------------------------------------------------

    @property
    def decoder_counts(self) -> DecoderCounts:
        """What the octets from the line were."""
        return self._decoder.counts

    @property
    def air_time(self) -> AirTime:
        """How long we and the others were on the air."""
        return self._sender.air_time

    @property
    def peer_counts(self) -> Mapping[int, PeerCounts]:
        """What passed between us and each node that was heard or sent to."""
        return self._neighbours.counts()

    def round_trip_s(self, peer: int) -> float | None:
        """Return the smoothed round trip to ``peer``, or None where none was measured."""
        return self._neighbours.round_trip_s(peer)

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
        passed_on: bool = False,
    ) -> list[Action]:
        """Send ``payload`` to the peer ``to`` when its turn comes.

        Ends in one `Acknowledged` or `GaveUp` with ``token``, or in `Refused` at once, or in a
        `withdraw` that succeeds. ``idempotent`` says that the peer may take it twice without harm,
        ``passed_on`` that it sends it on: then it has the channel for as long as a round trip.
        Raises FrameError for a payload over 60 octets, and for an address that no peer can have.
        """
        _check_address(to)
        _check_payload(payload)
        if to == self.address:
            raise FrameError(f"the address {to} is our own: nothing can be sent there")
        outgoing = Outgoing(to, payload, token, urgency, idempotent, passed_on)
        return self._sender.add(outgoing) or self._sender.tick(now_s)

    def send_broadcast(
        self,
        payload: bytes,
        now_s: float,
        *,
        token: int | None = None,
        urgency: Urgency = Urgency.NORMAL,
    ) -> list[Action]:
        """Send ``payload`` to everybody, once, when no datagram is under way that this could harm.

        With a ``token`` it ends in `BroadcastSent`, in `Refused` at once, or in a `withdraw` that
        succeeds. Nothing else is ever known of it.
        Raises FrameError for a payload over 60 octets.
        """
        _check_payload(payload)
        outgoing = Outgoing(BROADCAST, payload, token, urgency)
        return self._sender.add(outgoing) or self._sender.tick(now_s)

    def supersede(self, token: int, payload: bytes) -> bool:
        """Put ``payload`` in the place of what was to be sent with ``token``, in the same turn.

        Returns whether that was done: it is too late after the first attempt.
        Raises FrameError for a payload over 60 octets.
        """
        _check_payload(payload)
        return self._sender.supersede(token, payload)

    def withdraw(self, token: int) -> bool:
        """Do not send what was to be sent with ``token``; no action tells of it any more.

        Returns whether that was done: it is too late after the first attempt.
        """
        return self._sender.withdraw(token)

    def abandon(self, token: int) -> bool:
        """Make no further attempt with ``token``; no action tells of it any more, and the peer may have it.

        Returns whether that was done: not while its acknowledgement is listened for.
        """
        return self._sender.abandon(token)

    def conclude(self, token: int) -> bool:
        """Make no further attempt with ``token``: the peer has it, as its own words say.

        Returns whether there was anything to end; no action tells of it.
        """
        return self._sender.conclude(token)

    def interrupt(self, token: int) -> bool:
        """Let what is under way with ``token`` pause, so that something more urgent may go at once.

        Its acknowledgement is taken whenever it comes; where none comes, it is attempted again as if it had
        been listened for. Returns whether that was done: only while it is listened for, not after the
        last attempt, and not where the peer needs the channel to pass it on.
        """
        return self._sender.interrupt(token)

    def serve(
        self, peers: Collection[int], now_s: float, not_served: Collection[int] = ()
    ) -> list[Action]:
        """Acknowledge and deliver from now on what ``peers`` send, and no other node.

        What waits or is under way to any other is given up. A frame from one of the peers
        ``not_served`` is reported as `Overheard`, one from anybody else as `Stranger`.
        """
        self._served = frozenset(peers)
        self._not_served = frozenset(not_served) - self._served
        return self._sender.give_up_others(self._served) + self._sender.tick(now_s)

    def keep_quiet(self, until_s: float) -> None:
        """Send nothing but acknowledgements until ``until_s``: somebody else has the channel."""
        self._sender.keep_quiet(until_s)

    def tick(self, now_s: float) -> list[Action]:
        """Do what is due at ``now_s``; calling it early or late does no harm."""
        return self._sender.tick(now_s)

    def next_deadline(self) -> float | None:
        """Return when `tick` has something to do next, or None while there is nothing."""
        return self._sender.next_deadline()

    def free_from_s(self) -> float:
        """Return from when on a new datagram may go out; what comes in the meantime may change that.

        Whoever keeps a queue of its own gives out what is due only then, and still chooses until then.
        """
        return self._sender.free_from_s()

    # -- receiving --------------------------------------------------------------------------

    def receive(self, octets: bytes, now_s: float) -> list[Action]:
        """Take in ``octets`` from the line."""
        acknowledgements: list[Action] = []
        actions: list[Action] = []
        frames = self._decoder.receive(octets)
        self.air_time.hear(len(octets), len(frames))
        for frame in frames:
            is_answer = bool(frame.flags & FLAG_ACK)
            if frame.source == BROADCAST or (is_answer and frame.to == BROADCAST):
                self.counts.impossible += 1
            elif frame.source == self.address:
                self._hear_own_address(frame)
            else:
                self._neighbours.at(frame.source).counts.heard_s = now_s
                if frame.to not in (self.address, BROADCAST):
                    self.counts.overheard += 1
                elif is_answer:
                    actions += self._take_answer(frame, now_s)
                elif self._served is not None and frame.source not in self._served:
                    actions.append(self._turn_down(frame))
                else:
                    if frame.to == self.address:
                        acknowledgements += self._acknowledge(frame, now_s)
                    actions += self._take_in(frame)
        return acknowledgements + actions + self.tick(now_s)

    def _hear_own_address(self, frame: Frame) -> None:
        self.counts.own_address += 1
        if not frame.flags & FLAG_ACK:
            self._sender.ids.heard(frame.to, frame.id)

    def _take_answer(self, answer: Frame, now_s: float) -> list[Action]:
        """Take an acknowledgement to our address, which may be another gateway's as well."""
        acknowledged = self._sender.answered(answer, now_s)
        if acknowledged is not None:
            return [acknowledged]
        self._sender.ids.heard(answer.source, answer.id)
        if answer.source in self._not_served:
            return [self._overhear(answer, repeat=False)]
        self.counts.stale_acknowledgements += 1
        return []

    def _turn_down(self, datagram: Frame) -> Action:
        """Neither acknowledge nor deliver what somebody sent whom we do not serve."""
        if datagram.source in self._not_served:
            return self._overhear(datagram, repeat=bool(datagram.flags & FLAG_RETRY))
        self.counts.strangers += 1
        return Stranger(source=datagram.source)

    def _overhear(self, frame: Frame, *, repeat: bool) -> Overheard:
        self.counts.not_served += 1
        self._neighbours.at(frame.source).counts.not_served += 1
        return Overheard(source=frame.source, repeat=repeat)

    def _acknowledge(self, datagram: Frame, now_s: float) -> list[Action]:
        """Acknowledge a datagram, unless its sender floods; then it is as if the acknowledgement were lost."""
        repeat = bool(datagram.flags & FLAG_RETRY)
        from_it = self._neighbours.at(datagram.source).counts
        from_it.received += 1
        from_it.retries_received += repeat
        self.counts.retries_received += repeat
        air_s = self.air_time.seconds(ACK_OCTETS)
        if not self._neighbours.may_answer(datagram.source, air_s, now_s):
            self.counts.flooded += 1
            return []
        self.counts.acknowledgements_sent += 1
        return [self._sender.transmit(acknowledgement(datagram), now_s)]

    def _take_in(self, datagram: Frame) -> list[Action]:
        """Deliver a datagram unless it is a repeat."""
        self.counts.datagrams_received += 1
        broadcast = datagram.to == BROADCAST
        seen = self._broadcasts_seen if broadcast else self._unicasts_seen
        if seen.repeats(datagram):
            self.counts.duplicates += 1
            return []
        return [
            Received(
                source=datagram.source,
                payload=datagram.payload,
                flags=datagram.flags,
                broadcast=broadcast,
            )
        ]


def _check_address(address: int) -> None:
    if not 0 <= address < BROADCAST:
        raise FrameError(f"no node has the address {address}; 0 to {BROADCAST - 1} are allowed")


def _check_payload(payload: bytes) -> None:
    if len(payload) > PAYLOAD_MAX:
        raise FrameError(
            f"the payload has {len(payload)} octets; at most {PAYLOAD_MAX} are allowed"
        )
