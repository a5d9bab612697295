"""Which ``client_msg_id`` were used: a repeated template message is refused.

The documentation promises that of two messages to one openid with one id only the first is sent, and no more
than ten minutes of memory. It does not say what the second is answered: 45065, which mass messages have for
the same, is unsure. So is the length of an id.
"""

from __future__ import annotations

from typing import Any, Final

from sim.wechat.codes import Code, Refused

__all__ = ["KEPT_S", "SentIds"]

KEPT_S: Final = 600.0
LENGTH_MAX: Final = 64


class SentIds:
    """The ids of one account's messages. A day's quota bounds them."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str], float] = {}

    def admit(self, openid: str, id: Any, now_s: float) -> None:
        """Note that a message with ``id`` goes to ``openid``; one without an id passes.

        Raises:
            Refused: 45065 it went there before, 45067 it is too long or no text.
        """
        if id is None or id == "":
            return
        if not isinstance(id, str) or len(id) > LENGTH_MAX:
            raise Refused(Code.MESSAGE_ID_LONG)
        # The oldest are in front: each is kept for the same time.
        while self._until and (first := next(iter(self._until))) and self._until[first] <= now_s:
            del self._until[first]
        if (openid, id) in self._until:
            raise Refused(Code.REPEATED)
        self._until[openid, id] = now_s + KEPT_S
