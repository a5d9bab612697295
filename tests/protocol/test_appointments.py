"""The life of a booking as a table, and what customers type."""

from __future__ import annotations

from datetime import date, time
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.appointments import (
    BOOKING_TRANSITIONS,
    CODE_ALPHABET,
    OPEN_BOOKINGS,
    BookingState,
    BookingStep,
    Slot,
    code_of,
    read_code,
    read_slot,
)
from protocol.errors import CodeError


def test_ended_bookings_have_no_step_and_open_ones_can_end() -> None:
    for state, step in product(BookingState, BookingStep):
        if (state, step) in BOOKING_TRANSITIONS:
            assert state in OPEN_BOOKINGS
    for state in OPEN_BOOKINGS:
        assert {
            BOOKING_TRANSITIONS[state, step]
            for step in BookingStep
            if (state, step) in BOOKING_TRANSITIONS
        } > {
            BookingState.CANCELLED,
            BookingState.REVOKED,
            BookingState.CHECKED_IN,
        }


@given(st.integers(0, 2**40 - 1))
def test_codes_are_read_back_however_they_are_typed(number: int) -> None:
    code = code_of(number)
    assert read_code(code) == code
    typed = f" {code[:4].lower()}-{code[4:].lower()} ".replace("0", "o").replace("1", "l")
    assert read_code(typed) == code


def test_different_numbers_make_different_codes() -> None:
    numbers = [*range(2000), *(1 << shift for shift in range(11, 40))]
    assert len({code_of(number) for number in numbers}) == len(numbers)
    assert code_of(0) == CODE_ALPHABET[0] * 8
    assert code_of(2**40 - 1) == CODE_ALPHABET[-1] * 8


@pytest.mark.parametrize(
    "typed", ["", "1234567", "123456789", "1234567U", "１２３４５６７８", "0" * 10_000]
)
def test_what_cannot_be_a_code_is_refused(typed: str) -> None:
    with pytest.raises(CodeError, match="8 digits and letters"):
        read_code(typed)


def test_slots_are_written_and_read_as_local_times() -> None:
    slot = Slot(day=date(2026, 3, 2), time=time(9, 15))
    assert str(slot) == "2026-03-02T09:15"
    assert read_slot(str(slot)) == slot


@pytest.mark.parametrize(
    "typed", ["", "2026-03-02", "2026-03-02T09:15:00", "2026-02-30T09:15", "2026-03-02T25:00"]
)
def test_what_is_no_slot_is_refused(typed: str) -> None:
    with pytest.raises(CodeError, match="such as 2026-03-02T09:15"):
        read_slot(typed)
