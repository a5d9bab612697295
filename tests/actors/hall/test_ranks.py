"""Sorted lines against lists."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.hall import ranks
from actors.hall.ranks import RUN_MAX, Ranks, at, before, entries, from_on, put, size, without
from protocol.ids import TicketId

ORDERS = st.lists(st.integers(0, 300), unique=True, max_size=120)


@contextmanager
def short_runs() -> Iterator[None]:
    """Let a few entries make a tree of several levels."""
    with patch.multiple(ranks, RUN_MAX=2, _SMALL=8):
        yield


def line_of(orders: list[int]) -> Ranks | None:
    line: Ranks | None = None
    for order in orders:
        line = put(line, (order,), TicketId(f"t{order}"))
    return line


def told(line: Ranks | None) -> list[int]:
    return [entry.order[0] for entry in entries(line)]


def check(line: Ranks | None, orders: list[int], run_max: int = 2) -> None:
    """Compare the line with sorted orders, and see that it is in balance."""
    assert told(line) == orders
    assert [entry.ticket for entry in entries(line)] == [f"t{order}" for order in orders]
    if line is not None:
        check_part(line, run_max)


def check_part(part: Ranks, run_max: int) -> None:
    found = list(entries(part))
    assert part.size == len(found)
    assert (part.order, part.ticket) == found[0]
    if isinstance(part, ranks._Branch):
        left, right = part.left.size, part.right.size
        assert max(left, right) <= 3 * min(left, right)
        check_part(part.left, run_max)
        check_part(part.right, run_max)
    else:
        assert part.size <= run_max


@given(orders=ORDERS, start=st.integers(-1, 301))
def test_line_without_those_before_an_order_is_the_rest_in_balance(
    orders: list[int], start: int
) -> None:
    with short_runs():
        line = line_of(orders)
        rest = from_on(line, (start,))
        check(rest, sorted(order for order in orders if order >= start))
        check(line, sorted(orders))


@given(orders=ORDERS, data=st.data())
def test_line_with_some_taken_out_keeps_the_others_in_balance(
    orders: list[int], data: st.DataObject
) -> None:
    with short_runs():
        line = line_of(orders)
        left = sorted(orders)
        for order in data.draw(st.permutations(orders))[: len(orders) // 2]:
            line = without(line, (order,))
            left.remove(order)
            check(line, left)


@given(orders=ORDERS, order=st.integers(-1, 301))
def test_places_are_counted_and_found(orders: list[int], order: int) -> None:
    with short_runs():
        line = line_of(orders)
    assert before(line, (order,)) == sum(each < order for each in orders)
    if line is not None:
        assert [at(line, place) for place in range(size(line))] == list(entries(line))


@given(orders=ORDERS, order=st.integers(301, 400))
def test_taking_out_who_is_not_there_is_an_error(orders: list[int], order: int) -> None:
    with short_runs(), pytest.raises(KeyError):
        without(line_of(orders), (order,))


def test_long_line_through_which_many_go_is_in_balance() -> None:
    random, line, orders = Random(1), None, []
    for number in range(6000):
        line = put(line, (number,), TicketId(f"t{number}"))
        orders.append(number)
        if number > 2000:
            # Most go from the front, some from anywhere, and in the end more than come.
            for _ in range(1 if number < 4000 else 2):
                place = 0 if random.random() < 0.8 else random.randrange(len(orders))
                line = without(line, (orders.pop(place),))
        if number % 500 == 0:
            check(line, orders, RUN_MAX)
        if not orders:
            break
    check(line, orders, RUN_MAX)


def test_equal_lines_are_equal_however_they_came() -> None:
    with short_runs():
        one, two = line_of(list(range(9))), without(line_of(list(range(9, -1, -1))), (9,))
    assert one == two
    assert hash(one) == hash(two)
    assert one != line_of(list(range(8)))
