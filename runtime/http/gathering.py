"""Asking several actors as one, whose answers are given together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from actors.audience import told
from protocol.messages import Recipient

__all__ = ["All", "Gather", "Groups"]


class Gather:
    """Takes one answer of each who was asked, and then gives them all to ``reply``, as a tuple."""

    def __init__(self, count: int, reply: Recipient) -> None:
        self._awaited = count
        self._reply = reply
        self._answers: list[Any] = []

    def tell(self, message: object, /) -> None:
        """Take an answer, or None from one that is not there."""
        self._awaited -= 1
        if message is not None:
            self._answers.append(message)
        if not self._awaited:
            self._reply.tell(tuple(self._answers))


class All:
    """Several actors, asked as one; the message has a `Gather` to reply to."""

    def __init__(self, recipients: Iterable[Recipient]) -> None:
        self._recipients = tuple(recipients)

    def tell(self, message: Any, /) -> None:
        """Ask them all; for one that has stopped, answer in its place that it is not there."""
        for recipient in self._recipients:
            if not told(recipient, message):
                message.reply_to.tell(None)


class Groups:
    """Groups of actors, asked as one, each group in its own way: its message is made of a `Gather`."""

    def __init__(self, *groups: tuple[Iterable[Recipient], Callable[[Any], object]]) -> None:
        self._groups = [(tuple(recipients), ask) for recipients, ask in groups]
        self.count = sum(len(recipients) for recipients, _ in self._groups)

    def tell(self, gather: Any, /) -> None:
        """Have them all reply to ``gather``."""
        for recipients, ask in self._groups:
            All(recipients).tell(ask(gather))
