"""The web server of all halls of a process, put together."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast

from prometheus_client.core import Metric
from twisted.internet.interfaces import IReactorTime

from actors.world import ActorWatch
from protocol.ids import DistrictId, HallId
from runtime.config.model import District, Token
from runtime.http import routes
from runtime.http.auth import Passes
from runtime.http.booking_routes import appointments
from runtime.http.calls import Call
from runtime.http.customers import CustomerOf, nobody
from runtime.http.desk import Desk
from runtime.http.dispatch import Dispatcher
from runtime.http.encoding import to_json
from runtime.http.gateways import gateways
from runtime.http.limits import Limits
from runtime.http.metrics import MoreMetrics, RequestCounts
from runtime.http.openapi import describe
from runtime.http.pages import Pages
from runtime.http.pairing import pairing
from runtime.http.ports import HallPort, Troubles, Watched, no_troubles
from runtime.http.request import Response
from runtime.http.routing import Route, Table
from runtime.http.site import Site
from runtime.http.terminals import terminals
from runtime.http.ticket_streams import Later
from runtime.http.views import HallList, HallName
from runtime.http.watching import Watching
from runtime.reservation.public import Public


def _nothing_watched() -> Sequence[ActorWatch]:
    return ()


def _no_metrics() -> Iterable[Metric]:
    return ()


def _no_routes(_pages: Pages) -> Iterable[Route]:
    return ()


class HttpService:
    """Serves the API and the pages of ``halls``.

    ``site`` is the factory to listen with. `start` begins to follow the halls, whose actors must be there;
    `stop` ends every connection. ``troubles`` names what needs a person (for ``/healthz``), ``watch`` shows
    the actors and ``more`` gives further metrics (for ``/metrics``). ``more_routes`` are served beside the
    rest. With ``secure_cookies`` browsers send tokens over HTTPS alone. ``customer_of`` recognizes customers;
    ``proxies`` are the addresses of reverse proxies, ``districts`` those in which customers look for a hall.
    """

    def __init__(
        self,
        reactor: IReactorTime,
        halls: Mapping[HallId, HallPort],
        tokens: Iterable[Token],
        limits: Limits,
        *,
        troubles: Troubles = no_troubles,
        watch: Watched = _nothing_watched,
        more: MoreMetrics = _no_metrics,
        more_routes: Callable[[Pages], Iterable[Route]] = _no_routes,
        secure_cookies: bool = False,
        customer_of: CustomerOf = nobody,
        proxies: Collection[str] = (),
        districts: Mapping[DistrictId, District] = MappingProxyType({}),
    ) -> None:
        later: Later = cast(Any, reactor).callLater
        desks = {hall: Desk(port, limits, time.monotonic, later) for hall, port in halls.items()}
        counts = RequestCounts()
        self._desks = desks
        self._pages = Pages(desks, secure_cookies=secure_cookies)
        self._more_routes = more_routes
        self._public = Public(districts)
        self._watching = Watching(
            desks,
            troubles=troubles,
            watch=watch,
            more=more,
            counts=counts,
            connections=lambda: self.site.connections,
        )
        self._hall_list = HallList(
            halls=tuple(HallName(id=port.spec.id, names=port.spec.names) for port in halls.values())
        )
        self.table = Table(self._routes())
        self._document = to_json(describe(self.table.routes))
        self._dispatcher = Dispatcher(
            self.table,
            desks,
            Passes(tokens),
            limits,
            counts=counts,
            show_problem=self._pages.show_problem,
            secure_cookies=secure_cookies,
            customer_of=customer_of,
        )
        self.site = Site(
            reactor,
            limits,
            serve=self._dispatcher.serve,
            sweep=self._sweep,
            count=counts.count,
            proxies=proxies,
        )

    def start(self) -> None:
        """Begin to follow the halls' events."""
        for desk in self._desks.values():
            desk.start()

    def stop(self) -> None:
        """End every connection, streams included."""
        self.site.close_all()

    def _routes(self) -> Iterable[Route]:
        return (
            *routes.tickets(),
            *routes.counters(),
            *appointments(),
            *pairing(),
            *gateways(),
            *terminals(),
            *routes.halls(self._list_halls),
            *routes.watching(self._watching, self._describe),
            *self._public.routes(),
            *routes.pages(self._pages),
            *self._more_routes(self._pages),
        )

    def _list_halls(self, _call: Call) -> Response:
        return Response(status=200, body=to_json(self._hall_list))

    def _describe(self, _call: Call) -> Response:
        return Response(status=200, body=self._document)

    def _sweep(self, now_s: float) -> None:
        self._dispatcher.sweep(now_s)
        self._watching.sweep(now_s)
        for desk in self._desks.values():
            desk.sweep(now_s)
