"""A world whose clock is SimPy's: hours pass in seconds, and one seed gives one run, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import simpy

from actors.base import Place
from actors.world import Timer, World
from protocol.errors import WorldError

MONDAY = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
"""Where virtual time begins unless a scenario says otherwise: a Monday, 08:00 in Shanghai."""


class SimulationFailed(WorldError):
    """An actor failed; the run ended there. The message names the seed that does it again."""


class _SimTimer(simpy.Event):
    """Calls once, and then has the actors run that were told something: no further event is needed.

    Otherwise it is SimPy's Timeout, without what only a process that waits for it would need.
    """

    _ok = True
    _value = None

    def __init__(self, world: SimWorld, delay_s: float, call: Callable[[], None]) -> None:
        self.env = world.env
        self.callbacks = _TIMER_CALLBACKS
        self.world = world
        self.call: Callable[[], None] | None = call
        world.env.schedule(self, delay=delay_s if delay_s > 0.0 else 0.0)

    def cancel(self) -> None:
        self.call = None


class _Waking(simpy.Event):
    """Has the actors of a world run now, after what else is to happen now already."""

    _ok = True
    _value = None

    def __init__(self, world: SimWorld) -> None:
        self.env = world.env
        self.callbacks = _WAKING_CALLBACKS
        self.world = world
        world.env.schedule(self)


def _run(waking: _Waking) -> None:
    waking.world.run_ready()


_WAKING_CALLBACKS: list[Callable[[Any], None]] = [_run]


def _ring(timer: _SimTimer) -> None:
    call = timer.call
    if call is not None:
        timer.call = None
        timer.world.run_after(call)


# One list for all: SimPy reads a timer's list once and never changes it.
_TIMER_CALLBACKS: list[Callable[[Any], None]] = [_ring]


class SimWorld(World):
    """A world on a SimPy environment. The first failure of an actor ends the run with the seed.

    What its actors take of the processor is only measured with a ``stopwatch``.
    """

    def __init__(
        self,
        env: simpy.Environment | None = None,
        *,
        seed: int = 0,
        begins: datetime = MONDAY,
        stopwatch: Callable[[], float] | None = None,
    ) -> None:
        super().__init__(random=Random(seed), stopwatch=stopwatch)
        self.env = env or simpy.Environment(initial_time=0.0)
        self.seed = seed
        self.begins = begins
        self.failures = self

    def now(self) -> datetime:
        return self.begins + timedelta(0, self.env.now)

    def monotonic(self) -> float:
        return self.env.now

    def run(self, until_s: float | None = None) -> None:
        """Run to the virtual second ``until_s``, or until nothing is left to happen.

        Raises:
            SimulationFailed: an actor failed.
        """
        self.env.run(until=until_s)

    def failed(self, place: Place, message: object, error: Exception) -> None:
        """End the run: raise `SimulationFailed` out of `run`."""
        raise SimulationFailed(
            f"seed {self.seed}: {place.name} failed at {self.env.now:.6f} s on {message!r}: {error!r}"
        ) from error

    def vanish(self) -> None:
        """End every actor at this instant, as a killed process does: none of them runs or is told any more.

        Who asked one is answered with `pykka.ActorDeadError`; timers that are set never ring.
        """
        self._closed = True
        for place in reversed(list(self._places.values())):
            self.end(place)
        self._ready.clear()

    def call_later(self, delay_s: float, call: Callable[[], None]) -> Timer:
        """Have ``call`` called after ``delay_s`` virtual seconds: what people and things do."""
        return _SimTimer(self, delay_s, call)

    _after = call_later

    def _wake(self) -> None:
        _Waking(self)
