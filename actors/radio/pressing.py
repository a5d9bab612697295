"""Terminals on which something is pressed: each press is done once, and its device is told what it did."""

from __future__ import annotations

from actors.base import Actor, Place, Ref
from actors.radio.terminal import TerminalActor
from protocol.errors import ProtocolError
from protocol.hall import Terminal
from protocol.ids import GatewayId
from protocol.radio.payloads import Hello, Press, PressResult, Result, fit_text
from protocol.radio.presses import PressAge, PressOrder

AWAITED_MAX = 8
"""Presses whose answers may be awaited. One more forgets the oldest; its device asks again."""


class PressingTerminal(TerminalActor):
    """Passes presses on, and what became of them back to the device.

    A device repeats a press until it has the result. A repeat of the last press gets the result that is known,
    or is passed on once more, where the press's name keeps it from being done twice. An older press is refused
    as a replay.
    """

    def __init__(
        self,
        place: Place,
        terminal: Terminal,
        home: GatewayId,
        gateway: Ref[Actor],
        alarms: Ref[Actor],
    ) -> None:
        super().__init__(place, terminal, home, gateway, alarms)
        self._order = PressOrder()
        self._awaited: dict[str, Press] = {}
        self._last_result: PressResult | None = None

    def _check_press(self, press: Press) -> None:
        """Raise ProtocolError unless such a device has ``press``."""
        raise NotImplementedError

    def _pass_on(self, press: Press, name: str) -> None:
        """Have it done; `_answer` is called with what it did. ``name`` is the press's for ever."""
        raise NotImplementedError

    def _device_changed(self) -> None:
        """Take whatever comes for new: each device counts its boots and presses by itself."""
        super()._device_changed()
        self._order = PressOrder()
        self._last_result = None

    def _take_hello(self, hello: Hello) -> None:
        super()._take_hello(hello)
        self._order.booted(hello.boot)

    def _take_press(self, press: Press) -> None:
        self._check_press(press)
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
        # A device that replaces another counts from the same numbers: its presses have names of their own.
        whose = (
            f"{self._terminal.address}/{self._pairing}" if self._pairing else self._terminal.address
        )
        name = f"{self._home}/{whose}/{press.boot}/{press.sequence}"
        if name not in self._awaited and len(self._awaited) >= AWAITED_MAX:
            del self._awaited[next(iter(self._awaited))]
        self._awaited[name] = press
        self._pass_on(press, name)

    def _answer(self, name: str, result: Result, text: str) -> None:
        """Tell the device what the press ``name`` did."""
        press = self._awaited.pop(name, None)
        if press is None:
            return
        answer = PressResult(
            boot=press.boot, sequence=press.sequence, result=result, text=fit_text(text)
        )
        if (press.boot, press.sequence) == (self._order.boot, self._order.sequence):
            self._last_result = answer
        self._send(answer)
