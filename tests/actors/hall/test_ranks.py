"""Sorted lines against lists."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.hall.ranks import Ranks, entries, from_on, put, size, without

ORDERS = st.lists(st.integers(0, 300), unique=True, max_size=120)


def line_of(orders: list[int]) -> Ranks | None:
    line: Ranks | None = None
    for order in orders:
        line = put(line, (order,), f"t{order}")  # type: ignore[arg-type]
    return line


def told(line: Ranks | None) -> list[int]:
    return [entry.order[0] for entry in entries(line)]


def check_balance(line: Ranks | None) -> None:
    if line is None:
        return
    left, right = size(line.left), size(line.right)
    assert line.size == left + right + 1
    assert left + right < 2 or max(left, right) <= 3 * min(left, right)
    check_balance(line.left)
    check_balance(line.right)


@given(orders=ORDERS, start=st.integers(-1, 301))
def test_line_without_those_before_an_order_is_the_rest_in_balance(
    orders: list[int], start: int
) -> None:
    line = line_of(orders)
    rest = from_on(line, (start,))
    assert told(rest) == sorted(order for order in orders if order >= start)
    check_balance(rest)
    assert told(line) == sorted(orders)


@given(orders=ORDERS, data=st.data())
def test_line_with_some_taken_out_keeps_the_others_in_balance(
    orders: list[int], data: st.DataObject
) -> None:
    line = line_of(orders)
    left = sorted(orders)
    for order in data.draw(st.permutations(orders))[: len(orders) // 2]:
        line = without(line, (order,))
        left.remove(order)
        assert told(line) == left
    check_balance(line)
