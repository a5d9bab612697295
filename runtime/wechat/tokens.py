"""The access token of an account: one for all threads, fetched by one of them while the others wait.

A token lasts two hours. The service hands the same "stable" one to whoever asks, renews it five minutes before
its end, and goes on taking the older one meanwhile; so it is asked for again within those minutes.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import NamedTuple

__all__ = ["RENEW_BEFORE_S", "Fetched", "TokenOwner"]

RENEW_BEFORE_S = 240.0
"""So long before its end a token is asked for again: the service has the next one five minutes before."""


class Fetched(NamedTuple):
    """A token, and how long it lasts (seconds)."""

    token: str
    lasts_s: float


class TokenOwner:
    """See the module. ``fetch`` asks the service, with ``True`` for another one than it gave; may raise."""

    def __init__(
        self, fetch: Callable[[bool], Fetched], clock: Callable[[], float] = monotonic
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = Lock()
        self._token: str | None = None
        self._until_s = 0.0

    def token(self) -> str:
        """Return the token, fetched first where there is none or it is about to end; raises as that does."""
        with self._lock:
            if self._token is None or self._clock() >= self._until_s:
                return self._renew(force=False)
            return self._token

    def renew(self, refused: str) -> str:
        """Return another token than ``refused``, which the service did not take; raises as ``fetch`` does.

        Of several threads that were refused with one token the first fetches, and the others have its.
        """
        with self._lock:
            # Perhaps another one is there already; to force one is allowed some times a day alone.
            for force in (False, True):
                if self._token is not None and self._token != refused:
                    break
                self._renew(force=force)
            assert self._token is not None
            return self._token

    def _renew(self, *, force: bool) -> str:
        token, lasts_s = self._fetch(force)
        self._token = token
        self._until_s = self._clock() + max(lasts_s - RENEW_BEFORE_S, 0.0)
        return token
