"""Openids of those who follow tickets, sealed before they go into a hall's journal.

One openid is sealed to the same text each time, so that the queue can tell whether two are the same (AES-SIV,
RFC 5297). Whoever has the journal without the server's key learns no openid from it.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from protocol.errors import IdentityError
from protocol.ids import FollowerId

__all__ = ["FollowerSeal"]

_PURPOSE = b"follower"


class FollowerSeal:
    """Seals openids with a key derived from ``key``."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESSIV(blake2b(_PURPOSE, key=key, digest_size=32).digest())

    def seal(self, openid: str) -> FollowerId:
        """Return ``openid`` as the queue may know it."""
        sealed = self._cipher.encrypt(openid.encode(), None)
        return FollowerId(urlsafe_b64encode(sealed).rstrip(b"=").decode())

    def open(self, follower: FollowerId) -> str:
        """Return the openid.

        Raises:
            IdentityError: it was sealed with another key, or not at all.
        """
        try:
            sealed = urlsafe_b64decode(follower + "=" * (-len(follower) % 4))
            return self._cipher.decrypt(sealed, None).decode()
        except (InvalidTag, ValueError):
            raise IdentityError("was not sealed here: the server's key has changed") from None
