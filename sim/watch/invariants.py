"""All invariants that watch a hall."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sim.watch.bookings import BookingsEnd
from sim.watch.calm import AlarmsEnd
from sim.watch.copies import CopyEquals
from sim.watch.counters import OneCounter
from sim.watch.displays import CallsShown
from sim.watch.durability import DurableFirst
from sim.watch.endings import EveryTicketEnds
from sim.watch.evaluations import EvaluationsOnce
from sim.watch.invariant import Invariant
from sim.watch.numbers import NumbersOnce
from sim.watch.order import InOrder
from sim.watch.places import PlacesOnce
from sim.watch.pushes import PushesOnce
from sim.watch.restarts import RestartKeeps
from sim.watch.visits import VisitsGoOn

_ALL: tuple[type[Invariant], ...] = (
    NumbersOnce,
    PlacesOnce,
    OneCounter,
    EveryTicketEnds,
    VisitsGoOn,
    BookingsEnd,
    DurableFirst,
    InOrder,
    CallsShown,
    AlarmsEnd,
    CopyEquals,
    PushesOnce,
    EvaluationsOnce,
    RestartKeeps,
)

INVARIANTS: Mapping[int, tuple[type[Invariant], ...]] = MappingProxyType(
    {
        number: tuple(each for each in _ALL if each.number == number)
        for number in sorted({each.number for each in _ALL})
    }
)
"""By their numbers in the design, some of which hold of several things."""
