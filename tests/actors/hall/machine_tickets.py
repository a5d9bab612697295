"""Rules for tickets: taking them, their paper, calls, and where they are sent."""

from __future__ import annotations

from typing import Any

from protocol.answers import Reason
from protocol.commands import (
    CallNext,
    CallTicket,
    CancelTicket,
    FinishService,
    HoldTicket,
    MarkNoShow,
    ReactivateTicket,
    RecallTicket,
    ReportPrint,
    ReprintTicket,
    RequeueTicket,
    ResumeTicket,
    StartService,
    TakeTicket,
    TransferTicket,
)
from protocol.events import ServiceFinished, TicketCalled, TicketTaken, VisitContinued
from protocol.hall import UnstartedTicket
from protocol.ids import CounterId, FollowerId, KioskId, PersonId, ServiceId
from protocol.tickets import CounterMode, PrintState, QueuePlace, TicketClass, VisitOrder
from tests.actors.hall.conftest import ONE, TAX, TWO, VAT, ZH
from tests.actors.hall.machine import (
    COUNTERS,
    DESK,
    KIOSKS,
    LOST,
    PEOPLE,
    PHONES,
    PICKS,
    PREFIX,
    RECALLS_MAX,
    SERVICES,
    THREE,
    Driven,
    does,
)
from tests.actors.hall.naive import (
    CALLED,
    CANCELLED,
    HELD,
    NO_SHOW,
    NOBODY,
    SERVED,
    SERVING,
    WAITING,
    Done,
    Paper,
    Said,
)

CLASSES = (TicketClass.NORMAL, TicketClass.PRIORITY)
PLACES = tuple((place, after) for place in QueuePlace for after in range(6))
THEN = (*[[]] * 9, [VAT], [TAX], [DESK, TAX], [VAT, DESK], [TAX, VAT])
STEPS = {
    "recall": RecallTicket,
    "start": StartService,
    "finish": FinishService,
    "no_show": MarkNoShow,
    "hold": HoldTicket,
    "resume": ResumeTicket,
    "cancel": CancelTicket,
}
PLAIN = {
    "ticket_class": TicketClass.NORMAL,
    "visit_order": VisitOrder.FIXED,
    "person": None,
    "follower": None,
    "party": 1,
    "kiosk": None,
}


def has_tickets(machine: Driven) -> bool:
    return bool(machine.model.papers)


class TicketRules(Driven):
    """See the module."""

    # -- taking ----------------------------------------------------------------------------------

    @does(
        TakeTicket,
        weight=50,
        service=SERVICES,
        ticket_class=CLASSES,
        then=THEN,
        visit_order=tuple(VisitOrder),
        person=(None, None, *PEOPLE),
        follower=(None, None, *PHONES),
        party=range(1, 4),
        kiosk=KIOSKS,
    )
    def take(
        self,
        service: ServiceId,
        then: list[ServiceId],
        person: PersonId | None,
        follower: FollowerId | None,
        **parts: Any,
    ) -> None:
        model, services, who = self.model, [service, *then], (person, follower)
        begins = services if parts["visit_order"] is VisitOrder.SHORTEST_WAIT else [service]
        closed = [
            each
            for each in begins
            if model.refuses_taking(each, [], NOBODY, self.at) is Reason.CLOSED
        ]
        begins = [each for each in begins if each not in closed] or begins
        reasons = {
            model.refuses_taking(first, [s for s in services if s != first], who, self.at)
            for first in begins
        }
        if len(set(services)) < len(services):
            reasons = {Reason.BAD_VALUE}
        if len(reasons) > 1:
            return  # it depends on who waits where whether there is a ticket
        events = self.do(
            TakeTicket,
            reasons.pop(),
            service=service,
            then=tuple(then),
            language=ZH,
            person=person,
            follower=follower,
            **parts,
        )
        if events is not None:
            taken, *followed = events
            assert [each.follower for each in followed] == [each for each in who[1:] if each]
            assert taken.service in begins
            assert sorted((taken.service, *taken.then)) == sorted(services)
            paper = self.issued(taken)
            assert model.behind_all(paper, self.at)

    def issued(self, taken: TicketTaken) -> Paper:
        """Write down a ticket, which has the next number of its service."""
        model, number = self.model, self.model.issued.get(taken.service, 0) + 1
        model.issued[taken.service] = number
        assert taken.number == f"{PREFIX[taken.service]}{number:03}"
        assert taken.ahead == len(model.queue(taken.service))
        assert taken.ticket not in model.papers, "a ticket issued twice"
        paper = model.papers[taken.ticket] = Paper(
            id=taken.ticket,
            number=taken.number,
            service=taken.service,
            ticket_class=taken.ticket_class,
            key=self.book.state.tickets[taken.ticket].order,
            since=taken.at,
            then=taken.then,
            visit_order=taken.visit_order,
            person=taken.person,
            asked=frozenset((taken.service, *taken.then)),
            due=taken.due_at,
            kiosk=taken.kiosk,
            printed=PrintState.NONE if taken.kiosk is None else PrintState.PENDING,
            holder=taken.follower,
            follower=taken.follower,
        )
        return paper

    @does(ReportPrint, weight=5, when=has_tickets, pick=PICKS, failure=(None, "out of paper"))
    def report_print(self, pick: int, failure: str | None) -> None:
        paper = self.some(pick, "reprint")
        refused = Reason.NO_PRINTER if paper.kiosk is None else None
        events = self.do(ReportPrint, refused, ticket=paper.id, failure=failure)
        ended = self.model.refuses(paper, "reprint") is not None
        if events is not None and failure is None:
            paper.printed = PrintState.PRINTED
        elif events is not None:
            assert (events == ()) is ended
            paper.printed = paper.printed if ended else PrintState.FAILED

    @does(ReprintTicket, weight=5, when=has_tickets, pick=PICKS, kiosk=KIOSKS)
    def reprint(self, pick: int, kiosk: KioskId | None) -> None:
        paper = self.some(pick, "reprint")
        refused = self.model.refuses(paper, "reprint")
        at = kiosk or paper.kiosk
        if paper.printed is PrintState.PENDING:
            refused = Reason.TICKET_STATE
        elif refused is None and at != "k1":
            refused = Reason.NO_PRINTER  # there is none at kiosk 2
        if self.do(ReprintTicket, refused, ticket=paper.id, kiosk=kiosk) is not None:
            paper.kiosk, paper.printed = at, PrintState.PENDING

    # -- calls -----------------------------------------------------------------------------------

    def made_free(self, counter: CounterId, events: tuple[Any, ...]) -> TicketCalled | None:
        """Check what opens the counter and ends what it has; return the call that follows."""
        model, held = self.model, self.model.at(counter)
        model.open(counter, None)
        if held is not None:
            if held.state is CALLED and self.spec.unstarted is UnstartedTicket.NO_SHOW:
                model.free(held, self.at)
                held.state = NO_SHOW
                assert not any(type(event) is ServiceFinished for event in events)
            else:
                self.finished(held, events)
        return next((event for event in events if type(event) is TicketCalled), None)

    def finished(self, paper: Paper, events: tuple[Any, ...]) -> None:
        model, counter = self.model, paper.counter
        assert counter is not None
        model.free(paper, self.at)
        invites = self.spec.evaluation.invite
        paper.state = SERVED
        paper.done.append(
            Done(
                service=paper.service,
                counter=counter,
                staff=model.staff.get(counter),
                ended_at=self.at,
                invited=invites,
            )
        )
        model.served_last[counter] = paper
        said = model.said.setdefault(counter, Said())
        said.served += 1
        said.invited += invites
        continued = [event for event in events if type(event) is VisitContinued]
        assert len(continued) == bool(paper.then)
        for event in continued:
            assert event.ticket == paper.id
            model.go_on(paper, self.key(paper), event.service, event.at)
            assert event.then == paper.then

    def called(self, paper: Paper, call: TicketCalled) -> None:
        """Check that nobody was passed who may not be; count who was."""
        assert call.ticket == paper.id
        by_staff = call.choice is not None and call.choice.rule == "given"
        heads = self.model.heads(call.counter)
        assert by_staff or any(paper is head for head in heads), "somebody was before it"
        elsewhere = paper.reserved is not None and paper.service not in self.model.has[call.counter]
        bound = self.spec.policy.overtaken_max
        for other in self.model.queue(paper.service):
            if other.key < paper.key:
                assert by_staff or elsewhere or bound is None or other.passed < bound, "overtaken"
                other.passed += 1
        paper.state, paper.counter = CALLED, call.counter
        paper.called_at, paper.recalls = call.at, 0

    @does(CallNext, weight=36, counter=COUNTERS)
    def call_next(self, counter: CounterId) -> None:
        events = self.do(CallNext, counter=counter)
        assert events is not None
        call = self.made_free(counter, events)
        expected = self.model.next_at(counter, self.at)
        assert (call is None) is (expected is None)
        if call is not None and expected is not None:
            if self.spec.policy.overtaken_max is None:
                assert call.ticket == expected.id
            self.called(self.model.papers[call.ticket], call)

    @does(CallTicket, when=has_tickets, pick=PICKS, counter=COUNTERS)
    def call_given(self, pick: int, counter: CounterId) -> None:
        paper = self.some(pick, "call")
        refused = self.model.refuses(paper, "call")
        if refused is None and not self.model.may_call(counter, paper):
            refused = Reason.WRONG_COUNTER
        events = self.do(CallTicket, refused, ticket=paper.id, counter=counter)
        if events is not None:
            call = self.made_free(counter, events)
            assert call is not None
            self.called(paper, call)

    # -- one ticket ------------------------------------------------------------------------------

    def step(self, paper: Paper, step: str, target: dict[str, Any]) -> None:
        refused = self.model.refuses(paper, step)
        if step == "recall" and refused is None and paper.recalls >= RECALLS_MAX:
            refused = Reason.RECALL_TOO_OFTEN
        events = self.do(STEPS[step], refused, **target)
        if events is None:
            return
        match step:
            case "recall":
                paper.recalls += 1
            case "start":
                paper.state = SERVING
            case "finish":
                self.finished(paper, events)
            case "no_show":
                self.model.free(paper, self.at)
                paper.state = NO_SHOW
            case "cancel":
                paper.state = CANCELLED
            case "hold":
                paper.state = HELD
            case "resume":
                self.model.moved(paper, paper.key, self.at)
                self.model.release([paper])

    @does(*STEPS.values(), weight=20, when=has_tickets, pick=PICKS, step=sorted(STEPS))
    def step_of_a_ticket(self, pick: int, step: str) -> None:
        paper = self.some(pick, step)
        self.step(paper, step, {"ticket": paper.id})

    @does(*STEPS.values(), counter=COUNTERS, step=sorted({*STEPS} - {"resume"}))
    def step_of_a_counter(self, counter: CounterId, step: str) -> None:
        paper = self.model.at(counter)
        if paper is None:
            self.do(STEPS[step], Reason.NO_TICKET_AT_COUNTER, counter=counter)
        else:
            self.step(paper, step, {"counter": counter})

    @does(RequeueTicket, when=has_tickets, pick=PICKS, place=PLACES)
    def requeue(self, pick: int, place: tuple[QueuePlace, int]) -> None:
        self.put(self.some(pick, "requeue"), "requeue", RequeueTicket, *place)

    @does(ReactivateTicket, when=has_tickets, pick=PICKS, place=PLACES)
    def reactivate(self, pick: int, place: tuple[QueuePlace, int]) -> None:
        self.put(self.some(pick, "reactivate"), "reactivate", ReactivateTicket, *place)

    def put(self, paper: Paper, step: str, kind: Any, place: QueuePlace, after: int) -> None:
        refused = self.model.refuses(paper, step)
        if (
            step == "reactivate"
            and not refused
            and self.model.has_open((paper.person, paper.holder), paper.asked)
        ):
            refused = Reason.PERSON_LIMIT
        events = self.do(kind, refused, ticket=paper.id, place=place, after=after)
        if events is not None:
            self.model.moved(paper, self.key(paper), self.at)
            self.model.release([paper])
            self.model.check_place(paper, place, after, self.at)

    @does(
        TransferTicket,
        when=has_tickets,
        pick=PICKS,
        to_service=(None, None, TAX, VAT, VAT, DESK, LOST),
        to_counter=(None, ONE, TWO, TWO, THREE),
        back=(True, False),
    )
    def transfer(self, pick: int, back: bool, **to: Any) -> None:
        paper, model = self.some(pick, "transfer"), self.model
        refused = model.refuses(paper, "transfer") or model.refuses_transfer(**to)
        events = self.do(TransferTicket, refused, ticket=paper.id, back=back, note="n", **to)
        if events is None:
            return
        paper.service = to["to_service"] or paper.service
        paper.reserved = to["to_counter"]
        paper.then = tuple(service for service in paper.then if service != paper.service)
        assert back or self.key(paper) == paper.key, "it keeps its time of arrival"
        model.moved(paper, self.key(paper), self.at)
        if back:
            model.check_place(paper, QueuePlace.BACK, 0, self.at)

    # -- counters: what both kinds of rules need -------------------------------------------------

    def closed(self, counter: CounterId) -> None:
        """Write down that the counter was closed: what it had goes back to where it stood."""
        held = self.model.at(counter)
        if self.model.mode(counter) is CounterMode.CLOSED:
            return
        self.model.close(counter)
        if held is not None:
            self.model.moved(held, held.key, held.since)
        self.model.release(self.model.waiting())


__all__ = ["PLAIN", "WAITING", "TicketRules", "has_tickets"]
