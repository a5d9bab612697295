"""Headquarters' copy of halls: taken once, in order, and proven."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from protocol.errors import ConfigError, JournalDamaged, StorageError
from protocol.event_rows import Row, encode_row, first_digest
from protocol.events import CounterClosed
from protocol.ids import CommandId, CounterId, HallId
from protocol.messages import Recorded
from protocol.uplink import EventBatch, UplinkResult
from runtime.headquarters.database import REVISION, file_url, open_database
from runtime.headquarters.schema import METADATA, event
from runtime.headquarters.store import Store

HALL, OTHER = HallId("HZ01"), HallId("HZ02")
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


def rows_of(count: int, hall: HallId = HALL, counter: str = "1") -> list[Row]:
    """The first rows of a hall's journal."""
    rows: list[Row] = []
    digest = first_digest(hall)
    for seq in range(1, count + 1):
        happened = CounterClosed(
            at=NOON + timedelta(seconds=seq),
            command=CommandId(f"c{seq}"),
            counter=CounterId(counter),
        )
        rows.append(encode_row(Recorded(seq=seq, event=happened), digest))
        digest = rows[-1].digest
    return rows


def batch(rows: Sequence[Row], hall: HallId = HALL) -> EventBatch:
    return EventBatch(hall=hall, rows=tuple(rows))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = open_database(file_url(tmp_path / "headquarters.db"))
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: sa.Engine) -> Store:
    return Store(engine, lambda: NOON)


def has(store: Store, rows: Sequence[Row], hall: HallId = HALL) -> int:
    answer = store.take(batch(rows, hall))
    assert answer.result is UplinkResult.HAS, answer
    return answer.seq


def diverges(store: Store, rows: Sequence[Row]) -> str:
    answer = store.take(batch(rows))
    assert answer.result is UplinkResult.DIVERGED, answer
    return answer.detail


def test_batches_are_taken_in_order_and_once(store: Store) -> None:
    rows = rows_of(9)
    assert has(store, ()) == 0
    assert has(store, rows[:4]) == 4
    assert has(store, rows[:4]) == 4
    assert has(store, rows[2:7]) == 7
    assert has(store, ()) == 7
    assert has(store, rows[6:]) == 9
    assert store.verify(HALL) == 9
    [copy] = store.halls()
    assert (copy.hall, copy.seq, copy.trouble) == (HALL, 9, None)
    assert (copy.last_at, copy.heard_at) == (
        "2026-03-02T04:00:09.000000Z",
        "2026-03-02T04:00:00.000000Z",
    )


def test_batch_behind_a_gap_is_answered_with_how_far_things_are(store: Store) -> None:
    rows = rows_of(9)
    has(store, rows[:3])
    assert has(store, rows[5:]) == 3
    assert store.verify(HALL) == 3


def test_halls_are_apart(store: Store) -> None:
    has(store, rows_of(3))
    has(store, rows_of(2, OTHER), OTHER)
    assert [(copy.hall, copy.seq) for copy in store.halls()] == [(HALL, 3), (OTHER, 2)]
    assert diverges(store, rows_of(9, OTHER)[3:])
    assert store.verify(OTHER) == 2


@pytest.mark.parametrize("column", ["at", "kind", "command", "body", "digest"])
def test_nothing_is_taken_of_a_batch_with_a_changed_event(store: Store, column: str) -> None:
    rows = rows_of(6)
    has(store, rows[:2])
    rows[4] = rows[4]._replace(**{column: getattr(rows[4], column)[:-1] + "0"})
    assert "event 5" in diverges(store, rows[2:])
    assert store.verify(HALL) == 2
    [copy] = store.halls()
    assert copy.trouble is not None
    assert has(store, rows_of(6)[2:]) == 6
    [copy] = store.halls()
    assert copy.trouble is None


def test_nothing_is_taken_of_a_batch_with_a_gap_in_it(store: Store) -> None:
    rows = rows_of(6)
    assert "event 3 is missing" in diverges(store, [*rows[:2], *rows[3:]])
    assert has(store, ()) == 0


def test_journal_that_went_on_from_an_older_copy_is_told_apart(store: Store) -> None:
    has(store, rows_of(6))
    other = [*rows_of(4), *rows_of(6, counter="2")[4:]]
    assert "event 6" in diverges(store, other[5:])
    assert "another one" in diverges(store, other)
    assert store.verify(HALL) == 6


@pytest.mark.parametrize(
    ("damage", "place"),
    [
        ("UPDATE event SET body = '{}' WHERE seq = 3", "event 3"),
        ("DELETE FROM event WHERE seq = 3", "event 3"),
        ("DELETE FROM event WHERE seq = 5", "event 5"),
        ("UPDATE hall SET digest = 'other'", "another event"),
    ],
)
def test_damage_at_headquarters_is_found(
    store: Store, engine: sa.Engine, damage: str, place: str
) -> None:
    has(store, rows_of(5))
    with engine.begin() as connection:
        connection.exec_driver_sql(damage)
    with pytest.raises(JournalDamaged, match=place):
        store.verify(HALL)


def test_unknown_hall_cannot_be_verified(store: Store) -> None:
    with pytest.raises(StorageError, match="no hall 'XX'"):
        store.verify(HallId("XX"))


def test_several_workers_take_each_event_once(engine: sa.Engine) -> None:
    rows = rows_of(60)
    stores = [Store(engine, lambda: NOON) for _ in range(4)]

    def work(store: Store) -> None:
        # Whoever is refused as the hall begins comes again, as an uplink does.
        for first in (0, 0, 10, 20, 30, 40, 50):
            store.take(batch(rows[first : first + 20]))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, stores))
    assert stores[0].verify(HALL) == 60
    with engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(event)).scalar_one() == 60


def test_database_that_is_away_is_later(store: Store, engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE event RENAME TO gone")
    answer = store.take(batch(rows_of(1)))
    assert answer.result is UplinkResult.LATER
    assert "no such table" in answer.detail
    assert "INSERT" not in answer.detail


def test_steps_lead_to_the_tables_as_they_are(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, METADATA) == []
        assert context.get_current_revision() == REVISION, "a step that is not known to be the last"


def test_opening_again_keeps_everything(tmp_path: Path) -> None:
    url = file_url(tmp_path / "hq.db")
    first = Store(open_database(url), lambda: NOON)
    has(first, rows_of(3))
    first.close()
    again = Store(open_database(url), lambda: NOON)
    assert again.verify(HALL) == 3
    again.close()


def test_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    url = file_url(tmp_path / "hq.db")
    engine = open_database(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    with pytest.raises(StorageError, match="newer version"):
        open_database(url)


@pytest.mark.parametrize("url", ["nonsense", "oracle9://x/y", "sqlite:////no/such/folder/hq.db"])
def test_address_that_is_none_is_refused_with_words(url: str) -> None:
    with pytest.raises((ConfigError, StorageError), match="headquarters' database"):
        open_database(url)
