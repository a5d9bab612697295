"""Sending a payload on a radio channel a bounded number of times, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import attrs
from twisted.internet.base import DelayedCall

from actors.ports import Link
from protocol.errors import FrameError
from protocol.messages import LinkDown, LinkUp, OctetsReceived
from protocol.radio.actions import Acknowledged, Action, GaveUp, Received, Transmit
from protocol.radio.datagram import BROADCAST
from protocol.radio.frame import Frame, encode_frame
from protocol.radio.options import RANGES, LinkOptions
from protocol.radio.reliable import ReliableLink
from protocol.values import value

__all__ = ["Errand", "Outcome", "Sending"]

BITS_PER_OCTET = 10
"""On a serial line: start bit, eight bits, stop bit."""

LINGER_S = 0.05
"""What was written is given so much time more than it takes on the line, before the port is closed."""

BITRATE = 9600
"""At this rate the link's first timeout is right; at lower ones it is as much longer."""


@value
class Errand:
    """What is to be sent: ``payload`` from the node ``source`` to ``to``, ``times`` times.

    ``every_s`` lies at least between the beginnings of two; ``listen_s`` is how long to listen after the last.
    Where ``acknowledged`` is not set, or to 255, nothing is waited for. ``bitrate`` is the line's.

    Raises:
        FrameError: the payload is too long, an address is none, or both are the same.
    """

    source: int
    to: int
    payload: bytes
    times: int = 1
    every_s: float = 0.0
    listen_s: float = 0.0
    acknowledged: bool = True
    bitrate: int = BITRATE

    def __attrs_post_init__(self) -> None:
        if self.to == self.source:
            raise FrameError(f"a node sends nothing to itself, and both are {self.to}")
        self.on_line(id_=1)

    def on_line(self, id_: int) -> bytes:
        """Return the octets of the frame with that ID."""
        return encode_frame(Frame(to=self.to, source=self.source, id=id_, payload=self.payload))


@attrs.define
class Outcome:
    """What came of an errand so far; round trips are from the first attempt on."""

    sent: int = 0
    round_trips_s: list[float] = attrs.field(factory=list)
    attempts: int = 0
    given_up: int = 0

    @property
    def lost(self) -> bool:
        """Whether something was not acknowledged that should have been."""
        return self.given_up > 0


class Sending:
    """Owner of a link that carries out ``errand``.

    ``told`` gets what happens: `Acknowledged`, `GaveUp`, `Received` from the node that is sent to. ``ended`` is
    called once: with None when all is done, or with the reason why the port is away.
    """

    def __init__(
        self,
        reactor: Any,
        errand: Errand,
        told: Callable[[Action], object],
        ended: Callable[[str | None], object],
        random: Random,
    ) -> None:
        self.outcome = Outcome()
        self._reactor = reactor
        self._errand = errand
        self._told = told
        self._ended = ended
        first_id = random.randint(1, 255)
        self._radio = ReliableLink(errand.source, random, _options(errand, first_id), (errand.to,))
        self._next_id = first_id
        self._link: Link | None = None
        self._timer: DelayedCall | None = None
        self._pause: DelayedCall | None = None
        self._began_s = self._line_free_s = 0.0
        self._over = False

    def use(self, link: Link) -> None:
        """Write to ``link`` once it is up."""
        self._link = link

    def tell(self, message: object) -> None:
        """Take what the link tells."""
        if self._over:
            return
        match message:
            case LinkUp():
                self._begin()
            case OctetsReceived(octets=octets):
                self._carry_out(self._radio.receive(octets, self._reactor.seconds()))
            case LinkDown(reason=reason):
                self._end(reason)

    def close(self) -> None:
        """End early; nothing is told any more."""
        self._over = True
        for call in (self._timer, self._pause):
            if call is not None and call.active():
                call.cancel()

    # -- one after another ------------------------------------------------------------------

    def _begin(self) -> None:
        """Send the next one, or listen if that was the last."""
        errand, now_s = self._errand, self._reactor.seconds()
        if self.outcome.sent == errand.times:
            self._pause = self._reactor.callLater(errand.listen_s, self._finish)
            return
        self.outcome.sent += 1
        self._began_s = now_s
        if errand.acknowledged and errand.to != BROADCAST:
            self._carry_out(self._radio.send(errand.to, errand.payload, self.outcome.sent, now_s))
            return
        self._write(self._frame_once())
        self._go_on()

    def _go_on(self) -> None:
        now_s = self._reactor.seconds()
        due_s = max(self._began_s + self._errand.every_s, now_s)
        if not self._errand.acknowledged or self._errand.to == BROADCAST:
            due_s = max(due_s, self._line_free_s)
        self._pause = self._reactor.callLater(due_s - now_s, self._begin)

    def _finish(self) -> None:
        """End when the line has what was written."""
        left_s = max(self._line_free_s - self._reactor.seconds(), 0.0)
        self._pause = self._reactor.callLater(left_s + LINGER_S, self._end, None)

    def _end(self, reason: str | None) -> None:
        self.close()
        self._ended(reason)

    # -- radio ------------------------------------------------------------------------------

    def _carry_out(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Transmit(octets=octets):
                    self._write(octets)
                case Received():
                    self._told(action)
                case Acknowledged(round_trip_s=round_trip_s, attempts=attempts):
                    self.outcome.round_trips_s.append(round_trip_s)
                    self.outcome.attempts += attempts
                    self._told(action)
                    self._go_on()
                case GaveUp(attempts=attempts):
                    self.outcome.given_up += 1
                    self.outcome.attempts += attempts
                    self._told(action)
                    self._go_on()
        self._wait()

    def _wait(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        due_s = self._radio.next_deadline()
        if due_s is not None and not self._over:
            delay_s = max(due_s - self._reactor.seconds(), 0.0)
            self._timer = self._reactor.callLater(delay_s, self._tick)

    def _tick(self) -> None:
        self._carry_out(self._radio.tick(self._reactor.seconds()))

    def _frame_once(self) -> bytes:
        """Return the next one for which no acknowledgement is waited for."""
        id_ = self._next_id
        self._next_id = id_ % 255 + 1
        return self._errand.on_line(id_)

    def _write(self, octets: bytes) -> None:
        assert self._link is not None
        self._link.write(octets)
        on_line_s = len(octets) * BITS_PER_OCTET / self._errand.bitrate
        self._line_free_s = max(self._line_free_s, self._reactor.seconds()) + on_line_s


def _options(errand: Errand, first_id: int) -> LinkOptions:
    least, most = RANGES["bitrate"]
    bitrate = int(min(max(errand.bitrate, least), most))
    slower = max(BITRATE / bitrate, 1.0)
    defaults = LinkOptions()
    return LinkOptions(
        timeout_first_s=min(defaults.timeout_first_s * slower, defaults.timeout_max_s),
        bitrate=bitrate,
        first_id=first_id,
    )
