"""What a hall's radio must not forget, in a small SQLite file beside the journal.

    meta    name, value: the hall's id, and a check of the key from which the segments' keys are derived
    post    gateway, address, device, salt, former_device, former_salt, taken, reserved, epoch, digest
    banner  counter, text, brightness: what runs through its windows, where it was set while the hall ran

There is one row for each radio address, 255 standing for all terminals of a gateway. No key is in the file: a
thief needs ``server.key`` as well. Each save is one transaction, on the disk when it returns (0.5 ms where
it was measured, with a write-ahead log; 3 to 8 without). To copy the file while the hall runs use ``.backup``.

**Never put back an older copy of this file alone**: counters would go back, and messages that were heard since
could be replayed. Whoever has to restores it pairs the terminals anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

from actors.ports import RadioVault
from actors.radio.banners import BannerText
from protocol.errors import StorageError
from protocol.ids import CounterId, GatewayId, HallId
from protocol.radio.keys import KEY_OCTETS, SALT_OCTETS
from protocol.radio.posts import Pairing, PostRecord
from protocol.radio.secured import COUNTER_MAX, EVERYBODY
from runtime.keys import derived_key

APPLICATION_ID = int.from_bytes(b"PaiR", "big")
FORMAT = 2
"""The first one had neither banners nor epochs; a file of it is brought up to this one when it is opened."""

BUSY_S = 1.0
"""How long a save waits for another program that holds a lock on the file, such as an SQLite tool."""

DIGEST_OCTETS = 8
DEVICE_MAX = 0xFFFFFFFF

ADVICE = (
    "Nothing was changed. Put back the last good copy together with its journal; or move the file away: then"
    " every paired terminal has to be paired anew"
)

_MAGIC = b"SQLite format 3\0"
_POST = """
    CREATE TABLE post (
        gateway TEXT NOT NULL, address INTEGER NOT NULL, device INTEGER, salt BLOB,
        former_device INTEGER, former_salt BLOB, taken INTEGER NOT NULL, reserved INTEGER NOT NULL,
        epoch INTEGER NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (gateway, address)
    ) WITHOUT ROWID
"""
_BANNER = """
    CREATE TABLE banner (
        counter TEXT PRIMARY KEY, text TEXT NOT NULL, brightness INTEGER NOT NULL
    ) WITHOUT ROWID
"""
_TABLES = f"""
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    {_POST};
    {_BANNER};
    PRAGMA application_id = {APPLICATION_ID};
    PRAGMA user_version = {FORMAT};
"""

_INSERT = "INSERT OR REPLACE INTO post VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

_Row = tuple[str, int, int | None, bytes | None, int | None, bytes | None, int, int, int]


class SqliteRadioMemory:
    """A `actors.ports.RadioMemory` in the file at ``path``, which is made where there is none.

    ``key_check`` tells the key that belongs to it from others.

    Raises:
        StorageError: it is damaged, another hall's, of another program, or goes with another key; or it cannot
            be opened or made.
    """

    def __init__(self, path: Path, hall: HallId, key_check: str) -> None:
        self._path = path
        if not path.exists():
            _make(path, hall, key_check)
        _check_header(path)
        try:
            self._file = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("PRAGMA synchronous = FULL")
            self._check(hall, key_check)
            self._records = self._read()
            self._banners = self._read_banners()
        except sqlite3.Error as error:
            raise _failure(path, error) from error

    def load(self, gateway: GatewayId) -> Sequence[PostRecord]:
        """Return what was saved last for each post of ``gateway``."""
        return list(self._records.get(gateway, {}).values())

    def save(self, gateway: GatewayId, records: Sequence[PostRecord]) -> None:
        """Have ``records`` durable, all or none.

        Raises:
            StorageError: the disk is full or broken, or another program holds the file.
        """
        rows = [_row(gateway, record) for record in records]
        self._write(_INSERT, [(*row, _digest(row)) for row in rows])
        self._records.setdefault(gateway, {}).update({record.address: record for record in records})

    def banners(self) -> Mapping[CounterId, BannerText]:
        """Return the banners that were set."""
        return dict(self._banners)

    def save_banner(self, counter: CounterId, banner: BannerText | None) -> None:
        """Have ``banner`` durable, or that there is none.

        Raises:
            StorageError: the disk is full or broken, or another program holds the file.
        """
        if banner is None:
            self._write("DELETE FROM banner WHERE counter = ?", [(counter,)])
            self._banners.pop(counter, None)
        else:
            row = (counter, banner.text, banner.brightness)
            self._write("INSERT OR REPLACE INTO banner VALUES (?, ?, ?)", [row])
            self._banners[counter] = banner

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def _write(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        """Carry out ``statement`` for each of ``rows``, in one transaction."""
        try:
            with self._transaction():
                self._file.executemany(statement, rows)
        except sqlite3.Error as error:
            raise _failure(self._path, error) from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._file.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._file.execute("COMMIT")
        except BaseException:
            if self._file.in_transaction:
                self._file.execute("ROLLBACK")
            raise

    def _check(self, hall: HallId, key_check: str) -> None:
        (version,) = self._file.execute("PRAGMA user_version").fetchone()
        if version not in (1, FORMAT):
            raise StorageError(
                f"{self._path} has format {version} and this version of Paihao writes {FORMAT}: start the"
                " version that wrote it, or a newer one"
            )
        (state,) = self._file.execute("PRAGMA quick_check(1)").fetchone()
        if state != "ok":
            raise StorageError(f"{self._path} is damaged: {state}. {ADVICE}")
        meta = dict(self._file.execute("SELECT name, value FROM meta"))
        if meta.get("hall") != hall:
            raise StorageError(
                f"{self._path} is of hall {meta.get('hall')!r}, not of {hall!r}: each hall needs a file of"
                " its own"
            )
        if meta.get("key") != key_check:
            raise StorageError(
                f"{self._path} goes with another server.key than the one beside it: put that key back; or move"
                " the file away, and pair every terminal anew"
            )
        if version == 1:
            self._bring_up()

    def _bring_up(self) -> None:
        """Make a file of the first format one of the present."""
        posts = self._file.execute("SELECT * FROM post").fetchall()
        rows = [(*fields, 0) for *fields, digest in posts if self._is_row(fields, digest)]
        with self._transaction():
            self._file.execute("DROP TABLE post")
            self._file.execute(_POST)
            self._file.execute(_BANNER)
            self._file.executemany(_INSERT, [(*row, _digest(row)) for row in rows])
            self._file.execute(f"PRAGMA user_version = {FORMAT}")

    def _is_row(self, fields: Sequence[object], digest: object) -> bool:
        """Return True.

        Raises:
            StorageError: the row is not what was written.
        """
        if digest == _digest(fields) and _sound(fields):
            return True
        gateway, address, *_ = fields
        raise StorageError(
            f"{self._path} is damaged at gateway {gateway!r}, radio address {address!r}. {ADVICE}"
        )

    def _read_banners(self) -> dict[CounterId, BannerText]:
        return {
            CounterId(str(counter)): BannerText(text=str(text), brightness=int(brightness))
            for counter, text, brightness in self._file.execute("SELECT * FROM banner")
        }

    def _read(self) -> dict[GatewayId, dict[int, PostRecord]]:
        found: dict[GatewayId, dict[int, PostRecord]] = {}
        for *fields, digest in self._file.execute("SELECT * FROM post"):
            self._is_row(fields, digest)
            gateway, address, device, salt, former_device, former_salt, taken, reserved, epoch = (
                fields
            )
            record = PostRecord(
                address=address,
                pairing=None if salt is None else Pairing(device=device, salt=salt),
                former=None
                if former_salt is None
                else Pairing(device=former_device, salt=former_salt),
                taken=taken,
                reserved=reserved,
                epoch=epoch,
            )
            found.setdefault(GatewayId(gateway), {})[address] = record
        return found


def open_vault(folder: Path, hall: HallId, hall_key: bytes) -> tuple[RadioVault, SqliteRadioMemory]:
    """Return the vault of ``hall``, whose own key is ``hall_key``, and its file in ``folder``, to be closed.

    Raises:
        StorageError: see `SqliteRadioMemory`.
    """
    root = derived_key(hall_key, "radio")
    check = derived_key(root, "check").hex()[:16]
    memory = SqliteRadioMemory(folder / f"{hall}.radio", hall, check)
    vault = RadioVault(
        memory=memory,
        segment_key=lambda gateway: derived_key(root, f"segment/{gateway}")[:KEY_OCTETS],
    )
    return vault, memory


def _make(path: Path, hall: HallId, key_check: str) -> None:
    """Make an empty file, under another name first: at ``path`` there is all of it or nothing."""
    made = path.with_name(path.name + ".new")
    try:
        made.unlink(missing_ok=True)
        made.touch(0o600)
        file = sqlite3.connect(made, isolation_level=None)
        file.executescript(_TABLES)
        file.executemany("INSERT INTO meta VALUES (?, ?)", [("hall", hall), ("key", key_check)])
        file.close()
        made.rename(path)
    except sqlite3.Error as error:
        raise _failure(path, error) from error
    except OSError as error:
        raise StorageError(
            f"{path} cannot be made ({error.strerror}): the folder must exist, have room, and this user must be"
            " allowed to write there"
        ) from error


def _row(gateway: GatewayId, record: PostRecord) -> _Row:
    pairing, former = record.pairing, record.former
    return (
        gateway,
        record.address,
        None if pairing is None else pairing.device,
        None if pairing is None else pairing.salt,
        None if former is None else former.device,
        None if former is None else former.salt,
        record.taken,
        record.reserved,
        record.epoch,
    )


def _digest(row: Sequence[object]) -> str:
    return blake2b(repr(tuple(row)).encode(), digest_size=DIGEST_OCTETS).hexdigest()


def _sound(row: Sequence[object]) -> bool:
    """Return whether the digest was made over a row of ours, and not over what a person wrote there."""
    gateway, address, device, salt, former_device, former_salt, *counters = row
    return (
        isinstance(gateway, str)
        and _within(address, EVERYBODY)
        and all(_within(counter, COUNTER_MAX) for counter in counters)
        and _is_pairing(device, salt)
        and _is_pairing(former_device, former_salt)
    )


def _within(number: object, number_max: int) -> bool:
    return isinstance(number, int) and 0 <= number <= number_max


def _is_pairing(device: object, salt: object) -> bool:
    if device is None or salt is None:
        return device is salt
    return _within(device, DEVICE_MAX) and isinstance(salt, bytes) and len(salt) == SALT_OCTETS


def _check_header(path: Path) -> None:
    """Look at the first octets without SQLite, which might change a file that is not ours.

    Raises:
        StorageError: it is of another program, or cut, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except OSError as error:
        raise StorageError(f"{path} cannot be read ({error.strerror})") from error
    if not header.startswith(_MAGIC):
        raise StorageError(
            f"{path} is no SQLite database, so not what radio security wrote. {ADVICE}"
        )
    if len(header) < 100:
        raise StorageError(f"{path} was cut off after {len(header)} octets. {ADVICE}")
    application = int.from_bytes(header[68:72], "big")
    if application != APPLICATION_ID:
        raise StorageError(
            f"{path} is an SQLite database of another program (application_id {application:#x} instead of"
            f" {APPLICATION_ID:#x}). {ADVICE}"
        )


def _failure(path: Path, error: sqlite3.Error) -> StorageError:
    """Return what to raise when SQLite could not do what it should."""
    name = getattr(error, "sqlite_errorname", None) or ""
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT")) or name in {
        "",
        "SQLITE_ERROR",
    }:
        return StorageError(f"{path} is damaged: {error}. {ADVICE}")
    if name.startswith("SQLITE_FULL"):
        return StorageError(
            f"the disk of {path} is full: make room there, and it goes on by itself"
        )
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StorageError(f"another program holds {path} for longer than {BUSY_S:g} s: close it")
    return StorageError(
        f"{path} cannot be used: {error} ({name}); see whether this user may write it and its folder"
    )
