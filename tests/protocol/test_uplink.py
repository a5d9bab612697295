"""Which events of a batch headquarters takes; the stores that ask this are tested with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.event_rows import Row, encode_row, first_digest
from protocol.events import CounterClosed
from protocol.ids import CommandId, CounterId, HallId
from protocol.messages import Recorded
from protocol.uplink import CopyDiverged, fresh_rows

COUNT = 12


def _rows(counter: str) -> list[Row]:
    rows: list[Row] = []
    for seq in range(1, COUNT + 1):
        event = CounterClosed(
            at=datetime(2026, 3, 2, tzinfo=UTC) + timedelta(seconds=seq),
            command=CommandId(f"c{seq}"),
            counter=CounterId(counter),
        )
        before = rows[-1].digest if rows else first_digest(HallId("HZ01"))
        rows.append(encode_row(Recorded(seq=seq, event=event), before))
    return rows


ROWS, OTHERS = _rows("1"), _rows("2")


class Copy:
    """Headquarters' copy as a list."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def take(self, rows: list[Row]) -> None:
        digest = self.rows[-1].digest if self.rows else first_digest(HallId("HZ01"))
        self.rows += fresh_rows(rows, len(self.rows), digest, lambda seq: self.rows[seq - 1].digest)


@given(st.lists(st.tuples(st.integers(0, COUNT), st.integers(0, COUNT)), max_size=20))
def test_batches_in_any_order_and_number_lead_to_a_beginning_of_the_journal(
    spans: list[tuple[int, int]],
) -> None:
    copy = Copy()
    for first, last in spans:
        before = len(copy.rows)
        copy.take(ROWS[first:last])
        assert copy.rows == ROWS[: len(copy.rows)]
        assert len(copy.rows) == max(before, last if first <= before else before)
    copy.take(ROWS)
    assert copy.rows == ROWS


@given(st.integers(1, COUNT), st.integers(0, COUNT - 1), st.integers(1, COUNT))
def test_nothing_is_taken_of_another_journal(known: int, first: int, last: int) -> None:
    copy = Copy()
    copy.take(ROWS[:known])
    batch = OTHERS[first:last]
    if not batch or first > known:
        copy.take(batch)
    else:
        with pytest.raises(CopyDiverged):
            copy.take(batch)
    assert copy.rows == ROWS[:known]


@given(
    st.integers(0, COUNT - 1),
    st.integers(0, COUNT - 1),
    st.sampled_from(["at", "kind", "command", "body", "digest"]),
)
def test_a_changed_event_that_is_new_stops_its_whole_batch(
    known: int, place: int, column: str
) -> None:
    copy = Copy()
    copy.take(ROWS[:known])
    changed = list(ROWS)
    changed[place] = changed[place]._replace(**{column: "x"})
    if place < known - 1:
        copy.take(changed)  # what is there already is not taken again
        assert copy.rows == ROWS
        return
    if place == known - 1 and column != "digest":
        copy.take(changed)
        assert copy.rows == ROWS
        return
    with pytest.raises(CopyDiverged):
        copy.take(changed)
    assert copy.rows == ROWS[:known]
