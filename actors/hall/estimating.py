"""How long people will probably wait, from the live queue. Pure.

What is ahead of a ticket at the counters that are open for its service: everybody who goes before it and waits
for a service that these counters have, in the share in which they and not other counters will call them. How
long that takes follows from the measured times of each service (`interval_of` and what is beside it).

What is not looked at, as nobody knows it: counters that will open or close, people who will come and
overtake, people who will give up. Where no open counter has the service nothing is said.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import inf

from actors.hall.ahead import (
    Stream,
    by_class,
    by_service,
    only_due,
    streams_of,
    weights_of,
    with_due,
)
from actors.hall.durations import Duration, duration_of
from actors.hall.intervals import (
    AT_ONCE,
    alike,
    first_end_s,
    interval_of,
    make_estimate,
    many_spread,
    rest_s,
)
from actors.hall.overtaking import due_at
from actors.hall.ranks import Order, before
from actors.hall.sharing import Layout, layout_of, loads_of, pulls_of, shares
from actors.hall.state import HallState, Post, Ticket
from protocol.estimates import Estimate
from protocol.ids import CounterId, ServiceId
from protocol.policies import PolicyKind
from protocol.tickets import CounterMode, TicketClass, TicketState
from protocol.values import value

AGES_MAX = 8
"""Counters up to which it matters how long each is busy already; with more it evens out."""
SLIGHT = 0.1
"""Of a service that nobody waits for so many people are taken to wait, so that shares can be told."""
UNATTENDED_S = 180.0
"""An open counter that has called nobody for so long, although somebody waits, counts as closed."""

_OPEN = CounterMode.OPEN


@value
class _Scene:
    """What goes on around some services at one time, whoever waits."""

    at: datetime
    layout: Layout
    opened: dict[CounterId, Post]
    durations: dict[ServiceId, Duration]
    streams: list[Stream]
    counters: list[int]
    """How many are open in each group of the layout."""
    pulls: list[float]
    loads_s: list[float]
    """What each of them will do for those ahead."""
    usual_s: float


@value
class _Wish:
    """Whose wait is in question, and the counters that may call it; ``due_at`` is its appointment."""

    service: ServiceId
    asked: tuple[CounterId, ...]
    order: Order | None = None
    ticket_class: TicketClass = TicketClass.NORMAL
    due_at: datetime | None = None


def estimate_service(
    state: HallState,
    service: ServiceId,
    at: datetime,
    ticket_class: TicketClass = TicketClass.NORMAL,
    due_at: datetime | None = None,
) -> Estimate | None:
    """Return how long somebody who takes a ticket at ``at`` will probably wait.

    ``due_at`` is the time of an appointment. None if no open counter has the service.
    """
    layout = layout_of(state.spec, service)
    asked = layout.asked.get(service, ())
    line = state.lines.get(service)
    ahead = counters = free = 0
    plain = layout.alone and due_at is None and not state.reserved
    if line is not None:
        for its_class, queue in line.classes.items():
            ahead += queue.size
            plain = plain and its_class is ticket_class
    if plain:
        # The usual case of large halls and of theory, which is told in a few microseconds.
        for post in map(state.posts.get, asked):
            if post is not None and post.mode is _OPEN:
                counters += 1
                if post.ticket is None:
                    free += 1
    if counters <= AGES_MAX or (free and ahead):
        wish = _Wish(service=service, asked=asked, ticket_class=ticket_class, due_at=due_at)
        return _estimate(state, _scene(state, layout, None, at), wish)
    if free:
        return AT_ONCE
    mean_s, spread, known = duration_of(state, service)
    return alike(ahead, counters, mean_s, spread, known)


def estimate_services(state: HallState, at: datetime) -> dict[ServiceId, Estimate | None]:
    """Return for each service how long somebody who takes a ticket at ``at`` will probably wait."""
    scenes: dict[int, _Scene] = {}
    estimates = {}
    for service in state.spec.services:
        layout = layout_of(state.spec, service)
        scene = scenes.get(id(layout))
        if scene is None:
            scene = scenes[id(layout)] = _scene(state, layout, None, at)
        wish = _Wish(service=service, asked=layout.asked.get(service, ()))
        estimates[service] = _estimate(state, scene, wish)
    return estimates


def estimate_ticket(state: HallState, ticket: Ticket, at: datetime) -> Estimate | None:
    """Return how much longer a ticket will probably wait.

    None if it does not wait, or no open counter has its service.
    """
    if ticket.state is not TicketState.WAITING:
        return None
    layout, counter = layout_of(state.spec, ticket.service), ticket.reserved_for
    asked = layout.asked.get(ticket.service, ())
    if counter is not None:
        asked = (counter,)
        if counter in state.spec.counters and counter not in layout.group_of:
            layout = layout_of(state.spec, state.spec.counters[counter].services[0])
    wish = _Wish(
        service=ticket.service,
        asked=asked,
        order=ticket.order,
        ticket_class=ticket.ticket_class,
        due_at=due_at(ticket),
    )
    return _estimate(state, _scene(state, layout, ticket.order, at), wish)


def _estimate(state: HallState, scene: _Scene, wish: _Wish) -> Estimate | None:
    """Return the interval where other services, counters, classes or appointments are in the way."""
    mine = _sooner(scene, [counter for counter in wish.asked if counter in scene.opened])
    if not mine:
        return None
    streams, policy = scene.streams, state.spec.policy
    if policy.kind is PolicyKind.CLASS_RATIOS:
        streams = by_class(policy.ratios, streams, wish.ticket_class)
    elif policy.kind is PolicyKind.SERVICE_WEIGHTS:
        streams = by_service(weights_of(state.spec, wish.service, mine), streams, wish.service)
    estimate = _wait(state, scene, wish, mine, streams)
    due_before = timedelta(seconds=policy.due_before_s)
    if wish.due_at is not None:
        # Whoever has an appointment is called when it is due, or sooner if everybody else was.
        lead_s = max(0.0, (wish.due_at - due_before - scene.at).total_seconds())
        due = _wait(state, scene, wish, mine, only_due(state, streams, wish.due_at))
        if due.p50_s + lead_s < estimate.p50_s:
            return make_estimate(p50_s=due.p50_s + lead_s, p90_s=due.p90_s + lead_s)
    elif any(each.ticket_class is TicketClass.APPOINTMENT for each in streams):
        called_at = scene.at + timedelta(seconds=estimate.p50_s) + due_before
        return _wait(state, scene, wish, mine, with_due(state, streams, called_at))
    return estimate


def _sooner(scene: _Scene, asked: list[CounterId]) -> list[CounterId]:
    """Return those of the counters that will call somebody first: not the busiest, if others come sooner."""
    group_of, loads_s = scene.layout.group_of, scene.loads_s
    groups = sorted({group_of[counter] for counter in asked}, key=loads_s.__getitem__)
    if len(groups) < 2:
        return asked
    least_s, counters, sum_s, some = inf, 0, 0.0, 0
    for place, group in enumerate(groups, 1):
        counters += scene.counters[group]
        sum_s += scene.counters[group] * loads_s[group]
        wait_s = (sum_s + scene.usual_s) / counters
        if wait_s < least_s:
            least_s, some = wait_s, place
    chosen = set(groups[:some])
    return [counter for counter in asked if group_of[counter] in chosen]


def _wait(
    state: HallState, scene: _Scene, wish: _Wish, mine: list[CounterId], streams: list[Stream]
) -> Estimate:
    """Return the interval until those ahead in ``streams`` were called and one of the counters is free."""
    layout, durations = scene.layout, scene.durations
    own = [0] * len(layout.groups)
    for counter in mine:
        own[layout.group_of[counter]] += 1
    part = dict(zip(layout.services, shares(layout, scene.counters, scene.pulls, own), strict=True))
    mean_s, spread = _usual(state, scene, wish.service, part)
    counters = len(mine)
    jobs = work_s = variance = doubt = 0.0
    for stream in streams:
        share = part[stream.service]
        if not share:
            continue
        each_s, its_spread, known = durations[stream.service]
        some = stream.ahead * share
        jobs += some
        work_s += some * each_s
        # Where other counters take their share, what is longer at one evens out over all of them.
        variance += some * share * each_s * each_s * its_spread
        doubt += some * some * each_s * each_s * its_spread / known
    if state.reserved:
        alone = _alone(state, mine, wish.order)
        jobs += alone
        work_s += alone * mean_s
        variance += alone * mean_s * mean_s * spread
    free, rests_s = _rests(state, scene, mine, mean_s, spread)
    if free > jobs:
        return AT_ONCE
    # A free counter takes somebody at once, who then is no longer ahead.
    jobs -= free
    work_s = max(0.0, work_s - free * mean_s)
    wait_s = work_s / counters + first_end_s(rests_s, jobs, mean_s, spread)
    wait_s = max(wait_s, 1.0 / sum([1.0 / rest for rest in rests_s]))
    variance += mean_s * mean_s * many_spread(jobs + 1.0, counters, spread)
    return interval_of(wait_s, (variance + doubt) / (counters * wait_s) ** 2)


def _scene(state: HallState, layout: Layout, order: Order | None, at: datetime) -> _Scene:
    opened = _opened(state, layout, at)
    durations = {each: duration_of(state, each) for each in layout.services}
    streams = streams_of(state, layout.services, order)
    counters = [0] * len(layout.groups)
    busy = counters.copy()
    for counter, post in opened.items():
        group = layout.group_of[counter]
        counters[group] += 1
        busy[group] += post.ticket is not None
    pulls, loads_s, usual_s = [1.0] * len(counters), [0.0] * len(counters), 0.0
    if len(counters) > 1:
        work_s = {each: duration[0] * SLIGHT for each, duration in durations.items()}
        for stream in streams:
            work_s[stream.service] += stream.ahead * durations[stream.service][0]
        usual_s = sum([duration[0] for duration in durations.values()]) / len(durations)
        # One that is busy has half of a service to go; a free one is not without any load either.
        busy_s = [
            usual_s * (0.5 * some / (all or 1) + 0.1)
            for some, all in zip(busy, counters, strict=True)
        ]
        works_s = list(work_s.values())
        pulls = pulls_of(layout, counters, busy_s, works_s)
        loads_s = loads_of(layout, counters, pulls, works_s)
    return _Scene(
        at=at,
        layout=layout,
        opened=opened,
        durations=durations,
        streams=streams,
        counters=counters,
        pulls=pulls,
        loads_s=loads_s,
        usual_s=usual_s,
    )


def _opened(state: HallState, layout: Layout, at: datetime) -> dict[CounterId, Post]:
    """Return the open counters; not those where people wait and nobody has been called for long."""
    posts = state.posts
    opened = {}
    for counter in layout.group_of:
        post = posts.get(counter)
        if post is None or post.mode is not _OPEN:
            continue
        if post.ticket is None and post.last is not None and state.waiting_for(counter):
            ended_at = state.tickets[post.last].ended_at
            if ended_at is not None and (at - ended_at).total_seconds() > UNATTENDED_S:
                continue
        opened[counter] = post
    return opened


def _alone(state: HallState, mine: list[CounterId], order: Order | None) -> int:
    """Return how many go first who wait for one of the counters alone."""
    ahead = 0
    for counter in mine:
        queue = state.reserved.get(counter)
        if queue is not None:
            ahead += queue.size if order is None else before(queue, order)
    return ahead


def _rests(
    state: HallState, scene: _Scene, mine: list[CounterId], mean_s: float, spread: float
) -> tuple[int, list[float]]:
    """Return how many of the counters are free, and how long each is busy, as if the free ones began now."""
    free, rests = 0, []
    few = len(mine) <= AGES_MAX
    typical_s = mean_s * (1.0 + spread) * 0.5
    for counter in mine:
        id = scene.opened[counter].ticket
        if id is None:
            free += 1
            rests.append(mean_s)
        elif few:
            ticket = state.tickets[id]
            each_s, its_spread, _ = duration_of(state, ticket.service)
            called_at = ticket.called_at or scene.at
            age_s = max(0.0, (scene.at - called_at).total_seconds())
            rests.append(rest_s(each_s, its_spread, age_s))
        else:
            rests.append(typical_s)
    return free, rests


def _usual(
    state: HallState, scene: _Scene, service: ServiceId, part: dict[ServiceId, float]
) -> tuple[float, float]:
    """Return the mean and the variance (in squares of it) of what the counters do, by what was issued today."""
    weights = total = squares = 0.0
    for other, share in part.items():
        line = state.lines.get(other)
        weight = share * ((0.0 if line is None else line.issued) + (other == service))
        if weight:
            mean_s, spread, _ = scene.durations[other]
            weights += weight
            total += weight * mean_s
            squares += weight * mean_s * mean_s * (1.0 + spread)
    if not weights:  # these counters do not have the service, and nobody has taken another one
        return duration_of(state, service)[:2]
    mean_s = total / weights
    return mean_s, squares / weights / (mean_s * mean_s) - 1.0
