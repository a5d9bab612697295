"""What ``paihao up`` keeps beside the journals."""

from __future__ import annotations

from pathlib import Path

import pytest

from protocol.errors import StorageError
from protocol.radio.payloads import BOOT_MAX
from runtime.cli_up import next_boot


def test_virtual_terminals_count_their_starts_and_go_round(tmp_path: Path) -> None:
    assert [next_boot(tmp_path) for _ in range(3)] == [1, 2, 3]
    (tmp_path / "virtual-devices.json").write_text(f'{{"boot": {BOOT_MAX}}}')
    assert next_boot(tmp_path) == 1


@pytest.mark.parametrize("content", ['{"boot": "many"}', '{"boot": null}', '{"boot": [1]}', "{"])
def test_a_count_that_is_none_is_refused_with_its_file(tmp_path: Path, content: str) -> None:
    (tmp_path / "virtual-devices.json").write_text(content)
    with pytest.raises(StorageError, match=r"virtual-devices\.json.*remove it"):
        next_boot(tmp_path)
