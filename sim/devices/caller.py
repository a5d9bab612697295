"""A ticket caller: sounds its buzzer and speaks a number, once for each version."""

from __future__ import annotations

from collections import deque

from protocol.radio.actions import Action
from protocol.radio.payloads import Announce, DeviceKind, Downlink
from sim.devices.radio import RadioDevice

ANNOUNCEMENTS_KEPT = 100


class Caller(RadioDevice):
    """A loudspeaker with a buzzer; ``announced`` is what was heard of it, oldest first."""

    kind = DeviceKind.CALLER

    def _start(self) -> None:
        super()._start()
        self.announced: deque[Announce] = deque(maxlen=ANNOUNCEMENTS_KEPT)

    def _take(self, payload: Downlink, now: float) -> list[Action]:
        if not isinstance(payload, Announce):
            return []
        if payload.version != self.version:
            self.announced.append(payload)
        return self._confirm(payload.version, now)
