"""The Idempotency-Key: a repeated request is carried out once and gets the first answer.

The key becomes the command's id, and the hall remembers answers by that. Here it is only remembered what a key
was used for, so that another request under the same key is refused (draft-ietf-httpapi-idempotency-key-header).
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections import OrderedDict
from collections.abc import Sequence

from protocol.ids import CommandId
from runtime.http.auth import Pass
from runtime.http.customers import Customer
from runtime.http.problems import refuse

KEY = re.compile(rb"[\x21-\x7e]{1,128}")


def read_key(headers: Sequence[bytes], *, needed: bool) -> bytes:
    """Return the key in the Idempotency-Key headers; a new one where there is none and none is ``needed``.

    The draft has a quoted string; what is not quoted is taken as well, for people with curl.

    Raises:
        RequestRefused: it is missing, or cannot be used.
    """
    if not headers:
        if needed:
            raise refuse(
                "idempotency-key-missing",
                "a request with a cookie needs the header Idempotency-Key",
            )
        return secrets.token_hex(16).encode()
    key = headers[0]
    if len(key) > 1 and key.startswith(b'"') and key.endswith(b'"'):
        key = key[1:-1]
    if len(headers) > 1 or not KEY.fullmatch(key):
        raise refuse(
            "idempotency-key-invalid",
            "Idempotency-Key must be there once, with 1 to 128 visible ASCII characters",
        )
    return key


def command_id(asked_by: Pass | Customer | None, path: bytes, key: bytes) -> CommandId:
    """Return the id of the command that ``key`` stands for.

    It is bound to the token or the customer, and to the path (with it the hall), so that two clients never
    meet in one key; without either only to the path, which names a ticket. A digest of all of it, so that its
    length is bounded and the journal says nothing about tokens.
    """
    match asked_by:
        case None:
            token, role = b"", "anybody"
        case Customer():
            token, role = asked_by.follower.encode(), "customer"
        case _:
            token, role = asked_by.digest, str(asked_by.role)
    digest = hashlib.blake2b(b"\0".join((token, path, key)), digest_size=16)
    return CommandId(f"http/{role}/{digest.hexdigest()}")


class Fingerprints:
    """What each of the last keys was used for; the oldest is forgotten, and all at a restart.

    A key that is forgotten here and still known to the hall gets the first answer, whatever the body.
    """

    def __init__(self, fingerprints_max: int) -> None:
        self._fingerprints_max = fingerprints_max
        self._bodies: OrderedDict[CommandId, int] = OrderedDict()

    def check(self, command: CommandId, body: object) -> None:
        """Remember that ``command`` stands for ``body``, which has a hash.

        Raises:
            RequestRefused: it stands for another one.
        """
        fingerprint = hash(body)
        known = self._bodies.setdefault(command, fingerprint)
        if known != fingerprint:
            raise refuse(
                "idempotency-key-reused",
                "this Idempotency-Key was used with another body; send a new key with a new request",
            )
        if len(self._bodies) > self._fingerprints_max:
            self._bodies.popitem(last=False)
