"""Callbacks on their way: an attempt waits 5 s for its answer; after three without one it is given up.

All attempts at one delivery carry the same content, so also the same message id. Each is signed afresh (unsure
whether the real service does that: `Deliveries.same_signature` repeats the first attempt's).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import StrEnum
from heapq import heappop, heappush
from random import Random
from typing import Final

import attrs

from protocol.values import value
from sim.wechat.accounts import Account, Seals
from sim.wechat.answers import BadAnswer, answered_text
from sim.wechat.envelopes import dressed, signed
from sim.wechat.events import Said
from sim.wechat.exchange import CallbackCall
from sim.wechat.faults import Troubles

__all__ = ["ATTEMPTS_MAX", "WAIT_S", "Deliveries", "Ended", "Outcome"]

WAIT_S: Final = 5.0
ATTEMPTS_MAX: Final = 3
WAITING_MAX: Final = 100_000
"""Deliveries that are not ended; more are lost and counted in `Deliveries.lost`."""
ENDED_MAX: Final = 1_000
"""Ends that are remembered; the oldest go."""
AGAIN_S: Final = 1.0
"""An answered callback that comes again comes so much later."""

TROUBLE_TEXT: Final = "该公众号提供的服务出现故障，请稍后再试"


class Outcome(StrEnum):
    """How a delivery ended."""

    ANSWERED = "answered"
    BAD_ANSWER = "bad_answer"
    GIVEN_UP = "given_up"


@value
class Ended:
    """A delivery that is over."""

    delivery: str
    what: str
    app_id: str
    openid: str | None
    outcome: Outcome
    attempts: int
    at_s: float
    reason: str = ""


@attrs.define(eq=False)
class _Delivery:
    id: str
    account: Account
    openid: str | None
    said: Said | None
    """None: the question whether the address is the account's."""
    echo: str = ""
    xml: bytes = b""
    attempt: int = 0
    due_s: float = 0.0
    """When the next attempt begins, or the present one has waited long enough."""
    marks: tuple[str, str] | None = None
    """Timestamp and nonce of the first attempt."""
    over: bool = False
    again: bool = False
    """It was answered, and comes once more."""


Show = Callable[[str, str, str, float, bool], None]
"""Shows a text: app id, openid, text, time, and whether it is WeChat's own notice."""


class Deliveries:
    """The callbacks of all accounts."""

    def __init__(self, random: Random, seals: Seals, troubles: Troubles, show: Show) -> None:
        self._random = random
        self._seals = seals
        self._troubles = troubles
        self._show = show
        self._heap: list[tuple[float, int, _Delivery]] = []
        self._sequence = 0
        self._attempts: dict[str, _Delivery] = {}
        """Those that wait for an answer, by the attempt's id."""
        self._waiting = 0
        self.same_signature = False
        """All attempts at a delivery carry the first one's signature."""
        self.ended: deque[Ended] = deque(maxlen=ENDED_MAX)
        self.lost = 0

    def post(
        self, account: Account, openid: str, said: Said, now_s: float, *, after_s: float = 0.0
    ) -> None:
        """Tell the account's server, ``after_s`` from ``now_s``, what happened then, if it has an address."""
        happened_s = now_s + after_s
        xml = said.xml(account.origin, openid, happened_s)
        self._add(_Delivery("", account, openid, said, xml=xml), happened_s)

    def ask_echo(self, account: Account, now_s: float) -> None:
        """Ask whether the address is the account's, as when it is set: its server must echo a random number."""
        echo = str(self._random.randrange(10**18, 10**19))
        self._add(_Delivery("", account, None, None, echo=echo), now_s)

    def next_deadline(self) -> float | None:
        """Return when `tick` has something to do next."""
        while self._heap and self._heap[0][2].over:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def tick(self, now_s: float) -> list[CallbackCall]:
        """Return the calls to be made now; those without an answer for 5 s have failed."""
        calls = []
        while (due_s := self.next_deadline()) is not None and due_s <= now_s:
            delivery = heappop(self._heap)[2]
            self._attempts.pop(_attempt_id(delivery), None)
            if delivery.attempt < ATTEMPTS_MAX:
                calls.append(self._call(delivery, now_s))
            else:
                self._end(delivery, Outcome.GIVEN_UP, now_s)
        return calls

    def answered(self, id: str, status: int | None, body: bytes, now_s: float) -> None:
        """Take the answer to the attempt ``id``; ``status`` None: there was no connection, or it broke.

        A failed attempt is repeated when its 5 s are over, also one that failed at once (unsure); so is one
        with another status than 200 (unsure). An answer after 5 s is not heard.
        """
        delivery = self._attempts.get(id)
        if delivery is None or now_s >= delivery.due_s:
            return
        del self._attempts[id]
        if status != 200:
            return
        try:
            text = self._read(delivery, body)
        except BadAnswer as error:
            self._end(delivery, Outcome.BAD_ANSWER, now_s, str(error))
            return
        if text is not None and delivery.openid is not None:
            self._show(delivery.account.app_id, delivery.openid, text, now_s, False)
        self._end(delivery, Outcome.ANSWERED, now_s)
        again = delivery.said is not None and not delivery.again
        if again and self._troubles.repeats(now_s):
            self._add(attrs.evolve(delivery, attempt=0, over=False, again=True), now_s + AGAIN_S)

    # -- inside -----------------------------------------------------------------------------

    def _add(self, delivery: _Delivery, due_s: float) -> None:
        if delivery.account.callback_url is None:
            return
        if self._waiting >= WAITING_MAX:
            self.lost += 1
            return
        self._waiting += 1
        self._sequence += 1
        delivery.id = f"d{self._sequence}"
        self._schedule(delivery, due_s + self._troubles.late_s(due_s))

    def _schedule(self, delivery: _Delivery, due_s: float) -> None:
        self._sequence += 1
        delivery.due_s = due_s
        heappush(self._heap, (due_s, self._sequence, delivery))

    def _end(self, delivery: _Delivery, outcome: Outcome, now_s: float, reason: str = "") -> None:
        delivery.over = True
        self._waiting -= 1
        said = delivery.said
        if (
            said is not None
            and said.asks
            and outcome is not Outcome.ANSWERED
            and not delivery.again
        ):
            app_id, openid = delivery.account.app_id, delivery.openid or ""
            self._show(app_id, openid, TROUBLE_TEXT, now_s, True)
        self.ended.append(
            Ended(
                delivery=delivery.id,
                what="echo" if said is None else said.what,
                app_id=delivery.account.app_id,
                openid=delivery.openid,
                outcome=outcome,
                attempts=delivery.attempt,
                at_s=now_s,
                reason=reason,
            )
        )

    def _read(self, delivery: _Delivery, body: bytes) -> str | None:
        if delivery.openid is None:
            if body != delivery.echo.encode():
                raise BadAnswer("it is not the echo")
            return None
        return answered_text(delivery.account, self._seals, body, delivery.openid)

    def _call(self, delivery: _Delivery, now_s: float) -> CallbackCall:
        account = delivery.account
        delivery.attempt += 1
        self._attempts[_attempt_id(delivery)] = delivery
        self._schedule(delivery, now_s + WAIT_S)
        marks = delivery.marks if self.same_signature else None
        if marks is None:
            marks = str(int(now_s)), str(self._random.randrange(10**8, 10**10))
        delivery.marks = marks
        timestamp, nonce = marks
        query, body = signed(account, timestamp, nonce), b""
        if delivery.openid is None:
            query["echostr"] = delivery.echo
        else:
            query["openid"] = delivery.openid
            more, body = dressed(account, self._seals, delivery.xml, timestamp, nonce)
            query |= more
        return CallbackCall(
            id=_attempt_id(delivery),
            delivery=delivery.id,
            attempt=delivery.attempt,
            method="GET" if delivery.openid is None else "POST",
            url=account.callback_url or "",
            query=query,
            body=body,
        )


def _attempt_id(delivery: _Delivery) -> str:
    return f"{delivery.id}/{delivery.attempt}"
