"""What the halls' account serves to customers' phones, put together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime

from prometheus_client.core import Metric

from protocol.messages import Recipient
from runtime.config.model import WeChat
from runtime.http.customers import Customer
from runtime.http.pages import Pages
from runtime.http.request import HttpRequest
from runtime.http.routing import Route
from runtime.reservation.cookies import Cookies
from runtime.reservation.my import My
from runtime.reservation.pages import ReservationPages
from runtime.reservation.signing_in import SigningIn
from runtime.wechat.followers import FollowerSeal

__all__ = ["Reservation"]


class Reservation:
    """Recognizes customers, signs them in and serves what is theirs.

    ``key`` is the server's own, ``followers`` seals openids for halls, ``visitors`` takes
    `runtime.wechat.visitors.AskVisitor`. ``base_url`` gives what our addresses begin with, once the server
    listens; with ``secure`` browsers send cookies over HTTPS alone.
    """

    def __init__(
        self,
        wechat: WeChat,
        key: bytes,
        followers: FollowerSeal,
        visitors: Recipient,
        base_url: Callable[[], str],
        now: Callable[[], datetime],
        *,
        secure: bool,
    ) -> None:
        self._cookies = Cookies(key, followers, now, secure=secure)
        self._signing_in = SigningIn(wechat, self._cookies, visitors, base_url, time.monotonic)
        self._my = My()

    def customer_of(self, request: HttpRequest) -> Customer | None:
        """Return who asks, if a cookie of ours says it."""
        return self._cookies.customer_of(request)

    def metrics(self) -> Iterable[Metric]:
        """Return how many customers signed in, and how many could not."""
        return self._signing_in.metrics()

    def routes(self, pages: Pages) -> Iterable[Route]:
        """Return the routes, for `runtime.http.service.HttpService`."""
        shown = ReservationPages(pages)
        return (*self._signing_in.routes(), *self._my.routes(), *shown.routes())
