"""Choosing who is called next, and saying why. Pure.

The first of each class of each service that a counter has, and of those who wait for it alone, are the
candidates. Of them the choice is made in three steps:

1. Appointments by their time: the earliest that is due goes first. Before that they wait as long as somebody
   without one can probably be served until then, by the expected time of the service; only such candidates are
   left. If there is none the next appointment is called early, so that no counter waits.
2. The policy's kind decides among the candidates that are left.
3. Whoever of the same service has come to a bound on overtaking, and is earlier, goes instead: see
   `overtaking`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import nsmallest
from operator import attrgetter

from actors.hall.overtaking import due_at, earlier, first_at_bound, overtaken
from actors.hall.ranks import Order
from actors.hall.state import HallState, Ticket
from actors.hall.strides import key_of, start_of
from protocol.choices import CANDIDATES_MAX, Candidate, Choice, Rule
from protocol.ids import CounterId, ServiceId
from protocol.policies import LateRule, Policy, PolicyKind
from protocol.tickets import TicketClass
from protocol.values import maker

_make_choice, _make_candidate = maker(Choice), maker(Candidate)

_order: Callable[[Ticket], Order] = attrgetter("order")

_FIRST_COME = PolicyKind.FIRST_COME
_RULES = {
    PolicyKind.FIRST_COME: Rule.FIRST_COME,
    PolicyKind.SERVICE_WEIGHTS: Rule.SERVICE_WEIGHT,
    PolicyKind.CLASS_RATIOS: Rule.CLASS_RATIO,
    PolicyKind.TARGET_WAIT: Rule.TARGET_WAIT,
}


def choose(state: HallState, counter: CounterId, at: datetime) -> tuple[Ticket, Choice] | None:
    """Return who is next at the counter, and why; ``None`` if nobody is waiting for it."""
    tickets, lines = state.tickets, state.lines
    alone = state.reserved.get(counter)
    heads = [] if alone is None else [tickets[alone.ticket]]
    for service in state.spec.counters[counter].services:
        line = lines.get(service)
        if line is not None:
            for queue in line.classes.values():
                heads.append(tickets[queue.ticket])
    if not heads:
        return None
    policy = state.spec.policy
    if len(heads) == 1:
        chosen = heads[0]
        rule = _RULES[policy.kind]
        if chosen.taken.due_at is not None:
            chosen, rule = _chosen(state, policy, counter, heads, at)
        passed = 0 if alone is None else earlier(state, chosen)
    else:
        chosen, rule = _chosen(state, policy, counter, heads, at)
        passed = earlier(state, chosen)
    return chosen, _explained(state, chosen, heads, rule, passed, at)


def given(state: HallState, ticket: Ticket, at: datetime) -> Choice:
    """Return the choice that staff made by naming the ticket."""
    return _explained(state, ticket, [ticket], Rule.GIVEN, earlier(state, ticket), at)


def check_in_as(policy: Policy, due: datetime, at: datetime) -> tuple[TicketClass, datetime | None]:
    """Return the class, and the time to go by, of a ticket for somebody who checks in at ``at``.

    ``due`` is the time of the appointment.
    """
    late = at - due > timedelta(seconds=policy.late_after_s)
    if late and policy.late is LateRule.WALK_IN:
        return TicketClass.NORMAL, None
    return TicketClass.APPOINTMENT, due


# -- the three steps -----------------------------------------------------------------------------


def _chosen(
    state: HallState, policy: Policy, counter: CounterId, heads: list[Ticket], at: datetime
) -> tuple[Ticket, Rule]:
    chosen, rule = _by_kind_or_time(state, policy, counter, heads, at)
    if policy.overtaken_max is None and policy.overtaken_wait_s is None:
        return chosen, rule
    if chosen.reserved_for and chosen.service not in state.spec.counters[counter].services:
        return chosen, rule  # whoever it passes cannot be called here
    bound = first_at_bound(state, policy, chosen, at)
    return (chosen, rule) if bound is None else (state.tickets[bound], Rule.OVERTAKEN_BOUND)


def _by_kind_or_time(
    state: HallState, policy: Policy, counter: CounterId, heads: list[Ticket], at: datetime
) -> tuple[Ticket, Rule]:
    booked = {
        head.id: head
        for head in heads
        if head.taken.due_at is not None and due_at(head) is not None
    }
    if booked:
        following = min(booked.values(), key=_order)
        due = due_at(following)
        assert due is not None
        if due - at <= timedelta(seconds=policy.due_before_s):
            return following, Rule.APPOINTMENT_DUE
        walk_ins = [head for head in heads if head.id not in booked]
        heads = _fitting(state, walk_ins, (due - at).total_seconds())
        if not heads:
            return following, Rule.APPOINTMENT_NEXT
    return _BY_KIND[policy.kind](state, counter, heads, at), _RULES[policy.kind]


def _fitting(state: HallState, heads: list[Ticket], left_s: float) -> list[Ticket]:
    """Return those who will probably be done within ``left_s``."""
    services = {head.service for head in heads}
    unfit = {service for service in services if _expected_s(state, service) > left_s}
    return [head for head in heads if head.service not in unfit] if unfit else heads


def _expected_s(state: HallState, service: ServiceId) -> float:
    """Return how long a service probably takes: as measured, or else as configured."""
    times = state.times.get(service)
    if times is not None:
        return times.mean_s
    known = state.spec.services.get(service)
    return 0.0 if known is None else known.service_s


# -- the kinds of policies -----------------------------------------------------------------------


def _first_come(
    _state: HallState, _counter: CounterId, heads: list[Ticket], _at: datetime
) -> Ticket:
    return min(heads, key=_order)


def _by_share(state: HallState, counter: CounterId, heads: list[Ticket], _at: datetime) -> Ticket:
    policy, post = state.spec.policy, state.post(counter)
    first_of: dict[str, Ticket] = {}
    for head in heads:
        key = key_of(policy, head)
        other = first_of.get(key)
        if other is None or head.order < other.order:
            first_of[key] = head
    starts = [(start_of(post, key), head.order, head) for key, head in first_of.items()]
    return min(starts)[2]  # no two have the same order


def _longest_against_target(
    state: HallState, _counter: CounterId, heads: list[Ticket], at: datetime
) -> Ticket:
    services = state.spec.services
    chosen, longest = heads[0], -1.0
    id, target_s = None, 1.0
    for head in heads:
        if head.service is not id:  # those of one service mostly follow one another
            id = head.service
            # A ticket of today may be for a service that is configured no more.
            service = services.get(id)
            target_s = 1.0 if service is None else service.target_wait_s
        part = (at - head.waiting_since).total_seconds() / target_s
        if part > longest or (part == longest and head.order < chosen.order):
            chosen, longest = head, part
    return chosen


_BY_KIND: dict[PolicyKind, Callable[[HallState, CounterId, list[Ticket], datetime], Ticket]] = {
    PolicyKind.FIRST_COME: _first_come,
    PolicyKind.SERVICE_WEIGHTS: _by_share,
    PolicyKind.CLASS_RATIOS: _by_share,
    PolicyKind.TARGET_WAIT: _longest_against_target,
}


# -- saying why ----------------------------------------------------------------------------------


def _explained(
    state: HallState,
    chosen: Ticket,
    heads: list[Ticket],
    rule: Rule,
    passed: int,
    at: datetime,
) -> Choice:
    candidates: tuple[Candidate, ...] = (_candidate(state, chosen, at),)
    if len(heads) > 1:
        others = [head for head in nsmallest(CANDIDATES_MAX, heads, _order) if head is not chosen]
        told = [_candidate(state, head, at) for head in others[: CANDIDATES_MAX - 1]]
        candidates = (*candidates, *told)
    return _make_choice(rule=rule, candidates=candidates, of=len(heads), overtook=passed)


def _candidate(state: HallState, ticket: Ticket, at: datetime) -> Candidate:
    return _make_candidate(
        ticket=ticket.id,
        number=ticket.number,
        service=ticket.service,
        ticket_class=ticket.taken.ticket_class,
        waited_s=(at - ticket.waiting_since).total_seconds(),
        overtaken=overtaken(state, ticket),
    )
