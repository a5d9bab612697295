"""``paihao config``: check a configuration, show an example."""

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from runtime.config.load import EXAMPLE, load_config
from runtime.config.model import Config
from runtime.config.problems import ConfigRefused, Problem

__all__ = ["config_commands"]


@click.group("config")
def config_commands() -> None:
    """Check a configuration, or show an example."""


@config_commands.command()
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Say everything that is wrong with FILE, or what it configures.

    Secrets that are kept outside of FILE and are not there yet are only mentioned.
    """
    config = load_config(file, secrets=False)
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{file} is right", style="bold green", markup=False)
    console.print(_halls(config))
    server = config.server
    console.print(
        f"listens at {server.listen}, port {server.port}; links begin with {server.base_url()};"
        f" data in {server.data_dir}; tokens: {len(config.tokens)}",
        markup=False,
    )
    for problem in _missing_secrets(file):
        console.print(f"to do: {problem}", markup=False)


@config_commands.command()
def example() -> None:
    """Print a configuration with everything in it, explained."""
    click.echo(EXAMPLE.read_text("utf-8"), nl=False)


def _halls(config: Config) -> Table:
    table = Table(box=None)
    headings = ("hall", "services", "counters", "kiosks", "gateways", "terminals", "time zone")
    for heading in headings:
        table.add_column(heading, justify="left" if heading in ("hall", "time zone") else "right")
    for hall in config.halls:
        terminals = sum(len(gateway.terminals) for gateway in hall.gateways.values())
        counts = (hall.services, hall.counters, hall.kiosks, hall.gateways)
        table.add_row(
            hall.id, *(str(len(things)) for things in counts), str(terminals), hall.time_zone
        )
    return table


def _missing_secrets(file: Path) -> tuple[Problem, ...]:
    """Return what would be refused for secrets if the server were started here and now."""
    try:
        load_config(file)
    except ConfigRefused as error:
        return error.problems
    return ()
