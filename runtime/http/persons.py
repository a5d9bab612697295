"""Who a customer is: checked here, and then only a keyed digest of it goes on into the queue.

The number itself is forgotten with the request: it is in no command, event, journal, log or answer. The key
of the digest is derived from the server's own; with another one a person is only not known any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from hashlib import blake2b

from protocol.errors import IdentityError
from protocol.hall import Identity, Service
from protocol.identity import mobile_number, resident_number, wechat_openid
from protocol.ids import PersonId
from protocol.values import value
from runtime.http.problems import RequestRefused, refuse

DIGEST_OCTETS = 16

_PURPOSE = b"person"


@value
class Given:
    """What a customer said of himself, as it was typed."""

    phone: str | None = None
    document: str | None = None
    openid: str | None = None

    def __repr__(self) -> str:
        """Return nothing of it."""
        return "Given(...)"


def person_of(
    given: Given, services: Iterable[Service], key: bytes, today: date
) -> PersonId | None:
    """Return who takes a ticket for ``services``; None if nothing was said and none of them asks.

    What a service asks for is what counts; of several the document goes before the phone, and that before
    the openid.

    Raises:
        RequestRefused: a number cannot be right, or what a service asks for is missing.
    """
    phone = _checked("phone", given.phone, mobile_number)
    document = _checked("document", given.document, lambda typed: resident_number(typed, today))
    openid = _checked("openid", given.openid, wechat_openid)
    said = {Identity.DOCUMENT: document, Identity.PHONE: phone, Identity.WECHAT: openid}
    asked = {service.identity: service for service in services}
    for identity, number in said.items():
        if identity in asked and number is None:
            raise refuse(
                "identity-needed",
                f"service {asked[identity].id} asks for `{identity}`: {_ASKED[identity]}",
                needed=str(identity),
            )
    for identity, found in said.items():
        if found is not None and (identity in asked or not asked.keys() & said.keys()):
            return _digest(identity, found, key)
    return None


_ASKED = {
    Identity.PHONE: "a mainland mobile number",
    Identity.DOCUMENT: "the number of a resident's identity card",
    Identity.WECHAT: "the `openid` of the customer's WeChat account",
}


def _checked(name: str, typed: str | None, check: Callable[[str], str]) -> str | None:
    if typed is None:
        return None
    try:
        return check(typed)
    except IdentityError as error:
        raise _wrong(name, str(error)) from None


def _wrong(name: str, why: str) -> RequestRefused:
    return refuse(
        "identity-invalid",
        f"{name} {why}",
        errors=[{"pointer": f"#/{name}", "detail": why}],
    )


def _digest(identity: Identity, number: str, key: bytes) -> PersonId:
    own = blake2b(_PURPOSE, key=key, digest_size=32).digest()
    digest = blake2b(number.encode(), key=own, person=identity.encode(), digest_size=DIGEST_OCTETS)
    return PersonId(f"{identity}-{digest.hexdigest()}")
