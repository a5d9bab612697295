"""What a callback is answered with: a text for the phone, or nothing.

WeChat waits 5 s for the answer, and takes the word ``success`` where there is nothing to say. That word is
never sealed; anything else than these two makes the phone say that the account does not work.
"""

import re

from wechatpy.replies import TextReply

from protocol.wechat.callback import Callback

__all__ = ["SUCCESS", "TEXT_OCTETS_MAX", "clean", "text_reply"]

SUCCESS = b"success"

TEXT_OCTETS_MAX = 2048
"""Octets of UTF-8 that WeChat takes in a text; a longer one ends in ``…``."""

_ELLIPSIS = "…"
# XML 1.0, production 2, has no place for most of these; phones show none of them.
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_LINE_END = re.compile(r"\r\n?")


def text_reply(callback: Callback, text: str, now_s: float) -> bytes:
    """Return the message that shows ``text`` to who caused ``callback``, or `SUCCESS` if it shows nothing.

    The text is cleaned and cut first; see `clean`. ``now_s`` is Unix time.
    """
    shown = clean(text)
    if not shown:
        return SUCCESS
    reply = TextReply(
        source=callback.account, target=callback.openid, content=shown, time=int(now_s)
    )
    rendered: str = reply.render()
    return rendered.encode()


def clean(text: str) -> str:
    """Return ``text`` without control characters and what would end it early, stripped, within the bound.

    wechatpy puts texts into CDATA sections as they are: ``]]>`` would end one, so a space parts it.
    """
    shown = _NOT_TEXT.sub("", _LINE_END.sub("\n", text)).replace("]]>", "]] >").strip()
    octets = shown.encode()
    if len(octets) <= TEXT_OCTETS_MAX:
        return shown
    room = TEXT_OCTETS_MAX - len(_ELLIPSIS.encode())
    return octets[:room].decode(errors="ignore").rstrip() + _ELLIPSIS
