"""All invariants that watch a hall."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sim.watch.counters import OneCounter
from sim.watch.displays import CallsShown
from sim.watch.durability import DurableFirst
from sim.watch.endings import EveryTicketEnds
from sim.watch.evaluations import EvaluationsOnce
from sim.watch.invariant import Invariant
from sim.watch.numbers import NumbersOnce
from sim.watch.order import InOrder
from sim.watch.restarts import RestartKeeps

INVARIANTS: Mapping[int, type[Invariant]] = MappingProxyType(
    {
        each.number: each
        for each in (
            NumbersOnce,
            OneCounter,
            EveryTicketEnds,
            DurableFirst,
            InOrder,
            CallsShown,
            EvaluationsOnce,
            RestartKeeps,
        )
    }
)
"""By their numbers in the design; 7 and 8 come with headquarters and with WeChat."""
