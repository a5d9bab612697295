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
    MarkNoShow,
    RecallTicket,
    StartService,
)
from protocol.events import TicketCalled, TicketRecalled
from protocol.ids import CommandId, CounterId
from protocol.messages import KeyPressed, PressAnswered, PressOutcome, Recipient, Submit
from protocol.radio.payloads import Key

PRESSES_MAX = 64
"""Presses whose answers may be awaited; one more forgets the oldest, which then stays unanswered."""

_COMMANDS: dict[Key, Callable[[CommandId, CounterId], Command]] = {
    Key.NEXT: lambda id, counter: CallNext(id=id, counter=counter),
    Key.RECALL: lambda id, counter: RecallTicket(id=id, counter=counter),
    Key.START: lambda id, counter: StartService(id=id, counter=counter),
    Key.FINISH: lambda id, counter: FinishService(id=id, counter=counter),
    Key.NO_SHOW: lambda id, counter: MarkNoShow(id=id, counter=counter),
}


class _Press:
    """A press whose answer is awaited; ``asked_again`` once the hall did not know what became of it."""

    __slots__ = ("asked_again", "pressed", "reply_to")

    def __init__(self, pressed: KeyPressed, reply_to: Recipient) -> None:
        self.pressed = pressed
        self.reply_to = reply_to
        self.asked_again = False


class CounterActor(Actor):
    """Turns key presses into commands; the press names the command, so a repeat changes nothing.

    A hall that fails does not know what became of its last commands. It is asked once more, lest staff press
    again and call a second ticket.
    """

    def __init__(self, place: Place, counter: CounterId, hall: Ref[Actor]) -> None:
        super().__init__(place)
        self._counter = counter
        self._hall = hall
        self._awaited: dict[CommandId, _Press] = {}

    @receives(KeyPressed)
    def _press(self, message: KeyPressed) -> None:
        if message.key not in _COMMANDS:
            self._refuse(message, f"{message.key.name} has no use here")
            return
        if message.reply_to is not None:
            if len(self._awaited) >= PRESSES_MAX:
                del self._awaited[next(iter(self._awaited))]
            self._awaited[_command_id(message)] = _Press(message, message.reply_to)
        self._submit(message)

    def _submit(self, message: KeyPressed) -> None:
        id = _command_id(message)
        command = _COMMANDS[message.key](id, self._counter)
        reply_to = None if message.reply_to is None else self._actor_ref
        if not told(self._hall, Submit(command=command, reply_to=reply_to)):
            self._awaited.pop(id, None)
            self._refuse(message, "unavailable")

    def _refuse(self, message: KeyPressed, text: str) -> None:
        if message.reply_to is not None:
            refused = PressAnswered(press=message.press, outcome=PressOutcome.REFUSED, text=text)
            told(message.reply_to, refused)

    @receives(Accepted, Rejected)
    def _answered(self, answer: Answer) -> None:
        press = self._awaited.get(answer.command)
        if press is None:
            return
        unknown = isinstance(answer, Rejected) and answer.reason is Reason.NOT_DURABLE
        if unknown and not press.asked_again:
            press.asked_again = True
            self._submit(press.pressed)
            return
        del self._awaited[answer.command]
        outcome, text = _outcome(press.pressed.key, answer)
        told(press.reply_to, PressAnswered(press=press.pressed.press, outcome=outcome, text=text))


def _command_id(message: KeyPressed) -> CommandId:
    return CommandId(f"key/{message.press}")


def _outcome(key: Key, answer: Answer) -> tuple[PressOutcome, str]:
    """Return what a press did, and the number or reason to show on the keypad."""
    if isinstance(answer, Rejected):
        return PressOutcome.REFUSED, answer.reason.value
    for event in answer.events:
        if isinstance(event, TicketCalled | TicketRecalled):
            return PressOutcome.CALLED, event.number
    return PressOutcome.NOTHING_WAITING if key is Key.NEXT else PressOutcome.DONE, ""
