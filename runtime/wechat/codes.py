"""QR codes by which a phone follows a ticket: WeChat makes each, and tells us who scans it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from protocol.errors import PaihaoError
from protocol.ids import HallId, TicketId
from protocol.messages import Recipient, ScanCodeMade
from protocol.wechat.scene import scene_of
from runtime.wechat.client import ApiClient
from runtime.wechat.pool import ApiPool
from runtime.wechat.pushes import Tell

__all__ = ["LASTS_S", "AccountCodes"]

LASTS_S = 24 * 3600.0
"""How long a code may be scanned; its ticket ends with the business day, which is no longer."""


class AccountCodes:
    """A `ScanCodePort` for one hall over ``pool``; ``key`` signs the scenes."""

    def __init__(
        self, pool: ApiPool, hall: HallId, key: bytes, tell: Tell, now: Callable[[], datetime]
    ) -> None:
        self._pool = pool
        self._hall = hall
        self._key = key
        self._tell = tell
        self._now = now

    def make(self, ticket: TicketId, reply_to: Recipient) -> None:
        """Have a code made; ``reply_to`` is told `ScanCodeMade`."""

        def job(client: ApiClient) -> None:
            self._tell(reply_to, ScanCodeMade(ticket=ticket, url=self._made(client, ticket)))

        if not self._pool.submit(job):
            self._tell(reply_to, ScanCodeMade(ticket=ticket, url=None))

    def _made(self, client: ApiClient, ticket: TicketId) -> str | None:
        """Return what the code says, or nothing where WeChat makes none."""
        try:
            until_s = (self._now() + timedelta(seconds=LASTS_S)).timestamp()
            document: Any = {
                "action_name": "QR_STR_SCENE",
                "expire_seconds": int(LASTS_S),
                "action_info": {
                    "scene": {"scene_str": scene_of(self._key, self._hall, ticket, until_s)}
                },
            }
            answer = client.call(lambda service: service.qrcode.create(document))
        except PaihaoError:
            return None
        url = answer.get("url")
        return url if isinstance(url, str) else None
