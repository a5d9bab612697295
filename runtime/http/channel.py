"""One connection: bounds on its head, its pace and its life. Parsing is `twisted.web.http`'s.

Twisted's own time-outs begin anew with each octet, so a client that sends one now and then holds a connection
for ever, and they set and cancel two timers for each request. Here the site looks at all connections once a
second (`Channel.check`).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, cast

from twisted.internet.tcp import Connection
from twisted.web import http

from runtime.http.limits import Limits
from runtime.http.problems import Problem, refuse
from runtime.http.request import HttpRequest, head, of_problem
from runtime.http.whole import read_whole

if TYPE_CHECKING:
    from runtime.http.auth import Pass
    from runtime.http.site import Site

DISCARD_OCTETS_MAX = 4 * 1024 * 1024
"""After a refusal so much is still read and thrown away, so that the client gets to see why; then it is cut."""


class Channel(http.HTTPChannel):
    """An HTTP/1.1 connection under `Limits`."""

    site: Site
    transport: Any
    limits: Limits
    timeOut = None
    requestFactory = HttpRequest  # type: ignore[assignment]
    MAX_LENGTH = 8_192
    """Octets of one line of the head, by `LineReceiver`."""

    def __init__(self, limits: Limits) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.limits = limits
        self.totalHeadersSize = limits.head_octets_max
        self.maxHeaders = limits.headers_max
        self.MAX_LENGTH = min(limits.head_octets_max, self.MAX_LENGTH)
        self.address = ""
        """Of whoever is connected, without the port."""
        self.proxied = False
        """Whether that is a reverse proxy, which says for whom it asks."""
        self.shown: tuple[bytes, Pass] | None = None
        """The last Authorization header and whom it stands for: a client shows the same one each time."""
        self.refused = False
        self.closing_since: float | None = None
        self._began: float | None = None
        self._quiet_since = time.monotonic()
        self._discarded = 0

    # -- life ----------------------------------------------------------------------------------

    def connectionMade(self) -> None:
        super().connectionMade()  # type: ignore[no-untyped-call]
        # Each request asks for both; the system is asked once.
        self._peer, self._host = self.transport.getPeer(), self.transport.getHost()
        self.address = str(getattr(self._peer, "host", ""))

    def getPeer(self) -> Any:
        """Return the client's address."""
        return self._peer

    def getHost(self) -> Any:
        """Return our own address."""
        return self._host

    def write(self, data: bytes) -> None:
        """Send ``data``, at once as far as the system takes it.

        Twisted itself would wait for the reactor to say that the socket takes data, which costs a short
        answer more than its own sending does.
        """
        transport = self.transport
        if isinstance(transport, Connection) and _nothing_waits(transport):
            sent = transport.writeSomeData(data)
            # A connection that is lost is found out by the ordinary way.
            if isinstance(sent, int):
                data = data[sent:]
        if data:
            transport.write(data)

    def connectionLost(self, reason: object = None) -> None:
        super().connectionLost(reason)  # type: ignore[no-untyped-call]
        self.site.closed(self)

    def abort(self) -> None:
        """Cut the connection at once; what was not sent yet is lost."""
        self.transport.abortConnection()

    def check(self, now: float) -> None:
        """End the connection if it is too slow, idle for too long, or does not take what ends it."""
        limits = self.limits
        if self.closing_since is not None:
            if now - self.closing_since > limits.closing_s:
                self.abort()
        elif self._handlingRequest:
            return
        elif self._began is not None:
            if now - self._began > limits.request_s:
                self.refuse(
                    refuse(
                        "request-timeout",
                        f"the request was not complete after {limits.request_s:g} s",
                    ).problem
                )
        elif now - self._quiet_since > limits.idle_s:
            self.loseConnection()

    def loseConnection(self) -> None:
        if self.closing_since is None:
            self.closing_since = time.monotonic()
        super().loseConnection()  # type: ignore[no-untyped-call]

    # -- octets --------------------------------------------------------------------------------

    def dataReceived(self, data: bytes) -> None:
        if self.refused:
            self._discarded += len(data)
            if self._discarded > DISCARD_OCTETS_MAX:
                self.abort()
            return
        if self._began is None and not self._handlingRequest:
            if self._take_whole(data):
                return
            self._began = time.monotonic()
        super().dataReceived(data)  # type: ignore[no-untyped-call]
        if self._buffer and self._began is None and not self._handlingRequest:
            # A part of the next request came with the last one. It makes something else of what
            # follows, even if that looks like a whole request.
            self._began = time.monotonic()

    def _take_whole(self, data: bytes) -> bool:
        """Have ``data``, with nothing before it, answered if it is a whole request."""
        whole = read_whole(data, self.limits)
        if whole is None:
            return False
        request = HttpRequest(self, fields=whole.fields)
        self.requests.append(request)
        # As `allContentReceived` does: what comes before the answer is kept for later.
        self._handlingRequest = True
        self.setRawMode()  # type: ignore[no-untyped-call]
        request.take(whole)
        return True

    def lineReceived(self, line: bytes) -> None:
        if not self.refused:
            super().lineReceived(line)  # type: ignore[no-untyped-call]

    def rawDataReceived(self, data: bytes) -> None:
        if not self.refused:
            super().rawDataReceived(data)

    def lineLengthExceeded(self, line: bytes) -> None:
        if self.refused:
            return
        if self.requests and not self._handlingRequest:
            self.refuse(
                refuse("head-too-large", f"a header has more than {self.MAX_LENGTH} octets").problem
            )
        else:
            self.refuse(self._target_too_long())

    def allHeadersReceived(self) -> None:
        limits = self.limits
        if len(cast(bytes, self._path)) > limits.target_octets_max:
            self.refuse(self._target_too_long())
        elif self.length is not None and self.length > limits.body_octets_max:
            self.refuse(
                refuse(
                    "body-too-large",
                    f"the body has {self.length} octets; {limits.body_octets_max} are allowed",
                ).problem
            )
        else:
            super().allHeadersReceived()  # type: ignore[no-untyped-call]

    def allContentReceived(self) -> None:
        if self.refused:
            return
        self._began = None
        super().allContentReceived()  # type: ignore[no-untyped-call]

    def requestDone(self, request: HttpRequest) -> None:
        """Have the next request: at once if it came before this one was answered."""
        self._quiet_since = time.monotonic()
        if self.persistent and not self._dataBuffer:
            # Reading was never stopped, so that there is nothing to go on with.
            self.requests.remove(request)
            self._handlingRequest = False
            self.line_mode = 1
        else:
            super().requestDone(request)  # type: ignore[no-untyped-call]

    # -- refusals ------------------------------------------------------------------------------

    def _target_too_long(self) -> Problem:
        octets_max = self.limits.target_octets_max
        return refuse("target-too-long", f"the address has more than {octets_max} octets").problem

    def _respondToBadRequestAndDisconnect(self) -> None:
        """Twisted's way of saying that it cannot read a request, or that a bound of its own is reached."""
        limits = self.limits
        if self._receivedHeaderSize > self.totalHeadersSize:
            problem = refuse(
                "head-too-large", f"the head has more than {limits.head_octets_max} octets"
            ).problem
        elif self._receivedHeaderCount > self.maxHeaders:
            problem = refuse(
                "head-too-large", f"there are more than {limits.headers_max} headers"
            ).problem
        else:
            problem = refuse(
                "malformed-request",
                "the request line, a header or the body's framing cannot be read",
            ).problem
        self.refuse(problem)

    def refuse(self, problem: Problem) -> None:
        """Answer with ``problem`` and end the connection, after having read what the client still sends.

        Closing with unread octets would reset the connection, and the client might never see the answer.
        """
        if self.refused or self.closing_since is not None:
            return
        self.refused = True
        self.closing_since = time.monotonic()
        response = of_problem(problem)
        octets = head(response, len(response.body), last=True) + response.body
        self.transport.write(octets)
        self.site.count("", response.status)
        self._networkProducer.unregisterProducer()
        self.transport.loseWriteConnection()


def _nothing_waits(transport: Connection) -> bool:
    """Return whether data that is sent now would overtake nothing, on a connection that takes data."""
    return bool(
        transport.connected
        and not transport._writeDisconnected
        and not transport._tempDataBuffer
        and transport.offset == len(transport.dataBuffer)
    )
