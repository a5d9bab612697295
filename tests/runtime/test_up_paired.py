"""``paihao up`` with terminals that prove who they are, at its first start and at later ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runtime.running_hall import IN_HALL, RunningHall, wait_until

Start = Callable[..., RunningHall]

PAIRING = f"{IN_HALL}/gateways/g1/pairing"


def secured(hall: RunningHall) -> set[int]:
    listed = hall.call("GET", f"{IN_HALL}/terminals", "manager").ok()["terminals"]
    return {terminal["address"] for terminal in listed if terminal["secured"]}


def refused(hall: RunningHall) -> int:
    messages = hall.call("GET", PAIRING, "manager").ok()["messages"]
    return sum(one["forged"] + one["replayed"] + one["reflected"] for one in messages)


def test_last_counters_terminals_are_paired_and_work_after_each_start(
    start: Start, tmp_path: Path
) -> None:
    for number in (1, 2):
        hall = start(data=tmp_path / "data")
        wait_until(lambda: secured(hall) == {31, 32}, what="paired terminals")  # noqa: B023
        seen = hall.call("GET", PAIRING, "manager").ok()
        assert [one["address"] for one in seen["paired"]] == [31, 32]
        hall.take(kiosk="k1")
        hall.press("3", "NEXT")
        shown = f"A{number:03}"
        wait_until(
            lambda: hall.devices()["windows"]["3"]["text"] == shown,  # noqa: B023
            what="the number at window 3",
        )
        assert refused(hall) == 0
        hall.end()
    assert (tmp_path / "data" / "HZ01.radio").exists()


@pytest.mark.parametrize("cut", [True, False])
def test_start_with_a_damaged_memory_of_radio_security_is_refused(
    start: Start, tmp_path: Path, cut: bool
) -> None:
    data = tmp_path / "data"
    hall = start(data=data)
    hall.end()
    memory = data / "HZ01.radio"
    memory.write_bytes(memory.read_bytes()[:50] if cut else b"not what was written")
    told = RunningHall(tmp_path / "again", data=data).await_refusal()
    assert "HZ01.radio" in told
    assert "every paired terminal has to be paired anew" in " ".join(told.split())
