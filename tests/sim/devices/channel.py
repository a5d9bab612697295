"""A device model, a radio link in the place of its gateway, and a clock that jumps."""

from __future__ import annotations

from random import Random

from protocol.radio.actions import Acknowledged, Action, GaveUp, Received, Transmit
from protocol.radio.payloads import Downlink, Uplink, decode_uplink, encode
from protocol.radio.reliable import ReliableLink
from sim.devices.radio import RadioDevice

GATEWAY = 1
HOP_S = 0.04


class Channel:
    """Carries octets both ways, ``HOP_S`` each; loses those of a side that is cut off."""

    def __init__(self, device: RadioDevice) -> None:
        self.device = device
        self.gateway = ReliableLink(GATEWAY, Random(99))
        self.now_s = 100.0
        self.uplink_lost = False
        self.downlink_lost = False
        self.payloads: list[Uplink] = []
        self.acknowledged: list[int] = []
        self.given_up: list[int] = []
        self._on_way: list[tuple[float, bool, bytes]] = []
        self._token = 0

    def send(self, payload: Downlink | bytes) -> None:
        """Send from the gateway."""
        octets = payload if isinstance(payload, bytes) else encode(payload)
        self._token += 1
        self._take(self.gateway.send(self.device.address, octets, self._token, self.now_s))

    def run(self, for_s: float) -> None:
        """Let everything happen that is due in the next ``for_s`` seconds."""
        until_s = self.now_s + for_s
        while True:
            dues_s = [due_s for due_s, _, _ in self._on_way]
            for side in (self.gateway, self.device):
                if (due_s := side.next_deadline()) is not None:
                    dues_s.append(due_s)
            if not dues_s or min(dues_s) > until_s:
                self.now_s = until_s
                return
            self.now_s = max(self.now_s, min(dues_s))
            arrived = [burst for burst in self._on_way if burst[0] <= self.now_s]
            self._on_way = [burst for burst in self._on_way if burst[0] > self.now_s]
            for _, up, octets in arrived:
                if up:
                    self._take(self.gateway.receive(octets, self.now_s))
                else:
                    self._carry(self.device.receive(octets, self.now_s), up=True)
            self._carry(self.device.tick(self.now_s), up=True)
            self._take(self.gateway.tick(self.now_s))

    def _carry(self, octets: bytes, *, up: bool) -> None:
        if octets and not (self.uplink_lost if up else self.downlink_lost):
            self._on_way.append((self.now_s + HOP_S, up, octets))

    def _take(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Transmit(octets=octets):
                    self._carry(octets, up=False)
                case Received(payload=payload):
                    self.payloads.append(decode_uplink(payload))
                case Acknowledged(token=token):
                    self.acknowledged.append(token)
                case GaveUp(token=token):
                    self.given_up.append(token)
