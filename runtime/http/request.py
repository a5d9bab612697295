"""One request: its octets under their bounds, and the writing of its response.

`twisted.web.http` parses; routing and responses are ours. `twisted.web.server.Request` and its resource tree
would take more than half of the time of a short request (the e-mail package parses each Content-Type, headers
are escaped for an access log, a resource is looked up segment by segment).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from email.utils import formatdate
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from twisted.web.http import NOT_MODIFIED, RESPONSES
from twisted.web.http_headers import Headers

from protocol.values import value
from runtime.http.problems import CONTENT_TYPE, Problem, refuse
from runtime.http.proxies import forwarded_for
from runtime.http.whole import Whole

if TYPE_CHECKING:
    from runtime.http.channel import Channel

JSON = b"application/json"
HTML = b"text/html; charset=utf-8"

SECURITY = (
    b"Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    b"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'\r\n"
    b"X-Content-Type-Options: nosniff\r\n"
    b"X-Frame-Options: DENY\r\n"
    b"Referrer-Policy: no-referrer\r\n"
    b"Cross-Origin-Resource-Policy: same-origin\r\n"
)
"""Headers of every response: no script or style but our files, nothing in frames, no address given away."""

NO_STORE = (b"Cache-Control", b"no-store")
NOT_STORED = (NO_STORE,)


@value
class Response:
    """A whole response. ``headers`` come beside those that every response has."""

    status: int
    body: bytes
    content_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = NOT_STORED


def of_problem(problem: Problem) -> Response:
    """Return the response that tells ``problem``."""
    return Response(
        status=problem.status,
        body=problem.octets(),
        content_type=CONTENT_TYPE,
        headers=(NO_STORE, *problem.headers),
    )


class _LastLines:
    """How every head ends: the Date header and those of security, made once a second."""

    def __init__(self) -> None:
        self._second = 0
        self._octets = b""

    def octets(self) -> bytes:
        second = int(time.time())
        if second != self._second:
            self._second = second
            date = formatdate(second, usegmt=True).encode()
            self._octets = b"Date: %s\r\n%s\r\n" % (date, SECURITY)
        return self._octets


_last_lines = _LastLines()


@lru_cache(maxsize=256)
def _begin(status: int, content_type: bytes) -> bytes:
    """Return the first lines of a response's head, of which there are few."""
    line = b"HTTP/1.1 %d %s\r\n" % (status, RESPONSES.get(status, b"Unknown"))
    return line if status == NOT_MODIFIED else line + b"Content-Type: %s\r\n" % content_type


def _lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"".join([b"%s: %s\r\n" % header for header in headers])


_NOT_STORED_LINES = _lines(NOT_STORED)


def head(response: Response, length: int | None, *, last: bool) -> bytes:
    """Return the octets before a response's body; ``last`` ends the connection after it.

    Without a ``length`` the body ends with the connection (RFC 9112, section 6.3), which must be the last.
    """
    status, headers = response.status, response.headers
    size = b""
    if length is not None and status != NOT_MODIFIED:
        size = b"Content-Length: %d\r\n" % length
    return b"%s%s%s%s%s" % (
        _begin(status, response.content_type),
        size,
        _NOT_STORED_LINES if headers is NOT_STORED else _lines(headers),
        b"Connection: close\r\n" if last else b"",
        _last_lines.octets(),
    )


class HttpRequest:
    """A request with its body in memory, at most the bound, and the way back to whoever sent it.

    It is no `twisted.web.http.Request`, of which most is for responses that are made bit by bit; it has what
    Twisted's channel asks of one.
    """

    __slots__ = (
        "_fields",
        "_lost",
        "_octets",
        "_parts",
        "answered",
        "channel",
        "gone",
        "method",
        "path",
        "query",
        "requestHeaders",
        "responseHeaders",
    )

    def __init__(
        self,
        channel: Channel,
        _queued: int = 0,
        fields: Mapping[bytes, Sequence[bytes]] | None = None,
    ) -> None:
        """Begin a request: one with ``fields``, or one whose headers the channel adds line by line."""
        self.channel = channel
        self.method = self.path = self.query = b""
        self.answered: Callable[[int], None] | None = None
        """Is called with the status once the response's head is written."""
        self.gone = False
        """Whether nobody waits for the response any more, or it was given."""
        self._fields = fields
        self._parts: list[bytes] = []
        self._octets = 0
        self._lost: Callable[[], None] | None = None
        if fields is None:
            self.requestHeaders = Headers()
            self.responseHeaders = Headers()

    @property
    def body(self) -> bytes:
        """The whole body."""
        return b"".join(self._parts)

    @property
    def address(self) -> str:
        """The address of whoever asks: who is connected, or for whom a proxy of ours says that it asks."""
        channel = self.channel
        if channel.proxied:
            return forwarded_for(self.header_values(b"x-forwarded-for")) or channel.address
        return channel.address

    def header(self, name: bytes) -> bytes | None:
        """Return the last header with this name, which is given in lower case."""
        values = self.header_values(name)
        return values[-1] if values else None

    def header_values(self, name: bytes) -> Sequence[bytes]:
        """Return all headers with this name, which is given in lower case."""
        if self._fields is not None:
            return self._fields.get(name, ())
        return self.requestHeaders.getRawHeaders(name) or ()

    def query_values(self, name: bytes) -> list[bytes]:
        """Return the values of ``name`` in the query."""
        # Given octets, parse_qs fails on an escaped one that is no ASCII.
        found = parse_qs(self.query.decode("latin-1"), encoding="latin-1")
        return [text.encode("latin-1") for text in found.get(name.decode("latin-1"), ())]

    # -- called by the channel -----------------------------------------------------------------

    def gotLength(self, length: int | None) -> None:
        """Keep the body here: no temporary file, as it is bounded."""

    def parseCookies(self) -> None:
        """Leave cookies alone until a route needs them."""

    def handleContentChunk(self, data: bytes) -> None:
        """Keep a part of the body; one that is beyond the bound refuses the request."""
        self._octets += len(data)
        octets_max = self.channel.limits.body_octets_max
        if self._octets > octets_max:
            self._parts.clear()
            self.channel.refuse(
                refuse("body-too-large", f"the body has more than {octets_max} octets").problem
            )
        else:
            self._parts.append(data)

    def take(self, whole: Whole) -> None:
        """Have a request answered that came in one piece."""
        if whole.body:
            self._parts.append(whole.body)
        self.requestReceived(whole.method, whole.target, b"HTTP/1.1")

    def requestReceived(self, command: bytes, path: bytes, _version: bytes) -> None:
        """Have the whole request answered."""
        if self.channel.refused:
            return
        self.method = command
        if not path.startswith(b"/") and b"://" in path:  # absolute: RFC 9112, section 3.2.2
            path = b"/" + path.partition(b"://")[2].partition(b"/")[2]
        self.path, _, self.query = path.partition(b"?")
        self.channel.site.serve(self)

    def connectionLost(self, _reason: object) -> None:
        """Say so to whoever produces the response."""
        self.gone = True
        if self._lost is not None:
            self._lost()

    # -- the response --------------------------------------------------------------------------

    def respond(self, response: Response) -> None:
        """Send the whole response; nothing happens if nobody waits for it."""
        if self.gone:
            return
        body = response.body
        channel = self.channel
        octets = head(response, len(body), last=not channel.persistent)
        self._send(response.status, octets if self.method == b"HEAD" else octets + body)
        self.gone = True
        channel.requestDone(self)

    def begin_stream(self, response: Response, producer: Any, lost: Callable[[], None]) -> None:
        """Send the head of a response whose body lasts until the connection ends.

        ``producer`` is paused while the client takes nothing (`IPushProducer`); ``lost`` is called at the end.
        """
        self.channel.persistent = 0
        self._lost = lost
        self._send(response.status, head(response, None, last=True) + response.body)
        self.channel.registerProducer(producer, True)  # type: ignore[no-untyped-call]

    def send(self, octets: bytes) -> None:
        """Send more of a stream."""
        self.channel.write(octets)

    def end(self) -> None:
        """End a stream once everything is sent."""
        if not self.gone:
            self.channel.unregisterProducer()  # type: ignore[no-untyped-call]
            self.channel.loseConnection()

    def cut(self) -> None:
        """End a stream at once; what was not sent yet is lost."""
        if not self.gone:
            self.channel.abort()

    def _send(self, status: int, octets: bytes) -> None:
        self.channel.write(octets)
        if self.answered is not None:
            self.answered(status)
