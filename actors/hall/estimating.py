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
from datetime import datetime, timedelta

from actors.hall.apply import TIMES_MEMORY
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
from actors.hall.ranks import Order, before, instant
from actors.hall.sharing import Layout, layout_around, shares
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
UNKNOWN_S = 300.0
"""A service of which nothing is known takes so long."""
REACHES_MAX = 8
"""Halls whose counters and services are remembered; then all are forgotten, and looked at anew."""

_PRIOR_FADES = PRIOR_WEIGHT / TIMES_MEMORY
_OPEN = CounterMode.OPEN


@value
class _Reach:
    """Which counters a service has, and which have to do with them."""

    asked: tuple[CounterId, ...]
    layout: Layout
    alone: bool
    """The counters have this service only."""


@value
class _Wish:
    """Whose wait is in question; ``order`` is that of a ticket, ``due_at`` the time of an appointment."""

    service: ServiceId
    asked: tuple[CounterId, ...]
    order: Order | None
    ticket_class: TicketClass
    due_at: datetime | None


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
    due_at: datetime | None = None,
) -> Estimate | None:
    """Return how long somebody who takes a ticket at ``at`` will probably wait.

    ``due_at`` is the time of an appointment. None if no open counter has the service.
    """
    reach = _reach(state.spec, service)
    line = state.lines.get(service)
    ahead = 0
    plain = reach.alone and due_at is None and not state.reserved
    if line is not None:
        for its_class, queue in line.classes.items():
            ahead += queue.size
            plain = plain and its_class is ticket_class
    counters = free = 0
    if plain:
        for post in map(state.posts.get, reach.asked):
            if post is not None and post.mode is _OPEN:
                counters += 1
                if post.ticket is None:
                    free += 1
    if counters <= AGES_MAX or (free and ahead):
        wish = _Wish(
            service=service, asked=reach.asked, order=None, ticket_class=ticket_class, due_at=due_at
        )
        return _estimate(state, reach, wish, at)
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
    reach, counter = _reach(state.spec, ticket.service), ticket.reserved_for
    asked = reach.asked
    if counter is not None:
        asked = (counter,)
        if counter not in reach.layout.group_of:
            if counter not in state.spec.counters:
                return None
            reach = _reach(state.spec, state.spec.counters[counter].services[0])
    wish = _Wish(
        service=ticket.service,
        asked=asked,
        order=ticket.order,
        ticket_class=ticket.ticket_class,
        due_at=due_at(ticket),
    )
    return _estimate(state, reach, wish, at)


def _estimate(state: HallState, reach: _Reach, wish: _Wish, at: datetime) -> Estimate | None:
    """Return the interval where other services, counters, classes or appointments are in the way."""
    opened = _opened(state, reach, at)
    if opened.keys().isdisjoint(wish.asked):
        return None
    streams = _streams(state, reach, wish.order)
    policy = state.spec.policy
    if policy.kind is PolicyKind.CLASS_RATIOS:
        _by_class(policy.ratios, streams, wish.ticket_class)
    elif policy.kind is PolicyKind.SERVICE_WEIGHTS:
        mine = [counter for counter in wish.asked if counter in opened]
        _by_service(_weights(state.spec, reach, wish.service, mine), streams, wish.service)
    due_before = timedelta(seconds=policy.due_before_s)
    if wish.due_at is not None:
        # Those with appointments go by their times; that with nobody else ahead it may be sooner is left out.
        lead_s = max(0.0, (wish.due_at - due_before - at).total_seconds())
        queued = _wait(state, reach, wish, streams, opened, at)
        earlier = [_only_due(state, each, wish.due_at) for each in streams]
        booked = _wait(state, reach, wish, earlier, opened, at)
        later = make_estimate(p50_s=booked.p50_s + lead_s, p90_s=booked.p90_s + lead_s)
        return min(queued, later, key=_p50)
    estimate = _wait(state, reach, wish, streams, opened, at)
    if any(each.ticket_class is TicketClass.APPOINTMENT for each in streams):
        # Of those with appointments, whose time comes before this ticket's turn go before it.
        called_at = at + timedelta(seconds=estimate.p50_s) + due_before
        streams = [_with_due(state, each, called_at) for each in streams]
        estimate = _wait(state, reach, wish, streams, opened, at)
    return estimate


def _p50(estimate: Estimate) -> float:
    return estimate.p50_s


def _with_due(state: HallState, stream: _Stream, until: datetime) -> _Stream:
    if stream.ticket_class is not TicketClass.APPOINTMENT:
        return stream
    queue = state.lines[stream.service].classes[stream.ticket_class]
    return replace(stream, ahead=before(queue, (instant(until),)))


def _only_due(state: HallState, stream: _Stream, until: datetime) -> _Stream:
    if stream.ticket_class is not TicketClass.APPOINTMENT:
        return replace(stream, ahead=0)
    return _with_due(state, stream, until)


def _wait(
    state: HallState,
    reach: _Reach,
    wish: _Wish,
    streams: list[_Stream],
    opened: dict[CounterId, Post],
    at: datetime,
) -> Estimate:
    """Return the interval until those ahead in ``streams`` were called and a counter is free."""
    service = wish.service
    mine = [counter for counter in wish.asked if counter in opened]
    moments = {each: _moments(state, each) for each in reach.layout.services}
    moments.setdefault(service, _moments(state, service))
    part = _parts(reach, streams, service, opened, set(mine), moments)
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
        alone = _alone(state, mine, wish.order)
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
    for counter in reach.layout.group_of:
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
    for service in reach.layout.services:
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
    reach: _Reach,
    streams: list[_Stream],
    service: ServiceId,
    opened: dict[CounterId, Post],
    mine: set[CounterId],
    moments: Mapping[ServiceId, tuple[float, float, float]],
) -> dict[ServiceId, float]:
    """Return which share of each service's people the counters ``mine`` will call."""
    layout = reach.layout
    work_s = {each: moments[each][0] * SLIGHT for each in layout.services}
    work_s[service] = work_s.get(service, 0.0) + moments[service][0]
    for stream in streams:
        work_s[stream.service] += stream.ahead * moments[stream.service][0]
    usual_s = sum([mean_s for mean_s, _, _ in moments.values()]) / len(moments)
    counters = [0] * len(layout.groups)
    own, busy = counters.copy(), counters.copy()
    for counter, post in opened.items():
        group = layout.group_of[counter]
        counters[group] += 1
        own[group] += counter in mine
        busy[group] += post.ticket is not None
    busy_s = [
        usual_s * (0.5 * some / (all or 1) + 0.1) for some, all in zip(busy, counters, strict=True)
    ]
    called = shares(layout, counters, busy_s, [work_s[each] for each in layout.services], own)
    return dict(zip(layout.services, called, strict=True))


def _weights(
    spec: HallSpec, reach: _Reach, service: ServiceId, mine: list[CounterId]
) -> dict[ServiceId, float]:
    """Return how many tickets of each service the counters call for each one of ``service``."""
    calls = dict.fromkeys(reach.layout.services, 0.0)
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
    if not weights:  # a service that these counters have not, and nobody took another one
        return moments[service][:2]
    mean_s = total / weights
    return mean_s, squares / weights / (mean_s * mean_s) - 1.0


def _moments(state: HallState, service: ServiceId) -> tuple[float, float, float]:
    """Return a service's mean (seconds), variance in squares of the mean, and the observations it is known by.

    Measured times and the configured one together, which counts less and less. What is expected of the
    variance before it is measured is that of the exponential distribution.
    """
    times = state.times.get(service)
    count = 0 if times is None else times.count
    if times is None or count < TIMES_MEMORY:
        configured = state.spec.services.get(service)
        # Configured no more: somebody may still be served.
        prior_s = UNKNOWN_S if configured is None else configured.service_s
        if times is None:
            return prior_s, 1.0, PRIOR_WEIGHT
        prior = PRIOR_WEIGHT - count * _PRIOR_FADES
        known = count + prior
        mean_s = max(MEAN_MIN_S, (count * times.mean_s + prior * prior_s) / known)
        spread = (count * times.variance / (mean_s * mean_s) + prior) / known
    else:
        known = float(count)
        mean_s = times.mean_s
        if mean_s < MEAN_MIN_S:
            mean_s = MEAN_MIN_S
        spread = times.variance / (mean_s * mean_s)
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
        layout = layout_around(spec, service)
        reach = remembered[1][service] = _Reach(
            asked=tuple(id for id, each in spec.counters.items() if service in each.services),
            layout=layout,
            alone=layout.services == (service,),
        )
    return reach
