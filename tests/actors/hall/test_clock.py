from __future__ import annotations

from datetime import timedelta
from typing import Any

from actors.hall.clock import HallClock
from sim.world import MONDAY


class SetClock:
    """A world's wall clock, set by hand."""

    def __init__(self) -> None:
        self.wall = MONDAY

    def now(self) -> Any:
        return self.wall

    def pass_s(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)


def test_the_halls_time_is_the_wall_clocks() -> None:
    world: Any = SetClock()
    clock = HallClock(world)
    world.pass_s(90)
    assert clock.now() == MONDAY + timedelta(seconds=90)
    world.wall += timedelta(hours=5)
    assert clock.now() == MONDAY + timedelta(hours=5, seconds=90)


def test_set_back_an_hour_and_another_the_halls_time_goes_on() -> None:
    world: Any = SetClock()
    clock = HallClock(world)
    seen = []
    for _ in range(2):
        world.wall -= timedelta(hours=1)
        clock.now()
        for _ in range(3):
            world.pass_s(30)
            seen.append((clock.now() - MONDAY).total_seconds())
    assert seen == [30, 60, 90, 120, 150, 180]


def test_set_right_again_the_halls_time_is_the_wall_clocks_again() -> None:
    world: Any = SetClock()
    clock = HallClock(world)
    world.wall -= timedelta(hours=1)
    clock.now()
    world.pass_s(60)
    assert clock.now() == MONDAY + timedelta(seconds=60)
    world.wall += timedelta(hours=1)
    assert clock.now() == world.wall == MONDAY + timedelta(seconds=60)
    world.pass_s(60)
    assert clock.now() == world.wall
