"""The disk of the hall's machine: full, slow, or failing to make durable what it was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sim.faults.kind import End, FaultKind, Target, seconds, share

if TYPE_CHECKING:
    from sim.site import Site

DISK = Target(name="disk", what="nothing: there is one", places=lambda _premises: ("disk",))

FULL = "the simulated disk is full: no space left on device"
NOT_SYNCED = "the simulated disk failed to sync: input/output error"


def _full(site: Site, _where: str, _given: Mapping[str, float]) -> End:
    refusals = site.refusals

    def full() -> str | None:
        return FULL

    def fill() -> None:
        refusals.append(full)
        site.memory.full = True

    def empty() -> None:
        refusals.remove(full)
        site.memory.full = False

    return site.holds.hold("disk-full", fill, empty)


def _slow(site: Site, _where: str, given: Mapping[str, float]) -> End:
    commit_s = given["commit_s"]

    def slow() -> None:
        site.journal.commit_s = commit_s

    def fast() -> None:
        site.journal.commit_s = site.commit_s

    return site.holds.hold("disk-slow", slow, fast)


def _unsynced(site: Site, _where: str, given: Mapping[str, float]) -> End:
    failed, random = given["share"], site.random

    def fails() -> str | None:
        return NOT_SYNCED if random.random() < failed else None

    site.refusals.append(fails)
    return lambda: site.refusals.remove(fails)


KINDS = (
    FaultKind(
        name="disk-full",
        does="Nothing can be written: commands are refused, and an alarm says why.",
        target=DISK,
        begin=_full,
        live=False,
    ),
    FaultKind(
        name="disk-slow",
        does="Each commit takes long, and answers wait for it.",
        target=DISK,
        begin=_slow,
        parameters={"commit_s": seconds("what a commit takes", 0.5, 0.01, 10.0)},
        live=False,
    ),
    FaultKind(
        name="disk-failed-sync",
        does="Some commits fail when they are synced: what they held is not durable, and is taken back.",
        target=DISK,
        begin=_unsynced,
        parameters={"share": share("the share of commits that fail", 0.2, least=0.01)},
        live=False,
    ),
)
