"""What a rehearsal has shown of phones: what they were told and when, and what it was good for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from protocol.pushes import PushKind, PushOutcome
from protocol.values import value
from sim.lab.push_log import PushLog
from sim.lab.run import Outcome
from sim.lab.visitors import End, Visitor
from sim.statistics import mean, percentiles

LATE_S = 30.0
"""A push that comes later than so long after it was due is late."""
TIMES_SHOWN_MAX = 2_000
"""Times of preliminary pushes that a report keeps one by one, evenly chosen."""


@value
class PushFigures:
    """The pushes of one kind: each was told, is lost, or was refused by WeChat."""

    kind: PushKind
    due: int
    told: int
    """Came to a phone,"""
    late: int
    """of these more than `LATE_S` after they were due."""
    lost: int
    """Were not worth sending any more before they could be sent."""
    refused: int


@value
class GroupFigures:
    """Those who took their tickets by phone, who took them in the hall, or who waited elsewhere meanwhile."""

    name: str
    people: int
    """Who got a ticket."""
    called: int
    wait_mean_s: float
    """In the building, until the call."""
    wait_p90_s: float
    missed: int
    """Were called while they were away, or on the way, and asked for another place."""
    no_shows: int
    """Whose ticket was given up for good."""


@value
class QuotaFigures:
    """Calls of WeChat's interfaces on the day with the most, and how many a day may have."""

    path: str
    used: int
    limit: int


@value
class PhoneFigures:
    """See the module. Times are in seconds."""

    followed: int
    """Tickets that phones followed."""
    uncoded: int
    """Papers that had no code of WeChat's."""
    pushes: tuple[PushFigures, ...]
    before_call_mean_s: float | None
    """How long before the call the preliminary push came; None if none did."""
    before_call_p10_s: float | None
    """One in ten came later than so long before it."""
    before_call_s: tuple[float, ...]
    """At most `TIMES_SHOWN_MAX` of them."""
    groups: tuple[GroupFigures, ...]
    quotas: tuple[QuotaFigures, ...]

    @property
    def told_in_time(self) -> float | None:
        """The share of pushes that came, and not late; None if none was due."""
        due = sum(each.due for each in self.pushes)
        in_time = sum(each.told - each.late for each in self.pushes)
        return in_time / due if due else None

    def group(self, name: str) -> GroupFigures:
        """Return the figures of a group."""
        return next(each for each in self.groups if each.name == name)


REMOTE, WALK_IN, ELSEWHERE = "remote", "walk-in", "elsewhere"


def phone_figures(outcome: Outcome) -> PhoneFigures | None:
    """Return what was seen of phones; None where nobody had one."""
    log = outcome.pushes
    if log is None:
        return None
    before_s = sorted(log.before_call_s())
    every = max(1, -(-len(before_s) // TIMES_SHOWN_MAX))
    return PhoneFigures(
        followed=log.followed,
        uncoded=log.uncoded,
        pushes=tuple(_pushes(log)),
        before_call_mean_s=mean(before_s) if before_s else None,
        before_call_p10_s=percentiles(before_s, (0.1,))[0] if before_s else None,
        before_call_s=tuple(before_s[::every]),
        groups=tuple(_groups(outcome.visitors)),
        quotas=tuple(
            QuotaFigures(path=path, used=used, limit=limit)
            for path, (used, limit) in log.used.items()
        ),
    )


def _pushes(log: PushLog) -> Iterable[PushFigures]:
    for kind in PushKind:
        notes = [note for note in log.pushes if note.kind is kind]
        if not notes:
            continue
        late_s = [note.late_s for note in notes if note.late_s is not None]
        refused = sum(note.outcome is PushOutcome.REFUSED for note in notes if note.told_at is None)
        yield PushFigures(
            kind=kind,
            due=len(notes),
            told=len(late_s),
            late=sum(each > LATE_S for each in late_s),
            lost=len(notes) - len(late_s) - refused,
            refused=refused,
        )


def _groups(visitors: Sequence[Visitor]) -> Iterable[GroupFigures]:
    got = [each for each in visitors if each.taken_s is not None]
    yield _group(REMOTE, [each for each in got if each.remote])
    there = [each for each in got if not each.remote]
    yield _group(WALK_IN, [each for each in there if not _strolled(each)])
    yield _group(ELSEWHERE, [each for each in there if _strolled(each)])


def _strolled(visitor: Visitor) -> bool:
    phone = visitor.phone
    return phone is not None and (phone.gone or phone.returns_s is not None)


def _group(name: str, visitors: Sequence[Visitor]) -> GroupFigures:
    waits_s = [each.waited_s for each in visitors if each.waited_s is not None]
    return GroupFigures(
        name=name,
        people=len(visitors),
        called=len(waits_s),
        wait_mean_s=mean(waits_s) if waits_s else 0.0,
        wait_p90_s=percentiles(waits_s, (0.9,))[0] if waits_s else 0.0,
        missed=sum(each.came_back for each in visitors),
        no_shows=sum(each.end is End.NO_SHOW for each in visitors),
    )


class _Report(Protocol):
    """A report that may have figures of phones."""

    @property
    def phones(self) -> PhoneFigures | None: ...


Figure = Callable[[_Report], float | None]


def _of_group(group: str, figure: Callable[[GroupFigures], float]) -> Figure:
    def of(report: _Report) -> float | None:
        found = None if report.phones is None else report.phones.group(group)
        return figure(found) if found is not None and found.called else None

    return of


def _of(figure: Callable[[PhoneFigures], float | None]) -> Figure:
    return lambda report: None if report.phones is None else figure(report.phones)


PHONE_FIGURES: tuple[tuple[str, str, bool | None, Figure], ...] = (
    (
        "mean wait of remote customers",
        "s",
        True,
        _of_group(REMOTE, lambda group: group.wait_mean_s),
    ),
    ("mean wait of walk-ins", "s", True, _of_group(WALK_IN, lambda group: group.wait_mean_s)),
    (
        "remote customers called too early",
        "people",
        True,
        _of_group(REMOTE, lambda group: group.missed),
    ),
    ("remote customers no-show", "people", True, _of_group(REMOTE, lambda group: group.no_shows)),
    ("pushes told in time", "share", False, _of(lambda phones: phones.told_in_time)),
    ("preliminary push before the call", "s", None, _of(lambda phones: phones.before_call_mean_s)),
)
"""What is told of many runs, and compared: name, unit, whether less is better (None: neither), the figure."""
