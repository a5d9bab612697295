"""A keypad: keys, a number to log in with, and a display of what each press did."""

from __future__ import annotations

from protocol.radio.payloads import DeviceKind, Key, KeyPress, Login
from sim.devices.pressing import (
    PRESS_TOKEN,
    PRESSES_MAX,
    RESULT_S,
    RESULTS_KEPT,
    SENDS_MAX,
    PressingDevice,
)

__all__ = ["PRESSES_MAX", "PRESS_TOKEN", "RESULTS_KEPT", "RESULT_S", "SENDS_MAX", "Keypad"]


class Keypad(PressingDevice):
    """A keypad with a small display."""

    kind = DeviceKind.KEYPAD

    def press(self, key: Key, argument: int = 0) -> bool:
        """Press a key; it is felt at the next tick. Return whether the keypad took it."""
        return self._pressed(
            lambda sequence: KeyPress(boot=self.boot, sequence=sequence, key=key, argument=argument)
        )

    def login(self, code: int) -> bool:
        """Type a number of staff, or 0 to log out; return whether the keypad took it."""
        return self._pressed(lambda sequence: Login(boot=self.boot, sequence=sequence, code=code))
