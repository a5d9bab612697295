"""``paihao radio send``: one payload to one node, or to all of them."""

from __future__ import annotations

from random import Random
from statistics import median

import click
from rich.console import Console
from rich.text import Text

from protocol.errors import LinkError, ProtocolError
from protocol.ports import TcpAddress, VirtualAddress, parse_port
from protocol.radio.actions import Acknowledged, Action, GaveUp, Received
from protocol.radio.compose import PAYLOADS, compose, usage
from protocol.radio.datagram import BROADCAST
from protocol.radio.describe import Describer
from protocol.radio.frame import Frame
from protocol.radio.payloads import encode
from runtime.cli_radio_monitor import port_argument
from runtime.cli_values import Duration
from runtime.links import ReactorLinks
from runtime.radio_send import BITRATE, Errand, Outcome, Sending
from runtime.radio_text import layer_text
from runtime.reactor import install_reactor

__all__ = ["send_command"]

NOT_ACKNOWLEDGED = 1
INTERRUPTED = 130

GATEWAY = 1
"""Gateways have this address unless they are configured otherwise."""

TIMES_MAX = 1000
LISTEN_S_MAX = 3600.0
EVERY_S_MAX = 3600.0

NODE_MAX = BROADCAST - 1


class _Seconds(Duration):
    """A time of any length up to ``most_s``."""

    def __init__(self, most_s: float) -> None:
        super().__init__(zero_allowed=True)
        self._most_s = most_s

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        duration_s = super().convert(value, param, ctx)
        if duration_s > self._most_s:
            self.fail(f"{value!r} is more than {self._most_s:g}s", param, ctx)
        return duration_s


EPILOG = "\b\nPayloads:\n" + "\n".join(f"  {usage(name)}" for name in PAYLOADS)


@click.command(
    "send",
    # The payload's fields look like options, and are not ours.
    context_settings={"ignore_unknown_options": True},
    epilog=EPILOG,
)
@port_argument()
@click.option(
    "--to", type=click.IntRange(0, BROADCAST), required=True, help="The node; 255 for everybody."
)
@click.option(
    "--from",
    "source",
    type=click.IntRange(0, NODE_MAX),
    default=GATEWAY,
    show_default=True,
    help="The node that it comes from.",
)
@click.option("--hex", "octets", metavar="HEX", help="The payload's octets, in place of PAYLOAD.")
@click.option("--no-ack", is_flag=True, help="Send, and wait for no acknowledgement.")
@click.option(
    "--repeat",
    "times",
    type=click.IntRange(1, TIMES_MAX),
    default=1,
    help=f"Send so many, one after another; {TIMES_MAX} at most.",
)
@click.option(
    "--every",
    "every_s",
    type=_Seconds(EVERY_S_MAX),
    default=0.0,
    help="Begin one no sooner than so long after the one before, such as 2s.",
)
@click.option(
    "--listen",
    "listen_s",
    type=_Seconds(LISTEN_S_MAX),
    default=0.0,
    help="Show and acknowledge what the node says for so long afterwards, such as 5s.",
)
@click.argument("payload", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def send_command(
    context: click.Context,
    port: str,
    to: int,
    source: int,
    octets: str | None,
    no_ack: bool,
    times: int,
    every_s: float,
    listen_s: float,
    payload: tuple[str, ...],
) -> None:
    """Send PAYLOAD to a node, wait for its acknowledgement and print the round trip.

    PAYLOAD is a name with fields, such as: show --version 3 --state called A010. It goes out in the clear: a
    terminal that is paired drops it. PORT is written as in a configuration.
    """
    body = _body(octets, payload)
    errand = Errand(
        source=source,
        to=to,
        payload=body,
        times=times,
        every_s=every_s,
        listen_s=listen_s,
        acknowledged=not no_ack,
        bitrate=_bitrate(port),
    )
    console = Console(highlight=False, soft_wrap=True)
    outcome = _run(port, errand, console)
    if outcome is None:
        console.print("interrupted; what was under way may have arrived")
        context.exit(INTERRUPTED)
    _sum_up(errand, outcome, console)
    if outcome.lost:
        context.exit(NOT_ACKNOWLEDGED)


def _body(octets: str | None, words: tuple[str, ...]) -> bytes:
    """Return the payload's octets. Raises ProtocolError where they cannot be told."""
    if (octets is None) == (not words):
        raise click.UsageError(
            f"give a payload by its name ({', '.join(PAYLOADS)}) or by --hex; one of the two"
        )
    if octets is None:
        return encode(compose(words))
    try:
        return bytes.fromhex(octets)
    except ValueError:
        raise ProtocolError(f"--hex takes hex digits, two for each octet, not {octets!r}") from None


def _bitrate(port: str) -> int:
    address = parse_port(port)
    return BITRATE if isinstance(address, TcpAddress | VirtualAddress) else address.baud


def _run(port: str, errand: Errand, console: Console) -> Outcome | None:
    """Carry out ``errand``; return what came of it, or None if it was interrupted.

    Raises:
        LinkError: the port cannot be opened, or was lost.
    """
    reactor = install_reactor()
    random = Random()
    links = ReactorLinks(reactor, random=random)
    over: list[str | None] = []

    def ended(reason: str | None) -> None:
        over.append(reason)
        links.close()
        reactor.callWhenRunning(reactor.stop)

    def told(action: Action) -> None:
        _say(action, console)

    sending = Sending(reactor, errand, told, ended, random)
    _say_what(errand, console)
    sending.use(links.open_link(port, sending))
    reactor.addSystemEventTrigger("before", "shutdown", links.close)
    reactor.run()
    match over:
        case []:
            sending.close()
            return None
        case [str(reason)]:
            raise LinkError(reason)
    return sending.outcome


def _say_what(errand: Errand, console: Console) -> None:
    frame = Frame(to=errand.to, source=errand.source, id=0, payload=errand.payload)
    to = "everybody" if errand.to == BROADCAST else errand.to
    for layer in Describer().describe(frame).layers:
        console.print(Text(f"{errand.source} → {to}  ").append_text(layer_text(layer)))


def _say(action: Action, console: Console) -> None:
    match action:
        case Acknowledged(round_trip_s=round_trip_s, attempts=attempts):
            text = Text(f"acknowledged after {round_trip_s * 1000:.1f} ms", style="green")
            if attempts > 1:
                text.append(f", the attempts were {attempts}", style="yellow")
        case GaveUp(to=to, attempts=attempts):
            text = Text.assemble(
                ("not acknowledged", "bold red"),
                f" in {attempts} attempts: see that the node {to} is switched on and in reach, that the"
                " channel and the rate are right, and that --from is the address that it listens to",
            )
        case Received(source=source, payload=payload):
            frame = Frame(to=0, source=source, id=0, payload=payload)
            text = Text(f"{source} says  ")
            for layer in Describer().describe(frame).layers:
                text.append_text(layer_text(layer))
        case _:
            return
    console.print(text)


def _sum_up(errand: Errand, outcome: Outcome, console: Console) -> None:
    if errand.to == BROADCAST or not errand.acknowledged:
        console.print(f"sent {outcome.sent}; no acknowledgement was waited for")
        return
    if outcome.sent == 1:
        return
    text = (
        f"sent {outcome.sent} in {outcome.attempts} attempts, not acknowledged {outcome.given_up}"
    )
    if outcome.round_trips_s:
        least, middle, most = (
            1000 * figure(outcome.round_trips_s) for figure in (min, median, max)
        )
        text += f"; round trip {least:.1f} / {middle:.1f} / {most:.1f} ms (least, median, most)"
    console.print(text)
