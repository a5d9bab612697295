"""A gateway's radio channel: what terminals say is opened, what they are to get is paced and sealed.

Sans-I/O, as the link in it: each input is given the time and returns what to do, in order, acknowledgements
first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from math import inf
from random import Random

from actors.radio.meters import Latencies
from actors.radio.pacing import Downlink, Pacer, Rank, as_broadcast
from actors.radio.passage import Passage
from protocol.errors import PaihaoError, ProtocolError
from protocol.hall import BITRATE, Gateway
from protocol.ids import TerminalAddress
from protocol.messages import SendDownlink
from protocol.ports import TcpAddress, parse_port
from protocol.radio.actions import (
    Acknowledged,
    Action,
    BroadcastSent,
    DutyCycleFell,
    DutyCycleReached,
    GaveUp,
    Misrouted,
    Overheard,
    Received,
    Refused,
    Stranger,
    Transmit,
)
from protocol.radio.link import RadioLink
from protocol.radio.options import LinkOptions
from protocol.radio.outbox import Urgency
from protocol.radio.payloads import Shown, decode_uplink, encode
from protocol.radio.reliable import ReliableLink
from protocol.radio.routed import RoutedLink
from protocol.radio.router import Routes
from protocol.values import value

__all__ = ["Channel", "ChannelAction", "Ended", "Heard", "link_options"]

log = logging.getLogger(__name__)

TEXTS_SHARE = 0.8
"""Texts that nobody waits for are sent below this share of the duty cycle's limit alone."""


@value
class Heard:
    """The terminal ``source`` said ``payload``."""

    source: TerminalAddress
    payload: bytes


@value
class Ended:
    """The downlink ``message`` came to its end after so many ``attempts``, 0 if it was never sent.

    ``to_all`` says that it was broadcast: then the terminal itself confirmed it.
    """

    message: SendDownlink
    acknowledged: bool
    attempts: int = 0
    to_all: bool = False


ChannelAction = (
    Transmit | Heard | Ended | Overheard | Stranger | Misrouted | DutyCycleReached | DutyCycleFell
)


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
        self.pacer = Pacer(lambda to: (segment(to), passage(to).secures(to)))
        self.latencies = Latencies()
        self._options = options
        self._passage = passage
        self._given: dict[int, list[Downlink]] = {}
        """By token; one for each terminal at most, and one broadcast."""
        self._busy: set[TerminalAddress] = set()
        self._tokens = 0

    # -- inputs -----------------------------------------------------------------------------

    def send(self, message: SendDownlink, now_s: float) -> list[ChannelAction]:
        """Send ``message`` when its turn comes; it ends in one `Ended`."""
        unsent = self.pacer.add(message, now_s)
        return [*_unsent(unsent), *self._pump(now_s)]

    def receive(self, octets: bytes, now_s: float) -> list[ChannelAction]:
        """Take in ``octets`` from the line."""
        return [*self._translated(self.link.receive(octets, now_s), now_s), *self._pump(now_s)]

    def tick(self, now_s: float) -> list[ChannelAction]:
        """Do what is due at ``now_s``; calling it early or late does no harm."""
        return [*self._translated(self.link.tick(now_s), now_s), *self._pump(now_s)]

    def serve(
        self,
        served: Collection[TerminalAddress],
        not_served: Collection[TerminalAddress],
        now_s: float,
    ) -> list[ChannelAction]:
        """Serve these terminals from now on; whatever is on its way to others ends."""
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
        due_s = self.link.next_deadline()
        free_s, repair_s = self.link.free_from_s(), self.pacer.next_repair_s()
        wanted_s = free_s if len(self.pacer) else max(free_s, repair_s)
        later_s = [at_s for at_s in (wanted_s, repair_s) if at_s > now_s]
        return min(inf if due_s is None else due_s, *later_s, inf)

    # -- sending ----------------------------------------------------------------------------

    def _pump(self, now_s: float) -> list[ChannelAction]:
        """Give the link what it may send now."""
        actions: list[ChannelAction] = []
        while now_s >= self.link.free_from_s():
            downlinks = self.pacer.next(now_s, self._busy, self._rank_max(now_s))
            if not downlinks:
                break
            actions += self._give(downlinks, now_s)
        return actions

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
                octets = passage.seal(first.to, first.message.payload)
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
        return self._translated(actions, now_s)

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
                    translated += self._take_in(action)
                case Acknowledged(token=token, to=to, attempts=attempts):
                    [downlink] = self._take_back(token)
                    self.latencies.add(TerminalAddress(to), now_s - downlink.added_s)
                    translated.append(
                        Ended(message=downlink.message, acknowledged=True, attempts=attempts)
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
                    late = self.pacer.sent_to_all(self._take_back(token), now_s)
                    translated += _unsent(late)
                case other:
                    translated.append(other)
        return translated

    def _take_in(self, received: Received) -> list[ChannelAction]:
        source = TerminalAddress(received.source)
        try:
            payload = self._passage(source).open(source, received.payload)
        except ProtocolError as error:
            log.debug("uplink not opened terminal=%s reason=%s", source, error)
            return []
        heard: list[ChannelAction] = [Heard(source=source, payload=payload)]
        confirmed = self._confirmed(source, payload)
        if confirmed is not None:
            heard.append(Ended(message=confirmed, acknowledged=True, to_all=True))
        return heard

    def _confirmed(self, source: TerminalAddress, payload: bytes) -> SendDownlink | None:
        """Return what was broadcast and is confirmed by ``payload``."""
        if not self.pacer.awaits(source):
            return None
        try:
            said = decode_uplink(payload)
        except ProtocolError:
            return None
        return self.pacer.confirmed(source, said.version) if isinstance(said, Shown) else None


def _unsent(messages: Iterable[SendDownlink]) -> list[Ended]:
    return [Ended(message=one, acknowledged=False) for one in messages]


def link_options(gateway: Gateway) -> LinkOptions:
    """Return how the link of ``gateway`` goes about its channel."""
    address = parse_port(gateway.port)
    return LinkOptions(
        bitrate=BITRATE if isinstance(address, TcpAddress) else max(address.baud, 300),
        air_bitrate=gateway.air_bitrate,
        duty_cycle_max=gateway.duty_cycle_max,
    )
