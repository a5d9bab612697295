"""Bugs by which a restart does not give the state of the durable prefix."""

from __future__ import annotations

from actors.hall.actor import HallActor
from actors.hall.memory import AnswerMemory
from actors.hall.state import HallState
from actors.ports import Recovery
from protocol.values import replace
from sim.explore.case import Case
from sim.journal import MemoryJournal
from tests.sim.explore.planted.bug import Bug, Plant


def _snapshot_one_event_late(plant: Plant) -> None:
    """A snapshot holds the state before the event whose number it bears."""
    committed, keep = HallActor._committed, HallActor._keep_snapshot
    before: dict[int, HallState] = {}

    def note(hall: HallActor, batch: object) -> None:
        before[id(hall)] = hall._durable
        committed(hall, batch)  # type: ignore[arg-type]

    def keep_old(hall: HallActor) -> None:
        durable = hall._durable
        hall._durable = replace(before[id(hall)], seq=durable.seq)
        try:
            keep(hall)
        finally:
            hall._durable = durable

    plant.attribute(HallActor, "_committed", note)
    plant.attribute(HallActor, "_keep_snapshot", keep_old)


def _answers_are_forgotten(plant: Plant) -> None:
    """A restart forgets which commands were carried out: whoever asks again is given something else."""
    plant.attribute(AnswerMemory, "rebuild", lambda _memory, _records: None)


def _replay_stops_early(plant: Plant) -> None:
    """The last event of the journal is left out."""
    recover = MemoryJournal.recover

    def recover_less(journal: MemoryJournal) -> Recovery:
        recovery = recover(journal)
        events = list(recovery.events)
        return Recovery(snapshot=recovery.snapshot, events=iter(events[:-1]))

    plant.attribute(MemoryJournal, "recover", recover_less)


def _dies(case: Case) -> bool:
    return any(fault.kind == "process-kill" for fault in case.faults)


BUGS = (
    Bug(
        name="snapshot one event late",
        invariant=10,
        seed=0,
        plant=_snapshot_one_event_late,
        actor_may_fail=True,
    ),
    Bug(
        name="answers are forgotten",
        invariant=10,
        seed=13,
        plant=_answers_are_forgotten,
        can_show=_dies,
    ),
    Bug(
        name="replay stops an event early",
        invariant=10,
        seed=0,
        plant=_replay_stops_early,
    ),
)
