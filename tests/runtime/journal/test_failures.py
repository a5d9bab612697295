"""Disks that are full or broken: a batch is durable as a whole or not at all, and work goes on afterwards."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from actors.ports import CommitFailed, Committed
from protocol.messages import Recorded
from protocol.values import replace
from tests.runtime.journal.days import first_events, life
from tests.runtime.journal.rig import SqliteRig

EVENTS = first_events(1_000)
ROOT = Path(__file__).parents[3]


def limit_pages(rig: SqliteRig, pages: int) -> None:
    """Give the database no more than ``pages`` pages: more is a full disk to SQLite."""
    rig.journal._connection.execute(f"PRAGMA max_page_count = {pages}")


def records_after(batch: list[Recorded]) -> list[Recorded]:
    """Return as many events that follow ``batch``."""
    last = batch[-1].seq
    return [replace(record, seq=last + number) for number, record in enumerate(batch, 1)]


@contextmanager
def files_no_larger_than(octets: int) -> Iterator[None]:
    """No write of this process goes beyond ``octets`` in any file: an input/output error to SQLite."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [100, 500], ids=["one statement", "many statements"])
def test_full_disk_fails_the_whole_batch_and_room_ends_it(rig: SqliteRig, size: int) -> None:
    rig.commit(EVENTS[:100])
    limit_pages(rig, 1)
    for _ in range(3):
        answer = rig.commit(EVENTS[100 : 100 + size])
        assert isinstance(answer, CommitFailed)
        assert answer.first_seq == 101
        assert (
            answer.reason
            == f"the disk of {rig.path} is full: make room there, and it goes on by itself"
        )
        assert list(rig.journal.recover().events) == EVENTS[:100]
    limit_pages(rig, 100_000)
    assert rig.commit(EVENTS[100 : 100 + size]) == Committed(seq=100 + size)
    rig.restart()
    assert list(rig.journal.recover().events) == EVENTS[: 100 + size]


@pytest.mark.parametrize("size", [100, 500], ids=["one statement", "many statements"])
def test_disk_that_refuses_to_write_fails_the_whole_batch(rig: SqliteRig, size: int) -> None:
    rig.commit(EVENTS[:100])
    log = rig.path.with_name(rig.path.name + "-wal")
    with files_no_larger_than(log.stat().st_size + 5_000):
        answer = rig.commit(EVENTS[100 : 100 + size])
    assert isinstance(answer, CommitFailed)
    assert "input/output error (SQLITE_IOERR_WRITE)" in answer.reason
    assert "it is tried again with each command" in answer.reason
    assert list(rig.journal.recover().events) == EVENTS[:100]
    assert rig.commit(EVENTS[100:200]) == Committed(seq=200)
    rig.restart()
    assert list(rig.journal.recover().events) == EVENTS[:200]


def test_failed_commits_are_overwritten_and_counted(rig: SqliteRig) -> None:
    """What stands in the log after a failed synchronisation must not come back after a crash."""
    rig.commit(EVENTS[:100])
    limit_pages(rig, 1)
    rig.commit(EVENTS[100:300])
    rig.commit(EVENTS[100:300])
    query = "SELECT value FROM meta WHERE name = 'failed commits'"
    assert rig.journal._connection.execute(query).fetchone() == ("2",)


def test_other_program_that_holds_a_lock_is_said_to(rig: SqliteRig) -> None:
    rig.fail_next()
    answer = rig.commit(EVENTS[:100])
    assert isinstance(answer, CommitFailed)
    assert (
        f"another program holds {rig.path} for longer than 1 s: close that program" == answer.reason
    )


def test_defect_while_writing_fails_the_batch_and_not_the_writer(
    rig: SqliteRig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("runtime.journal.writer.encode_row", lambda *_: 1 / 0)
        answer = rig.commit(EVENTS[:100])
    assert isinstance(answer, CommitFailed)
    assert "a defect in the journal's writer" in answer.reason
    assert "ZeroDivisionError" in caplog.text
    assert rig.commit(EVENTS[:100]) == Committed(seq=100)


def test_snapshot_that_finds_no_room_is_logged_and_nothing_else(
    rig: SqliteRig, caplog: pytest.LogCaptureFixture
) -> None:
    batch: list[Recorded] = []
    for records, state in life():
        batch += records
        if len(state.tickets) > 200:
            break
    rig.commit(batch)
    limit_pages(rig, 1)
    statements: list[str] = []
    rig.journal._connection.set_trace_callback(statements.append)
    rig.journal.snapshot(state)
    # A commit that fails too, behind the first part.
    assert isinstance(rig.commit(records_after(batch)), CommitFailed)
    rig.restart()
    pragmas = [each for each in statements if each.startswith("PRAGMA synchronous")]
    assert pragmas[-1].endswith("FULL"), "commits would not be synchronised any more"
    assert "snapshot not kept" in caplog.text
    recovery = rig.journal.recover()
    assert recovery.snapshot is None
    assert list(recovery.events) == batch
    rig.journal.snapshot(state)
    rig.restart()
    assert rig.journal.recover().snapshot == state


# A tiny file system of its own, filled until nothing goes in, then given room.
FILL = """
import os, shutil, sys
from pathlib import Path
from tests.runtime.journal.rig import *
from tests.runtime.journal.days import first_events
EVENTS = first_events(6_000)
rig = SqliteRig(Path("disk/HZ01.journal"))
ballast = open("disk/ballast", "wb"); ballast.write(bytes(200_000)); ballast.flush()
durable, failures = 0, []
while durable < 5_900:
    answer = rig.commit(EVENTS[durable:durable + 50])
    if isinstance(answer, Committed):
        durable = answer.seq
        continue
    failures.append((durable, answer.reason))
    assert list(rig.journal.recover().events) == EVENTS[:durable]
    if ballast is None:
        break
    ballast.close(); os.unlink("disk/ballast"); ballast = None
print(failures)
for ending in ("", "-wal", ".guard"):  # as a crash leaves them
    shutil.copy(f"disk/HZ01.journal{ending}", f"left{ending}")
again = SqliteRig(Path("left"))
assert list(again.journal.recover().events) == EVENTS[:durable]
again.journal.close()
rig.restart()
assert list(rig.journal.recover().events) == EVENTS[:durable]
assert rig.journal.verify() == durable
print("durable", durable)
"""


def test_file_system_that_is_really_full_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    mounted = "mount -t tmpfs -o size=1200k tmpfs disk"
    own = ["unshare", "--mount", "--map-root-user", "sh", "-c"]
    if subprocess.run([*own, mounted], cwd=tmp_path, capture_output=True).returncode:
        pytest.skip("this user may not mount a file system of its own (unshare --map-root-user)")
    outcome = subprocess.run(
        [*own, f'{mounted} && exec "$0" -c "$1"', sys.executable, FILL],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert outcome.returncode == 0, outcome.stderr
    failures, durable = outcome.stdout.splitlines()
    assert failures.count("is full: make room there") == 2, failures
    assert int(durable.split()[1]) > 500
