"""``paihao faults inject`` and ``end``: break virtual devices of a hall that runs, and mend them."""

from __future__ import annotations

import json

import click
from rich.console import Console
from rich.table import Table

from protocol.errors import ConfigError
from runtime.cli_faults_live import parameters_of
from runtime.cli_radio_server import server_options
from runtime.cli_values import Duration
from runtime.http_client import HallClient, segment
from sim.faults.catalogue import FAULTS, kind_of

__all__ = ["end_command", "inject_command", "injected_command"]

_hall = click.option("--hall", help="The hall; the only one with virtual devices if left out.")


@click.command("inject")
@click.argument("kind")
@click.argument("where", required=False)
@click.argument("parameters", nargs=-1, metavar="[PARAMETER=NUMBER]...")
@click.option("--for", "lasts_s", type=Duration(), help="How long, such as 30s; 30s if left out.")
@server_options
@_hall
def inject_command(
    kind: str,
    where: str | None,
    parameters: tuple[str, ...],
    lasts_s: float | None,
    client: HallClient,
    hall: str | None,
) -> None:
    """Break virtual devices of a running `paihao up`: as in `paihao faults inject printer-jam k1 --for 1m`.

    KIND is one of those that `paihao faults` lists, WHERE a device as it says there; all of them if left out.
    """
    known = kind_of(kind)
    if not known.live:
        names = ", ".join(each.name for each in FAULTS.values() if each.live)
        raise ConfigError(f"{kind} is for simulations alone; a running hall takes {names}")
    if where is not None and "=" in where:
        parameters, where = (where, *parameters), None
    known.complete(parameters_of(parameters))
    if lasts_s is not None and lasts_s < 1:
        raise ConfigError("a fault is injected for 1 s or longer")
    body: dict[str, object] = {"kind": kind, "parameters": list(parameters)}
    if where is not None:
        body["where"] = where
    if lasts_s is not None:
        body["seconds"] = round(lasts_s)
    path = f"/api/v1/devices/{segment(_hall_of(client, hall))}/faults"
    fault = client.call("POST", path, body)
    place = fault["where"] or "everywhere"
    click.echo(
        f"fault {fault['id']}: {fault['kind']} {place} for {fault['lasts_s']:g} s; "
        f"`paihao faults end {fault['id']}` ends it"
    )


@click.command("injected")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@server_options
def injected_command(as_json: bool, client: HallClient) -> None:
    """Show the faults that are on in a running `paihao up`."""
    halls = client.get("/api/v1/devices/faults")
    if as_json:
        click.echo(json.dumps(halls, ensure_ascii=False, indent=2))
        return
    table = Table(box=None)
    for heading in ("hall", "id", "fault", "where", "parameters", "s left"):
        table.add_column(heading, justify="right" if heading == "s left" else "left")
    for hall, faults in halls.items():
        for fault in faults:
            given = " ".join(f"{name}={number:g}" for name, number in fault["parameters"].items())
            where = fault["where"] or "everywhere"
            table.add_row(hall, fault["id"], fault["kind"], where, given, f"{fault['left_s']:.0f}")
    Console(highlight=False).print(table if table.row_count else "nothing is broken")


@click.command("end")
@click.argument("fault", required=False)
@click.option("--all", "every", is_flag=True, help="End all of them.")
@server_options
@_hall
def end_command(fault: str | None, every: bool, client: HallClient, hall: str | None) -> None:
    """End the FAULT with that number in a running `paihao up`, or all."""
    if (fault is None) is not every:
        raise click.UsageError("give the number of a fault, or --all")
    id = _hall_of(client, hall)
    ids = [each["id"] for each in client.get("/api/v1/devices/faults")[id]] if every else [fault]
    for each in ids:
        path = f"/api/v1/devices/{segment(id)}/faults/{segment(str(each))}/end"
        ended = client.call("POST", path)["taken"]
        click.echo(f"fault {each} {'has ended' if ended else 'was not on'}")


def _hall_of(client: HallClient, hall: str | None) -> str:
    """Return the hall that is meant.

    Raises:
        ConfigError: there is none with virtual devices, or several and nobody says which.
        LinkError: the server cannot be reached or refuses.
    """
    halls = list(client.get("/api/v1/devices/faults"))
    if hall in halls:
        return str(hall)
    if hall is not None or len(halls) != 1:
        known = ", ".join(halls) or "none"
        raise ConfigError(f"say which hall with --hall; those with virtual devices are {known}")
    return str(halls[0])
