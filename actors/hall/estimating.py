"""How long people will probably wait, from the live queue. Pure.

What is ahead of a ticket at the counters that are open for its service: everybody who goes before it and waits
for a service that these counters have, in the share in which they and not other counters will call them. How
long that takes follows from the measured times of each service (`interval_of` and what is beside it).

What is not looked at, as nobody knows it: counters that will open or close, people who will come and
overtake, people who will give up. Where no open counter has the service nothing is said.

Who goes before whom is exact for `PolicyKind.FIRST_COME`. With `TARGET_WAIT` who came earlier is taken to go
first. With `CLASS_RATIOS` and `SERVICE_WEIGHTS` other classes or services are taken to have their full share
of the calls until the ticket's own turn, as long as somebody waits in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from actors.hall.apply import TIMES_MEMORY
from actors.hall.intervals import (
    AT_ONCE,
    alike,
    first_end_s,
    interval_of,
    many_spread,
    rest_s,
)
from actors.hall.ranks import Order, before
from actors.hall.sharing import Crew, Group, groups_around, shares
from actors.hall.state import HallState, Post, Ticket
from protocol.estimates import Estimate
from protocol.hall import HallSpec
from protocol.ids import CounterId, ServiceId
from protocol.policies import PolicyKind
from protocol.tickets import CounterMode, TicketClass, TicketState
from protocol.values import maker, replace, value

PRIOR_WEIGHT = 10.0
"""Observations that the configured duration of a service is worth; fewer the more were made."""
AGES_MAX = 8
"""Counters up to which it matters how long each is busy already; with more it evens out."""
SPREAD_MIN, SPREAD_MAX = 0.02, 4.0
"""Bounds of a service's variance, in squares of its mean: a few measurements may say anything."""
MEAN_MIN_S = 0.001
"""A service takes no less, whatever was measured."""
SLIGHT = 0.01
"""Of a service that nobody waits for so many people are taken to wait, so that shares can be told."""
UNATTENDED_S = 180.0
"""An open counter that has called nobody for so long, although somebody waits, counts as closed."""
REACHES_MAX = 8
"""Halls whose counters and services are remembered; then all are forgotten, and looked at anew."""

_PRIOR_FADES = PRIOR_WEIGHT / TIMES_MEMORY
_OPEN = CounterMode.OPEN


@value
class _Reach:
    """Which counters a service has, and which have to do with them."""

    asked: tuple[CounterId, ...]
    groups: tuple[Group, ...]
    around: tuple[ServiceId, ...]
    """Every service that these groups have."""
    alone: bool
    """The counters have this service only."""


@value
class _Stream:
    """Some of those who wait: alike in service and class."""

    service: ServiceId
    ticket_class: TicketClass
    waiting: int
    ahead: float


_make_stream = maker(_Stream)


def estimate_service(
    state: HallState,
    service: ServiceId,
    at: datetime,
    ticket_class: TicketClass = TicketClass.NORMAL,
) -> Estimate | None:
    """Return how long somebody who takes a ticket at ``at`` will probably wait.

    None if no open counter has the service.
    """
    reach = _reach(state.spec, service)
    if not reach.alone or state.reserved or state.spec.policy.kind is PolicyKind.CLASS_RATIOS:
        return _shared(state, reach, service, None, ticket_class, reach.asked, at)
    counters = free = 0
    for post in map(state.posts.get, reach.asked):
        if post is not None and post.mode is _OPEN:
            counters += 1
            if post.ticket is None:
                free += 1
    ahead = 0
    line = state.lines.get(service)
    if line is not None:
        for queue in line.classes.values():
            ahead += queue.size
    if counters <= AGES_MAX or (free and ahead):
        return _shared(state, reach, service, None, ticket_class, reach.asked, at)
    if free:
        return AT_ONCE
    mean_s, spread, known = _moments(state, service)
    return alike(ahead, counters, mean_s, spread, known)


def estimate_ticket(state: HallState, ticket: Ticket, at: datetime) -> Estimate | None:
    """Return how much longer a ticket will probably wait.

    None if it does not wait, or no open counter has its service.
    """
    if ticket.state is not TicketState.WAITING:
        return None
    reach = _reach(state.spec, ticket.service)
    counter = ticket.reserved_for
    if counter is None:
        asked = reach.asked
    else:
        asked = (counter,)
        if counter not in reach.asked:
            services = (
                state.spec.counters[counter].services if counter in state.spec.counters else ()
            )
            if not services:
                return None
            reach = _reach(state.spec, services[0])
    return _shared(state, reach, ticket.service, ticket.order, ticket.ticket_class, asked, at)


def _shared(
    state: HallState,
    reach: _Reach,
    service: ServiceId,
    order: Order | None,
    ticket_class: TicketClass,
    asked: tuple[CounterId, ...],
    at: datetime,
) -> Estimate | None:
    """Return the interval where others who wait for other services, or other counters, are in the way."""
    opened = _opened(state, reach, at)
    mine = [counter for counter in asked if counter in opened]
    if not mine:
        return None
    streams = _streams(state, reach, order)
    kind = state.spec.policy.kind
    if kind is PolicyKind.CLASS_RATIOS:
        _by_class(state.spec.policy.ratios, streams, ticket_class)
    elif kind is PolicyKind.SERVICE_WEIGHTS:
        _by_service(_weights(state.spec, reach, service, mine), streams, service)
    moments = {each: _moments(state, each) for each in reach.around}
    part = _parts(state, reach, streams, service, opened, set(mine), moments)
    mean_s, spread = _usual(state, reach, service, part, moments)
    counters = len(mine)
    jobs = work_s = variance = doubt = 0.0
    for stream in streams:
        share = part.get(stream.service, 0.0)
        if not share:
            continue
        each_s, its_spread, known = moments[stream.service]
        square = each_s * each_s
        some = stream.ahead * share
        jobs += some
        work_s += some * each_s
        # Where other counters take their share, what is longer at one evens out over all of them.
        variance += some * share * square * its_spread
        doubt += some * some * square * its_spread / known
    if state.reserved:
        alone = _alone(state, mine, order)
        jobs += alone
        work_s += alone * mean_s
        variance += alone * mean_s * mean_s * spread
    free, rests_s = _rests(state, mine, mean_s, spread, at)
    if free > jobs:
        return AT_ONCE
    # A free counter takes somebody at once, who then is no longer ahead.
    jobs -= free
    work_s = max(0.0, work_s - free * mean_s)
    wait_s = work_s / counters + first_end_s(rests_s, jobs, mean_s, spread)
    wait_s = max(wait_s, 1.0 / sum([1.0 / rest for rest in rests_s]))
    variance += mean_s * mean_s * many_spread(jobs + 1.0, counters, spread)
    return interval_of(wait_s, (variance + doubt) / (counters * wait_s) ** 2)


def _opened(state: HallState, reach: _Reach, at: datetime) -> dict[CounterId, Post]:
    """Return the open counters; not those where people wait and nobody has been called for long."""
    posts = state.posts
    opened = {}
    for group in reach.groups:
        for counter in group.counters:
            post = posts.get(counter)
            if post is None or post.mode is not _OPEN:
                continue
            if post.ticket is None and post.last is not None and state.waiting_for(counter):
                ended_at = state.tickets[post.last].ended_at
                if ended_at is not None and (at - ended_at).total_seconds() > UNATTENDED_S:
                    continue
            opened[counter] = post
    return opened


def _streams(state: HallState, reach: _Reach, order: Order | None) -> list[_Stream]:
    """Return who waits for one of the services, and how many of them came first."""
    streams = []
    for service in reach.around:
        line = state.lines.get(service)
        if line is None:
            continue
        for ticket_class, queue in line.classes.items():
            streams.append(
                _make_stream(
                    service=service,
                    ticket_class=ticket_class,
                    waiting=queue.size,
                    ahead=queue.size if order is None else before(queue, order),
                )
            )
    return streams


def _parts(
    state: HallState,
    reach: _Reach,
    streams: list[_Stream],
    service: ServiceId,
    opened: dict[CounterId, Post],
    mine: set[CounterId],
    moments: Mapping[ServiceId, tuple[float, float, float]],
) -> dict[ServiceId, float]:
    """Return which share of each service's people the counters ``mine`` will call."""
    work_s = {each: moments[each][0] * SLIGHT for each in reach.around}
    work_s[service] = work_s.get(service, 0.0) + moments[service][0]
    for stream in streams:
        work_s[stream.service] += stream.ahead * moments[stream.service][0]
    crews, of_mine = [], []
    for group in reach.groups:
        present = [counter for counter in group.counters if counter in opened]
        if present:
            busy = sum(1 for counter in present if opened[counter].ticket is not None)
            usual_s = sum([moments[each][0] for each in group.services]) / len(group.services)
            busy_s = usual_s * (busy / len(present) * 0.5 + 0.1)
            crews.append(Crew(group=group, open=len(present), busy_s=busy_s))
            of_mine.append(len(mine.intersection(present)) / len(present))
    part = dict.fromkeys(reach.around, 0.0)
    for share, called in zip(of_mine, shares(crews, work_s), strict=True):
        if share:
            for each, its in called.items():
                part[each] += its * share
    return part


def _weights(
    spec: HallSpec, reach: _Reach, service: ServiceId, mine: list[CounterId]
) -> dict[ServiceId, float]:
    """Return how many tickets of each service the counters call for each one of ``service``."""
    calls = dict.fromkeys(reach.around, 0.0)
    for id in mine:
        counter = spec.counters[id]
        own = counter.weights.get(service, 1) * len(mine)
        for other in counter.services:
            calls[other] += counter.weights.get(other, 1) / own
    return calls


def _by_class(ratios: Mapping[TicketClass, int], streams: list[_Stream], own: TicketClass) -> None:
    """Let the other classes have their ratios of the calls until the ticket's turn."""
    turns = 1.0 + sum([each.ahead for each in streams if each.ticket_class is own])
    waiting: dict[TicketClass, float] = {}
    for each in streams:
        waiting[each.ticket_class] = waiting.get(each.ticket_class, 0.0) + each.waiting
    for place, each in enumerate(streams):
        other = each.ticket_class
        if other is not own:
            calls = turns * ratios.get(other, 1) / ratios.get(own, 1)
            streams[place] = replace(each, ahead=each.waiting * min(1.0, calls / waiting[other]))


def _by_service(weights: Mapping[ServiceId, float], streams: list[_Stream], own: ServiceId) -> None:
    """Let the other services have their weights of the calls until the ticket's turn."""
    turns = 1.0 + sum([each.ahead for each in streams if each.service == own])
    waiting: dict[ServiceId, float] = {}
    for each in streams:
        waiting[each.service] = waiting.get(each.service, 0.0) + each.waiting
    for place, each in enumerate(streams):
        if each.service != own:
            calls = turns * weights[each.service]
            ahead = each.waiting * min(1.0, calls / waiting[each.service])
            streams[place] = replace(each, ahead=ahead)


def _alone(state: HallState, mine: list[CounterId], order: Order | None) -> int:
    """Return how many go first who wait for one of the counters alone."""
    ahead = 0
    for counter in mine:
        queue = state.reserved.get(counter)
        if queue is not None:
            ahead += queue.size if order is None else before(queue, order)
    return ahead


def _rests(
    state: HallState, mine: list[CounterId], mean_s: float, spread: float, at: datetime
) -> tuple[int, list[float]]:
    """Return how many of the counters are free, and how long each is busy, as if the free ones began now."""
    free, rests = 0, []
    few = len(mine) <= AGES_MAX
    typical_s = mean_s * (1.0 + spread) * 0.5
    for counter in mine:
        id = state.posts[counter].ticket
        if id is None:
            free += 1
            rests.append(mean_s)
        elif few:
            ticket = state.tickets[id]
            each_s, its_spread, _ = _moments(state, ticket.service)
            called_at = ticket.called_at or at
            rests.append(rest_s(each_s, its_spread, (at - called_at).total_seconds()))
        else:
            rests.append(typical_s)
    return free, rests


def _usual(
    state: HallState,
    reach: _Reach,
    service: ServiceId,
    part: Mapping[ServiceId, float],
    moments: Mapping[ServiceId, tuple[float, float, float]],
) -> tuple[float, float]:
    """Return the mean and the variance (in squares of it) of what the counters do, by what was issued today."""
    if reach.alone:
        return moments[service][:2]
    weights = total = squares = 0.0
    for other, share in part.items():
        line = state.lines.get(other)
        weight = share * ((0.0 if line is None else line.issued) + (other == service))
        if not weight:
            continue
        mean_s, spread, _ = moments[other]
        weights += weight
        total += weight * mean_s
        squares += weight * mean_s * mean_s * (1.0 + spread)
    mean_s = total / weights
    return mean_s, squares / weights / (mean_s * mean_s) - 1.0


def _moments(state: HallState, service: ServiceId) -> tuple[float, float, float]:
    """Return a service's mean (seconds), variance in squares of the mean, and the observations it is known by.

    Measured times and the configured one together, which counts less and less. What is expected of the
    variance before it is measured is that of the exponential distribution.
    """
    times = state.times.get(service)
    if times is None:
        return state.spec.services[service].service_s, 1.0, PRIOR_WEIGHT
    count = times.count
    mean_s = times.mean_s
    if count >= TIMES_MEMORY:
        known = float(count)
        spread = times.variance / (mean_s * mean_s) if mean_s > 0.0 else 1.0
    else:
        prior = PRIOR_WEIGHT - count * _PRIOR_FADES
        known = count + prior
        mean_s = (count * mean_s + prior * state.spec.services[service].service_s) / known
        spread = (count * times.variance / (mean_s * mean_s) + prior) / known
    if mean_s < MEAN_MIN_S:
        mean_s = MEAN_MIN_S
    if spread < SPREAD_MIN:
        spread = SPREAD_MIN
    elif spread > SPREAD_MAX:
        spread = SPREAD_MAX
    return mean_s, spread, known


_reaches: dict[int, tuple[HallSpec, dict[ServiceId, _Reach]]] = {}
"""By the identity of the hall's configuration, which is kept here so that no other one gets it."""


def _reach(spec: HallSpec, service: ServiceId) -> _Reach:
    remembered = _reaches.get(id(spec))
    if remembered is None:
        if len(_reaches) >= REACHES_MAX:
            _reaches.clear()
        remembered = _reaches[id(spec)] = (spec, {})
    reach = remembered[1].get(service)
    if reach is None:
        groups = groups_around(spec, service)
        around = {service: None} | {each: None for group in groups for each in group.services}
        reach = remembered[1][service] = _Reach(
            asked=tuple(id for id, each in spec.counters.items() if service in each.services),
            groups=groups,
            around=tuple(around),
            alone=list(around) == [service],
        )
    return reach
