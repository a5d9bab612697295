"""The listening side: connections under their bounds, looked at once a second."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import Protocol
from twisted.internet.task import LoopingCall
from twisted.web import http

from runtime.http.channel import Channel
from runtime.http.limits import Limits
from runtime.http.problems import RETRY_AFTER_S, refuse, retry_after
from runtime.http.proxies import plain_address
from runtime.http.request import HttpRequest, head, of_problem

log = logging.getLogger(__name__)

SWEEP_S = 1.0
"""How often connections are looked at."""


class _TurnAway(Protocol):
    """A connection beyond the bound: it is told so and closed."""

    def connectionMade(self) -> None:
        response = of_problem(
            refuse(
                "too-many-connections",
                "as many clients are connected as the server takes",
                retry_after(RETRY_AFTER_S),
            ).problem
        )
        transport: Any = self.transport
        transport.write(head(response, len(response.body), last=True) + response.body)
        transport.loseConnection()


class Site(http.HTTPFactory):
    """Makes a `Channel` of each connection and gives its requests to ``serve``.

    ``sweep`` is called about once a second with the monotonic time, ``count`` with the route and status of
    each answer. ``proxies`` are addresses of reverse proxies: they say for whom they ask, and only all of them
    together are bounded in their connections.
    """

    noisy = False

    def __init__(
        self,
        reactor: IReactorTime,
        limits: Limits,
        *,
        serve: Callable[[HttpRequest], None],
        sweep: Callable[[float], None],
        count: Callable[[str, int], None],
        proxies: Collection[str] = (),
    ) -> None:
        super().__init__(reactor=reactor, timeout=0)
        self.limits = limits
        self.serve = serve
        self.count = count
        self._proxies = frozenset(map(plain_address, proxies))
        self._sweep_more = sweep
        self._channels: dict[Channel, str] = {}
        self._by_address: Counter[str] = Counter()
        self._sweeping = LoopingCall(self._sweep)
        self._sweeping.clock = reactor

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._channels)

    def buildProtocol(  # type: ignore[override]
        self, addr: IAddress | None
    ) -> Protocol:
        """Return the connection of a client at ``addr``, or one that turns it away."""
        limits = self.limits
        host = plain_address(str(getattr(addr, "host", "")))
        proxied = host in self._proxies
        if len(self._channels) >= limits.connections_max or (
            not proxied and self._by_address[host] >= limits.connections_each_max
        ):
            self.count("", 503)
            return _TurnAway()
        channel = Channel(limits)
        channel.proxied = proxied
        channel.factory = self
        channel.site = self
        self._channels[channel] = host
        self._by_address[host] += 1
        return channel

    def closed(self, channel: Channel) -> None:
        """Forget ``channel``."""
        host = self._channels.pop(channel, None)
        if host is not None:
            self._by_address[host] -= 1
            if not self._by_address[host]:
                del self._by_address[host]

    def startFactory(self) -> None:
        """Begin to look after connections."""
        self._sweeping.start(SWEEP_S, now=False)

    def stopFactory(self) -> None:
        """Stop to look after connections."""
        if self._sweeping.running:
            self._sweeping.stop()

    def close_all(self) -> None:
        """Cut every connection."""
        for channel in list(self._channels):
            channel.abort()

    def _sweep(self) -> None:
        now = time.monotonic()
        try:
            for channel in list(self._channels):
                channel.check(now)
            self._sweep_more(now)
        except Exception:  # the next one must come all the same
            log.exception("looking after connections failed")
