from __future__ import annotations

from typing import Any

import pytest

from actors.audience import Audience
from actors.display import ANNOUNCEMENTS_MAX, DisplayActor, ReadDisplay
from actors.hall.actor import ReadState, StateRead
from protocol.commands import CallNext, RecallTicket, TakeTicket
from protocol.events import (
    Event,
    ServiceFinished,
    TicketCalled,
    TicketHeld,
    TicketRecalled,
    TicketRequeued,
    TicketTransferred,
)
from protocol.messages import Announced, DisplayChanged, Recorded, Subscribe, Unwatch, Watch
from protocol.push_events import CallVoiced
from tests.actors.conftest import NOON
from tests.actors.hall.conftest import ONE, TAX, TWO, VAT, ZH, Book, hall_spec
from tests.actors.recorders import Ear, RecorderActor


class Stage:
    def __init__(self, rig: Any) -> None:
        self.rig = rig
        self.hall, self.ear = Ear(), Ear()
        spec = hall_spec(announcement_s=5 * rig.unit_s)
        hall = rig.world.spawn("hall", RecorderActor, self.hall)
        self.display = rig.world.spawn("display", DisplayActor, spec, hall, Audience())
        self.display.tell(Watch(recipient=self.ear))
        rig.run()
        self.seq = 0

    def tell(self, event: Any) -> None:
        self.seq += 1
        self.display.tell(Recorded(seq=self.seq, event=event))

    def call(self, number: str, counter: str) -> None:
        self.tell(
            TicketCalled(
                at=NOON, command="c", ticket=number, number=number, service=TAX, counter=counter
            )
        )

    def announced(self) -> list[str]:
        return [announced.number for announced in self.ear.of(Announced)]

    def shown(self) -> list[tuple[str, str]]:
        future = self.display.ask(ReadDisplay(), block=False)
        self.rig.run()
        return [(call.number, call.counter) for call in future.get().calls]


@pytest.fixture
def stage(rig: Any) -> Stage:
    return Stage(rig)


def test_the_display_follows_the_hall_from_its_start(stage: Stage) -> None:
    assert [type(message) for message in stage.hall] == [Subscribe, ReadState]
    assert isinstance(stage.ear[0], DisplayChanged)


def test_what_was_called_before_is_shown_and_not_announced(stage: Stage) -> None:
    book = Book()
    book.do(TakeTicket(id="t", service=TAX, language=ZH))
    book.do(CallNext(id="n", counter=ONE))
    stage.display.tell(StateRead(state=book.state))
    stage.rig.run()
    assert stage.shown() == [("A001", "1")]
    assert stage.announced() == []


def test_what_was_called_before_is_shown_newest_first(stage: Stage) -> None:
    book = Book()
    for number in range(4):
        book.do(TakeTicket(id=f"t{number}", service=VAT, language=ZH))
    for number, counter in enumerate((TWO, ONE, TWO)):
        book.wait(seconds=5)
        book.do(CallNext(id=f"n{number}", counter=counter))
    stage.display.tell(StateRead(state=book.state))
    stage.rig.run()
    assert stage.shown() == [("B003", "2"), ("B002", "1")]
    book.wait(seconds=5)
    book.do(RecallTicket(id="r", counter=ONE))
    stage.display.tell(StateRead(state=book.state))
    stage.rig.run()
    assert stage.shown() == [("B002", "1"), ("B003", "2")]


def test_announcements_follow_one_another_and_never_overlap(stage: Stage) -> None:
    for number in ("A001", "A002", "A003"):
        stage.call(number, number[-1])
    stage.rig.run()
    assert stage.announced() == ["A001"]
    stage.rig.run(2)
    assert stage.announced() == ["A001"]
    stage.rig.run(4)
    assert stage.announced() == ["A001", "A002"]
    stage.rig.run(12)
    assert stage.announced() == ["A001", "A002", "A003"]
    assert stage.shown() == [("A003", "3"), ("A002", "2"), ("A001", "1")]


def test_a_recall_is_announced_again_after_those_that_wait(stage: Stage) -> None:
    stage.call("A001", "1")
    stage.call("A002", "2")
    stage.tell(
        TicketRecalled(at=NOON, command="r", ticket="A001", number="A001", counter="1", times=1)
    )
    stage.rig.run(20)
    assert stage.announced() == ["A001", "A002", "A001"]
    assert stage.shown() == [("A001", "1"), ("A002", "2")]


def test_a_silent_call_is_shown_and_not_announced_until_it_is_said_aloud(stage: Stage) -> None:
    called = TicketCalled(
        at=NOON,
        command="c",
        ticket="A001",
        number="A001",
        service="tax",
        counter="1",
        silent=True,
    )
    stage.tell(called)
    stage.rig.run(20)
    assert stage.shown() == [("A001", "1")]
    assert stage.announced() == []
    stage.tell(CallVoiced(at=NOON, command="v", ticket="A001", number="A001", counter="1"))
    stage.rig.run(20)
    assert stage.announced() == ["A001"]


def test_a_finished_ticket_leaves_the_display(stage: Stage) -> None:
    stage.call("A001", "1")
    stage.call("A002", "2")
    stage.tell(ServiceFinished(at=NOON, command="f", ticket="A001", counter="1"))
    stage.rig.run()
    assert stage.shown() == [("A002", "2")]


@pytest.mark.parametrize(
    "event",
    [
        TicketHeld(at=NOON, command="h", ticket="A001", counter="1", note=""),
        TicketRequeued(at=NOON, command="r", ticket="A001", counter="1", order=(1,)),
        TicketTransferred(
            at=NOON,
            command="t",
            ticket="A001",
            counter="1",
            service="vat",
            to_counter="2",
            order=(1,),
            note="",
        ),
    ],
    ids=["held", "sent back", "transferred"],
)
def test_a_ticket_that_its_counter_has_no_more_leaves_the_display(
    stage: Stage, event: Event
) -> None:
    stage.call("A001", "1")
    stage.call("A002", "2")
    stage.tell(event)
    stage.rig.run()
    assert stage.shown() == [("A002", "2")]


def test_waiting_announcements_are_bounded_and_the_oldest_goes(stage: Stage) -> None:
    for number in range(ANNOUNCEMENTS_MAX + 2):
        stage.call(f"A{number}", "1")
    stage.rig.run(6)
    assert stage.announced() == ["A0", "A2"]


def test_whoever_leaves_is_told_nothing_more(stage: Stage) -> None:
    stage.display.tell(Unwatch(recipient=stage.ear))
    stage.rig.run()
    heard = len(stage.ear)
    stage.call("A001", "1")
    stage.rig.run()
    assert len(stage.ear) == heard
