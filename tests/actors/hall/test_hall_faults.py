"""A hall whose disk and actor fail at any moment: what was answered holds, and nothing happens twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from actors.hall.actor import HallActor, HallAudience, ReadState
from actors.hall.apply import apply_all
from actors.hall.state import HallState
from actors.supervisor import FAILURES_MAX, Supervisor
from protocol.answers import Accepted
from protocol.commands import CallNext, CancelTicket, Command, FinishService, TakeTicket
from protocol.events import TicketTaken
from protocol.ids import CommandId, TicketId
from protocol.messages import Recorded, Submit, Subscribe
from sim.journal import MemoryJournal
from sim.world import SimWorld
from tests.actors.hall.conftest import ONE, TAX, TWO, VAT, ZH, hall_spec
from tests.actors.recorders import Ear

COMMIT_S = 0.01

DEEDS = st.one_of(
    st.tuples(st.sampled_from(("take", "call", "finish", "cancel")), st.integers(0, 3)),
    st.tuples(st.just("repeat"), st.integers(0, 40)),
    st.tuples(st.just("disk"), st.integers(0, 3)),
    st.tuples(st.just("crash"), st.just(0)),
)
WAITS_S = st.sampled_from((0.0, 0.0, 0.004, 0.012, 0.3))


class Stage:
    """A hall, its journal on a slow disk, and clients that remember."""

    def __init__(self) -> None:
        self.world = SimWorld(seed=1)
        self.given_up: list[str] = []
        self.world.failures = Supervisor(
            self.world, lambda name, _error: self.given_up.append(name)
        )
        self.journal = MemoryJournal(self.world.env, commit_s=COMMIT_S)
        self.hall = self.world.spawn(
            "hall/HZ01", HallActor, hall_spec(), self.journal, HallAudience()
        )
        self.heard = Ear()
        self.hall.tell(Subscribe(recipient=self.heard))
        self.commands: list[Command] = []
        self.asked: defaultdict[CommandId, int] = defaultdict(int)
        self.answers = Ear()
        self.crashes = 0

    def do(self, deed: str, number: int) -> None:
        id = CommandId(f"c{len(self.commands)}")
        match deed:
            case "take":
                self.submit(TakeTicket(id=id, service=(TAX, VAT)[number % 2], language=ZH))
            case "call":
                self.submit(CallNext(id=id, counter=(ONE, TWO)[number % 2]))
            case "finish":
                self.submit(FinishService(id=id, counter=(ONE, TWO)[number % 2]))
            case "cancel":
                ticket = TicketId(f"20260302-A00{number + 1}")
                self.submit(CancelTicket(id=id, ticket=ticket))
            case "repeat" if self.commands:
                self.ask(self.commands[number % len(self.commands)])
            case "disk":
                self.journal.fail_next(number)
            case "crash" if self.crashes < FAILURES_MAX - 1:
                self.crashes += 1
                self.hall.tell("a message that no hall takes")

    def submit(self, command: Command) -> None:
        self.commands.append(command)
        self.ask(command)

    def ask(self, command: Command) -> None:
        self.asked[command.id] += 1
        self.hall.tell(Submit(command=command, reply_to=self.answers))

    def run(self, seconds: float) -> None:
        self.world.run(self.world.env.now + seconds)

    def state(self) -> HallState:
        future = self.hall.ask(ReadState(), block=False)
        self.run(1)
        return future.get()  # type: ignore[no-any-return]


# A refused repeat must not become new; a predecessor's failed commit must not be taken for the present one.
@example(
    deeds=[
        (("take", 0), 0.3),
        (("disk", 1), 0.0),
        (("take", 1), 0.0),
        (("repeat", 0), 0.3),
        (("repeat", 0), 0.3),
    ]
)
@example(
    deeds=[
        *[(("crash", 0), 0.0)] * 3,
        (("crash", 0), 0.9),
        (("crash", 0), 0.3),
        (("disk", 1), 0.3),
        (("crash", 0), 0.0),
        (("crash", 0), 0.9),
    ]
)
@settings(max_examples=100)
@given(deeds=st.lists(st.tuples(DEEDS, WAITS_S), max_size=60))
def test_what_was_answered_holds_and_nothing_happens_twice(deeds: Any) -> None:
    stage = Stage()
    for (deed, number), wait_s in deeds:
        stage.do(deed, number)
        if wait_s:
            stage.run(wait_s)
    stage.journal.fail_next(0)
    stage.run(60)
    assert not stage.given_up
    durable = stage.journal.read(0, 10_000)
    check_answers(stage, durable)
    # Listeners heard every durable event once; the state is what the events make of nothing.
    assert list(stage.heard) == list(durable)
    events = [record.event for record in durable]
    assert stage.state() == apply_all(HallState(spec=hall_spec()), events)
    numbers = [event.number for event in events if isinstance(event, TicketTaken)]
    assert len(numbers) == len(set(numbers))


def check_answers(stage: Stage, durable: Sequence[Recorded]) -> None:
    answers: defaultdict[CommandId, list[Any]] = defaultdict(list)
    for message in stage.answers:
        answers[message.command].append(message)
    # Whoever asked was answered, once for each time.
    assert {id: len(told) for id, told in answers.items()} == stage.asked
    groups = [
        (id, tuple(record.event for record in records))
        for id, records in groupby(durable, lambda record: record.event.command)
    ]
    caused = dict(groups)
    assert len(caused) == len(groups), "a command happened twice"
    for id, told in answers.items():
        happened = [isinstance(answer, Accepted) and answer.events != () for answer in told]
        if True in happened:
            # From then on, everybody is told the same, and it is what is durable.
            since = told[happened.index(True) :]
            assert since == [Accepted(command=id, events=caused[id])] * len(since)
