"""A rehearsed day in a real journal: what a hall that ran all day has left on its disk."""

from __future__ import annotations

from pathlib import Path
from queue import SimpleQueue
from typing import Any

from protocol.hall import HallSpec
from protocol.messages import Recorded
from runtime.journal import SqliteJournal
from sim.lab.run import LabRun
from sim.lab.scenario import LabScenario

BATCH = 200


class _Told:
    """Hears that a commit has ended."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    def tell(self, message: Any) -> None:
        self.messages.append(message)


def rehearsed_events(scenario: LabScenario, seed: int = 1) -> list[Recorded]:
    """Return every event of a run of ``scenario``."""
    run = LabRun(scenario, seed, forgetful=False)
    run.go()
    return list(run.journal.read(0, run.journal.seq))


def write_journal(path: Path, spec: HallSpec, events: list[Recorded]) -> Path:
    """Write ``events`` to an SQLite journal of the hall ``spec``."""
    calls: SimpleQueue[Any] = SimpleQueue()
    journal = SqliteJournal(path, spec, calls.put)
    try:
        for begin in range(0, len(events), BATCH):
            journal.commit(events[begin : begin + BATCH], _Told())
            calls.get(timeout=30)()
    finally:
        journal.close()
    return path
