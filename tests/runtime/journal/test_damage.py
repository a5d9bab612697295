"""A journal that is not what was written is refused, the place named, and nothing of it changed."""

from __future__ import annotations

import shutil
import sqlite3
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from actors.hall.state import HallState
from protocol.errors import JournalDamaged, JournalForeign, StorageError
from protocol.messages import Recorded
from tests.runtime.journal.days import first_events, life, replayed
from tests.runtime.journal.rig import SqliteRig

EVENTS = first_events(400)
SNAPSHOT = "SELECT seq FROM snapshot ORDER BY seq"


def change(path: Path, *statements: str) -> None:
    """Do something to the closed journal with another program's means."""
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def recovered(path: Path) -> list[Recorded]:
    """Open the journal as a start does, and return all the events that follow its snapshot."""
    rig = SqliteRig(path)
    try:
        return list(rig.journal.recover().events)
    finally:
        rig.journal.close()


def verified(path: Path) -> int:
    rig = SqliteRig(path)
    try:
        return rig.journal.verify()
    finally:
        rig.journal.close()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed journal of 400 events without any snapshot."""
    rig = SqliteRig(tmp_path_factory.mktemp("written") / "HZ01.journal")
    rig.commit(EVENTS)
    rig.journal.close()
    return rig.path


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[HallState]]:
    """A closed journal with two snapshots, and the state after each of its commits."""
    rig = SqliteRig(tmp_path_factory.mktemp("lived") / "HZ01.journal")
    states = []
    for index, (records, state) in enumerate(islice(life(seed=5), 60)):
        rig.commit(records)
        states.append(state)
        if index in (20, 40):
            rig.journal.snapshot(state)
    rig.journal.close()
    return rig.path, states


@pytest.fixture
def journal(written: Path, path: Path) -> Path:
    """A copy of `written` to damage."""
    return copied(written, path)


@pytest.fixture
def with_snapshots(lived: tuple[Path, list[HallState]], path: Path) -> tuple[Path, list[HallState]]:
    """A copy of `lived` to damage."""
    return copied(lived[0], path), lived[1]


def copied(source: Path, to: Path) -> Path:
    for ending in ("", ".guard"):
        shutil.copy(f"{source}{ending}", f"{to}{ending}")
    return to


ROWS = [
    ("UPDATE event SET body = replace(body, 'A', 'B') WHERE seq = {}", "is not what was written"),
    ("UPDATE event SET at = replace(at, '2026', '2027') WHERE seq = {}", "is not what was written"),
    ("UPDATE event SET command = command || ' ' WHERE seq = {}", "is not what was written"),
    ("UPDATE event SET kind = 'TicketTakem' WHERE seq = {}", "is not what was written"),
    ("UPDATE event SET digest = upper(digest) WHERE seq = {}", "is not what was written"),
    ("UPDATE event SET body = x'00ff' WHERE seq = {}", "is not what was written"),
    ("UPDATE event SET command = 7 WHERE seq = {}", "is not what was written"),
    ("DELETE FROM event WHERE seq = {}", "is missing"),
]
"""What happens to the row, and what is said of it. 'A' is in the body of every ticket's event here."""


@pytest.mark.parametrize(("statement", "complaint"), ROWS)
def test_changed_or_lost_row_is_refused_with_its_number(
    journal: Path, statement: str, complaint: str
) -> None:
    taken = next(r.seq for r in EVENTS[100:] if getattr(r.event, "number", "").startswith("A"))
    change(journal, statement.format(taken))
    with pytest.raises(JournalDamaged, match=rf"event {taken} .*{complaint}") as caught:
        recovered(journal)
    assert str(journal) in str(caught.value)
    assert "Nothing was changed. Keep a copy" in str(caught.value)
    with pytest.raises(JournalDamaged, match=f"event {taken} "):
        verified(journal)


def test_swapped_rows_are_refused(journal: Path) -> None:
    change(
        journal,
        "UPDATE event SET seq = -1 WHERE seq = 50",
        "UPDATE event SET seq = 50 WHERE seq = 51",
        "UPDATE event SET seq = 51 WHERE seq = -1",
    )
    with pytest.raises(JournalDamaged, match=r"event 50 .*is not what was written"):
        recovered(journal)


def test_doubled_row_is_refused(journal: Path) -> None:
    change(
        journal,
        "INSERT INTO event SELECT 401, at, kind, command, body, digest FROM event WHERE seq = 400",
    )
    with pytest.raises(JournalDamaged, match=r"event 401 .*is not what was written"):
        recovered(journal)


def test_rows_lost_at_the_beginning_are_refused(journal: Path) -> None:
    change(journal, "DELETE FROM event WHERE seq <= 10")
    with pytest.raises(JournalDamaged, match="first event is 11 instead of 1"):
        recovered(journal)


def test_rows_lost_at_the_end_are_refused(journal: Path) -> None:
    change(journal, "DELETE FROM event WHERE seq > 390")
    with pytest.raises(JournalDamaged, match="events 391 to 400 are missing at its end"):
        recovered(journal)


def test_all_rows_lost_is_refused(journal: Path) -> None:
    change(journal, "DELETE FROM event")
    with pytest.raises(JournalDamaged, match="events 1 to 400 are missing"):
        recovered(journal)


def test_gap_long_before_the_snapshot_is_refused_at_the_start(
    with_snapshots: tuple[Path, list[HallState]],
) -> None:
    path, _ = with_snapshots
    change(path, "DELETE FROM event WHERE seq = 5")
    with pytest.raises(JournalDamaged, match="event 5 is missing"):
        recovered(path)


def test_change_long_before_the_snapshot_is_found_by_the_full_check(
    with_snapshots: tuple[Path, list[HallState]],
) -> None:
    path, states = with_snapshots
    assert verified(path) == states[-1].seq
    change(path, "UPDATE event SET body = '{}' WHERE seq = 5")
    assert len(recovered(path)) == states[-1].seq - states[40].seq
    with pytest.raises(JournalDamaged, match=r"event 5 .*is not what was written"):
        verified(path)


def test_older_copy_is_refused_until_the_guard_is_removed(rig: SqliteRig, tmp_path: Path) -> None:
    rig.commit(EVENTS[:100])
    rig.journal.close()
    shutil.copy(rig.path, tmp_path / "copy")
    rig.restart()
    rig.commit(EVENTS[100:])
    rig.journal.close()
    shutil.copy(tmp_path / "copy", rig.path)
    with pytest.raises(JournalDamaged, match=r"events 101 to 400 .* remove HZ01\.journal\.guard"):
        recovered(rig.path)
    (tmp_path / "HZ01.journal.guard").unlink()
    assert recovered(rig.path) == EVENTS[:100]


# -- files that were cut, lost or spoilt ---------------------------------------------------------


def test_file_that_is_gone_is_not_begun_anew(journal: Path) -> None:
    journal.unlink()
    with pytest.raises(JournalDamaged, match=r"is gone.*held events \(to 400 at least\)"):
        recovered(journal)
    assert not journal.exists()


def test_log_without_its_database_is_refused(path: Path) -> None:
    path.with_name(path.name + "-wal").write_bytes(b"left behind")
    with pytest.raises(JournalDamaged, match="is gone"):
        recovered(path)


@pytest.mark.parametrize("octets", [0, 10, 99, 100, 4096, 5000, 20_000])
def test_truncated_file_is_refused(journal: Path, octets: int) -> None:
    with journal.open("r+b") as file:
        file.truncate(octets)
    with pytest.raises(JournalDamaged, match=r"HZ01\.journal (is|was)"):
        recovered(journal)
    assert journal.stat().st_size == octets


def test_truncated_or_lost_log_is_refused(path: Path, tmp_path: Path) -> None:
    rig = SqliteRig(path)
    rig.commit(EVENTS[:100])
    rig.commit(EVENTS[100:200])
    # What a killed process leaves: the file and its log, never joined.
    killed = tmp_path / "killed"
    killed.mkdir()
    for name in ("", "-wal"):
        shutil.copy(f"{path}{name}", killed / f"{path.name}{name}")
    rig.journal.close()
    shutil.copy(f"{path}.guard", killed / f"{path.name}.guard")
    journal, log = killed / path.name, killed / f"{path.name}-wal"
    whole = log.read_bytes()
    for cut in (whole[: len(whole) // 2], whole[:-1], b""):
        for name in ("", ".guard"):
            shutil.copy(f"{journal}{name}", f"{journal}2{name}")
        Path(f"{journal}2-wal").write_bytes(cut)
        with pytest.raises(JournalDamaged, match="to 200 are missing at its end"):
            recovered(Path(f"{journal}2"))
        for name in ("", "-wal", "-shm", ".guard"):
            Path(f"{journal}2{name}").unlink(missing_ok=True)
    assert recovered(journal) == EVENTS[:200]


def test_garbage_in_the_place_of_the_file_is_refused(journal: Path) -> None:
    journal.write_bytes(Random(1).randbytes(50_000))
    with pytest.raises(JournalForeign, match="is no SQLite database"):
        recovered(journal)


def test_table_that_is_gone_is_damage(journal: Path) -> None:
    change(journal, "DROP TABLE event")
    with pytest.raises(JournalDamaged, match="no such table: event"):
        recovered(journal)


@pytest.mark.parametrize("seed", range(40))
def test_octets_flipped_anywhere_never_change_an_event_unseen(journal: Path, seed: int) -> None:
    random = Random(seed)
    octets = bytearray(journal.read_bytes())
    for _ in range(random.choice([1, 1, 8])):
        octets[random.randrange(100, len(octets))] ^= 1 << random.randrange(8)
    journal.write_bytes(octets)
    try:
        found: object = recovered(journal)
    except StorageError as error:
        found = str(error)
    assert found == EVENTS or (isinstance(found, str) and str(journal) in found)


# -- snapshots -----------------------------------------------------------------------------------


def snapshot_of(path: Path) -> tuple[HallState | None, HallState]:
    """Return the snapshot that recovery starts from, and the state that it comes to."""
    rig = SqliteRig(path)
    recovery = rig.journal.recover()
    state = replayed(recovery.snapshot, recovery.events)
    rig.journal.close()
    return recovery.snapshot, state


NEWEST = "(SELECT max(seq) FROM snapshot)"
SPOILT = [
    f"UPDATE snapshot_part SET body = replace(body, '2026', '2027') WHERE seq = {NEWEST}",
    f"DELETE FROM snapshot_part WHERE part = 1 AND seq = {NEWEST}",
    f"UPDATE snapshot_part SET part = 9 - part WHERE seq = {NEWEST}",
    f"INSERT INTO snapshot_part VALUES ({NEWEST}, 99, '[]')",
    f"UPDATE snapshot_part SET body = x'ff' WHERE part = 1 AND seq = {NEWEST}",
    f"UPDATE snapshot_part SET body = CAST(x'22ff22' AS TEXT) WHERE part = 1 AND seq = {NEWEST}",
    f"UPDATE snapshot SET checksum = '' WHERE seq = {NEWEST}",
    f"UPDATE snapshot SET chain = lower(chain) || ' ' WHERE seq = {NEWEST}",
    f"UPDATE snapshot SET shape = 'another version' WHERE seq = {NEWEST}",
    f"UPDATE snapshot SET parts = 'many' WHERE seq = {NEWEST}",
    f"UPDATE snapshot SET seq = 100000 WHERE seq = {NEWEST}",
]


@pytest.mark.parametrize("statement", SPOILT)
def test_spoilt_snapshot_is_passed_over_for_the_one_before(
    with_snapshots: tuple[Path, list[HallState]],
    statement: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    path, states = with_snapshots
    change(path, statement)
    assert snapshot_of(path) == (states[20], states[-1])
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "snapshot passed over" in caplog.text


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE snapshot_part SET body = ''",
        "DELETE FROM snapshot_part",
        "UPDATE snapshot SET shape = 'another version'",
        "DELETE FROM snapshot",
        "DROP TABLE snapshot_part",
        "DROP TABLE snapshot",
    ],
)
def test_without_any_good_snapshot_the_events_give_the_same_state(
    with_snapshots: tuple[Path, list[HallState]], statement: str
) -> None:
    path, states = with_snapshots
    change(path, statement)
    assert snapshot_of(path) == (None, states[-1])


def test_snapshot_after_a_spoilt_one_of_the_same_event_replaces_it(
    with_snapshots: tuple[Path, list[HallState]],
) -> None:
    path, states = with_snapshots
    change(path, SPOILT[0])
    rig = SqliteRig(path)
    rig.journal.snapshot(states[40])
    rig.journal.close()
    assert snapshot_of(path) == (states[40], states[-1])


def test_events_changed_under_a_good_snapshot_are_refused(
    with_snapshots: tuple[Path, list[HallState]],
) -> None:
    path, states = with_snapshots
    change(path, f"UPDATE event SET digest = upper(digest) WHERE seq = {states[40].seq}")
    with pytest.raises(JournalDamaged, match=f"event {states[40].seq} is not the one"):
        recovered(path)


def test_snapshot_beyond_the_last_event_means_that_events_are_missing(
    with_snapshots: tuple[Path, list[HallState]],
) -> None:
    path, states = with_snapshots
    change(path, f"DELETE FROM event WHERE seq >= {states[40].seq}")
    path.with_name(path.name + ".guard").unlink()
    with pytest.raises(JournalDamaged, match=f"to {states[40].seq} are missing at its end"):
        recovered(path)
