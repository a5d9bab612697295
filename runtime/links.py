"""Links of the real world: serial ports and serial servers, opened again whenever they are lost."""

from __future__ import annotations

import logging
from collections.abc import Callable
from random import Random
from typing import Any
from typing import Protocol as Shape

import pykka
from twisted.internet.base import DelayedCall
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from protocol.errors import ConfigError, MailboxFull
from protocol.messages import LinkDown, LinkUp, OctetsReceived, Recipient
from protocol.ports import (
    WAITING_MAX,
    PortAddress,
    SerialAddress,
    TcpAddress,
    VirtualAddress,
    parse_port,
    reopen_delay_s,
)
from runtime.serial_ports import SerialLine
from runtime.serial_servers import TcpLine

STEADY_S = 5.0
"""A port that stays for so long works: when it is lost after that, it is tried again soon. One that
goes away sooner each time is tried less and less often."""

_log = logging.getLogger(__name__)


class Line(Shape):
    """A way to reach a port."""

    def open(self, protocol: Protocol) -> Deferred[None]:
        """Connect ``protocol``; the Deferred fires when that is done, or fails."""
        ...

    def explain_refusal(self, error: BaseException) -> str:
        """Say to a person why the port cannot be opened, and what to do."""
        ...

    def explain_loss(self, error: BaseException) -> str:
        """Say to a person how the port was lost, and what to do."""
        ...


class ReactorLinks:
    """Opens links to serial ports and serial servers on a Twisted reactor.

    An owner that opens an address a second time, as an actor does when it was restarted, gets a new
    link in place of the first, which is closed.
    """

    def __init__(self, reactor: Any, *, random: Random) -> None:
        self._reactor = reactor
        self._random = random
        self._links: dict[tuple[str, int], ReopenedLink] = {}

    def open_link(self, address: str, owner: Recipient) -> ReopenedLink:
        """Open ``address`` for ``owner``; see `actors.ports.LinkOpener`.

        Raises:
            ConfigError: the address is malformed, or of a simulation.
        """
        parsed = parse_port(address)
        key = (str(parsed), id(owner))
        if earlier := self._links.get(key):
            earlier.close()
        link = ReopenedLink(
            self._reactor,
            self._line(parsed),
            owner,
            random=self._random,
            closed=lambda: self._links.pop(key, None),
        )
        self._links[key] = link
        return link

    def close(self) -> None:
        """Close every link."""
        for link in list(self._links.values()):
            link.close()

    def _line(self, address: PortAddress) -> Line:
        match address:
            case SerialAddress():
                return SerialLine(self._reactor, address)
            case TcpAddress():
                return TcpLine(self._reactor, address)
            case VirtualAddress():
                raise ConfigError(
                    f"{address}: virtual devices exist in simulations; here a port is "
                    "serial:/dev/... or tcp:host:port"
                )


class ReopenedLink:
    """A link that is opened again, with growing back-off, for as long as it is not closed.

    The owner is told `LinkUp`, then `OctetsReceived` in order, then `LinkDown`, and so on. While
    the port is away a `LinkDown` is told for each new reason, not for each attempt. After `close`
    nothing is told.
    """

    def __init__(
        self,
        reactor: Any,
        line: Line,
        owner: Recipient,
        *,
        random: Random,
        closed: Callable[[], object],
    ) -> None:
        self._reactor = reactor
        self._line = line
        self._owner = owner
        self._random = random
        self._on_closed = closed
        self._closed = False
        self._failures = 0
        self._told_down: str | None = None
        self._opening: Deferred[None] | None = None
        self._session: _Session | None = None
        # The one thing to come: the next attempt while the port is away, or else `STEADY_S` gone.
        self._next: DelayedCall = reactor.callLater(0, self._open)

    def write(self, octets: bytes) -> None:
        """Send ``octets``; they are lost if the port is away, or goes away before they are sent."""
        session = self._session
        if session is None:
            return
        session.transport.write(octets)
        if session.overfull:
            self._end_session()
            self._down(
                f"the device takes no octets: over {WAITING_MAX} wait to be sent; check that it is "
                "switched on, and its cable and flow control"
            )

    def close(self) -> None:
        """Let the port go for good; what was not sent is lost."""
        if self._closed:
            return
        self._closed = True
        self._end_session()
        self._cancel_next()
        if self._opening is not None:
            self._opening.cancel()
        self._on_closed()

    # -- opening and losing the port --------------------------------------------------------

    def _open(self) -> None:
        session = _Session(self)
        self._opening = self._line.open(session)
        self._opening.addCallbacks(self._opened, self._refused, callbackArgs=(session,))

    def _opened(self, _result: None, session: _Session) -> None:
        self._opening = None
        if self._closed:
            session.drop()
            return
        self._session = session
        self._told_down = None
        self._next = self._reactor.callLater(STEADY_S, self._steady)
        self._tell(LinkUp())

    def _steady(self) -> None:
        self._failures = 0

    def _refused(self, failure: Failure) -> None:
        self._opening = None
        if not self._closed:
            assert failure.value is not None
            self._down(self._line.explain_refusal(failure.value))

    def lost(self, session: _Session, error: BaseException) -> None:
        """The port of ``session`` is away."""
        if session is self._session:
            self._session = None
            self._down(self._line.explain_loss(error))

    def _down(self, reason: str) -> None:
        """Say that the port is away, unless that was said, and have it opened again later."""
        self._cancel_next()
        delay_s = reopen_delay_s(self._failures, self._random)
        self._failures += 1
        self._next = self._reactor.callLater(delay_s, self._open)
        if reason != self._told_down:
            self._told_down = reason
            self._tell(LinkDown(reason=reason))

    def _end_session(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.drop()

    def _cancel_next(self) -> None:
        if self._next.active():
            self._next.cancel()

    # -- what the owner is told -------------------------------------------------------------

    def received(self, octets: bytes) -> None:
        """Octets came."""
        self._tell(OctetsReceived(octets=octets))

    def _tell(self, message: LinkUp | LinkDown | OctetsReceived) -> None:
        try:
            self._owner.tell(message)
        except pykka.ActorDeadError:
            self.close()
        except MailboxFull:
            # Its octets have a hole from here on, so that it is honest to say that the port was
            # lost; that cannot be said before there is room.
            _log.error("link is dropped because its owner is overrun owner=%s", self._owner)
            self._told_down = None
            if self._session is not None:
                self._end_session()
                self._down("this program could not keep up with what came from the port")


class _Session(Protocol):
    """One stay of the port, from its opening to its loss.

    It poses as the producer of what is written, since that is how a transport says that more waits
    than its ``bufferSize``.
    """

    transport: Any

    def __init__(self, link: ReopenedLink) -> None:
        self._link: ReopenedLink | None = link
        self.overfull = False

    def connectionMade(self) -> None:
        self.transport.bufferSize = WAITING_MAX
        self.transport.registerProducer(self, True)

    def dataReceived(self, data: bytes) -> None:
        if self._link is not None:
            self._link.received(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._link is not None:
            assert reason.value is not None
            self._link.lost(self, reason.value)

    def drop(self) -> None:
        """Close the port and say nothing of it."""
        self._link = None
        self.transport.abortConnection()

    def pauseProducing(self) -> None:
        self.overfull = True

    def resumeProducing(self) -> None:
        self.overfull = False

    def stopProducing(self) -> None:
        pass
