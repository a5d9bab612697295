"""``paihao radio monitor``: a channel's live traffic, or a file of it, decoded."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import IO, TypeVar

import click
from rich.console import Console
from rich.text import Text

from protocol.errors import LinkError, ProtocolError, StorageError
from protocol.ports import VirtualAddress, parse_port
from protocol.radio.describe import Describer
from protocol.radio.tags import TagKeys, parse_key
from runtime.cli_values import Duration
from runtime.links import ReactorLinks
from runtime.radio_monitor import Heard, Listener, Monitor, Sink
from runtime.radio_records import FILE_MAX, Keeper, Unreadable, decode_again
from runtime.radio_text import Screen
from runtime.reactor import install_reactor

__all__ = ["monitor_command", "port_argument"]


Command = TypeVar("Command", bound=Callable[..., object])


def port_argument(*, required: bool = True) -> Callable[[Command], Command]:
    """Return click's argument PORT, checked as in a configuration."""

    def checked(
        _context: click.Context, parameter: click.Parameter, given: str | None
    ) -> str | None:
        if given is not None and isinstance(parse_port(given), VirtualAddress):
            raise click.BadParameter(
                f"{given} is a device of a simulation; `paihao up` prints its virtual devices' ports",
                param=parameter,
            )
        return given

    return click.argument("port", required=required, callback=checked)


@click.command("monitor")
@port_argument(required=False)
@click.option(
    "--read",
    "file",
    type=click.File("rb"),
    help="Decode a file that --json or --jsonl wrote, - for standard input, instead of a port.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines instead of text.")
@click.option(
    "--jsonl",
    "keep_in",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"Keep octets and meaning in this file, too, behind what it has; {FILE_MAX >> 30} GB at most.",
)
@click.option("--octets", is_flag=True, help="Show each frame's octets, too.")
@click.option(
    "--key",
    "keys",
    multiple=True,
    envvar="PAIHAO_RADIO_KEYS",
    metavar="[ADDRESS=]HEX",
    help="Check tags with this key of a terminal, or 'broadcast=HEX'; any number of times,"
    " or in PAIHAO_RADIO_KEYS with spaces between.",
)
@click.option(
    "--routed/--not-routed",
    default=None,
    help="Whether datagrams carry a router's header; guessed for each if left out.",
)
@click.option("--count", type=click.IntRange(min=1), help="End after so many frames.")
@click.option("--for", "for_s", type=Duration(), help="End after this time, such as 10m.")
@click.option("--wait", is_flag=True, help="Wait for a port that is not there yet.")
def monitor_command(
    port: str | None,
    file: IO[bytes] | None,
    as_json: bool,
    keep_in: Path | None,
    octets: bool,
    keys: tuple[str, ...],
    routed: bool | None,
    count: int | None,
    for_s: float | None,
    wait: bool,
) -> None:
    """Decode what is on a radio channel, until Ctrl-C; nothing is ever sent.

    PORT is written as in a configuration: serial:/dev/ttyUSB0?baud=9600 or tcp:host:port. A port belongs
    to one program at a time: beside a hall that runs, listen with a radio module of your own, set to the
    hall's channel.
    """
    if (port is None) == (file is None):
        raise click.UsageError("give a PORT to listen to, or --read FILE to decode; one of the two")
    listener = Listener(Describer(routed=routed, check=_check(keys)))
    with ExitStack() as stack:
        sinks = _sinks(stack, as_json=as_json, keep_in=keep_in, octets=octets)
        if file is not None:
            _read(file, listener, sinks, count)
        else:
            assert port is not None
            _listen(port, listener, sinks, count, for_s, wait)


def _check(keys: tuple[str, ...]) -> Callable[..., bool | None] | None:
    if not keys:
        return None
    try:
        return TagKeys(parse_key(key) for key in keys).check
    except ProtocolError as error:
        raise click.BadParameter(str(error), param_hint="--key") from error


def _sinks(
    stack: ExitStack, *, as_json: bool, keep_in: Path | None, octets: bool
) -> tuple[Sink, ...]:
    shown: Sink
    if as_json:
        shown = Keeper(sys.stdout.buffer, "standard output", file_max=math.inf)
    else:
        shown = Screen(Console(highlight=False), octets=octets)
    if keep_in is None:
        return (shown,)
    try:
        file = stack.enter_context(keep_in.open("ab"))
        room = FILE_MAX - keep_in.stat().st_size
    except OSError as error:
        raise StorageError(
            f"{keep_in} cannot be written ({error.strerror}): give --jsonl a file that can"
        ) from error
    return (shown, Keeper(file, str(keep_in), file_max=room))


def _read(
    file: IO[bytes], listener: Listener, sinks: tuple[Sink, ...], frames_max: int | None
) -> None:
    """Decode ``file``. Raises StorageError where nothing in it can be read."""
    warnings = Console(stderr=True, highlight=False, soft_wrap=True)
    read = frames = unreadable = 0
    for record in decode_again(file, file.name, listener):
        if isinstance(record, Unreadable):
            unreadable += 1
            warnings.print(Text(str(record), style="yellow"))
            continue
        read += 1
        for sink in sinks:
            sink.take(record)
        frames += isinstance(record, Heard) and record.description is not None
        if frames == frames_max:
            break
    if unreadable and not read:
        raise StorageError(
            f"{file.name} holds nothing that can be decoded: give a file that --json or --jsonl wrote"
        )
    for sink in sinks:
        sink.end(listener.counts, listener.ways)


def _listen(
    port: str,
    listener: Listener,
    sinks: tuple[Sink, ...],
    frames_max: int | None,
    for_s: float | None,
    wait: bool,
) -> None:
    """Listen until Ctrl-C or an end that was set. Raises LinkError where the port cannot be opened."""
    reactor = install_reactor()
    links = ReactorLinks(reactor, random=Random())
    why: list[BaseException | str | None] = []

    def ended(reason: BaseException | str | None) -> None:
        why.append(reason)
        links.close()
        reactor.callWhenRunning(reactor.stop)

    monitor = Monitor(reactor, listener, sinks, ended, frames_max=frames_max, wait=wait)
    monitor.start(port)
    links.open_link(port, monitor)
    if for_s is not None:
        reactor.callLater(for_s, reactor.stop)
    reactor.addSystemEventTrigger("before", "shutdown", links.close)
    reactor.run()
    match why:
        case [BaseException() as error]:
            raise error
        case [str(reason)]:
            raise LinkError(reason)
    monitor.end()
