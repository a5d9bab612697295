"""From a request to the handler of its route: who asks, how often, may they, is the body right."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

from protocol.ids import HallId
from runtime.http.all_halls import AllHalls
from runtime.http.auth import Pass, Passes, bearer, cookie_header, unauthorized
from runtime.http.bodies import read_body
from runtime.http.calls import Call
from runtime.http.customers import Customer, CustomerOf, nobody, sign_in_needed
from runtime.http.desk import Desk
from runtime.http.limits import Limits
from runtime.http.metrics import RequestCounts
from runtime.http.problems import Problem, RequestRefused, refuse, retry_after
from runtime.http.rates import REFUSED_TOKEN_COST, Buckets, client_network
from runtime.http.repeats import Fingerprints
from runtime.http.replies import Replies
from runtime.http.request import NO_STORE, HttpRequest, Response, of_problem
from runtime.http.routing import Match, Route, Table

log = logging.getLogger(__name__)

_NO_ROUTE = ""
"""What requests are counted under that found no route: their paths are anybody's invention."""


class Dispatcher:
    """Takes each request through the steps that all routes share."""

    def __init__(
        self,
        table: Table,
        desks: Mapping[HallId, Desk],
        passes: Passes,
        limits: Limits,
        *,
        counts: RequestCounts,
        show_problem: Callable[[HttpRequest, Problem], Response],
        secure_cookies: bool,
        customer_of: CustomerOf = nobody,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._table = table
        self._desks = desks
        self._all_halls = AllHalls(desks)
        self._passes = passes
        self._counts = counts
        self._show_problem = show_problem
        self._secure_cookies = secure_cookies
        self._customer_of = customer_of
        self._monotonic = monotonic
        self._fingerprints = Fingerprints(limits.fingerprints_max)
        self.replies = Replies(answers_max=limits.answers_max, answer_s=limits.answer_s)
        self._tokens = Buckets(
            per_s=limits.token_requests_per_s,
            burst=limits.token_requests_burst,
            buckets_max=limits.buckets_max,
        )
        self._addresses = Buckets(
            per_s=limits.address_requests_per_s,
            burst=limits.address_requests_burst,
            buckets_max=limits.buckets_max,
        )

    def serve(self, request: HttpRequest) -> None:
        """Have ``request`` answered, now or later."""
        began_s = self._monotonic()
        found = self._table.find(request.method, request.path)
        name = found.route.pattern if isinstance(found, Match) else _NO_ROUTE

        def count(status: int) -> None:
            self._counts.count(name, status, self._monotonic() - began_s)

        request.answered = count
        try:
            call = self._admit(request, found, began_s)
        except RequestRefused as refused:
            page = isinstance(found, Match) and found.route.page
            request.respond(
                self._show_problem(request, refused.problem)
                if page
                else of_problem(refused.problem)
            )
        except Exception:
            log.exception("request failed before its route route=%s", name)
            problem = refuse("internal-error", "the request could not be carried out").problem
            request.respond(of_problem(problem))
        else:
            if isinstance(call, Response):
                request.respond(call)
            else:
                call.guard(lambda: call.route.handler(call))

    def sweep(self, now_s: float) -> None:
        """End what is overdue."""
        self.replies.sweep(now_s)
        self._all_halls.sweep(now_s)

    # -- the steps -----------------------------------------------------------------------------

    def _admit(self, request: HttpRequest, found: Match | Problem, now_s: float) -> Call | Response:
        """Return the call if it may go on, or the answer to a page that was opened with its token.

        Raises:
            RequestRefused: it may not.
        """
        authorization = request.header(b"authorization")
        shown = self._shown_passes(request, authorization, now_s)
        customer = self._customer_of(request)
        if isinstance(found, Problem) or found.route.metered:
            self._bound_rate(request, shown, customer, now_s)
        if isinstance(found, Problem):
            raise RequestRefused(found)
        route, params = found
        if route.page and b"token=" in request.query:
            return self._take_token(request, now_s)
        desk = self._desk(params)
        if route.customers and customer is None:
            raise sign_in_needed()
        viewer = self._choose(route, shown, None if desk is None else desk.spec.id)
        call = Call(
            request,
            route,
            params,
            viewer=viewer,
            customer=customer,
            by_cookie=route.customers or authorization is None,
            desk=desk,
            all_halls=self._all_halls,
            replies=self.replies,
            fingerprints=self._fingerprints,
            show_problem=self._show_problem,
        )
        if route.body is not None:
            self._read_body(call, route.body)
        return call

    def _shown_passes(
        self, request: HttpRequest, authorization: bytes | None, now_s: float
    ) -> list[Pass]:
        if authorization is not None:
            channel = request.channel
            if channel.shown is not None and channel.shown[0] == authorization:
                return [channel.shown[1]]
            found = self._passes.find(bearer(authorization))
            if found is None:
                network = client_network(request.address)
                self._addresses.punish(network, now_s, REFUSED_TOKEN_COST)
                raise unauthorized("this token is not known; see the configuration's tokens")
            channel.shown = authorization, found
            return [found]
        cookies = request.header(b"cookie")
        return [] if cookies is None else list(self._passes.of_cookies(cookies))

    def _take_token(self, request: HttpRequest, now_s: float) -> Response:
        """Have the browser keep the token of the address as a cookie, and go on without it."""
        secret = request.query_values(b"token")[-1:]
        issued = self._passes.find(secret[0]) if secret else None
        if issued is None:
            self._addresses.punish(client_network(request.address), now_s, REFUSED_TOKEN_COST)
            raise unauthorized("this token is not known; see the configuration's tokens")
        return Response(
            status=303,
            body=b"",
            headers=(
                NO_STORE,
                (b"Location", request.path),
                cookie_header(issued, secret[0], secure=self._secure_cookies),
            ),
        )

    def _bound_rate(
        self, request: HttpRequest, shown: list[Pass], customer: Customer | None, now_s: float
    ) -> None:
        if shown:
            whose, wait_s = "token", self._tokens.take(shown[0].digest, now_s)
        elif customer is not None:
            # Phones in one hall's network share its address; those that signed in need not share its rate.
            whose, wait_s = "phone", self._addresses.take(customer.follower, now_s)
        else:
            network = client_network(request.address)
            whose, wait_s = "address", self._addresses.take(network, now_s)
        if wait_s:
            raise refuse(
                "rate-limited",
                f"too many requests from your {whose}; the next one may come in {wait_s:.1f} s",
                retry_after(wait_s),
            )

    def _desk(self, params: Mapping[str, str]) -> Desk | None:
        name = params.get("hall")
        if name is None:
            return None
        desk = self._desks.get(HallId(name))
        if desk is None:
            known = ", ".join(sorted(self._desks)[:10])
            raise refuse("unknown-hall", f"there is no hall {name!r}; there are {known}")
        return desk

    def _choose(self, route: Route, shown: list[Pass], hall: HallId | None) -> Pass | None:
        """Return the pass that the route accepts, of those shown."""
        if not route.roles:
            return shown[0] if shown else None
        refused: RequestRefused | None = None
        for candidate in shown:
            try:
                candidate.check(route.roles, hall)
            except RequestRefused as error:
                refused = error
            else:
                return candidate
        raise refused or unauthorized(
            "this needs a token; send it as Authorization: Bearer TOKEN, or open the page with ?token="
        )

    def _read_body(self, call: Call, wanted: type) -> None:
        request = call.request
        if call.by_cookie and request.header(b"sec-fetch-site") in (b"cross-site", b"same-site"):
            raise refuse("forbidden", "another site's page must not act here")
        octets = request.body
        if octets:
            declared = (request.header(b"content-type") or b"").partition(b";")[0].strip().lower()
            if declared != b"application/json":
                shown = declared[:50].decode("ascii", "replace") or "nothing"
                raise refuse(
                    "unsupported-media-type", f"the body must be application/json, not {shown}"
                )
        call.body = read_body(octets, wanted)
