"""The line of those who wait, against a sorted list."""

from __future__ import annotations

from bisect import bisect_left
from math import log
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.hall.ranks import Ranks, at, before, entries, first, from_on, put, size, without
from protocol.ids import TicketId

ORDERS = st.tuples(st.integers(-20, 60)) | st.tuples(st.integers(-20, 60), st.integers(-9, 9))


def ticket_of(order: tuple[int, ...]) -> TicketId:
    return TicketId(f"t{order}")


def line_of(orders: Any) -> Ranks | None:
    line: Ranks | None = None
    for order in orders:
        line = put(line, order, ticket_of(order))
    return line


def shown(line: Ranks | None) -> list[tuple[tuple[int, ...], TicketId]]:
    return [(entry.order, entry.ticket) for entry in entries(line)]


def height(line: Ranks | None) -> int:
    return 0 if line is None else 1 + max(height(line.left), height(line.right))


def assert_sound(line: Ranks | None) -> None:
    """Counts are right, and no side has over three times the entries of the other (and one)."""
    if line is None:
        return
    left, right = size(line.left), size(line.right)
    assert line.size == left + right + 1
    assert left + right < 2 or max(left, right) <= 3 * min(left, right)
    assert_sound(line.left)
    assert_sound(line.right)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.booleans(), ORDERS), max_size=120))
def test_any_changes_agree_with_a_sorted_list(steps: list[tuple[bool, tuple[int, ...]]]) -> None:
    line: Ranks | None = None
    expected: list[tuple[int, ...]] = []
    for puts, order in steps:
        place = bisect_left(expected, order)
        stands = place < len(expected) and expected[place] == order
        if puts and not stands:
            line = put(line, order, ticket_of(order))
            expected.insert(place, order)
        elif stands:
            line = without(line, order)
            del expected[place]
        assert size(line) == len(expected)
        assert before(line, order) == place
        assert_sound(line)
    assert shown(line) == [(order, ticket_of(order)) for order in expected]
    if line is not None:
        assert first(line).order == expected[0]
        assert [at(line, place).order for place in range(line.size)] == expected


@settings(max_examples=60, deadline=None)
@given(st.lists(ORDERS, min_size=1, max_size=60, unique=True), st.data())
def test_older_lines_stay_as_they_were(orders: list[tuple[int, ...]], data: st.DataObject) -> None:
    lines = [(line_of(orders), sorted(orders))]
    for order in data.draw(st.permutations(orders)):
        line, standing = lines[-1]
        lines.append((without(line, order), [each for each in standing if each != order]))
    for line, standing in lines:
        assert [order for order, _ in shown(line)] == standing
    assert lines[-1][0] is None


@settings(max_examples=60, deadline=None)
@given(st.lists(ORDERS, min_size=2, max_size=60, unique=True), st.data())
def test_lines_with_the_same_people_are_equal_however_they_came(
    orders: list[tuple[int, ...]], data: st.DataObject
) -> None:
    line, again = line_of(orders), line_of(data.draw(st.permutations(orders)))
    assert line == again
    assert hash(line) == hash(again)
    assert line != without(line, orders[0])
    assert line != put(without(line, orders[0]), orders[0], TicketId("somebody else"))
    assert line != "a line"


@settings(max_examples=100, deadline=None)
@given(st.lists(ORDERS, max_size=80, unique=True), ORDERS)
def test_a_line_can_be_cut_anywhere(orders: list[tuple[int, ...]], cut: tuple[int, ...]) -> None:
    line = line_of(orders)
    rest = from_on(line, cut)
    assert [order for order, _ in shown(rest)] == sorted(each for each in orders if each >= cut)
    assert_sound(rest)
    assert size(line) == len(orders)


@pytest.mark.parametrize("orders", [range(4096), range(4096, 0, -1)], ids=["later", "earlier"])
def test_height_grows_as_the_logarithm_even_where_all_come_in_order(orders: range) -> None:
    line = line_of((order,) for order in orders)
    assert_sound(line)
    # Of n + 1 gaps, a side has 3/4 at most: so many levels until one gap is left.
    assert height(line) <= log(4097) / log(4 / 3)
    while size(line) > 100:
        assert line is not None
        line = without(line, first(line).order)
    assert_sound(line)


@pytest.mark.parametrize("orders", [(), ((1,), (3,))])
def test_taking_out_who_does_not_stand_there_is_an_error(orders: Any) -> None:
    with pytest.raises(KeyError):
        without(line_of(orders), (2,))


def test_nobody_stands_in_the_empty_line() -> None:
    assert (size(None), before(None, (1,)), list(entries(None))) == (0, 0, [])
