"""The one thread that writes to a journal: commits first, snapshots in between.

The interpreter's lock shapes how it writes. Each call into SQLite lets the lock go and asks for it again, and
while the reactor computes, getting it back takes up to the interpreter's switch interval (5 ms by default).
So a batch goes in as one statement where it can: waiting for the lock was two thirds of what it was with BEGIN,
a statement for each row and COMMIT.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic

from actors.hall.state import HallState
from actors.ports import CommitFailed, Committed
from protocol.errors import StorageError
from protocol.event_rows import Row, encode_row
from protocol.messages import Recorded
from protocol.values import value
from runtime.journal.file import advice_after
from runtime.journal.guard import Guard
from runtime.journal.states import SHAPE, encode_state, seal

log = logging.getLogger(__name__)

STATEMENT_ROWS = 128
"""Rows in one statement at most; a larger batch is several statements in one transaction."""

SNAPSHOTS_KEPT = 2

SLICE_REST_S = 0.002
"""Rest after each part of a snapshot, so that the reactor hardly notices that one is being made."""

_INSERT = [
    "INSERT INTO event VALUES " + ", ".join(["(?, ?, ?, ?, ?, ?)"] * rows)
    for rows in range(STATEMENT_ROWS + 1)
]

CommitEnded = Callable[[Committed | CommitFailed], None]


@value
class _Commit:
    batch: Sequence[Recorded]
    ended: CommitEnded


@value
class _Keep:
    state: HallState


class _Stop:
    """Finish and end the thread."""


class Writer:
    """Writes batches and snapshots, in a thread of its own, in the order in which they come.

    At most one snapshot is being written and one waits; a newer one takes the place of the one that waits.
    """

    def __init__(
        self, path: Path, connection: sqlite3.Connection, guard: Guard, seq: int, digest: str
    ) -> None:
        """Write behind event ``seq``, whose digest is ``digest``."""
        self.seq = seq
        """The last durable event; to be read while no commit is under way."""
        self._path = path
        self._connection = connection
        self._guard = guard
        self._digest = digest
        self._jobs: SimpleQueue[_Commit | _Keep | _Stop] = SimpleQueue()
        self._slices: Iterator[None] | None = None
        self._next_state: HallState | None = None
        self._thread = Thread(target=self._run, name=f"journal {path.name}", daemon=True)
        self._thread.start()

    def commit(self, batch: Sequence[Recorded], ended: CommitEnded) -> None:
        """Write ``batch``, which follows `seq`; then call ``ended`` in the writer's thread."""
        self._jobs.put(_Commit(batch=batch, ended=ended))

    def keep(self, state: HallState) -> None:
        """Write a snapshot of ``state`` when there is time."""
        self._jobs.put(_Keep(state=state))

    def stop(self) -> None:
        """Finish what was asked for, and wait for that."""
        self._jobs.put(_Stop())
        self._thread.join()

    def _run(self) -> None:
        rest_until_s = 0.0
        while True:
            job: _Commit | _Keep | _Stop | None
            try:
                left_s = max(rest_until_s - monotonic(), 0.0)
                idle = self._slices is None and self._next_state is None
                job = self._jobs.get(timeout=None if idle else left_s)
            except Empty:
                job = None
            if isinstance(job, _Stop):
                break
            if isinstance(job, _Commit):
                self._end(job, self._write(job.batch))
                # Behind the answer: the mark may lag, and writing it lets the interpreter's lock go once more.
                self._guard.mark(self.seq)
            elif isinstance(job, _Keep):
                self._next_state = job.state
            if monotonic() >= rest_until_s and self._write_slice():
                rest_until_s = monotonic() + SLICE_REST_S
        while self._write_slice():
            pass

    def _end(self, job: _Commit, result: Committed | CommitFailed) -> None:
        try:
            job.ended(result)
        except Exception:
            log.exception("journal's answer not taken file=%s result=%r", self._path, result)

    # -- commits ----------------------------------------------------------------------------

    def _write(self, batch: Sequence[Recorded]) -> Committed | CommitFailed:
        first_seq = batch[0].seq
        try:
            rows = self._encode(batch)
            self._insert(rows)
        except sqlite3.Error as error:
            reason = advice_after(self._path, error)
        except StorageError as error:
            reason = str(error)
        except Exception:
            log.exception("journal's writer failed file=%s seq=%d", self._path, first_seq)
            reason = "a defect in the journal's writer: see the log"
        else:
            self.seq, self._digest = rows[-1].seq, rows[-1].digest
            return Committed(seq=self.seq)
        self._take_back()
        return CommitFailed(first_seq=first_seq, reason=reason)

    def _encode(self, batch: Sequence[Recorded]) -> list[Row]:
        rows = []
        digest = self._digest
        for recorded in batch:
            row = encode_row(recorded, digest)
            digest = row.digest
            rows.append(row)
        return rows

    def _insert(self, rows: list[Row]) -> None:
        connection = self._connection
        if len(rows) <= STATEMENT_ROWS:
            connection.execute(_INSERT[len(rows)], tuple(chain.from_iterable(rows)))
            return
        connection.execute("BEGIN IMMEDIATE")
        for start in range(0, len(rows), STATEMENT_ROWS):
            some = rows[start : start + STATEMENT_ROWS]
            connection.execute(_INSERT[len(some)], tuple(chain.from_iterable(some)))
        connection.execute("COMMIT")

    def _take_back(self) -> None:
        """Undo a failed transaction for good.

        If only the last synchronisation failed, the whole batch stands in the write-ahead log, and a crash
        before the next commit would bring back what was just refused. Writing anything else there makes
        the rest of it invalid, even if that fails to synchronise as well.
        """
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self._connection.execute(
                "UPDATE meta SET value = value + 1 WHERE name = 'failed commits'"
            )
        except sqlite3.Error as error:
            log.warning("failed commit not counted file=%s error=%s", self._path, error)

    # -- snapshots --------------------------------------------------------------------------

    def _write_slice(self) -> bool:
        """Go on with a snapshot; return whether there was anything to do."""
        if self._slices is None:
            if self._next_state is None:
                return False
            self._slices = self._snapshot(self._next_state)
            self._next_state = None
        try:
            next(self._slices)
        except StopIteration:
            self._slices = None
        except Exception as error:
            # Only the next start takes longer, so nobody else need know.
            log.warning("snapshot not kept file=%s error=%r", self._path, error)
            self._slices = None
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        return True

    def _insert_part(self, row: tuple[int, int, str]) -> None:
        """Write a part of a snapshot, without waiting for the disk, so that commits need not wait either.

        Parts count only with the row in ``snapshot``. That is synchronised, and with it all that the log
        has before it.
        """
        connection = self._connection
        connection.execute("PRAGMA synchronous = NORMAL")
        try:
            connection.execute("INSERT INTO snapshot_part VALUES (?, ?, ?)", row)
        finally:
            connection.execute("PRAGMA synchronous = FULL")

    def _snapshot(self, state: HallState) -> Iterator[None]:
        """Write ``state`` part by part; it counts once its row in ``snapshot`` is there."""
        connection, seq = self._connection, state.seq
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM snapshot WHERE seq = ?", (seq,))
        connection.execute("DELETE FROM snapshot_part WHERE seq NOT IN (SELECT seq FROM snapshot)")
        connection.execute("COMMIT")
        (chained,) = connection.execute("SELECT digest FROM event WHERE seq = ?", (seq,)).fetchone()
        number, sealed = 0, seal(SHAPE, f"{seq} {chained}")
        for number, part in enumerate(encode_state(state), start=1):
            self._insert_part((seq, number, part))
            sealed = seal(sealed, part)
            yield
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "INSERT INTO snapshot VALUES (?, ?, ?, ?, ?)", (seq, chained, SHAPE, number, sealed)
        )
        connection.execute(
            "DELETE FROM snapshot WHERE seq NOT IN (SELECT seq FROM snapshot ORDER BY seq DESC LIMIT ?)",
            (SNAPSHOTS_KEPT,),
        )
        connection.execute("DELETE FROM snapshot_part WHERE seq NOT IN (SELECT seq FROM snapshot)")
        connection.execute("COMMIT")


__all__ = ["Writer"]
