"""A counter: what its staff press becomes commands to the hall."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from actors.audience import told
from actors.base import Actor, Place, Ref, receives
from actors.radio.sentences import CHINESE, Phrase, sentence
from protocol.answers import Accepted, Answer, Reason, Rejected
from protocol.commands import (
    CallNext,
    CloseCounter,
    Command,
    FinishService,
    HoldTicket,
    MarkNoShow,
    OpenCounter,
    RecallTicket,
    StartService,
    TogglePause,
    TransferTicket,
)
from protocol.events import TicketCalled, TicketRecalled
from protocol.hall import HallSpec, name_in
from protocol.ids import CommandId, CounterId, StaffId
from protocol.messages import KeyPressed, PressAnswered, PressOutcome, Submit
from protocol.radio.payloads import Key
from protocol.values import maker

PRESSES_MAX = 64
"""Presses whose answers may be awaited; one more forgets the oldest, which then stays unanswered."""

make_submit, make_press_answered = maker(Submit), maker(PressAnswered)

_CALLED = PressOutcome.CALLED

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

    LOGIN opens the counter for the member of staff whose number in the roster of ``spec`` is the code; 0 closes
    it. A number that begins with zeros is typed without them. Keypads are told in the hall's first language.
    """

    def __init__(
        self, place: Place, counter: CounterId, hall: Ref[Actor], spec: HallSpec | None = None
    ) -> None:
        super().__init__(place)
        self._spec = spec
        self._language = spec.languages[0] if spec is not None else CHINESE
        self._staff = _by_code(spec.staff if spec is not None else {})
        self._counter = counter
        self._hall = hall
        self._awaited: dict[CommandId, KeyPressed] = {}
        self._asked_again: set[CommandId] = set()
        """Those awaited of which the hall did not know what became, once."""

    @receives(KeyPressed)
    def _press(self, message: KeyPressed) -> None:
        id = CommandId(f"key/{message.press}")
        command = self._command(id, message)
        if command is None:
            self._refuse(message, Phrase.NO_USE)
            return
        if message.reply_to is not None:
            if len(self._awaited) >= PRESSES_MAX:
                self._forget(next(iter(self._awaited)))
            self._awaited[id] = message
        self._submit(command, message)

    def _command(self, id: CommandId, message: KeyPressed) -> Command | None:
        """Return what the press asks of the hall; nothing if it lacks what it needs."""
        counter = self._counter
        make = _COMMANDS.get(message.key)
        if make is not None:
            return make(id=id, counter=counter)
        match message.key, message.to_service, message.code:
            case Key.TRANSFER, None, _:
                return None
            case Key.TRANSFER, to_service, _:
                return TransferTicket(id=id, counter=counter, to_service=to_service)
            case Key.LOGIN, _, None:
                return None
            case Key.LOGIN, _, 0:
                return CloseCounter(id=id, counter=counter)
            case Key.LOGIN, _, int(code):
                staff = self._staff.get(code, StaffId(str(code)))
                return OpenCounter(id=id, counter=counter, staff=staff)
            case _:
                return None

    def _submit(self, command: Command, message: KeyPressed) -> None:
        reply_to = None if message.reply_to is None else self._actor_ref
        if not told(self._hall, make_submit(command=command, reply_to=reply_to)):
            self._forget(command.id)
            self._refuse(message, Phrase.UNAVAILABLE)

    def _forget(self, id: CommandId) -> None:
        self._awaited.pop(id, None)
        self._asked_again.discard(id)

    def _refuse(self, message: KeyPressed, why: Phrase) -> None:
        if message.reply_to is not None:
            text = sentence(why, self._language)
            refused = PressAnswered(press=message.press, outcome=PressOutcome.REFUSED, text=text)
            told(message.reply_to, refused)

    @receives(Accepted, Rejected)
    def _answered(self, answer: Answer) -> None:
        id = answer.command
        message = self._awaited.get(id)
        if message is None or message.reply_to is None:
            return
        if type(answer) is Rejected and self._knows_nothing(answer):
            self._asked_again.add(id)
            command = self._command(id, message)
            assert command is not None, "it was submitted once"
            self._submit(command, message)
            return
        self._forget(id)
        outcome, text = self._outcome(message, answer)
        told(message.reply_to, make_press_answered(press=message.press, outcome=outcome, text=text))

    def _knows_nothing(self, answer: Rejected) -> bool:
        """Whether the hall is to be asked again."""
        return answer.reason is Reason.NOT_DURABLE and answer.command not in self._asked_again

    def _outcome(self, message: KeyPressed, answer: Answer) -> tuple[PressOutcome, str]:
        """Return what a press did, and what to show of it on the keypad: a number, a name or a sentence."""
        if isinstance(answer, Rejected):
            return PressOutcome.REFUSED, sentence(answer.reason, self._language)
        for event in answer.events:
            if type(event) is TicketCalled or type(event) is TicketRecalled:
                return _CALLED, event.number
        if message.key is Key.NEXT:
            return PressOutcome.NOTHING_WAITING, sentence(Phrase.NOBODY_WAITING, self._language)
        return PressOutcome.DONE, self._done(message)

    def _done(self, message: KeyPressed) -> str:
        """Return where a ticket went, or who logged in."""
        spec = self._spec
        if spec is None:
            return ""
        if message.to_service is not None:
            return name_in(spec.services[message.to_service].names, self._language)
        if message.code:
            staff = self._staff.get(message.code)
            return str(message.code) if staff is None else spec.staff[staff]
        return ""


def _by_code(roster: Mapping[StaffId, str]) -> Mapping[int, StaffId]:
    """Return the staff by the numbers that a keypad can type; of two with one number the first."""
    staff: dict[int, StaffId] = {}
    for id in roster:
        if id.isascii() and id.isdigit():
            staff.setdefault(int(id), id)
    return MappingProxyType(staff)
