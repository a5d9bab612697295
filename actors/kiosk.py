"""A kiosk: has its tickets printed, tells the hall how that ended, and shows those whose paper failed.

What is printed follows from the hall's durable events alone, and each event is printed once: a ticket that was
pending when the kiosk had to start anew may be on paper or not, so it is reported as failed, shown with its
QR code, and printed again only when somebody asks.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from actors.audience import Audience, told
from actors.base import Actor, Place, Ref, receives
from actors.hall.actor import ReadState, StateRead
from actors.hall.state import HallState
from actors.hall.views import ahead_of
from actors.paper_codes import CodeOverdue, PaperCodes
from actors.ports import ScanCodePort
from actors.printer import PRINT_S_MAX
from actors.world import Timer
from protocol.answers import Accepted, Answer, Reason, Rejected
from protocol.commands import ReportPrint
from protocol.errors import ProtocolError
from protocol.events import (
    ReprintRequested,
    ServiceFinished,
    TicketCancelled,
    TicketExpired,
    TicketNoShow,
    TicketPrinted,
    TicketPrintFailed,
    TicketTaken,
)
from protocol.hall import HallSpec
from protocol.ids import CommandId, KioskId, Language, TicketId
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
from protocol.printing.paper import COLUMNS_80MM, load
from protocol.printing.status import PrintFailure
from protocol.printing.ticket import TicketFacts, render_ticket
from protocol.tickets import PrintState, TicketState
from protocol.values import value

log = logging.getLogger(__name__)

PAPER_S_MAX = PRINT_S_MAX + 15.0
"""From a ticket's event to the end of its print; later than any answer of a printer that lives."""

UNPRINTED_MAX = 20
"""Tickets without paper that the screen shows; one more hides the oldest, which stays in the hall's records."""

REPORT_RETRY_S = 5.0
"""Before a report that the hall could not write is sent again, with the same id, until it can."""

REPORTS_MAX = 1_000
"""Reports that may await their answer; beyond it the oldest is given up, and logged."""

_RETRIED = frozenset({Reason.NOT_DURABLE, Reason.OVERLOADED})


@value
class ReadKiosk:
    """Ask a kiosk for `KioskChanged` as of now."""


@value
class _PaperOverdue:
    """The paper of the event ``seq`` has had its time."""

    ticket: TicketId
    seq: int


@value
class _ReportsDue:
    """Reports that were not written are to be sent again."""


class _Printing:
    """A ticket on its way to paper, because of the event ``seq``."""

    __slots__ = ("reprint", "seq", "timer")

    def __init__(self, seq: int, timer: Timer, reprint: bool) -> None:
        self.seq = seq
        self.timer = timer
        self.reprint = reprint
        """It waits for the hall's state, which tells what to print."""


class KioskActor(Actor):
    """See the module. ``audience`` is told `KioskChanged`; its alarm is ``kiosk/{kiosk}``.

    ``scan_url`` gives the address in a ticket's QR code, unless ``codes`` makes one by which phones may follow
    it; ``columns`` is the width of the printer's paper.
    """

    def __init__(
        self,
        place: Place,
        spec: HallSpec,
        kiosk: KioskId,
        hall: Ref[Actor],
        printer: Ref[Actor] | None,
        alarms: Ref[Actor],
        scan_url: Callable[[TicketId], str],
        audience: Audience,
        columns: int = COLUMNS_80MM,
        codes: ScanCodePort | None = None,
    ) -> None:
        super().__init__(place)
        self._spec = spec
        self._kiosk = kiosk
        self._hall = hall
        self._printer = printer
        self._alarms = alarms
        self._scan_url = scan_url
        self._audience = audience
        self._columns = columns
        self._codes = PaperCodes(codes, self, lambda: self._actor_ref)
        self._seq: int | None = None
        """The last event that was taken; nothing before the hall's state was read."""
        self._printing: dict[TicketId, _Printing] = {}
        self._unprinted: dict[TicketId, str] = {}
        self._reports: dict[CommandId, ReportPrint] = {}
        self._retry: Timer | None = None

    def on_start(self) -> None:
        """Listen to the hall; its state tells what became of the past."""
        told(self._hall, Subscribe(recipient=self._actor_ref))
        told(self._hall, ReadState(reply_to=self._actor_ref))
        if self._printer is not None:
            try:
                load()
            except OSError as error:
                log.error("tickets cannot be rendered yet kiosk=%s cause=%s", self.name, error)

    # -- the hall's events ------------------------------------------------------------------

    @receives(StateRead)
    def _take_state(self, message: StateRead) -> None:
        state = message.state
        if self._seq is None:
            self._seq = state.seq
            self._begin(state)
        for ticket, printing in list(self._printing.items()):
            if printing.reprint and printing.seq <= state.seq:
                printing.reprint = False
                self._print_again(state, ticket)

    def _begin(self, state: HallState) -> None:
        """Take up the hall's tickets of this kiosk: what failed is shown, what is pending has failed."""
        # Those whose paper came out before this was read are reported already.
        printed = {report.ticket for report in self._reports.values()}
        for ticket in sorted(state.tickets.values(), key=lambda ticket: ticket.order):
            if ticket.kiosk != self._kiosk or ticket.id in printed:
                continue
            if ticket.printed is PrintState.PENDING:
                name = CommandId(f"{self.name}/restart/{state.seq}/{ticket.id}")
                self._report(name, ticket.id, PrintFailure.RESTART.value)
            elif ticket.printed is PrintState.FAILED and ticket.state.open:
                self._show(ticket.id, ticket.print_failure or "")
        self._changed()

    @receives(Recorded)
    def _take_event(self, record: Recorded) -> None:
        # The state read at the start includes every event that was told before it.
        if self._seq is None or record.seq <= self._seq:
            return
        self._seq = record.seq
        take = _EVENTS.get(type(record.event))
        if take is not None:
            take(self, record.seq, record.event)

    def _taken(self, seq: int, event: TicketTaken) -> None:
        if event.kiosk != self._kiosk:
            return
        self._await_paper(event.ticket, seq)
        facts = TicketFacts(
            ticket=event.ticket,
            number=event.number,
            service=event.service,
            ahead=event.ahead,
            taken_at=event.at,
            late=event.late,
        )
        self._print(facts, event.language)

    def _reprint(self, seq: int, event: ReprintRequested) -> None:
        if event.kiosk == self._kiosk:
            self._await_paper(event.ticket, seq, reprint=True)
            told(self._hall, ReadState(reply_to=self._actor_ref))
        else:
            self._forget(seq, event)

    def _print_failed(self, _seq: int, event: TicketPrintFailed) -> None:
        if event.kiosk != self._kiosk:
            return
        self._show(event.ticket, event.failure)
        self._changed()

    def _show(self, ticket: TicketId, failure: str) -> None:
        """Have the screen show the ticket, as the newest of those without paper."""
        self._unprinted.pop(ticket, None)
        self._unprinted[ticket] = failure
        if len(self._unprinted) > UNPRINTED_MAX:
            del self._unprinted[next(iter(self._unprinted))]

    def _forget(
        self,
        _seq: int,
        event: TicketPrinted
        | ReprintRequested
        | ServiceFinished
        | TicketNoShow
        | TicketCancelled
        | TicketExpired,
    ) -> None:
        """Show the ticket no more: it has its paper, needs none, or gets it elsewhere."""
        if self._unprinted.pop(event.ticket, None) is not None:
            self._changed()

    # -- paper ------------------------------------------------------------------------------

    def _await_paper(self, ticket: TicketId, seq: int, *, reprint: bool = False) -> None:
        timer = self.later(PAPER_S_MAX, _PaperOverdue(ticket=ticket, seq=seq))
        self._printing[ticket] = _Printing(seq, timer, reprint)

    def _print_again(self, state: HallState, ticket_id: TicketId) -> None:
        ticket = state.tickets.get(ticket_id)
        if ticket is None:  # its day is over
            self._printing.pop(ticket_id).timer.cancel()
            return
        waiting = ticket.state is TicketState.WAITING
        facts = TicketFacts(
            ticket=ticket.id,
            number=ticket.number,
            service=ticket.service,
            ahead=ahead_of(state, ticket) if waiting else None,
            taken_at=ticket.taken_at,
            reprinted_at=self.now,
            late=waiting and ticket.taken.late,
        )
        self._print(facts, ticket.language)

    def _print(self, facts: TicketFacts, language: Language) -> None:
        """Have the ticket printed, with a code by which a phone may follow it if there is one in time."""
        if self._printer is None or not self._codes.wait(facts, language):
            self._render(facts, language, None)

    @receives(ScanCodeMade)
    def _code_made(self, made: ScanCodeMade) -> None:
        waited = self._codes.came(made.ticket, made.url)
        if waited is not None:
            self._render(waited.facts, waited.language, made.url)

    @receives(CodeOverdue)
    def _code_overdue(self, message: CodeOverdue) -> None:
        waited = self._codes.came(message.ticket, None)
        if waited is not None:
            self._render(waited.facts, waited.language, None)

    def _render(self, facts: TicketFacts, language: Language, code: str | None) -> None:
        """Render the ticket, with its page's address where there is no code, and give it to the printer."""
        code = code or self._scan_url(facts.ticket)
        failure = PrintFailure.NO_PRINTER
        if self._printer is not None:
            try:
                octets = render_ticket(facts, self._spec, language, code, self._columns)
            except (ProtocolError, OSError) as error:
                log.error("ticket not rendered kiosk=%s cause=%s", self.name, error)
                failure = PrintFailure.NOT_RENDERED
            else:
                job = PrintTicket(ticket=facts.ticket, octets=octets, reply_to=self._actor_ref)
                if told(self._printer, job):
                    return
                failure = PrintFailure.SILENT
        self._ended(facts.ticket, failure.value)

    @receives(PrintEnded)
    def _print_ended(self, message: PrintEnded) -> None:
        self._ended(message.ticket, message.failure)

    @receives(_PaperOverdue)
    def _paper_overdue(self, message: _PaperOverdue) -> None:
        printing = self._printing.get(message.ticket)
        if printing is not None and printing.seq == message.seq:
            log.error("printer never answered kiosk=%s", self.name)
            self._ended(message.ticket, PrintFailure.SILENT.value)

    def _ended(self, ticket: TicketId, failure: str | None) -> None:
        printing = self._printing.pop(ticket, None)
        if printing is not None:
            printing.timer.cancel()
            self._report(CommandId(f"{self.name}/print/{printing.seq}"), ticket, failure)
        elif failure is None:
            # Told to a predecessor here, which failed: the ticket was reported as failed, and has its paper.
            name = CommandId(f"{self.name}/late/{self.random.getrandbits(64):016x}")
            self._report(name, ticket, None)

    # -- reports ----------------------------------------------------------------------------

    def _report(self, id: CommandId, ticket: TicketId, failure: str | None) -> None:
        if len(self._reports) >= REPORTS_MAX:
            given_up = self._reports.pop(next(iter(self._reports)))
            log.error("report given up kiosk=%s ticket=%s", self.name, given_up.ticket)
        command = ReportPrint(id=id, ticket=ticket, failure=failure)
        self._reports[id] = command
        told(self._hall, Submit(command=command, reply_to=self._actor_ref))

    @receives(Accepted, Rejected)
    def _answered(self, answer: Answer) -> None:
        if not isinstance(answer, Rejected):
            self._reports.pop(answer.command, None)
        elif answer.reason not in _RETRIED:
            self._reports.pop(answer.command, None)
            log.warning("report refused kiosk=%s reason=%s", self.name, answer.detail)
        elif self._retry is None:
            self._retry = self.later(REPORT_RETRY_S, _ReportsDue())

    @receives(_ReportsDue)
    def _report_again(self, _message: _ReportsDue) -> None:
        self._retry = None
        for command in self._reports.values():
            told(self._hall, Submit(command=command, reply_to=self._actor_ref))

    # -- the screen -------------------------------------------------------------------------

    @receives(Watch)
    def _watch(self, message: Watch) -> None:
        self._audience.add(message.recipient)
        told(message.recipient, self._view())

    @receives(Unwatch)
    def _unwatch(self, message: Unwatch) -> None:
        self._audience.remove(message.recipient)

    @receives(ReadKiosk)
    def _read(self, _message: ReadKiosk) -> KioskChanged:
        return self._view()

    def _view(self) -> KioskChanged:
        failure = next(reversed(self._unprinted.values()), None)
        return KioskChanged(kiosk=self._kiosk, unprinted=tuple(self._unprinted), failure=failure)

    def _changed(self) -> None:
        alarm = f"kiosk/{self._kiosk}"
        # Where there is no printer, a ticket on the screen is nothing to be alarmed about.
        if self._unprinted and self._printer is not None:
            numbers = ", ".join(ticket.partition("-")[2] for ticket in self._unprinted)
            failure = next(reversed(self._unprinted.values()))
            detail = f"no paper for {numbers} ({failure}); print again when the printer is well"
            told(self._alarms, RaiseAlarm(alarm=alarm, detail=detail))
        else:
            told(self._alarms, ClearAlarm(alarm=alarm))
        self._audience.tell(self._view())


_EVENTS: dict[type, Callable[[KioskActor, int, Any], None]] = {
    TicketTaken: KioskActor._taken,
    ReprintRequested: KioskActor._reprint,
    TicketPrintFailed: KioskActor._print_failed,
    TicketPrinted: KioskActor._forget,
    ServiceFinished: KioskActor._forget,
    TicketNoShow: KioskActor._forget,
    TicketCancelled: KioskActor._forget,
    TicketExpired: KioskActor._forget,
}
