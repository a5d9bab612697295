"""What is to happen on a channel, and how long it may wait to be worked out.

An event has its time, and says until when no host hears of what follows from it: until then nobody needs to
look, unless an input comes sooner. Deadlines of devices stand beside the events; one that its device has put
off is passed over.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from math import inf
from typing import Any

from protocol.errors import DeviceError
from sim.radio.station import Station

__all__ = ["EVENTS_MAX", "Agenda", "Happen"]

EVENTS_MAX = 10_000
"""Events at one instant; more are devices that answer each other for ever, an error in their models."""

Happen = Callable[[float, Any], None]


class Agenda:
    """See the module. ``tick`` is called when a device's deadline has come, ``feel`` when somebody acted on it.

    What is at one time happens in the order in which it was put here; a touch comes last.
    """

    def __init__(self, tick: Happen, feel: Happen) -> None:
        self.now_s = -inf
        """Until when everything has happened."""
        self.until_s = -inf
        """What is due by then happens before anything else."""
        self._tick = tick
        self._feel = feel
        self._events: list[tuple[float, int, Happen, Any, float]] = []
        """When what happens to whom, and from when on a host hears of it; few at a time."""
        self._ticks: list[tuple[float, int, Station]] = []
        self._touched: deque[Station] = deque()
        """Those whose devices somebody acted on."""
        self._number = 0
        self._running = False

    # -- what is to come --------------------------------------------------------------------

    def push(self, at_s: float, happen: Happen, subject: object, heard_s: float) -> None:
        """Have something happen at ``at_s`` of which no host hears before ``heard_s``."""
        self._number += 1
        heappush(self._events, (at_s, self._number, happen, subject, heard_s))

    def await_deadline(self, station: Station, deadline_s: float | None) -> None:
        """Have the station's device ticked at its deadline, and no more at the one that it had before."""
        if deadline_s is None:
            station.tick_s = inf
            return
        if deadline_s == station.tick_s:
            return
        station.tick_s = at_s = deadline_s if deadline_s > self.now_s else self.now_s
        if at_s != station.latest_tick_s:
            # A heartbeat's deadline comes back after each datagram's: it is kept in the meantime.
            if at_s > station.latest_tick_s:
                station.latest_tick_s = at_s
            self._number += 1
            heappush(self._ticks, (at_s, self._number, station))

    def touch(self, station: Station) -> None:
        """Have the station's device ticked at the next `advance`: somebody has acted on it."""
        if not station.touched:
            station.touched = True
            self._touched.append(station)

    @property
    def touched(self) -> bool:
        """Whether somebody acted on a device that does not know yet."""
        return bool(self._touched)

    def hurry(self) -> None:
        """Have everything worked out at its time: hosts may hear of it sooner than was foretold."""
        self._events[:] = [(*event[:4], event[0]) for event in self._events]

    # -- time -------------------------------------------------------------------------------

    def deadline_s(self) -> float:
        """Return when somebody is to `advance` again; inf if nothing will happen."""
        if self._touched:
            return self.now_s
        ticks = self._ticks
        while ticks and ticks[0][0] != ticks[0][2].tick_s:
            _pass_over(heappop(ticks))
        due_s = ticks[0][0] if ticks else inf
        for event in self._events:
            if event[4] < due_s:
                due_s = event[4]
        return due_s

    def advance(self, now: float) -> None:
        """Let everything happen that is due by ``now``.

        Raises:
            DeviceError: it does not come to an end.
        """
        if self._running:
            return
        self._running = True
        self.until_s = now
        events, ticks = self._events, self._ticks
        at_once = 0
        try:
            while True:
                happen: Happen
                subject: Any
                if events and events[0][0] <= now and not (ticks and ticks[0] < events[0]):
                    due_s, _, happen, subject, _ = heappop(events)
                elif ticks and ticks[0][0] <= now:
                    tick = heappop(ticks)
                    due_s, _, subject = tick
                    if due_s != subject.tick_s:
                        _pass_over(tick)
                        continue
                    happen = self._tick
                elif self._touched:
                    due_s, happen, subject = now, self._feel, self._touched.popleft()
                else:
                    break
                if due_s > self.now_s:
                    self.now_s = due_s
                    at_once = 0
                at_once += 1
                if at_once > EVENTS_MAX:
                    raise DeviceError("devices on one channel answer each other for ever")
                happen(self.now_s, subject)
            if now > self.now_s:
                self.now_s = now
        finally:
            self._running = False


def _pass_over(tick: tuple[float, int, Station]) -> None:
    """Forget a deadline that is another by now."""
    at_s, _, station = tick
    if at_s == station.latest_tick_s:
        station.latest_tick_s = -inf
