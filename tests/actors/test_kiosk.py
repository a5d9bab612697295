"""The kiosk's actor between a hall and a printer that are recorders."""

from __future__ import annotations

from typing import Any

import pytest

from actors.audience import Audience
from actors.hall.actor import ReadState, StateRead
from actors.kiosk import PAPER_S_MAX, REPORT_RETRY_S, UNPRINTED_MAX, KioskActor, ReadKiosk
from actors.paper_codes import CODE_MAX_S, CODE_PAUSE_S
from protocol.answers import Accepted, Reason, Rejected
from protocol.commands import (
    CallNext,
    CancelTicket,
    FinishService,
    MarkNoShow,
    ReportPrint,
    ReprintTicket,
    TakeTicket,
)
from protocol.ids import CommandId, KioskId, TicketId
from protocol.messages import (
    ClearAlarm,
    KioskChanged,
    PrintEnded,
    PrintTicket,
    RaiseAlarm,
    Recorded,
    ScanCodeMade,
    Submit,
    Subscribe,
    Unwatch,
    Watch,
)
from protocol.printing.paper import COLUMNS_58MM
from protocol.tickets import TicketClass
from protocol.values import replace
from sim.devices.escpos import Paper
from tests.actors.conftest import ClockRig, SimRig
from tests.actors.hall.conftest import EN, ONE, TWO, VAT, ZH, Book, hall_spec
from tests.actors.recorders import Ear, RecorderActor
from tests.protocol.printing.readers import read_paper

K1, K2 = KioskId("k1"), KioskId("k2")
NAME = "hall/HZ01/kiosk/k1"

pytestmark = pytest.mark.parametrize("rig", [SimRig, ClockRig], indirect=True)


def scan_url(ticket: TicketId) -> str:
    return f"https://q.example.cn/{ticket}"


class Stage:
    """A kiosk; a book in place of the hall's state; recorders in place of the others."""

    def __init__(self, rig: Any, *, printer: bool = True, book: Book | None = None, **kiosk: Any):
        self.rig = rig
        self.book = book or Book()
        self.hall, self.printer, self.alarms, self.screen = Ear(), Ear(), Ear(), Ear()
        spawn = rig.world.spawn
        hall = spawn("hall", RecorderActor, self.hall)
        self.printer_ref = spawn("printer", RecorderActor, self.printer) if printer else None
        alarms = spawn("alarms", RecorderActor, self.alarms)
        self.kiosk = spawn(
            NAME,
            KioskActor,
            self.book.state.spec,
            K1,
            hall,
            self.printer_ref,
            alarms,
            scan_url,
            Audience(),
            **kiosk,
        )
        self.kiosk.tell(Watch(recipient=self.screen))
        rig.run()
        self.read_state()

    def read_state(self) -> None:
        self.kiosk.tell(StateRead(state=self.book.state))
        self.rig.run()

    def do(self, command: Any) -> Any:
        """Have the hall carry out a command and tell the kiosk."""
        events = self.book.do(command)
        assert not isinstance(events, Rejected), events
        first = self.book.state.seq - len(events) + 1
        for seq, event in enumerate(events, start=first):
            self.kiosk.tell(Recorded(seq=seq, event=event))
        self.rig.run()
        return events

    def take(self, id: str = "t1", kiosk: KioskId | None = K1, **changes: Any) -> TicketId:
        command = TakeTicket(
            id=CommandId(id),
            service=VAT,
            language=changes.pop("language", ZH),
            kiosk=kiosk,
            **changes,
        )
        return self.do(command)[-1].ticket  # type: ignore[no-any-return]

    def end(self, ticket: TicketId, failure: str | None = None) -> None:
        """Have the printer end, and the hall carry out what the kiosk reports of it."""
        before = len(self.reports())
        self.kiosk.tell(PrintEnded(ticket=ticket, failure=failure))
        self.rig.run()
        for report in self.reports()[before:]:
            self.do(report)

    def jobs(self) -> list[TicketId]:
        return [job.ticket for job in self.printer.of(PrintTicket)]

    def paper(self, n: int = -1, columns: int = 48) -> Paper:
        return read_paper(self.printer.of(PrintTicket)[n].octets, columns)

    def reports(self) -> list[ReportPrint]:
        return [submit.command for submit in self.hall.of(Submit)]

    def shown(self) -> KioskChanged:
        future = self.kiosk.ask(ReadKiosk(), block=False)
        self.rig.run()
        return future.get()  # type: ignore[no-any-return]


@pytest.fixture
def stage(rig: Any) -> Stage:
    return Stage(rig)


# -- paper ---------------------------------------------------------------------------------------


def test_kiosk_listens_and_reads_the_state_at_its_start(stage: Stage) -> None:
    assert [type(message) for message in stage.hall] == [Subscribe, ReadState]
    assert list(stage.screen)[-1] == KioskChanged(kiosk=K1, unprinted=(), failure=None)


def test_ticket_taken_here_is_printed_with_what_the_event_says(stage: Stage) -> None:
    stage.take("t1", kiosk=None)
    ticket = stage.take("t2", language=EN)
    assert stage.jobs() == [ticket]
    paper = stage.paper()
    assert paper.number == "B002"
    assert {"Hangzhou 1", "VAT", "1 person ahead", "Taken 2026-03-02 Mon 12:00"} <= set(paper.lines)
    assert paper.codes == (f"https://q.example.cn/{ticket}",)


def test_ticket_of_another_kiosk_is_none_of_ours(stage: Stage) -> None:
    ticket = stage.take(kiosk=K2)
    stage.do(ReportPrint(id=CommandId("p"), ticket=ticket, failure="paper out"))
    assert stage.jobs() == []
    assert stage.shown().unprinted == ()


def test_narrow_paper_has_its_own_layout(rig: Any) -> None:
    stage = Stage(rig, columns=COLUMNS_58MM)
    stage.take(ticket_class=TicketClass.PRIORITY)
    assert stage.paper(columns=COLUMNS_58MM).number == "B001"


def test_end_of_the_print_is_reported_once_under_the_name_of_its_event(stage: Stage) -> None:
    ticket = stage.take()
    stage.end(ticket)
    seq = stage.book.state.seq - 1
    assert stage.reports() == [ReportPrint(id=CommandId(f"{NAME}/print/{seq}"), ticket=ticket)]
    assert stage.shown().unprinted == ()


def test_event_told_twice_is_printed_once(stage: Stage) -> None:
    event = stage.do(TakeTicket(id=CommandId("t1"), service=VAT, language=ZH, kiosk=K1))[-1]
    stage.kiosk.tell(Recorded(seq=stage.book.state.seq, event=event))
    stage.rig.run()
    assert len(stage.jobs()) == 1


# -- codes by which phones follow ------------------------------------------------------------------


class Codes(Ear):
    """Notes for which tickets a code is to be made."""

    def make(self, ticket: TicketId, reply_to: Any) -> None:
        self.append(ticket)


CODE = "http://weixin.qq.com/q/02abc"


def coded(rig: Any) -> tuple[Stage, Codes]:
    codes = Codes()
    return Stage(rig, codes=codes), codes


def made(stage: Stage, ticket: TicketId, url: str | None) -> None:
    stage.kiosk.tell(ScanCodeMade(ticket=ticket, url=url))
    stage.rig.run()


def test_paper_waits_for_its_code(rig: Any) -> None:
    stage, codes = coded(rig)
    ticket = stage.take()
    assert list(codes) == [ticket]
    stage.rig.run(CODE_MAX_S * 0.9)
    assert stage.jobs() == []
    made(stage, ticket, CODE)
    assert stage.paper().codes == (CODE,)
    stage.rig.run(CODE_MAX_S)
    assert stage.jobs() == [ticket]


def test_paper_is_printed_with_its_page_when_the_code_is_late(rig: Any) -> None:
    stage, _ = coded(rig)
    ticket = stage.take()
    stage.rig.run(CODE_MAX_S)
    assert stage.paper().codes == (f"https://q.example.cn/{ticket}",)
    made(stage, ticket, CODE)
    assert stage.jobs() == [ticket]


def test_nobody_waits_for_codes_for_a_while_after_one_that_did_not_come(rig: Any) -> None:
    stage, codes = coded(rig)
    first = stage.take("t1")
    made(stage, first, None)
    second = stage.take("t2")
    assert stage.jobs() == [first, second]
    assert list(codes) == [first]
    stage.rig.run(CODE_PAUSE_S)
    third = stage.take("t3")
    assert list(codes) == [first, third]
    made(stage, third, CODE)
    assert stage.paper().codes == (CODE,)


def test_kiosk_without_a_printer_asks_for_no_code(rig: Any) -> None:
    codes = Codes()
    stage = Stage(rig, printer=False, codes=codes)
    stage.take()
    assert not codes


# -- no paper ------------------------------------------------------------------------------------


def test_failed_print_is_shown_and_alarmed_until_it_is_printed(stage: Stage) -> None:
    ticket = stage.take()
    stage.end(ticket, "paper out")
    assert stage.reports()[-1].failure == "paper out"
    assert stage.shown() == KioskChanged(kiosk=K1, unprinted=(ticket,), failure="paper out")
    assert stage.screen[-1] == stage.shown()
    raised = stage.alarms.of(RaiseAlarm)[-1]
    assert raised.alarm == "kiosk/k1"
    assert "B001" in raised.detail
    assert "paper out" in raised.detail
    stage.do(ReprintTicket(id=CommandId("r1"), ticket=ticket))
    assert stage.shown().unprinted == (ticket,)
    stage.read_state()
    stage.end(ticket)
    assert stage.shown() == KioskChanged(kiosk=K1, unprinted=(), failure=None)
    assert isinstance(stage.alarms[-1], ClearAlarm)


def test_failure_is_shown_only_once_the_hall_has_recorded_it(stage: Stage) -> None:
    ticket = stage.take()
    stage.kiosk.tell(PrintEnded(ticket=ticket, failure="offline"))
    stage.rig.run()
    assert stage.shown().unprinted == ()


def test_second_paper_tells_who_is_ahead_now(stage: Stage) -> None:
    stage.take("t1", kiosk=None)
    stage.take("t2", kiosk=None)
    ticket = stage.take("t3")
    stage.end(ticket, "paper out")
    stage.do(CallNext(id=CommandId("n"), counter=ONE))
    stage.do(ReprintTicket(id=CommandId("r1"), ticket=ticket))
    assert stage.jobs() == [ticket]
    assert isinstance(stage.hall[-1], ReadState)
    stage.read_state()
    assert stage.jobs() == [ticket, ticket]
    assert {"前面等候 2 人", "取号 2026-03-02 周一 12:00"} <= set(stage.paper(0).lines)
    again = stage.paper(1)
    assert "前面等候 1 人" in again.lines
    assert any(line.startswith("补打 2026-03-02") for line in again.lines)


def test_second_paper_of_a_called_ticket_says_nothing_of_people_ahead(stage: Stage) -> None:
    ticket = stage.take()
    stage.end(ticket)
    stage.do(CallNext(id=CommandId("n"), counter=ONE))
    stage.do(ReprintTicket(id=CommandId("r1"), ticket=ticket))
    stage.read_state()
    assert "前面" not in stage.paper(1).text


@pytest.mark.parametrize("ending", [FinishService, MarkNoShow, CancelTicket])
def test_ticket_that_has_ended_needs_no_paper(stage: Stage, ending: type) -> None:
    ticket = stage.take()
    stage.end(ticket, "paper out")
    stage.do(CallNext(id=CommandId("n"), counter=TWO))
    assert stage.shown().unprinted == (ticket,)
    stage.do(ending(id=CommandId("e"), ticket=ticket))
    assert stage.shown().unprinted == ()


def test_failure_of_a_ticket_that_has_ended_meanwhile_is_neither_shown_nor_alarmed(
    stage: Stage,
) -> None:
    ticket = stage.take()
    stage.do(CancelTicket(id=CommandId("c"), ticket=ticket))
    stage.end(ticket, "paper out")
    assert stage.shown().unprinted == ()
    assert stage.alarms.of(RaiseAlarm) == []


def test_next_day_begins_with_nothing_to_show(stage: Stage) -> None:
    ticket = stage.take()
    stage.end(ticket, "paper out")
    stage.book.wait(days=1)
    stage.take("t2", kiosk=None)
    assert stage.shown().unprinted == ()


def test_ticket_printed_at_another_kiosk_is_shown_here_no_more(rig: Any) -> None:
    spec = hall_spec()
    stage = Stage(rig, book=Book(replace(spec, kiosks={K1: spec.kiosks[K1], K2: spec.kiosks[K1]})))
    ticket = stage.take()
    stage.end(ticket, "paper out")
    stage.do(ReprintTicket(id=CommandId("r"), ticket=ticket, kiosk=K2))
    assert stage.shown().unprinted == ()
    assert stage.jobs() == [ticket]


def test_screen_shows_the_newest_failures_and_no_more_than_its_bound(stage: Stage) -> None:
    tickets = [stage.take(f"t{n}") for n in range(UNPRINTED_MAX + 2)]
    for ticket in tickets:
        stage.end(ticket, "paper out")
    assert stage.shown().unprinted == tuple(tickets[2:])


def test_screen_shows_no_more_than_its_bound_after_a_restart(rig: Any) -> None:
    book = Book()
    for n in range(UNPRINTED_MAX + 2):
        book.do(TakeTicket(id=CommandId(f"t{n}"), service=VAT, language=ZH, kiosk=K1))
        ticket = TicketId(f"20260302-B{n + 1:03}")
        book.do(ReportPrint(id=CommandId(f"p{n}"), ticket=ticket, failure="paper out"))
    unprinted = Stage(rig, book=book).shown().unprinted
    assert len(unprinted) == UNPRINTED_MAX
    assert unprinted[-1] == ticket


def test_kiosk_without_a_printer_shows_its_tickets_and_raises_no_alarm(rig: Any) -> None:
    stage = Stage(rig, printer=False)
    ticket = stage.take()
    stage.do(stage.reports()[-1])
    assert stage.shown() == KioskChanged(kiosk=K1, unprinted=(ticket,), failure="no printer")
    assert stage.alarms.of(RaiseAlarm) == []


def test_address_too_long_for_a_code_is_a_failed_print(rig: Any) -> None:
    stage = Stage(rig)
    stage.kiosk.place.actor._scan_url = lambda ticket: "u" * 500
    ticket = stage.take()
    assert [(r.ticket, r.failure) for r in stage.reports()] == [(ticket, "cannot be rendered")]


def test_second_paper_of_a_service_that_is_configured_no_more_names_it_by_its_id(rig: Any) -> None:
    spec = hall_spec()
    book = Book()
    book.do(TakeTicket(id=CommandId("t"), service=VAT, language=ZH, kiosk=K1))
    ticket = TicketId("20260302-B001")
    book.do(ReportPrint(id=CommandId("p"), ticket=ticket, failure="paper out"))
    services = {id: service for id, service in spec.services.items() if id != VAT}
    book.state = replace(book.state, spec=replace(spec, services=services))
    stage = Stage(rig, book=book)
    stage.do(ReprintTicket(id=CommandId("r"), ticket=ticket))
    stage.read_state()
    assert "vat" in stage.paper().lines


def test_screen_that_turned_away_is_told_no_more(stage: Stage) -> None:
    stage.kiosk.tell(Unwatch(recipient=stage.screen))
    told = len(stage.screen)
    stage.end(stage.take(), "paper out")
    assert len(stage.screen) == told


# -- things that end ------------------------------------------------------------------------------


def test_printer_that_never_ends_a_ticket_is_waited_for_no_longer_than_its_bound(
    stage: Stage,
) -> None:
    ticket = stage.take()
    stage.rig.run(PAPER_S_MAX - 1)
    assert stage.reports() == []
    stage.rig.run(1.1)
    assert [(r.ticket, r.failure) for r in stage.reports()] == [(ticket, "does not answer")]


def test_printer_that_has_stopped_for_good_is_a_failed_print(stage: Stage) -> None:
    stage.printer_ref.stop(block=False)
    stage.rig.run()
    ticket = stage.take()
    assert [(r.ticket, r.failure) for r in stage.reports()] == [(ticket, "does not answer")]


def test_hall_that_never_tells_its_state_leaves_no_reprint_pending(stage: Stage) -> None:
    ticket = stage.take()
    stage.end(ticket, "paper out")
    stage.do(ReprintTicket(id=CommandId("r1"), ticket=ticket))
    stage.rig.run(PAPER_S_MAX + 1)
    assert [r.failure for r in stage.reports()] == ["paper out", "does not answer"]


def test_report_that_could_not_be_written_is_sent_again_with_the_same_id(stage: Stage) -> None:
    ticket = stage.take()
    stage.kiosk.tell(PrintEnded(ticket=ticket, failure=None))
    stage.rig.run()
    (report,) = stage.reports()
    refused = Rejected(command=report.id, reason=Reason.NOT_DURABLE, detail="disk full")
    for times in range(2, 4):
        stage.kiosk.tell(refused)
        stage.rig.run(REPORT_RETRY_S + 0.1)
        assert stage.reports() == [report] * times
    stage.kiosk.tell(Accepted(command=report.id, events=()))
    stage.rig.run(10 * REPORT_RETRY_S)
    assert len(stage.reports()) == 3


def test_report_refused_for_good_is_not_sent_again(stage: Stage) -> None:
    ticket = stage.take()
    stage.kiosk.tell(PrintEnded(ticket=ticket, failure=None))
    stage.rig.run()
    (report,) = stage.reports()
    refused = Rejected(command=report.id, reason=Reason.UNKNOWN_TICKET, detail="its day is over")
    stage.kiosk.tell(refused)
    stage.rig.run(10 * REPORT_RETRY_S)
    assert stage.reports() == [report]


# -- restarts -------------------------------------------------------------------------------------


def test_what_was_pending_at_a_restart_has_failed_and_is_not_printed_by_itself(rig: Any) -> None:
    book = Book()
    for n, kiosk in enumerate((K1, K2, None), start=1):
        book.do(TakeTicket(id=CommandId(f"t{n}"), service=VAT, language=ZH, kiosk=kiosk))
    stage = Stage(rig, book=book)
    assert stage.jobs() == []
    (report,) = stage.reports()
    assert (report.ticket, report.failure) == ("20260302-B001", "interrupted by a restart")
    stage.do(report)
    assert stage.shown().unprinted == (report.ticket,)
    stage.do(ReprintTicket(id=CommandId("r"), ticket=report.ticket))
    stage.read_state()
    assert stage.jobs() == [report.ticket]


def test_what_had_failed_before_a_restart_is_shown_after_it(rig: Any) -> None:
    book = Book()
    for n in range(1, 5):
        book.do(TakeTicket(id=CommandId(f"t{n}"), service=VAT, language=ZH, kiosk=K1))
        ticket = TicketId(f"20260302-B00{n}")
        failure = "paper out" if n > 1 else None
        book.do(ReportPrint(id=CommandId(f"p{n}"), ticket=ticket, failure=failure))
    book.do(CancelTicket(id=CommandId("c"), ticket=TicketId("20260302-B004")))
    stage = Stage(rig, book=book)
    assert stage.shown().unprinted == ("20260302-B002", "20260302-B003")
    assert stage.reports() == []


def test_events_that_waited_for_a_failed_kiosk_are_not_printed_twice(
    rig: Any, failures: Any
) -> None:
    stage = Stage(rig)
    first = stage.take("t1")
    stage.kiosk.tell("a message that no kiosk takes")
    second = stage.take("t2")
    assert len(failures) == 1
    assert stage.jobs() == [first]
    rig.world.restart_after(0.0, stage.kiosk.place)
    rig.run()
    stage.read_state()
    assert stage.jobs() == [first]
    assert [r.ticket for r in stage.reports()] == [first, second]
    assert {r.failure for r in stage.reports()} == {"interrupted by a restart"}
    third = stage.take("t3")
    assert stage.jobs() == [first, third]


def test_paper_that_comes_out_for_a_failed_kiosk_is_reported_after_all(
    rig: Any, failures: Any
) -> None:
    stage = Stage(rig)
    ticket = stage.take()
    stage.kiosk.tell("a message that no kiosk takes")
    rig.run()
    rig.world.restart_after(0.0, stage.kiosk.place)
    rig.run()
    stage.read_state()
    stage.do(stage.reports()[-1])
    assert stage.shown().unprinted == (ticket,)
    stage.end(ticket)
    assert stage.reports()[-1].failure is None
    assert stage.shown().unprinted == ()


def test_paper_that_came_out_before_a_failed_kiosk_has_read_the_state_has_not_failed(
    rig: Any, failures: Any
) -> None:
    stage = Stage(rig)
    ticket = stage.take()
    stage.kiosk.tell("a message that no kiosk takes")
    stage.kiosk.tell(PrintEnded(ticket=ticket, failure=None))
    rig.run()
    rig.world.restart_after(0.0, stage.kiosk.place)
    rig.run()
    stage.read_state()
    assert [report.failure for report in stage.reports()] == [None]


def test_failure_for_a_failed_kiosk_needs_no_second_report(rig: Any) -> None:
    stage = Stage(rig)
    stage.end(TicketId("20260302-B001"), "paper out")
    assert stage.reports() == []
