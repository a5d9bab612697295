"""How a process is set that runs halls, each tried in a process of its own."""

import subprocess
import sys

import pytest

from runtime.interpreter import FILES_OPEN

PROGRAM = """
import resource, sys
from runtime.interpreter import set_for_halls

resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
set_for_halls()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(
    ("soft", "hard", "then"),
    [
        pytest.param(1_024, FILES_OPEN + 1, FILES_OPEN, id="usual"),
        pytest.param(256, 4_096, 4_096, id="few allowed"),
        pytest.param(FILES_OPEN + 1, FILES_OPEN + 1, FILES_OPEN + 1, id="more already"),
    ],
)
def test_process_may_open_as_many_files_as_phones_need(soft: int, hard: int, then: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(soft), str(hard)], capture_output=True, text=True
    )
    assert done.stdout.split() == [str(then), str(hard)], done.stderr
