"""A keypad's terminal: each press of its device is carried out at the counter once."""

from __future__ import annotations

from actors.audience import told
from actors.base import Actor, Place, Ref, receives
from actors.radio.pressing import PressingTerminal
from actors.radio.sentences import CHINESE, Phrase, sentence
from protocol.errors import ProtocolError
from protocol.hall import Terminal
from protocol.ids import GatewayId, Language
from protocol.messages import KeyPressed, PressAnswered, PressOutcome
from protocol.radio.payloads import Key, KeyPress, Login, Press, Rating, Result

_RESULTS = {
    PressOutcome.CALLED: Result.CALLED,
    PressOutcome.NOTHING_WAITING: Result.NOTHING_WAITING,
    PressOutcome.DONE: Result.DONE,
    PressOutcome.REFUSED: Result.REFUSED,
}


class KeypadTerminal(PressingTerminal):
    """Passes presses on to the counter; a transfer goes to the preset that its argument numbers."""

    def __init__(
        self,
        place: Place,
        terminal: Terminal,
        home: GatewayId,
        gateway: Ref[Actor],
        alarms: Ref[Actor],
        counter: Ref[Actor],
        language: Language = CHINESE,
    ) -> None:
        super().__init__(place, terminal, home, gateway, alarms)
        self._counter = counter
        self._language = language

    def _check_press(self, press: Press) -> None:
        if isinstance(press, Rating):
            raise ProtocolError("it sent a rating, and is a keypad")

    def _pass_on(self, press: Press, name: str) -> None:
        reply_to = self._actor_ref
        if isinstance(press, Login):
            pressed = KeyPressed(key=Key.LOGIN, press=name, reply_to=reply_to, code=press.code)
        elif isinstance(press, KeyPress) and press.key is Key.TRANSFER:
            presets = self._terminal.presets
            if not 1 <= press.argument <= len(presets):
                self._answer(name, Result.REFUSED, sentence(Phrase.NO_PRESET, self._language))
                return
            to_service = presets[press.argument - 1]
            pressed = KeyPressed(
                key=press.key, press=name, reply_to=reply_to, to_service=to_service
            )
        else:
            assert isinstance(press, KeyPress)
            pressed = KeyPressed(key=press.key, press=name, reply_to=reply_to)
        told(self._counter, pressed)

    @receives(PressAnswered)
    def _take_answer(self, answer: PressAnswered) -> None:
        self._answer(answer.press, _RESULTS[answer.outcome], answer.text)
