"""Brings the present key of broadcasts to every paired device, until each has said that it has it.

A device that lost its post knows an earlier key, and could make devices show what it likes with it. So the key
is renewed, and until a device has the new one it takes no broadcasts of the gateway: it is told alone what
they say.

    owed --told--> told --KeyTaken--> has it
      ^             |
      +-- pause ----+     the pause doubles with each round
"""

from __future__ import annotations

from collections.abc import Callable

from actors.world import Timer
from protocol.radio.guard import Guard
from protocol.radio.payloads import BroadcastKey
from protocol.values import value

__all__ = ["ALARM_AFTER_S", "PAUSE_FIRST_S", "PAUSE_MAX_S", "Renewal", "RoundDue"]

PAUSE_FIRST_S = 5.0
PAUSE_MAX_S = 600.0
"""The first and the longest pause between two rounds to those that have not answered."""

ALARM_AFTER_S = 120.0
"""After so long somebody should look for the devices that have not answered."""


@value
class RoundDue:
    """To the security of a segment, from itself: those that have not answered are to be told again."""


class Renewal:
    """See the module. ``tell`` sends a payload to an address, ``later`` has `RoundDue` told to the actor."""

    def __init__(
        self,
        guard: Guard,
        tell: Callable[[int, BroadcastKey], None],
        later: Callable[[float, object], Timer],
    ) -> None:
        self._guard = guard
        self._tell = tell
        self._later = later
        self._timer: Timer | None = None
        self._pause_s = PAUSE_FIRST_S
        self._since_s: float | None = None

    def begin(self, now_s: float) -> None:
        """Tell those that the key is owed to, at once; nothing happens if there are none."""
        self._pause_s = PAUSE_FIRST_S
        self._since_s = None
        self.round(now_s)

    def round(self, now_s: float) -> None:
        """Tell those that have not answered."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        owed = self._guard.keys_owed()
        if not owed:
            self._since_s = None
            return
        if self._since_s is None:
            self._since_s = now_s
        for address in owed:
            self._tell(address, self._guard.key_for(address))
        self._timer = self._later(self._pause_s, RoundDue())
        self._pause_s = min(2 * self._pause_s, PAUSE_MAX_S)

    def late(self, now_s: float) -> bool:
        """Return whether somebody has owed an answer for too long."""
        return self._since_s is not None and now_s - self._since_s >= ALARM_AFTER_S
