"""The file: whose it is, who may have it, what is in it, how large it grows."""

from __future__ import annotations

import logging
import os
import sqlite3
import subprocess
import sys
from itertools import islice
from pathlib import Path
from time import monotonic

import pytest

from actors.ports import CommitFailed, Committed
from protocol.errors import JournalDamaged, JournalForeign, StorageError
from protocol.events import CounterOpened, TicketCalled
from protocol.ids import CommandId, CounterId
from protocol.messages import Recorded
from runtime.journal import SqliteJournal
from runtime.journal.file import CHECKPOINT_PAGES, FORMAT
from runtime.journal.writer import STATEMENT_ROWS
from tests.runtime.journal.days import MORNING, first_events, hall_spec, life, replayed
from tests.runtime.journal.rig import PATIENCE_S, Loop, SqliteRig, Told

EVENTS = first_events(1_000)
ROOT = Path(__file__).parents[3]


def open_journal(path: Path, hall: str = "HZ01") -> SqliteJournal:
    return SqliteJournal(path, hall_spec(hall), Loop().call)


def change(path: Path, *statements: str) -> None:
    """Do something to the file with another program's means."""
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def column(path: Path, query: str) -> list[object]:
    """Return what the query says, read as another program would."""
    connection = sqlite3.connect(path)
    found = [value for (value,) in connection.execute(query)]
    connection.close()
    return found


# -- whose it is ---------------------------------------------------------------------------------


def test_file_that_is_no_database_is_refused_and_left_alone(path: Path) -> None:
    path.write_bytes(b"not a journal at all, but somebody's notes\n" * 100)
    with pytest.raises(JournalForeign, match=r"HZ01\.journal is no SQLite database"):
        open_journal(path)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_database_of_another_application_is_refused_and_left_alone(path: Path) -> None:
    change(path, "CREATE TABLE recipe (name)")
    before = path.read_bytes()
    with pytest.raises(JournalForeign, match="another application"):
        open_journal(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_journal_of_another_hall_is_refused(rig: SqliteRig) -> None:
    rig.commit(EVENTS[:5])
    rig.journal.close()
    with pytest.raises(JournalForeign, match="hall 'HZ01', not of 'HZ02'"):
        open_journal(rig.path, "HZ02")
    rig.restart()
    assert list(rig.journal.recover().events) == EVENTS[:5]


def test_newer_format_is_refused(rig: SqliteRig) -> None:
    rig.journal.close()
    change(rig.path, f"PRAGMA user_version = {FORMAT + 1}")
    with pytest.raises(
        JournalForeign, match=f"format {FORMAT + 1} and this version of Paihao writes {FORMAT}"
    ):
        open_journal(rig.path)


def test_event_of_an_unknown_kind_is_refused_as_newer(
    rig: SqliteRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.commit(EVENTS[:5])
    monkeypatch.delitem(
        sys.modules["protocol.event_rows"].__dict__["_FORMS"], type(EVENTS[1].event).__name__
    )
    with pytest.raises(JournalForeign, match=r"newer version.*event 2 is of the unknown kind"):
        list(rig.journal.recover().events)


def test_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="the folder must exist"):
        open_journal(tmp_path / "nowhere" / "HZ01.journal")


# -- who may have it -----------------------------------------------------------------------------


def test_second_process_is_refused_and_told_who_has_it(rig: SqliteRig) -> None:
    script = f"""
from tests.runtime.journal.test_sqlite import *
try: open_journal(Path({str(rig.path)!r}))
except StorageError as error: print(error)
"""
    outcome = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert f"is in use by process {os.getpid()}: a journal has one writer" in outcome.stdout
    rig.commit(EVENTS[:5])


def test_second_journal_in_the_same_process_is_refused(rig: SqliteRig) -> None:
    with pytest.raises(StorageError, match="in use"):
        open_journal(rig.path)
    rig.journal.close()
    open_journal(rig.path).close()


def test_refused_file_is_not_kept_locked(path: Path) -> None:
    open_journal(path, "HZ02").close()
    for _ in range(2):
        with pytest.raises(JournalForeign):
            open_journal(path)
    open_journal(path, "HZ02").close()


# -- what is in it -------------------------------------------------------------------------------


def test_file_is_read_with_plain_sql_while_the_hall_runs(rig: SqliteRig) -> None:
    events = first_events(200)
    rig.commit(events)
    connection = sqlite3.connect(rig.path)
    calls = connection.execute(
        "SELECT body ->> 'number', date(at), command FROM event WHERE kind = 'TicketCalled'"
    ).fetchall()
    connection.close()
    expected = [r.event for r in events if isinstance(r.event, TicketCalled)]
    assert calls == [(e.number, f"{e.at:%Y-%m-%d}", e.command) for e in expected]


@pytest.mark.parametrize("size", [1, 2, STATEMENT_ROWS, STATEMENT_ROWS + 1, 3 * STATEMENT_ROWS + 5])
def test_batches_of_any_size_are_kept_whole(rig: SqliteRig, size: int) -> None:
    assert rig.commit(EVENTS[:size]) == Committed(seq=size)
    assert list(rig.journal.recover().events) == EVENTS[:size]
    assert rig.journal.verify() == size


def test_text_that_is_no_unicode_fails_its_batch_and_nothing_else(rig: SqliteRig) -> None:
    rig.commit(EVENTS[:5])
    event = CounterOpened(at=MORNING, command=CommandId("\udc80"), counter=CounterId("1"))
    answer = rig.commit([Recorded(seq=6, event=event)])
    assert isinstance(answer, CommitFailed)
    assert "event 6 (CounterOpened) cannot be written" in answer.reason
    assert rig.commit(EVENTS[5:7]) == Committed(seq=7)


def test_last_two_snapshots_are_kept(rig: SqliteRig) -> None:
    for index, (records, state) in enumerate(islice(life(), 40)):
        rig.commit(records)
        if index % 10 == 9:
            rig.journal.snapshot(state)
            rig.restart()
            last = state
    kept = column(rig.path, "SELECT seq FROM snapshot ORDER BY seq")
    parts = set(column(rig.path, "SELECT seq FROM snapshot_part"))
    assert len(kept) == 2
    assert kept[-1] == last.seq
    assert parts == set(kept)


def test_snapshot_that_waits_is_written_without_any_commit(rig: SqliteRig) -> None:
    lived = list(islice(life(), 20))
    for records, _ in lived:
        rig.commit(records)
    for _, state in lived[-3:]:
        rig.journal.snapshot(state)
    deadline_s = monotonic() + PATIENCE_S
    while column(rig.path, "SELECT max(seq) FROM snapshot") != [lived[-1][1].seq]:
        assert monotonic() < deadline_s, "the snapshot that waited was never written"


def test_snapshot_of_another_shape_of_the_state_is_not_used(
    rig: SqliteRig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lived = list(islice(life(), 20))
    for records, _ in lived:
        rig.commit(records)
    state = lived[-1][1]
    with monkeypatch.context() as older:
        older.setattr("runtime.journal.writer.SHAPE", "what an older version knew")
        rig.journal.snapshot(state)
        rig.restart()
    recovery = rig.journal.recover()
    assert recovery.snapshot is None
    assert replayed(None, recovery.events) == state
    assert "another version kept it" in caplog.text


def test_snapshot_of_nothing_is_not_kept(rig: SqliteRig, caplog: pytest.LogCaptureFixture) -> None:
    state = replayed(None, [])
    rig.journal.snapshot(state)
    rig.restart()
    assert rig.journal.recover().snapshot is None
    assert not caplog.records


def test_commits_go_on_while_a_large_snapshot_is_written(
    rig: SqliteRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Far longer between two parts than the test takes: the snapshot is not done before the journal closes.
    monkeypatch.setattr("runtime.journal.writer.SLICE_REST_S", 60.0)
    states = life(seed=2)
    batch: list[Recorded] = []
    for records, state in states:
        batch += records
        if len(state.tickets) > 1_200:
            break
    rig.commit(batch)
    rig.journal.snapshot(state)
    at_snapshot = state.seq
    for records, state in islice(states, 5):
        assert rig.commit(records) == Committed(seq=state.seq)
    assert column(rig.path, "SELECT count(*) FROM snapshot") == [0]
    assert column(rig.path, "SELECT count(*) FROM snapshot_part") == [1]
    rig.restart()
    recovery = rig.journal.recover()
    assert recovery.snapshot is not None
    assert recovery.snapshot.seq == at_snapshot
    assert replayed(recovery.snapshot, recovery.events) == state


def test_newer_snapshot_takes_the_place_of_one_that_waits(
    rig: SqliteRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.journal.writer.SLICE_REST_S", 60.0)
    states = []
    for records, state in islice(life(), 30):
        rig.commit(records)
        states.append(state)
    for state in states:
        rig.journal.snapshot(state)
    rig.restart()
    assert column(rig.path, "SELECT seq FROM snapshot ORDER BY seq") == [
        states[0].seq,
        states[-1].seq,
    ]


def test_only_parts_of_a_snapshot_are_written_without_waiting_for_the_disk(rig: SqliteRig) -> None:
    batch: list[Recorded] = []
    for records, state in life():
        batch += records
        if len(state.tickets) > 100:
            break
    rig.commit(batch)
    statements: list[str] = []
    connection = rig.journal._connection
    connection.set_trace_callback(statements.append)
    rig.journal.snapshot(state)
    rig.journal.close()
    synchronised = True
    parts = 0
    for statement in statements:
        if statement.startswith("PRAGMA synchronous"):
            synchronised = statement.endswith("FULL")
        elif statement.startswith("INSERT INTO snapshot_part"):
            parts += 1
            assert not synchronised
        else:
            assert synchronised, statement
    assert parts > 2
    assert any(statement.startswith("INSERT INTO snapshot VALUES") for statement in statements)


# -- how large it grows --------------------------------------------------------------------------


def test_write_ahead_log_stays_small(rig: SqliteRig) -> None:
    log = rig.path.with_name(rig.path.name + "-wal")
    largest = 0
    for first in range(1, 40_000, 500):
        batch = [
            Recorded(seq=seq, event=EVENTS[seq % 1000].event) for seq in range(first, first + 500)
        ]
        assert rig.commit(batch) == Committed(seq=first + 499)
        largest = max(largest, log.stat().st_size)
    assert 4096 * CHECKPOINT_PAGES // 2 < largest < 4096 * CHECKPOINT_PAGES * 2
    assert rig.path.stat().st_size > largest
    rig.journal.close()
    assert not log.exists()


# -- what is damaged -----------------------------------------------------------------------------


def test_empty_file_is_refused(path: Path) -> None:
    path.touch()
    with pytest.raises(JournalDamaged, match="is empty, which a journal never is"):
        open_journal(path)


def test_ordinary_life_logs_no_warning(rig: SqliteRig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    rig.commit(EVENTS)
    rig.restart()
    list(rig.journal.recover().events)
    rig.journal.close()
    assert not caplog.records


def test_closing_twice_is_harmless(rig: SqliteRig) -> None:
    rig.journal.close()
    rig.journal.close()
    with pytest.raises(AssertionError, match="closed"):
        rig.journal.commit(EVENTS[:1], Told())
