from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from actors.hall.day import business_day

ZONES = ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Pacific/Apia", "UTC"]


def test_a_day_is_shorter_when_summer_time_begins() -> None:
    noon = datetime(2026, 3, 28, 12, tzinfo=UTC)
    day, ends_at = business_day(noon, "Europe/Berlin", time(1, 0))
    assert (day, ends_at) == (date(2026, 3, 28), datetime(2026, 3, 29, 0, tzinfo=UTC))
    day, ends_at = business_day(ends_at, "Europe/Berlin", time(1, 0))
    assert (day, ends_at) == (date(2026, 3, 29), datetime(2026, 3, 29, 23, tzinfo=UTC))


@given(
    now=st.integers(946_684_800, 2_524_608_000).map(lambda s: datetime.fromtimestamp(s, UTC)),
    zone=st.sampled_from(ZONES),
    begins=st.times().map(lambda moment: moment.replace(microsecond=0, tzinfo=None, fold=0)),
)
def test_days_are_adjacent_and_contain_their_instants(
    now: datetime, zone: str, begins: time
) -> None:
    day, ends_at = business_day(now, zone, begins)
    assert now < ends_at <= now + timedelta(days=2)
    following, following_ends_at = business_day(ends_at, zone, begins)
    assert following > day
    assert following_ends_at > ends_at
    last = business_day(ends_at - timedelta(microseconds=1), zone, begins)
    assert last[1] == ends_at
