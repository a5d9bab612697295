from __future__ import annotations

import heapq

from hypothesis import given
from hypothesis import strategies as st

from actors.hall.heap import Heap, put, tickets, without_first
from protocol.ids import TicketId

steps = st.lists(st.one_of(st.integers(0, 50), st.none()), max_size=200)


def depth_of_right_spine(heap: Heap | None) -> int:
    depth = 0
    while heap is not None:
        depth, heap = depth + 1, heap.right
    return depth


@given(steps)
def test_a_heap_gives_what_a_sorted_list_gives_and_leaves_its_past_alone(
    steps: list[int | None],
) -> None:
    heap: Heap | None = None
    model: list[tuple[int, int]] = []
    past: list[tuple[Heap | None, list[tuple[int, int]]]] = []
    for number, step in enumerate(steps):
        past.append((heap, sorted(model)))
        if step is not None:
            heap = put(heap, (step, number), TicketId(f"{number}"))
            heapq.heappush(model, (step, number))
        elif heap is not None:
            assert heap.order == heapq.heappop(model)
            heap = without_first(heap)
    past.append((heap, sorted(model)))
    for old, content in past:
        assert sorted(entry.order for entry in tickets(old)) == content
        if old is not None:
            assert 2 ** depth_of_right_spine(old) <= len(content) + 1
