"""What an account's server answers to a callback, and what WeChat makes of it.

Good are nothing at all, the word ``success``, and a message in XML, which in safe mode is sealed. Anything else
counts as an answer (there is no further attempt), but the person is told that the account does not work.
"""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree

from protocol.errors import ProtocolError
from sim.wechat.accounts import Account, Mode, Seals

__all__ = ["BadAnswer", "answered_text"]

ANSWER_MAX: Final = 64 * 1_024
"""Octets of an answer."""
TEXT_MAX: Final = 2_048
"""Octets of UTF-8 in the text of a reply."""

_KINDS: Final = frozenset({"text", "image", "voice", "video", "music", "news"})
_OTHERS_KIND: Final = "transfer_customer_service"


class BadAnswer(ProtocolError):
    """A server's answer to a callback is not what WeChat takes."""


def answered_text(account: Account, seals: Seals, body: bytes, openid: str) -> str | None:
    """Return the text that is to be shown to ``openid``; None if there is none.

    Messages of other kinds are shown as their kind in brackets.

    Raises:
        BadAnswer: it is none of what is good.
    """
    if not body or body == b"success":
        return None
    if len(body) > ANSWER_MAX:
        raise BadAnswer(f"{len(body)} octets")
    fields = _read(body)
    # In compatible mode either is taken (unsure).
    sealed = account.mode is Mode.COMPATIBLE and "Encrypt" in fields
    if account.mode is Mode.SAFE or sealed:
        fields = _read(_opened(account, seals, body, fields))
    if fields.get("ToUserName") != openid or fields.get("FromUserName") != account.origin:
        raise BadAnswer("it is addressed to somebody else")
    if not fields.get("CreateTime", "").isdigit():
        raise BadAnswer("it has no time")
    return _text(fields)


def _text(fields: dict[str, str]) -> str | None:
    kind = fields.get("MsgType", "")
    if kind == _OTHERS_KIND:
        return None
    if kind != "text":
        if kind not in _KINDS:
            raise BadAnswer(f"no such kind of message: {kind!r}")
        return f"[{kind}]"
    text = fields.get("Content", "")
    if not text or len(text.encode()) > TEXT_MAX:
        raise BadAnswer("its text is empty or too long")
    return text


def _opened(account: Account, seals: Seals, body: bytes, fields: dict[str, str]) -> bytes:
    try:
        marks = [fields[name] for name in ("MsgSignature", "TimeStamp", "Nonce")]
        return seals(account).open(body, *marks)
    except (KeyError, ProtocolError) as error:
        raise BadAnswer("it is not sealed as safe mode demands") from error


def _read(xml: bytes) -> dict[str, str]:
    """Return the texts of the elements below the root, which must be ``xml``; each is there once."""
    try:
        root = ElementTree.fromstring(xml)
    except (ElementTree.ParseError, ValueError) as error:
        raise BadAnswer("it is no XML") from error
    fields = {each.tag: each.text or "" for each in root}
    if root.tag != "xml" or len(fields) != len(root):
        raise BadAnswer("its elements are not those of a message")
    return fields
