"""A gateway: a serial port with a radio channel behind it.

It acknowledges and passes on what its terminals send, and sends what they are to get, one datagram at
a time. A terminal's actor is found by its name, ``{gateway}/terminal/{address}``, so either may be
restarted without the other knowing.
"""

from __future__ import annotations

import logging
from math import inf

import attrs

from actors.audience import told
from actors.base import Actor, Place, Ref, receives
from actors.ports import Link, LinkOpener
from actors.world import Timer
from protocol.hall import Gateway
from protocol.ids import GatewayId, TerminalAddress
from protocol.messages import (
    ClearAlarm,
    DownlinkEnded,
    LinkDown,
    LinkUp,
    OctetsReceived,
    RaiseAlarm,
    SendDownlink,
    UplinkReceived,
)
from protocol.radio.actions import (
    Acknowledged,
    Action,
    GaveUp,
    LinkCounts,
    Received,
    Refused,
    Stranger,
    Transmit,
)
from protocol.radio.frame import DecoderCounts
from protocol.radio.options import LinkOptions
from protocol.radio.reliable import ReliableLink
from protocol.values import value

log = logging.getLogger(__name__)


STRANGER_GONE_S = 900.0
"""After so long a silence a device that is none of ours is taken for gone; terminals say that they are still
there every ten minutes or so."""


@value
class ChannelUp:
    """From a gateway to its terminals' actors: its port is open again."""


@value
class ReadGateway:
    """Ask a gateway for `GatewayRead`."""


@value
class GatewayRead:
    """What can be seen of a gateway; the counts are copies, since its actor was started."""

    gateway: GatewayId
    up: bool
    link: LinkCounts
    octets: DecoderCounts
    round_trips_s: dict[TerminalAddress, float]
    """The smoothed round trip of each terminal that has acknowledged something."""


@value
class _LinkTimeElapsed:
    """The radio link has something to do."""


@value
class _StrangerGone:
    """Nothing was heard of the stranger for long."""

    source: int


class GatewayActor(Actor):
    """See the module."""

    def __init__(
        self,
        place: Place,
        gateway: Gateway,
        links: LinkOpener,
        alarms: Ref[Actor],
        options: LinkOptions | None = None,
    ) -> None:
        super().__init__(place)
        self._gateway = gateway
        self._links = links
        self._alarms = alarms
        self._addresses = tuple(terminal.address for terminal in gateway.terminals)
        self._radio = ReliableLink(
            gateway.address, self.random, options, peers=frozenset(self._addresses)
        )
        self._port: Link | None = None
        self._up = False
        self._timer: Timer | None = None
        self._timer_due_s = inf
        self._tokens = 0
        self._awaited: dict[int, SendDownlink] = {}
        """Bounded by the radio link's own queue."""
        self._strangers: dict[int, Timer] = {}
        """At most 256; each timer ends an alarm."""

    # -- the port ---------------------------------------------------------------------------

    def on_start(self) -> None:
        """Open the port."""
        self._port = self._links.open_link(self._gateway.port, self._actor_ref)

    def on_failure(self, *failure: object) -> None:
        """Let the port go, so that the next actor can open it."""
        self._release()

    def on_stop(self) -> None:
        """Let the port go."""
        self._release()

    def _release(self) -> None:
        if self._port is not None:
            self._port.close()
            self._port = None

    @receives(LinkUp)
    def _port_up(self, _message: LinkUp) -> None:
        log.info("gateway up gateway=%s port=%s", self._gateway.id, self._gateway.port)
        self._up = True
        told(self._alarms, ClearAlarm(alarm=self._alarm))
        for address in self._addresses:
            self._tell_terminal(address, ChannelUp())

    @receives(LinkDown)
    def _port_down(self, message: LinkDown) -> None:
        log.warning("gateway down gateway=%s reason=%s", self._gateway.id, message.reason)
        self._up = False
        detail = f"the port {self._gateway.port} is away: {message.reason}"
        told(self._alarms, RaiseAlarm(alarm=self._alarm, detail=detail))

    @property
    def _alarm(self) -> str:
        return f"gateway/{self._gateway.id}"

    # -- radio ------------------------------------------------------------------------------

    @receives(OctetsReceived)
    def _take_octets(self, message: OctetsReceived) -> None:
        self._carry_out(self._radio.receive(message.octets, self.monotonic))

    @receives(SendDownlink)
    def _send(self, message: SendDownlink) -> None:
        if not self._up:
            self._end(message, acknowledged=False)
            return
        self._tokens += 1
        self._awaited[self._tokens] = message
        self._carry_out(self._radio.send(message.to, message.payload, self._tokens, self.monotonic))

    @receives(_LinkTimeElapsed)
    def _time_elapsed(self, _message: _LinkTimeElapsed) -> None:
        self._timer = None
        self._timer_due_s = inf
        self._carry_out(self._radio.tick(self.monotonic))

    def _carry_out(self, actions: list[Action]) -> None:
        """Do what the radio link wants done, then wait for its next deadline."""
        for action in actions:
            match action:
                case Transmit(octets=octets):
                    if self._port is not None:
                        self._port.write(octets)
                case Received(source=source, payload=payload):
                    uplink = UplinkReceived(gateway=self._gateway.id, payload=payload)
                    self._tell_terminal(TerminalAddress(source), uplink)
                case Acknowledged(token=token):
                    self._end(self._awaited.pop(token), acknowledged=True)
                case GaveUp(token=token) | Refused(token=int(token)):
                    self._end(self._awaited.pop(token), acknowledged=False)
                case Stranger(source=source):
                    self._meet_stranger(source)
        self._wait()

    def _wait(self) -> None:
        """Have a timer that rings no later than the link's deadline; an earlier one does no harm."""
        due_s = self._radio.next_deadline()
        if due_s is None or due_s >= self._timer_due_s:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_due_s = due_s
        self._timer = self.later(due_s - self.monotonic, _LinkTimeElapsed())

    def _end(self, message: SendDownlink, *, acknowledged: bool) -> None:
        if message.reply_to is not None:
            told(message.reply_to, DownlinkEnded(token=message.token, acknowledged=acknowledged))

    def _tell_terminal(self, address: TerminalAddress, message: object) -> None:
        terminal = self.world.find(f"{self.name}/terminal/{address}")
        if terminal is not None:
            told(terminal, message)

    def _meet_stranger(self, source: int) -> None:
        known = self._strangers.get(source)
        self._strangers[source] = self.later(STRANGER_GONE_S, _StrangerGone(source=source))
        if known is not None:
            known.cancel()
            return
        log.warning("unknown terminal gateway=%s address=%d", self._gateway.id, source)
        detail = (
            f"a device with the radio address {source} sends to {self._gateway.id}, which has no such"
            " terminal: correct the device's address, or add the terminal to the configuration"
        )
        told(self._alarms, RaiseAlarm(alarm=self._stranger_alarm(source), detail=detail))

    @receives(_StrangerGone)
    def _stranger_gone(self, message: _StrangerGone) -> None:
        self._strangers.pop(message.source, None)
        told(self._alarms, ClearAlarm(alarm=self._stranger_alarm(message.source)))

    def _stranger_alarm(self, source: int) -> str:
        return f"{self._alarm}/stranger/{source}"

    @receives(ReadGateway)
    def _read(self, _message: ReadGateway) -> GatewayRead:
        round_trips_s = {
            address: round_trip_s
            for address in self._addresses
            if (round_trip_s := self._radio.round_trip_s(address)) is not None
        }
        return GatewayRead(
            gateway=self._gateway.id,
            up=self._up,
            link=attrs.evolve(self._radio.counts),
            octets=attrs.evolve(self._radio.decoder_counts),
            round_trips_s=round_trips_s,
        )
