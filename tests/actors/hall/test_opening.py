"""When halls and services are open, against a clock that looks at every minute by itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.hall.opening import closing_at, stretch_of
from actors.hall.state import HallState
from protocol.hours import ALWAYS, Closure, Hours, Opening, SpecialDay
from protocol.values import replace
from tests.actors.hall.conftest import NOON, TAX, VAT, hall_spec

SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEKDAYS = (1, 2, 3, 4, 5)


def opening(opens: int, closes: int, weekdays: tuple[int, ...] = WEEKDAYS) -> Opening:
    return Opening(weekdays=weekdays, opens=time(opens), closes=time(closes % 24))


OFFICE = Hours(openings=(opening(9, 12), opening(14, 17)))


def hall(hours: Hours = ALWAYS, tax: Hours = ALWAYS, **changes: Any) -> HallState:
    spec = hall_spec(hours=hours, **changes)
    services = {**spec.services, TAX: replace(spec.services[TAX], hours=tax)}
    return HallState(spec=replace(spec, services=services))


def local(day: int, hour: int, minute: int = 0) -> datetime:
    """A time in Shanghai in March 2026, of which the 2nd is a Monday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


def test_a_hall_without_hours_never_closes() -> None:
    stretch = stretch_of(hall().spec, TAX, NOON)
    assert stretch.is_open
    assert stretch.closes_at is None
    assert closing_at(hall(), TAX, NOON) is None


def test_opening_and_closing_are_to_the_instant() -> None:
    spec = hall(OFFICE).spec
    before = stretch_of(spec, TAX, local(2, 9) - timedelta(microseconds=1))
    assert (before.is_open, before.opens_at) == (False, local(2, 9))
    morning = stretch_of(spec, TAX, local(2, 9))
    assert (morning.is_open, morning.closes_at) == (True, local(2, 12))
    noon = stretch_of(spec, TAX, local(2, 12))
    assert (noon.is_open, noon.opens_at, noon.closes_at) == (False, local(2, 14), None)
    friday = stretch_of(spec, TAX, local(6, 17))
    assert friday.opens_at == local(9, 9)


def test_a_service_is_open_within_the_halls_hours() -> None:
    state = hall(OFFICE, Hours(openings=(opening(8, 10, (1, 2)), opening(16, 20))))
    assert stretch_of(state.spec, TAX, local(2, 8, 30)).opens_at == local(2, 9)
    assert stretch_of(state.spec, TAX, local(2, 9)).closes_at == local(2, 10)
    assert stretch_of(state.spec, TAX, local(2, 11)).opens_at == local(2, 16)
    assert stretch_of(state.spec, VAT, local(2, 11)).is_open
    assert closing_at(state, TAX, local(2, 11)) == local(2, 17)


def test_the_break_at_noon_is_no_closing_of_the_day() -> None:
    state = hall(OFFICE)
    for hour in (5, 9, 12, 13, 16, 17, 23):
        assert closing_at(state, TAX, local(2, hour)) == local(2, 17)
    # At three in the morning the business day is still Monday's.
    assert closing_at(state, TAX, local(3, 3)) == local(2, 17)
    assert closing_at(state, TAX, local(7, 10)) is None  # on Saturday it does not open


def test_who_is_open_at_the_end_of_the_business_day_does_not_close_in_it() -> None:
    state = hall(Hours(openings=(opening(0, 24, (1, 2, 3)),)))
    assert closing_at(state, TAX, local(2, 10)) is None
    assert closing_at(state, TAX, local(4, 10)) == local(5, 0)
    assert stretch_of(state.spec, TAX, local(2, 10)).closes_at == local(5, 0)


def test_special_days_and_closures_replace_the_usual_hours() -> None:
    hours = Hours(
        openings=OFFICE.openings,
        special=(
            SpecialDay(day=date(2026, 3, 7), times=((time(10), time(11)),)),
            SpecialDay(day=date(2026, 3, 3), times=()),
        ),
        closures=(Closure(first=date(2026, 3, 4), last=date(2026, 3, 6), reason="floor"),),
    )
    spec = hall(hours).spec
    assert stretch_of(spec, None, local(2, 17)).opens_at == local(7, 10)
    assert stretch_of(spec, None, local(7, 10, 30)).closes_at == local(7, 11)


def test_a_closing_at_midnight_joins_the_next_day() -> None:
    hours = Hours(openings=(opening(20, 24, (1,)), opening(0, 2, (2,))))
    state = hall(hours)
    assert stretch_of(state.spec, TAX, local(2, 23)).closes_at == local(3, 2)
    assert stretch_of(state.spec, TAX, local(3, 0)).closes_at == local(3, 2)
    assert closing_at(state, TAX, local(3, 0)) == local(3, 2)


def test_a_hall_that_is_closed_for_good_says_that_nothing_is_known() -> None:
    closed = Hours(closures=(Closure(first=date(2026, 1, 1), last=date(2036, 1, 1)),))
    stretch = stretch_of(hall(closed).spec, TAX, NOON)
    assert (stretch.is_open, stretch.opens_at) == (False, None)


def test_hours_follow_the_clock_when_summer_time_begins_and_ends() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    daily = Hours(openings=(opening(8, 18, (1, 2, 3, 4, 5, 6, 7)),))
    spec = hall(daily, time_zone="Europe/Berlin").spec
    for day in (date(2026, 3, 29), date(2026, 10, 25)):
        before = datetime.combine(day, time(), tzinfo=berlin)
        stretch = stretch_of(spec, TAX, before.astimezone(UTC))
        assert stretch.opens_at is not None
        assert stretch.opens_at.astimezone(berlin).time() == time(8)
    # What the clock leaves out is an hour later: 02:30 is 03:30 on that day.
    early = Hours(openings=(opening(2, 5, (7,)),))
    spec = hall(early, time_zone="Europe/Berlin").spec
    stretch = stretch_of(spec, TAX, datetime(2026, 3, 29, 0, tzinfo=UTC))
    assert stretch.opens_at == datetime(2026, 3, 29, 1, tzinfo=UTC)


spans = st.lists(
    st.tuples(st.integers(0, 23), st.integers(1, 24)).filter(lambda span: span[0] < span[1]),
    max_size=3,
)


@st.composite
def any_hours(draw: st.DrawFn) -> Hours:
    openings = tuple(
        opening(opens, closes, tuple(draw(st.sets(st.integers(1, 7), min_size=1))))
        for opens, closes in draw(spans)
    )
    days = st.integers(1, 9).map(lambda number: date(2026, 3, number) + timedelta(days=20))
    special = tuple(
        SpecialDay(
            day=day, times=tuple((time(opens), time(closes % 24)) for opens, closes in draw(spans))
        )
        for day in draw(st.sets(days, max_size=2))
    )
    closures = tuple(Closure(first=day, last=day) for day in draw(st.sets(days, max_size=2)))
    return Hours(openings=openings, special=special, closures=closures)


def looked_up(hours: Hours, at: datetime) -> bool:
    """Whether a person who looks at the clock on the wall and at the hours finds them to be open."""
    day, now = at.date(), at.time()
    if any(closure.first <= day <= closure.last for closure in hours.closures):
        return False
    for special in hours.special:
        if special.day == day:
            return any(a <= now and (now < b or b == time()) for a, b in special.times)
    return not hours.openings or any(
        one.opens <= now and (now < one.closes or one.closes == time())
        for one in hours.openings
        if at.isoweekday() in one.weekdays
    )


@settings(max_examples=60, deadline=None)
@given(
    hours=any_hours(),
    tax=any_hours(),
    zone=st.sampled_from(["Asia/Shanghai", "Asia/Kathmandu", "Europe/Berlin"]),
    minutes=st.lists(st.integers(0, 12 * 24 * 4), min_size=1, max_size=60),
)
def test_it_is_open_whenever_the_clock_on_the_wall_says_so(
    hours: Hours, tax: Hours, zone: str, minutes: list[int]
) -> None:
    spec = hall(hours, tax, time_zone=zone).spec
    begins = datetime(2026, 3, 19, tzinfo=UTC)
    for quarter in minutes:
        at = begins + timedelta(minutes=15 * quarter)
        if zone == "Europe/Berlin" and at.date() == date(2026, 3, 29):
            continue  # an hour is missing: looked at above
        wall = at.astimezone(ZoneInfo(zone))
        stretch = stretch_of(spec, TAX, at)
        assert stretch.is_open == (looked_up(hours, wall) and looked_up(tax, wall))
        assert stretch.begins <= at < stretch.ends
        if stretch.changes_at is not None:
            changed = stretch_of(spec, TAX, stretch.changes_at)
            assert changed.is_open != stretch.is_open
