"""Terminals: what a hall knows of its radio devices, and what keypads and windows have in common.

The radio acknowledges frames; what they meant is confirmed by payloads (`protocol/radio/payloads.py`).
"""

from __future__ import annotations

import logging
from datetime import datetime

from actors.audience import told
from actors.base import Actor, Place, Ref, receives
from actors.radio.gateway import ChannelUp
from protocol.errors import ProtocolError
from protocol.hall import Terminal
from protocol.messages import ClearAlarm, RaiseAlarm, Recipient, SendDownlink, UplinkReceived
from protocol.radio.payloads import Downlink, Hello, PairRequest, Uplink, decode_uplink, encode
from protocol.values import value

log = logging.getLogger(__name__)


@value
class ReadTerminal:
    """Ask a terminal for `TerminalRead`."""


@value
class TerminalRead:
    """What is known of a device since its actor was started."""

    terminal: Terminal
    boot: int | None
    battery_mv: int | None
    heard_at: datetime | None
    """When it last sent something, by the wall clock (aware, UTC)."""
    refused: int
    """Payloads that it should not have sent: malformed, another device's, or replays."""


class TerminalActor(Actor):
    """A radio device as its hall sees it.

    What the device should not have sent is dropped and counted, and raises the alarm
    ``terminal/{gateway}/{address}``, which is cleared by the next payload that is right.
    """

    def __init__(
        self, place: Place, terminal: Terminal, gateway: Ref[Actor], alarms: Ref[Actor]
    ) -> None:
        super().__init__(place)
        self._terminal = terminal
        self._gateway = gateway
        self._alarms = alarms
        self._boot: int | None = None
        self._battery_mv: int | None = None
        self._heard_at: datetime | None = None
        self._refused = 0
        # A predecessor that failed may have raised the alarm.
        self._in_trouble = True

    def _take_payload(self, payload: Uplink, uplink: UplinkReceived) -> None:
        """Take what the device sent.

        Raises:
            ProtocolError: it should not have sent that.
        """
        raise NotImplementedError

    @receives(UplinkReceived)
    def _take_uplink(self, uplink: UplinkReceived) -> None:
        self._heard_at = self.now
        alarm = f"terminal/{uplink.gateway}/{self._terminal.address}"
        try:
            payload = decode_uplink(uplink.payload)
            if isinstance(payload, Hello):
                self._check_kind(payload)
                self._battery_mv = payload.battery_mv
            if isinstance(payload, PairRequest):
                raise ProtocolError("it asks for a post, and has one")
            self._take_payload(payload, uplink)
        except ProtocolError as error:
            self._refused += 1
            self._in_trouble = True
            terminal = self._terminal
            detail = f"{terminal.kind} {terminal.address} of counter {terminal.counter}: {error}"
            log.warning("uplink refused terminal=%s reason=%s", self.name, error)
            told(self._alarms, RaiseAlarm(alarm=alarm, detail=detail))
        else:
            self._boot = payload.boot
            if self._in_trouble:
                self._in_trouble = False
                told(self._alarms, ClearAlarm(alarm=alarm))

    def _check_kind(self, hello: Hello) -> None:
        if hello.kind.name != self._terminal.kind.name:
            raise ProtocolError(
                f"the device says that it is of the kind {hello.kind.name.lower()}: correct its"
                " address, or its kind in the configuration"
            )

    @receives(ChannelUp)
    def _channel_up(self, _message: ChannelUp) -> None:
        """The gateway's port is open again; a device that waits for something will ask."""

    @receives(ReadTerminal)
    def _read(self, _message: ReadTerminal) -> TerminalRead:
        return TerminalRead(
            terminal=self._terminal,
            boot=self._boot,
            battery_mv=self._battery_mv,
            heard_at=self._heard_at,
            refused=self._refused,
        )

    def _send(self, payload: Downlink, token: int = 0, reply_to: Recipient | None = None) -> None:
        octets = encode(payload)
        told(
            self._gateway,
            SendDownlink(to=self._terminal.address, payload=octets, token=token, reply_to=reply_to),
        )
