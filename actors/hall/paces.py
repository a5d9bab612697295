"""How often people come for a service, by class: for those who will yet come and overtake. Pure."""

from __future__ import annotations

from datetime import datetime

from actors.hall.state import Pace
from protocol.values import maker

PACE_MEMORY = 12
"""Gaps between tickets over which they are averaged: a rush, or its end, shows within so many."""
SPAN_MIN_S = 600.0
"""Tickets are counted over so long at least: several within a minute are no endless stream."""

_make_pace = maker(Pace)


def quickened(pace: Pace | None, at: datetime) -> Pace:
    """Return the pace after one more ticket, at ``at``."""
    if pace is None:
        return _make_pace(last_at=at, gap_s=0.0, gaps=0)
    gaps = pace.gaps + 1 if pace.gaps < PACE_MEMORY else PACE_MEMORY
    off_s = (at - pace.last_at).total_seconds() - pace.gap_s
    return _make_pace(last_at=at, gap_s=pace.gap_s + off_s / gaps, gaps=gaps)


def to_come(pace: Pace, at: datetime, within_s: float) -> float:
    """Return how many probably come within so many seconds: the fewer, the longer nobody did.

    It is looked no farther ahead than back: people who came all at once say nothing of others.
    """
    span_s = pace.gaps * pace.gap_s + (at - pace.last_at).total_seconds()
    return pace.gaps * min(within_s, span_s) / max(span_s, SPAN_MIN_S)
