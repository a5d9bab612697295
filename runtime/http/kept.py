"""Answers that are the same for everybody: made once a second at most, and sent to whoever asks meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import blake2b
from typing import Final, Generic, TypeVar

from protocol.values import value
from runtime.http.encoding import to_json
from runtime.http.request import HttpRequest, Response

__all__ = ["KEPT_S", "Kept", "Made", "made_of"]

T = TypeVar("T")

KEPT_S: Final = 1.0

_CACHED = (b"Cache-Control", b"public, max-age=1")


@value
class Made:
    """An answer as octets, with the entity tag that they have wherever they are made."""

    octets: bytes
    tag: bytes

    def response(self, request: HttpRequest) -> Response:
        """Return it for ``request``, or that nothing has changed since the client asked."""
        headers = (_CACHED, (b"ETag", self.tag))
        known = request.header(b"if-none-match")
        if known is not None and self.tag in known:
            return Response(status=304, body=b"", headers=headers)
        return Response(status=200, body=self.octets, headers=headers)


def made_of(view: object) -> Made:
    """Return the answer that tells ``view``."""
    octets = to_json(view)
    return Made(octets=octets, tag=b'"%s"' % blake2b(octets, digest_size=12).hexdigest().encode())


class Kept(Generic[T]):
    """What was made last, for a second."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._made: T | None = None
        self._until_s = 0.0

    def fresh(self) -> T | None:
        """Return it, if it was made just now."""
        return self._made if self._monotonic() < self._until_s else None

    def made(self, make: Callable[[], T]) -> T:
        """Return it, made anew if it is not fresh any more: of many who asked at once the first has it made."""
        fresh = self.fresh()
        if fresh is None:
            fresh = self._made = make()
            self._until_s = self._monotonic() + KEPT_S
        return fresh
