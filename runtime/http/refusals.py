"""A hall's refusals as problems; closed and full ones say in the customer's language when to come again."""

from __future__ import annotations

from datetime import datetime

from protocol.answers import Reason, Rejected
from protocol.ids import Language
from protocol.values import replace
from runtime.http.languages import moment, text_in
from runtime.http.problems import Problem, of_reason

COME_AGAIN = frozenset(
    {
        Reason.CLOSED,
        Reason.TOO_LATE,
        Reason.QUOTA,
        Reason.NUMBERS_EXHAUSTED,
        Reason.PERSON_LIMIT,
        Reason.CHECK_IN_EARLY,
        Reason.CHECK_IN_LATE,
        Reason.BANNED,
    }
)
"""Reasons that another time may help against."""


def problem_of(rejected: Rejected, language: Language, time_zone: str, now: datetime) -> Problem:
    """Return the problem of a command that was refused at ``now`` (aware), with ``opens_at`` if it is known."""
    problem = of_reason(rejected.reason, rejected.detail)
    reason, opens_at = rejected.reason, rejected.opens_at
    if reason not in COME_AGAIN or (reason is Reason.PERSON_LIMIT and opens_at is None):
        return problem
    if opens_at is None:
        detail = text_in(language, f"refused.{reason}")
        return replace(problem, detail=detail, headers=_in_language(problem, language))
    when = moment(language, opens_at, time_zone, now)
    detail = text_in(language, f"refused.{reason}.again").format(when=when)
    return replace(
        problem,
        detail=detail,
        more={**problem.more, "opens_at": opens_at},
        headers=_in_language(problem, language),
    )


def _in_language(problem: Problem, language: Language) -> tuple[tuple[bytes, bytes], ...]:
    return (*problem.headers, (b"Content-Language", language.encode()))
