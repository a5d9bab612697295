"""The code that a ticket's paper carries: who has it has the paper, or its picture.

A ticket's id can be guessed (day and number), so its page alone proves nothing. The QR code therefore holds the
page's address with a code that only this server can make; an evaluation needs it.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from hashlib import blake2b

from protocol.ids import HallId, TicketId
from runtime.http.ports import HallPort
from runtime.http.request import HttpRequest

CODE_OCTETS = 8
"""Eleven characters: short enough for a small QR code, and guessing one takes for ever."""

CODE_QUERY = "c"
"""The name of the code in the address of a ticket's page."""


def ticket_code(key: bytes, hall: HallId, ticket: TicketId) -> str:
    """Return the code of the ticket's paper."""
    digest = blake2b(f"{hall}/{ticket}".encode(), key=key, digest_size=CODE_OCTETS).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def is_code(key: bytes, hall: HallId, ticket: TicketId, code: str) -> bool:
    """Return whether ``code`` is that of the ticket's paper."""
    return hmac.compare_digest(ticket_code(key, hall, ticket).encode(), code.encode())


def page_address(base_url: str, key: bytes, hall: HallId, ticket: TicketId) -> str:
    """Return what the ticket's QR code says: the address of its page, with its code."""
    return f"{base_url}/t/{hall}/{ticket}?{CODE_QUERY}={ticket_code(key, hall, ticket)}"


def without_code(address: str) -> str:
    """Return the address of a ticket's page for those who do not show that they have its paper."""
    return address.partition("?")[0]


def shown_code(request: HttpRequest, port: HallPort, ticket: TicketId) -> str | None:
    """Return the code that the query shows, if it is that of the ticket's paper."""
    for octets in request.query_values(CODE_QUERY.encode()):
        code = octets.decode("ascii", "replace")
        if is_code(port.key, port.spec.id, ticket, code):
            return code
    return None
