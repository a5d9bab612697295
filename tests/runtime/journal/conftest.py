"""A journal on a file of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runtime.journal.rig import SqliteRig


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "HZ01.journal"


@pytest.fixture
def rig(path: Path) -> Iterator[SqliteRig]:
    rig = SqliteRig(path)
    yield rig
    rig.journal.close()
