"""``paihao faults``: what can break, in simulations and on virtual devices; and having it break."""

from __future__ import annotations

import json
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from runtime.cli_faults_inject import end_command, inject_command, injected_command
from runtime.cli_faults_proxy import proxy_command
from sim.faults.catalogue import FAULTS
from sim.faults.kind import FaultKind, Parameter

__all__ = ["faults_commands"]


@click.group("faults", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@click.pass_context
def faults_commands(context: click.Context, as_json: bool) -> None:
    """Show what can break in a hall; break virtual devices, or the line of real ones.

    Without a command every kind of fault is shown: what it acts on, what it does, its parameters with their
    defaults and ranges, and how long it may last. Scenarios have them in [[fault]] tables.
    """
    if context.invoked_subcommand is not None:
        if as_json:
            raise click.UsageError("--json: is for the list of all faults")
        return
    if as_json:
        kinds = [_as_json(kind) for kind in FAULTS.values()]
        click.echo(json.dumps({"faults": kinds}, ensure_ascii=False, indent=2))
    else:
        _show(Console(highlight=False))


def _show(console: Console) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("fault", no_wrap=True)
    table.add_column("where")
    table.add_column("what it does")
    table.add_column("parameters, default (range)")
    table.add_column("lasts up to", justify="right", no_wrap=True)
    for kind in FAULTS.values():
        given = "\n".join(f"{name} {_range(each)}" for name, each in kind.parameters.items())
        table.add_row(kind.name, kind.target.what, kind.does, given, _time(kind.lasts_max_s))
    console.print(table)
    live = ", ".join(kind.name for kind in FAULTS.values() if not kind.live)
    console.print(
        "\nOnly in simulations: "
        + live
        + ". The others act on virtual devices of `paihao up` as well."
    )


def _range(parameter: Parameter) -> str:
    unit = "" if parameter.unit in ("", "share") else f" {parameter.unit}"
    return f"{parameter.default:g}{unit} ({parameter.least:g} to {parameter.most:g})"


def _time(seconds: float) -> str:
    if seconds >= 7200 and seconds % 3600 == 0:
        return f"{seconds / 3600:g} h"
    return f"{seconds / 60:g} min" if seconds >= 120 else f"{seconds:g} s"


def _as_json(kind: FaultKind) -> dict[str, Any]:
    return {
        "name": kind.name,
        "does": kind.does,
        "target": kind.target.name,
        "where": kind.target.what,
        "parameters": {
            name: {
                "meaning": each.meaning,
                "unit": each.unit,
                "least": each.least,
                "most": each.most,
                "default": each.default,
                "whole": each.whole,
            }
            for name, each in kind.parameters.items()
        },
        "lasts_min_s": kind.lasts_min_s,
        "lasts_max_s": kind.lasts_max_s,
        "live": kind.live,
    }


faults_commands.add_command(inject_command)
faults_commands.add_command(injected_command)
faults_commands.add_command(end_command)
faults_commands.add_command(proxy_command)
