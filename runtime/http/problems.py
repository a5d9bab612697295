"""What can be wrong with a request: RFC 9457 problems with stable types, each with a page that explains it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import orjson

from protocol.answers import Reason
from protocol.errors import ProtocolError
from protocol.values import value
from runtime.http.kinds import KINDS

CONTENT_TYPE = b"application/problem+json"

RETRY_AFTER_S = 1
"""What a client is told to wait where the server does not know better."""


@value
class Problem:
    """One problem. ``detail`` says what, where, and what to do; ``more`` are further members."""

    kind: str
    detail: str
    more: Mapping[str, Any] = MappingProxyType({})
    headers: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def status(self) -> int:
        """The HTTP status."""
        return KINDS[self.kind].status

    def octets(self) -> bytes:
        """Return the problem as ``application/problem+json``."""
        kind = KINDS[self.kind]
        return orjson.dumps(
            {
                "type": f"/problems/{self.kind}",
                "title": kind.title,
                "status": kind.status,
                "detail": self.detail,
                **self.more,
            },
            option=orjson.OPT_UTC_Z,
        )


class RequestRefused(ProtocolError):
    """A request is refused for ``problem``."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


def refuse(kind: str, detail: str, *headers: tuple[bytes, bytes], **more: Any) -> RequestRefused:
    """Return the exception that answers a request with a problem of ``kind``."""
    return RequestRefused(Problem(kind=kind, detail=detail, more=more, headers=headers))


def retry_after(seconds: float) -> tuple[bytes, bytes]:
    """Return the header that asks a client to wait, in whole seconds, at least 1."""
    return b"Retry-After", b"%d" % max(1, -int(-seconds // 1))


_WITH_RETRY = {Reason.NOT_DURABLE, Reason.OVERLOADED, Reason.RECALL_TOO_SOON}


def of_reason(reason: Reason, detail: str) -> Problem:
    """Return the problem for a command that a hall refused; its kind is named as the reason is."""
    headers = (retry_after(RETRY_AFTER_S),) if reason in _WITH_RETRY else ()
    return Problem(kind=reason.value, detail=detail, headers=headers)
