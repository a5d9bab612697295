"""A repeater that only says that it is there."""

from __future__ import annotations

from protocol.radio.actions import Action
from protocol.radio.payloads import DeviceKind, Downlink
from sim.devices.radio import RadioDevice


class Repeater(RadioDevice):
    """A box between a gateway and far rooms."""

    kind = DeviceKind.REPEATER

    def _take(self, payload: Downlink, now: float) -> list[Action]:
        return []
