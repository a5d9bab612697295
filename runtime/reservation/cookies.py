"""What a customer's browser keeps: who it is, and for a moment that it is on its way to WeChat and back.

Both are sealed (Fernet: AES-128 in CBC with HMAC-SHA-256) with keys of the server's own, each for its purpose,
so that nobody reads, makes or changes one. With another server's key everybody signs in anew.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime
from typing import Final

import attrs
import orjson
from cryptography.fernet import Fernet, InvalidToken

from protocol.values import value
from runtime.http.customers import Customer, cookies_named
from runtime.http.request import HttpRequest
from runtime.keys import derived_key
from runtime.wechat.followers import FollowerSeal

__all__ = ["CUSTOMER", "CUSTOMER_S", "ENTERING", "ENTERING_S", "Cookies", "Entering"]

CUSTOMER: Final = "customer"
CUSTOMER_S: Final = 12 * 3600
"""A day in the hall; after that WeChat says again who it is, without the customer's noticing."""

ENTERING: Final = "entering"
ENTERING_S: Final = 600
"""A code of WeChat's lasts 5 minutes."""
ENTERING_PATH: Final = "/m"

HELD_OCTETS_MAX: Final = 4_096
"""Browsers keep no longer cookie."""

Header = tuple[bytes, bytes]


@value
class Entering:
    """A browser on its way: the ``state`` that WeChat brings back, the page to go on ``to``, its ``tries``."""

    state: str = attrs.field(repr=False)
    to: str
    tries: int = 0


class Cookies:
    """Makes and reads them. ``key`` is the server's; ``now`` gives the time (aware)."""

    def __init__(
        self,
        key: bytes,
        followers: FollowerSeal,
        now: Callable[[], datetime],
        *,
        secure: bool,
    ) -> None:
        self._customers = _seal(key, "reservation/customer")
        self._entering = _seal(key, "reservation/entering")
        self._followers = followers
        self._now = now
        self._secure = secure

    # -- who it is -----------------------------------------------------------------------------

    def customer_of(self, request: HttpRequest) -> Customer | None:
        """Return who asks, if a cookie says it that was made here and has not ended."""
        for held in cookies_named(request, CUSTOMER.encode()):
            opened = self._open(self._customers, held, CUSTOMER_S)
            if opened is not None:
                openid = opened.decode()
                return Customer(openid=openid, follower=self._followers.seal(openid))
        return None

    def of_customer(self, openid: str) -> Header:
        """Return the header that has a browser keep who it is."""
        held = self._customers.encrypt_at_time(openid.encode(), self._now_s())
        return self._header(CUSTOMER, held, "/", CUSTOMER_S)

    # -- on the way ----------------------------------------------------------------------------

    def entering_of(self, request: HttpRequest) -> Entering | None:
        """Return where the browser is on its way to, if it is."""
        for held in cookies_named(request, ENTERING.encode()):
            opened = self._open(self._entering, held, ENTERING_S)
            if opened is not None:
                state, to, tries = orjson.loads(opened)
                return Entering(state=state, to=to, tries=tries)
        return None

    def of_entering(self, entering: Entering) -> Header:
        """Return the header that has a browser keep where it is on its way to."""
        plain = orjson.dumps([entering.state, entering.to, entering.tries])
        held = self._entering.encrypt_at_time(plain, self._now_s())
        return self._header(ENTERING, held, ENTERING_PATH, ENTERING_S)

    def entered(self) -> Header:
        """Return the header that has a browser forget that it was on its way."""
        return self._header(ENTERING, b"", ENTERING_PATH, 0)

    # -- both ----------------------------------------------------------------------------------

    def _now_s(self) -> int:
        return int(self._now().timestamp())

    def _open(self, seal: Fernet, held: bytes, lasts_s: int) -> bytes | None:
        if len(held) > HELD_OCTETS_MAX:
            return None
        try:
            return seal.decrypt_at_time(held, lasts_s, self._now_s())
        except InvalidToken:
            return None

    def _header(self, name: str, held: bytes, path: str, lasts_s: int) -> Header:
        """Return a Set-Cookie header: from scripts it is hidden, and other sites' forms do not send it."""
        secure = b"; Secure" if self._secure else b""
        return (
            b"Set-Cookie",
            b"%s=%s; Path=%s; Max-Age=%d; HttpOnly; SameSite=Lax%s"
            % (name.encode(), held, path.encode(), lasts_s, secure),
        )


def _seal(key: bytes, purpose: str) -> Fernet:
    return Fernet(urlsafe_b64encode(derived_key(key, purpose)))
