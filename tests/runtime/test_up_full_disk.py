"""``paihao up`` whose data lies on a disk that is full for a while."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from http.client import HTTPMessage
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.running_hall import IN_HALL, RunningHall

Start = Callable[..., RunningHall]

DISK_OCTETS = 1_500_000
TICKETS_MAX = 5_000
"""More than the rest of the disk has room for."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own, where mounting one is allowed."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("needs root to mount a small tmpfs")
    options = f"size={DISK_OCTETS}"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(disk: Path) -> Path:
    """Leave no room on the disk; return what fills it."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65_536, 4_096):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                pass
    return filler


def take_until_refused(hall: RunningHall) -> tuple[list[Any], Any, HTTPMessage]:
    """Take tickets until one is refused; return those that were issued, the problem and its headers."""
    issued: list[Any] = []
    connection = hall.connect()
    for _ in range(TICKETS_MAX):
        answer = hall.call(
            "POST", f"{IN_HALL}/tickets", "kiosk", {"service": "declare"}, over=connection
        )
        if answer.status == 201:
            issued.append(answer.content)
        elif answer.status != 429:
            return issued, answer.content, answer.headers
    raise AssertionError(f"{TICKETS_MAX} tickets went onto a full disk")


def test_full_disk_refuses_goes_on_when_there_is_room_and_loses_nothing(
    start: Start, disk: Path
) -> None:
    hall = start(data=disk / "data")
    issued = [hall.take() for _ in range(3)]
    filler = fill(disk)
    more, problem, headers = take_until_refused(hall)
    issued += more
    assert problem["type"] == "/problems/not-durable"
    assert problem["status"] == 503
    assert "is full: make room there" in problem["detail"]
    assert int(headers["Retry-After"]) >= 1

    # What was there is still shown, and what cannot be written is refused each time.
    assert hall.hall()["waiting"] == len(issued)
    refused = hall.call("POST", f"{IN_HALL}/counters/1/next", "counter", key="call")
    assert refused.status == 503
    health = hall.call("GET", "/healthz")
    assert health.status == 503
    assert "disk full" in health.content["troubles"][0]

    filler.unlink()
    called = hall.call("POST", f"{IN_HALL}/counters/1/next", "counter", key="call").ok()
    assert called["ticket"]["number"] == "A001"
    assert hall.call("GET", "/healthz").status == 200
    issued.append(hall.take())
    assert [ticket["number"] for ticket in issued] == [
        f"A{number:03}" for number in range(1, len(issued) + 1)
    ]
    hall.kill()

    again = start(data=hall.data)
    assert again.take()["number"] == f"A{len(issued) + 1:03}"
    for ticket in issued[-20:]:
        assert again.ticket(ticket["id"])["number"] == ticket["number"]
    assert again.end() == 0


def test_start_on_a_full_disk_is_refused_by_name(start: Start, disk: Path) -> None:
    fill(disk)
    said = start(data=disk / "data", wait=False).await_refusal()
    assert str(disk / "data") in said
    assert "No space left" in said
