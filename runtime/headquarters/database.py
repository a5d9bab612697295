"""Opens headquarters' database and brings its tables up to date."""

from __future__ import annotations

import logging
from importlib.resources import files
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from protocol.errors import ConfigError, StorageError

__all__ = [
    "READS",
    "REVISION",
    "bring_up_to_date",
    "engine_of",
    "file_url",
    "open_database",
    "said_of",
]

REVISION = "0001"
"""The last of the steps in `migrations`."""

READS = "paihao_reads"
"""The execution option of an engine whose transactions only read."""

BUSY_S = 10.0
"""How long another process may write to a file before we give up."""


def file_url(path: Path) -> str:
    """Return the address of a database in a file."""
    return f"sqlite:///{path}"


def open_database(url: str) -> sa.Engine:
    """Open the database at ``url``, its tables up to date.

    Raises:
        ConfigError: as `engine_of`.
        StorageError: as `bring_up_to_date`.
    """
    engine = engine_of(url)
    bring_up_to_date(engine)
    return engine


def engine_of(url: str) -> sa.Engine:
    """Return what leads to ``url`` (``sqlite:///file``, ``postgresql+psycopg://user@host/name``).

    Nothing is opened yet.

    Raises:
        ConfigError: the address is none, or of a kind of database that is not installed.
    """
    try:
        engine = sa.create_engine(url, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise ConfigError(f"headquarters' database cannot be used: {error}") from error
    if engine.dialect.name == "sqlite":
        _tame(engine)
    return engine


def bring_up_to_date(engine: sa.Engine) -> None:
    """Make the tables, or change those of an earlier version.

    Raises:
        StorageError: the database cannot be opened, or a newer version of Paihao has been at it.
    """
    try:
        with engine.begin() as connection:
            if _revision(connection) != REVISION:
                _upgrade(connection)
    except SQLAlchemyError as error:
        raise StorageError(f"headquarters' database cannot be opened: {said_of(error)}") from error


def _revision(connection: sa.Connection) -> str | None:
    """Return which step of its making the database is at; None if it is at none."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.exec_driver_sql(
        "SELECT version_num FROM alembic_version"
    ).scalar_one_or_none()
    return None if found is None else str(found)


def _upgrade(connection: sa.Connection) -> None:
    """Take the steps that lack.

    Raises:
        StorageError: the database is at a step that is not known here.
    """
    # Not at every start: it takes 15 MB.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    logging.getLogger("alembic").setLevel(logging.WARNING)  # it would tell of each step
    config = Config()
    config.set_main_option("script_location", str(files("runtime.headquarters") / "migrations"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StorageError(
            f"headquarters' database was brought up to date by a newer version of Paihao ({error}): start that"
        ) from error


def said_of(error: SQLAlchemyError) -> str:
    """Return what the database itself said, without the statement and its values."""
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]


def _tame(engine: sa.Engine) -> None:
    """Have SQLite write as a server's database does: readers beside the writer, and no lock taken late."""

    @sa.event.listens_for(engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where we say
        connection.execute("PRAGMA journal_mode = WAL")
        # What a power cut takes from its end, the halls send again.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA busy_timeout = {BUSY_S * 1000:.0f}")
        connection.execute("PRAGMA foreign_keys = ON")

    @sa.event.listens_for(engine, "begin")
    def begun(connection: sa.Connection) -> None:
        # Who reads and writes afterwards could be refused then, however long it is ready to wait.
        reads = connection.get_execution_options().get(READS, False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
