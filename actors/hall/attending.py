"""Which counters people may count on: attended ones, how long they are busy, and those that come back. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from actors.hall.durations import duration_of
from actors.hall.intervals import rest_s
from actors.hall.ranks import Order, before
from actors.hall.state import HallState, Post
from protocol.ids import CounterId
from protocol.tickets import CounterMode

AGES_MAX = 8
"""Counters up to which it matters how long each is busy already; with more it evens out."""
UNATTENDED_S = 180.0
"""An open counter that has called nobody for so long, although somebody waits, counts as closed."""
BREAK_S = 1800.0
"""A counter that is paused probably comes back after so long, as after a meal."""
BREAK_REST_S = 600.0
"""One that is paused for longer already probably takes so long yet."""
BREAK_LATE_S = 900.0
"""Nine of ten come back no later than so long after that."""

_OPEN, _PAUSED = CounterMode.OPEN, CounterMode.PAUSED


def attended(
    state: HallState, counters: Iterable[CounterId], at: datetime
) -> dict[CounterId, Post]:
    """Return the open ones; not those where people wait and nobody has been called for long."""
    posts = state.posts
    opened = {}
    for counter in counters:
        post = posts.get(counter)
        if post is None or post.mode is not _OPEN:
            continue
        if post.ticket is None and post.last is not None and state.waiting_for(counter):
            ended_at = state.tickets[post.last].ended_at
            if ended_at is not None and (at - ended_at).total_seconds() > UNATTENDED_S:
                continue
        opened[counter] = post
    return opened


def breaks_s(state: HallState, counters: Iterable[CounterId], at: datetime) -> list[float]:
    """Return how long (seconds) each of the paused ones probably stays so."""
    posts = state.posts
    rests_s = []
    for counter in counters:
        post = posts.get(counter)
        if post is not None and post.mode is _PAUSED:
            paused_s = (at - post.paused_at).total_seconds()
            rests_s.append(max(BREAK_S - paused_s, BREAK_REST_S))
    return rests_s


def alone(state: HallState, counters: Iterable[CounterId], order: Order | None) -> int:
    """Return how many go first who wait for one of the counters alone."""
    ahead = 0
    for counter in counters:
        queue = state.reserved.get(counter)
        if queue is not None:
            ahead += queue.size if order is None else before(queue, order)
    return ahead


def rests_of(
    state: HallState,
    opened: Mapping[CounterId, Post],
    counters: Collection[CounterId],
    at: datetime,
    mean_s: float,
    spread: float,
) -> tuple[int, list[float]]:
    """Return how many of the ``opened`` counters are free, and how long each is busy, as if those began now."""
    free, rests = 0, []
    few = len(counters) <= AGES_MAX
    typical_s = mean_s * (1.0 + spread) * 0.5
    for counter in counters:
        id = opened[counter].ticket
        if id is None:
            free += 1
            rests.append(mean_s)
        elif few:
            ticket = state.tickets[id]
            each_s, its_spread, _ = duration_of(state, ticket.service)
            called_at = ticket.called_at or at
            age_s = max(0.0, (at - called_at).total_seconds())
            rests.append(rest_s(each_s, its_spread, age_s))
        else:
            rests.append(typical_s)
    return free, rests
