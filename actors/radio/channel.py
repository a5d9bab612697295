"""A gateway's radio channel: what terminals say is opened, what they are to get is paced and sealed.

Sans-I/O, as the link in it: each input is given the time and returns what to do, in order, acknowledgements
first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from math import inf
from random import Random

from actors.radio.channel_actions import ChannelAction, Ended, Heard, Told
from actors.radio.crowding import Crowding
from actors.radio.downlink import CROWDED_TELLS_MAX, Downlink, Rank
from actors.radio.meters import Latencies
from actors.radio.module_packet import ModulePacket
from actors.radio.pacing import (
    ENTRIES_OCTETS_MAX,
    SEALED_ENTRIES_OCTETS_MAX,
    Pacer,
    as_broadcast,
)
from actors.radio.passage import Passage
from actors.radio.trust import REST_SHARE, Trust
from protocol.errors import PaihaoError, ProtocolError
from protocol.ids import TerminalAddress
from protocol.messages import SendDownlink
from protocol.radio.actions import (
    Acknowledged,
    Action,
    BroadcastSent,
    GaveUp,
    Received,
    Refused,
)
from protocol.radio.guard import GuardCounts
from protocol.radio.link import RadioLink
from protocol.radio.options import LinkOptions
from protocol.radio.outbox import Urgency
from protocol.radio.payloads import PAIRING_ADDRESS, Hello, Shown, decode_uplink, encode
from protocol.radio.reliable import ReliableLink
from protocol.radio.routed import RoutedLink
from protocol.radio.router import Routes
from protocol.values import replace

__all__ = ["Channel"]

log = logging.getLogger(__name__)

BROADCAST_PAUSE_S = 0.05
"""So long after a broadcast, and as long as it is on the air, nothing but acknowledgements is sent."""

UNDER_WAY_MAX = 2
"""While so many datagrams pause or are listened for, no window is told alone what broadcasts have told it."""

TEXTS_SHARE = 0.8
"""Texts that nobody waits for are sent below this share of the duty cycle's limit alone."""


class Channel:
    """See the module.

    ``passage`` gives what a terminal's payloads pass through, ``segment`` names those that hear one broadcast.
    Where ``routes`` are given, everything carries a router's header.
    """

    def __init__(
        self,
        address: TerminalAddress,
        random: Random,
        options: LinkOptions,
        served: Collection[TerminalAddress],
        *,
        passage: Callable[[TerminalAddress], Passage],
        segment: Callable[[TerminalAddress], object],
        routes: Mapping[TerminalAddress, TerminalAddress] | None = None,
    ) -> None:
        self.link: RadioLink
        if routes is None:
            self.link = ReliableLink(address, random, options, frozenset(served))
        else:
            known = Routes({int(far): int(hop) for far, hop in routes.items()})
            self.link = RoutedLink(address, random, options, frozenset(served), routes=known)
        self._far = frozenset(routes or ())
        """Who is behind a repeater: an acknowledgement is the repeater's, and broadcasts do not pass it."""
        self.pacer = Pacer(self._hearers, self._entries_octets_max)
        self.latencies = Latencies()
        self._crowding = Crowding()
        self._options = options
        self._passage = passage
        self._segment = segment
        self._given: dict[int, list[Downlink]] = {}
        """By token; one for each terminal at most, and one broadcast."""
        self._busy: set[TerminalAddress] = set()
        self._trust = Trust()
        self._tokens = 0
        self._module = ModulePacket(options.bitrate)

    def _hearers(self, to: TerminalAddress) -> object:
        """Return what names those that open the broadcasts that ``to`` does, None where it opens none."""
        passage = self._passage(to)
        if to in self._far or not passage.hears_broadcasts(to):
            return None
        return self._segment(to), passage.secures(to)

    def _entries_octets_max(self, to: TerminalAddress) -> int:
        sealed = self._passage(to).secures(to)
        return SEALED_ENTRIES_OCTETS_MAX if sealed else ENTRIES_OCTETS_MAX

    def messages(self) -> GuardCounts:
        """Return what passed and what was refused of the gateway's own terminals, whoever serves them."""
        # Whoever has no post yet belongs to no other gateway.
        return self._passage(TerminalAddress(PAIRING_ADDRESS)).totals()

    # -- inputs -----------------------------------------------------------------------------

    def send(self, message: SendDownlink, now_s: float) -> list[ChannelAction]:
        """Send ``message`` when its turn comes; it ends in one `Ended`."""
        unsent = self.pacer.add(message, now_s)
        return [*_unsent(unsent), *self._pump(now_s)]

    def receive(self, octets: bytes, now_s: float) -> list[ChannelAction]:
        """Take in ``octets`` from the line."""
        ended = self._relieve(told_max=0)
        actions = self.link.receive(octets, now_s)
        told = self._look(now_s)
        return [*ended, *told, *self._translated(actions, now_s), *self._pump(now_s)]

    def tick(self, now_s: float) -> list[ChannelAction]:
        """Do what is due at ``now_s``; calling it early or late does no harm."""
        told = self._look(now_s)
        ended = self._relieve(told_max=CROWDED_TELLS_MAX)
        return [*told, *ended, *self._translated(self.link.tick(now_s), now_s), *self._pump(now_s)]

    def serve(
        self,
        served: Collection[TerminalAddress],
        not_served: Collection[TerminalAddress],
        now_s: float,
    ) -> list[ChannelAction]:
        """Serve these terminals from now on; whatever is on its way to others ends."""
        self._trust.keep(served)
        actions = self.link.serve(served, now_s, not_served)
        return [
            *_unsent(self.pacer.withdraw(served)),
            *self._translated(actions, now_s),
            *self._pump(now_s),
        ]

    def drop_all(self) -> list[ChannelAction]:
        """Let go of what waits: the port is away. What the link has goes on until it is given up."""
        return [*_unsent(self.pacer.withdraw(()))]

    def next_deadline(self, now_s: float) -> float:
        """Return when `tick` has something to do next, or inf."""
        due_s, free_s = self.link.next_deadline(), self.link.free_from_s()
        if due_s is None:
            due_s = inf
        if not len(self.pacer):
            return due_s
        if free_s > now_s:
            return min(due_s, free_s)
        return min(due_s, self.pacer.next_deadline(now_s))

    def _look(self, now_s: float) -> list[Told]:
        """Let the pacer know how full the channel is; where it has become so, whoever was told waits longer."""
        was_full = self._crowding.full
        self._crowding.look(self.link, now_s)
        self.pacer.lossy, self.pacer.crowded = self._crowding.lossy, self._crowding.crowded
        if was_full or not self._crowding.full:
            return []
        return self._told(self.pacer.told_waiting)

    def _told(self, messages: Iterable[SendDownlink]) -> list[Told]:
        patience_s = self._crowding.patience_s(len(self.pacer))
        return [Told(message=one, patience_s=patience_s) for one in messages]

    # -- sending ----------------------------------------------------------------------------

    def _pump(self, now_s: float) -> list[ChannelAction]:
        """Give the link what it may send now."""
        actions: list[ChannelAction] = []
        self._module.note(self.link.counts.octets_sent, now_s)
        self._make_way(now_s)
        while now_s >= self.link.free_from_s():
            downlinks = self.pacer.next(
                self._busy,
                self._rank_max(now_s),
                now_s,
                repair=len(self._given) < UNDER_WAY_MAX,
                spare=self._module.held(now_s),
            )
            if not downlinks:
                break
            actions += self._give(downlinks, now_s)
            self._module.note(self.link.counts.octets_sent, now_s)
        return actions

    def _make_way(self, now_s: float) -> None:
        """Have what is less urgent pause where something urgent waits, and terminals mind who is on the air.

        Where they do not, as many repeats say, who answers would not be heard.
        """
        if now_s >= self.link.free_from_s() or not self._crowding.minded:
            return
        if not self.pacer.is_urgent(self._busy):
            return
        for token, downlinks in self._given.items():
            first = downlinks[0]
            may_wait = len(downlinks) == 1 and (first.told or first.rank > Rank.CALL)
            if may_wait and self.link.interrupt(token):
                return

    def _relieve(self, told_max: int) -> list[Ended]:
        """In a rush, repeat nothing alone that a broadcast says together with what waits, or has said.

        What more than ``told_max`` broadcasts have said is left alone: its acknowledgement may just be coming.
        """
        ended: list[Ended] = []
        if not self.pacer.in_rush:
            return ended
        for token, downlinks in list(self._given.items()):
            first = downlinks[0]
            may_wait = first.told > 0 or self.pacer.hears_broadcasts(first)
            alone = len(downlinks) == 1 and first.told <= told_max
            if alone and may_wait and self.link.abandon(token):
                ended += _unsent(self.pacer.put_back(*self._take_back(token)))
        return ended

    def _rank_max(self, now_s: float) -> Rank:
        limit = self._options.duty_cycle_max
        if limit < 1.0 and self.link.air_time.sent_share(now_s) >= TEXTS_SHARE * limit:
            return Rank.STATE
        return Rank.TEXT

    def _give(self, downlinks: list[Downlink], now_s: float) -> list[ChannelAction]:
        first = downlinks[0]
        passage = self._passage(first.to)
        try:
            if len(downlinks) == 1:
                octets = passage.seal(first.to, self._payload(first, now_s))
            else:
                octets = passage.seal_broadcast(encode(as_broadcast(downlinks)))
        except PaihaoError as error:
            log.warning("downlink not sealed terminal=%s reason=%s", first.to, error)
            return [*_unsent(one.message for one in downlinks)]
        self._tokens += 1
        self._given[self._tokens] = downlinks
        self._busy.update(one.to for one in downlinks)
        if len(downlinks) == 1:
            actions = self.link.send(
                first.to,
                octets,
                self._tokens,
                now_s,
                urgency=first.urgency,
                idempotent=first.idempotent,
            )
        else:
            actions = self.link.send_broadcast(
                octets, now_s, token=self._tokens, urgency=Urgency.HIGH
            )
            # Who heard it may have something to say; what is written now would follow it at once.
            self.link.keep_quiet(
                now_s + BROADCAST_PAUSE_S + self.link.air_time.seconds(len(octets))
            )
        return self._translated(actions, now_s)

    def _payload(self, downlink: Downlink, now_s: float) -> bytes:
        """Return what the terminal is told; where the channel has no room a trusted window confirms nothing."""
        show, trust_s = downlink.shows, self._crowding.trust_s
        enough = not downlink.message.word and self._trust.lasts(downlink.to, now_s, trust_s)
        if show is None or not enough:
            downlink.trust_s = 0.0
            return downlink.message.payload
        downlink.trust_s = trust_s
        return encode(replace(show, confirm=False))

    def _take_back(self, token: int) -> list[Downlink]:
        downlinks = self._given.pop(token)
        self._busy.difference_update(one.to for one in downlinks)
        return downlinks

    # -- what the link wants done -----------------------------------------------------------

    def _translated(self, actions: list[Action], now_s: float) -> list[ChannelAction]:
        translated: list[ChannelAction] = []
        for action in actions:
            match action:
                case Received():
                    translated += self._take_in(action, now_s)
                case Acknowledged(token=token, to=to, attempts=attempts):
                    [downlink] = self._take_back(token)
                    self.latencies.add(TerminalAddress(to), now_s - downlink.added_s)
                    translated.append(
                        Ended(
                            message=downlink.message,
                            acknowledged=True,
                            delivered=downlink.trust_s > 0,
                            word_after_s=downlink.trust_s * REST_SHARE,
                            attempts=attempts,
                        )
                    )
                case GaveUp(token=token, attempts=attempts):
                    [downlink] = self._take_back(token)
                    translated.append(
                        Ended(message=downlink.message, acknowledged=False, attempts=attempts)
                    )
                case Refused(token=int(token)):
                    translated += _unsent(one.message for one in self._take_back(token))
                case Refused():
                    pass  # everything of ours has a token
                case BroadcastSent(token=token):
                    downlinks = self._take_back(token)
                    late = self.pacer.sent_to_all(downlinks, now_s)
                    translated += _unsent(late)
                    translated += self._told(self.pacer.told(downlinks))
                case other:
                    translated.append(other)
        return translated

    def _take_in(self, received: Received, now_s: float) -> list[ChannelAction]:
        source = TerminalAddress(received.source)
        try:
            payload = self._passage(source).open(source, received.payload)
        except ProtocolError as error:
            log.debug("uplink not opened terminal=%s reason=%s", source, error)
            # Perhaps another device is there now, which acknowledges what it cannot open.
            self._trust.end(source)
            return []
        self._learn(source, payload, now_s)
        return [Heard(source=source, payload=payload)]

    def _learn(self, source: TerminalAddress, payload: bytes, now_s: float) -> None:
        """Learn whether a window's acknowledgements are enough."""
        try:
            said = decode_uplink(payload)
        except ProtocolError:
            return
        match said:
            case Hello():
                # It may have been restarted, and have forgotten what it was told.
                self._trust.end(source)
                self.pacer.started(source)
            case Shown() if source not in self._far:
                self._trust.shown(source, now_s)


def _unsent(messages: Iterable[SendDownlink]) -> list[Ended]:
    return [Ended(message=one, acknowledged=False) for one in messages]
