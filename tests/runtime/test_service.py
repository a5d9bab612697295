"""Everything of a process put together, on a reactor that only remembers."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pykka
import pytest
from twisted.internet.testing import MemoryReactorClock

from protocol.errors import JournalDamaged
from runtime.config.model import Config, Server
from runtime.service import HallService
from tests.runtime.journal.days import first_events, hall_spec
from tests.runtime.journal.rig import SqliteRig


class QuietReactor(MemoryReactorClock):
    """Calls nothing that comes from another thread: whoever would be told is gone by then."""

    def callFromThread(self, *call: object) -> None:
        pass


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """The closed journal of a hall that has lived."""
    rig = SqliteRig(tmp_path / "HZ01.journal")
    rig.commit(first_events(40))
    rig.journal.close()
    return rig.path


def service_on(journal: Path) -> HallService:
    config = Config(source="test", halls=(hall_spec(),), server=Server(data_dir=journal.parent))
    return HallService(QuietReactor(), config)


def test_a_journal_with_a_damaged_event_is_refused_before_anything_is_started(
    journal: Path,
) -> None:
    with sqlite3.connect(journal) as connection:
        connection.execute("UPDATE event SET at = '2020-01-01T00:00:00.000000Z' WHERE seq = 7")
    before = pykka.ActorRegistry.get_all()
    service = service_on(journal)
    with pytest.raises(JournalDamaged, match="event 7"):
        service.start()
    assert not list(service.world.watch())
    assert pykka.ActorRegistry.get_all() == before
    # Nothing is held: it can be opened again.
    SqliteRig(journal).journal.close()


def test_a_hall_that_was_started_and_stopped_can_be_started_again(journal: Path) -> None:
    before = pykka.ActorRegistry.get_all()
    for _ in range(2):
        service = service_on(journal)
        service.start()
        assert [watched.name for watched in service.world.watch()][:2] == [
            "hall/HZ01/alarms",
            "hall/HZ01",
        ]
        service.stop()
        assert pykka.ActorRegistry.get_all() == before
