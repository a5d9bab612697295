"""The figures of phones as rows of tables, for the terminal and the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from protocol.pushes import PushKind
from sim.lab.phone_figures import PhoneFigures
from sim.lab.words import minutes
from sim.wechat.paths import CODES, SEND

__all__ = ["GROUP_HEADINGS", "PUSH_HEADINGS", "group_rows", "phone_rows", "push_rows"]

PUSH_HEADINGS = ("due", "told", "late", "lost", "refused")
GROUP_HEADINGS = ("people", "called", "mean wait", "90 %", "called too early", "no-show")

_KINDS: Mapping[PushKind, str] = {
    PushKind.NEAR: "turn comes near",
    PushKind.CALL: "called",
    PushKind.RECALL: "called again",
}
_PATHS: Mapping[str, str] = {SEND: "messages on a day", CODES: "QR codes on a day"}


def phone_rows(phones: PhoneFigures) -> Iterable[tuple[str, str]]:
    """Yield what is told of all phones together."""
    yield "tickets that were followed", f"{phones.followed:,}"
    if phones.uncoded:
        yield "papers without a code", f"{phones.uncoded:,}"
    if phones.before_call_mean_s is not None and phones.before_call_p10_s is not None:
        yield "told before the call, on the average", minutes(phones.before_call_mean_s)
        yield "nine of ten were told before it by", minutes(phones.before_call_p10_s)
    for quota in phones.quotas:
        yield f"{_PATHS.get(quota.path, quota.path)}", f"{quota.used:,} of {quota.limit:,}"


def push_rows(phones: PhoneFigures) -> Iterable[tuple[str, ...]]:
    """Yield what became of the pushes of each kind, as `PUSH_HEADINGS` say."""
    for each in phones.pushes:
        counts = (each.due, each.told, each.late, each.lost, each.refused)
        yield (_KINDS[each.kind], *(f"{count:,}" for count in counts))


def group_rows(phones: PhoneFigures) -> Iterable[tuple[str, ...]]:
    """Yield what became of those with and without phones, as `GROUP_HEADINGS` say."""
    for group in phones.groups:
        if not group.people:
            continue
        times = (
            minutes(each) if group.called else "–" for each in (group.wait_mean_s, group.wait_p90_s)
        )
        yield (
            group.name,
            f"{group.people:,}",
            f"{group.called:,}",
            *times,
            f"{group.missed:,}",
            f"{group.no_shows:,}",
        )
