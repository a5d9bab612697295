"""A device on which something is pressed: that goes to the gateway until its result is back."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import inf

from protocol.radio.actions import Action
from protocol.radio.payloads import (
    SEQUENCE_MAX,
    Downlink,
    Press,
    PressResult,
    Result,
    ShowEntry,
    ShowMany,
)
from sim.devices.radio import RadioDevice

PRESS_TOKEN = 1

PRESSES_MAX = 4
"""Presses that wait, the one under way among them; the key does nothing for one more."""

RESULT_S = 3.0
"""How long the device waits for a result before it sends its press again, the first time."""

RESULT_GROWTH = 2.0
RESULT_JITTER = (0.75, 1.25)
"""The gateway has the press, and the channel is overrun, or its result would be here: each later wait is so
much longer than the one before, and drawn from this range of it; not where nobody acknowledged the press."""

SENDS_MAX = 4
"""How often a press is sent before the device says that nobody answers."""

RESULTS_KEPT = 100


class PressingDevice(RadioDevice):
    """A device with keys and a small display.

    ``display`` is what it shows, ``results`` are the last ones that came, oldest first; ``unanswered``
    counts presses that had none.
    """

    bounces: Callable[[], bool] | None = None
    """If set, says at each press whether the key bounces, so that it is felt twice."""

    def _start(self) -> None:
        super()._start()
        self.display = ""
        self.results: deque[PressResult] = deque(maxlen=RESULTS_KEPT)
        self.unanswered = 0
        self._sequence = 0
        self._presses: deque[Press] = deque()
        self._sends = 0
        self._send_due_s: float | None = None

    @property
    def waiting(self) -> int:
        """Presses whose results it waits for, the one under way among them."""
        return len(self._presses)

    def _pressed(self, make: Callable[[int], Press]) -> bool:
        """Take the press that ``make`` makes of a sequence; it is felt at the next tick."""
        taken = self._feel(make)
        if taken and self.bounces is not None and self.bounces():
            self._feel(make)
        return taken

    def _feel(self, make: Callable[[int], Press]) -> bool:
        if self.off or len(self._presses) >= PRESSES_MAX:
            return False
        self._sequence = (self._sequence + 1) % (SEQUENCE_MAX + 1)
        self._presses.append(make(self._sequence))
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
            self._is_noticed(None)
            return self._work(now)
        self._sends += 1
        # Nothing is due while the radio has it.
        self._send_due_s = None
        return self._send(self._presses[0], PRESS_TOKEN, now)

    def _work_due(self) -> float | None:
        return self._send_due_s

    def _ended(self, token: int, acknowledged: bool, now: float) -> None:
        if token == PRESS_TOKEN and self._presses and self._send_due_s is None:
            grown = RESULT_GROWTH ** (self._sends - 1) if acknowledged else 1.0
            jitter = self._random.uniform(*RESULT_JITTER) if grown > 1 else 1.0
            self._send_due_s = now + RESULT_S * grown * jitter

    def _take(self, payload: Downlink, now: float) -> list[Action]:
        if not self._presses:
            return []
        press = self._presses[0]
        if isinstance(payload, ShowMany):
            told = [entry for entry in payload.entries if entry.address == self.address]
            return [action for entry in told for action in self._take(self._result(entry), now)]
        if not isinstance(payload, PressResult):
            return []
        if (payload.boot, payload.sequence) != (press.boot, press.sequence):
            return []
        self.results.append(payload)
        self.display = payload.text or payload.result.name.lower()
        # Its acknowledgement was lost, or comes late: more attempts would only fill the channel.
        self._link.conclude(PRESS_TOKEN)
        self._presses.popleft()
        self._done(press, payload)
        self._begin()
        self._is_noticed(payload)
        return self._work(now)

    def _result(self, entry: ShowEntry) -> PressResult:
        """Return what a broadcast says of our press; there is no word of another boot."""
        return PressResult(
            boot=self.boot,
            sequence=entry.version,
            result=Result(entry.state),
            text=entry.text,
        )

    def _done(self, press: Press, result: PressResult) -> None:
        """Take what ``press`` did."""
