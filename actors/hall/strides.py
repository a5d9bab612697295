"""Shares of a counter's calls: who is the furthest behind. Pure.

Start-time fair queueing (P. Goyal, H. Vin, H. Cheng, "Start-time fair queueing", 1996) over the keys that
share a counter, which are services or classes. Every call moves its key on by a stride, the smaller the
greater the key's weight; the key that is the furthest behind is called next. The counter's clock is where the
last call began. A key of which nobody waited for a while goes on from the clock: what it did not use is
neither saved nor lost.

So of any two keys of both of which somebody waits all the time neither gets ahead of its share, measured in
calls for each unit of weight, by more than one call of each.
"""

from __future__ import annotations

from actors.hall.state import HallState, Post, Ticket
from protocol.choices import Choice, Rule
from protocol.hall import Counter
from protocol.ids import CounterId
from protocol.policies import Policy, PolicyKind
from protocol.values import changer

STRIDE = 232_792_560
"""The stride of weight 1: a multiple of every number up to `WEIGHT_MAX`, so that no stride is rounded."""

_SHARING = frozenset({PolicyKind.SERVICE_WEIGHTS, PolicyKind.CLASS_RATIOS})
_BY_SHARE = frozenset({Rule.SERVICE_WEIGHT, Rule.CLASS_RATIO})
_with_shares = changer(Post, "clock", "shares")


def key_of(policy: Policy, ticket: Ticket) -> str:
    """Return what the ticket's call counts for."""
    return (
        ticket.service if policy.kind is PolicyKind.SERVICE_WEIGHTS else ticket.taken.ticket_class
    )


def start_of(post: Post, key: str) -> int:
    """Return how far a key has come with its share; the smallest is called next."""
    return max(post.clock, post.shares.get(key, 0))


def charged(state: HallState, post: Post, id: CounterId, ticket: Ticket, choice: Choice) -> Post:
    """Return the post of counter ``id`` after a call of the ticket, in its queue still in ``state``."""
    policy, counter = state.spec.policy, state.spec.counters.get(id)
    if counter is None or policy.kind not in _SHARING:
        return post
    key = key_of(policy, ticket)
    start = clock = start_of(post, key)
    if choice.rule not in _BY_SHARE:
        # Called out of turn: those who are further behind keep what they have a right to.
        clock = min([start, *(start_of(post, other) for other in _waiting(state, counter))])
    shares = {other: end for other, end in post.shares.items() if end > clock}
    shares[key] = start + STRIDE // _weight(policy, counter, ticket)
    return _with_shares(post, clock, shares)


def _weight(policy: Policy, counter: Counter, ticket: Ticket) -> int:
    if policy.kind is PolicyKind.SERVICE_WEIGHTS:
        return counter.weights.get(ticket.service, 1)
    return policy.ratios.get(ticket.ticket_class, 1)


def _waiting(state: HallState, counter: Counter) -> set[str]:
    """Return the keys of those who wait for the counter."""
    waiting: set[str] = set()
    by_service = state.spec.policy.kind is PolicyKind.SERVICE_WEIGHTS
    for service in counter.services:
        line = state.lines.get(service)
        if line is not None and line.classes:
            waiting.update([service] if by_service else line.classes)
    return waiting
