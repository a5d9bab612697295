"""A journal in memory, with a disk's delays and failures in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import simpy

from actors.hall.state import HallState
from actors.ports import CommitFailed, Committed, Recovery
from protocol.event_rows import Row, encode_row, first_digest
from protocol.ids import HallId
from protocol.messages import Recipient, Recorded

A_HALL = HallId("HZ01")

DISK_FULL = "the simulated disk is full: the scenario makes room"


class MemoryJournal:
    """See `actors.ports.Journal`. What is committed outlives the hall's actor, as a file would.

    Events are kept as the objects that they are and all of them, about 300 octets each: a run of a million
    events takes 300 MB. With ``forgetful``, those that the last snapshot has made needless are let go.
    """

    def __init__(
        self,
        env: simpy.Environment | None = None,
        *,
        commit_s: float = 0.0,
        forgetful: bool = False,
        hall: HallId = A_HALL,
    ) -> None:
        """Make an empty journal.

        Args:
            env: the clock of ``commit_s``; not needed without it.
            commit_s: virtual seconds that a commit takes; 0 answers within the call.
            forgetful: whether events up to the last snapshot are let go; they cannot be read then.
            hall: whose it is, as far as its events' seals say.
        """
        assert env is not None or not commit_s, "a commit takes time on a clock"
        self.commit_s = commit_s
        self._env = env
        self._forgetful = forgetful
        self._events: list[Recorded] = []
        self._first_seq = 1
        """The number of the first event in the list."""
        self._snapshot: HallState | None = None
        self._under_way: tuple[Sequence[Recorded], Recipient] | None = None
        self._rows: list[Row] = []
        self._first_digest = first_digest(hall)
        self._failures = 0
        self._reason = DISK_FULL
        self._closed = False
        self.refuses: Callable[[], str | None] | None = None
        """If set, is asked whenever something is to be written, and says why it cannot be."""
        self.on_commit: Callable[[], object] | None = None
        """If set, is called when a commit has begun that takes time."""

    @property
    def seq(self) -> int:
        """The last durable event; 0 if there is none."""
        return self._first_seq + len(self._events) - 1

    # -- the port ---------------------------------------------------------------------------

    def recover(self) -> Recovery:
        """Return what is durable. A commit that is under way ends at once, and its end is not told."""
        if self._under_way is not None:
            self._finish()
        self._closed = False
        after = 0 if self._snapshot is None else self._snapshot.seq
        return Recovery(snapshot=self._snapshot, events=iter(self.read(after, self.seq)))

    def commit(self, batch: Sequence[Recorded], reply_to: Recipient) -> bool:
        """Make ``batch`` durable at once, or after `commit_s`; then, or if it fails, tell ``reply_to``."""
        assert not self._closed, "the journal is closed"
        assert self._under_way is None, "a commit is under way already"
        seq = self._first_seq + len(self._events)
        if not batch or batch[0].seq != seq or batch[-1].seq != seq + len(batch) - 1:
            raise AssertionError(_misnumbered(batch, seq))
        if self.commit_s:
            assert self._env is not None
            under_way = self._under_way = (batch, reply_to)
            elapsed = simpy.Timeout(self._env, self.commit_s)
            assert elapsed.callbacks is not None
            elapsed.callbacks.append(lambda _event: self._end(under_way))
            if self.on_commit is not None:
                self.on_commit()
            return False
        failure = self._write(batch)
        if failure is None:
            return True
        reply_to.tell(failure)
        return False

    def snapshot(self, state: HallState) -> None:
        """Keep the durable ``state``."""
        if not state.seq or (self.refuses is not None and self.refuses() is not None):
            return
        assert state.seq <= self.seq, f"event {state.seq} is not durable"
        self._snapshot = state
        if self._forgetful:
            del self._events[: state.seq - self._first_seq + 1]
            self._first_seq = state.seq + 1

    def read(self, after: int, limit: int) -> Sequence[Recorded]:
        """Return at most ``limit`` durable events with numbers above ``after``, in order."""
        start = max(after + 1 - self._first_seq, 0)
        return self._events[start : start + limit]

    def rows(self, after: int, limit: int) -> Sequence[Row]:
        """Return at most ``limit`` durable events with numbers above ``after``, sealed as on a disk.

        They are kept once they were asked for; a forgetful journal has none.
        """
        assert not self._forgetful, "what was let go cannot be taken elsewhere"
        rows = self._rows
        for recorded in self._events[len(rows) : after + limit]:
            rows.append(encode_row(recorded, rows[-1].digest if rows else self._first_digest))
        return rows[after : after + limit]

    def close(self) -> None:
        """Finish the commit under way; nothing is told. What is durable can be recovered again."""
        if self._under_way is not None:
            self._finish()
        self._closed = True

    # -- faults -----------------------------------------------------------------------------

    def fail_next(self, commits: int = 1, reason: str = DISK_FULL) -> None:
        """Have the next ``commits`` commits fail for ``reason``; 0 ends that. One under way is the first."""
        self._failures = commits
        self._reason = reason

    def lose_power(self, written: float = 0.0) -> None:
        """Stop amid the commit under way, as a machine without power does; nobody is told.

        ``written`` is the share of it that reached the disk, 0 to 1. A part of a commit lacks the mark at its
        end and is left out by recovery; the whole is durable.
        """
        if written >= 1.0 and self._under_way is not None:
            self._finish()
        self._under_way = None

    def heal(self, commit_s: float) -> None:
        """Have every fault end, and commits take ``commit_s`` again."""
        self._failures = 0
        self.on_commit = None
        self.commit_s = commit_s

    # -- inside -----------------------------------------------------------------------------

    def _write(self, batch: Sequence[Recorded]) -> CommitFailed | None:
        if self._failures:
            self._failures -= 1
            return CommitFailed(first_seq=batch[0].seq, reason=self._reason)
        reason = None if self.refuses is None else self.refuses()
        if reason is not None:
            return CommitFailed(first_seq=batch[0].seq, reason=reason)
        self._events += batch
        return None

    def _end(self, under_way: tuple[Sequence[Recorded], Recipient]) -> None:
        if self._under_way is not under_way:
            return  # finished or lost meanwhile
        self._under_way = None
        batch, reply_to = under_way
        reply_to.tell(self._write(batch) or Committed(seq=batch[-1].seq))

    def _finish(self) -> None:
        """Write what is under way without telling anybody."""
        assert self._under_way is not None
        batch, _ = self._under_way
        self._under_way = None
        self._write(batch)


def _misnumbered(batch: Sequence[Recorded], seq: int) -> str:
    """Say what is wrong with a batch that should begin with event ``seq``."""
    if not batch:
        return "there is nothing to commit"
    if batch[0].seq != seq:
        return f"event {batch[0].seq} does not follow {seq - 1}"
    return "the batch is not numbered without gaps"
