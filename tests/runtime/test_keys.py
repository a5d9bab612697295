"""The server's key outlives it, and is refused when it is not what was kept."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from protocol.errors import StorageError
from runtime.keys import KEY_FILE, KEY_OCTETS, derived_key, load_key


def test_key_is_made_once_and_found_again(tmp_path: Path) -> None:
    key = load_key(tmp_path)
    assert len(key) == KEY_OCTETS
    assert load_key(tmp_path) == key
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


def test_key_is_for_nobody_else_to_read(tmp_path: Path) -> None:
    load_key(tmp_path)
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600


def test_two_servers_have_two_keys(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
    assert load_key(first) != load_key(second)


@pytest.mark.parametrize("octets", [b"", b"x" * (KEY_OCTETS - 1), b"x" * (KEY_OCTETS + 1)])
def test_key_of_another_length_is_refused(tmp_path: Path, octets: bytes) -> None:
    (tmp_path / KEY_FILE).write_bytes(octets)
    with pytest.raises(StorageError, match=f"has {len(octets)} octets and should have 32"):
        load_key(tmp_path)


def test_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be read or made"):
        load_key(tmp_path / "nowhere")


def test_keys_for_two_purposes_differ(tmp_path: Path) -> None:
    key = load_key(tmp_path)
    assert derived_key(key, "hall/A") == derived_key(key, "hall/A")
    assert derived_key(key, "hall/A") != derived_key(key, "hall/B")
