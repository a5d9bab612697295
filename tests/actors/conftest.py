"""Every actor test runs on three clocks: SimPy's, `task.Clock`, and a real reactor."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random
from time import perf_counter
from typing import Any

import pykka
import pytest
from twisted.internet.task import Clock

from actors.world import World
from runtime.reactor import LoopReactor
from runtime.world import ReactorWorld
from sim.world import MONDAY, SimWorld


class FailureRecorder:
    """A strategy that notes each failure and leaves the actor at rest."""

    def __init__(self) -> None:
        self.failures: list[tuple[str, object, str]] = []

    def failed(self, place: Any, message: object, error: Exception) -> None:
        self.failures.append((place.name, message, repr(error)))


class SimRig:
    """SimPy: a unit of time is a virtual second."""

    unit_s = 1.0

    def __init__(self) -> None:
        self.sim_world = SimWorld(seed=7, stopwatch=perf_counter)
        self.world: World = self.sim_world

    def run(self, units: float = 0.0) -> None:
        """Let everything happen that is due within ``units`` from now."""
        until = self.sim_world.env.now + units * self.unit_s
        stop = self.sim_world.env.timeout(units * self.unit_s)
        while self.sim_world.env.peek() <= until:
            self.sim_world.env.step()
        assert stop.processed


class ClockRig:
    """Twisted's `task.Clock`, stepped through each due time as a reactor would pass it."""

    unit_s = 1.0

    def __init__(self) -> None:
        self.clock = Clock()
        self.world: World = ReactorWorld(
            self.clock,
            random=Random(7),
            now=lambda: MONDAY + timedelta(seconds=self.clock.seconds()),
            monotonic=self.clock.seconds,
        )

    def run(self, units: float = 0.0) -> None:
        until = self.clock.seconds() + units * self.unit_s
        while due := [call for call in self.clock.getDelayedCalls() if call.getTime() <= until]:
            self.clock.advance(max(0.0, min(c.getTime() for c in due) - self.clock.seconds()))
        self.clock.advance(until - self.clock.seconds())


class ReactorRig:
    """A real asyncio reactor of its own: a unit of time is short, and passes in real time."""

    unit_s = 0.02

    def __init__(self) -> None:
        self.reactor = LoopReactor(asyncio.new_event_loop())
        self.world: World = ReactorWorld(self.reactor, random=Random(7))

    def run(self, units: float = 0.0) -> None:
        self.reactor.callLater(units * self.unit_s + 0.005, self.reactor.crash)
        self.reactor.run(installSignalHandlers=False)


@pytest.fixture(params=[SimRig, ClockRig, ReactorRig], ids=["simpy", "clock", "reactor"])
def rig(request: pytest.FixtureRequest) -> Any:
    """A world and the means to let its time pass; closed afterwards without a trace."""
    before = pykka.ActorRegistry.get_all()
    made = request.param()
    yield made
    made.world.close()
    assert pykka.ActorRegistry.get_all() == before


@pytest.fixture
def failures(rig: Any) -> list[tuple[str, object, str]]:
    """What failed in the rig's world, which goes on."""
    recorder = FailureRecorder()
    rig.world.failures = recorder
    return recorder.failures


NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
"""A Monday, 12:00 in Shanghai."""
