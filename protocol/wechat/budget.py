"""How many pushes an account may send, in a minute and in a day: kept to before the service refuses."""

from collections import deque
from datetime import date, datetime, timedelta

from protocol.wechat.sent import CHINA, until_midnight_s

__all__ = ["DAY_MAX", "MINUTE_MAX", "Budget"]

DAY_MAX = 100_000
"""What a service account may send in a day to begin with; it grows with its followers."""

MINUTE_MAX = 5_000
"""Well below where the service says that an account sends too fast."""


class Budget:
    """Counts what is sent. For one thread at a time."""

    def __init__(self, *, day_max: int = DAY_MAX, minute_max: int = MINUTE_MAX) -> None:
        self._day_max, self._minute_max = day_max, minute_max
        self._day = date.min
        self._sent_today = 0
        self._last: deque[datetime] = deque()
        """When those of the last minute were sent."""

    def take(self, now: datetime) -> float | None:
        """Count one push at ``now`` (aware), or return how long (seconds) none may be sent."""
        day = now.astimezone(CHINA).date()
        if day != self._day:
            self._day, self._sent_today = day, 0
        minute_ago = now - timedelta(minutes=1)
        while self._last and self._last[0] <= minute_ago:
            self._last.popleft()
        if self._sent_today >= self._day_max:
            return until_midnight_s(now)
        if len(self._last) >= self._minute_max:
            return (self._last[0] - minute_ago).total_seconds()
        self._sent_today += 1
        self._last.append(now)
        return None
