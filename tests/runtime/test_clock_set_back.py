"""``paihao up`` on a machine whose wall clock is set back an hour: timers, numbers and calls go on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.runtime.running_hall import IN_HALL, RunningHall, wait_until

Start = Callable[..., RunningHall]

PROGRAM = """
import datetime, os, sys, time

SET_BACK = sys.argv.pop(1)
real = time.time

def shift():
    return -3600.0 if os.path.exists(SET_BACK) else 0.0

# Before Twisted is imported, which keeps the function that it finds.
time.time = lambda: real() + shift()

class WallClock(datetime.datetime):
    @classmethod
    def now(cls, zone=None):
        return datetime.datetime.now(zone) + datetime.timedelta(seconds=shift())

import runtime.world

runtime.world.datetime = WallClock

from runtime.cli import main

main()
"""
"""Paihao with a clock that is an hour slow while a file is there."""


def test_clock_set_back_an_hour_stops_nothing(start: Start, tmp_path: Path) -> None:
    program, set_back = tmp_path / "program.py", tmp_path / "set-back"
    program.write_text(f"import sys\nsys.path.insert(0, '.')\n{PROGRAM}")
    hall = start(program=(program, set_back))
    with hall.stream(after=0) as stream:
        before = hall.take(kiosk="k1")
        hall.press("1", "NEXT")
        wait_until(lambda: hall.ticket(before["id"])["printed"] == "printed", what="paper")
        before_at = max(record["at"] for record in stream.records())

        set_back.touch()
        after = hall.take(kiosk="k1")
        assert (before["number"], after["number"]) == ("A001", "A002")
        wait_until(lambda: hall.ticket(after["id"])["printed"] == "printed", what="paper")
        # The keypad's lock-out after a call is over in two seconds, not in an hour.
        recall = wait_until(
            lambda: recalled(hall, before["id"]), what="a recall that is not too soon"
        )
        assert recall["ticket"]["state"] == "called"
        hall.press("1", "NEXT")
        wait_until(lambda: hall.devices()["windows"]["1"]["text"] == "A002", what="window 1")
        wait_until(
            lambda: [call["number"] for call in stream.of("announcement")][-1:] == ["A002"],
            what="announcements, one after another",
            patience_s=20,
        )
        assert [record["type"] for record in stream.records()].count("DayBegun") == 1
        times = [record["at"] for record in stream.records()]
        assert times == sorted(times)
        assert times[-1] >= before_at

        set_back.unlink()
        assert hall.take()["number"] == "A003"
    assert hall.alarms() == {}
    assert hall.end() == 0


def recalled(hall: RunningHall, ticket: str) -> Any:
    answer = hall.call("POST", f"{IN_HALL}/tickets/{ticket}/recall", "counter")
    return None if answer.status == 409 else answer.ok()
