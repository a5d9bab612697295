"""An account sends no more in a minute or a day than it may."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from protocol.wechat.budget import Budget

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
"""12:00 in China."""


def after(**span: float) -> datetime:
    return NOON + timedelta(**span)


def test_minute_is_over_when_its_first_push_is_a_minute_old() -> None:
    budget = Budget(minute_max=2)
    assert budget.take(NOON) is None
    assert budget.take(after(seconds=20)) is None
    assert budget.take(after(seconds=20)) == 40.0
    assert budget.take(after(seconds=60)) is None
    assert budget.take(after(seconds=60)) == 20.0


def test_day_is_over_at_midnight_in_china() -> None:
    budget = Budget(day_max=3)
    assert [budget.take(NOON) for _ in range(3)] == [None] * 3
    assert budget.take(NOON) == 12 * 3600.0
    assert budget.take(after(hours=11, minutes=59)) == 60.0
    assert budget.take(after(hours=12)) is None


def test_what_was_not_sent_does_not_count() -> None:
    budget = Budget(minute_max=1, day_max=2)
    budget.take(NOON)
    for _ in range(5):
        assert budget.take(NOON) is not None
    assert budget.take(after(minutes=1)) is None
