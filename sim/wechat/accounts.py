"""An official account: what its owner has set in WeChat's administration pages, and what it may do."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Protocol

import attrs

from protocol.values import value
from sim.wechat.fields import Template
from sim.wechat.quotas import Limits

__all__ = ["Account", "Mode", "Sealing", "Seals"]

TEMPLATES_MAX = 25
"""Templates that an account can have."""


class Mode(StrEnum):
    """How callbacks are protected."""

    PLAIN = "plain"
    """Signed, but not encrypted: the body is not authenticated."""
    COMPATIBLE = "compatible"
    """Plain and encrypted in one body."""
    SAFE = "safe"
    """Encrypted; so are the answers."""


class Sealing(Protocol):
    """Seals callbacks and opens answers: `protocol.wechat.seal.Seal`."""

    def seal(self, plain: bytes, timestamp: str, nonce: str) -> bytes:
        """Return the envelope of ``plain``: XML with Encrypt and MsgSignature."""
        ...

    def open(self, octets: bytes, signature: str, timestamp: str, nonce: str) -> bytes:
        """Return what the envelope holds, or raise."""
        ...


def _few(
    _instance: object, attribute: attrs.Attribute[Any], templates: tuple[Template, ...]
) -> None:
    if len(templates) > TEMPLATES_MAX:
        raise ValueError(f"{attribute.name}: {len(templates)} templates; at most {TEMPLATES_MAX}")


def _not_empty(_instance: object, attribute: attrs.Attribute[Any], text: str) -> None:
    if not text:
        raise ValueError(f"{attribute.name} is empty: anybody could use it")


@value
class Account:
    """A verified service account. Its defaults are what a new one has."""

    app_id: str = attrs.field(validator=_not_empty)
    secret: str = attrs.field(validator=_not_empty)
    origin: str
    """The original id (``gh_...``), which callbacks are addressed to."""
    callback_url: str | None = None
    """Where callbacks go; None: the account's server is not connected."""
    token: str = attrs.field(validator=_not_empty)
    """Signs callbacks."""
    aes_key: str = ""
    """Encrypts them: 43 characters. Not needed in the plain mode."""
    mode: Mode = Mode.SAFE
    page_hosts: tuple[str, ...] = ()
    """Hosts (with their ports) that OAuth may lead back to."""
    templates: tuple[Template, ...] = attrs.field(default=(), validator=_few)
    """For template messages."""
    notifications: tuple[Template, ...] = attrs.field(default=(), validator=_few)
    """For subscription notifications."""
    unauthorised: frozenset[str] = frozenset()
    """Paths that it may not use: ``/cgi-bin/message/template/send``."""
    limits: Limits = attrs.field(factory=Limits)


Seals = Callable[[Account], Sealing]
"""Makes what seals an account's callbacks."""
