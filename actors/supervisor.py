"""Restarts actors that fail, each time after a longer rest, and gives up loudly at a limit."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

from actors.base import Place
from actors.world import World

log = logging.getLogger(__name__)

REST_FIRST_S = 0.1
"""Seconds before the first restart; each further one waits twice as long."""

REST_MAX_S = 30.0

FAILURES_MAX = 8
"""Failures within `WINDOW_S` after which an actor is not started again."""

WINDOW_S = 600.0


class Supervisor:
    """The failure strategy of the real world.

    ``gave_up`` is called with the actor's name and its last error when an actor is ended for good: the
    hall then lacks a part, and a person must know.
    """

    def __init__(self, world: World, gave_up: Callable[[str, Exception], None]) -> None:
        self._world = world
        self._gave_up = gave_up
        self._failures: dict[str, deque[float]] = {}

    def failed(self, place: Place, message: object, error: Exception) -> None:
        """Have the actor restarted after its rest, or end it."""
        now = self._world.monotonic()
        failures = self._failures.setdefault(place.name, deque(maxlen=FAILURES_MAX))
        while failures and now - failures[0] > WINDOW_S:
            failures.popleft()
        failures.append(now)
        cause = type(message).__name__
        if not place.alive:
            log.error("actor failed while stopping actor=%s", place.name, exc_info=error)
        elif len(failures) >= FAILURES_MAX:
            log.critical(
                "actor given up actor=%s message=%s failures=%d",
                place.name,
                cause,
                len(failures),
                exc_info=error,
            )
            self._world.end(place)
            self._gave_up(place.name, error)
        else:
            rest_s = min(REST_FIRST_S * 2 ** (len(failures) - 1), REST_MAX_S)
            log.error(
                "actor failed actor=%s message=%s rest_s=%g",
                place.name,
                cause,
                rest_s,
                exc_info=error,
            )
            self._world.restart_after(rest_s, place)
