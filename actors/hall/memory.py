"""The first answers to commands, for those who ask again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable

from protocol.answers import Accepted, Answer
from protocol.events import Event
from protocol.ids import CommandId
from protocol.messages import Recorded

ANSWERS_MAX = 20_000
"""Commands whose answers are remembered; a repeat that comes later than so many others is a new command."""


class AnswerMemory:
    """A bounded memory of answers by command id; the oldest goes first."""

    def __init__(self) -> None:
        self._answers: OrderedDict[CommandId, Answer] = OrderedDict()
        self.first_answer: Callable[[CommandId], Answer | None] = self._answers.get
        """Returns the answer that a command had, if it is remembered."""

    def remember(self, answer: Answer) -> None:
        """Keep the answer of a command that was not known before."""
        answers = self._answers
        answers[answer.command] = answer
        if len(answers) > ANSWERS_MAX:
            answers.popitem(last=False)

    def forget(self, command: CommandId) -> None:
        """The command did not happen after all."""
        self._answers.pop(command, None)

    def rebuild(self, records: Iterable[Recorded]) -> None:
        """Learn the answers from the journal's last events; a command's events are neighbours."""
        command: CommandId | None = None
        events: tuple[Event, ...] = ()
        for record in records:
            if record.event.command != command:
                if command is not None:
                    self.remember(Accepted(command=command, events=events))
                command, events = record.event.command, ()
            events = (*events, record.event)
        if command is not None:
            self.remember(Accepted(command=command, events=events))
