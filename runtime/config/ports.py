"""Addresses of serial ports and their like.

serial:PATH[?baud=RATE]    a serial port of this machine, such as serial:/dev/ttyUSB0?baud=9600
tcp:HOST:PORT              a serial server, such as tcp:192.168.1.20:4001 or tcp:[fe80::1]:4001
virtual:NAME               a virtual device of `paihao up`, on a pseudo-terminal of its own
"""

import re

from protocol.errors import ConfigError
from protocol.values import value

__all__ = [
    "BAUD_DEFAULT",
    "BAUD_RATES",
    "Port",
    "SerialPort",
    "TcpPort",
    "VirtualPort",
    "parse_port",
]

BAUD_DEFAULT = 9600
BAUD_RATES = (1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600)

_SERIAL = re.compile(r"(?P<path>/[\w./:@+,=-]{1,199})(?:\?baud=(?P<baud>[0-9]{1,7}))?", re.ASCII)
_TCP = re.compile(
    r"(?:(?P<name>[A-Za-z0-9.-]{1,253})|\[(?P<v6>[0-9A-Fa-f:.]{2,45})\]):(?P<port>[0-9]{1,5})"
)
_VIRTUAL = re.compile(r"[A-Za-z0-9_-]{1,32}")


@value
class SerialPort:
    """A serial port of this machine; ``baud`` is in bits a second, with 8 data bits and no parity."""

    path: str
    baud: int = BAUD_DEFAULT


@value
class TcpPort:
    """A serial server that passes octets on as they are."""

    host: str
    port: int


@value
class VirtualPort:
    """A virtual device by its name."""

    name: str


Port = SerialPort | TcpPort | VirtualPort


def parse_port(address: str) -> Port:
    """Return what ``address`` names.

    Raises:
        ConfigError: the message says what is wrong and what is allowed.
    """
    scheme, _, rest = address.partition(":")
    match scheme:
        case "serial":
            return _parse_serial(rest)
        case "tcp":
            return _parse_tcp(rest)
        case "virtual" if _VIRTUAL.fullmatch(rest):
            return VirtualPort(name=rest)
        case "virtual":
            raise ConfigError("virtual: is followed by 1 to 32 letters, digits, - and _")
    raise ConfigError("allowed are serial:/dev/ttyUSB0?baud=9600, tcp:host:port and virtual:name")


def _parse_serial(rest: str) -> SerialPort:
    found = _SERIAL.fullmatch(rest)
    if found is None:
        raise ConfigError("write it as serial:/dev/ttyUSB0 or serial:/dev/ttyUSB0?baud=9600")
    baud = int(found["baud"] or BAUD_DEFAULT)
    if baud not in BAUD_RATES:
        raise ConfigError(f"baud is one of {', '.join(map(str, BAUD_RATES))}")
    return SerialPort(path=found["path"], baud=baud)


def _parse_tcp(rest: str) -> TcpPort:
    found = _TCP.fullmatch(rest)
    if found is None:
        raise ConfigError("write it as tcp:192.168.1.20:4001, tcp:name:4001 or tcp:[fe80::1]:4001")
    port = int(found["port"])
    if not 1 <= port <= 65_535:
        raise ConfigError("the port after the host is 1 to 65535")
    return TcpPort(host=found["name"] or found["v6"], port=port)
