"""Reads a journal, and believes none of it that does not add up."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from actors.hall.state import HallState
from protocol.errors import JournalDamaged, JournalForeign
from protocol.event_rows import Row, RowError, decode_row, digest_after, first_digest
from protocol.hall import HallSpec
from protocol.ids import HallId
from protocol.messages import Recorded
from runtime.journal.file import ADVICE, FORMAT, connect_reader, failure
from runtime.journal.guard import Guard
from runtime.journal.states import SHAPE, SnapshotUnreadable, decode_state, seal

log = logging.getLogger(__name__)

PAGE_ROWS = 1_000
"""Rows read at once, so that a long journal is never in memory as a whole."""

_ROWS = """
    SELECT seq, at, kind, command, body, digest FROM event
    WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?
"""
_FIRST_GAP = """
    SELECT event.seq + 1 FROM event LEFT JOIN event AS next ON next.seq = event.seq + 1
    WHERE next.seq IS NULL ORDER BY event.seq LIMIT 1
"""


def check_hall(path: Path, hall: HallId) -> None:
    """Look whether a file that begins as a journal is that of ``hall``.

    Raises:
        JournalForeign: it is another hall's, or of another format.
        StorageError: it cannot be read.
    """
    connection = connect_reader(path)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        names = dict(connection.execute("SELECT name, value FROM meta"))
    except sqlite3.Error as error:
        raise failure(path, error) from error
    finally:
        connection.close()
    if version != FORMAT:
        raise JournalForeign(
            f"{path} has format {version}, and this version of Paihao reads {FORMAT}"
        )
    if names.get("hall") != hall:
        raise JournalForeign(
            f"{path} is the journal of hall {names.get('hall')!r}, not of {str(hall)!r}"
        )


class Reader:
    """A connection of its own to the journal at ``path``, for use on one thread."""

    def __init__(self, path: Path, spec: HallSpec) -> None:
        self._path = path
        self._spec = spec
        self._connection = connect_reader(path)

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()

    def last(self) -> tuple[int, str]:
        """Return number and digest of the last event, or what stands before the first one."""
        query = "SELECT seq, digest FROM event ORDER BY seq DESC LIMIT 1"
        rows = self._fetch("at its end", query)
        return rows[0] if rows else (0, first_digest(self._spec.id))

    def check_numbers(self, guard: Guard, durable_seq: int) -> int:
        """Return the number of the last event, having seen that all are there, by their number alone.

        Args:
            guard: remembers how far the journal had come.
            durable_seq: the last event that this process itself knows to be durable.

        Raises:
            JournalDamaged: events are missing.
        """
        (count,) = self._fetch("in its events", "SELECT count(*) FROM event")[0]
        (first,) = self._fetch("in its events", "SELECT min(seq) FROM event")[0]
        last, _ = self.last()
        if count and first != 1:
            raise self._damaged(f"its first event is {first} instead of 1")
        if count != last:
            (missing,) = self._fetch("in its events", _FIRST_GAP)[0]
            raise self._damaged(f"event {missing} is missing ({count} events, the last is {last})")
        durable_seq = max(durable_seq, guard.durable_seq)
        if last < durable_seq:
            raise self._damaged(
                f"events {last + 1} to {durable_seq} are missing at its end, and were durable; "
                f"if you put back an older copy on purpose, remove {guard.path.name}"
            )
        return last

    def events(self, after: int, until: int, limit: int | None = None) -> Iterator[Recorded]:
        """Return the events above ``after``, to ``until`` at most; each is checked as it is read.

        Raises:
            JournalDamaged: an event is not what was written, or missing.
            JournalForeign: an event is of a kind that this version does not know.
        """
        return map(self._decode, self.rows(after, until, limit))

    def rows(self, after: int, until: int, limit: int | None = None) -> Iterator[Row]:
        """Yield what `events` does, as it is kept.

        Raises:
            JournalDamaged: an event is not what was written, or missing.
        """
        if after >= until:
            return
        digest = self._digest(after)
        seq = after
        while seq < until and limit != 0:
            count = PAGE_ROWS if limit is None else min(limit, PAGE_ROWS)
            rows = self._fetch(f"after event {seq}", _ROWS, seq, until, count)
            for row in map(Row._make, rows):
                seq += 1
                self._check(row, seq, digest)
                digest = row.digest
                yield row
            if len(rows) < count and seq < until:
                raise self._damaged(f"event {seq + 1} is missing")
            limit = None if limit is None else limit - count

    def snapshot(self, last: int) -> HallState | None:
        """Return the newest state that can be read; one that cannot be is logged and passed over.

        Raises:
            JournalDamaged: a snapshot is good, and the events that it rests on are not as they were.
        """
        query = "SELECT seq, chain, shape, parts, checksum FROM snapshot ORDER BY seq DESC"
        try:
            kept = self._connection.execute(query).fetchall()
        except sqlite3.Error as error:
            log.warning("snapshots cannot be read file=%s error=%s", self._path, error)
            return None
        for seq, chain, shape, count, checksum in kept:
            try:
                state = self._read_snapshot(seq, chain, shape, count, checksum)
            except (SnapshotUnreadable, sqlite3.Error) as error:
                log.warning("snapshot passed over file=%s seq=%s reason=%s", self._path, seq, error)
                continue
            if seq > last:
                raise self._damaged(f"events {last + 1} to {seq} are missing at its end")
            if self._digest(seq) != chain:
                raise self._damaged(f"event {seq} is not the one that the snapshot was made after")
            return state
        return None

    def verify(self) -> int:
        """Check every event and return how many there are.

        Raises:
            JournalDamaged: the first place where something is not as it was written.
        """
        complaints = self._fetch("as a database", "PRAGMA integrity_check(1)")
        if complaints != [("ok",)]:
            raise self._damaged(f"its database does not add up: {complaints[0][0]}")
        last, _ = self.last()
        return sum(1 for _ in self.events(0, last))

    def _read_snapshot(
        self, seq: int, chain: str, shape: str, count: int, checksum: str
    ) -> HallState:
        if shape != SHAPE:
            raise SnapshotUnreadable("another version kept it, with other fields")
        query = "SELECT body FROM snapshot_part WHERE seq = ? ORDER BY part"
        parts = [body for (body,) in self._connection.execute(query, (seq,))]
        sealed = seal(shape, f"{seq} {chain}")
        for part in parts:
            sealed = seal(sealed, part)
        if len(parts) != count or sealed != checksum:
            raise SnapshotUnreadable("its checksum is not that of its content")
        return decode_state(parts, self._spec)

    def _digest(self, seq: int) -> str:
        """Return the digest of event ``seq``, or what stands before the first one."""
        if seq == 0:
            return first_digest(self._spec.id)
        query = "SELECT digest FROM event WHERE seq = ?"
        rows = self._fetch(f"at event {seq}", query, seq)
        if not rows:
            raise self._damaged(f"event {seq} is missing")
        return str(rows[0][0])

    def _check(self, row: Row, seq: int, digest_before: str) -> None:
        if row.seq != seq:
            raise self._damaged(f"event {seq} is missing")
        if row.digest != digest_after(digest_before, row):
            raise self._damaged(
                f"event {seq} ({row.kind}, {row.at}) is not what was written behind event {seq - 1}"
            )

    def _decode(self, row: Row) -> Recorded:
        try:
            return decode_row(row)
        except RowError as error:
            raise JournalForeign(
                f"{self._path} was written by a newer version of Paihao: {error}; start that version"
            ) from error

    def _fetch(self, place: str, query: str, *parameters: int) -> list[Any]:
        try:
            return self._connection.execute(query, parameters).fetchall()
        except sqlite3.Error as error:
            raise failure(self._path, error, place) from error

    def _damaged(self, what: str) -> JournalDamaged:
        return JournalDamaged(f"{self._path} is damaged: {what}. {ADVICE}")
