"""Sends pushes as messages of the account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import Any

from protocol.errors import PaihaoError
from protocol.messages import PushAnswered, Recipient
from protocol.push_events import PushDue
from protocol.pushes import PushResult
from protocol.wechat.budget import Budget
from protocol.wechat.sent import push_answered
from runtime.wechat.client import ApiClient, ApiFailed
from runtime.wechat.pool import ApiPool

__all__ = ["AccountPushes", "Tell"]

Message = Callable[[PushDue], Callable[[Any], Any]]
"""Gives for a push what is asked of wechatpy's client."""

Tell = Callable[[Recipient, object], None]
"""Brings an answer back to the world that asked; for any thread."""


class AccountPushes:
    """A `PushPort` over ``pool``. A push of which ``message`` raises an error of ours is refused."""

    def __init__(
        self,
        pool: ApiPool,
        message: Message,
        budget: Budget,
        tell: Tell,
        now: Callable[[], datetime],
    ) -> None:
        self._pool = pool
        self._message = message
        self._budget = budget
        self._tell = tell
        self._now = now
        self._lock = Lock()

    def send(self, push: PushDue, reply_to: Recipient) -> None:
        """Have ``push`` sent; ``reply_to`` is told `PushAnswered`."""

        def job(client: ApiClient) -> None:
            self._tell(reply_to, self._sent(client, push))

        if not self._pool.submit(job):
            self._tell(reply_to, _later(push, "too much waits for WeChat"))

    def _sent(self, client: ApiClient, push: PushDue) -> PushAnswered:
        """Send ``push`` now; return what became of it. For any thread."""
        now = self._now()
        with self._lock:
            pause_s = self._budget.take(now)
        if pause_s is not None:
            return _later(push, "the account has sent as much as it may", pause_s)
        try:
            client.call(self._message(push))
        except ApiFailed as failed:
            return push_answered(push.push, failed.remedy, str(failed), now)
        except PaihaoError as error:
            return PushAnswered(push=push.push, result=PushResult.REFUSED, detail=str(error))
        except Exception as error:
            # The type alone: what it says may quote a request.
            return _later(push, f"an error of our own ({type(error).__name__})")
        return PushAnswered(push=push.push, result=PushResult.SENT)


def _later(push: PushDue, detail: str, pause_s: float | None = None) -> PushAnswered:
    return PushAnswered(push=push.push, result=PushResult.LATER, detail=detail, pause_s=pause_s)
