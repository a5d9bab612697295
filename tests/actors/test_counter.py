from __future__ import annotations

from typing import Any

import pytest

from actors.counter import PRESSES_MAX, CounterActor
from protocol.answers import Accepted, Reason, Rejected
from protocol.commands import (
    CallNext,
    CloseCounter,
    FinishService,
    HoldTicket,
    MarkNoShow,
    OpenCounter,
    RecallTicket,
    StartService,
    TogglePause,
    TransferTicket,
)
from protocol.events import TicketCalled
from protocol.hall import HallSpec, Service
from protocol.ids import CounterId, HallId, Language, ServiceId, StaffId
from protocol.messages import KeyPressed, PressAnswered, PressOutcome, Submit
from protocol.radio.payloads import Key
from protocol.values import replace
from tests.actors.conftest import NOON
from tests.actors.recorders import Ear, RecorderActor

ONE = CounterId("1")


@pytest.fixture
def hall() -> Ear:
    return Ear()


@pytest.fixture
def counter(rig: Any, hall: Ear) -> Any:
    return rig.world.spawn("counter", CounterActor, ONE, rig.world.spawn("h", RecorderActor, hall))


@pytest.mark.parametrize(
    ("key", "command"),
    [
        (Key.NEXT, CallNext),
        (Key.RECALL, RecallTicket),
        (Key.START, StartService),
        (Key.FINISH, FinishService),
        (Key.NO_SHOW, MarkNoShow),
        (Key.HOLD, HoldTicket),
        (Key.PAUSE, TogglePause),
    ],
)
def test_a_key_becomes_the_command_of_its_press(
    rig: Any, hall: Ear, counter: Any, key: Key, command: Any
) -> None:
    counter.tell(KeyPressed(key=key, press="g1/7/1/2"))
    rig.run()
    (submit,) = hall
    assert submit == Submit(command=command(id="key/g1/7/1/2", counter=ONE))


@pytest.mark.parametrize(
    ("key", "events", "outcome", "text"),
    [
        (Key.NEXT, True, PressOutcome.CALLED, "A001"),
        (Key.NEXT, False, PressOutcome.NOTHING_WAITING, "无人等候"),
        (Key.START, False, PressOutcome.DONE, ""),
        (Key.HOLD, False, PressOutcome.DONE, ""),
        (Key.PAUSE, False, PressOutcome.DONE, ""),
    ],
)
def test_the_keypad_learns_what_its_press_did(
    rig: Any, counter: Any, key: Key, events: bool, outcome: PressOutcome, text: str
) -> None:
    keypad = Ear()
    counter.tell(KeyPressed(key=key, press="p", reply_to=keypad))
    called = TicketCalled(
        at=NOON, command="key/p", ticket="t", number="A001", service="s", counter=ONE
    )
    counter.tell(Accepted(command="key/p", events=(called,) if events else ()))
    rig.run()
    assert keypad[0] == PressAnswered(press="p", outcome=outcome, text=text)


def test_a_refusal_reaches_the_keypad_with_its_reason(rig: Any, counter: Any) -> None:
    keypad = Ear()
    counter.tell(KeyPressed(key=Key.RECALL, press="p", reply_to=keypad))
    refusal = Rejected(command="key/p", reason=Reason.RECALL_TOO_SOON, detail="wait")
    counter.tell(refusal)
    rig.run()
    assert keypad[0] == PressAnswered(press="p", outcome=PressOutcome.REFUSED, text="稍后再呼")


def test_a_hall_that_speaks_english_first_tells_its_keypads_so(rig: Any, hall: Ear) -> None:
    spec = replace(ROSTERED, languages=(Language("en"), Language("zh")))
    ref = rig.world.spawn("h", RecorderActor, hall)
    counter = rig.world.spawn("counter", CounterActor, ONE, ref, spec)
    keypad = Ear()
    for press in ("p", "q"):
        counter.tell(KeyPressed(key=Key.NEXT, press=press, reply_to=keypad))
    counter.tell(Accepted(command="key/p", events=()))
    counter.tell(Rejected(command="key/q", reason=Reason.COUNTER_CLOSED, detail="open it"))
    rig.run()
    assert [answered.text for answered in keypad] == ["nobody waiting", "counter closed"]


ROSTERED = HallSpec(
    id=HallId("H"),
    names={Language("zh"): "大厅"},
    services={
        ServiceId("tax"): Service(
            id=ServiceId("tax"), names={Language("zh"): "税务", Language("en"): "Tax"}, prefix="A"
        )
    },
    counters={},
    staff={StaffId("007"): "王芳", StaffId("1002"): "李强", StaffId("wang"): "王"},
)


@pytest.fixture
def rostered(rig: Any, hall: Ear) -> Any:
    ref = rig.world.spawn("h", RecorderActor, hall)
    return rig.world.spawn("counter", CounterActor, ONE, ref, ROSTERED)


@pytest.mark.parametrize(
    ("pressed", "command", "text"),
    [
        (
            {"key": Key.TRANSFER, "to_service": "tax"},
            TransferTicket(id="key/p", counter=ONE, to_service=ServiceId("tax")),
            "税务",
        ),
        (
            {"key": Key.LOGIN, "code": 7},
            OpenCounter(id="key/p", counter=ONE, staff=StaffId("007")),
            "王芳",
        ),
        (
            {"key": Key.LOGIN, "code": 1002},
            OpenCounter(id="key/p", counter=ONE, staff=StaffId("1002")),
            "李强",
        ),
        # The hall says whether it takes somebody who is not in its roster.
        (
            {"key": Key.LOGIN, "code": 8},
            OpenCounter(id="key/p", counter=ONE, staff=StaffId("8")),
            "8",
        ),
        ({"key": Key.LOGIN, "code": 0}, CloseCounter(id="key/p", counter=ONE), ""),
    ],
)
def test_a_transfer_and_a_login_are_carried_out_and_named(
    rig: Any, hall: Ear, rostered: Any, pressed: Any, command: Any, text: str
) -> None:
    keypad = Ear()
    rostered.tell(KeyPressed(press="p", reply_to=keypad, **pressed))
    rig.run()
    assert [submit.command for submit in hall] == [command]
    rostered.tell(NOT_KEPT)
    rig.run()
    assert [submit.command for submit in hall] == [command, command]
    rostered.tell(Accepted(command="key/p", events=()))
    rig.run()
    assert keypad[0] == PressAnswered(press="p", outcome=PressOutcome.DONE, text=text)


@pytest.mark.parametrize("key", [Key.TRANSFER, Key.LOGIN])
def test_a_key_that_lacks_what_it_needs_is_refused_and_never_reaches_the_hall(
    rig: Any, hall: Ear, counter: Any, key: Key
) -> None:
    keypad = Ear()
    counter.tell(KeyPressed(key=key, press="p", reply_to=keypad))
    rig.run()
    assert keypad[0].outcome is PressOutcome.REFUSED
    assert not hall


def test_unanswered_presses_are_bounded_and_the_oldest_is_forgotten(rig: Any, counter: Any) -> None:
    keypad = Ear()
    for number in range(PRESSES_MAX + 1):
        counter.tell(KeyPressed(key=Key.START, press=str(number), reply_to=keypad))
    for number in range(PRESSES_MAX + 1):
        counter.tell(Accepted(command=f"key/{number}", events=()))
    rig.run()
    assert [answered.press for answered in keypad] == [str(n + 1) for n in range(PRESSES_MAX)]


NOT_KEPT = Rejected(command="key/p", reason=Reason.NOT_DURABLE, detail="the hall failed")


def test_a_press_whose_outcome_the_hall_does_not_know_is_asked_once_more(
    rig: Any, hall: Ear, counter: Any
) -> None:
    keypad = Ear()
    counter.tell(KeyPressed(key=Key.NEXT, press="p", reply_to=keypad))
    counter.tell(NOT_KEPT)
    rig.run()
    assert not keypad
    assert [submit.command for submit in hall] == [CallNext(id="key/p", counter=ONE)] * 2
    called = TicketCalled(
        at=NOON, command="key/p", ticket="t", number="A001", service="s", counter=ONE
    )
    counter.tell(Accepted(command="key/p", events=(called,)))
    rig.run()
    assert [(answered.outcome, answered.text) for answered in keypad] == [
        (PressOutcome.CALLED, "A001")
    ]


def test_a_press_that_cannot_be_made_durable_is_refused_after_the_second_time(
    rig: Any, hall: Ear, counter: Any
) -> None:
    keypad = Ear()
    counter.tell(KeyPressed(key=Key.NEXT, press="p", reply_to=keypad))
    for _ in range(2):
        counter.tell(NOT_KEPT)
    rig.run()
    assert len(hall) == 2
    assert [(answered.outcome, answered.text) for answered in keypad] == [
        (PressOutcome.REFUSED, "未能保存，请再按")
    ]


def test_a_press_is_refused_when_there_is_no_hall(rig: Any, failures: list[Any]) -> None:
    hall = rig.world.spawn("h", RecorderActor, Ear())
    counter = rig.world.spawn("counter", CounterActor, ONE, hall)
    hall.stop(block=False)
    rig.run()
    keypad = Ear()
    counter.tell(KeyPressed(key=Key.NEXT, press="p", reply_to=keypad))
    counter.tell(KeyPressed(key=Key.NEXT, press="q"))
    rig.run()
    assert not failures
    assert [(answered.press, answered.outcome) for answered in keypad] == [
        ("p", PressOutcome.REFUSED)
    ]
