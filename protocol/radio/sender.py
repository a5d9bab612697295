"""Sends datagrams until they are acknowledged, one at a time, without blocking.

    waiting --first attempt--> listening --acknowledged--> done
                                |      ^
                         timeout|      |pause over, channel free
                                v      |
                               pausing-+      after the last attempt: given up

One datagram at a time is *listening*: it was sent, and its acknowledgement is waited for, while
nothing else is sent but acknowledgements. While it *pauses* between attempts other peers have
their turn; an acknowledgement that comes late is still taken. Pauses grow and are drawn at random.
What is more urgent goes first (`outbox`).

What is listened for may be interrupted by something more urgent; it pauses then, too.

Attempts go on for longer than a stock peer is deaf (`LinkOptions.peer_deaf_s`).
"""

from collections.abc import Collection
from math import inf
from random import Random

from protocol.radio.actions import (
    Acknowledged,
    Action,
    BroadcastSent,
    DutyCycleFell,
    DutyCycleReached,
    GaveUp,
    LinkCounts,
    Refusal,
    Refused,
    Transmit,
)
from protocol.radio.air_time import AirTime
from protocol.radio.datagram import BROADCAST, FLAG_RETRY, PeerIds, acknowledges
from protocol.radio.frame import RESYNC, Frame, encode_frame
from protocol.radio.neighbours import Neighbours
from protocol.radio.options import BITS_PER_OCTET, LinkOptions
from protocol.radio.outbox import Outbox, Outgoing
from protocol.values import replace

__all__ = ["Sender"]


class Sender:
    """The sending half of a link; see `protocol.radio.reliable.ReliableLink`, whose counts it shares."""

    def __init__(
        self,
        address: int,
        random: Random,
        options: LinkOptions,
        counts: LinkCounts,
        neighbours: Neighbours,
    ) -> None:
        self.ids = PeerIds(options.first_id)
        self.air_time = AirTime(options.air_bitrate)
        self._address = address
        self._random = random
        self._options = options
        self._counts = counts
        self._neighbours = neighbours
        self._outbox = Outbox()
        self._listening_for: Outgoing | None = None
        self._listening_until_s = -inf
        self._line_free_s = -inf
        self._duty_cycle_reached = False

    # -- what is to be sent -----------------------------------------------------------------

    def add(self, outgoing: Outgoing) -> list[Action]:
        """Take in a datagram or broadcast, or refuse it."""
        options = self._options
        to_it = self._outbox.count(outgoing.to)
        if outgoing.to == BROADCAST:
            reason = Refusal.BROADCASTS_FULL if to_it >= options.broadcasts_max else None
        elif to_it >= options.queue_per_peer_max:
            reason = Refusal.PEER_QUEUE_FULL
        else:
            reason = Refusal.QUEUE_FULL if self._outbox.waiting >= options.queue_max else None
        if reason is not None:
            self._counts.refused += 1
            return [Refused(token=outgoing.token, to=outgoing.to, reason=reason)]
        self._outbox.add(outgoing)
        return []

    def supersede(self, token: int, payload: bytes) -> bool:
        """Change what was to be sent with ``token``; return whether it was not too late."""
        outgoing = self._outbox.find_waiting(token)
        if outgoing is None:
            return False
        outgoing.payload = payload
        self._counts.superseded += 1
        return True

    def withdraw(self, token: int) -> bool:
        """Take away what was to be sent with ``token``; return whether it was not too late."""
        outgoing = self._outbox.find_waiting(token)
        if outgoing is None:
            return False
        self._outbox.remove(outgoing)
        self._counts.superseded += 1
        return True

    def abandon(self, token: int) -> bool:
        """Make no further attempt with ``token``; return whether none is being listened for."""
        outgoing = self._outbox.find(token)
        if outgoing is None or outgoing is self._listening_for:
            return False
        self._outbox.remove(outgoing)
        self._counts.superseded += 1
        return True

    def conclude(self, token: int) -> bool:
        """Make no further attempt with ``token``, and listen for no answer; return whether there was one."""
        outgoing = self._outbox.find(token)
        if outgoing is None:
            return False
        self._end(outgoing)
        return True

    def interrupt(self, token: int) -> bool:
        """Listen no longer for the answer to ``token``; return whether that was listened for and may pause."""
        outgoing = self._listening_for
        if outgoing is None or outgoing.token != token or outgoing.passed_on:
            return False
        if outgoing.attempts >= self._options.attempts_max:
            return False
        # It is attempted again when it would have been without the interruption.
        self._pause(outgoing, self._listening_until_s)
        return True

    def give_up_others(self, peers: Collection[int]) -> list[Action]:
        """Give up what waits or is under way to any but ``peers``."""
        return [self._give_up(outgoing) for outgoing in self._outbox.to_others_than(peers)]

    def keep_quiet(self, until_s: float) -> None:
        """Send nothing but acknowledgements until ``until_s``."""
        self._line_free_s = max(self._line_free_s, until_s)

    # -- time -------------------------------------------------------------------------------

    def tick(self, now_s: float) -> list[Action]:
        """Do what is due at ``now_s``."""
        actions: list[Action] = []
        if self._listening_for is not None and now_s >= self._listening_until_s:
            actions += self._unanswered(self._listening_for, now_s)
        actions += self._watch_duty_cycle(now_s)
        while self._may_send(now_s) and (outgoing := self._outbox.next_due(now_s)) is not None:
            if outgoing.to == BROADCAST:
                actions += self._broadcast(outgoing, now_s)
            else:
                actions.append(self._attempt(outgoing, now_s))
            actions += self._watch_duty_cycle(now_s)
        return actions

    def next_deadline(self) -> float | None:
        """Return when `tick` has something to do next, or None while there is nothing."""
        if self._listening_for is not None:
            return self._listening_until_s
        if self._duty_cycle_reached:
            return self.air_time.falls_below_s(self._options.duty_cycle_max)
        due_s = self._outbox.next_due_s()
        return None if due_s is None else max(due_s, self._line_free_s)

    def free_from_s(self) -> float:
        """Return from when on a new datagram may go out, as far as is known."""
        if self._listening_for is not None:
            return self._listening_until_s
        if self._duty_cycle_reached:
            return self.air_time.falls_below_s(self._options.duty_cycle_max)
        return self._line_free_s

    def _may_send(self, now_s: float) -> bool:
        return (
            self._listening_for is None
            and now_s >= self._line_free_s
            and not self._duty_cycle_reached
        )

    def _watch_duty_cycle(self, now_s: float) -> list[Action]:
        """Tell when the duty cycle's limit is reached and when it is no more."""
        limit = self._options.duty_cycle_max
        if limit == 1.0:
            return []
        share = self.air_time.sent_share(now_s)
        was_reached = self._duty_cycle_reached
        self._duty_cycle_reached = share >= limit
        if self._duty_cycle_reached == was_reached:
            return []
        return [DutyCycleFell() if was_reached else DutyCycleReached(share=share)]

    # -- on the line ------------------------------------------------------------------------

    def transmit(self, frame: Frame, now_s: float) -> Transmit:
        """Return the action that sends ``frame`` now, whatever else is under way."""
        octets = encode_frame(frame)
        if self._options.resync:
            octets = RESYNC + octets
        self._counts.frames_sent += 1
        self._counts.octets_sent += len(octets)
        self.air_time.send(len(octets), now_s)
        return Transmit(octets=octets)

    def _frame(self, outgoing: Outgoing, id_: int) -> Frame:
        return Frame(to=outgoing.to, source=self._address, id=id_, payload=outgoing.payload)

    def _broadcast(self, outgoing: Outgoing, now_s: float) -> list[Action]:
        self._outbox.remove(outgoing)
        self._counts.broadcasts_sent += 1
        sent = self.transmit(self._frame(outgoing, self.ids.next_broadcast()), now_s)
        on_line_s = len(sent.octets) * BITS_PER_OCTET / self._options.bitrate
        self.keep_quiet(now_s + on_line_s)
        if outgoing.token is None:
            return [sent]
        return [sent, BroadcastSent(token=outgoing.token)]

    def _attempt(self, outgoing: Outgoing, now_s: float) -> Transmit:
        """Send a datagram for the first time or again."""
        peer = self._neighbours.at(outgoing.to)
        if outgoing.frame is None:
            outgoing.began_s = now_s
            outgoing.frame = self._frame(outgoing, self.ids.next_unicast(outgoing.to))
            peer.counts.sent += 1
        else:
            outgoing.frame = replace(outgoing.frame, flags=FLAG_RETRY)
            peer.counts.retries += 1
            self._counts.retries += 1
        outgoing.attempts += 1
        outgoing.attempted_s = now_s
        self._listening_for = outgoing
        self._listening_until_s = now_s + peer.round_trip.timeout_s(len(outgoing.payload))
        return self.transmit(outgoing.frame, now_s)

    def _unanswered(self, outgoing: Outgoing, now_s: float) -> list[Action]:
        """Let the datagram that was listened for pause, or give it up."""
        if outgoing.attempts >= self._options.attempts_max:
            return [self._give_up(outgoing)]
        self._pause(outgoing, now_s)
        return []

    def _pause(self, outgoing: Outgoing, from_s: float) -> None:
        self._listening_for = None
        timeout_s = self._neighbours.at(outgoing.to).round_trip.timeout_s(len(outgoing.payload))
        pause_s = self._random.uniform(*self._options.pause_range_s(outgoing.attempts, timeout_s))
        outgoing.due_s = from_s + pause_s

    def _give_up(self, outgoing: Outgoing) -> GaveUp:
        assert outgoing.token is not None  # only broadcasts may have none
        self._end(outgoing)
        peer = self._neighbours.at(outgoing.to)
        peer.round_trip.lost()
        peer.counts.given_up += 1
        self._counts.given_up += 1
        return GaveUp(token=outgoing.token, to=outgoing.to, attempts=outgoing.attempts)

    def answered(self, answer: Frame, now_s: float) -> Acknowledged | None:
        """End the datagram that ``answer`` acknowledges, or return None where there is none."""
        outgoing = self._outbox.head(answer.source)
        if outgoing is None or outgoing.frame is None or not acknowledges(answer, outgoing.frame):
            return None
        assert outgoing.token is not None
        self._end(outgoing)
        self.ids.acknowledged(outgoing.to, answer.id)
        peer = self._neighbours.at(outgoing.to)
        round_trip_s = now_s - outgoing.began_s
        if outgoing.attempts == 1:
            peer.round_trip.measured(round_trip_s, len(outgoing.payload))
        else:
            peer.round_trip.ambiguous(now_s - outgoing.attempted_s, len(outgoing.payload))
        if outgoing.passed_on:
            self.keep_quiet(now_s + (peer.round_trip.mean_s or round_trip_s))
        peer.counts.acknowledged += 1
        self._counts.acknowledged += 1
        return Acknowledged(
            token=outgoing.token,
            to=outgoing.to,
            round_trip_s=round_trip_s,
            attempts=outgoing.attempts,
        )

    def _end(self, outgoing: Outgoing) -> None:
        self._outbox.remove(outgoing)
        if self._listening_for is outgoing:
            self._listening_for = None
