"""``paihao hq``: headquarters' copy of the halls, looked at and proven."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from protocol.errors import StorageError
from protocol.ids import HallId
from protocol.values import replace
from runtime.config.load import load_config
from runtime.config.model import Config, Server
from runtime.headquarters.database import open_database
from runtime.headquarters.store import Store

__all__ = ["hq_commands"]


@click.group("hq")
def hq_commands() -> None:
    """Look at headquarters' copy of the halls' events."""


_config = click.option(
    "--config",
    "config_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The configuration of the server; that of the demo hall if left out.",
)
_data = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the server keeps its data, if not where the configuration says.",
)


@hq_commands.command("status")
@_config
@_data
def status_command(config_file: Path | None, data: Path | None) -> None:
    """List the halls: how far their events are at headquarters, and what is wrong."""
    with _store(config_file, data) as store:
        copies = store.halls()
    table = Table()
    for column in ("hall", "events", "last one", "heard of", "trouble"):
        table.add_column(column, justify="right" if column == "events" else "left")
    for copy in copies:
        table.add_row(
            copy.hall,
            f"{copy.seq:,}",
            _minute(copy.last_at),
            _minute(copy.heard_at),
            copy.trouble or "",
        )
    console = Console()
    console.print(table if copies else "no hall has been heard of yet")
    if any(copy.trouble for copy in copies):
        raise SystemExit(1)


@hq_commands.command("verify")
@click.argument("hall")
@_config
@_data
def verify_command(hall: str, config_file: Path | None, data: Path | None) -> None:
    """Look at every event that headquarters has of HALL: are they all there, as the hall wrote them?"""
    with _store(config_file, data) as store:
        count = store.verify(HallId(hall))
    click.echo(f"{count:,} events of hall {hall} are as the hall wrote them")


@contextmanager
def _store(config_file: Path | None, data: Path | None) -> Iterator[Store]:

    config = _config_of(config_file, data)
    url = config.database_url
    file = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:///") and not file.exists():
        raise StorageError(
            f"there is no {file}: no server has run with it; name another with --data"
        )
    store = Store(open_database(url), lambda: datetime.now(UTC))
    try:
        yield store
    finally:
        store.close()


def _config_of(config_file: Path | None, data: Path | None) -> Config:
    config = (
        Config(source="the demo hall", halls=())
        if config_file is None
        else load_config(config_file, secrets=False)
    )
    if data is None:
        return config
    server: Server = replace(config.server, data_dir=data)
    return replace(config, server=server)


def _minute(at: str | None) -> str:
    """Return an instant as the reader's clock shows it."""
    return "" if at is None else f"{datetime.fromisoformat(at).astimezone():%Y-%m-%d %H:%M:%S}"
