"""The printer's actor before a printer that behaves, and one that does not."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.printer import (
    ANSWER_S_MAX,
    JOB_S_MAX,
    LINK_S_MAX,
    POLL_IDLE_S,
    PRINT_S_MAX,
    QUEUE_MAX,
    PrinterActor,
)
from actors.supervisor import Supervisor
from protocol.ids import TicketId
from protocol.messages import (
    ClearAlarm,
    LinkUp,
    OctetsReceived,
    PrintEnded,
    PrintTicket,
    RaiseAlarm,
)
from protocol.printing.status import ASK_WHEN_PRINTED
from sim.devices.printer import EscposPrinter
from sim.links import SimLinks
from sim.world import SimWorld
from tests.actors.conftest import ClockRig, SimRig
from tests.actors.recorders import Ear, RecorderActor

NAME = "hall/HZ01/kiosk/k1/printer"
TROUBLE, LOW = "printer/k1", "paper/k1"


def job(number: str, lines: int = 10) -> bytes:
    """A ticket of 300 dots and more: a quarter of a second, the cut included half a second."""
    text = f"\x1b@\x1d!\x77{number}\n\x1d!\x00" + "line\n" * lines + "\x1dVB\x00"
    return text.encode("latin-1")


class Stage:
    """A printer behind a line of 9600 bit/s, its actor, and who asks for tickets."""

    def __init__(self, **printer: Any) -> None:
        self.world = SimWorld(seed=3)
        self.links = SimLinks(self.world)
        self.printer = EscposPrinter(**printer)
        self.links.register("p", self.printer)
        self.alarms, self.ear = Ear(), Ear()
        alarms = self.world.spawn("alarms", RecorderActor, self.alarms)
        self.ref = self.world.spawn(NAME, PrinterActor, "virtual:p", self.links, alarms)

    def run(self, seconds: float) -> None:
        self.world.run(self.world.env.now + seconds)

    def wake(self) -> None:
        """Somebody did something to the printer."""
        self.links.wake("p")

    def print(self, number: str, lines: int = 10) -> None:
        message = PrintTicket(ticket=TicketId(number), octets=job(number, lines), reply_to=self.ear)
        self.ref.tell(message)

    def ended(self) -> list[tuple[str, str | None]]:
        return [(ended.ticket, ended.failure) for ended in self.ear]

    def numbers(self) -> list[str]:
        return [paper.number for paper in self.printer.papers]

    def raised(self) -> dict[str, str]:
        """The alarms that are up."""
        up = {}
        for message in self.alarms:
            if isinstance(message, RaiseAlarm):
                up[message.alarm] = message.detail
            else:
                up.pop(message.alarm, None)
        return up


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    stage.run(1.0)
    return stage


# -- a printer that is well ----------------------------------------------------------------------


def test_ticket_has_ended_well_once_it_is_cut_and_not_before(stage: Stage) -> None:
    stage.print("A001")
    while not stage.ear:
        assert stage.world.env.now < 10.0
        stage.run(0.01)
        assert not stage.ear or stage.numbers() == ["A001"]
    assert stage.ended() == [("A001", None)]
    assert stage.world.env.now < 3.0
    assert stage.raised() == {}


def test_tickets_come_out_one_after_another(stage: Stage) -> None:
    numbers = [f"A{n:03}" for n in range(1, 6)]
    for number in numbers:
        stage.print(number)
    stage.run(20.0)
    assert stage.ended() == [(number, None) for number in numbers]
    assert stage.numbers() == numbers


def test_ticket_that_comes_before_the_port_is_open_is_printed() -> None:
    stage = Stage()
    stage.print("A001")
    stage.run(5.0)
    assert stage.ended() == [("A001", None)]


def test_ticket_that_comes_while_the_printer_is_asked_is_printed(stage: Stage) -> None:
    stage.run(POLL_IDLE_S - stage.world.env.now + 0.008)
    stage.print("A001")
    stage.run(3.0)
    assert stage.ended() == [("A001", None)]


# -- trouble -------------------------------------------------------------------------------------

TROUBLES = {
    "paper_out": "paper out",
    "cover_open": "cover open",
    "offline": "offline",
    "broken": "printer error",
    "silent": "does not answer",
}


@pytest.mark.parametrize(("switch", "failure"), TROUBLES.items())
def test_trouble_fails_the_ticket_raises_the_alarm_and_prints_nothing(
    stage: Stage, switch: str, failure: str
) -> None:
    setattr(stage.printer, switch, True)
    stage.print("A001")
    stage.run(2.5)
    assert stage.ended() == [("A001", failure)]
    assert stage.raised()[TROUBLE] == failure
    setattr(stage.printer, switch, False)
    stage.run(60.0)
    assert stage.numbers() == []
    assert stage.raised() == {}


@pytest.mark.parametrize(("switch", "failure"), TROUBLES.items())
def test_trouble_is_known_before_the_next_customer_and_its_end_too(
    stage: Stage, switch: str, failure: str
) -> None:
    setattr(stage.printer, switch, True)
    stage.run(POLL_IDLE_S + 2.5)
    assert stage.raised() == {TROUBLE: failure}
    setattr(stage.printer, switch, False)
    stage.run(POLL_IDLE_S + 2.5)
    assert stage.raised() == {}
    stage.print("A002")
    stage.run(3.0)
    assert stage.ended() == [("A002", None)]


LOW_TEXT = "paper is nearly out"


def test_paper_that_runs_low_is_told_and_printing_goes_on(stage: Stage) -> None:
    stage.printer.paper_low = True
    stage.print("A001")
    stage.run(3.0)
    assert stage.ended() == [("A001", None)]
    assert stage.raised() == {LOW: LOW_TEXT}


def test_alarm_is_raised_once_however_often_it_is_seen(stage: Stage) -> None:
    stage.printer.cover_open = True
    stage.run(10 * POLL_IDLE_S)
    raised = [message for message in stage.alarms if isinstance(message, RaiseAlarm)]
    assert len(raised) == 1


@pytest.mark.parametrize(("switch", "failure"), TROUBLES.items())
def test_trouble_in_mid_print_fails_the_ticket_which_is_not_completed_later(
    stage: Stage, switch: str, failure: str
) -> None:
    stage.print("A001", lines=200)
    stage.run(1.5)
    setattr(stage.printer, switch, True)
    stage.run(9.0)
    assert stage.ended() == [("A001", failure)]
    setattr(stage.printer, switch, False)
    stage.wake()
    stage.run(60.0)
    assert stage.numbers() == ([] if switch != "silent" else ["A001"])
    stage.print("A002")
    stage.run(5.0)
    assert stage.ended()[1:] == [("A002", None)]
    assert stage.printer.papers[-1].number == "A002"
    assert "A001" not in stage.printer.papers[-1].text


def test_paper_that_ends_in_mid_print_fails_the_ticket(stage: Stage) -> None:
    stage.printer.paper_dots = 1_000
    stage.print("A001", lines=100)
    stage.run(6.0)
    assert stage.ended() == [("A001", "paper out")]
    stage.printer.load_paper()
    stage.wake()
    stage.print("A002")
    stage.run(5.0)
    assert stage.ended()[1:] == [("A002", None)]
    assert stage.numbers() == ["A002"]
    assert stage.printer.torn[0].number == "A001"


def test_half_a_ticket_is_cut_off_before_the_next(stage: Stage) -> None:
    stage.print("A001", lines=100)
    stage.run(1.5)
    stage.printer.offline = True
    stage.run(3.0)
    stage.printer.offline = False
    stage.print("A002")
    stage.run(5.0)
    assert stage.ended() == [("A001", "offline"), ("A002", None)]
    assert stage.numbers() == ["A001", "A002"]
    assert "A001" not in stage.printer.papers[1].text


def test_printer_that_falls_silent_has_the_whole_time_for_its_last_question(stage: Stage) -> None:
    stage.run(3.3)
    stage.print("A001")
    stage.run(0.004)  # its first questions are answered
    asked_s = stage.world.env.now
    stage.printer.silent = True
    while not stage.ear:
        assert stage.world.env.now < 20.0
        stage.run(0.001)
    assert stage.ended() == [("A001", "does not answer")]
    assert stage.world.env.now - asked_s == pytest.approx(ANSWER_S_MAX, abs=0.01)


def test_babble_instead_of_answers_fails_the_ticket_as_nonsense() -> None:
    failures = set()
    for seed in range(20):
        stage = Stage(babble=Random(seed))
        stage.run(1.0)
        stage.print("A001")
        stage.run(PRINT_S_MAX)
        ((_, failure),) = stage.ended()
        failures.add(failure)
        assert stage.numbers() == []
    assert None not in failures
    assert "answers nonsense" in failures


def test_octets_that_nobody_asked_for_change_nothing(stage: Stage) -> None:
    stage.links.send("p", bytes(range(256)) * 4)
    stage.run(3.0)
    stage.print("A001")
    stage.run(3.0)
    assert stage.ended() == [("A001", None)]


def test_printer_that_is_too_slow_fails_the_ticket_within_its_bound() -> None:
    stage = Stage(speed=50.0)
    stage.run(1.0)
    stage.print("A001", lines=100)
    stage.print("A002")
    stage.run(JOB_S_MAX + 0.1)
    assert stage.ended() == [("A001", "took too long"), ("A002", "took too long")]
    assert stage.numbers() == []


def test_tickets_beyond_the_queue_fail_at_once(stage: Stage) -> None:
    for n in range(QUEUE_MAX + 2):
        stage.print(f"A{n:03}")
    stage.run(0.01)
    assert stage.ended() == [(f"A{QUEUE_MAX + 1:03}", "too many tickets wait for the printer")]
    stage.run(PRINT_S_MAX)
    assert [failure for _, failure in stage.ended()[1:]] == [None] * (QUEUE_MAX + 1)


def test_ticket_that_waits_too_long_fails_and_is_not_printed_later() -> None:
    stage = Stage(speed=200.0)
    stage.run(1.0)
    for n in range(10):
        stage.print(f"A{n:03}", lines=30)
    stage.run(PRINT_S_MAX + 0.1)
    ended = dict(stage.ended())
    assert len(ended) == 10
    printed = [number for number, failure in ended.items() if failure is None]
    assert 0 < len(printed) < 10
    stage.run(100.0)
    assert stage.numbers() == printed


# -- the line ------------------------------------------------------------------------------------


def test_port_that_never_opens_fails_the_ticket() -> None:
    stage = Stage()
    stage.links.unplug("p")
    stage.print("A001")
    stage.run(LINK_S_MAX + 0.1)
    assert [failure for _, failure in stage.ended()] == ["unplugged"]
    stage.print("A002")
    stage.run(0.1)
    assert stage.ended()[1:] == [("A002", "unplugged")]
    assert stage.raised()[TROUBLE].startswith("unplugged: ")


@pytest.mark.parametrize("after_s", [0.005, 0.03, 0.1, 0.3, 1.0])
def test_port_unplugged_in_mid_print_fails_the_ticket_and_leaves_no_ghost(
    stage: Stage, after_s: float
) -> None:
    stage.print("A001", lines=100)
    stage.run(after_s)
    stage.links.unplug("p")
    stage.run(0.1)
    assert stage.ended() == [("A001", "unplugged")]
    stage.links.plug("p")
    stage.run(10.0)
    stage.print("A002")
    stage.run(5.0)
    assert stage.ended()[1:] == [("A002", None)]
    assert stage.printer.papers[-1].number == "A002"
    assert "A001" not in stage.printer.papers[-1].text
    assert stage.raised() == {}


def test_printer_that_comes_back_in_mid_print_is_stopped(stage: Stage) -> None:
    stage.print("A001", lines=100)
    stage.run(1.0)
    stage.links.unplug("p")
    stage.run(0.1)
    stage.links.plug("p")
    stage.run(20.0)
    assert stage.ended() == [("A001", "unplugged")]
    assert stage.numbers() == []


def test_zeros_of_a_dying_line_are_not_taken_for_a_printed_ticket(stage: Stage) -> None:
    stage.print("A001", lines=100)
    stage.run(1.2)
    stage.printer.silent = True
    stage.links.send("p", b"\x00")
    stage.run(PRINT_S_MAX)
    assert stage.ended() == [("A001", "does not answer")]


def test_printer_switched_off_and_on_in_mid_print_fails_the_ticket(stage: Stage) -> None:
    stage.print("A001", lines=100)
    stage.run(1.2)
    stage.printer.power_cycle()
    stage.run(JOB_S_MAX)
    assert stage.ended() == [("A001", "took too long")]
    stage.print("A002")
    stage.run(5.0)
    assert stage.ended()[1:] == [("A002", None)]


def test_failed_actor_ends_its_tickets_opens_its_port_again_and_goes_on(stage: Stage) -> None:
    supervisor = Supervisor(stage.world, lambda name, error: pytest.fail(f"{name}: {error}"))
    stage.world.failures = supervisor
    stage.print("A001", lines=100)
    stage.run(0.5)
    stage.print("A002")
    stage.ref.tell("a message that no printer takes")
    stage.run(0.001)
    assert stage.ended() == [(number, "interrupted by a restart") for number in ("A001", "A002")]
    stage.run(10.0)
    stage.print("A003")
    stage.run(10.0)
    assert stage.ended()[2:] == [("A003", None)]
    assert stage.numbers()[-1] == "A003"
    assert "A002" not in stage.numbers()


# -- octet by octet, on both clocks --------------------------------------------------------------

FORGET, CUT = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08", b"\x1dVB\x00"
ASKED = b"\x10\x04\x01\x10\x04\x02\x10\x04\x04"
BOTH_CLOCKS = pytest.mark.parametrize("rig", [SimRig, ClockRig], indirect=True)


class ScriptedLink:
    """A link whose other end says that all is well, while it is ``alive``."""

    def __init__(self, printed: bytes = b"\x00") -> None:
        self.owner: Any = None
        self.printed = printed
        self.alive = True
        self.written = bytearray()
        self.opened = 0
        self.closed = 0

    def open_link(self, address: str, owner: Any) -> ScriptedLink:
        assert address == "virtual:p"
        self.owner = owner
        self.opened += 1
        owner.tell(LinkUp())
        return self

    def write(self, octets: bytes) -> None:
        self.written += octets
        if self.alive and octets.startswith(b"\x10\x04"):
            self.owner.tell(OctetsReceived(octets=b"\x12"))
        elif self.alive and octets.endswith(ASK_WHEN_PRINTED):
            self.owner.tell(OctetsReceived(octets=self.printed))

    def close(self) -> None:
        self.closed += 1


class Script:
    """A printer's actor on a scripted link."""

    def __init__(self, rig: Any, **link: Any) -> None:
        self.rig = rig
        self.link = ScriptedLink(**link)
        self.alarms, self.ear = Ear(), Ear()
        board = rig.world.spawn("alarms", RecorderActor, self.alarms)
        self.ref = rig.world.spawn(NAME, PrinterActor, "virtual:p", self.link, board)

    def print(self) -> None:
        self.ref.tell(PrintTicket(ticket=TicketId("A001"), octets=b"JOB", reply_to=self.ear))


@BOTH_CLOCKS
def test_conversation_asks_before_and_after_and_then_while_idle(rig: Any) -> None:
    script = Script(rig)
    rig.run(1.0)
    script.print()
    rig.run(1.0)
    asked_and_printed = FORGET + ASKED + ASKED + CUT + b"JOB\x1dr\x01" + ASKED
    assert bytes(script.link.written) == asked_and_printed
    assert list(script.ear) == [PrintEnded(ticket=TicketId("A001"), failure=None)]
    assert {type(message) for message in script.alarms} == {ClearAlarm}
    rig.run(POLL_IDLE_S)
    assert bytes(script.link.written) == asked_and_printed + ASKED
    script.print()
    rig.run(1.0)
    assert bytes(script.link.written).endswith(ASKED + ASKED + b"JOB\x1dr\x01" + ASKED)


@BOTH_CLOCKS
def test_what_a_bad_line_made_of_questions_is_parted_from_the_next_ticket(rig: Any) -> None:
    script = Script(rig)
    rig.run(1.0)
    script.print()
    rig.run(1.0)
    script.link.alive = False
    rig.run(POLL_IDLE_S + ANSWER_S_MAX)
    script.link.alive = True
    rig.run(2 * POLL_IDLE_S)
    script.link.written.clear()
    script.print()
    rig.run(1.0)
    assert bytes(script.link.written) == ASKED + CUT + b"JOB\x1dr\x01" + ASKED


@BOTH_CLOCKS
def test_question_is_asked_only_after_the_one_before_was_answered(rig: Any) -> None:
    script = Script(rig)
    script.link.alive = False
    rig.run(0.1)
    script.print()
    rig.run(0.1)
    assert bytes(script.link.written) == FORGET + ASKED[:3]
    for _ in range(3):
        script.link.owner.tell(OctetsReceived(octets=b"\x12"))
    rig.run(0.1)
    assert bytes(script.link.written) == FORGET + ASKED + CUT + b"JOB\x1dr\x01"


@BOTH_CLOCKS
def test_answer_that_the_paper_has_ended_is_no_ticket(rig: Any) -> None:
    script = Script(rig, printed=b"\x0f")
    script.print()
    rig.run(1.0)
    assert list(script.ear) == [PrintEnded(ticket=TicketId("A001"), failure="paper out")]


@BOTH_CLOCKS
def test_port_is_let_go_when_the_actor_fails_or_stops(rig: Any, failures: Any) -> None:
    script = Script(rig)
    rig.run(0.1)
    script.ref.tell("a message that no printer takes")
    rig.run(0.1)
    assert len(failures) == 1
    assert (script.link.opened, script.link.closed) == (1, 1)
    rig.world.restart_after(0.0, script.ref.place)
    rig.run(0.1)
    assert script.link.opened == 2
    script.ref.stop(block=False)
    rig.run(0.1)
    assert script.link.closed == 2


# -- anything ------------------------------------------------------------------------------------

SWITCHES = (*TROUBLES, "unplug", "power")
DEEDS = st.lists(
    st.tuples(st.floats(0.01, 8.0), st.sampled_from(("print", "print", "heal", *SWITCHES))),
    max_size=25,
)


@settings(max_examples=60)
@given(deeds=DEEDS)
def test_whatever_happens_each_ticket_ends_once_in_time_and_is_never_printed_twice(
    deeds: list[tuple[float, str]],
) -> None:
    stage = Stage()
    given_at: dict[str, float] = {}
    late: list[str] = []
    for wait_s, deed in deeds:
        match deed:
            case "print":
                number = f"A{len(given_at):03}"
                given_at[number] = stage.world.env.now
                stage.print(number, lines=60)
            case "heal":
                for switch in TROUBLES:
                    setattr(stage.printer, switch, False)
                stage.links.plug("p")
                stage.wake()
            case "unplug":
                stage.links.unplug("p")
            case "power":
                stage.printer.power_cycle()
            case switch:
                setattr(stage.printer, switch, True)
        stage.run(wait_s)
        ended = {number for number, _ in stage.ended()}
        now = stage.world.env.now
        late += [n for n, at in given_at.items() if n not in ended and now - at > PRINT_S_MAX + 1]
    stage.run(PRINT_S_MAX + 1)
    assert late == []
    ended_numbers = [number for number, _ in stage.ended()]
    assert sorted(ended_numbers) == sorted(given_at)
    whole = [paper.number for paper in stage.printer.papers if paper.text.count("line") == 60]
    assert len(whole) == len(set(whole)), "a ticket came out twice"
    assert {number for number, failure in stage.ended() if failure is None} <= set(whole)
