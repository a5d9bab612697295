"""What is exchanged with the stand-in: a request and its reply, a callback and where it goes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import attrs

from protocol.values import value

__all__ = ["CallbackCall", "Reply", "Request", "json_reply", "page_reply"]


@value
class Request:
    """An HTTP request as it reaches WeChat."""

    method: str
    """In capitals."""
    path: str
    """Without host and query: ``/cgi-bin/token``. WeChat's hosts share no path, so that one stand-in is all."""
    query: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes = b""
    at_s: float
    person: str | None = None
    """Whose phone it comes from, if it comes from the browser inside WeChat; servers have none."""


@value
class Reply:
    """What is answered, and how it gets there."""

    status: int = 200
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes = b""
    delay_s: float = 0.0
    """Time after the request at which the reply is sent."""
    reset: bool = False
    """The connection is reset instead of answered (after ``delay_s``)."""


@value
class CallbackCall:
    """A request of WeChat's to an account's server, to be made now."""

    id: str
    """Names this attempt in ``callback_answered``."""
    delivery: str
    """What its attempts have in common."""
    attempt: int
    """From 1."""
    method: str = "POST"
    url: str
    """The account's address, without what ``query`` adds."""
    query: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes = b""

    @property
    def address(self) -> str:
        """The whole address, query included."""
        return f"{self.url}{'&' if '?' in self.url else '?'}{urlencode(self.query)}"


def json_reply(document: Mapping[str, Any]) -> Reply:
    """Return ``document`` as WeChat writes it: UTF-8, not escaped."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(headers={"Content-Type": "application/json; encoding=utf-8"}, body=body)


def page_reply(text: str, *, status: int = 200) -> Reply:
    """Return a page for a person that says ``text``, which must need no escaping."""
    body = f"<!doctype html><meta charset=utf-8><title>WeChat</title><p>{text}</p>".encode()
    return Reply(status=status, headers={"Content-Type": "text/html; charset=utf-8"}, body=body)
