"""Sends pushes as messages of the account, on threads of their own: calls of WeChat's service block."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import cycle
from threading import Lock
from typing import Any

import pykka

from protocol.errors import PaihaoError
from protocol.messages import PushAnswered, Recipient
from protocol.push_events import PushDue
from protocol.pushes import PushResult
from protocol.values import value
from protocol.wechat.budget import Budget
from protocol.wechat.sent import push_answered
from runtime.wechat.client import ApiClient, ApiFailed

log = logging.getLogger(__name__)

__all__ = ["THREADS", "PushPool"]

THREADS = 4
"""Calls of WeChat's service at the same time: at a tenth of a second each, forty pushes a second."""

Message = Callable[[PushDue], Callable[[Any], Any]]
"""Gives for a push what is asked of wechatpy's client."""


@value
class _Job:
    """Send ``push`` and tell ``reply_to``."""

    push: PushDue
    reply_to: Recipient


class PushPool:
    """A `PushPort` of ``threads`` threads, one client each; stop it at the end.

    ``message`` gives what a push is as a call of wechatpy's client; one of which it raises an error is refused.
    ``tell`` brings an answer back to the world that asked, from any thread.
    """

    def __init__(
        self,
        clients: Sequence[ApiClient],
        message: Message,
        budget: Budget,
        tell: Callable[[Recipient, PushAnswered], None],
        now: Callable[[], datetime],
    ) -> None:
        self._message = message
        self._budget = budget
        self._now = now
        self._lock = Lock()
        self._senders = [_Sender.start(self, client, tell) for client in clients]
        self._turn = cycle(self._senders)

    def send(self, push: PushDue, reply_to: Recipient) -> None:
        """Have the next thread send ``push``; pushers bound how many are on their way."""
        next(self._turn).tell(_Job(push=push, reply_to=reply_to))

    def stop(self) -> None:
        """End the threads once each has done the call that it is at; what waits is not sent."""
        for sender in self._senders:
            sender.stop(block=False)

    def sent(self, client: ApiClient, push: PushDue) -> PushAnswered:
        """Send ``push`` over ``client`` now; return what became of it. For any thread."""
        now = self._now()
        with self._lock:
            pause_s = self._budget.take(now)
        if pause_s is not None:
            return PushAnswered(
                push=push.push,
                result=PushResult.LATER,
                detail="the account has sent as much as it may",
                pause_s=pause_s,
            )
        try:
            client.call(self._message(push))
        except ApiFailed as failed:
            return push_answered(push.push, failed.remedy, str(failed), now)
        except PaihaoError as error:
            return PushAnswered(push=push.push, result=PushResult.REFUSED, detail=str(error))
        return PushAnswered(push=push.push, result=PushResult.SENT)


class _Sender(pykka.ThreadingActor):
    """One thread of the pool."""

    use_daemon_thread = True

    def __init__(
        self,
        pool: PushPool,
        client: ApiClient,
        tell: Callable[[Recipient, PushAnswered], None],
    ) -> None:
        super().__init__()
        self._pool = pool
        self._client = client
        self._tell = tell

    def on_receive(self, message: _Job) -> None:
        try:
            answer = self._pool.sent(self._client, message.push)
        except Exception as error:
            # The type alone: what it says may quote a request.
            log.error("push failed push=%s error=%s", message.push.push, type(error).__name__)
            answer = PushAnswered(
                push=message.push.push,
                result=PushResult.LATER,
                detail=f"an error of our own ({type(error).__name__})",
            )
        self._tell(message.reply_to, answer)
