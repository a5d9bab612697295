"""Device models behind pseudo-terminals, which programs open as they open serial ports."""

from __future__ import annotations

import os
import time
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from twisted.internet.base import DelayedCall
from twisted.internet.main import CONNECTION_LOST

from protocol.devices import Device
from protocol.errors import DeviceError

READ_MAX = 4096
"""Octets that the model receives at a time."""


class PtyDevice:
    """Runs a device model behind a pseudo-terminal that ``path`` is a symbolic link to.

    A pseudo-terminal gets a new name each time; the link stays, so ``path`` can be plugged in anew
    as a real port can. Octets that nobody reads are lost once the terminal is full (some 20
    kilooctets), as those of a serial device are: ``octets_dropped`` counts them.
    """

    def __init__(
        self,
        reactor: Any,
        model: Device,
        path: Path,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.model = model
        self.path = path
        self.octets_dropped = 0
        self._reactor = reactor
        self._monotonic = monotonic
        self._terminal: _Terminal | None = None
        self._timer: DelayedCall | None = None

    @property
    def address(self) -> str:
        """The port's address, such as ``serial:/run/paihao/gateway1``."""
        return f"serial:{self.path.absolute()}"

    @property
    def plugged(self) -> bool:
        """Whether it is plugged in."""
        return self._terminal is not None

    def plug(self) -> None:
        """Switch the device on and plug it in; nothing happens if it is.

        Raises:
            DeviceError: there is no pseudo-terminal left, or the path cannot be made.
        """
        if self._terminal is not None:
            return
        try:
            terminal = _Terminal(self)
        except OSError as error:
            raise DeviceError(f"no pseudo-terminal for {self.path}: {error}") from error
        try:
            _link(self.path, terminal.name)
        except OSError as error:
            terminal.close()
            raise DeviceError(
                f"{self.path} cannot be made a link to a pseudo-terminal: {error}"
            ) from error
        self._terminal = terminal
        self._reactor.addReader(terminal)
        self._schedule()

    def unplug(self) -> None:
        """Pull the device out: whoever has the port open sees a hang-up. The model goes on."""
        terminal, self._terminal = self._terminal, None
        if terminal is None:
            return
        self._reactor.removeReader(terminal)
        if self.path.is_symlink() and os.readlink(self.path) == terminal.name:
            self.path.unlink()
        terminal.close()

    def close(self) -> None:
        """Pull the device out and switch it off."""
        self.unplug()
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def wake(self) -> None:
        """Let the model do what is due now, after somebody acted on it (a key was pressed)."""
        self.send(self.model.tick(self._monotonic()))

    def send(self, octets: bytes) -> None:
        """Send ``octets`` as the device's, then whatever its model has due."""
        if octets and self._terminal is not None:
            self.octets_dropped += len(octets) - self._terminal.write(octets)
        self._schedule()

    def received(self, octets: bytes) -> None:
        """Octets came from whoever has the port open."""
        self.send(self.model.receive(octets, self._monotonic()))

    def _schedule(self) -> None:
        """Have the model ticked at its next deadline."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        deadline = self.model.next_deadline()
        if deadline is not None:
            delay_s = max(deadline - self._monotonic(), 0.0)
            self._timer = self._reactor.callLater(delay_s, self.wake)


class _Terminal:
    """A pseudo-terminal's two ends. The reactor reads the master's; others open the slave's name."""

    def __init__(self, device: PtyDevice) -> None:
        self._device = device
        # The slave stays open here, so that the master does not fail (EIO, and "readable" without
        # end) while nobody else has it open.
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.name = os.ttyname(self._slave)

    def write(self, octets: bytes) -> int:
        """Write as many octets as there is room for; return how many."""
        try:
            return os.write(self._master, octets)
        except BlockingIOError:
            return 0

    def close(self) -> None:
        """Hang up."""
        os.close(self._master)
        os.close(self._slave)

    # -- for the reactor --------------------------------------------------------------------

    def fileno(self) -> int:
        return self._master

    def doRead(self) -> Exception | None:
        try:
            octets = os.read(self._master, READ_MAX)
        except BlockingIOError:
            return None
        except OSError:
            return CONNECTION_LOST
        self._device.received(octets)
        return None

    def connectionLost(self, reason: object) -> None:
        """The terminal failed, or the reactor stops: the port is away."""
        self._device.unplug()

    def logPrefix(self) -> str:
        return f"pty {self._device.path.name}"


def _link(path: Path, target: str) -> None:
    """Make ``path`` a symbolic link, at once in place of an earlier one.

    Raises:
        OSError: it cannot be made, or something that is no link is there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not path.is_symlink():
        raise FileExistsError(f"{path} is there already and is no link")
    new = path.with_name(f".{path.name}.new")
    with suppress(FileNotFoundError):
        new.unlink()
    new.symlink_to(target)
    new.replace(path)
