"""Answers that actors owe to requests: in bounded number, and never awaited for ever."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from pykka import ActorDeadError

from protocol.errors import MailboxFull
from protocol.messages import Recipient

log = logging.getLogger(__name__)


class Reply:
    """Told the answer once; told anything later, it does nothing."""

    __slots__ = ("_finish", "_replies", "due_s")

    def __init__(
        self, replies: Replies, due_s: float, finish: Callable[[object | None], None]
    ) -> None:
        self._replies = replies
        self._finish = finish
        self.due_s = due_s

    def tell(self, message: object, /) -> None:
        """Take the answer. What goes wrong with it is our defect and never the actor's that answers."""
        if self._replies.forget(self):
            self.end(message)

    def end(self, message: object | None) -> None:
        """Finish with the answer, or with None where there is none."""
        try:
            self._finish(message)
        except Exception:
            log.exception("answer failed message=%s", type(message).__name__)


class Replies:
    """The answers that are awaited, oldest first."""

    def __init__(self, *, answers_max: int, answer_s: float) -> None:
        self._answers_max = answers_max
        self._answer_s = answer_s
        self._awaited: dict[Reply, None] = {}

    def __len__(self) -> int:
        return len(self._awaited)

    @property
    def full(self) -> bool:
        """Whether no more answers can be awaited."""
        return len(self._awaited) >= self._answers_max

    def ask(
        self,
        recipient: Recipient,
        message: Callable[[Reply], object],
        finish: Callable[[object | None], None],
    ) -> None:
        """Tell ``recipient`` a message that names where to reply; ``finish`` is called once with the answer.

        With None, if there is none within ``answer_s`` or the recipient takes no messages any more.
        """
        reply = Reply(self, time.monotonic() + self._answer_s, finish)
        self._awaited[reply] = None
        try:
            recipient.tell(message(reply))
        except (ActorDeadError, MailboxFull) as error:
            log.debug("nobody to ask to=%r reason=%s", recipient, error)
            if self.forget(reply):
                reply.end(None)

    def forget(self, reply: Reply) -> bool:
        """Await ``reply`` no more; return whether it was awaited."""
        if reply in self._awaited:
            del self._awaited[reply]
            return True
        return False

    def sweep(self, now_s: float) -> None:
        """End those that were due before ``now_s`` (monotonic) without an answer."""
        late = []
        for reply in self._awaited:
            if reply.due_s > now_s:
                break
            late.append(reply)
        for reply in late:
            if self.forget(reply):
                reply.end(None)
