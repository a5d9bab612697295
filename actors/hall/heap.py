"""A priority queue as a value: putting in and taking out make a new one and leave the old one as it was.

A leftist heap: on every path the right spine is the shortest, so both operations take O(log n) steps
whatever came before, which an amortised structure could not promise for a value that is kept and used
again. It is recursive only along right spines.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from protocol.ids import TicketId


class Heap(NamedTuple):
    """A heap with at least one ticket; the empty heap is ``None``."""

    rank: int
    order: tuple[int, ...]
    ticket: TicketId
    left: Heap | None
    right: Heap | None


# What `Heap(...)` does, without a call in Python: several are made for every ticket.
_new = tuple.__new__


def merge(one: Heap | None, other: Heap | None) -> Heap | None:
    """Return a heap with the tickets of both."""
    if one is None:
        return other
    if other is None:
        return one
    if other.order < one.order:
        one, other = other, one
    _, order, ticket, left, right = one
    right = other if right is None else merge(right, other)
    assert right is not None
    if left is None:
        return _new(Heap, (1, order, ticket, right, None))
    if left.rank < right.rank:
        left, right = right, left
    return _new(Heap, (right.rank + 1, order, ticket, left, right))


def put(heap: Heap | None, order: tuple[int, ...], ticket: TicketId) -> Heap:
    """Return ``heap`` with one more ticket."""
    single = _new(Heap, (1, order, ticket, None, None))
    merged = single if heap is None else merge(heap, single)
    assert merged is not None
    return merged


def without_first(heap: Heap) -> Heap | None:
    """Return ``heap`` without its first ticket."""
    return merge(heap.left, heap.right)


def tickets(heap: Heap | None) -> Iterator[Heap]:
    """Yield every entry, in no particular order."""
    pending = [heap]
    while pending:
        entry = pending.pop()
        if entry is not None:
            yield entry
            pending += (entry.left, entry.right)
