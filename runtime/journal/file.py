"""The journal's file: what is in it, how one is made, and whether a file is one.

One SQLite database in WAL mode for each hall::

    meta            name, value: the hall's id, the format, commits that failed
    event           seq, at, kind, command, body, digest: see `protocol.event_rows`
    snapshot        seq, chain, shape, parts, checksum: see `runtime.journal.states`
    snapshot_part   seq, part, body

``chain`` is the digest of the event at the snapshot's ``seq``. The file may be read with any SQLite tool while
the hall runs; to copy it use ``VACUUM INTO`` or ``.backup``, for a plain copy lacks what is still in the
write-ahead log.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from protocol.errors import JournalDamaged, JournalForeign, StorageError
from protocol.ids import HallId
from runtime.journal.guard import Guard

APPLICATION_ID = int.from_bytes(b"Paih", "big")
FORMAT = 5
"""Raised whenever an event's fields or a table change: an older version would misread what it does not know."""

BUSY_S = 1.0
"""How long a write waits for another program that holds a lock on the file, such as an SQLite tool."""

CHECKPOINT_PAGES = 1_000
"""Pages in the write-ahead log from which SQLite moves them into the database, behind a commit."""

WAL_OCTETS_MAX = 16 * 1024 * 1024
"""A log that grew beyond this (one huge batch, a long read) is cut down to it after its checkpoint."""

STATEMENTS_KEPT = 256

ADVICE = (
    "Nothing was changed. Keep a copy of the file and of those beside it, then put back the last "
    "good copy, or move them all away to begin an empty journal"
)

_MAGIC = b"SQLite format 3\0"
_HEADER_OCTETS = 100
_TABLES = f"""
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE event (
        seq INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, command TEXT NOT NULL,
        body TEXT NOT NULL, digest TEXT NOT NULL
    );
    CREATE TABLE snapshot (
        seq INTEGER PRIMARY KEY, chain TEXT NOT NULL, shape TEXT NOT NULL,
        parts INTEGER NOT NULL, checksum TEXT NOT NULL
    );
    CREATE TABLE snapshot_part (
        seq INTEGER NOT NULL, part INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (seq, part)
    );
    PRAGMA application_id = {APPLICATION_ID};
    PRAGMA user_version = {FORMAT};
"""
_SETTINGS = (
    "PRAGMA synchronous = FULL",
    f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}",
    f"PRAGMA journal_size_limit = {WAL_OCTETS_MAX}",
    "PRAGMA cell_size_check = ON",
)


def create(path: Path, hall: HallId, guard: Guard) -> None:
    """Make an empty journal. It is made under another name first: at ``path`` there is all of it or nothing.

    Raises:
        JournalDamaged: there was a journal at ``path``, of which only the files beside it are left.
        StorageError: the file cannot be written.
    """
    log = path.with_name(path.name + "-wal")
    if guard.durable_seq or log.exists():
        raise JournalDamaged(
            f"{path} is gone, and {guard.path.name} or {log.name} says that it held events "
            f"(to {guard.durable_seq} at least). Put it back; or remove those too, to begin an empty one"
        )
    made = path.with_name(path.name + ".new")
    try:
        for leftover in (made, made.with_name(made.name + "-wal")):
            leftover.unlink(missing_ok=True)
        connection = sqlite3.connect(made, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(_TABLES)
        rows = [("hall", hall), ("format", str(FORMAT)), ("failed commits", "0")]
        connection.executemany("INSERT INTO meta VALUES (?, ?)", rows)
        connection.close()
        _synchronize(made)
        made.rename(path)
        _synchronize(path.parent)
    except sqlite3.Error as error:
        raise failure(path, error) from error
    except OSError as error:
        raise StorageError(
            f"{path} cannot be made ({error.strerror}): the folder must exist, have room, and this "
            "user must be allowed to write there"
        ) from error


def check_header(path: Path) -> None:
    """Look at the first octets of a file, without SQLite, which might change a file that is not ours.

    Raises:
        JournalForeign: the file is not a journal, or of a newer format.
        JournalDamaged: there is too little of it.
        StorageError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_OCTETS)
    except OSError as error:
        raise StorageError(f"{path} cannot be read ({error.strerror})") from error
    if not header:
        raise JournalDamaged(f"{path} is empty, which a journal never is. {ADVICE}")
    if not header.startswith(_MAGIC[: len(header)]):
        raise JournalForeign(f"{path} is no SQLite database, so no journal; name another file")
    if len(header) < _HEADER_OCTETS:
        raise JournalDamaged(f"{path} was cut off after {len(header)} octets. {ADVICE}")
    application = int.from_bytes(header[68:72], "big")
    if application != APPLICATION_ID:
        raise JournalForeign(
            f"{path} is an SQLite database of another application (application_id {application:#x} "
            f"instead of {APPLICATION_ID:#x}), not a journal; name another file"
        )


def connect(path: Path, hall: HallId) -> sqlite3.Connection:
    """Open the journal of ``hall`` for its writer.

    Raises:
        JournalForeign: it is of another format or hall.
        JournalDamaged: SQLite cannot make sense of it.
        StorageError: it cannot be opened.
    """
    try:
        connection = _open(path, STATEMENTS_KEPT)
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version != FORMAT:
            connection.close()
            raise JournalForeign(
                f"{path} has format {version} and this version of Paihao writes {FORMAT}: "
                "start the version that wrote it, or a newer one"
            )
        names = dict(connection.execute("SELECT name, value FROM meta"))
        if names.get("hall") != hall:
            connection.close()
            raise JournalForeign(
                f"{path} is the journal of hall {names.get('hall')!r}, not of {hall!r}: "
                "each hall needs a file of its own"
            )
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise StorageError(f"{path} cannot have a write-ahead log here: use a local disk")
        for setting in _SETTINGS:
            connection.execute(setting)
    except sqlite3.Error as error:
        raise failure(path, error) from error
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open a journal that is open already, for reading only.

    Raises:
        StorageError: it cannot be opened.
    """
    try:
        connection = _open(path, 16)
        connection.execute("PRAGMA query_only = ON")
    except sqlite3.Error as error:
        raise failure(path, error) from error
    return connection


def failure(path: Path, error: sqlite3.Error, place: str = "at its beginning") -> StorageError:
    """Return what to raise when SQLite could not open or read the journal at ``place``."""
    name = error_name(error)
    if name.startswith("SQLITE_NOTADB"):
        return JournalForeign(f"{path} is no SQLite database, so no journal; name another file")
    # SQLITE_ERROR: a table is not there. No name: Python complains of octets that are no UTF-8.
    if name in {"", "SQLITE_ERROR"} or name.startswith(("SQLITE_CORRUPT", "SQLITE_FORMAT")):
        return JournalDamaged(f"{path} is damaged {place}: {error}. {ADVICE}")
    return StorageError(advice_after(path, error))


def advice_after(path: Path, error: sqlite3.Error) -> str:
    """Return what happened and what to do, for a person, after an error of the disk or of access."""
    name = error_name(error)
    if name.startswith("SQLITE_FULL"):
        return f"the disk of {path} is full: make room there, and it goes on by itself"
    if name.startswith("SQLITE_IOERR"):
        return (
            f"{path} had an input/output error ({name}): look at the disk, its cable and the system's "
            "log; it is tried again with each command"
        )
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return f"another program holds {path} for longer than {BUSY_S:g} s: close that program"
    if name.startswith(("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_CANTOPEN", "SQLITE_AUTH")):
        return f"{path} may not be opened or written ({name}): allow this user to write it and its folder"
    return f"{path} cannot be used: {error} ({name})"


def error_name(error: sqlite3.Error) -> str:
    """Return SQLite's name of the error, such as ``SQLITE_IOERR_FSYNC``; empty for one of Python's own."""
    return getattr(error, "sqlite_errorname", None) or ""


def _open(path: Path, statements: int) -> sqlite3.Connection:
    return sqlite3.connect(
        path,
        timeout=BUSY_S,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=statements,
    )


def _synchronize(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
