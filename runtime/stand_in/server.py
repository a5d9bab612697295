"""The stand-in on a port of this machine: its calls, its callbacks, its page."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, quote

from twisted.internet.error import CannotListenError

from protocol.errors import ConfigError
from runtime.http.auth import Passes
from runtime.http.dispatch import Dispatcher
from runtime.http.limits import Limits
from runtime.http.metrics import RequestCounts
from runtime.http.pages import Pages
from runtime.http.problems import refuse
from runtime.http.request import NO_STORE, HttpRequest, Response, of_problem
from runtime.http.routing import Table
from runtime.http.site import Site
from runtime.stand_in.caller import TIMEOUT_S, Caller
from runtime.stand_in.clock import StandInClock
from runtime.stand_in.courier import Courier
from runtime.stand_in.model import Answered, Asked, Model
from runtime.stand_in.phones import phone_routes, who_asks
from runtime.stand_in.troubles import trouble_routes

__all__ = ["DELAY_S_MAX", "HOST", "StandInServer"]

log = logging.getLogger(__name__)

HOST: Final = "127.0.0.1"
"""Nobody else is to reach it: whoever does can be any of its people."""

DELAY_S_MAX: Final = 60.0
"""Real seconds; no reply comes later, whatever the model says."""

QUERY_FIELDS_MAX: Final = 100
"""Fields of a query; a longer one is refused."""

LIMITS: Final = Limits(
    target_octets_max=8_000,
    body_octets_max=1_024 * 1_024,
    # All its clients are on this machine.
    connections_max=500,
    connections_each_max=500,
    address_requests_per_s=200.0,
    address_requests_burst=400,
)

_OWN: Final = (b"/phones", b"/troubles", b"/static/", b"/problems/", b"/favicon.ico")
"""What paths begin with that are not the model's; so has ``/``."""


class StandInServer:
    """Serves ``model`` on ``port`` of the loopback interface; 0 takes a free one.

    ``clock`` gives the model its time, ``limits`` bound what clients may do; ``forgotten_cookies`` are names
    of those in which the account's pages keep who looks at them, see `phones.phone_routes`. All of it runs on
    ``reactor``, and so must whatever else is done to the model, with a `wake` after it.
    """

    def __init__(
        self,
        reactor: Any,
        model: Model,
        port: int,
        *,
        clock: StandInClock | None = None,
        limits: Limits = LIMITS,
        forgotten_cookies: Sequence[str] = (),
    ) -> None:
        self._reactor = reactor
        self._model = model
        self._port = port
        self._clock = clock or StandInClock()
        caller = Caller(reactor, timeout_s=self._clock.real_s(TIMEOUT_S))
        self._courier = Courier(reactor, model, self._clock, caller)
        self._listening: Any = None
        counts = RequestCounts()
        pages = Pages({}, secure_cookies=False)
        table = Table(
            (
                *phone_routes(model, self._clock.now, self._courier.wake, forgotten_cookies)(pages),
                *trouble_routes(model, self._clock.now)(pages),
            )
        )
        self._dispatcher = Dispatcher(
            table,
            {},
            Passes(()),
            limits,
            counts=counts,
            show_problem=pages.show_problem,
            secure_cookies=False,
        )
        self._site = Site(
            reactor,
            limits,
            serve=self._serve,
            sweep=self._dispatcher.sweep,
            count=counts.count,
        )

    @property
    def port(self) -> int:
        """The port that is listened on, once `start` is done."""
        return self._port

    @property
    def base_url(self) -> str:
        """What its addresses begin with, without a slash at the end."""
        return f"http://{HOST}:{self._port}"

    @property
    def phones_url(self) -> str:
        """The page with everybody's phones."""
        return f"{self.base_url}/phones"

    def start(self) -> int:
        """Listen, and make callbacks; return the port.

        Raises:
            ConfigError: the port cannot be listened on.
        """
        try:
            self._listening = self._reactor.listenTCP(self._port, self._site, interface=HOST)
        except CannotListenError as error:
            raise ConfigError(
                f"WeChat's stand-in cannot listen on {HOST} port {self._port} ({error.socketError}):"
                " choose another port"
            ) from error
        self._port = int(self._listening.getHost().port)
        self._courier.wake()
        return self._port

    def stop(self) -> Any:
        """Listen no more, cut every connection, make no more callbacks; nothing happens if that is so.

        Returns:
            A Deferred that fires when the port is free, or None.
        """
        listening, self._listening = self._listening, None
        self._courier.close()
        stopped = None if listening is None else listening.stopListening()
        self._site.close_all()
        return stopped

    def wake(self) -> None:
        """Look whether there is a callback to make: after something was done to the model from elsewhere."""
        self._courier.wake()

    # -- requests ---------------------------------------------------------------------------

    def _serve(self, request: HttpRequest) -> None:
        if request.path.startswith(_OWN) or request.path == b"/":
            self._dispatcher.serve(request)
            return
        try:
            asked = self._asked(request)
            if asked is None:
                request.respond(
                    of_problem(refuse("malformed-request", "the query is too long").problem)
                )
                return
            answered = self._model.answer(asked)
        except Exception:  # our bug, which must not leave a client waiting
            log.exception("request to the stand-in failed")
            problem = refuse("internal-error", "the request could not be carried out").problem
            request.respond(of_problem(problem))
            return
        self._courier.wake()
        pause_s = min(self._clock.real_s(answered.delay_s), DELAY_S_MAX)
        if pause_s > 0:
            self._reactor.callLater(pause_s, _finish, request, answered)
        else:
            _finish(request, answered)

    def _asked(self, request: HttpRequest) -> Asked | None:
        try:
            query = parse_qsl(
                request.query.decode("utf-8", "replace"),
                keep_blank_values=True,
                max_num_fields=QUERY_FIELDS_MAX,
            )
        except ValueError:
            return None
        return Asked(
            method=request.method.decode("ascii", "replace"),
            path=request.path.decode("utf-8", "replace"),
            query=dict(query),
            body=request.body,
            at_s=self._clock.now(),
            person=who_asks(request, self._model.people),
        )


def _finish(request: HttpRequest, answered: Answered) -> None:
    """Send the reply, or reset the connection."""
    if answered.reset:
        request.cut()
        return
    headers = {name.lower(): each for name, each in answered.headers.items()}
    content_type = headers.pop("content-type", "text/plain; charset=utf-8")
    more = [(name.title().encode(), _printable(each)) for name, each in headers.items()]
    request.respond(
        Response(
            status=answered.status,
            body=answered.body,
            content_type=_printable(content_type),
            headers=(NO_STORE, *more),
        )
    )


def _printable(text: str) -> bytes:
    """Return a header's value; what is no printable ASCII is written as an address writes it."""
    return quote(text, safe=" !\"#$%&'()*+,/:;<=>?@[\\]^`{|}~").encode()
