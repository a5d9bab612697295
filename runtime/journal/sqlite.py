"""A hall's journal in an SQLite file."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event

from actors.audience import told
from actors.hall.state import HallState
from actors.ports import CommitFailed, Committed, Recovery
from protocol.event_rows import Row
from protocol.hall import HallSpec
from protocol.messages import Recipient, Recorded
from runtime.journal.file import check_header, connect, create
from runtime.journal.guard import Guard
from runtime.journal.reader import Reader
from runtime.journal.writer import Writer

log = logging.getLogger(__name__)

CallInLoop = Callable[[Callable[[], None]], None]
"""Has something called on the loop's thread soon, from any thread: `ReactorWorld.call_from_thread`."""


class _UnderWay:
    """A commit that was handed to the writer and whose end was not told yet."""

    __slots__ = ("ended", "reply_to", "result")

    def __init__(self, reply_to: Recipient) -> None:
        self.reply_to = reply_to
        self.ended = Event()
        self.result: Committed | CommitFailed | None = None


class SqliteJournal:
    """See `actors.ports.Journal`. Every method belongs to the thread of the loop, and only there."""

    def __init__(self, path: Path, spec: HallSpec, call_in_loop: CallInLoop) -> None:
        """Open the journal of the hall ``spec`` at ``path``, or begin one where there is none.

        Args:
            path: the file, on a local disk; its folder must exist.
            spec: the configuration that recovered states are given.
            call_in_loop: has the end of each commit told on the loop's thread.

        Raises:
            JournalForeign: the file is not a journal of this hall, or of a newer format.
            JournalDamaged: the file, or a part of it, is not what was written.
            StorageError: it is in use by another process, or may not be opened.
        """
        path = path.resolve()
        if path.exists():
            check_header(path)
        self._path = path
        self._spec = spec
        self._call_in_loop = call_in_loop
        self._under_way: _UnderWay | None = None
        self._closed = False
        self._guard = Guard(path)
        try:
            if not path.exists():
                create(path, spec.id, self._guard)
            self._connection = connect(path, spec.id)
            self._reader = Reader(path, spec)
            seq, digest = self._reader.last()
        except BaseException:
            self._guard.close()
            raise
        self._writer = Writer(path, self._connection, self._guard, seq, digest)

    def recover(self) -> Recovery:
        """Return what is durable. A commit that is under way is waited for, and its end is not told.

        The events are read, and checked, as they are asked for. What lies before the snapshot is looked
        at only for gaps; `verify` looks at all of it.

        Raises:
            JournalDamaged: events are missing or not what was written; also raised by the events.
            JournalForeign: raised by the events, if one is of a newer version.
        """
        if self._under_way is not None:
            self._under_way.ended.wait()
            self._under_way = None
        last = self._reader.check_numbers(self._guard, self._writer.seq)
        snapshot = self._reader.snapshot(last)
        after = 0 if snapshot is None else snapshot.seq
        log.info("journal opened file=%s events=%d snapshot=%d", self._path, last, after)
        return Recovery(snapshot=snapshot, events=self._reader.events(after, last))

    def commit(self, batch: Sequence[Recorded], reply_to: Recipient) -> bool:
        """Make ``batch`` durable as a whole; then tell ``reply_to`` `Committed` or `CommitFailed`.

        The batch must not be changed any more. Only one commit may be under way: another one is a defect.
        """
        assert not self._closed, "the journal is closed"
        assert self._under_way is None, "a commit is under way already"
        assert batch, "there is nothing to commit"
        durable = self._writer.seq
        assert batch[0].seq == durable + 1, f"event {batch[0].seq} does not follow {durable}"
        assert batch[-1].seq == durable + len(batch), "the batch is not numbered without gaps"
        under_way = self._under_way = _UnderWay(reply_to)

        def ended(result: Committed | CommitFailed) -> None:
            under_way.result = result
            under_way.ended.set()
            self._call_in_loop(lambda: self._tell(under_way))

        self._writer.commit(batch, ended)
        return False

    def snapshot(self, state: HallState) -> None:
        """Keep the durable ``state`` when the writer has time; failure is logged, never fatal.

        At most one snapshot waits: a newer one takes its place. The last two are kept.
        """
        if state.seq:
            self._writer.keep(state)

    def read(self, after: int, limit: int) -> Sequence[Recorded]:
        """Return at most ``limit`` durable events with numbers above ``after``, in order.

        Raises:
            JournalDamaged: they are not what was written.
        """
        last, _ = self._reader.last()
        return list(self._reader.events(after, last, limit))

    def rows(self, after: int, limit: int) -> Sequence[Row]:
        """Return at most ``limit`` durable events with numbers above ``after``, in order, as they are kept.

        Raises:
            JournalDamaged: they are not what was written.
        """
        last, _ = self._reader.last()
        return list(self._reader.rows(after, last, limit))

    def verify(self) -> int:
        """Check every event there is and return how many. A million take about 12 s; any thread may.

        Raises:
            JournalDamaged: names the first place where something is not as it was written.
        """
        reader = Reader(self._path, self._spec)
        try:
            return reader.verify()
        finally:
            reader.close()

    def close(self) -> None:
        """Finish the commit and the snapshots that were asked for, and let the file go; nothing is told."""
        if self._closed:
            return
        self._closed = True
        self._under_way = None
        self._writer.stop()
        self._reader.close()
        self._connection.close()
        self._guard.close()

    def _tell(self, under_way: _UnderWay) -> None:
        if self._under_way is not under_way:
            return  # recovered from, or closed, meanwhile
        self._under_way = None
        assert under_way.result is not None
        told(under_way.reply_to, under_way.result)
