"""A keypad's terminal: each press of its device is carried out at the counter once."""

from __future__ import annotations

from actors.audience import told
from actors.base import Actor, Place, Ref, receives
from actors.radio.terminal import TerminalActor
from protocol.errors import ProtocolError
from protocol.hall import Terminal
from protocol.messages import KeyPressed, PressAnswered, PressOutcome, UplinkReceived
from protocol.radio.payloads import Hello, KeyPress, PressResult, Result, Shown, Uplink, fit_text
from protocol.radio.presses import PressAge, PressOrder

AWAITED_MAX = 8
"""Presses whose answers may be awaited. One more forgets the oldest; its device asks again."""

_RESULTS = {
    PressOutcome.CALLED: Result.CALLED,
    PressOutcome.NOTHING_WAITING: Result.NOTHING_WAITING,
    PressOutcome.DONE: Result.DONE,
    PressOutcome.REFUSED: Result.REFUSED,
}


class KeypadTerminal(TerminalActor):
    """Passes presses on to the counter, and what became of them back to the device.

    A device repeats a press until it has the result. A repeat of the last press gets the result that is
    known, or asks the counter once more, where the press's name keeps it from being done twice. An
    older press is refused as a replay.
    """

    def __init__(
        self,
        place: Place,
        terminal: Terminal,
        gateway: Ref[Actor],
        counter: Ref[Actor],
        alarms: Ref[Actor],
    ) -> None:
        super().__init__(place, terminal, gateway, alarms)
        self._counter = counter
        self._order = PressOrder()
        self._awaited: dict[str, KeyPress] = {}
        self._last_result: PressResult | None = None

    def _take_payload(self, payload: Uplink, uplink: UplinkReceived) -> None:
        match payload:
            case KeyPress():
                self._take_press(payload, uplink)
            case Hello(boot=boot):
                self._order.booted(boot)
            case Shown():
                raise ProtocolError("it confirms what a window shows, and is a keypad")

    def _take_press(self, press: KeyPress, uplink: UplinkReceived) -> None:
        age = self._order.take(press)
        if age is PressAge.OLD:
            raise ProtocolError(
                f"it sent the press {press.sequence} of its boot {press.boot} again, after the press"
                f" {self._order.sequence} of its boot {self._order.boot}: somebody replays it, or"
                " its memory was set back; switch the device off and on"
            )
        if age is PressAge.NEW:
            self._last_result = None
        elif self._last_result is not None:
            self._send(self._last_result)
            return
        name = f"{uplink.gateway}/{self._terminal.address}/{press.boot}/{press.sequence}"
        if name not in self._awaited and len(self._awaited) >= AWAITED_MAX:
            del self._awaited[next(iter(self._awaited))]
        self._awaited[name] = press
        told(self._counter, KeyPressed(key=press.key, press=name, reply_to=self._actor_ref))

    @receives(PressAnswered)
    def _take_answer(self, answer: PressAnswered) -> None:
        press = self._awaited.pop(answer.press, None)
        if press is None:
            return
        result = PressResult(
            boot=press.boot,
            sequence=press.sequence,
            result=_RESULTS[answer.outcome],
            text=fit_text(answer.text),
        )
        if (press.boot, press.sequence) == (self._order.boot, self._order.sequence):
            self._last_result = result
        self._send(result)
