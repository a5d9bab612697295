"""A keypad: a press goes to the gateway until its result is back, then the next one."""

from __future__ import annotations

from collections import deque
from math import inf

from protocol.radio.actions import Action
from protocol.radio.payloads import (
    SEQUENCE_MAX,
    DeviceKind,
    Downlink,
    Key,
    KeyPress,
    PressResult,
)
from sim.devices.radio import RadioDevice

PRESS_TOKEN = 1

PRESSES_MAX = 4
"""Presses that wait, the one under way among them; the key does nothing for one more."""

RESULT_S = 3.0
"""How long the keypad waits for a result before it sends its press again."""

SENDS_MAX = 4
"""How often a press is sent before the keypad says that nobody answers."""

RESULTS_KEPT = 100


class Keypad(RadioDevice):
    """A keypad with a small display.

    ``display`` is what it shows, ``results`` are the last ones that came, oldest first; ``unanswered``
    counts presses that had none.
    """

    kind = DeviceKind.KEYPAD

    def _start(self) -> None:
        super()._start()
        self.display = ""
        self.results: deque[PressResult] = deque(maxlen=RESULTS_KEPT)
        self.unanswered = 0
        self._sequence = 0
        self._presses: deque[KeyPress] = deque()
        self._sends = 0
        self._send_due_s: float | None = None

    def press(self, key: Key, argument: int = 0) -> bool:
        """Press a key; it is felt at the next tick. Return whether the keypad took it."""
        if self.off or len(self._presses) >= PRESSES_MAX:
            return False
        self._sequence = (self._sequence + 1) % (SEQUENCE_MAX + 1)
        press = KeyPress(boot=self.boot, sequence=self._sequence, key=key, argument=argument)
        self._presses.append(press)
        if len(self._presses) == 1:
            self._begin()
        return True

    def _begin(self) -> None:
        """Have the oldest press sent at the next tick."""
        self._sends = 0
        self._send_due_s = -inf if self._presses else None

    def _work(self, now: float) -> list[Action]:
        if self._send_due_s is None or now < self._send_due_s:
            return []
        if self._sends == SENDS_MAX:
            self.unanswered += 1
            self.display = "----"
            self._presses.popleft()
            self._begin()
            return self._work(now)
        self._sends += 1
        # Nothing is due while the radio has it.
        self._send_due_s = None
        return self._send(self._presses[0], PRESS_TOKEN, now)

    def _work_due(self) -> float | None:
        return self._send_due_s

    def _ended(self, token: int, acknowledged: bool, now: float) -> None:
        if token == PRESS_TOKEN and self._presses and self._send_due_s is None:
            self._send_due_s = now + RESULT_S

    def _take(self, payload: Downlink, now: float) -> list[Action]:
        if not isinstance(payload, PressResult) or not self._presses:
            return []
        press = self._presses[0]
        if (payload.boot, payload.sequence) != (press.boot, press.sequence):
            return []
        self.results.append(payload)
        self.display = payload.text or payload.result.name.lower()
        self._presses.popleft()
        self._begin()
        return self._work(now)
