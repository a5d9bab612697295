"""A priority queue as a value: putting in and taking out make a new one and leave the old one as it was.

A leftist heap: on every path the right spine is the shortest, so both operations take O(log n) steps
whatever came before, which an amortised structure could not promise for a value that is kept and used
again. It is recursive only along right spines.
"""

from __future__ import annotations

from collections.abc import Iterator

from protocol.ids import TicketId
from protocol.values import maker, value


@value
class Heap:
    """A heap with at least one ticket; the empty heap is ``None``."""

    rank: int
    order: tuple[int, ...]
    ticket: TicketId
    left: Heap | None
    right: Heap | None


make_heap = maker(Heap)


def merge(one: Heap | None, other: Heap | None) -> Heap | None:
    """Return a heap with the tickets of both."""
    if one is None:
        return other
    if other is None:
        return one
    if other.order < one.order:
        one, other = other, one
    left, right = one.left, other if one.right is None else merge(one.right, other)
    assert right is not None
    if left is None:
        return make_heap(rank=1, order=one.order, ticket=one.ticket, left=right, right=None)
    if left.rank < right.rank:
        left, right = right, left
    return make_heap(
        rank=right.rank + 1, order=one.order, ticket=one.ticket, left=left, right=right
    )


def put(heap: Heap | None, order: tuple[int, ...], ticket: TicketId) -> Heap:
    """Return ``heap`` with one more ticket."""
    single = make_heap(rank=1, order=order, ticket=ticket, left=None, right=None)
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
