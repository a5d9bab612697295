"""What becomes of a push that met an error."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from protocol.ids import PushId
from protocol.pushes import PushResult
from protocol.wechat.errcodes import REMEDIES, Remedy, remedy
from protocol.wechat.sent import push_answered, until_midnight_s

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
"""12:00 in China."""


def answered(met: Remedy) -> tuple[PushResult, float | None]:
    answer = push_answered(PushId("p/1"), met, "as WeChat says", NOON)
    assert (answer.push, answer.detail) == ("p/1", "as WeChat says")
    return answer.result, answer.pause_s


@pytest.mark.parametrize(
    ("code", "result", "pause_s"),
    [
        (-1, PushResult.LATER, None),
        (45011, PushResult.LATER, 60.0),
        (45009, PushResult.LATER, 12 * 3600.0),
        (40003, PushResult.REFUSED, None),
        (43101, PushResult.REFUSED, None),
        (43004, PushResult.UNREACHABLE, None),
        (40037, PushResult.MISCONFIGURED, None),
        (47003, PushResult.MISCONFIGURED, None),
        (48001, PushResult.MISCONFIGURED, None),
        (40001, PushResult.MISCONFIGURED, None),
        (45065, PushResult.SENT, None),
        (99999, PushResult.MISCONFIGURED, None),
    ],
)
def test_error_is_acted_on(code: int, result: PushResult, pause_s: float | None) -> None:
    assert answered(remedy(code)) == (result, pause_s)


def test_every_known_code_has_an_answer() -> None:
    for met in REMEDIES.values():
        assert answered(met)[0] in PushResult


def test_midnight_is_told_from_any_zone() -> None:
    late = datetime(2026, 11, 24, 23, 59, 30, tzinfo=UTC)
    assert until_midnight_s(late) == 16 * 3600 + 30
