"""Invariants by hand-made sightings: what each of them sees, and what it does not mind."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.answers import Accepted
from protocol.commands import TakeTicket
from protocol.events import CounterOpened, Event, TicketHeld, TicketResumed
from protocol.ids import CommandId, KioskId
from protocol.messages import DisplayedCall
from protocol.policies import Policy
from protocol.radio.payloads import PressResult, Result, WindowState
from protocol.values import replace
from sim.watch.displays import SHOWN_WITHIN_S
from sim.watch.invariants import INVARIANTS
from sim.watch.sightings import (
    AlarmsSeen,
    Answered,
    EventSeen,
    FaultSeen,
    Forged,
    HallSaid,
    KeypadSeen,
    Log,
    PaperSeen,
    ProcessEnded,
    ProcessStarted,
    Quiet,
    ScreenSeen,
    WindowSeen,
)
from tests.sim.watch.stage import (
    BEGINS,
    ONE,
    PRIORITY,
    SERVICE,
    TWO,
    ZH,
    Stage,
    called,
    day,
    finished,
    rated,
    taken,
    ticket,
)


def answered(event: Event) -> Answered:
    command = TakeTicket(id=event.command, service=SERVICE, language=ZH)
    return Answered(command=command, answer=Accepted(command=event.command, events=(event,)))


def a_good_day(stage: Stage) -> None:
    """Have two people served as it should be."""
    first, second = taken("A001"), taken("A002")
    stage.happen(day(), first, second)
    stage.see(answered(first), answered(second))
    stage.see(PaperSeen(kiosk=KioskId("k1"), number="A001", ticket=ticket("A001")))
    for number in ("A001", "A002"):
        stage.happen(called(number))
        stage.see(ScreenSeen(calls=(DisplayedCall(number=number, counter=ONE),)))
        stage.see(WindowSeen(counter=ONE, state=WindowState.CALLED, text=number))
        result = PressResult(boot=0, sequence=1, result=Result.CALLED, text=number)
        stage.see(KeypadSeen(counter=ONE, result=result))
        stage.happen(finished(number), rated(number, f"rate/{number}"))
        stage.see(WindowSeen(counter=ONE, state=WindowState.IDLE, text=""), ScreenSeen(calls=()))
    stage.see(ProcessEnded(), ProcessStarted(durable=stage.durable()), stage.said(fresh=True))
    stage.wait(1_000)
    stage.see(Quiet(said=stage.said(), closed=True))


@pytest.mark.parametrize("number", INVARIANTS)
def test_good_day_breaks_nothing(number: int) -> None:
    stage = Stage(number)
    a_good_day(stage)
    assert stage.found == []


def test_number_given_to_two_people_is_found_by_their_answers() -> None:
    stage = Stage(1)
    stage.see(answered(taken("A001", "one")), answered(taken("A001", "other")))
    assert len(stage.found) == 1


def test_request_that_gives_two_numbers_is_found() -> None:
    stage = Stage(1)
    stage.happen(day(), taken("A001", "same"), taken("A002", "same"))
    assert "asked once [same]" in stage.found[0]


def test_smudged_paper_proves_nothing() -> None:
    stage = Stage(1)
    paper = PaperSeen(kiosk=KioskId("k1"), number="A009", ticket=ticket("A001"))
    stage.see(replace(paper, smudged=True))
    assert stage.found == []
    stage.see(paper)
    assert len(stage.found) == 1


def test_ticket_called_to_two_counters_is_found() -> None:
    stage = Stage(2)
    stage.happen(day(), taken("A001"), called("A001"), called("A001", TWO, "again"))
    assert stage.found == ["A001 is called to 2 while it is at 1"]


def test_press_that_was_forged_and_calls_somebody_is_found() -> None:
    stage = Stage(2)
    stage.see(Forged(what="a press", press="key/g1/10/0/20000"))
    stage.happen(day(), taken("A001"), called("A001", command="key/g1/10/0/1"), finished("A001"))
    assert stage.found == []
    stage.happen(taken("A002"), called("A002", command="key/g1/10/0/20000"))
    assert len(stage.found) == 1


def test_screen_that_sends_a_number_to_two_counters_is_found() -> None:
    stage = Stage(2)
    calls = [DisplayedCall(number="A001", counter=counter) for counter in (ONE, TWO)]
    stage.see(ScreenSeen(calls=tuple(calls)))
    assert len(stage.found) == 1


def test_ticket_that_outlives_its_day_is_found() -> None:
    stage = Stage(3)
    stage.happen(day(), taken("A001"), day())
    assert stage.found == ["its day ended, and A001 is waiting"]


def test_ticket_that_nobody_calls_is_found_once_nobody_is_left() -> None:
    stage = Stage(3)
    stage.happen(day(), taken("A001"))
    stage.see(Quiet(said=stage.said()))
    assert stage.found == []
    stage.see(Quiet(said=stage.said(), closed=True))
    assert len(stage.found) == 1


def test_ticket_that_the_hall_has_forgotten_is_found() -> None:
    stage = Stage(3)
    stage.happen(day())
    stage.see(answered(taken("A001")), stage.said())
    assert stage.found == ["somebody has A001, and the hall knows nothing of it"]


@pytest.mark.parametrize(
    "sighting",
    [
        answered(taken("A001")),
        PaperSeen(kiosk=KioskId("k1"), number="A001", ticket=ticket("A001")),
        WindowSeen(counter=ONE, state=WindowState.CALLED, text="A001"),
        ScreenSeen(calls=(DisplayedCall(number="A001", counter=ONE),)),
        KeypadSeen(
            counter=ONE,
            result=PressResult(boot=0, sequence=1, result=Result.CALLED, text="A001"),
        ),
        EventSeen(seq=1, event=taken("A001")),
        HallSaid(seq=1, tickets={}, counters={}, waiting={}),
    ],
    ids=lambda sighting: type(sighting).__name__,
)
def test_whatever_is_seen_before_it_is_durable_is_found(sighting: Any) -> None:
    stage = Stage(4)
    stage.see(sighting)
    assert len(stage.found) == 1


def test_events_that_vanish_from_the_disk_are_found() -> None:
    stage = Stage(4)
    stage.happen(day(), taken("A001"))
    stage.disk.pop()
    stage.see(ProcessStarted(durable=stage.durable()))
    assert stage.found == ["the disk held 2 events, and holds 1 now"]


def test_later_ticket_of_a_class_that_is_called_first_is_found() -> None:
    stage = Stage(5)
    stage.happen(day(), taken("A001"), taken("A002"), called("A002"))
    assert stage.found == ["A002 is called before A001, which came first"]


def test_who_was_held_may_be_called_out_of_order() -> None:
    stage = Stage(5)
    at = {"at": BEGINS, "ticket": ticket("A001")}
    stage.happen(
        day(),
        taken("A001"),
        taken("A002"),
        TicketHeld(command=CommandId("h"), counter=None, note="", **at),
        called("A002"),
        TicketResumed(command=CommandId("r"), **at),
    )
    assert stage.found == []


def test_class_is_overtaken_as_often_as_the_policy_says_and_no_more() -> None:
    stage = Stage(5, Policy(overtaken_max=2))
    stage.happen(day(), taken("A001"))
    for number in ("A002", "A003", "A004"):
        stage.happen(taken(number, ticket_class=PRIORITY), called(number), finished(number))
        assert bool(stage.found) == (number == "A004")


def test_class_that_has_waited_long_enough_is_overtaken_no_more() -> None:
    stage = Stage(5, Policy(overtaken_wait_s=300.0))
    stage.happen(day(), taken("A001"), taken("A002", ticket_class=PRIORITY))
    stage.happen(taken("A003", ticket_class=PRIORITY), called("A002", at_s=299))
    assert stage.found == []
    stage.happen(finished("A002"), called("A003", at_s=300))
    assert len(stage.found) == 1


def test_call_without_window_or_alarm_is_found_and_one_with_an_alarm_is_not() -> None:
    for alarms, found in ((), 1), (("window/1",), 0), (("gateway/g1",), 0), (("paper/k1",), 1):
        stage = Stage(6)
        stage.happen(day(), taken("A001"), called("A001"))
        stage.see(ScreenSeen(calls=(DisplayedCall(number="A001", counter=ONE),)))
        stage.see(AlarmsSeen(alarms=alarms))
        stage.wait(60)
        assert len(stage.found) == found, alarms


def test_screen_without_power_need_not_show_calls() -> None:
    for dark in (True, False):
        stage = Stage(6)
        stage.see(ScreenSeen(calls=(), dark=dark))
        stage.wait(10)
        stage.happen(day(), taken("A001"), called("A001", TWO))
        stage.wait(10)
        assert bool(stage.found) is not dark


def test_call_that_was_alarmed_is_to_be_shown_once_the_alarm_is_over() -> None:
    for shown in (True, False):
        stage = Stage(6)
        stage.happen(day(), taken("A001"), called("A001"))
        stage.see(ScreenSeen(calls=(DisplayedCall(number="A001", counter=ONE),)))
        stage.see(FaultSeen(text="jam"), AlarmsSeen(alarms=("gateway/g1",)))
        stage.wait(60)
        stage.see(AlarmsSeen(alarms=()))
        if shown:
            stage.see(WindowSeen(counter=ONE, state=WindowState.CALLED, text="A001"))
        stage.wait(SHOWN_WITHIN_S + 5)
        assert bool(stage.found) is not shown


def test_alarm_of_a_window_that_stays_though_nothing_is_wrong_is_found() -> None:
    stage = Stage(6)
    stage.see(FaultSeen(text="jam"), AlarmsSeen(alarms=("window/1",)))
    stage.wait(1000)
    stage.see(FaultSeen(text="no jam", calm=True))
    stage.wait(70)
    assert stage.found == []
    stage.wait(80)
    assert len(stage.found) == 1


def test_stuck_window_is_to_be_known_by_its_next_heartbeat() -> None:
    stage = Stage(6)
    stage.see(FaultSeen(text="stuck", stuck=frozenset({ONE})))
    stage.happen(day(), taken("A001"), called("A001"))
    stage.see(ScreenSeen(calls=(DisplayedCall(number="A001", counter=ONE),)))
    stage.wait(60)
    assert stage.found == []
    stage.wait(700)
    assert len(stage.found) == 1


def test_window_that_shows_somebody_else_when_all_is_quiet_is_found() -> None:
    stage = Stage(6)
    stage.happen(day(), taken("A001"), called("A001"), finished("A001"))
    stage.see(WindowSeen(counter=ONE, state=WindowState.CALLED, text="A001"))
    stage.see(Quiet(said=stage.said()))
    assert len(stage.found) == 1


def test_second_rating_of_one_service_is_found() -> None:
    stage = Stage(9)
    stage.happen(day(), taken("A001"), called("A001"), finished("A001"))
    stage.happen(rated("A001", "one"))
    assert stage.found == []
    stage.happen(rated("A001", "other"))
    assert len(stage.found) == 1


def test_rating_that_is_counted_twice_of_its_counter_is_found() -> None:
    stage = Stage(9)
    stage.happen(day(), taken("A001"), called("A001"), finished("A001"), rated("A001", "one"))
    said = stage.said()
    counters = {**said.counters, ONE: replace(said.counters[ONE], evaluated=2)}
    stage.see(replace(said, counters=counters))
    assert len(stage.found) == 1


def test_hall_that_begins_with_something_else_than_the_disk_holds_is_found() -> None:
    opened = CounterOpened(at=BEGINS, command=CommandId("o"), counter=ONE)
    for lost in ("an event", "a ticket", "nothing"):
        stage = Stage(10)
        stage.happen(day(), taken("A001"), opened)
        stage.see(ProcessEnded(), ProcessStarted(durable=3))
        said = stage.said(fresh=True)
        if lost == "an event":
            said = replace(said, seq=2)
        elif lost == "a ticket":
            said = replace(said, tickets={})
        stage.see(said)
        assert bool(stage.found) == (lost != "nothing")


def test_repeat_that_has_another_answer_is_found() -> None:
    stage = Stage(10)
    stage.see(answered(taken("A001", "same")), answered(taken("A001", "same")))
    assert stage.found == []
    stage.see(answered(taken("A002", "same")))
    assert len(stage.found) == 1


def test_log_tells_what_concerns_a_ticket_and_keeps_no_more_than_it_may() -> None:
    log = Log(kept=5)
    for at_s, number in enumerate(["A001", "A002", "A003"]):
        log.note((at_s, EventSeen(seq=at_s, event=taken(number))))
    log.note((3.0, ProcessEnded()))
    assert [line.split("s  ")[1][:10] for line in log.around("A002", 9)] == [
        "event 1: T",
        "process is",
    ]
    assert len(log.around("A002", 1)) == 1
    for _ in range(9):
        log.note((4.0, ProcessEnded()))
    assert len(log) == 5
