"""Signing in: the browser goes to WeChat, which says silently whose it is, and comes back.

    /m/sign-in?to=/m/…  --303-->  WeChat  --302-->  /m/enter?code=…&state=…  --303-->  /m/…

What WeChat brings back counts only in the browser that was sent there: ``state`` must be the one in its cookie.
Codes, states and openids are in no log.
"""

from __future__ import annotations

import hmac
import logging
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final
from urllib.parse import quote, urlencode

from prometheus_client.core import CounterMetricFamily, Metric

from protocol.messages import Recipient
from runtime.config.model import WeChat
from runtime.http.calls import Call
from runtime.http.customers import SIGN_IN
from runtime.http.problems import RETRY_AFTER_S, RequestRefused, refuse, retry_after
from runtime.http.request import HTML, NO_STORE, Response
from runtime.http.routing import Route
from runtime.reservation.cookies import Cookies, Entering, Header
from runtime.wechat.visitors import AskVisitor, Visitor, VisitorUnknown

log = logging.getLogger(__name__)

__all__ = ["ENTER", "HOME", "SigningIn", "own_path"]

ENTER: Final = "/m/enter"
HOME: Final = "/m/"

TRIES_MAX: Final = 2
"""So often a browser is sent to WeChat of itself; browsers have been seen to ask twice with one code."""

FAILURES_LOGGED_S: Final = 10.0

STATE_OCTETS: Final = 16

_OWN: Final = re.compile(r"/[mt]/[!-\[\]-~]{0,1000}")
"""Printable ASCII without the backslash, which browsers take for a slash."""
_UPWARDS: Final = re.compile(r"/(?:\.|%2e){1,2}(?:[/?#]|%2f|%5c|$)", re.IGNORECASE)


def own_path(asked: str) -> str:
    """Return ``asked`` if it is the path of a page for phones, else that of the first one."""
    path = asked.partition("?")[0]
    if _OWN.fullmatch(asked) is None or "//" in path or _UPWARDS.search(path):
        return HOME
    return HOME if path in (SIGN_IN, ENTER) else asked


class SigningIn:
    """The two addresses. ``visitors`` takes `AskVisitor`; ``base_url`` gives what our addresses begin with."""

    def __init__(
        self,
        wechat: WeChat,
        cookies: Cookies,
        visitors: Recipient,
        base_url: Callable[[], str],
        monotonic: Callable[[], float],
    ) -> None:
        self._wechat = wechat
        self._cookies = cookies
        self._visitors = visitors
        self._base_url = base_url
        self._monotonic = monotonic
        self._failed_logged_s: float | None = None
        self._failed_since = 0
        self._counts: Counter[str] = Counter()

    def routes(self) -> Iterable[Route]:
        """Return the two routes."""

        def route(pattern: str, handler: Any, summary: str) -> Route:
            return Route(
                method="GET",
                pattern=pattern,
                handler=handler,
                summary=summary,
                page=True,
                listed=False,
            )

        return (
            route(SIGN_IN, self.sign_in, "Send the browser to WeChat, which says whose it is"),
            route(ENTER, self.enter, "Take the browser back from WeChat"),
        )

    def metrics(self) -> Iterator[Metric]:
        """Yield how many browsers came back from WeChat, by what became of them."""
        counted = CounterMetricFamily(
            "paihao_sign_ins", "Browsers that came back from WeChat.", labels=["outcome"]
        )
        for outcome, count in sorted(self._counts.items()):
            counted.add_metric([outcome], count)
        yield counted

    def sign_in(self, call: Call) -> Response:
        """Send the browser to WeChat."""
        return self._to_wechat(own_path(_given(call, b"to")), tries=1)

    def enter(self, call: Call) -> Response | None:
        """Take the browser back, once WeChat has said whose it is."""
        entering = self._cookies.entering_of(call.request)
        code, state = _given(call, b"code"), _given(call, b"state")
        if entering is None or not hmac.compare_digest(entering.state.encode(), state.encode()):
            if call.customer is not None:
                # The way back in the browser's history: nothing is taken from the address.
                return _lead(HOME)
            self._counts["foreign"] += 1
            raise _failed(HOME, "this browser did not begin to sign in here, or too long ago")
        if not code:
            raise _failed(entering.to, "WeChat gave the browser no code")
        if call.replies.full:
            raise _away(entering.to)
        call.replies.ask(
            self._visitors,
            lambda reply: AskVisitor(code=code, reply_to=reply),
            lambda answer: call.guard(lambda: self._entered(entering, answer)),
        )
        return None

    def _entered(self, entering: Entering, answer: object | None) -> Response:
        if isinstance(answer, Visitor):
            self._counts["virtual" if answer.virtual else "entered"] += 1
            if answer.virtual:
                raise refuse(
                    "virtual-visitor",
                    "WeChat shows a picture of this page and says nobody's name",
                    again=_again(entering.to),
                )
            cookies = self._cookies
            return _lead(entering.to, cookies.of_customer(answer.openid), cookies.entered())
        if isinstance(answer, VisitorUnknown) and answer.again:
            self._counts["refused"] += 1
            if entering.tries < TRIES_MAX:
                return self._to_wechat(entering.to, tries=entering.tries + 1)
            raise _failed(entering.to, "WeChat took none of its codes back")
        detail = answer.detail if isinstance(answer, VisitorUnknown) else "WeChat did not answer"
        self._counts["away"] += 1
        self._log(detail)
        raise _away(entering.to)

    def _to_wechat(self, to: str, *, tries: int) -> Response:
        state = secrets.token_hex(STATE_OCTETS)
        # In this order: WeChat takes no other one.
        query = urlencode(
            {
                "appid": self._wechat.app_id,
                "redirect_uri": f"{self._base_url()}{ENTER}",
                "response_type": "code",
                "scope": "snsapi_base",
                "state": state,
            }
        )
        address = f"{self._wechat.oauth_url}/connect/oauth2/authorize?{query}#wechat_redirect"
        entering = Entering(state=state, to=to, tries=tries)
        return _lead(address, self._cookies.of_entering(entering))

    def _log(self, detail: str) -> None:
        """Say that WeChat does not say who comes, but not for each of those who come."""
        self._failed_since += 1
        now_s = self._monotonic()
        if self._failed_logged_s is None or now_s - self._failed_logged_s >= FAILURES_LOGGED_S:
            log.warning("customers not signed in count=%d last=%s", self._failed_since, detail)
            self._failed_since, self._failed_logged_s = 0, now_s


def _given(call: Call, name: bytes) -> str:
    """Return what the query says, or nothing."""
    given = call.request.query_values(name)[-1:]
    return given[0].decode("latin-1") if given else ""


def _again(to: str) -> str:
    return f"{SIGN_IN}?to={quote(to, safe='')}"


def _failed(to: str, why: str) -> RequestRefused:
    return refuse("sign-in-failed", why, again=_again(to))


def _away(to: str) -> RequestRefused:
    return refuse(
        "wechat-away",
        "WeChat did not say who you are",
        retry_after(RETRY_AFTER_S),
        again=_again(to),
    )


def _lead(address: str, *headers: Header) -> Response:
    return Response(
        status=303,
        body=b"",
        content_type=HTML,
        headers=(NO_STORE, (b"Location", address.encode("ascii")), *headers),
    )
