"""A sorted line as a value: putting in and taking out make a new one and leave the old one as it was.

A short line is a run: its orders side by side, and its tickets. A longer one is a weight-balanced tree of runs
(S. Adams, "Efficient sets: a balancing act", 1993, with the factors that Y. Hirai and K. Yamamoto proved right
in 2011: 3 and 2). Every branch counts what is below it, so that a place in the line, and who stands at a place,
are found in O(log n) steps like everything else here. The empty line is ``None``.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple

import attrs

from protocol.ids import TicketId
from protocol.values import maker

Order = tuple[int, ...]
"""A ticket's place among others: the smaller goes first.

It begins with an instant (microseconds since 1970) and ends with the number of the event that made it: when the
ticket came, or the time of its appointment. A negative instant is before all.
"""

Key = tuple[Any, ...]
"""What a line is sorted by: orders, or what begins with one."""

RUN_MAX = 32
"""Entries of one run; one more makes two of it, and two with half as many become one again."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HEAVIER = 3
"""A side may have so many times as many entries as the other one."""
_SINGLE = 2
"""One turn will do while the inner part has fewer than so many times the entries of the outer one."""
_SMALL = 4 * RUN_MAX
"""Up to so many entries a tree that leans is built anew: its sides may be runs, which cannot be turned."""


class Entry(NamedTuple):
    """Who stands in a line, and by what."""

    order: Key
    ticket: TicketId


@attrs.define(kw_only=True, eq=False, weakref_slot=False)
class Ranks:
    """A line of one entry or more: a run or a branch. Never changed once it is made.

    ``order`` and ``ticket`` are those of whoever goes first: asked for at every call, of every queue that a
    counter has.
    """

    size: int
    order: Key
    ticket: TicketId

    def __eq__(self, other: object) -> bool:
        """Whether the same stand in both; the tree depends on how they came."""
        if not isinstance(other, Ranks):
            return NotImplemented
        return self.size == other.size and list(entries(self)) == list(entries(other))

    def __hash__(self) -> int:
        return hash((self.size, self.order))


@attrs.define(kw_only=True, eq=False, weakref_slot=False)
class _Run(Ranks):
    orders: tuple[Key, ...]
    tickets: tuple[TicketId, ...]


@attrs.define(kw_only=True, eq=False, weakref_slot=False)
class _Branch(Ranks):
    left: Ranks
    right: Ranks


_make_run, _make_branch = maker(_Run), maker(_Branch)


def instant(at: datetime) -> int:
    """Return ``at`` (aware) as orders begin with it."""
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def instant_of(order: Order) -> datetime:
    """Return the instant that an order begins with; very early for one that is before all."""
    return _EPOCH + timedelta(microseconds=order[0])


def size(ranks: Ranks | None) -> int:
    """Return how many stand in the line."""
    return 0 if ranks is None else ranks.size


def put(ranks: Ranks | None, order: Key, ticket: TicketId) -> Ranks:
    """Return the line with one more; nobody in it has that order."""
    if isinstance(ranks, _Run):
        orders, tickets = ranks.orders, ranks.tickets
        if order > orders[-1]:
            orders, tickets = (*orders, order), (*tickets, ticket)
        else:
            place = bisect_left(orders, order)
            orders = (*orders[:place], order, *orders[place:])
            tickets = (*tickets[:place], ticket, *tickets[place:])
        return _run(orders, tickets) if len(orders) <= RUN_MAX else _built(orders, tickets)
    if isinstance(ranks, _Branch):
        left, right = ranks.left, ranks.right
        if order < right.order:
            return _joining(put(left, order, ticket), right)
        return _joining(left, put(right, order, ticket))
    return _run((order,), (ticket,))


def without(ranks: Ranks | None, order: Key) -> Ranks | None:
    """Return the line without the one of that order, who stands in it.

    Raises:
        KeyError: nobody has that order.
    """
    if isinstance(ranks, _Run):
        orders, tickets = ranks.orders, ranks.tickets
        place = bisect_left(orders, order)
        if place == len(orders) or orders[place] != order:
            raise KeyError(order)
        if len(orders) == 1:
            return None
        if not place:
            return _run(orders[1:], tickets[1:])
        after = place + 1
        return _run((*orders[:place], *orders[after:]), (*tickets[:place], *tickets[after:]))
    if isinstance(ranks, _Branch):
        if order < ranks.right.order:
            left = without(ranks.left, order)
            return ranks.right if left is None else _joining(left, ranks.right)
        right = without(ranks.right, order)
        return ranks.left if right is None else _joining(ranks.left, right)
    raise KeyError(order)


def from_on(ranks: Ranks | None, order: Key) -> Ranks | None:
    """Return the line without those before ``order``."""
    if ranks is None or order <= ranks.order:
        return ranks
    if isinstance(ranks, _Branch):
        if ranks.right.order <= order:
            return from_on(ranks.right, order)
        left = from_on(ranks.left, order)
        return ranks.right if left is None else _joined(left, ranks.right)
    assert isinstance(ranks, _Run)
    place = bisect_left(ranks.orders, order)
    if place == ranks.size:
        return None
    return _run(ranks.orders[place:], ranks.tickets[place:])


def before(ranks: Ranks | None, order: Key) -> int:
    """Return how many go before ``order``, whoever has it."""
    count = 0
    while isinstance(ranks, _Branch):
        if ranks.right.order < order:
            count += ranks.left.size
            ranks = ranks.right
        else:
            ranks = ranks.left
    return count if not isinstance(ranks, _Run) else count + bisect_left(ranks.orders, order)


def at(ranks: Ranks, place: int) -> Entry:
    """Return the entry before which ``place`` (0 to the size - 1) others go."""
    while isinstance(ranks, _Branch):
        lefts = ranks.left.size
        if place < lefts:
            ranks = ranks.left
        else:
            ranks, place = ranks.right, place - lefts
    assert isinstance(ranks, _Run)
    return Entry(ranks.orders[place], ranks.tickets[place])


def entries(ranks: Ranks | None) -> Iterator[Entry]:
    """Yield the entries in their order."""
    for run in _runs(ranks):
        yield from map(Entry, run.orders, run.tickets)


def _runs(ranks: Ranks | None) -> Iterator[_Run]:
    pending = [] if ranks is None else [ranks]
    while pending:
        part = pending.pop()
        if isinstance(part, _Branch):
            pending += (part.right, part.left)
        else:
            assert isinstance(part, _Run)
            yield part


def _run(orders: tuple[Key, ...], tickets: tuple[TicketId, ...]) -> Ranks:
    return _make_run(
        size=len(orders), order=orders[0], ticket=tickets[0], orders=orders, tickets=tickets
    )


def _branch(left: Ranks, right: Ranks) -> Ranks:
    return _make_branch(
        size=left.size + right.size, order=left.order, ticket=left.ticket, left=left, right=right
    )


def _built(orders: tuple[Key, ...], tickets: tuple[TicketId, ...]) -> Ranks:
    """Return a line of these entries, in their order, in balance."""
    count = len(orders)
    if count <= RUN_MAX:
        return _run(orders, tickets)
    half = count // 2
    return _branch(_built(orders[:half], tickets[:half]), _built(orders[half:], tickets[half:]))


def _joining(left: Ranks, right: Ranks) -> Ranks:
    """Return a line of two sides of which one has an entry more or fewer than it had."""
    lefts, rights = left.size, right.size
    if lefts + rights <= RUN_MAX // 2:
        return _anew(left, right)
    if rights > _HEAVIER * lefts or lefts > _HEAVIER * rights:
        if lefts + rights <= _SMALL:
            return _anew(left, right)
        return _leaned_left(left, right) if rights > lefts else _leaned_right(left, right)
    return _branch(left, right)


def _joined(left: Ranks, right: Ranks) -> Ranks:
    """Return a line of two sides of any sizes."""
    lefts, rights = left.size, right.size
    if lefts + rights <= _SMALL:
        return _anew(left, right)
    if rights > _HEAVIER * lefts:
        assert isinstance(right, _Branch)
        return _joining(_joined(left, right.left), right.right)
    if lefts > _HEAVIER * rights:
        assert isinstance(left, _Branch)
        return _joining(left.left, _joined(left.right, right))
    return _branch(left, right)


def _anew(left: Ranks, right: Ranks) -> Ranks:
    runs = [*_runs(left), *_runs(right)]
    orders = tuple(chain.from_iterable([run.orders for run in runs]))
    return _built(orders, tuple(chain.from_iterable([run.tickets for run in runs])))


def _leaned_left(left: Ranks, right: Ranks) -> Ranks:
    assert isinstance(right, _Branch), "a side that is too heavy has more than one run"
    inner, outer = right.left, right.right
    if inner.size < _SINGLE * outer.size:
        return _branch(_branch(left, inner), outer)
    assert isinstance(inner, _Branch)
    return _branch(_branch(left, inner.left), _branch(inner.right, outer))


def _leaned_right(left: Ranks, right: Ranks) -> Ranks:
    assert isinstance(left, _Branch), "a side that is too heavy has more than one run"
    outer, inner = left.left, left.right
    if inner.size < _SINGLE * outer.size:
        return _branch(outer, _branch(inner, right))
    assert isinstance(inner, _Branch)
    return _branch(_branch(outer, inner.left), _branch(inner.right, right))
