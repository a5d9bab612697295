"""Who has come to a page: a code that WeChat gave the browser is exchanged for the visitor's openid."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import attrs

from protocol.errors import IdentityError
from protocol.identity import wechat_openid
from protocol.messages import Recipient
from protocol.values import value
from protocol.wechat.errcodes import Remedy
from runtime.wechat.client import ApiClient, ApiFailed
from runtime.wechat.pool import ApiPool
from runtime.wechat.pushes import Tell

__all__ = ["AskVisitor", "Visitor", "VisitorUnknown", "Visitors", "visitor_of"]

WAITS_MAX_S: Final = 8.0
"""A code that waited for so long is not exchanged any more: its browser has given up, or is about to."""


@value
class Visitor:
    """Who has come. A ``virtual`` one looks at a picture of the page, and the openid is nobody's."""

    openid: str = attrs.field(repr=False)
    virtual: bool = False


@value
class VisitorUnknown:
    """WeChat did not say who it is. ``again``: the code is used up or too old, another one may do."""

    again: bool
    detail: str


@value
class AskVisitor:
    """Asks who has come with ``code``; ``reply_to`` is told `Visitor` or `VisitorUnknown`."""

    code: str = attrs.field(repr=False)
    reply_to: Recipient


def visitor_of(client: ApiClient, code: str) -> Visitor:
    """Return who has come with ``code``, which can be asked once. Blocks.

    Raises:
        ApiFailed: WeChat did not say it; `Remedy.RESTART_OAUTH` if another code may do.
    """
    answer = client.exchange(code)
    try:
        openid = wechat_openid(str(answer.get("openid", "")))
    except IdentityError as error:
        raise ApiFailed(f"the openid {error}", Remedy.BACK_OFF) from None
    return Visitor(openid=openid, virtual=answer.get("is_snapshotuser") == 1)


class Visitors:
    """Takes `AskVisitor`, for one thread; ``pool`` calls WeChat, and ``tell`` brings its answers back."""

    def __init__(
        self, pool: ApiPool, tell: Tell, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._pool = pool
        self._tell = tell
        self._monotonic = monotonic

    def tell(self, asked: object, /) -> None:
        """Have the code of an `AskVisitor` exchanged."""
        assert isinstance(asked, AskVisitor)
        until_s = self._monotonic() + WAITS_MAX_S

        def job(client: ApiClient) -> None:
            if self._monotonic() < until_s:
                self._tell(asked.reply_to, _found(client, asked.code))

        if not self._pool.submit(job):
            asked.reply_to.tell(VisitorUnknown(again=False, detail="too much waits for WeChat"))


def _found(client: ApiClient, code: str) -> Visitor | VisitorUnknown:
    try:
        return visitor_of(client, code)
    except ApiFailed as failed:
        again = failed.remedy is Remedy.RESTART_OAUTH
        return VisitorUnknown(again=again, detail=str(failed))
