"""WeChat's callbacks over HTTP: what the door lets in is carried out, and answered in time.

WeChat waits 5 s. A hall that has not answered after `ANSWER_S` goes on with what it was told, and the callback
is answered with ``success``: nothing shows on the phone, and WeChat does not repeat it. Where a hall did not
even take it, the answer is 503 and the callback is forgotten: WeChat's next attempt counts as the first. What a
hall takes back after the answer is tried again here.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from hashlib import blake2b
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from prometheus_client.core import CounterMetricFamily, Metric
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from protocol.errors import CallbackError, WeChatRefused
from protocol.ids import CommandId, HallId
from protocol.wechat.callback import Callback
from protocol.wechat.door import Door
from protocol.wechat.reply import SUCCESS
from protocol.wechat.seal import Seal
from runtime.config.model import WeChat, WeChatMode
from runtime.http.calls import Call
from runtime.http.pages import Pages
from runtime.http.request import Response
from runtime.http.routing import Route
from runtime.wechat.followers import FollowerSeal
from runtime.wechat.reception import Asker, FollowedHall, HallAway, Reception
from runtime.wechat.wishes import wish_of

log = logging.getLogger(__name__)

__all__ = ["ANSWER_S", "PATH", "WORK_S", "Callbacks", "door_of"]

PATH = "/wechat/callback"
"""Where WeChat finds the server, behind the address that phones know."""

ANSWER_S = 3.0
"""WeChat waits 5 s; what is on its way, and another attempt's start, need the rest."""

WORK_S = 60.0
"""So long after its answer a callback is given up: no hall has done by then what it was told."""

RETRY_S = 5.0
"""Until then what a hall has taken back is tried again so often; its command is the same, and counts once."""

UNDER_WAY_MAX = 10_000
"""Callbacks that are being carried out; one more is answered 503 and comes again."""

REFUSALS_LOGGED_S = 10.0
"""Refused requests are logged so often at most, and counted between: strangers must not fill the log."""

FIELDS_MAX = 16
"""Fields of a callback's query; WeChat's have seven."""

TEXT = b"text/plain; charset=utf-8"
XML = b"application/xml; charset=utf-8"

REFUSED, REPEATED, ANSWERED, DONE, LATE, AWAY, FAILED = (
    "refused",
    "repeated",
    "answered",
    "done",
    "late",
    "away",
    "failed",
)
"""What becomes of a request: answered with a text, done without, answered before it was done, ..."""


def door_of(wechat: WeChat) -> Door:
    """Return the door of the account, whose secrets are there.

    Raises:
        ConfigError: they cannot be used; the configuration has refused such ones.
    """
    seal = Seal(wechat.token or "", wechat.aes_key or "", wechat.app_id)
    # A first attempt that was lost on its way may come again as it is: it is a repeat, and no forgery.
    return Door(seal, plain=wechat.mode is WeChatMode.PLAIN, signs_anew=False)


class Callbacks:
    """Serves the account's address for the ``halls``; `routes` are for `HttpService`.

    ``clock`` is the reactor, or what keeps its time; ``followers`` seals who follows, ``scene_key`` is what
    tickets' scenes are made with, ``now`` gives the time (aware). Belongs to the reactor's thread.
    """

    def __init__(
        self,
        clock: Any,
        door: Door,
        halls: Mapping[HallId, FollowedHall],
        followers: FollowerSeal,
        scene_key: bytes,
        now: Callable[[], datetime],
        *,
        answer_s: float = ANSWER_S,
        work_s: float = WORK_S,
        retry_s: float = RETRY_S,
        under_way_max: int = UNDER_WAY_MAX,
    ) -> None:
        self._clock = clock
        self._door = door
        self._followers = followers
        self._scene_key = scene_key
        self._now = now
        self._reception = Reception(halls, now)
        self._answer_s = answer_s
        self._work_s = work_s
        self._retry_s = retry_s
        self._under_way_max = under_way_max
        self._under_way: set[_Errand] = set()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._refused_since = 0
        self._refusal_logged_s: float | None = None
        if door.plain_warning is not None:
            log.warning("%s", door.plain_warning)

    @property
    def under_way(self) -> int:
        """How many callbacks are being carried out, answered or not."""
        return len(self._under_way)

    def routes(self, _pages: Pages | None = None) -> Iterable[Route]:
        """Return the two routes; a signature is asked for instead of a token."""
        return (
            Route(
                method="GET",
                pattern=PATH,
                handler=self._echo,
                summary="Answer WeChat's question whether the address is the account's.",
                listed=False,
                metered=False,
            ),
            Route(
                method="POST",
                pattern=PATH,
                handler=self._take,
                summary="Take what WeChat tells.",
                listed=False,
                metered=False,
            ),
        )

    def metrics(self) -> Iterator[Metric]:
        """Yield how many callbacks came, by kind and what became of them."""
        counted = CounterMetricFamily(
            "paihao_wechat_callbacks",
            "Requests to the address of WeChat's callbacks.",
            labels=["kind", "outcome"],
        )
        for (kind, outcome), count in sorted(self._counts.items()):
            counted.add_metric([kind, outcome], count)
        yield counted

    def stop(self) -> None:
        """Wait for no hall any more."""
        for errand in list(self._under_way):
            errand.give_up()

    # -- the routes -------------------------------------------------------------------------

    def _echo(self, call: Call) -> Response:
        try:
            echo = self._door.admit_echo(_query(call), self._now().timestamp())
        except WeChatRefused as refused:
            return self._refuse("echo", refused)
        self._counts["echo", ANSWERED] += 1
        return Response(status=HTTPStatus.OK, body=echo.encode(), content_type=TEXT)

    def _take(self, call: Call) -> Response | None:
        now_s = self._now().timestamp()
        try:
            query = _query(call)
            callback = self._door.admit(query, call.request.body, now_s)
        except WeChatRefused as refused:
            return self._refuse("callback", refused)
        if callback is None:
            self._counts["callback", REPEATED] += 1
            return _NOTHING_SAID
        errand = _Errand(self, call, query, callback)
        if len(self._under_way) >= self._under_way_max:
            return errand.send_again()
        wish = wish_of(callback, self._scene_key, now_s)
        asker = Asker(
            follower=self._followers.seal(callback.openid), command=self._command_id(callback)
        )
        self._under_way.add(errand)
        errand.begin(lambda: Deferred.fromCoroutine(self._reception.carry_out(wish, asker)))
        return None

    def _command_id(self, callback: Callback) -> CommandId:
        """Return the id of the callback's command, from which nobody learns the openid in its own."""
        digest = blake2b(callback.id.encode(), key=self._scene_key, digest_size=16)
        return CommandId(f"wechat/{digest.hexdigest()}")

    def _refuse(self, kind: str, refused: WeChatRefused) -> Response:
        """Return a refusal that says nothing of why: whoever forges would learn from it."""
        self._counts[kind, REFUSED] += 1
        self._refused_since += 1
        now_s = self._clock.seconds()
        last_s = self._refusal_logged_s
        if last_s is None or now_s - last_s >= REFUSALS_LOGGED_S:
            log.warning(
                "callbacks refused count=%d status=%d last=%s",
                self._refused_since,
                refused.status,
                refused.detail,
            )
            self._refused_since, self._refusal_logged_s = 0, now_s
        return _plain(refused.status)


class _Errand:
    """One callback on its way: the halls work on it, and its answer is owed by a time."""

    def __init__(
        self, callbacks: Callbacks, call: Call, query: Mapping[str, str], callback: Callback
    ) -> None:
        self._callbacks = callbacks
        self._call = call
        self._query = query
        self._callback = callback
        self._answered = False
        self._due: Any = None
        """When it is answered whatever the halls do; after that, when it is given up."""
        self._retry: Any = None
        self._carry_out: Callable[[], Deferred[str]]
        self._work: Deferred[str] | None = None

    def begin(self, carry_out: Callable[[], Deferred[str]]) -> None:
        """Have the halls do it; answer once that is done, or when it is time to."""
        self._carry_out = carry_out
        self._due = self._callbacks._clock.callLater(self._callbacks._answer_s, self._answer_late)
        self._try()

    def give_up(self) -> None:
        """Wait for the halls no more."""
        if self._retry is not None:
            log.warning("callback was not carried out kind=%s", _kind(self._callback))
            self._end()
        elif self._work is not None:
            self._work.cancel()

    def send_again(self) -> Response:
        """Forget the callback; return what makes WeChat repeat it."""
        self._count(AWAY)
        self._callbacks._door.release(self._query, self._callback)
        return _plain(HTTPStatus.SERVICE_UNAVAILABLE)

    # -- what happens -----------------------------------------------------------------------

    def _try(self) -> None:
        self._retry = None
        self._work = self._carry_out()
        self._work.addCallbacks(self._done, self._failed)
        self._work.addErrback(self._broke)

    def _done(self, text: str) -> None:
        self._end()
        if self._answered:
            return
        callbacks = self._callbacks
        body = callbacks._door.answer(
            self._query, self._callback, text, callbacks._now().timestamp()
        )
        if body == SUCCESS:
            self._count(DONE)
            self._answer(_NOTHING_SAID)
            return
        self._count(ANSWERED)
        self._answer(Response(status=HTTPStatus.OK, body=body, content_type=XML))

    def _failed(self, failure: Failure) -> None:
        away = failure.trap(HallAway, CancelledError) is HallAway  # type: ignore[no-untyped-call]
        if not self._answered:
            self._end()
            self._answer(self.send_again())
        elif away:
            # WeChat has its answer and will not come again.
            retry_s = self._callbacks._retry_s
            self._retry = self._callbacks._clock.callLater(retry_s, self._try)
        else:
            log.warning("callback was not carried out kind=%s", _kind(self._callback))
            self._end()

    def _broke(self, failure: Failure) -> None:
        """It is our defect: WeChat tries again, and the log says what it was, once."""
        log.error(
            "callback failed kind=%s",
            _kind(self._callback),
            exc_info=failure.value,
        )
        self._end()
        if not self._answered:
            self._count(FAILED)
            self._callbacks._door.release(self._query, self._callback)
            self._answer(_plain(HTTPStatus.INTERNAL_SERVER_ERROR))

    def _answer_late(self) -> None:
        self._count(LATE)
        self._answer(_NOTHING_SAID)
        self._due = self._callbacks._clock.callLater(self._callbacks._work_s, self.give_up)

    def _end(self) -> None:
        for timer in (self._due, self._retry):
            if timer is not None and timer.active():
                timer.cancel()
        self._callbacks._under_way.discard(self)

    def _answer(self, response: Response) -> None:
        self._answered = True
        self._call.answer(response)

    def _count(self, outcome: str) -> None:
        self._callbacks._counts[_kind(self._callback), outcome] += 1


def _kind(callback: Callback) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(callback).__name__).lower()


def _query(call: Call) -> dict[str, str]:
    """Return the fields of the request's query.

    Raises:
        CallbackError: it cannot be read, or has a field twice: another reader might take the other one.
    """
    try:
        fields = parse_qsl(
            call.request.query.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=FIELDS_MAX,
        )
    except ValueError:
        raise CallbackError("the query cannot be read") from None
    query = dict(fields)
    if len(query) < len(fields):
        raise CallbackError("a field is in the query twice")
    return query


def _plain(status: int) -> Response:
    """Return a response that says its status and nothing else."""
    return Response(
        status=status, body=f"{HTTPStatus(status).phrase}\n".encode(), content_type=TEXT
    )


_NOTHING_SAID = Response(status=HTTPStatus.OK, body=SUCCESS, content_type=TEXT)
