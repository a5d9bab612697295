"""``paihao faults proxy``: a bad line between a real serial device and a hall.

hall --> pseudo-terminal or TCP port --> [line] --> PORT --> device
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import click
from rich.console import Console
from twisted.internet.stdio import StandardIO
from twisted.protocols.basic import LineOnlyReceiver

from actors.ports import Link
from protocol.errors import ConfigError, DeviceError
from protocol.messages import LinkDown, LinkUp, OctetsReceived
from runtime.cli_faults_live import parameters_of
from runtime.cli_radio_monitor import port_argument
from runtime.links import ReactorLinks
from runtime.pty import PtyDevice
from runtime.reactor import install_reactor
from runtime.tcp_device import TcpDevice
from sim.faults.catalogue import kind_of
from sim.faults.line import Line
from sim.faults.serial import IMPAIRMENTS

__all__ = ["proxy_command"]

PORT_MAX = 65_535

AT = Path("paihao-proxy")

Say = Callable[[str], object]


@click.command("proxy")
@port_argument()
@click.option(
    "--at",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"Where the hall finds its end, a pseudo-terminal; ./{AT} if left out.",
)
@click.option("--tcp", metavar="HOST:PORT", help="Or a TCP port, as of a serial server.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="KIND[,PARAMETER=NUMBER]...",
    help="What the line does, such as line-loss,loss=0.05; may be given several times.",
)
@click.option("--seed", type=int, help="The same seed gives the same luck.")
def proxy_command(
    port: str, at: Path | None, tcp: str | None, faults: tuple[str, ...], seed: int | None
) -> None:
    """Stand between the real device at PORT and a hall, and spoil what passes; Ctrl-C ends it.

    Kinds are those of `paihao faults` that begin with line-. While it runs, lines that are typed change them: a
    fault as in --fault begins or is set anew, `end KIND` ends it, `end` ends all.
    """
    if at is not None and tcp is not None:
        raise click.UsageError("--at and --tcp: give one of them")
    given = [_fault(each) for each in faults]
    address = None if tcp is None else _address(tcp)
    console = Console(highlight=False, soft_wrap=True)
    reactor = install_reactor()
    proxy = Proxy(Line(Random(seed)), lambda text: console.print(text, markup=False))
    for kind, parameters in given:
        proxy.begin(kind, parameters)
    face = _face(reactor, proxy, at or AT, address)
    links = ReactorLinks(reactor, random=Random())
    proxy.stand_between(face, links.open_link(port, proxy))
    reactor.addSystemEventTrigger("before", "shutdown", links.close)
    reactor.addSystemEventTrigger("before", "shutdown", face.close)
    if _has_words():
        attach: Callable[..., object] = StandardIO
        attach(_Words(proxy), reactor=reactor)
    reactor.run()
    console.print(proxy.summary(), markup=False)


Face = PtyDevice | TcpDevice


def _face(reactor: Any, proxy: Proxy, at: Path, address: tuple[str, int] | None) -> Face:
    return PtyDevice(reactor, proxy, at) if address is None else TcpDevice(reactor, proxy, *address)


def _address(tcp: str) -> tuple[str, int]:
    """Return the host and port to listen at.

    Raises:
        ConfigError: ``tcp`` is no such address.
    """
    host, _, port = tcp.rpartition(":")
    if not host or not port.isdecimal() or int(port) > PORT_MAX:
        raise ConfigError(
            f"--tcp: {tcp!r} is no address to listen at; write it like 127.0.0.1:4001"
        )
    return host.strip("[]"), int(port)


def _fault(typed: str) -> tuple[str, dict[str, float]]:
    """Return a kind and its parameters from ``line-loss,loss=0.05``, or with spaces.

    Raises:
        ConfigError: there is no such kind of a line, or a parameter is wrong.
    """
    kind, *given = typed.replace(",", " ").split() or [""]
    if kind not in IMPAIRMENTS:
        names = ", ".join(IMPAIRMENTS)
        raise ConfigError(f"{kind!r} is nothing that a line does; there are {names}")
    return kind, kind_of(kind).complete(parameters_of(given))


class Proxy:
    """A device for the hall, and for the real device the one who has its port open."""

    def __init__(self, line: Line, say: Say) -> None:
        self._line = line
        self._say = say
        self._ends: dict[str, Callable[[], None]] = {}
        self._face: Face | None = None
        self._link: Link | None = None
        self._counts = {
            "from the hall": 0,
            "to the device": 0,
            "from the device": 0,
            "to the hall": 0,
        }

    def stand_between(self, face: Face, link: Link) -> None:
        """Pass octets on between the two."""
        self._face, self._link = face, link

    # -- what the line does -----------------------------------------------------------------

    def begin(self, kind: str, parameters: dict[str, float]) -> None:
        """Have the line do this from now on, in place of what it did of the kind."""
        self._end(kind)
        self._ends[kind] = self._line.impair(IMPAIRMENTS[kind](parameters))
        given = " ".join(f"{name}={number:g}" for name, number in parameters.items())
        self._say(f"on: {kind} {given}".rstrip())

    def typed(self, words: Sequence[str]) -> None:
        """Do what somebody typed.

        Raises:
            ConfigError: it means nothing.
        """
        if not words:
            return
        if words[0] != "end":
            self.begin(*_fault(" ".join(words)))
            return
        unknown = [kind for kind in words[1:] if kind not in self._ends]
        if unknown:
            raise ConfigError(f"{unknown[0]} is not on; on are {', '.join(self._ends) or 'none'}")
        for kind in words[1:] or list(self._ends):
            self._end(kind)
            self._say(f"off: {kind}")
        self._wake()

    def complain(self, error: ConfigError) -> None:
        """Say why what was typed is not done."""
        self._say(f"not done: {error}")

    def _end(self, kind: str) -> None:
        end = self._ends.pop(kind, None)
        if end is not None:
            end()

    # -- towards the hall: a device ---------------------------------------------------------

    def receive(self, octets: bytes, now: float) -> bytes:
        """Take the hall's octets; return what it hears."""
        self._counts["from the hall"] += len(octets)
        self._line.from_host(octets, now)
        return self._pass_on(now)

    def tick(self, now: float) -> bytes:
        """Let pass what is due; return what the hall hears."""
        return self._pass_on(now)

    def next_deadline(self) -> float | None:
        """Return when something on the line is due."""
        return self._line.next_deadline()

    def _pass_on(self, now: float) -> bytes:
        arrived, heard = self._line.for_device(now), self._line.for_host(now)
        if arrived and self._link is not None:
            self._counts["to the device"] += len(arrived)
            self._link.write(arrived)
        self._counts["to the hall"] += len(heard)
        return heard

    def _wake(self) -> None:
        if self._face is not None:
            self._face.wake()

    # -- towards the device: who has its port open --------------------------------------------

    def tell(self, message: object, /) -> None:
        """Take what the link to the device says; the hall's end is there while the device is."""
        assert self._face is not None
        match message:
            case OctetsReceived(octets=octets):
                self._counts["from the device"] += len(octets)
                self._line.from_device(octets, time.monotonic())
                self._wake()
            case LinkUp():
                try:
                    self._face.plug()
                except DeviceError as error:
                    self._say(f"the hall's end cannot be made: {error}")
                    return
                self._say(f'the device is there; for the hall its port is "{self._face.address}"')
            case LinkDown(reason=reason):
                self._face.unplug()
                self._say(f"the device is away: {reason}")

    def summary(self) -> str:
        """Return how many octets came and passed."""
        return "octets " + ", ".join(f"{way} {count:,}" for way, count in self._counts.items())


# -- what is typed ---------------------------------------------------------------------------------


def _has_words() -> bool:
    """Return whether anything can be typed: the standard input is a terminal or a pipe."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError, AttributeError):
        return False
    return sys.stdin.isatty() or stat.S_ISFIFO(mode)


class _Words(LineOnlyReceiver):
    """Lines that are typed."""

    delimiter = b"\n"

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy

    def lineReceived(self, line: bytes) -> None:
        try:
            self._proxy.typed(line.decode("utf-8", "replace").split())
        except ConfigError as error:
            self._proxy.complain(error)
