"""The journal: what group commit gains, and how soon a long journal is open again."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from actors.hall.actor import SNAPSHOT_EVENTS
from actors.hall.state import HallState
from actors.ports import Committed
from protocol.messages import Recorded
from protocol.values import replace
from runtime.journal import SqliteJournal
from tests.bench.figures import Figure
from tests.runtime.journal.days import first_events, life, replayed
from tests.runtime.journal.rig import SqliteRig

BATCH_EVENTS = 100
GROUPED_EVENTS = 50_000
SINGLE_EVENTS = 1_500
ROUNDS = 3
"""The best of so many is taken on both sides: other work on the machine makes both slower, never faster."""

LONG_EVENTS = 1_000_000
DAY_EVENTS = SNAPSHOT_EVENTS
"""As many as a hall has at most to replay."""
ANSWERS_READ = 20_000
"""Events that a hall reads after a restart to know the answers that it gave."""

GAIN_MIN = 20.0
REOPEN_S_MAX = 2.0


def measure() -> list[Figure]:
    """Return the journal's figures. Takes about a minute and 400 MB in the folder for temporary files."""
    with tempfile.TemporaryDirectory(prefix="journal") as folder:
        grouped, single = commit_rates(Path(folder))
        return [
            Figure(
                name=f"journal, group commit of {BATCH_EVENTS}",
                value=grouped,
                unit="events/s",
                peer_name="journal, one by one",
                peer_value=single,
                goal=f">= {GAIN_MIN:g} times",
                met=grouped >= GAIN_MIN * single,
            ),
            reopening(Path(folder)),
        ]


def commit_rates(folder: Path) -> tuple[float, float]:
    """Return events a second in batches and one by one, on the same disk in alternating rounds."""
    events = first_events(GROUPED_EVENTS)
    grouped = single = 0.0
    for number in range(ROUNDS):
        single = max(single, rate(folder / f"single{number}", events[:SINGLE_EVENTS], 1))
        grouped = max(grouped, rate(folder / f"grouped{number}", events, BATCH_EVENTS))
    return grouped, single


def rate(path: Path, events: Sequence[Recorded], batch_events: int) -> float:
    """Return how many events a second become durable, each batch begun when the last one was told."""
    rig = SqliteRig(path)
    started_s = perf_counter()
    for first in range(0, len(events), batch_events):
        answer = rig.commit(events[first : first + batch_events])
        assert isinstance(answer, Committed), answer
    spent_s = perf_counter() - started_s
    rig.journal.close()
    return len(events) / spent_s


def reopening(folder: Path) -> Figure:
    """Return how long a start takes after 50 days of 20,000 events: all that a hall does then."""
    path = folder / "long"
    state = write_long(path)
    spent_s = min(start(path, state) for _ in range(ROUNDS))
    return Figure(
        name=f"journal of {LONG_EVENTS:,} events reopened",
        value=spent_s,
        unit="s",
        goal=f"<= {REOPEN_S_MAX:g} s",
        met=spent_s <= REOPEN_S_MAX,
    )


def start(path: Path, state: HallState) -> float:
    """Return the seconds of one start, which must come to ``state``."""
    started_s = perf_counter()
    journal = SqliteJournal(path, state.spec, lambda call: call())
    recovery = journal.recover()
    recovered = replayed(recovery.snapshot, recovery.events)
    read = journal.read(LONG_EVENTS - ANSWERS_READ, ANSWERS_READ)
    spent_s = perf_counter() - started_s
    journal.close()
    assert recovery.snapshot is not None
    assert recovered == state
    assert len(read) == ANSWERS_READ
    return spent_s


def write_long(path: Path) -> HallState:
    """Write the long journal and return its last state.

    The first days are one real day, written again and again under new numbers; the last two are lived in full,
    so that what a start replays is real. The last snapshot is of the last day's begin, as old as it can be.
    """
    rig = SqliteRig(path)
    day: list[Recorded] = []
    lived = life(events_a_day=DAY_EVENTS)
    while len(day) < DAY_EVENTS:
        records, state = next(lived)
        day += records
    written = 0
    while written < LONG_EVENTS - 2 * DAY_EVENTS:
        renumbered = [
            Recorded(seq=seq, event=recorded.event)
            for seq, recorded in enumerate(day[:DAY_EVENTS], start=written + 1)
        ]
        for first in range(0, DAY_EVENTS, 1_000):
            assert isinstance(rig.commit(renumbered[first : first + 1_000]), Committed)
        written += DAY_EVENTS
    today = state.day
    renumbered_state = replace(state, seq=written)
    for records, state in life(seed=1, events_a_day=DAY_EVENTS, state=renumbered_state):
        assert isinstance(rig.commit(records), Committed)
        if state.seq >= LONG_EVENTS:
            break
        if state.day != today:
            today = state.day
            rig.journal.snapshot(state)
    rig.journal.close()
    return state


if __name__ == "__main__":
    for figure in measure():
        print(figure)
