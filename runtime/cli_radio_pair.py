"""``paihao radio pair``: opens pairing for a post and follows it to its end."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from protocol.errors import LinkError, PairingRefused
from protocol.radio.datagram import BROADCAST
from protocol.radio.pairing import (
    GRACE_S,
    WINDOW_MAX_S,
    WINDOW_MIN_S,
    WINDOW_S,
    PairingPhase,
    read_code,
)
from protocol.values import value
from runtime.cli_radio_server import server_options
from runtime.cli_values import Duration
from runtime.http_client import ApiRefused, HallClient, segment

__all__ = ["Following", "pair_command"]

NOT_PAIRED = 1
INTERRUPTED = 130

POLL_S = 1.0

MISSED_MAX = 10
"""Answers in a row that may fail to come; then nothing is known of the server any more."""


@value
class PairingSeen:
    """How a pairing stands, as the server tells it."""

    address: int
    kind: str
    phase: PairingPhase
    left_s: float
    device: str
    note: str


@click.command("pair")
@server_options
@click.option("--hall", required=True, help="The hall's id.")
@click.option("--gateway", required=True, help="The gateway's id.")
@click.option(
    "--address",
    type=click.IntRange(0, BROADCAST - 1),
    required=True,
    help="The radio address of the post, as configured.",
)
@click.option(
    "--code",
    envvar="PAIHAO_PAIRING_CODE",
    help="The pairing code that is printed on the device: 32 hex digits; asked for if left out.",
)
@click.option(
    "--for",
    "open_s",
    type=Duration(),
    default=f"{WINDOW_S:g}s",
    show_default=True,
    help="How long pairing stays open.",
)
@click.pass_context
def pair_command(
    context: click.Context,
    client: HallClient,
    hall: str,
    gateway: str,
    address: int,
    code: str | None,
    open_s: float,
) -> None:
    """Open pairing for a post, and follow it until a device has the post or none came.

    Have the device ask while pairing is open. Ctrl-C closes it. Exit status: 0 paired, 1 not.
    """
    if not WINDOW_MIN_S <= open_s <= WINDOW_MAX_S:
        raise click.BadParameter(
            f"pairing stays open for {WINDOW_MIN_S:g}s to {WINDOW_MAX_S:g}s", param_hint="--for"
        )
    if code is None:
        code = click.prompt("Pairing code on the device", type=str)
    try:
        read_code(code)
    except PairingRefused as error:
        raise click.BadParameter(str(error), param_hint="--code") from error
    console = Console(highlight=False, soft_wrap=True)
    path = f"/api/v1/halls/{segment(hall)}/gateways/{segment(gateway)}/pairing"
    following = Following(client, path, console, sleep=time.sleep)
    body = {"address": address, "code": code, "seconds": int(open_s)}
    try:
        paired = following.open(body, where=f"{gateway} in hall {hall}")
    except KeyboardInterrupt:
        following.close()
        context.exit(INTERRUPTED)
    if not paired:
        context.exit(NOT_PAIRED)


class Following:
    """One pairing, from its opening to its end. ``sleep`` waits for so many seconds."""

    def __init__(
        self, client: HallClient, path: str, console: Console, *, sleep: Callable[[float], object]
    ) -> None:
        self._client = client
        self._path = path
        self._console = console
        self._sleep = sleep
        self._told: tuple[str, str] | None = None
        self._missed = 0

    def open(self, body: dict[str, Any], where: str) -> bool:
        """Open pairing and follow it; return whether a device has the post.

        Raises:
            LinkError: the server refuses, or cannot be reached.
        """
        seen = self._seen(self._client.call("POST", self._path, body))
        self._say(
            f"pairing is open for {seen.left_s:g} s: the {seen.kind} {seen.address} at {where}",
            "bold",
        )
        polls = int((seen.left_s + GRACE_S) / POLL_S) + MISSED_MAX
        for _ in range(polls):
            self._tell(seen)
            if seen.phase.over:
                return seen.phase is PairingPhase.PAIRED
            self._sleep(POLL_S)
            seen = self._ask() or seen
            if seen.address != body["address"]:
                self._say("not paired: pairing was opened for another post meanwhile", "bold red")
                return False
        raise LinkError(
            f"{self._client.where} does not say how the pairing ended: see whether it runs as it should"
        )

    def close(self) -> None:
        """Close pairing early."""
        with suppress(LinkError):
            self._client.call("DELETE", self._path)
            self._say("pairing is closed", "yellow")
            return
        self._say("interrupted; pairing stays open until its time is over", "yellow")

    def _ask(self) -> PairingSeen | None:
        """Return how the pairing stands, or None where the server does not answer for a while."""
        try:
            content = self._client.get(self._path)
        except ApiRefused:
            raise
        except LinkError as error:
            self._missed += 1
            if self._missed >= MISSED_MAX:
                raise
            if self._missed == 1:
                self._say(f"{error}; it is asked again", "yellow")
            return None
        self._missed = 0
        pairing = content.get("pairing") if isinstance(content, dict) else content
        if pairing is None:
            raise LinkError(
                f"{self._client.where} knows of no pairing any more: it was started again; open it anew"
            )
        return self._seen(pairing)

    def _seen(self, view: Any) -> PairingSeen:
        try:
            return PairingSeen(
                address=int(view["address"]),
                kind=str(view["kind"]),
                phase=PairingPhase(view["phase"]),
                left_s=float(view["left_s"]),
                device=str(view["device"]),
                note=str(view["note"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise LinkError(
                f"{self._client.where} tells of pairing in words that are not known here ({error!r}): use the"
                " version of this program that the server has"
            ) from error

    def _tell(self, seen: PairingSeen) -> None:
        """Say what is new since it was said last."""
        phase, note, device = seen.phase, seen.note, seen.device
        if (phase, note) == self._told:
            return
        self._told = (phase, note)
        match phase:
            case PairingPhase.WAITING:
                self._say("waiting for a device to ask: hold its pairing key, or switch it on")
            case PairingPhase.OFFERED:
                self._say(f"the device {device} asked and is offered the post; it has to confirm")
            case PairingPhase.PAIRED:
                self._say(f"paired: the device {device} has the post now", "bold green")
            case PairingPhase.EXPIRED:
                self._say(
                    "not paired: no device asked that could have the post; see that it is switched on, in"
                    " reach, and of the post's kind, then open pairing again",
                    "bold red",
                )
            case PairingPhase.UNCONFIRMED:
                self._say(
                    f"not paired: the device {device} did not confirm; see that the code is the one that is"
                    " printed on it, and that it is in reach, then open pairing again",
                    "bold red",
                )
            case PairingPhase.CANCELLED:
                self._say("not paired: somebody closed pairing", "bold red")
        if note:
            self._say(f"  {note}", "yellow")

    def _say(self, text: str, style: str = "") -> None:
        self._console.print(Text(text, style=style))
