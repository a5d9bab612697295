"""Ports: what a gateway or printer is plugged into, how that is named, when it is tried again.

    serial:/dev/ttyUSB0?baud=9600&bytesize=8&parity=N&stopbits=1&rtscts=0
    tcp:host:port                a serial server, such as ser2net in raw mode; [::1] for IPv6
    virtual:NAME?baud=9600       a simulated device, in simulations alone

Every option may be left out: its default is the one shown, 9600 8N1 without flow control.
"""

import ipaddress
import re
from collections.abc import Mapping
from enum import StrEnum
from random import Random

from protocol.errors import ConfigError
from protocol.values import value

BAUD_MIN = 50
BAUD_MAX = 4_000_000
"""The range of rates that serial drivers know; a device offers a few of them."""

PORT_MAX = 65_535

WAITING_MAX = 64 * 1024
"""Octets that may wait to be sent, about a minute's worth at 9600 bit/s. A link with more is taken
for stuck and opened again; what waited is lost."""

REOPEN_MIN_S = 0.2
REOPEN_MAX_S = 10.0

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
_HOST = re.compile(r"[A-Za-z0-9._-]+")
_FORMS = (
    "allowed are serial:/dev/ttyUSB0?baud=9600 (a serial port), tcp:host:port (a serial server) "
    "and, in simulations, virtual:NAME"
)


class Parity(StrEnum):
    """The bit that a serial line adds to check each octet."""

    NONE = "N"
    EVEN = "E"
    ODD = "O"


@value
class SerialAddress:
    """A serial port of this machine."""

    path: str
    baud: int = 9600
    bytesize: int = 8
    parity: Parity = Parity.NONE
    stopbits: int = 1
    rtscts: bool = False

    @property
    def octet_s(self) -> float:
        """Seconds that one octet takes on the line, with its start, parity and stop bits."""
        parity_bits = 0 if self.parity is Parity.NONE else 1
        return (1 + self.bytesize + parity_bits + self.stopbits) / self.baud

    def __str__(self) -> str:
        return (
            f"serial:{self.path}?baud={self.baud}&bytesize={self.bytesize}&parity={self.parity}"
            f"&stopbits={self.stopbits}&rtscts={int(self.rtscts)}"
        )


@value
class TcpAddress:
    """A serial server; ``host`` is a name or an address, without brackets."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp:{host}:{self.port}"


@value
class VirtualAddress:
    """A device of a simulation."""

    name: str
    baud: int = 9600

    @property
    def octet_s(self) -> float:
        """Seconds that one octet takes on the line: ten bits, as 8N1 has them."""
        return 10 / self.baud

    def __str__(self) -> str:
        return f"virtual:{self.name}?baud={self.baud}"


PortAddress = SerialAddress | TcpAddress | VirtualAddress


def parse_port(text: str) -> PortAddress:
    """Return what the address ``text`` names.

    Raises:
        ConfigError: it is malformed; the message says what is allowed.
    """
    scheme, colon, rest = text.partition(":")
    match scheme:
        case "serial" if colon:
            return _parse_serial(text, rest)
        case "tcp" if colon:
            return _parse_tcp(text, rest)
        case "virtual" if colon:
            return _parse_virtual(text, rest)
        case _:
            raise ConfigError(f"{text!r} is no address of a port: {_FORMS}")


def reopen_delay_s(failures: int, random: Random) -> float:
    """Return the seconds to wait before a port is opened again.

    ``failures`` counts those in a row before this one, from 0. The result lies between
    `REOPEN_MIN_S` and `REOPEN_MAX_S`: the bound doubles with each failure, and the upper half of
    what it allows is left to chance, so that ports lost together do not all come back at once.
    """
    doublings = min(failures + 1, 16)
    bound_s = min(REOPEN_MAX_S, REOPEN_MIN_S * 2**doublings)
    return random.uniform(bound_s / 2, bound_s)


def _parse_serial(text: str, rest: str) -> SerialAddress:
    path, _, query = rest.partition("?")
    if not path.startswith("/") or path.endswith("/") or "\0" in path:
        raise ConfigError(
            f"{text!r}: a serial port is named by its full path, such as serial:/dev/ttyUSB0 "
            "(a name under /dev/serial/by-id stays the same when devices are plugged in anew)"
        )
    options = _options(text, query, ("baud", "bytesize", "parity", "stopbits", "rtscts"))
    return SerialAddress(
        path=path,
        baud=_baud(text, options),
        bytesize=int(_choice(text, options, "bytesize", ("8", "7", "6", "5"))),
        parity=Parity(_choice(text, options, "parity", ("N", "E", "O"))),
        stopbits=int(_choice(text, options, "stopbits", ("1", "2"))),
        rtscts=_choice(text, options, "rtscts", ("0", "1")) == "1",
    )


def _parse_tcp(text: str, rest: str) -> TcpAddress:
    host, _, port = rest.rpartition(":")
    if not (_HOST.fullmatch(host) or _is_bracketed_ipv6(host)):
        raise ConfigError(
            f"{text!r}: a serial server is named tcp:host:port, with an IPv6 address in brackets: "
            "tcp:192.0.2.7:4001, tcp:[2001:db8::7]:4001"
        )
    number = _number(port)
    if number is None or not 1 <= number <= PORT_MAX:
        raise ConfigError(f"{text!r}: the port {port!r} is no number from 1 to {PORT_MAX}")
    return TcpAddress(host=host.strip("[]"), port=number)


def _parse_virtual(text: str, rest: str) -> VirtualAddress:
    name, _, query = rest.partition("?")
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{text!r}: a virtual device's name has letters, digits and . _ / -, "
            "and begins with a letter or digit"
        )
    return VirtualAddress(name=name, baud=_baud(text, _options(text, query, ("baud",))))


def _options(text: str, query: str, allowed: tuple[str, ...]) -> Mapping[str, str]:
    options: dict[str, str] = {}
    for part in query.split("&") if query else ():
        key, equals, given = part.partition("=")
        if key not in allowed or not equals:
            raise ConfigError(f"{text!r}: {part!r} is no option; allowed are {', '.join(allowed)}")
        if key in options:
            raise ConfigError(f"{text!r}: the option {key} is given twice")
        options[key] = given
    return options


def _baud(text: str, options: Mapping[str, str]) -> int:
    given = options.get("baud", "9600")
    baud = _number(given)
    if baud is None or not BAUD_MIN <= baud <= BAUD_MAX:
        raise ConfigError(
            f"{text!r}: baud={given} is no number from {BAUD_MIN} to {BAUD_MAX}; "
            "the device's data sheet says which it has (often 9600)"
        )
    return baud


def _choice(text: str, options: Mapping[str, str], key: str, allowed: tuple[str, ...]) -> str:
    """Return the option ``key``, or the first of the ``allowed`` where it is not given."""
    given = options.get(key, allowed[0])
    if given not in allowed:
        raise ConfigError(f"{text!r}: {key}={given} is not allowed: {' or '.join(allowed)}")
    return given


def _is_bracketed_ipv6(host: str) -> bool:
    if not (host.startswith("[") and host.endswith("]")):
        return False
    try:
        ipaddress.IPv6Address(host[1:-1])
    except ValueError:
        return False
    return True


def _number(text: str) -> int | None:
    """Return the number in plain decimal digits, which ``int`` alone would not insist on."""
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None
