"""What callbacks say, as WeChat writes it: XML, texts in CDATA sections.

    <xml><ToUserName>account</ToUserName><FromUserName>openid</FromUserName><CreateTime>seconds</CreateTime>
    <MsgType>event|text</MsgType> ... </xml>

Events have no number of their own: sender and time name them, and both may be the same for two of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from protocol.values import value

__all__ = ["Said", "element", "event", "said_text", "template_ended"]

_NOT_IN_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@value
class Said:
    """The content of a callback: its elements, without the addresses."""

    what: str
    """``text`` or the event's name, for people."""
    elements: Mapping[str, Any] = attrs.field(factory=dict, hash=False)
    asks: bool = False
    """Somebody waits for an answer, and is told if none comes (unsure for events)."""

    def xml(self, origin: str, openid: str, at_s: float) -> bytes:
        """Return what is sent from ``openid`` to the account ``origin``."""
        head = {"ToUserName": origin, "FromUserName": openid, "CreateTime": int(at_s)}
        return element("xml", {**head, **self.elements}).encode()


def said_text(text: str, message_id: int) -> Said:
    """Return that somebody wrote ``text``."""
    elements = {"MsgType": "text", "Content": text, "MsgId": message_id}
    return Said(what="text", elements=elements, asks=True)


def event(name: str, *, asks: bool = False, **elements: object) -> Said:
    """Return the event ``name`` with further ``elements``."""
    return Said(what=name, elements={"MsgType": "event", "Event": name, **elements}, asks=asks)


def template_ended(message_id: int, status: str) -> Said:
    """Return what became of a template message: ``success`` or ``failed:...``."""
    return event("TEMPLATESENDJOBFINISH", MsgID=message_id, Status=status)


def element(name: str, content: Any) -> str:
    """Return ``content`` as an element: numbers bare, texts as CDATA, mappings and sequences nested."""
    match content:
        case bool() | None:
            raise TypeError(f"{name}: {content} has no form in a callback")
        case int():
            inside = str(content)
        case str():
            inside = _cdata(content)
        case Mapping():
            inside = "".join(element(each, below) for each, below in content.items())
        case Sequence():
            return "".join(element(name, each) for each in content)
        case _:
            raise TypeError(f"{name}: {content!r} has no form in a callback")
    return f"<{name}>{inside}</{name}>"


def _cdata(text: str) -> str:
    clean = _NOT_IN_XML.sub("", text)
    return f"<![CDATA[{clean.replace(']]>', ']]]]><![CDATA[>')}]]>"
