"""Device models behind a TCP port, as serial devices are behind a serial server."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from twisted.internet.base import DelayedCall
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory, Protocol

from protocol.devices import Device
from protocol.errors import DeviceError

WAITING_MAX = 65_536
"""Octets for whoever is connected that may wait; more are lost, as on a serial line."""


class TcpDevice:
    """Runs a device model behind the port ``host``:``port``; 0 takes a free one. One connection at a time."""

    def __init__(
        self,
        reactor: Any,
        model: Device,
        host: str,
        port: int,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.model = model
        self.connection: _Connection | None = None
        self._reactor = reactor
        self._host = host
        self._port = port
        self._monotonic = monotonic
        self._listening: Any = None
        self._timer: DelayedCall | None = None

    @property
    def address(self) -> str:
        """The port's address, such as ``tcp:127.0.0.1:4001``."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"tcp:{host}:{self._port}"

    def plug(self) -> None:
        """Listen; nothing happens if it does.

        Raises:
            DeviceError: the port is taken, or not ours to take.
        """
        if self._listening is not None:
            return
        try:
            self._listening = self._reactor.listenTCP(
                self._port, _Connections(self), interface=self._host
            )
        except CannotListenError as error:
            raise DeviceError(
                f"nobody can listen at {self._host}:{self._port}: {error.socketError}; choose another port"
            ) from error
        self._port = self._listening.getHost().port
        self._schedule()

    def unplug(self) -> None:
        """Listen no more, and hang up. The model goes on."""
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.stopListening()
        if self.connection is not None:
            self.connection.transport.abortConnection()

    def close(self) -> None:
        """Hang up and switch the device off."""
        self.unplug()
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def wake(self) -> None:
        """Let the model do what is due now."""
        self.send(self.model.tick(self._monotonic()))

    def send(self, octets: bytes) -> None:
        """Send ``octets`` as the device's, then see what its model has due."""
        connection = self.connection
        if octets and connection is not None and connection.waiting < WAITING_MAX:
            connection.transport.write(octets)
        self._schedule()

    def received(self, octets: bytes) -> None:
        """Octets came from whoever is connected."""
        self.send(self.model.receive(octets, self._monotonic()))

    def _schedule(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        deadline = self.model.next_deadline()
        if deadline is not None:
            delay_s = max(deadline - self._monotonic(), 0.0)
            self._timer = self._reactor.callLater(delay_s, self.wake)


class _Connection(Protocol):
    """Whoever is connected."""

    transport: Any

    def __init__(self, device: TcpDevice) -> None:
        self._device = device
        self.waiting = 0

    def connectionMade(self) -> None:
        if self._device.connection is not None:
            self.transport.abortConnection()
            return
        self._device.connection = self
        self.transport.setTcpNoDelay(True)
        self.transport.registerProducer(_Pressure(self), True)

    def dataReceived(self, data: bytes) -> None:
        if self._device.connection is self:
            self._device.received(data)

    def connectionLost(self, reason: object = None) -> None:
        if self._device.connection is self:
            self._device.connection = None


class _Pressure:
    """Hears whether the other end takes what is sent: while it does not, nothing more is."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    def pauseProducing(self) -> None:
        self._connection.waiting = WAITING_MAX

    def resumeProducing(self) -> None:
        self._connection.waiting = 0

    def stopProducing(self) -> None:
        self._connection.waiting = WAITING_MAX


class _Connections(Factory):
    noisy = False

    def __init__(self, device: TcpDevice) -> None:
        self._device = device

    def buildProtocol(self, addr: object) -> Protocol:
        return _Connection(self._device)
