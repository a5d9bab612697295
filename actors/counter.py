"""A counter: what its staff press becomes commands to the hall."""

from __future__ import annotations

from collections.abc import Callable

from actors.audience import told
from actors.base import Actor, Place, Ref, receives
from protocol.answers import Accepted, Rejected
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
from protocol.messages import Answered, KeyPressed, PressAnswered, PressOutcome, Recipient, Submit
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


class CounterActor(Actor):
    """Turns key presses into commands; the press names the command, so a repeat changes nothing."""

    def __init__(self, place: Place, counter: CounterId, hall: Ref[Actor]) -> None:
        super().__init__(place)
        self._counter = counter
        self._hall = hall
        self._awaited: dict[CommandId, tuple[KeyPressed, Recipient]] = {}

    @receives(KeyPressed)
    def _press(self, message: KeyPressed) -> None:
        make = _COMMANDS.get(message.key)
        if make is None:
            if message.reply_to is not None:
                refused = PressAnswered(
                    press=message.press,
                    outcome=PressOutcome.REFUSED,
                    text=f"{message.key.name} has no use here",
                )
                told(message.reply_to, refused)
            return
        command = CommandId(f"key/{message.press}")
        if message.reply_to is None:
            self._hall.tell(Submit(command=make(command, self._counter)))
            return
        if len(self._awaited) >= PRESSES_MAX:
            del self._awaited[next(iter(self._awaited))]
        self._awaited[command] = message, message.reply_to
        self._hall.tell(Submit(command=make(command, self._counter), reply_to=self._actor_ref))

    @receives(Answered)
    def _answered(self, message: Answered) -> None:
        awaited = self._awaited.pop(message.answer.command, None)
        if awaited is None:
            return
        pressed, recipient = awaited
        outcome, text = _outcome(pressed.key, message.answer)
        told(recipient, PressAnswered(press=pressed.press, outcome=outcome, text=text))


def _outcome(key: Key, answer: Accepted | Rejected) -> tuple[PressOutcome, str]:
    """Return what a press did, and the number or reason to show on the keypad."""
    if isinstance(answer, Rejected):
        return PressOutcome.REFUSED, answer.reason.value
    for event in answer.events:
        if isinstance(event, TicketCalled | TicketRecalled):
            return PressOutcome.CALLED, event.number
    return PressOutcome.NOTHING_WAITING if key is Key.NEXT else PressOutcome.DONE, ""
