"""Who asks with a phone: a customer whom WeChat has named, as a sealed cookie says.

Who recognizes that cookie is `runtime.reservation`; without an account at WeChat nobody is a customer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs

from protocol.ids import FollowerId
from protocol.values import value
from runtime.http.problems import RequestRefused, refuse
from runtime.http.request import HttpRequest

SIGN_IN = "/m/sign-in"
"""Where a browser is sent that must say whose it is."""

_CHALLENGE = (b"WWW-Authenticate", b'WeChat realm="paihao"')
"""RFC 9110 asks for one with each 401; no browser acts on it."""


@value
class Customer:
    """Somebody by the ``openid`` that the account knows; ``follower`` is the same, sealed for halls."""

    openid: str = attrs.field(repr=False)
    follower: FollowerId


CustomerOf = Callable[[HttpRequest], Customer | None]
"""Returns who asks, if the request says it."""


def nobody(_request: HttpRequest) -> Customer | None:
    """Return that no customer asks."""
    return None


def sign_in_needed() -> RequestRefused:
    """Return the refusal of a request that no customer makes, and must be made by one."""
    return refuse(
        "sign-in-needed",
        f"open {SIGN_IN} in WeChat, with `to` and the page to go on to",
        _CHALLENGE,
        sign_in=SIGN_IN,
    )


def cookies_named(request: HttpRequest, name: bytes) -> Iterator[bytes]:
    """Yield what the request's cookies of that name hold; more than one may be there, of several paths."""
    for header in request.header_values(b"cookie"):
        if name not in header:
            continue
        for pair in header.split(b";"):
            its_name, _, held = pair.strip().partition(b"=")
            if its_name == name:
                yield held
