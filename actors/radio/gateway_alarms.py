"""What a gateway says to people, and what they are to do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection

from actors.audience import told
from actors.radio.port_watch import PortTrouble
from actors.world import Timer
from protocol.hall import Gateway
from protocol.messages import ClearAlarm, RaiseAlarm, Recipient
from protocol.values import value

__all__ = ["GatewayAlarms", "StrangerGone"]

log = logging.getLogger(__name__)

STRANGER_GONE_S = 900.0
"""After so long a silence a device that is none of ours is taken for gone; terminals say that they are still
there every ten minutes or so."""


@value
class StrangerGone:
    """To the gateway's actor, from itself: nothing was heard of the stranger for long."""

    source: int


class GatewayAlarms:
    """The alarms of one gateway, ``gateway/{id}`` and what is below that.

    ``later`` has a message told to the gateway's actor, which gives `StrangerGone` back.
    """

    def __init__(
        self,
        gateway: Gateway,
        board: Recipient,
        later: Callable[[float, object], Timer],
    ) -> None:
        self._gateway = gateway
        self._board = board
        self._later = later
        self._name = f"gateway/{gateway.id}"
        self._strangers: dict[int, Timer] = {}
        """At most 256; each timer ends an alarm."""
        self._mixed: set[int] = set()

    def up(self) -> None:
        """The port is open."""
        log.info("gateway up gateway=%s port=%s", self._gateway.id, self._gateway.port)
        self._clear(self._name)

    def down(self, reason: str) -> None:
        """The port is away."""
        log.warning("gateway down gateway=%s reason=%s", self._gateway.id, reason)
        self._raise(self._name, f"the port {self._gateway.port} is away: {reason}")

    def port_troubles(self, before: Collection[PortTrouble], now: Collection[PortTrouble]) -> None:
        """These are the troubles of the open port now."""
        for trouble in PortTrouble:
            name = f"{self._name}/{trouble}"
            if trouble in now and trouble not in before:
                self._raise(name, _trouble_detail(self._gateway, trouble))
            elif trouble in before and trouble not in now:
                self._clear(name)

    def duty_cycle_reached(self, share: float) -> None:
        """The gateway was on the air for ``share`` of an hour, and may be no longer."""
        self._raise(f"{self._name}/duty", _duty_cycle_detail(self._gateway, share))

    def duty_cycle_fell(self) -> None:
        """The gateway may send again."""
        self._clear(f"{self._name}/duty")

    def stranger(self, source: int) -> None:
        """A device sends that is none of ours."""
        known = self._strangers.get(source)
        self._strangers[source] = self._later(STRANGER_GONE_S, StrangerGone(source=source))
        if known is not None:
            known.cancel()
            return
        log.warning("unknown terminal gateway=%s address=%d", self._gateway.id, source)
        self._raise(f"{self._name}/stranger/{source}", _stranger_detail(self._gateway, source))

    def stranger_gone(self, source: int) -> None:
        """It sends no more."""
        self._strangers.pop(source, None)
        self._clear(f"{self._name}/stranger/{source}")

    def mixed(self, source: int, reason: str) -> None:
        """A device speaks as no device of this channel may; it is told once."""
        if source in self._mixed:
            return
        self._mixed.add(source)
        log.warning("plain payload gateway=%s address=%d", self._gateway.id, source)
        self._raise(f"{self._name}/mixed/{source}", _mixed_detail(self._gateway, source, reason))

    def _raise(self, alarm: str, detail: str) -> None:
        told(self._board, RaiseAlarm(alarm=alarm, detail=detail))

    def _clear(self, alarm: str) -> None:
        told(self._board, ClearAlarm(alarm=alarm))


def _trouble_detail(gateway: Gateway, trouble: PortTrouble) -> str:
    """Say what is wrong with the open port, and what to do."""
    port = gateway.port
    match trouble:
        case PortTrouble.SILENT:
            return (
                f"{gateway.id} hears nobody, though its port {port} is open and terminals were called:"
                " check the cable to the radio module (receive and transmit crossed?), its power, its"
                " antenna and its channel"
            )
        case PortTrouble.GARBAGE:
            return (
                f"what comes from {port} is no radio frames: set the same baud rate at the port, the radio"
                " module and the serial server, and see that nothing else is connected there"
            )
        case PortTrouble.ECHO:
            return (
                f"{port} returns what {gateway.id} sends: switch the echo off in the radio module, the"
                " adapter or the serial server"
            )
        case PortTrouble.ADDRESS:
            return (
                f"another device near {gateway.id} sends from its radio address {gateway.address}: give it"
                " an address of its own, or name it in covers if it is a gateway that stands in"
            )


def _duty_cycle_detail(gateway: Gateway, share: float) -> str:
    """Say that a gateway may send no more for a while, and what to do."""
    return (
        f"{gateway.id} was on the air for {share:.1%} of the last hour, and may be for"
        f" {gateway.duty_cycle_max:.1%} (duty_cycle_max): it only acknowledges for a while, and windows show"
        " old numbers; move terminals to a second channel, or raise the bit rate"
    )


def _stranger_detail(gateway: Gateway, source: int) -> str:
    """Say that an unknown device sends, and what to do."""
    return (
        f"a device with the radio address {source} sends to {gateway.id}, which has no such"
        " terminal: correct the device's address, or add the terminal to the configuration"
    )


def _mixed_detail(gateway: Gateway, source: int, reason: str) -> str:
    """Say that a device's firmware does not fit the channel, and what to do."""
    return (
        f"the device {source} does not speak as its channel does, which {gateway.id} says is routed:"
        f" {reason}; give it firmware with a router, or a channel of its own"
    )
