"""The file of what radio security must not forget."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path

import pytest

from actors.radio.banners import BannerText
from protocol.errors import StorageError
from protocol.ids import CounterId, GatewayId, HallId
from protocol.radio.guard import Guard
from protocol.radio.posts import Pairing, PostRecord
from runtime.keys import load_key
from runtime.radio_memory import SqliteRadioMemory, open_vault

HALL = HallId("HZ01")
G1, G2 = GatewayId("g1"), GatewayId("g2")
RECORD = PostRecord(
    address=16,
    pairing=Pairing(device=0xFFFFFFFF, salt=b"saltsalt"),
    former=Pairing(device=0, salt=bytes(8)),
    taken=0xFFFFFFFF,
    reserved=256,
)
BARE = PostRecord(address=255, reserved=512)
RENEWED = PostRecord(address=255, reserved=768, epoch=3)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "HZ01.radio"


@pytest.fixture
def memory(path: Path) -> Iterator[SqliteRadioMemory]:
    opened = SqliteRadioMemory(path, HALL, "key")
    yield opened
    opened.close()


def test_saved_records_are_there_after_a_restart_each_at_its_gateway(path: Path) -> None:
    first = SqliteRadioMemory(path, HALL, "key")
    assert first.load(G1) == []
    first.save(G1, [RECORD, BARE])
    first.save(G2, [PostRecord(address=16, taken=1)])
    first.save(G1, [RENEWED])
    assert list(first.load(G1)) == [RECORD, RENEWED]
    first.close()
    second = SqliteRadioMemory(path, HALL, "key")
    assert list(second.load(G1)) == [RECORD, RENEWED]
    assert list(second.load(G2)) == [PostRecord(address=16, taken=1)]
    second.close()


def test_banners_are_there_after_a_restart_until_they_are_taken_back(path: Path) -> None:
    first = SqliteRadioMemory(path, HALL, "key")
    assert first.banners() == {}
    noon = BannerText(text="午休至 13:30", brightness=70)
    first.save_banner(CounterId("1"), BannerText(text="?"))
    first.save_banner(CounterId("1"), noon)
    first.save_banner(CounterId("2"), noon)
    first.save_banner(CounterId("2"), None)
    first.close()
    second = SqliteRadioMemory(path, HALL, "key")
    assert second.banners() == {"1": noon}
    second.close()


def test_file_of_the_first_format_is_brought_up_with_all_that_it_holds(path: Path) -> None:
    memory = SqliteRadioMemory(path, HALL, "key")
    memory.save(G1, [RECORD, BARE])
    memory.close()
    make_first_format(path)
    for _ in range(2):
        memory = SqliteRadioMemory(path, HALL, "key")
        assert list(memory.load(G1)) == [RECORD, BARE]
        memory.save_banner(CounterId("1"), BannerText(text="a"))
        memory.close()


def test_damaged_file_of_the_first_format_is_left_as_it_is(path: Path) -> None:
    memory = SqliteRadioMemory(path, HALL, "key")
    memory.save(G1, [RECORD])
    memory.close()
    make_first_format(path)
    _execute(path, "UPDATE post SET reserved = 0")
    for _ in range(2):
        with pytest.raises(StorageError, match="damaged at gateway 'g1', radio address 16"):
            SqliteRadioMemory(path, HALL, "key")


def make_first_format(path: Path) -> None:
    """Make of the file what an earlier version of the program wrote."""
    file = sqlite3.connect(path, isolation_level=None)
    posts = [fields[:8] for fields in file.execute("SELECT * FROM post")]
    file.execute("DROP TABLE banner")
    file.execute("DROP TABLE post")
    file.execute(
        "CREATE TABLE post (gateway TEXT NOT NULL, address INTEGER NOT NULL, device INTEGER, salt BLOB,"
        " former_device INTEGER, former_salt BLOB, taken INTEGER NOT NULL, reserved INTEGER NOT NULL,"
        " digest TEXT NOT NULL, PRIMARY KEY (gateway, address)) WITHOUT ROWID"
    )
    for post in posts:
        digest = blake2b(repr(tuple(post)).encode(), digest_size=8).hexdigest()
        file.execute("INSERT INTO post VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*post, digest))
    file.execute("PRAGMA user_version = 1")
    file.close()


def test_process_that_is_killed_loses_nothing_that_was_saved(path: Path) -> None:
    first = SqliteRadioMemory(path, HALL, "key")
    first.save(G1, [RECORD])
    # As a killed process does: nothing is closed, and what it wrote is what there is.
    copies = path.parent / "after"
    copies.mkdir()
    for file in path.parent.glob("HZ01.radio*"):
        (copies / file.name).write_bytes(file.read_bytes())
    second = SqliteRadioMemory(copies / path.name, HALL, "key")
    assert list(second.load(G1)) == [RECORD]
    second.close()
    first.close()


def test_file_is_for_its_owner_alone_and_holds_no_key(tmp_path: Path) -> None:
    vault, memory = open_vault(tmp_path, HALL, load_key(tmp_path))
    memory.save(G1, [RECORD])
    memory.close()
    path = tmp_path / "HZ01.radio"
    assert path.stat().st_mode & 0o777 == 0o600
    assert vault.segment_key(G1) not in path.read_bytes()


def test_segments_have_keys_of_their_own_that_stay_the_same(tmp_path: Path) -> None:
    keys = []
    for _ in range(2):
        vault, memory = open_vault(tmp_path, HALL, load_key(tmp_path))
        keys.append([vault.segment_key(G1), vault.segment_key(G2)])
        memory.close()
    assert keys[0] == keys[1]
    assert keys[0][0] != keys[0][1]
    assert [len(key) for key in keys[0]] == [16, 16]


def test_another_server_key_is_refused_with_what_to_do(tmp_path: Path) -> None:
    _, memory = open_vault(tmp_path, HALL, bytes(32))
    memory.close()
    with pytest.raises(StorageError, match=r"another server\.key than the one beside it"):
        open_vault(tmp_path, HALL, bytes(31) + b"1")


def test_file_of_another_hall_is_refused(path: Path, memory: SqliteRadioMemory) -> None:
    with pytest.raises(StorageError, match="of hall 'HZ01', not of 'SH02'"):
        SqliteRadioMemory(path, HallId("SH02"), "key")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no SQLite database"),
        (b"a letter to the mayor", "no SQLite database"),
        (b"SQLite format 3\0", "cut off after 16 octets"),
    ],
)
def test_foreign_or_cut_file_is_refused_and_left_as_it_is(
    path: Path, content: bytes, told: str
) -> None:
    path.write_bytes(content)
    with pytest.raises(StorageError, match=told):
        SqliteRadioMemory(path, HALL, "key")
    assert path.read_bytes() == content


def test_database_of_another_program_is_refused(path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE letters (text TEXT)")
    other.close()
    with pytest.raises(StorageError, match="another program"):
        SqliteRadioMemory(path, HALL, "key")


def test_newer_format_is_refused(path: Path, memory: SqliteRadioMemory) -> None:
    memory.close()
    _execute(path, "PRAGMA user_version = 3")
    with pytest.raises(StorageError, match="has format 3"):
        SqliteRadioMemory(path, HALL, "key")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE post SET taken = taken - 1",
        "UPDATE post SET reserved = 0",
        "UPDATE post SET salt = NULL",
        "UPDATE post SET address = 17",
    ],
)
def test_changed_row_is_refused_with_its_place(
    path: Path, memory: SqliteRadioMemory, change: str
) -> None:
    memory.save(G1, [RECORD])
    memory.close()
    _execute(path, change)
    with pytest.raises(StorageError, match="damaged at gateway 'g1', radio address 1"):
        SqliteRadioMemory(path, HALL, "key")


def test_damaged_page_is_refused(path: Path, memory: SqliteRadioMemory) -> None:
    memory.save(G1, [PostRecord(address=address) for address in range(200)])
    memory.close()
    octets = bytearray(path.read_bytes())
    octets[-3000:-2000] = bytes(1000)
    path.write_bytes(octets)
    with pytest.raises(StorageError, match="is damaged"):
        SqliteRadioMemory(path, HALL, "key")


def test_file_that_another_program_holds_is_a_clear_error_and_goes_on_later(
    path: Path, memory: SqliteRadioMemory
) -> None:
    memory._file.execute("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="another program holds"):
        memory.save(G1, [RECORD])
    assert memory.load(G1) == []
    other.close()
    memory.save(G1, [RECORD])
    assert list(memory.load(G1)) == [RECORD]


def test_folder_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be made"):
        SqliteRadioMemory(tmp_path / "missing" / "HZ01.radio", HALL, "key")


def test_guard_writes_once_for_half_a_block_of_downlinks(tmp_path: Path) -> None:
    vault, memory = open_vault(tmp_path, HALL, bytes(32))
    writes: list[int] = []

    def keep(records: Sequence[PostRecord]) -> None:
        writes.append(len(records))
        memory.save(G1, records)

    guard = Guard(vault.segment_key(G1), 1, posts=[RECORD], keep=keep)
    for _ in range(1_000):
        guard.seal(16, b"payload")
    assert 4 <= len(writes) <= 9
    memory.close()


def _execute(path: Path, statement: str) -> None:
    file = sqlite3.connect(path, isolation_level=None)
    file.execute(statement)
    file.close()
