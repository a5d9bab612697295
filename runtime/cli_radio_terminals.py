"""``paihao radio terminals``: how a hall's radio devices are, and the gateways that hear them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click
import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from protocol.errors import LinkError
from runtime.cli_radio_server import server_options
from runtime.http_client import ApiRefused, HallClient, segment

__all__ = ["terminals_command"]

NOT_FOUND = 404

_STATES = {"here": "green", "silent": "bold red", "never": "yellow", "gateway-down": "bold red"}


@click.command("terminals")
@server_options
@click.option("--hall", help="The hall's id; every hall of the server if left out.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def terminals_command(client: HallClient, hall: str | None, as_json: bool) -> None:
    """Show the radio devices of a hall: state, supply, battery, loss, when each was heard last."""
    halls = [hall] if hall is not None else _halls(client)
    read = [_read(client, hall) for hall in halls]
    if as_json:
        click.echo(orjson.dumps({"halls": read}, option=orjson.OPT_INDENT_2).decode())
        return
    console = Console(highlight=False)
    if not read:
        console.print(f"{client.where} has no halls", soft_wrap=True)
    for of_hall in read:
        _show(of_hall, console)


def _halls(client: HallClient) -> list[str]:
    content = client.get("/api/v1/halls")
    try:
        return [str(hall["id"]) for hall in content["halls"]]
    except (KeyError, TypeError) as error:
        raise _unknown(client, "halls", error) from error


def _read(client: HallClient, hall: str) -> dict[str, Any]:
    """Return what the server says of one hall, with what passed on the air beside each terminal."""
    path = f"/api/v1/halls/{segment(hall)}"
    terminals = client.get(f"{path}/terminals")
    try:
        gateways = client.get(f"{path}/gateways")
    except ApiRefused as error:
        if error.status != NOT_FOUND:
            raise
        gateways = {"gateways": []}
    try:
        listed = [dict(terminal) for terminal in terminals["terminals"]]
        known = [dict(gateway) for gateway in gateways["gateways"]]
        for terminal in listed:
            terminal["radio"] = _best(terminal, known)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unknown(client, "terminals", error) from error
    return {"hall": hall, "terminals": listed, "gateways": known}


def _best(
    terminal: Mapping[str, Any], gateways: Iterable[Mapping[str, Any]]
) -> dict[str, Any] | None:
    """Return what the gateway that serves ``terminal`` says of it, or else its home; None for neither."""
    home = terminal["gateway"]
    found = {
        gateway["id"]: dict(traffic, told_by=gateway["id"])
        for gateway in gateways
        for traffic in gateway["terminals"]
        if (traffic["gateway"], traffic["address"]) == (home, terminal["address"])
    }
    serving = next((traffic["served_by"] for traffic in found.values()), None)
    return found.get(serving) or found.get(home)


def _unknown(client: HallClient, what: str, error: Exception) -> LinkError:
    return LinkError(
        f"{client.where} tells of {what} in words that are not known here ({error!r}): use the version of this"
        " program that the server has"
    )


# -- tables -----------------------------------------------------------------------------------


def _show(of_hall: Mapping[str, Any], console: Console) -> None:
    console.print(Text(f"hall {of_hall['hall']}", style="bold"))
    terminals, gateways = of_hall["terminals"], of_hall["gateways"]
    if not terminals:
        console.print("  no terminals are configured")
    else:
        console.print(_terminals(terminals))
    if gateways:
        console.print(_gateways(gateways))


def _terminals(terminals: Sequence[Mapping[str, Any]]) -> Table:
    table = _table(
        "gateway", ">address", "kind", "counter", "state", "supply", ">battery", ">loss",
        ">99 % within", ">last heard", ">restarts", "troubles",
    )  # fmt: skip
    now = datetime.now(UTC)
    for terminal in terminals:
        radio = terminal["radio"] or {}
        table.add_row(
            _served_by(terminal, radio),
            str(terminal["address"]),
            str(terminal["kind"]),
            _text(terminal.get("counter")),
            Text(str(terminal["state"]), style=_STATES.get(terminal["state"], "")),
            _text(terminal.get("supply")),
            _unit(terminal.get("battery_mv"), 1000, "V", 2),
            _unit(radio.get("loss"), 0.01, "%", 1),
            _unit((radio.get("latency") or {}).get("p99_s"), 0.001, "ms", 0),
            _ago(terminal.get("heard_at"), now),
            _text(terminal.get("restarts")),
            Text(", ".join(map(str, terminal.get("troubles", ()))), style="bold red"),
        )
    return table


def _gateways(gateways: Sequence[Mapping[str, Any]]) -> Table:
    table = _table(
        "gateway", "port", "state", ">channel busy", ">on the air", ">of at most", ">loss",
        ">50 % within", ">99 % within", ">waiting", "troubles",
    )  # fmt: skip
    for gateway in gateways:
        latency = gateway.get("latency") or {}
        up = bool(gateway.get("up"))
        table.add_row(
            str(gateway["id"]),
            _text(gateway.get("port")),
            Text("open" if up else "away", style="green" if up else "bold red"),
            _unit(gateway.get("utilisation"), 0.01, "%", 1),
            _unit(gateway.get("duty_cycle"), 0.01, "%", 2),
            _unit(gateway.get("duty_cycle_max"), 0.01, "%", 0),
            _unit(gateway.get("loss"), 0.01, "%", 1),
            _unit(latency.get("p50_s"), 0.001, "ms", 0),
            _unit(latency.get("p99_s"), 0.001, "ms", 0),
            _text(gateway.get("waiting")),
            Text(", ".join(map(str, gateway.get("troubles", ()))), style="bold red"),
        )
    return table


def _table(*headings: str) -> Table:
    """Return a table; headings behind > are of columns of numbers."""
    table = Table(box=None)
    for heading in headings:
        justify = "right" if heading.startswith(">") else "left"
        table.add_column(heading.removeprefix(">"), justify=justify)  # type: ignore[arg-type]
    return table


def _served_by(terminal: Mapping[str, Any], radio: Mapping[str, Any]) -> str:
    home, serving = str(terminal["gateway"]), radio.get("served_by")
    return home if serving in (None, home) else f"{home} (by {serving})"


def _text(given: object) -> str:
    return "" if given is None else str(given)


def _unit(given: float | None, unit: float, name: str, digits: int) -> str:
    return "" if given is None else f"{given / unit:.{digits}f} {name}"


def _ago(heard_at: str | None, now: datetime) -> str:
    if heard_at is None:
        return "never"
    ago_s = max((now - datetime.fromisoformat(heard_at)).total_seconds(), 0.0)
    for unit_s, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if ago_s >= 2 * unit_s:
            return f"{ago_s / unit_s:.0f} {name} ago"
    return f"{ago_s:.0f} s ago"
