"""A counter: what its staff press becomes commands to the hall."""

from __future__ import annotations

from collections.abc import Callable

from actors.audience import told
from actors.base import Actor, Place, Ref, receives
from protocol.answers import Accepted, Answer, Reason, Rejected
from protocol.commands import (
    CallNext,
    Command,
    FinishService,
    HoldTicket,
    MarkNoShow,
    RecallTicket,
    StartService,
    TogglePause,
)
from protocol.events import TicketCalled, TicketRecalled
from protocol.ids import CommandId, CounterId
from protocol.messages import KeyPressed, PressAnswered, PressOutcome, Submit
from protocol.radio.payloads import Key
from protocol.values import maker

PRESSES_MAX = 64
"""Presses whose answers may be awaited; one more forgets the oldest, which then stays unanswered."""

make_submit, make_press_answered = maker(Submit), maker(PressAnswered)

_COMMANDS: dict[Key, Callable[..., Command]] = {
    Key.NEXT: maker(CallNext),
    Key.RECALL: maker(RecallTicket),
    Key.START: maker(StartService),
    Key.FINISH: maker(FinishService),
    Key.NO_SHOW: maker(MarkNoShow),
    Key.HOLD: maker(HoldTicket),
    Key.PAUSE: maker(TogglePause),
}


class CounterActor(Actor):
    """Turns key presses into commands; the press names the command, so a repeat changes nothing.

    A hall that fails does not know what became of its last commands. It is asked once more, lest staff press
    again and call a second ticket.
    """

    def __init__(self, place: Place, counter: CounterId, hall: Ref[Actor]) -> None:
        super().__init__(place)
        self._counter = counter
        self._hall = hall
        self._awaited: dict[CommandId, KeyPressed] = {}
        self._asked_again: set[CommandId] = set()
        """Those awaited of which the hall did not know what became, once."""

    @receives(KeyPressed)
    def _press(self, message: KeyPressed) -> None:
        make_command = _COMMANDS.get(message.key)
        if make_command is None:
            self._refuse(message, f"{message.key.name} has no use here")
            return
        id = CommandId(f"key/{message.press}")
        if message.reply_to is not None:
            if len(self._awaited) >= PRESSES_MAX:
                self._forget(next(iter(self._awaited)))
            self._awaited[id] = message
        self._submit(make_command(id=id, counter=self._counter), message)

    def _submit(self, command: Command, message: KeyPressed) -> None:
        reply_to = None if message.reply_to is None else self._actor_ref
        if not told(self._hall, make_submit(command=command, reply_to=reply_to)):
            self._forget(command.id)
            self._refuse(message, "unavailable")

    def _forget(self, id: CommandId) -> None:
        self._awaited.pop(id, None)
        self._asked_again.discard(id)

    def _refuse(self, message: KeyPressed, text: str) -> None:
        if message.reply_to is not None:
            refused = PressAnswered(press=message.press, outcome=PressOutcome.REFUSED, text=text)
            told(message.reply_to, refused)

    @receives(Accepted, Rejected)
    def _answered(self, answer: Answer) -> None:
        id = answer.command
        message = self._awaited.get(id)
        if message is None or message.reply_to is None:
            return
        if isinstance(answer, Rejected) and self._knows_nothing(answer):
            self._asked_again.add(id)
            self._submit(_COMMANDS[message.key](id=id, counter=self._counter), message)
            return
        self._forget(id)
        outcome, text = _outcome(message.key, answer)
        told(message.reply_to, make_press_answered(press=message.press, outcome=outcome, text=text))

    def _knows_nothing(self, answer: Rejected) -> bool:
        """Whether the hall is to be asked again."""
        return answer.reason is Reason.NOT_DURABLE and answer.command not in self._asked_again


def _outcome(key: Key, answer: Answer) -> tuple[PressOutcome, str]:
    """Return what a press did, and the number or reason to show on the keypad."""
    if isinstance(answer, Rejected):
        return PressOutcome.REFUSED, answer.reason.value
    for event in answer.events:
        if type(event) is TicketCalled or type(event) is TicketRecalled:
            return PressOutcome.CALLED, event.number
    return PressOutcome.NOTHING_WAITING if key is Key.NEXT else PressOutcome.DONE, ""
