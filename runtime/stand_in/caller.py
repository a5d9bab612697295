"""Callbacks as HTTP requests to an address of this machine: each ends in time, with a short answer or none."""

from __future__ import annotations

import ipaddress
import logging
from typing import Any, Final
from urllib.parse import urlsplit

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from twisted.web.client import Agent, HTTPConnectionPool, ResponseDone
from twisted.web.http_headers import Headers

from runtime.stand_in.model import Called

__all__ = ["ANSWER_MAX", "NOTHING", "TIMEOUT_S", "Answer", "Caller", "is_of_this_machine"]

log = logging.getLogger(__name__)

TIMEOUT_S: Final = 5.0
"""From the beginning of a call to the last octet of its answer."""
ANSWER_MAX: Final = 65_536
"""Octets of an answer; of a longer one nothing is heard."""

Answer = tuple[int | None, bytes]
"""A status and a body; the status is None if nothing came, or not in time."""

NOTHING: Final[Answer] = None, b""


def is_of_this_machine(address: str) -> bool:
    """Whether ``address`` is an ``http`` address that is reached over the loopback interface."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.scheme != "http" or not host or parts.username is not None:
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Caller:
    """Makes calls, each over a connection of its own; `close` ends those that are under way."""

    def __init__(self, reactor: Any, *, timeout_s: float = TIMEOUT_S) -> None:
        self._reactor = reactor
        self._timeout_s = timeout_s
        # No proxy, no redirect, no second try: one request and what it is answered.
        agent: Any = Agent
        pool: Any = HTTPConnectionPool
        self._agent = agent(reactor, connectTimeout=timeout_s, pool=pool(reactor, persistent=False))
        self._under_way: dict[Deferred[Answer], None] = {}

    def call(self, call: Called) -> Deferred[Answer]:
        """Make ``call``; return its answer, or `NOTHING` where there is none. Never fails."""
        if not is_of_this_machine(call.address):
            log.warning("callback not made: its address is none of this machine")
            return succeed(NOTHING)
        headers = Headers({"User-Agent": ["Mozilla/4.0"], "Accept": ["*/*"]})
        if call.method == "POST":
            headers.addRawHeader("Content-Type", "text/xml")
        body: Any = _Octets(call.body) if call.method == "POST" else None
        asked: Deferred[Any] = self._agent.request(
            call.method.encode(), call.address.encode("ascii", "replace"), headers, body
        )
        asked.addCallback(_read)
        asked.addTimeout(self._timeout_s, self._reactor)
        asked.addErrback(_nothing)
        self._under_way[asked] = None
        asked.addBoth(self._done, asked)
        return asked

    def close(self) -> None:
        """End every call that is under way; each is answered with nothing."""
        for call in list(self._under_way):
            call.cancel()

    def _done(self, answer: Answer, call: Deferred[Answer]) -> Answer:
        del self._under_way[call]
        return answer


def _read(response: Any) -> Deferred[Answer]:
    """Return the response's status and its body, of which there must not be too much."""
    reading = _Reading(response.code)
    response.deliverBody(reading)
    return reading.answer


def _nothing(failure: Failure) -> Answer:
    log.debug("callback not answered reason=%s", failure.type.__name__ if failure.type else "?")
    return NOTHING


class _Reading(Protocol):
    """Reads a body of at most `ANSWER_MAX` octets."""

    def __init__(self, status: int) -> None:
        self._status = status
        self._octets = bytearray()
        self.answer: Deferred[Answer] = Deferred(lambda _answer: self._cut())

    def dataReceived(self, data: bytes) -> None:
        self._octets += data
        if len(self._octets) > ANSWER_MAX:
            self._cut()

    def connectionLost(self, reason: Any = None) -> None:
        if self.answer.called:
            return
        if reason.check(ResponseDone):
            self.answer.callback((self._status, bytes(self._octets)))
        else:
            self.answer.errback(reason)

    def _cut(self) -> None:
        abort = getattr(self.transport, "abortConnection", None)
        if abort is not None:
            abort()
        if not self.answer.called:
            self.answer.errback(CancelledError())


class _Octets:
    """A request's body that is all there (`twisted.web.iweb.IBodyProducer`)."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self.length = len(octets)

    def startProducing(self, consumer: Any) -> Deferred[None]:
        """Give all of it."""
        consumer.write(self._octets)
        return succeed(None)

    def pauseProducing(self) -> None:
        """Do nothing: all was given."""

    def resumeProducing(self) -> None:
        """Do nothing: all was given."""

    def stopProducing(self) -> None:
        """Do nothing: all was given."""
