"""From the kiosk's touch to the paper, through the hall, its journal, the printer's actor and a printer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from actors.alarms import AlarmBoard, ReadAlarms
from actors.audience import Audience
from actors.hall.actor import HallActor, HallAudience, ReadState
from actors.hall.state import HallState
from actors.kiosk import PAPER_S_MAX, KioskActor, ReadKiosk
from actors.printer import PrinterActor
from actors.supervisor import Supervisor
from protocol.commands import Command, ReprintTicket, TakeTicket
from protocol.ids import CommandId, KioskId, TicketId
from protocol.messages import KioskChanged, Submit
from protocol.printing.qr import qr_svg
from protocol.tickets import PrintState
from sim.devices.printer import EscposPrinter
from sim.journal import MemoryJournal
from sim.links import SimLinks
from sim.world import SimWorld
from tests.actors.hall.conftest import VAT, ZH, hall_spec

K1 = KioskId("k1")
NAME = "hall/HZ01/kiosk/k1"


def scan_url(ticket: TicketId) -> str:
    return f"https://q.example.cn/t/HZ01/{ticket}"


class Stage:
    """One hall with one kiosk and its printer, and a person in front of it."""

    def __init__(self, *, commit_s: float = 0.001, seed: int = 5) -> None:
        self.world = SimWorld(seed=seed)
        self.world.failures = Supervisor(self.world, self._gave_up)
        self.links = SimLinks(self.world)
        self.printer = EscposPrinter()
        self.links.register("p", self.printer)
        self.journal = MemoryJournal(self.world.env, commit_s=commit_s)
        spec, spawn = hall_spec(), self.world.spawn
        self.alarms = spawn("hall/HZ01/alarms", AlarmBoard, {}, Audience())
        self.hall = spawn("hall/HZ01", HallActor, spec, self.journal, HallAudience())
        self.paper = spawn(
            f"{NAME}/printer", PrinterActor, spec.kiosks[K1].printer, self.links, self.alarms
        )
        self.kiosk = spawn(
            NAME,
            KioskActor,
            spec,
            K1,
            self.hall,
            self.paper,
            self.alarms,
            scan_url,
            Audience(),
        )
        self.count = 0
        self.run(1.0)

    def _gave_up(self, name: str, error: Exception) -> None:
        pytest.fail(f"{name} was given up: {error}")

    def run(self, seconds: float) -> None:
        self.world.run(self.world.env.now + seconds)

    def submit(self, command: Command) -> None:
        self.hall.tell(Submit(command=command))

    def take(self) -> None:
        self.count += 1
        id = CommandId(f"t{self.count}")
        self.submit(TakeTicket(id=id, service=VAT, language=ZH, kiosk=K1))

    def reprint(self, ticket: TicketId) -> None:
        self.count += 1
        self.submit(ReprintTicket(id=CommandId(f"r{self.count}"), ticket=ticket))

    def ask(self, ref: Any, question: object) -> Any:
        answers: list[Any] = []
        ref.ask(question, block=False).then(lambda future: answers.append(future.get()))
        until_s = self.world.env.now + 30.0  # an actor that failed answers after its rest
        while not answers and self.world.env.now < until_s:
            self.run(0.001)
        return answers[0]

    def state(self) -> HallState:
        return self.ask(self.hall, ReadState())  # type: ignore[no-any-return]

    def screen(self) -> KioskChanged:
        return self.ask(self.kiosk, ReadKiosk())  # type: ignore[no-any-return]

    def alarm_names(self) -> set[str]:
        return {alarm.alarm for alarm in self.ask(self.alarms, ReadAlarms()).alarms}

    def numbers(self) -> list[str]:
        return [paper.number for paper in self.printer.papers]


def test_touch_gives_a_paper_and_the_hall_knows_of_it() -> None:
    stage = Stage()
    stage.take()
    stage.take()
    stage.run(10.0)
    assert stage.numbers() == ["B001", "B002"]
    assert {"增值税", "前面等候 1 人"} <= set(stage.printer.papers[1].lines)
    assert stage.printer.papers[1].codes == ("https://q.example.cn/t/HZ01/20260302-B002",)
    assert {t.printed for t in stage.state().tickets.values()} == {PrintState.PRINTED}
    assert stage.screen().unprinted == ()
    assert stage.alarm_names() == set()
    assert stage.printer.interpreter.unknown == []
    assert stage.printer.interpreter.overflows == []


def test_no_octet_of_a_ticket_is_printed_before_its_event_is_durable() -> None:
    stage = Stage(commit_s=3.0)
    stage.run(5.0)
    stage.take()
    stage.run(2.9)
    assert stage.printer.next_deadline() is None
    stage.run(5.0)
    assert stage.numbers() == ["B001"]


def test_ticket_without_paper_is_on_the_screen_and_printed_when_asked() -> None:
    stage = Stage()
    stage.printer.paper_out = True
    stage.take()
    stage.run(3.0)
    ticket = TicketId("20260302-B001")
    assert stage.screen() == KioskChanged(kiosk=K1, unprinted=(ticket,), failure="paper out")
    assert qr_svg(scan_url(ticket)).startswith("<svg")
    assert {"printer/k1", "kiosk/k1"} <= stage.alarm_names()
    stage.printer.load_paper()
    stage.run(30.0)
    assert stage.numbers() == []
    stage.reprint(ticket)
    stage.run(5.0)
    assert stage.numbers() == ["B001"]
    assert stage.screen().unprinted == ()
    assert stage.alarm_names() == set()


def test_full_disk_at_the_report_delays_it_and_loses_nothing() -> None:
    stage = Stage()
    stage.take()
    stage.run(0.5)
    stage.journal.fail_next(3)
    stage.run(60.0)
    assert stage.numbers() == ["B001"]
    assert stage.state().tickets[TicketId("20260302-B001")].printed is PrintState.PRINTED


@pytest.mark.parametrize("victim", ["kiosk", "paper", "hall"])
@pytest.mark.parametrize("after_s", [0.0005, 0.002, 0.1, 0.6, 2.0])
def test_actor_that_fails_in_mid_print_costs_no_ticket(victim: str, after_s: float) -> None:
    stage = Stage()
    stage.take()
    stage.run(after_s)
    getattr(stage, victim).tell("a message that nobody takes")
    stage.run(PAPER_S_MAX + 30.0)
    ticket = TicketId("20260302-B001")
    printed = stage.state().tickets[ticket].printed
    assert printed in (PrintState.PRINTED, PrintState.FAILED)
    assert stage.screen().unprinted == ((ticket,) if printed is PrintState.FAILED else ())
    assert len(stage.numbers()) <= 1
    if printed is PrintState.PRINTED:
        assert stage.numbers() == ["B001"]
    stage.reprint(ticket)
    stage.run(10.0)
    assert stage.screen().unprinted == ()
    assert stage.numbers()[-1] == "B001"


DEEDS = ("take", "take", "reprint", "heal", "paper_out", "cover_open", "silent", "unplug")
CRASHES = ("kiosk", "paper", "hall")


@settings(max_examples=40)
@example(deeds=[(0.25, "take"), (1.0, "paper"), (1.0, "take")], seed=0)
@given(
    deeds=st.lists(st.tuples(st.floats(0.001, 6.0), st.sampled_from(DEEDS + CRASHES)), max_size=20),
    seed=st.integers(0, 1000),
)
def test_whatever_happens_no_ticket_is_lost_issued_twice_or_left_pending(
    deeds: list[tuple[float, str]], seed: int
) -> None:
    stage = Stage(seed=seed)
    crashes = reprints = 0
    for wait_s, deed in deeds:
        match deed:
            case "take":
                stage.take()
            case "reprint":
                for ticket in stage.screen().unprinted:
                    stage.reprint(ticket)
                    reprints += 1
            case "heal":
                stage.printer.cover_open = stage.printer.silent = False
                if stage.printer.paper_out:
                    stage.printer.load_paper()
                stage.links.plug("p")
            case "unplug":
                stage.links.unplug("p")
            case "kiosk" | "paper" | "hall":
                if crashes < 4:  # more of one actor and the supervisor gives it up
                    crashes += 1
                    getattr(stage, deed).tell("a message that nobody takes")
            case switch:
                setattr(stage.printer, switch, True)
        stage.run(wait_s)
    stage.run(2 * PAPER_S_MAX)
    tickets = stage.state().tickets.values()
    taken = sum(deed == "take" for _, deed in deeds)
    assert sorted(t.number for t in tickets) == [f"B{n:03}" for n in range(1, taken + 1)]
    assert PrintState.PENDING not in {t.printed for t in tickets}
    whole = [p.number for p in stage.printer.papers if p.codes]
    failed = {t.id for t in tickets if t.printed is PrintState.FAILED}
    assert set(stage.screen().unprinted) == failed
    assert {t.number for t in tickets if t.printed is PrintState.PRINTED} <= set(whole)
    assert len(whole) - len(set(whole)) <= reprints
