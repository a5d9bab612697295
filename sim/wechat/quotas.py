"""How often an account may call: a day's quota, until midnight of China Standard Time, and a minute's rate.

A call beyond a bound is refused and not counted (unsure). Counts of past days and minutes are forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from protocol.values import value
from sim.wechat.codes import Code, Refused

__all__ = ["CHINA_S", "DAY_S", "Counts", "Limits", "asked_quota", "day_of"]

DAY_S: Final = 86_400
CHINA_S: Final = 8 * 3_600
"""China Standard Time is ahead of UTC by so much, all year."""

OTHERS: Final = "other"
"""Where ``Limits`` names no path."""

_DAY: Final[Mapping[str, int]] = {
    "/cgi-bin/token": 2_000,
    "/cgi-bin/stable_token": 500_000,
    "/cgi-bin/qrcode/create": 100_000,
    "/cgi-bin/message/template/send": 100_000,
    "/cgi-bin/message/subscribe/bizsend": 100_000,
    "/cgi-bin/message/custom/send": 500_000,
    "/cgi-bin/menu/create": 1_000,
    "/cgi-bin/menu/get": 10_000,
    "/cgi-bin/menu/delete": 1_000,
    "/cgi-bin/user/info": 5_000_000,
    "/cgi-bin/ticket/getticket": 100_000,
    OTHERS: 100_000,
}
# Unsure but for the first: no text names the minute's rates of the others.
_MINUTE: Final[Mapping[str, int]] = {"/cgi-bin/stable_token": 10_000, OTHERS: 50_000}


@value
class Limits:
    """What an account may do. The defaults are the fact sheet's, or what is unsure and generous."""

    day: Mapping[str, int] = attrs.field(factory=dict)
    """Calls a day by path; a path that is not named has what every account has."""
    minute: Mapping[str, int] = attrs.field(factory=dict)
    """Calls a minute by path."""
    permanent_codes: int = 100_000
    """QR codes without an end, in all."""

    def a_day(self, path: str) -> int:
        """Return how often ``path`` may be called on one day."""
        return self.day.get(path, _DAY.get(path, self.day.get(OTHERS, _DAY[OTHERS])))

    def a_minute(self, path: str) -> int:
        """Return how often ``path`` may be called within one minute of the clock."""
        return self.minute.get(path, _MINUTE.get(path, self.minute.get(OTHERS, _MINUTE[OTHERS])))


def day_of(at_s: float) -> int:
    """Return the number of the day of China Standard Time that ``at_s`` falls in."""
    return int((at_s + CHINA_S) // DAY_S)


class Counts:
    """The calls of one account."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._day = -1
        self._minute = -1
        self._in_day: dict[str, int] = {}
        self._in_minute: dict[str, int] = {}

    def count(self, path: str, at_s: float) -> None:
        """Count a call of ``path``.

        Raises:
            Refused: 45009 if the day's quota is used up, 45011 if the minute's rate is.
        """
        self._turn(at_s)
        today, lately = self._in_day.get(path, 0), self._in_minute.get(path, 0)
        if today >= self._limits.a_day(path):
            raise Refused(Code.DAY_QUOTA)
        if lately >= self._limits.a_minute(path):
            raise Refused(Code.MINUTE_RATE)
        self._in_day[path] = today + 1
        self._in_minute[path] = lately + 1

    def quota(self, path: str, at_s: float) -> dict[str, int]:
        """Return what ``openapi/quota/get`` says of ``path``."""
        self._turn(at_s)
        limit, used = self._limits.a_day(path), self._in_day.get(path, 0)
        return {"daily_limit": limit, "used": used, "remain": max(0, limit - used)}

    def _turn(self, at_s: float) -> None:
        """Forget the counts of a day and a minute that are over."""
        day, minute = day_of(at_s), int(at_s // 60)
        if day != self._day:
            self._day = day
            self._in_day.clear()
        if minute != self._minute:
            self._minute = minute
            self._in_minute.clear()


def asked_quota(document: Mapping[str, Any]) -> str:
    """Return the path that a query of quotas asks about.

    Raises:
        Refused: 76021, it names no path.
    """
    path = document.get("cgi_path")
    if not isinstance(path, str) or not path.startswith("/"):
        raise Refused(Code.NO_SUCH_API)
    return path
