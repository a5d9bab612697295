"""Business days: they begin at a local time of the hall, whatever the zone of the server."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """Return the time zone ``name``."""
    return ZoneInfo(name)


def business_day(
    now: datetime, time_zone: str, begins: time, after: date = date.min
) -> tuple[date, datetime]:
    """Return the business day that ``now`` (aware) belongs to, and the instant (UTC) at which it ends.

    A day up to ``after`` has been: where days are to begin later than they did, or in another zone, the
    following one begins early, so that no day, and none of its numbers, comes twice.
    A beginning that daylight saving time leaves out or doubles on some day is taken as
    `zoneinfo` does for ``fold=0``: the days stay adjacent, one of them is longer or shorter.
    """
    local = now.astimezone(zone(time_zone))
    day = local.date()
    if now < _begins_at(day, time_zone, begins):
        day -= timedelta(days=1)
    day = max(day, after + timedelta(days=1))
    return day, _begins_at(day + timedelta(days=1), time_zone, begins)


def _begins_at(day: date, time_zone: str, begins: time) -> datetime:
    return datetime.combine(day, begins, tzinfo=zone(time_zone)).astimezone(UTC)
