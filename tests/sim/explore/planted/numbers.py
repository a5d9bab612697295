"""Bugs by which a number is issued twice."""

from __future__ import annotations

from typing import Any

from actors.hall.batch import Batch
from actors.hall.memory import AnswerMemory
from actors.kiosk import KioskActor
from sim.explore.case import Case
from tests.sim.explore.planted.bug import Bug, Plant


def _forgets_ids(plant: Plant) -> None:
    """An id is not remembered: a double click takes two tickets."""
    plant.attribute(AnswerMemory, "remember", lambda _memory, _answer: None)


def _answers_though_nothing_was_written(plant: Plant) -> None:
    """A commit that fails is answered like one that succeeds; its numbers are given out again."""
    plant.attribute(Batch, "refuse", lambda batch, _detail: batch.release())


def _prints_the_code_of_the_last_ticket(plant: Plant) -> None:
    """A kiosk prints a ticket with the code of the one before."""
    printed = KioskActor._print
    last: dict[str, Any] = {}

    def print_with_old_code(kiosk: KioskActor, facts: Any, language: Any) -> None:
        url, before = kiosk._scan_url, last.get(kiosk.name, facts.ticket)
        last[kiosk.name] = facts.ticket
        kiosk._scan_url = lambda _ticket: url(before)
        try:
            printed(kiosk, facts, language)
        finally:
            kiosk._scan_url = url

    plant.attribute(KioskActor, "_print", print_with_old_code)


def _disk_fails(case: Case) -> bool:
    return any(fault.kind in ("disk-full", "disk-failed-sync") for fault in case.faults)


BUGS = (
    Bug(name="ids are not remembered", invariant=1, seed=0, plant=_forgets_ids),
    Bug(
        name="answered though not written",
        invariant=1,
        seed=0,
        plant=_answers_though_nothing_was_written,
        can_show=_disk_fails,
    ),
    Bug(
        name="the code of the ticket before",
        invariant=1,
        seed=0,
        plant=_prints_the_code_of_the_last_ticket,
    ),
)
