"""Serial ports of this machine, on Twisted's SerialPort."""

import errno
import termios
from contextlib import suppress
from functools import partial

from serial import Serial, SerialException
from twisted.internet import defer
from twisted.internet.error import ConnectionAborted
from twisted.internet.interfaces import IReactorFDSet
from twisted.internet.protocol import Protocol
from twisted.internet.serialport import SerialPort
from twisted.python.failure import Failure

from protocol.ports import SerialAddress


class ExclusivePort(SerialPort):
    """A serial port that nobody else may open while it is open."""

    # A second program on one port would take every other octet away from the first.
    _serialFactory = partial(Serial, exclusive=True)  # type: ignore[assignment]

    def abortConnection(self) -> None:
        """Close the port now; what has not been sent is lost."""
        if self.connected:
            self.connectionLost(Failure(ConnectionAborted()))  # type: ignore[no-untyped-call]

    def connectionLost(self, reason: Failure) -> None:
        """Close the port and tell the protocol so."""
        # Closing waits for what the driver still holds, up to half a minute with a device that
        # takes nothing, and the reactor with it.
        with suppress(OSError, termios.error):
            self.flushOutput()  # type: ignore[no-untyped-call]
        super().connectionLost(reason)  # type: ignore[no-untyped-call]


class SerialLine:
    """The way to a serial port: how it is opened, and what to say when it is not there."""

    def __init__(self, reactor: IReactorFDSet, address: SerialAddress) -> None:
        self._reactor = reactor
        self._address = address

    def open(self, protocol: Protocol) -> defer.Deferred[None]:
        """Open the port for ``protocol``. Octets that waited in it are discarded."""
        address = self._address
        try:
            ExclusivePort(  # type: ignore[no-untyped-call]
                protocol,
                address.path,
                self._reactor,
                baudrate=address.baud,
                bytesize=address.bytesize,
                parity=address.parity.value,
                stopbits=address.stopbits,
                rtscts=address.rtscts,
            )
        except (OSError, ValueError, termios.error) as error:
            return defer.fail(error)
        return defer.succeed(None)

    def explain_refusal(self, error: BaseException) -> str:
        """Say why the port cannot be opened, and what to do."""
        path = self._address.path
        match _error_number(error):
            case errno.ENOENT | errno.ENOTDIR:
                return (
                    f"{path} is not there: plug the device in, "
                    "or correct the port in the configuration"
                )
            case errno.EACCES | errno.EPERM:
                return (
                    f"{path} may not be opened by this user: add the user to the group that owns "
                    "the port (often dialout), then start this program again"
                )
            case errno.EAGAIN | errno.EBUSY:
                return (
                    f"{path} is in use already: stop the other program that has it open, "
                    "or give each gateway and printer a port of its own in the configuration"
                )
            case errno.ENXIO | errno.ENODEV | errno.EIO:
                return f"{path} has no device behind it: check its cable, or plug it in anew"
            case errno.ENOTTY | errno.EISDIR:
                return f"{path} is no serial port: correct the port in the configuration"
            case errno.EINVAL:
                return (
                    f"{path} does not take the settings of {self._address}: correct them to what "
                    "the device has"
                )
            case _:
                return f"{path} cannot be opened ({error}): check the device and its settings"

    def explain_loss(self, error: BaseException) -> str:
        """Say that the port was lost, and what to do."""
        return f"{self._address.path} was lost: its device was unplugged or failed; check its cable"


def _error_number(error: BaseException) -> int | None:
    """Return the system's number for an error of pyserial's, which hides some in the context."""
    match error:
        case SerialException(errno=None):
            return None if error.__context__ is None else _error_number(error.__context__)
        case OSError():
            return error.errno
        case termios.error():
            return int(error.args[0])
        case ValueError():
            return errno.EINVAL
        case _:
            return None
