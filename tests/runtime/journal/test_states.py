"""States as snapshots: what comes back is what was kept, or it is refused."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.values import replace
from runtime.journal.states import (
    PART_ENTRIES,
    SnapshotUnreadable,
    decode_state,
    encode_state,
    seal,
)
from tests.runtime.journal.days import hall_spec, life


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), commands=st.integers(1, 400))
def test_state_of_any_hall_comes_back_as_it_was(seed: int, commands: int) -> None:
    *_, (_, state) = islice(life(seed, events_a_day=150), commands)
    again = decode_state(encode_state(state), state.spec)
    assert again == state


def test_large_state_is_made_in_parts_of_bounded_size() -> None:
    state = next(state for _, state in life(seed=1) if len(state.tickets) > 2 * PART_ENTRIES)
    parts = list(encode_state(state))
    assert len(parts) > 3
    assert all(len(part) < 2000 * PART_ENTRIES for part in parts)
    assert decode_state(parts, state.spec) == state


def test_configuration_is_the_present_one() -> None:
    *_, (_, state) = islice(life(), 50)
    spec = replace(hall_spec(), recalls_max=9)
    assert decode_state(encode_state(state), spec).spec is spec
    assert not any("recalls_max" in part for part in encode_state(state))


@pytest.mark.parametrize(
    "parts",
    [[], ["?"], ["[]"], ['["head", {}]'], ['["tickets", [{"id": "t1"}]]']],
)
def test_parts_that_make_no_sense_are_refused(parts: list[str]) -> None:
    *_, (_, state) = islice(life(), 50)
    with pytest.raises(SnapshotUnreadable, match="makes no sense"):
        decode_state(parts, state.spec)


def test_seal_depends_on_text_and_order() -> None:
    assert seal(seal("", "a"), "b") != seal(seal("", "b"), "a")
    assert seal("", "ab") != seal(seal("", "a"), "b")
