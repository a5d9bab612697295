"""Who asks: bearer tokens with roles, and the cookies that stand for them in browsers.

A token comes in the header ``Authorization: Bearer …``. A page is opened once with ``?token=…``, which sets a
cookie and leads to the same address without it. A cookie is named after its token, so that one browser can
show a kiosk, a counter and a display at once; of several, the first that the route accepts is used.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterable, Iterator

from protocol.ids import CounterId, HallId, KioskId
from protocol.values import value
from runtime.config.model import Role, Token
from runtime.http.problems import RequestRefused, refuse

COOKIE_PREFIX = b"paihao-"
COOKIES_MAX = 16
"""Cookies of ours that are looked at in one request; those beyond are not."""

COOKIE_AGE_S = 30 * 24 * 3600
"""A page that was not opened for so long asks for its token again."""

SECRET_OCTETS_MAX = 512
"""A longer token is wrong without being looked at."""

_CHALLENGE = (b"WWW-Authenticate", b'Bearer realm="paihao"')


@value
class Pass:
    """What a token allows. None for ``hall``, ``kiosk`` or ``counter`` means all of them.

    ``digest`` is the SHA-256 of the secret, which itself is not kept. ``name`` may be shown and logged.
    """

    role: Role
    hall: HallId | None
    kiosk: KioskId | None
    counter: CounterId | None
    digest: bytes
    cookie: bytes
    name: str

    def check(self, roles: Collection[Role], hall: HallId | None) -> None:
        """Raise `RequestRefused` unless this pass has one of ``roles`` in ``hall``; managers may do all."""
        if self.role is not Role.MANAGER and self.role not in roles:
            allowed = " or ".join(sorted({*roles, Role.MANAGER}))
            raise refuse(
                "forbidden", f"this needs a token with role {allowed}; yours has {self.role}"
            )
        if self.hall is not None and hall is not None and hall != self.hall:
            raise refuse("forbidden", f"this token is for hall {self.hall}, not for {hall}")

    def check_kiosk(self, kiosk: KioskId) -> None:
        """Raise `RequestRefused` if this pass is for another kiosk."""
        if self.kiosk is not None and kiosk != self.kiosk:
            raise refuse("forbidden", f"this token is for kiosk {self.kiosk}, not for {kiosk}")

    def check_counter(self, counter: CounterId) -> None:
        """Raise `RequestRefused` if this pass is for another counter."""
        if self.counter is not None and counter != self.counter:
            raise refuse(
                "forbidden", f"this token is for counter {self.counter}, not for {counter}"
            )


class Passes:
    """The passes that a configuration's tokens give."""

    def __init__(self, tokens: Iterable[Token]) -> None:
        self._by_digest: dict[bytes, Pass] = {}
        for token in tokens:
            assert token.secret is not None, "the configuration was not loaded"
            issued = issue(token, token.secret)
            self._by_digest[issued.digest] = issued

    def find(self, secret: bytes) -> Pass | None:
        """Return the pass of ``secret``.

        Digests are compared, so the time taken says nothing about a secret that is nearly right.
        """
        if len(secret) > SECRET_OCTETS_MAX:
            return None
        digest = hashlib.sha256(secret).digest()
        found = self._by_digest.get(digest)
        if found is None or not hmac.compare_digest(found.digest, digest):
            return None
        return found

    def of_cookies(self, header: bytes) -> Iterator[Pass]:
        """Yield the passes that a Cookie header carries, in its order."""
        looked_at = 0
        for pair in header.split(b";"):
            name, _, secret = pair.strip().partition(b"=")
            if not name.startswith(COOKIE_PREFIX):
                continue
            looked_at += 1
            if looked_at > COOKIES_MAX:
                return
            found = self.find(secret)
            if found is not None and found.cookie == name:
                yield found


def issue(token: Token, secret: str) -> Pass:
    """Return what ``token`` with ``secret`` allows."""
    digest = hashlib.sha256(secret.encode()).digest()
    narrowed = [part for part in (token.hall, token.kiosk, token.counter) if part is not None]
    return Pass(
        role=token.role,
        hall=token.hall,
        kiosk=token.kiosk,
        counter=token.counter,
        digest=digest,
        # Not the digest itself: a cookie's name may turn up where its value would not.
        cookie=COOKIE_PREFIX + hashlib.sha256(digest).hexdigest()[:8].encode(),
        name="/".join([str(token.role), *narrowed]),
    )


def bearer(header: bytes) -> bytes:
    """Return the secret in an Authorization header.

    Raises:
        RequestRefused: the header is of another scheme.
    """
    scheme, _, secret = header.partition(b" ")
    if scheme.lower() != b"bearer" or not secret.strip():
        raise refuse(
            "unauthorized",
            "the Authorization header must be: Bearer, a space, and a token",
            _CHALLENGE,
        )
    return secret.strip()


def unauthorized(detail: str) -> RequestRefused:
    """Return the refusal of a request that shows no token, or a wrong one."""
    return refuse("unauthorized", detail, _CHALLENGE)


def cookie_header(issued: Pass, secret: bytes, *, secure: bool) -> tuple[bytes, bytes]:
    """Return the header that lets a browser show ``secret`` from now on.

    HttpOnly keeps it from scripts, SameSite=Strict from requests that other sites cause.
    """
    return (
        b"Set-Cookie",
        b"%s=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Strict%s"
        % (issued.cookie, secret, COOKIE_AGE_S, b"; Secure" if secure else b""),
    )
