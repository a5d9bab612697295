"""Journals as the hall meets them: each kind with its own way to let time pass and to fail."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Protocol

import simpy

from actors.ports import CommitFailed, Committed, Journal
from protocol.hall import HallSpec
from protocol.messages import Recorded
from runtime.journal import SqliteJournal
from sim.journal import MemoryJournal
from tests.runtime.journal.days import hall_spec

PATIENCE_S = 30.0


class Told(list[object]):
    """A recipient that remembers what it was told."""

    tell = list.append


class Loop:
    """Stands for the reactor: calls from other threads are made when a test lets them."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def call(self, call: Callable[[], None]) -> None:
        self._calls.put(call)

    def turn(self) -> None:
        """Make one call, when it comes."""
        self._calls.get(timeout=PATIENCE_S)()

    def turn_if_due(self) -> None:
        """Make the calls that are there already."""
        while not self._calls.empty():
            self._calls.get()()


class JournalRig(Protocol):
    """One kind of journal."""

    @property
    def journal(self) -> Journal: ...

    def settle(self) -> None:
        """Let the commit that is under way end."""

    def fail_next(self) -> None:
        """Have the next commit fail, and only that."""

    def restart(self) -> None:
        """Close the journal and open it again."""


class SqliteRig:
    """The real one, on a file."""

    def __init__(self, path: Path, spec: HallSpec | None = None) -> None:
        self.path = path
        self.spec = spec or hall_spec()
        self.loop = Loop()
        self._locks: list[sqlite3.Connection] = []
        self.journal = SqliteJournal(path, self.spec, self.loop.call)

    def settle(self) -> None:
        self.loop.turn()
        while self._locks:
            self._locks.pop().close()

    def fail_next(self) -> None:
        """Another program keeps the file locked for longer than a writer waits."""
        lock = sqlite3.connect(self.path, isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        self._locks.append(lock)

    def restart(self) -> None:
        self.journal.close()
        self.journal = SqliteJournal(self.path, self.spec, self.loop.call)

    def commit(self, batch: Sequence[Recorded]) -> Committed | CommitFailed:
        """Commit and wait for the answer."""
        told = Told()
        self.journal.commit(batch, told)
        self.settle()
        (answer,) = told
        assert isinstance(answer, Committed | CommitFailed)
        return answer


class MemoryRig:
    """The simulation's, which answers at once or after some virtual time."""

    def __init__(self, commit_s: float) -> None:
        self._env = simpy.Environment()
        self.journal = MemoryJournal(self._env, commit_s=commit_s)

    def settle(self) -> None:
        self._env.run()

    def fail_next(self) -> None:
        self.journal.fail_next()

    def restart(self) -> None:
        self.journal.close()
