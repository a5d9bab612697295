"""A sorted line as a value: putting in and taking out make a new one and leave the old one as it was.

A weight-balanced tree (S. Adams, "Efficient sets: a balancing act", 1993, with the factors that Y. Hirai and
K. Yamamoto proved right in 2011: 3 and 2). Every node counts what is below it, so that a place in the line, and
who stands at a place, are found in O(log n) steps like everything else here. The empty line is ``None``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

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

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HEAVIER = 3
"""A side may have so many times as many entries as the other one."""
_SINGLE = 2
"""One turn will do while the inner part has fewer than so many times the entries of the outer one."""


@attrs.define(kw_only=True, eq=False)
class Ranks:
    """Entries in their order; at least one. Never changed once it is made."""

    size: int
    order: Key
    ticket: TicketId
    left: Ranks | None
    right: Ranks | None
    head: TicketId
    """Whoever goes first of all these: asked for at every call, of every queue that a counter has."""

    def __eq__(self, other: object) -> bool:
        """Whether the same stand in both; the tree depends on how they came."""
        if not isinstance(other, Ranks):
            return NotImplemented
        if self.size != other.size:
            return False
        pairs = zip(entries(self), entries(other), strict=True)
        return all(one.order == two.order and one.ticket == two.ticket for one, two in pairs)

    def __hash__(self) -> int:
        return hash((self.size, first(self).order))


_make = maker(Ranks)


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
    if ranks is None:
        return _make(size=1, order=order, ticket=ticket, left=None, right=None, head=ticket)
    # What `_balanced` does, for the one side that can be too heavy: it is done at every level of the tree.
    grown, left, right = ranks.size + 1, ranks.left, ranks.right
    if order < ranks.order:
        left = put(left, order, ticket)
        if grown > 2 and left.size > _HEAVIER * (grown - 1 - left.size):
            return _leaned_right(ranks, left, right)
    else:
        right = put(right, order, ticket)
        if grown > 2 and right.size > _HEAVIER * (grown - 1 - right.size):
            return _leaned_left(ranks, left, right)
    mine = ranks.ticket
    return _make(
        size=grown,
        order=ranks.order,
        ticket=mine,
        left=left,
        right=right,
        head=mine if left is None else left.head,
    )


def without(ranks: Ranks | None, order: Key) -> Ranks | None:
    """Return the line without the one of that order, who stands in it.

    Raises:
        KeyError: nobody has that order.
    """
    if ranks is None:
        raise KeyError(order)
    if order < ranks.order:
        return _balanced(ranks, without(ranks.left, order), ranks.right)
    if ranks.order < order:
        return _balanced(ranks, ranks.left, without(ranks.right, order))
    left, right = ranks.left, ranks.right
    if left is None:
        return right
    if right is None:
        return left
    heir = first(right)
    return _balanced(heir, left, without(right, heir.order))


def from_on(ranks: Ranks | None, order: Key) -> Ranks | None:
    """Return the line without those before ``order``."""
    if ranks is None:
        return None
    if ranks.order < order:
        return from_on(ranks.right, order)
    return _joined(ranks, from_on(ranks.left, order), ranks.right)


def first(ranks: Ranks) -> Ranks:
    """Return the entry that goes first."""
    while ranks.left is not None:
        ranks = ranks.left
    return ranks


def before(ranks: Ranks | None, order: Key) -> int:
    """Return how many go before ``order``, whoever has it."""
    count = 0
    while ranks is not None:
        if ranks.order < order:
            count += 1 if ranks.left is None else ranks.left.size + 1
            ranks = ranks.right
        else:
            ranks = ranks.left
    return count


def at(ranks: Ranks, place: int) -> Ranks:
    """Return the entry before which ``place`` (0 to the size - 1) others go."""
    while True:
        left = 0 if ranks.left is None else ranks.left.size
        if place == left:
            return ranks
        if place < left:
            assert ranks.left is not None
            ranks = ranks.left
        else:
            assert ranks.right is not None
            ranks, place = ranks.right, place - left - 1


def entries(ranks: Ranks | None) -> Iterator[Ranks]:
    """Yield the entries in their order."""
    pending: list[Ranks] = []
    while pending or ranks is not None:
        while ranks is not None:
            pending.append(ranks)
            ranks = ranks.left
        entry = pending.pop()
        yield entry
        ranks = entry.right


def _balanced(root: Ranks, left: Ranks | None, right: Ranks | None) -> Ranks:
    """Return ``root`` over two sides of which one has an entry more or fewer than it had."""
    lefts = 0 if left is None else left.size
    rights = 0 if right is None else right.size
    if lefts + rights >= 2:
        if rights > _HEAVIER * lefts:
            assert right is not None
            return _leaned_left(root, left, right)
        if lefts > _HEAVIER * rights:
            assert left is not None
            return _leaned_right(root, left, right)
    return _make(
        size=lefts + rights + 1,
        order=root.order,
        ticket=root.ticket,
        left=left,
        right=right,
        head=root.ticket if left is None else left.head,
    )


def _joined(root: Ranks, left: Ranks | None, right: Ranks | None) -> Ranks:
    """Return ``root`` over two sides of any sizes."""
    if left is None:
        return put(right, root.order, root.ticket)
    if right is None:
        return put(left, root.order, root.ticket)
    if left.size * _HEAVIER < right.size:
        return _balanced(right, _joined(root, left, right.left), right.right)
    if right.size * _HEAVIER < left.size:
        return _balanced(left, left.left, _joined(root, left.right, right))
    return _node(root, left, right)


def _node(entry: Ranks, left: Ranks | None, right: Ranks | None) -> Ranks:
    return _make(
        size=size(left) + size(right) + 1,
        order=entry.order,
        ticket=entry.ticket,
        left=left,
        right=right,
        head=entry.ticket if left is None else left.head,
    )


def _leaned_left(root: Ranks, left: Ranks | None, right: Ranks) -> Ranks:
    inner = right.left
    if size(inner) < _SINGLE * size(right.right):
        return _node(right, _node(root, left, inner), right.right)
    assert inner is not None
    return _node(inner, _node(root, left, inner.left), _node(right, inner.right, right.right))


def _leaned_right(root: Ranks, left: Ranks, right: Ranks | None) -> Ranks:
    inner = left.right
    if size(inner) < _SINGLE * size(left.left):
        return _node(left, left.left, _node(root, inner, right))
    assert inner is not None
    return _node(inner, _node(left, left.left, inner.left), _node(root, inner.right, right))
