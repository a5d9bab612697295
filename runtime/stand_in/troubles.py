"""Troubles of the stand-in, begun and ended by hand.

POST /troubles/{kind}        it begins, in place of one of its kind
POST /troubles/{kind}/end    it ends
POST /troubles/end           all of them end
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from protocol.values import value
from runtime.http.bodies import field
from runtime.http.calls import Call
from runtime.http.encoding import to_json
from runtime.http.pages import Pages
from runtime.http.problems import refuse
from runtime.http.request import NO_STORE, Response
from runtime.http.routing import Route
from runtime.stand_in.model import Model
from runtime.stand_in.views import state_view

__all__ = ["TroubleBody", "trouble_routes"]

LASTS_S: Final = 60
STATUSES: Final = range(500, 600)


@value
class TroubleBody:
    """How a trouble is. What its kind has no use for is left out of it."""

    seconds: int = field(about="For how long.", default=LASTS_S)
    percent: int = field(about="Of the requests or callbacks that it could meet.", default=100)
    path: str = field(about="It meets requests whose path begins so.", default="/")
    delay_s: int = field(about="Of late answers and callbacks, or before a reset.", default=0)
    status: int = field(about="Of a server's error.", default=502)
    done: bool = field(
        about="A reset, or a page in place of JSON, after it was done.", default=False
    )


def trouble_routes(model: Model, now: Callable[[], float]) -> Callable[[Pages], Iterable[Route]]:
    """Return the routes that have something go wrong."""

    def shown() -> Response:
        return Response(
            status=200, body=to_json(state_view(model, now())["troubles"]), headers=(NO_STORE,)
        )

    def begin(call: Call) -> Response:
        kind, body = _kind(call), call.body
        if body.status not in STATUSES:
            raise refuse("malformed-request", "status is 500 to 599")
        given: dict[str, Any] = {
            "probability": body.percent / 100,
            "path": body.path,
            "delay_s": float(body.delay_s),
            "status": body.status,
            "done": body.done,
        }
        try:
            model.troubles.begin_named(kind, now(), float(body.seconds), **given)
        except ValueError as error:
            raise refuse("malformed-request", str(error)) from error
        return shown()

    def end(call: Call) -> Response:
        model.troubles.heal(_kind(call))
        return shown()

    def end_all(_call: Call) -> Response:
        model.troubles.heal()
        return shown()

    def _kind(call: Call) -> str:
        kind = call.params["kind"]
        if kind not in model.troubles.kinds:
            known = ", ".join(model.troubles.kinds)
            raise refuse("not-found", f"there is no trouble {kind[:40]!r}; there are {known}")
        return kind

    def routes(_pages: Pages) -> Iterable[Route]:
        def route(pattern: str, handler: Any, summary: str, body: type) -> Route:
            return Route(
                method="POST", pattern=pattern, handler=handler, summary=summary, body=body
            )

        return (
            route("/troubles/end", end_all, "End every trouble", NoBody),
            route("/troubles/{kind}", begin, "Have a trouble begin", TroubleBody),
            route("/troubles/{kind}/end", end, "End a trouble", NoBody),
        )

    return routes


@value
class NoBody:
    """Nothing has to be said; that there is a body class has other sites' pages refused."""
