"""``paihao up`` with real processes: what a hall answers arrives at headquarters, whoever is killed when."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.running_hall import HALL, IN_HALL, ROOT, RunningHall, wait_until

COLUMNS = "seq, at, kind, command, body, digest"


def paihao(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "runtime.cli", *map(str, words)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def rows(file: Path, where: str = "") -> list[Any]:
    if not file.exists():
        return []
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        return connection.execute(f"SELECT {COLUMNS} FROM event {where} ORDER BY seq").fetchall()
    except sqlite3.OperationalError:
        return []  # it is not made yet
    finally:
        connection.close()


def take(hall: RunningHall, count: int) -> None:
    for _ in range(count):
        hall.call("POST", f"{IN_HALL}/tickets", "kiosk", {"service": "declare"}).ok()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def copied(data: Path) -> bool:
    """Whether headquarters' copy equals the journal, event for event."""
    here = rows(data / "headquarters.db", f"WHERE hall = '{HALL}'")
    return bool(here) and here == rows(data / f"{HALL}.journal")


def test_copy_equals_the_journal_also_after_a_kill(tmp_path: Path, data: Path) -> None:
    hall = RunningHall(tmp_path / "first", data=data)
    try:
        take(hall.await_start(), 20)
    finally:
        hall.kill()
    again = RunningHall(tmp_path / "again", data=data)
    try:
        take(again.await_start(), 3)
        wait_until(lambda: copied(data), what="the copy of everything that was answered")
        assert again.end() == 0
    finally:
        again.kill()
    verified = paihao("hq", "verify", HALL, "--data", data)
    assert verified.returncode == 0, verified.stderr
    assert "are as the hall wrote them" in verified.stdout
    status = paihao("hq", "status", "--data", data)
    assert status.returncode == 0, status.stderr
    assert HALL in status.stdout


def test_changed_copy_is_found_by_verify(tmp_path: Path, data: Path) -> None:
    hall = RunningHall(tmp_path / "hall", data=data)
    try:
        take(hall.await_start(), 3)
        wait_until(lambda: copied(data), what="the copy")
        assert hall.end() == 0
    finally:
        hall.kill()
    connection = sqlite3.connect(data / "headquarters.db")
    body = json.loads(rows(data / "headquarters.db", "WHERE kind = 'TicketTaken'")[0][4])
    changed = json.dumps({**body, "number": "A999"})
    connection.execute("UPDATE event SET body = ? WHERE kind = 'TicketTaken'", (changed,))
    connection.commit()
    connection.close()
    refused = paihao("hq", "verify", HALL, "--data", data)
    assert refused.returncode == 2
    assert "is not what the hall wrote" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_journal_of_an_older_copy_raises_an_alarm(tmp_path: Path, data: Path) -> None:
    """Whoever puts back yesterday's file is told so, and headquarters keeps what it has."""
    hall = RunningHall(tmp_path / "hall", data=data)
    try:
        take(hall.await_start(), 3)
        wait_until(lambda: copied(data), what="the copy")
        assert hall.end() == 0
    finally:
        hall.kill()
    before = rows(data / "headquarters.db")
    for file in data.glob(f"{HALL}.journal*"):
        file.unlink()
    again = RunningHall(tmp_path / "again", data=data)
    try:
        again.await_start()

        def alarmed() -> bool:
            alarms = again.call("GET", f"{IN_HALL}/alarms", "manager").ok()["alarms"]
            return any(alarm["alarm"] == f"uplink/{HALL}" for alarm in alarms)

        wait_until(alarmed, what="the alarm")
        assert rows(data / "headquarters.db") == before
    finally:
        again.kill()


def test_status_without_a_server_says_what_is_missing(tmp_path: Path) -> None:
    refused = paihao("hq", "status", "--data", tmp_path / "nothing")
    assert refused.returncode == 2
    assert "headquarters.db" in refused.stderr


def test_hall_starts_and_gives_numbers_whatever_is_wrong_with_the_database(
    tmp_path: Path, data: Path
) -> None:
    data.mkdir()
    database = data / "headquarters.db"
    database.write_text("this is no database, and longer than the head of one has to be" * 20)
    hall = RunningHall(tmp_path / "hall", data=data)
    try:
        take(hall.await_start(), 3)
        wait_until(lambda: "headquarters is away" in hall.logged, what="a word about it")
        assert "file is not a database" in hall.logged
        database.unlink()
        wait_until(lambda: copied(data), what="the copy, once there is room for one")
        assert hall.end() == 0
    finally:
        hall.kill()
