"""Events that are decided and not yet durable, and what must not be said before they are."""

from __future__ import annotations

from typing import Any

from actors.audience import told
from actors.base import Actor
from actors.hall.state import HallState
from actors.ports import CommitFailed, Committed
from protocol.answers import Answer, Reason, Rejected
from protocol.ids import CommandId
from protocol.messages import Recipient, Recorded
from protocol.values import value


class Batch:
    """Events that become durable together, the state after them, and the answers that wait for that.

    ``decided`` are the commands whose answers hold only if the batch becomes durable, refusals included.
    """

    __slots__ = ("answers", "decided", "records", "state")

    def __init__(self, state: HallState) -> None:
        self.state = state
        self.records: list[Recorded] = []
        self.decided: set[CommandId] = set()
        self.answers: list[tuple[Recipient, Answer]] = []

    def release(self) -> None:
        """Give the answers: the batch is durable."""
        for recipient, answer in self.answers:
            told(recipient, answer)

    def refuse(self, detail: str) -> None:
        """Tell everybody who waits that nothing is known to have happened; they wait no more."""
        answers, self.answers = self.answers, []
        for recipient, answer in answers:
            refused = Rejected(command=answer.command, reason=Reason.NOT_DURABLE, detail=detail)
            told(recipient, refused)


@value
class CommitEnded:
    """What the journal said to the actor of ``generation``; later ones have recovered since, and ignore it."""

    generation: int
    result: Committed | CommitFailed


class Asker:
    """Takes the journal's answers for one of the actors that live at a place one after another."""

    def __init__(self, actor: Actor) -> None:
        self._ref = actor.actor_ref
        self._generation = actor.place.generation

    def tell(self, message: Any, /) -> None:
        self._ref.tell(CommitEnded(generation=self._generation, result=message))
