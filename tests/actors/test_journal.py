"""What every journal does, whether its events are on a disk or in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.hall.state import HallState
from actors.ports import CommitFailed, Committed
from tests.runtime.journal.days import first_events, life, replayed
from tests.runtime.journal.rig import JournalRig, MemoryRig, SqliteRig, Told

EVENTS = first_events(400)


@pytest.fixture(params=["sqlite", "memory", "slow memory"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[JournalRig]:
    if request.param == "sqlite":
        rig: JournalRig = SqliteRig(tmp_path / "HZ01.journal")
    else:
        rig = MemoryRig(commit_s=0.002 if request.param == "slow memory" else 0.0)
    yield rig
    rig.journal.close()


def commit(rig: JournalRig, first: int, last: int) -> object:
    """Commit the events ``first`` to ``last``; return the answer, given at once or told."""
    told = Told()
    if rig.journal.commit(EVENTS[first - 1 : last], told):
        assert told == []
        return Committed(seq=last)
    rig.settle()
    (answer,) = told
    return answer


def test_new_journal_holds_nothing(rig: JournalRig) -> None:
    recovery = rig.journal.recover()
    assert recovery.snapshot is None
    assert list(recovery.events) == []
    assert list(rig.journal.read(0, 10)) == []


def test_committed_batches_are_told_and_recovered_in_order(rig: JournalRig) -> None:
    assert commit(rig, 1, 1) == Committed(seq=1)
    assert commit(rig, 2, 300) == Committed(seq=300)
    assert list(rig.journal.recover().events) == EVENTS[:300]


def test_reading_gives_what_follows_a_number_up_to_the_limit(rig: JournalRig) -> None:
    commit(rig, 1, 300)
    assert list(rig.journal.read(0, 3)) == EVENTS[:3]
    assert list(rig.journal.read(290, 5)) == EVENTS[290:295]
    assert list(rig.journal.read(290, 1000)) == EVENTS[290:300]
    assert list(rig.journal.read(300, 10)) == []
    assert list(rig.journal.read(10_000, 10)) == []
    assert list(rig.journal.read(5, 0)) == []


def test_restart_gives_what_was_committed_and_numbers_go_on(rig: JournalRig) -> None:
    commit(rig, 1, 20)
    rig.restart()
    assert list(rig.journal.recover().events) == EVENTS[:20]
    assert commit(rig, 21, 40) == Committed(seq=40)
    rig.restart()
    assert list(rig.journal.recover().events) == EVENTS[:40]


def test_failed_commit_leaves_nothing_of_its_batch_and_the_next_one_works(rig: JournalRig) -> None:
    commit(rig, 1, 10)
    rig.fail_next()
    answer = commit(rig, 11, 200)
    assert isinstance(answer, CommitFailed)
    assert answer.first_seq == 11
    assert answer.reason
    assert list(rig.journal.recover().events) == EVENTS[:10]
    assert commit(rig, 11, 30) == Committed(seq=30)
    assert list(rig.journal.recover().events) == EVENTS[:30]


def test_batch_that_leaves_a_gap_is_a_defect(rig: JournalRig) -> None:
    commit(rig, 1, 10)
    for first, last in ((12, 13), (10, 11), (1, 2)):
        with pytest.raises(AssertionError, match=f"event {first} does not follow 10"):
            rig.journal.commit(EVENTS[first - 1 : last], Told())
    with pytest.raises(AssertionError, match="gaps"):
        rig.journal.commit([EVENTS[10], EVENTS[12]], Told())
    with pytest.raises(AssertionError, match="nothing"):
        rig.journal.commit([], Told())


def test_recovery_starts_at_the_snapshot_and_comes_to_the_same_state(rig: JournalRig) -> None:
    told = Told()
    states: dict[int, HallState] = {}
    for records, state in life(seed=3):
        rig.journal.commit(records, told)
        rig.settle()
        states[state.seq] = state
        if len(states) in (100, 150):
            rig.journal.snapshot(state)
        if len(states) == 200:
            break
    kept = list(states.values())[149]
    rig.restart()
    recovery = rig.journal.recover()
    assert recovery.snapshot == kept
    events = list(recovery.events)
    assert events[0].seq == kept.seq + 1
    assert replayed(recovery.snapshot, events) == state


@pytest.mark.parametrize("rig", ["sqlite", "slow memory"], indirect=True)
class TestUnderWay:
    """A commit that takes its time."""

    def test_second_commit_is_a_defect(self, rig: JournalRig) -> None:
        rig.journal.commit(EVENTS[:5], Told())
        with pytest.raises(AssertionError, match="under way"):
            rig.journal.commit(EVENTS[5:6], Told())

    def test_answer_is_not_told_within_the_call(self, rig: JournalRig) -> None:
        told = Told()
        rig.journal.commit(EVENTS[:5], told)
        assert told == []
        rig.settle()
        assert told == [Committed(seq=5)]

    def test_recovery_waits_for_it_and_nobody_is_told(self, rig: JournalRig) -> None:
        told = Told()
        rig.journal.commit(EVENTS[:5], told)
        assert list(rig.journal.recover().events) == EVENTS[:5]
        rig.settle()
        assert told == []
        assert commit(rig, 6, 7) == Committed(seq=7)

    def test_closing_finishes_it_and_nobody_is_told(self, rig: JournalRig) -> None:
        told = Told()
        rig.journal.commit(EVENTS[:5], told)
        rig.restart()
        assert list(rig.journal.recover().events) == EVENTS[:5]
        rig.settle()
        assert told == []
