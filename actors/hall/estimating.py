"""How long people will probably wait, from the live queue. Pure.

What is ahead of a ticket at the counters that are open for its service: everybody who goes before it and waits
for a service that these counters have, in the share in which they and not other counters will call them. How
long that takes follows from the measured times of each service (`interval_of` and what is beside it).

What the hall has seen is taken to go on: the pace at which those come who will overtake, the share of people
who give up, tickets whose holders come too late and are called again, and how often waits were longer than had
been said, by which intervals are made wider or narrower (`durations`). A counter that is paused is taken to
come back.

What nobody knows is not looked at: counters that will open, pause or close; people who come all at once. A wait
that begins before half of the staff go to eat is longer than was said. Where no open counter has the service
nothing is said.

Where all want the same, the middle of the interval is as good as "position x mean service time / counters" with
the true mean, and no better: what is left is how long the services of those ahead take, which nobody has seen.
At a load of 0.95 (1 to 12 counters, service times with a variance of 0.36 in squares of the mean) its mean
error was 1.01 to 1.03 times that rule's, and within a tenth of what that variance alone leaves.
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
    with_coming,
    with_due,
    within_bound,
)
from actors.hall.attending import AGES_MAX, BREAK_LATE_S, alone, attended, breaks_s, rests_of
from actors.hall.durations import Duration, duration_of
from actors.hall.intervals import (
    AT_ONCE,
    alike,
    first_end_s,
    interval_of,
    make_estimate,
    many_spread,
    widened,
    with_returns,
)
from actors.hall.overtaking import due_at
from actors.hall.ranks import Order
from actors.hall.sharing import Layout, drawn_of, layout_of, loads_of, pulls_of, shares
from actors.hall.state import HallState, Post, Ticket
from protocol.estimates import Estimate
from protocol.ids import CounterId, ServiceId
from protocol.policies import PolicyKind
from protocol.tickets import CounterMode, TicketClass, TicketState
from protocol.values import value

SLIGHT = 0.1
"""Of a service that nobody waits for so many people are taken to wait, so that shares can be told."""

_OPEN, _PAUSED = CounterMode.OPEN, CounterMode.PAUSED
_BY_SHARE = frozenset({PolicyKind.CLASS_RATIOS, PolicyKind.SERVICE_WEIGHTS})


@value
class _Scene:
    """What goes on around some services at one time, whoever waits."""

    at: datetime
    layout: Layout
    opened: dict[CounterId, Post]
    durations: dict[ServiceId, Duration]
    stays: dict[ServiceId, float]
    """Which share of its people do not give up."""
    streams: list[Stream]
    counters: list[int]
    """How many are open in each group of the layout."""
    pulls: list[float]
    drawn: list[float]
    """What they draw of each service all together."""
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


@value
class _Way:
    """The counters that may call somebody, whoever else is ahead."""

    counters: list[CounterId]
    part: dict[ServiceId, float]
    """The share of each service's people that they call."""
    mean_s: float
    spread: float
    """What they do for one, whatever the service."""
    alone: int
    """How many go first who wait for one of them alone."""
    free: int
    rests_s: list[float]
    """How long each of them is busy yet."""
    breaks_s: list[float]
    """How long others are paused yet that may call the same people."""
    width: float


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
    ahead = counters = free = paused = 0
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
            elif post is not None and post.mode is _PAUSED:
                paused += 1
    if counters <= AGES_MAX or paused or (free and ahead):
        wish = _Wish(service=service, asked=asked, ticket_class=ticket_class, due_at=due_at)
        return _estimate(state, _scene(state, layout, None, at), wish)
    if free:
        return AT_ONCE
    mean_s, spread, known = duration_of(state, service)
    times = state.times.get(service)
    if times is None:
        return alike(ahead, counters, mean_s, spread, known)
    estimate = alike(ahead * (1.0 - times.left), counters, mean_s, spread, known)
    return estimate if times.width == 1.0 else widened(estimate, times.width)


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
    by_share = policy.kind in _BY_SHARE
    if by_share:
        streams = _in_turn(state, wish, mine, streams)
    way = _way(state, scene, wish, mine)
    estimate = _wait(scene, way, streams)
    if by_share and estimate.p50_s:
        # Who comes meanwhile has a share as well.
        streams = _with_coming(state, scene, wish, estimate.p50_s)
        streams = _in_turn(state, wish, mine, streams)
        estimate = _wait(scene, way, streams)
    due_before = timedelta(seconds=policy.due_before_s)
    if wish.due_at is not None:
        # Whoever has an appointment is called when it is due, or sooner if everybody else was.
        lead_s = max(0.0, (wish.due_at - due_before - scene.at).total_seconds())
        due = _wait(scene, way, only_due(state, streams, wish.due_at))
        if due.p50_s + lead_s < estimate.p50_s:
            return make_estimate(p50_s=due.p50_s + lead_s, p90_s=due.p90_s + lead_s)
    elif any(each.ticket_class is TicketClass.APPOINTMENT for each in streams):
        called_at = scene.at + timedelta(seconds=estimate.p50_s) + due_before
        return _wait(scene, way, with_due(state, streams, called_at))
    return estimate


def _with_coming(state: HallState, scene: _Scene, wish: _Wish, within_s: float) -> list[Stream]:
    """Return those who are there and those who come and may overtake: not one's own class, or service."""
    services, but = scene.layout.services, None
    if state.spec.policy.kind is PolicyKind.CLASS_RATIOS:
        but = wish.ticket_class
    else:
        services = tuple([each for each in services if each != wish.service])
    return with_coming(state, scene.streams, services, but, scene.at, within_s)


def _in_turn(
    state: HallState, wish: _Wish, mine: list[CounterId], streams: list[Stream]
) -> list[Stream]:
    """Return ``streams`` with those ahead who are called until one's turn, by the shares of the policy."""
    policy, most = state.spec.policy, state.spec.policy.overtaken_max
    if policy.kind is PolicyKind.CLASS_RATIOS:
        streams = by_class(policy.ratios, streams, wish.ticket_class)
    else:
        streams = by_service(weights_of(state.spec, wish.service, mine), streams, wish.service)
    if most is not None:
        streams = within_bound(state, most, streams, wish.service, wish.ticket_class, wish.order)
    return streams


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


def _way(state: HallState, scene: _Scene, wish: _Wish, mine: list[CounterId]) -> _Way:
    """Return what goes on at the counters in question."""
    layout = scene.layout
    own = [0] * len(layout.groups)
    for counter in mine:
        own[layout.group_of[counter]] += 1
    part = dict(zip(layout.services, shares(layout, own, scene.pulls, scene.drawn), strict=True))
    mean_s, spread = _usual(state, scene, wish.service, part)
    free, rests_s = rests_of(state, scene.opened, mine, scene.at, mean_s, spread)
    times = state.times.get(wish.service)
    return _Way(
        counters=mine,
        part=part,
        mean_s=mean_s,
        spread=spread,
        alone=alone(state, mine, wish.order) if state.reserved else 0,
        free=free,
        rests_s=rests_s,
        breaks_s=breaks_s(state, wish.asked, scene.at),
        width=1.0 if times is None else times.width,
    )


def _wait(scene: _Scene, way: _Way, streams: list[Stream]) -> Estimate:
    """Return the interval until those ahead in ``streams`` were called and one of the counters is free."""
    part, durations, stays = way.part, scene.durations, scene.stays
    mean_s, spread, counters = way.mean_s, way.spread, len(way.counters)
    jobs = work_s = variance = doubt = 0.0
    for service, _, _, ahead in streams:
        share = part[service]
        if not share or not ahead:
            continue
        each_s, its_spread, known = durations[service]
        some = ahead * share * stays[service]
        its_s = some * each_s
        jobs += some
        work_s += its_s
        # Where other counters take their share, what is longer at one evens out over all of them.
        varies = its_s * each_s * its_spread
        variance += share * varies
        doubt += some * varies / known
    free, rests_s = way.free, way.rests_s
    jobs += way.alone
    work_s += way.alone * mean_s
    variance += way.alone * mean_s * mean_s * spread
    if free > jobs:
        return AT_ONCE
    # A free counter takes somebody at once, who then is no longer ahead.
    jobs -= free
    work_s = max(0.0, work_s - free * mean_s)
    wait_s = work_s / counters + first_end_s(rests_s, jobs, mean_s, spread)
    wait_s = max(wait_s, 1.0 / sum([1.0 / rest for rest in rests_s]))
    variance += mean_s * mean_s * many_spread(jobs + 1.0, counters, spread)
    estimate = interval_of(wait_s, (variance + doubt) / (counters * wait_s) ** 2)
    if way.breaks_s:
        late_s = [rest_s + BREAK_LATE_S for rest_s in way.breaks_s]
        estimate = make_estimate(
            p50_s=with_returns(estimate.p50_s, counters, way.breaks_s),
            p90_s=with_returns(estimate.p90_s, counters, late_s),
        )
    return widened(estimate, way.width)


def _scene(state: HallState, layout: Layout, order: Order | None, at: datetime) -> _Scene:
    opened = attended(state, layout.group_of, at)
    durations = {each: duration_of(state, each) for each in layout.services}
    stays = dict.fromkeys(layout.services, 1.0)
    for each in stays:
        times = state.times.get(each)
        if times is not None:
            stays[each] -= times.left
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
        for service, _, _, ahead in streams:
            work_s[service] += ahead * durations[service][0]
        usual_s = sum([duration[0] for duration in durations.values()]) / len(durations)
        # One that is busy has half of a service to go; a free one is not without any load either.
        busy_s = [
            usual_s * (0.5 * some / (all or 1) + 0.1)
            for some, all in zip(busy, counters, strict=True)
        ]
        works_s = list(work_s.values())
        pulls = pulls_of(layout, counters, busy_s, works_s)
        drawn = drawn_of(layout, counters, pulls)
        loads_s = loads_of(layout, pulls, drawn, works_s)
    else:
        drawn = drawn_of(layout, counters, pulls)
    return _Scene(
        at=at,
        layout=layout,
        opened=opened,
        durations=durations,
        stays=stays,
        streams=streams,
        counters=counters,
        pulls=pulls,
        drawn=drawn,
        loads_s=loads_s,
        usual_s=usual_s,
    )


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
