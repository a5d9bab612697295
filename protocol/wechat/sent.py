"""What an error of WeChat's means for the push that met it."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from types import MappingProxyType

from protocol.ids import PushId
from protocol.messages import PushAnswered
from protocol.pushes import PushResult
from protocol.wechat.errcodes import Remedy

__all__ = ["CHINA", "MINUTE_S", "push_answered", "until_midnight_s"]

CHINA = timezone(timedelta(hours=8), "China")
"""A day of WeChat's begins at midnight there, wherever the hall is."""

MINUTE_S = 60.0

_RESULTS: Mapping[Remedy, PushResult] = MappingProxyType(
    {
        Remedy.SENT_BEFORE: PushResult.SENT,
        Remedy.DROP: PushResult.REFUSED,
        Remedy.NEVER_AGAIN: PushResult.REFUSED,
        Remedy.OUTSIDE_WINDOW: PushResult.REFUSED,
        Remedy.UNBIND: PushResult.UNREACHABLE,
        Remedy.ALERT: PushResult.MISCONFIGURED,
        Remedy.RENEW_TOKEN: PushResult.MISCONFIGURED,
    }
)
"""Whatever is not here may be sent later. A token that is refused though it is new is a wrong account's."""


def push_answered(push: PushId, remedy: Remedy, detail: str, now: datetime) -> PushAnswered:
    """Return what is told of ``push``, which met an error at ``now`` (aware)."""
    pause_s: float | None = None
    if remedy is Remedy.STOP_UNTIL_MIDNIGHT:
        pause_s = until_midnight_s(now)
    elif remedy is Remedy.NEXT_MINUTE:
        pause_s = MINUTE_S
    result = _RESULTS.get(remedy, PushResult.LATER)
    return PushAnswered(push=push, result=result, detail=detail, pause_s=pause_s)


def until_midnight_s(now: datetime) -> float:
    """Return how long it is (seconds) until WeChat's next day begins, from ``now`` (aware)."""
    here = now.astimezone(CHINA)
    midnight = (here + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - here).total_seconds()
