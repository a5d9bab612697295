from __future__ import annotations

from datetime import timedelta
from typing import Any

from actors.hall.clock import HallClock
from sim.world import MONDAY


class SetClocks:
    """A world's clocks, set by hand."""

    def __init__(self) -> None:
        self.wall, self.seconds = MONDAY, 100.0

    def now(self) -> Any:
        return self.wall

    def monotonic(self) -> float:
        return self.seconds

    def pass_s(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.seconds += seconds


def test_the_halls_time_is_the_wall_clocks() -> None:
    world: Any = SetClocks()
    clock = HallClock(world)
    world.pass_s(90)
    assert clock.now() == MONDAY + timedelta(seconds=90)
    world.wall += timedelta(hours=5)
    assert clock.now() == MONDAY + timedelta(hours=5, seconds=90)


def test_set_back_an_hour_the_halls_time_goes_on_until_the_clock_has_caught_up() -> None:
    world: Any = SetClocks()
    clock = HallClock(world)
    world.wall -= timedelta(hours=1)
    seen = []
    for _ in range(4):
        world.pass_s(30)
        seen.append((clock.now() - MONDAY).total_seconds())
    assert seen == [30, 60, 90, 120]
    world.pass_s(3600)
    world.wall += timedelta(seconds=7)
    assert clock.now() == MONDAY + timedelta(seconds=3720)
    world.wall += timedelta(hours=1)
    assert clock.now() == world.wall
