from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from actors.hall.clock import HallClock
from actors.hall.state import BEFORE_ALL
from sim.world import MONDAY


class SetClock:
    """A world's clocks; the wall clock is set by hand."""

    def __init__(self) -> None:
        self.wall = MONDAY
        self.passed_s = 0.0

    def now(self) -> Any:
        return self.wall

    def monotonic(self) -> float:
        return self.passed_s

    def pass_s(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.passed_s += seconds


def test_the_halls_time_is_the_wall_clocks() -> None:
    world: Any = SetClock()
    clock = HallClock(world, BEFORE_ALL)
    world.pass_s(90)
    assert clock.now() == MONDAY + timedelta(seconds=90)
    world.wall += timedelta(hours=5)
    assert clock.now() == MONDAY + timedelta(hours=5, seconds=90)


def test_set_back_an_hour_and_another_the_halls_time_goes_on() -> None:
    world: Any = SetClock()
    clock = HallClock(world, BEFORE_ALL)
    seen = []
    for _ in range(2):
        world.wall -= timedelta(hours=1)
        clock.now()
        for _ in range(3):
            world.pass_s(30)
            seen.append((clock.now() - MONDAY).total_seconds())
    assert seen == [27, 54, 81, 108, 135, 162]


def test_a_wall_clock_that_was_an_hour_fast_is_met_again_within_ten_hours() -> None:
    world: Any = SetClock()
    clock = HallClock(world, BEFORE_ALL)
    world.wall -= timedelta(hours=1)
    for minute in range(590):
        assert clock.now() - world.wall == timedelta(seconds=3600 - 6 * minute)
        world.pass_s(60)
    world.pass_s(600)
    assert clock.now() == world.wall


def test_set_right_again_the_halls_time_is_the_wall_clocks_again() -> None:
    world: Any = SetClock()
    clock = HallClock(world, BEFORE_ALL)
    world.wall -= timedelta(hours=1)
    clock.now()
    world.pass_s(60)
    clock.now()
    world.wall += timedelta(hours=1)
    assert clock.now() == world.wall == MONDAY + timedelta(seconds=60)
    world.pass_s(60)
    assert clock.now() == world.wall


def test_set_half_right_the_halls_time_comes_no_further_ahead() -> None:
    world: Any = SetClock()
    clock = HallClock(world, BEFORE_ALL)
    world.wall -= timedelta(hours=2)
    clock.now()
    world.wall += timedelta(hours=1)
    assert clock.now() == MONDAY


def test_begun_before_the_halls_last_event_its_time_goes_on_from_there() -> None:
    world: Any = SetClock()
    last_at = MONDAY + timedelta(hours=1)
    clock = HallClock(world, last_at)
    assert clock.now() == last_at
    world.pass_s(30)
    assert clock.now() == last_at + timedelta(seconds=27)


@given(steps=st.lists(st.tuples(st.floats(0, 5000), st.floats(-5000, 5000))))
def test_the_halls_time_never_goes_back_and_never_lags(steps: list[tuple[float, float]]) -> None:
    world: Any = SetClock()
    clock = HallClock(world, BEFORE_ALL)
    last = clock.now()
    for passed_s, set_s in steps:
        world.pass_s(passed_s)
        world.wall += timedelta(seconds=set_s)
        now = clock.now()
        assert now >= last
        assert now >= world.wall
        last = now
