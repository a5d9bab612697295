"""A gateway: a serial port with a radio channel behind it.

It acknowledges and passes on what the terminals send that it serves, and sends what they are to get, one
datagram at a time. Which those are the radio network says (`actors.radio.network`); without one they are its
own. What goes to one of its own terminals that another gateway serves is passed on to that one.

A terminal's actor is found by its name, ``{home gateway}/terminal/{address}``, so either may be restarted
without the other knowing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import inf
from types import MappingProxyType

from actors.audience import told
from actors.base import Actor, Place, Ref, receives
from actors.ports import Link, LinkOpener
from actors.radio.channel import Channel
from actors.radio.channel_actions import ChannelAction, Ended, Heard, Told
from actors.radio.contact import ChannelDown, ChannelUp
from actors.radio.gateway_alarms import GatewayAlarms, StrangerGone
from actors.radio.gateway_read import GatewayRead, ReadGateway
from actors.radio.link_options import link_options
from actors.radio.meters import LOOK_S, Busy, Losses
from actors.radio.network import (
    DownlinkTried,
    GatewayDeaf,
    GatewayDown,
    GatewayUp,
    Neighbours,
    Orders,
    PairingAt,
    PostReleased,
    ReportYourself,
    ServedBy,
)
from actors.radio.others import Others
from actors.radio.pairing import PairRequestHeard
from actors.radio.passage import OPEN_PASSAGE, Passage
from actors.radio.port_watch import PortTrouble, PortWatch
from actors.radio.reach import Reach
from actors.world import Timer
from protocol.hall import Gateway
from protocol.ids import GatewayId, TerminalAddress
from protocol.messages import (
    DownlinkEnded,
    DownlinkTold,
    LinkDown,
    LinkUp,
    OctetsReceived,
    SendDownlink,
    UplinkReceived,
)
from protocol.radio.actions import (
    DutyCycleFell,
    DutyCycleReached,
    Misrouted,
    Overheard,
    Stranger,
    Transmit,
)
from protocol.radio.options import LinkOptions
from protocol.radio.payloads import PAIRING_ADDRESS
from protocol.values import value

__all__ = ["GatewayActor", "GatewayRead", "ReadGateway"]

PAIRING = TerminalAddress(PAIRING_ADDRESS)

NO_PASSAGES: Mapping[GatewayId, Passage] = MappingProxyType({})


@value
class _TimeElapsed:
    """The channel has something to do."""


@value
class _LookDue:
    """The gateway is to look at what time brings."""


class GatewayActor(Actor):
    """See the module.

    ``passages`` are what the payloads of each gateway's terminals pass through, nothing where none is named.
    """

    def __init__(
        self,
        place: Place,
        gateway: Gateway,
        links: LinkOpener,
        alarms: Ref[Actor],
        options: LinkOptions | None = None,
        *,
        neighbours: Neighbours | None = None,
        passages: Mapping[GatewayId, Passage] = NO_PASSAGES,
    ) -> None:
        super().__init__(place)
        self._gateway = gateway
        self._links = links
        self._alarms = GatewayAlarms(gateway, alarms, self.later)
        self._neighbours = neighbours
        self._passages = passages
        covered = () if neighbours is None else neighbours.covered
        self._reach = Reach(gateway, covered, place.generation << 32)
        self._others = Others(place, gateway.id, self._reach, neighbours)
        if neighbours is None:
            self._reach.all_own()
        self._pairer = gateway.id if neighbours is None else None
        """Who answers devices without an address on this channel."""
        self._channel = self._make_channel(covered, options or link_options(gateway))
        self._watch = PortWatch(len(self._reach.terminals), not (neighbours and neighbours.ids))
        self._busy = Busy()
        self._losses = Losses()
        self._port: Link | None = None
        self._up = False
        self._timer: Timer | None = None
        self._timer_due_s = inf

    def _make_channel(self, covered: Iterable[Gateway], options: LinkOptions) -> Channel:
        gateway = self._gateway
        routes: dict[TerminalAddress, TerminalAddress] = {}
        for one in (*covered, gateway):
            routes.update(one.routes)
        return Channel(
            gateway.address,
            self.random,
            options,
            self._listened_to,
            passage=self._passage,
            segment=self._reach.home,
            routes=routes if gateway.routed else None,
        )

    def _passage(self, address: TerminalAddress) -> Passage:
        return self._passages.get(self._reach.home(address), OPEN_PASSAGE)

    # -- the port ---------------------------------------------------------------------------

    def on_start(self) -> None:
        """Open the port; until then it is away."""
        self._others.tell_network(GatewayDown(gateway=self._gateway.id))
        self._port = self._links.open_link(self._gateway.port, self._actor_ref)
        self.later(LOOK_S, _LookDue())

    def on_failure(self, *failure: object) -> None:
        """Let the port go, so that the next actor can open it."""
        self._others.tell_network(GatewayDown(gateway=self._gateway.id))
        self._release_port()

    def on_stop(self) -> None:
        """Let the port go."""
        self._release_port()

    def _release_port(self) -> None:
        if self._port is not None:
            self._port.close()
            self._port = None

    @receives(LinkUp)
    def _port_up(self, _message: LinkUp) -> None:
        self._up = True
        self._alarms.up()
        self._watch.opened(self.monotonic)
        if self._neighbours is None:
            for address in self._reach.served:
                self._others.tell_terminal(address, ChannelUp())
        else:
            self._report()

    @receives(LinkDown)
    def _port_down(self, message: LinkDown) -> None:
        self._up = False
        self._alarms.down(message.reason)
        troubles = set(self._watch.troubles)
        self._watch.closed()
        self._tell_troubles(troubles)
        self._carry_out(self._channel.drop_all())
        if self._neighbours is not None:
            self._report()
            return
        for address in self._reach.served:
            self._others.tell_terminal(address, ChannelDown())

    # -- the network ------------------------------------------------------------------------

    def _report(self) -> None:
        """Say to the network whether the port is open; nobody is served until it says so."""
        gateway = self._gateway.id
        self._reach.nobody()
        self._serve()
        if not self._up:
            self._others.tell_network(GatewayDown(gateway=gateway))
            return
        self._others.tell_network(GatewayUp(gateway=gateway, session=self._reach.session))
        if PortTrouble.SILENT in self._watch.troubles:
            self._others.tell_network(GatewayDeaf(gateway=gateway, deaf=True))

    @receives(ReportYourself)
    def _report_oneself(self, _message: ReportYourself) -> None:
        self._report()

    @receives(Orders)
    def _take_orders(self, message: Orders) -> None:
        begun, released = self._reach.take(message.orders)
        self._serve()
        own = self._gateway.id
        for release in released:
            answer = PostReleased(gateway=own, post=release.post, number=release.number)
            self._others.tell_network(answer)
        for address in begun:
            self._others.tell_terminal(address, ChannelUp())

    @receives(ServedBy)
    def _note_server(self, message: ServedBy) -> None:
        self._reach.note_server(message.addresses, message.server)

    def _serve(self) -> None:
        not_served = self._reach.not_served
        self._carry_out(self._channel.serve(self._listened_to, not_served, self.monotonic))

    @property
    def _listened_to(self) -> frozenset[TerminalAddress]:
        served = self._reach.served
        return served | {PAIRING} if self._pairs else served

    @property
    def _pairs(self) -> bool:
        """Whether devices without an address are answered: of several gateways on a channel one does it."""
        return self._gateway.id in self._passages and self._pairer == self._gateway.id

    @receives(PairingAt)
    def _note_pairer(self, message: PairingAt) -> None:
        self._pairer = message.server
        self._serve()

    # -- radio ------------------------------------------------------------------------------

    @receives(OctetsReceived)
    def _take_octets(self, message: OctetsReceived) -> None:
        now_s, link = self.monotonic, self._channel.link
        actions = self._channel.receive(message.octets, now_s)
        troubles = set(self._watch.troubles)
        if self._watch.heard(message.octets, link.decoder_counts, link.counts, now_s):
            self._tell_troubles(troubles)
        self._carry_out(actions)

    @receives(SendDownlink)
    def _send(self, message: SendDownlink) -> None:
        if message.to in self._listened_to and self._up:
            self._carry_out(self._channel.send(message, self.monotonic))
            return
        server = self._reach.server(message.to)
        if message.to == PAIRING and self._pairer != self._gateway.id:
            server = self._pairer
        other = None if server is None else self._others.find(server)
        if other is None or not told(other, message):
            self._end(message, False)

    @receives(_TimeElapsed)
    def _time_elapsed(self, _message: _TimeElapsed) -> None:
        self._timer = None
        self._timer_due_s = inf
        self._carry_out(self._channel.tick(self.monotonic))

    def _carry_out(self, actions: Sequence[ChannelAction]) -> None:
        """Do what the channel wants done, then wait for its next deadline."""
        for action in actions:
            match action:
                case Transmit(octets=octets):
                    self._watch.sent(octets)
                    if self._port is not None:
                        self._port.write(octets)
                case Heard(source=source, payload=payload):
                    self._hear(source, payload)
                case Told(message=message, patience_s=wait_s) if message.reply_to is not None:
                    told(message.reply_to, DownlinkTold(token=message.token, patience_s=wait_s))
                case Ended():
                    self._downlink_ended(action)
                case Overheard(source=source):
                    self._others.tell_heard(TerminalAddress(source))
                case Stranger(source=source):
                    if source == PAIRING and self._gateway.id in self._passages:
                        # It asks for a post, and is answered by another gateway on the channel.
                        self._others.tell_heard(PAIRING)
                    else:
                        self._alarms.stranger(source)
                case Misrouted(source=source, reason=reason):
                    self._alarms.mixed(source, reason)
                case DutyCycleReached(share=share):
                    self._alarms.duty_cycle_reached(share)
                case DutyCycleFell():
                    self._alarms.duty_cycle_fell()
        self._wait()

    def _wait(self) -> None:
        """Have a timer that rings no later than the channel's deadline; an earlier one does no harm."""
        now_s = self.monotonic
        due_s = self._channel.next_deadline(now_s)
        if due_s >= self._timer_due_s or due_s == inf:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_due_s = due_s
        self._timer = self.later(max(due_s - now_s, 0.0), _TimeElapsed())

    def _hear(self, source: TerminalAddress, payload: bytes) -> None:
        self._others.tell_heard(source)
        if source == PAIRING:
            heard = PairRequestHeard(payload=payload)
            ids = () if self._neighbours is None else sorted(self._neighbours.ids)
            for gateway in (self._gateway.id, *ids):
                security = self._others.find(gateway, "/security")
                if security is not None:
                    told(security, heard)
            return
        home = self._reach.home(source)
        pairing = self._passage(source).mark(source)
        uplink = UplinkReceived(gateway=home, payload=payload, pairing=pairing)
        self._others.tell_terminal(source, uplink)

    def _downlink_ended(self, ended: Ended) -> None:
        message, acknowledged = ended.message, ended.acknowledged
        if ended.attempts:
            if self._neighbours is not None and self._neighbours.ids:
                tried = DownlinkTried(
                    gateway=self._gateway.id,
                    address=message.to,
                    attempts=ended.attempts,
                    acknowledged=acknowledged,
                )
                self._others.tell_network(tried)
            troubles = set(self._watch.troubles)
            if not acknowledged and self._up and self._watch.unanswered(message.to):
                self._tell_troubles(troubles)
        self._end(message, acknowledged, ended.delivered, ended.word_after_s)

    def _end(
        self,
        message: SendDownlink,
        acknowledged: bool,
        delivered: bool = False,
        word_after_s: float = 0.0,
    ) -> None:
        if message.reply_to is not None:
            ended = DownlinkEnded(
                token=message.token,
                acknowledged=acknowledged,
                delivered=delivered,
                word_after_s=word_after_s,
            )
            told(message.reply_to, ended)

    # -- troubles ---------------------------------------------------------------------------

    @receives(_LookDue)
    def _look(self, _message: _LookDue) -> None:
        now_s, link = self.monotonic, self._channel.link
        air = link.air_time
        self._busy.look(now_s, air.sent_s + air.heard_s)
        self._losses.look(link.peer_counts)
        troubles = set(self._watch.troubles)
        if self._watch.look(now_s):
            self._tell_troubles(troubles)
        self._carry_out(self._channel.tick(now_s))
        self.later(LOOK_S, _LookDue())

    def _tell_troubles(self, before: Collection[PortTrouble]) -> None:
        """Say to people and to the network what the port's watch says now."""
        now = self._watch.troubles
        self._alarms.port_troubles(before, now)
        deaf = PortTrouble.SILENT in now
        if deaf is not (PortTrouble.SILENT in before) and self._up:
            self._others.tell_network(GatewayDeaf(gateway=self._gateway.id, deaf=deaf))

    @receives(StrangerGone)
    def _stranger_gone(self, message: StrangerGone) -> None:
        self._alarms.stranger_gone(message.source)

    # -- what can be seen -------------------------------------------------------------------

    @receives(ReadGateway)
    def _read(self, message: ReadGateway) -> GatewayRead:
        read = GatewayRead.of(
            self._gateway,
            self._channel,
            self._reach,
            self._losses,
            self._busy,
            self.monotonic,
            up=self._up,
            troubles=self._watch.troubles,
        )
        if message.reply_to is not None:
            told(message.reply_to, read)
        return read
