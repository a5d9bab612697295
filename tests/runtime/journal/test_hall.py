"""The hall's actor on its real journal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.task import Clock

from actors.hall.actor import HallActor, HallAudience, ReadState
from actors.hall.state import HallState
from protocol.answers import Accepted, Answer, Reason, Rejected
from protocol.commands import TakeTicket
from protocol.events import TicketTaken
from protocol.ids import CommandId, ServiceId
from protocol.messages import Submit
from runtime.world import ReactorWorld
from tests.runtime.journal.days import MORNING, ZH
from tests.runtime.journal.rig import SqliteRig, Told


def world_on(clock: Clock) -> ReactorWorld:
    return ReactorWorld(clock, now=lambda: MORNING, monotonic=clock.seconds)  # type: ignore[arg-type]


class LiveHall:
    """A hall on a clock of the test, on a journal on the disk."""

    def __init__(self, path: Path) -> None:
        self._clock = Clock()
        self._world = world_on(self._clock)
        self.rig = SqliteRig(path)
        self._hall = self._world.spawn(
            "hall/HZ01", HallActor, self.rig.spec, self.rig.journal, HallAudience()
        )
        self.turn()
        self.rig.settle()  # the day has begun
        self.turn()

    def turn(self) -> None:
        """Let the actor handle what waits; the journal says nothing meanwhile."""
        self._clock.advance(0)

    def take(self, ids: list[str]) -> Told:
        """Submit so many commands at once, and return whatever is answered to them."""
        answers = Told()
        for id in ids:
            command = TakeTicket(id=CommandId(id), service=ServiceId("tax"), language=ZH)
            self._hall.tell(Submit(command=command, reply_to=answers))
        self.turn()
        return answers

    def until(self, answers: Told, count: int) -> list[Answer]:
        """Let commits end until ``count`` answers are there."""
        while len(answers) < count:
            self.rig.settle()
            self.turn()
        return [message for message in answers if isinstance(message, Accepted | Rejected)]

    def state(self) -> HallState:
        future = self._hall.ask(ReadState(), block=False)
        self.turn()
        state = future.get()
        assert isinstance(state, HallState)
        return state

    def stop(self) -> None:
        self._world.close()
        self.rig.journal.close()


@pytest.fixture
def hall(path: Path) -> Iterator[LiveHall]:
    hall = LiveHall(path)
    yield hall
    hall.stop()


def numbers(answers: list[Answer]) -> list[str]:
    return [
        event.number
        for answer in answers
        if isinstance(answer, Accepted)
        for event in answer.events
        if isinstance(event, TicketTaken)
    ]


def test_hundred_at_once_are_answered_after_they_are_durable(hall: LiveHall) -> None:
    ids = [f"c{number}" for number in range(100)]
    answers = hall.take(ids)
    assert not answers
    taken = numbers(hall.until(answers, 100))
    assert taken == [f"A{number:03}" for number in range(1, 101)]
    durable = hall.rig.journal.read(0, 1_000)
    assert [r.event.number for r in durable if isinstance(r.event, TicketTaken)] == taken


def test_restarted_hall_has_the_same_state_and_gives_the_same_answers(path: Path) -> None:
    before = LiveHall(path)
    first = before.until(before.take(["one", "two", "three"]), 3)
    state = before.state()
    before.stop()
    # The journal holds the day already, so that there is nothing to commit at this start.
    after = SqliteRig(path)
    world = world_on(clock := Clock())
    again = world.spawn("hall/HZ01", HallActor, after.spec, after.journal, HallAudience())
    clock.advance(0)
    future = again.ask(ReadState(), block=False)
    answers = Told()
    command = TakeTicket(id=CommandId("two"), service=ServiceId("tax"), language=ZH)
    again.tell(Submit(command=command, reply_to=answers))
    clock.advance(0)
    assert future.get() == state
    assert answers == [first[1]]
    world.close()
    after.journal.close()


def test_full_disk_refuses_commands_with_the_reason_until_there_is_room(hall: LiveHall) -> None:
    hall.until(hall.take(["before"]), 1)
    state = hall.state()
    limit = hall.rig.journal._connection.execute
    limit("PRAGMA max_page_count = 1")
    # As many as do not fit into the page that is there.
    refused = hall.until(hall.take([f"full{number}" for number in range(300)]), 300)
    for answer in refused:
        assert isinstance(answer, Rejected)
        assert answer.reason is Reason.NOT_DURABLE
        assert "is full: make room there, and it goes on by itself" in answer.detail
    assert hall.state() == state
    limit("PRAGMA max_page_count = 100000")
    # The same command again, now that there is room: refused once is not refused for ever.
    assert numbers(hall.until(hall.take(["full0"]), 1)) == ["A002"]
