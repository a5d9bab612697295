"""What each route of ``/api/v1`` does. The table is in `routes`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from actors.hall.state import HallState, Ticket
from protocol.answers import Accepted
from protocol.commands import (
    CallNext,
    CallTicket,
    CancelTicket,
    CloseCounter,
    FinishService,
    MarkNoShow,
    OpenCounter,
    PauseCounter,
    RecallTicket,
    ReprintTicket,
    StartService,
    TakeTicket,
)
from protocol.events import (
    CounterClosed,
    CounterOpened,
    CounterPaused,
    ReprintRequested,
    TicketCalled,
    TicketTaken,
)
from protocol.hall import Identity
from protocol.ids import CounterId, KioskId, PersonId, TicketId
from protocol.tickets import Channel, CounterMode, TicketClass, TicketState
from runtime.config.model import Role
from runtime.http.calls import Call
from runtime.http.choice_views import why_view
from runtime.http.codes import shown_code, without_code
from runtime.http.desk import Desk
from runtime.http.encoding import to_json
from runtime.http.menu_views import wait_view
from runtime.http.persons import Given, person_of
from runtime.http.problems import refuse
from runtime.http.request import NO_STORE, Response
from runtime.http.steps import CallBody, OpenBody, stepped
from runtime.http.ticket_views import IssuedTicket, ticket_view
from runtime.http.views import (
    AlarmList,
    CalledTicket,
    CounterStep,
    CounterStepped,
    NextTicket,
    PauseBody,
    Reprint,
    ReprintBody,
    TakeTicketBody,
    TicketReprinted,
)

E = TypeVar("E")

Step = (
    type[RecallTicket]
    | type[StartService]
    | type[FinishService]
    | type[MarkNoShow]
    | type[CancelTicket]
)


def _ok(given: object) -> Response:
    return Response(status=200, body=to_json(given))


def _event(accepted: Accepted, kind: type[E]) -> E | None:
    """Return the event of ``kind`` among those that a command caused."""
    for event in accepted.events:
        if isinstance(event, kind):
            return event
    return None


# -- tickets -------------------------------------------------------------------------------------


def take_ticket(call: Call) -> None:
    """Issue a ticket."""
    body: TakeTicketBody = call.body
    spec = call.hall.spec
    if body.ticket_class is TicketClass.APPOINTMENT:
        raise refuse(
            "bad-value",
            "class: a ticket is of class appointment when its customer checks in with a booking",
        )
    language = body.language or spec.languages[0]
    if language not in spec.languages:
        raise refuse(
            "unknown-language",
            f"hall {spec.id} does not speak {language!r}; it speaks {', '.join(spec.languages)}",
            allowed=list(spec.languages),
        )
    kiosk, channel = taken_at(call, body.kiosk)
    person = _person(call, body)
    command = TakeTicket(
        id=call.command_id(),
        service=body.service,
        language=language,
        ticket_class=body.ticket_class,
        channel=channel,
        kiosk=kiosk,
        person=person,
        party=body.party,
        then=body.then,
        visit_order=body.visit_order,
    )
    call.submit(command, issued_by(call.hall))


def taken_at(call: Call, kiosk: KioskId | None) -> tuple[KioskId | None, Channel]:
    """Return at which kiosk a ticket is printed, if at one, and how it is taken."""
    kiosk = kiosk or call.asked_by.kiosk
    if kiosk is not None:
        call.asked_by.check_kiosk(kiosk)
    if call.asked_by.role is Role.KIOSK:
        return kiosk, Channel.WEB if kiosk is None else Channel.KIOSK
    return kiosk, Channel.RECEPTION


def issued_by(desk: Desk) -> Callable[[Accepted], Response]:
    """Return what renders the ticket that the hall of ``desk`` issued."""

    def issued(accepted: Accepted) -> Response:
        taken = _event(accepted, TicketTaken)
        assert taken is not None
        ticket = IssuedTicket(
            id=taken.ticket,
            number=taken.number,
            service=taken.service,
            ahead=taken.ahead,
            kiosk=taken.kiosk,
            due_at=taken.due_at,
            estimate=wait_view(taken.estimate),
            late=taken.late,
            scan_url=desk.port.scan_url(taken.ticket),
        )
        location = f"/api/v1/halls/{desk.spec.id}/tickets/{taken.ticket}"
        return Response(
            status=201,
            body=to_json(ticket),
            headers=(NO_STORE, (b"Location", location.encode())),
        )

    return issued


def _person(call: Call, body: TakeTicketBody) -> PersonId | None:
    """Return who wants the ticket, as far as that is said or asked for."""
    spec, key = call.hall.spec, call.hall.port.key
    wanted = [spec.services[id] for id in (body.service, *body.then) if id in spec.services]
    asked = any(service.identity is not Identity.NONE for service in wanted)
    if not asked and body.phone is None and body.document is None and body.openid is None:
        return None
    given = Given(phone=body.phone, document=body.document, openid=body.openid)
    today = datetime.now(ZoneInfo(spec.time_zone)).date()
    return person_of(given, wanted, key, today)


def read_ticket(call: Call) -> None:
    """Say how a ticket is."""
    port = call.hall.port

    def found(state: HallState) -> Response:
        ticket = ticket_of_path(call, state)
        scan_url = port.scan_url(ticket.id)
        if shown_code(call.request, port, ticket.id) is None:
            scan_url = without_code(scan_url)
        return _ok(ticket_view(state, ticket, scan_url, call.hall.now()))

    call.read(found)


def read_why(call: Call) -> None:
    """Say why a ticket was called, the last time."""

    def found(state: HallState) -> Response:
        ticket = ticket_of_path(call, state)
        why = None if ticket.called is None else why_view(ticket.called)
        if why is None:
            raise refuse(
                "ticket-state", f"{ticket.number} is {ticket.state}, and was not called today"
            )
        return _ok(why)

    call.read(found)


def ticket_of_path(call: Call, state: HallState) -> Ticket:
    """Return the ticket that the path names.

    Raises:
        RequestRefused: there is none of it today.
    """
    id = TicketId(call.params["ticket"])
    ticket = state.tickets.get(id)
    if ticket is None:
        raise refuse(
            "unknown-ticket",
            f"hall {state.spec.id} has no ticket {id!r} on business day {state.day}",
        )
    return ticket


def step_ticket(step: Step) -> Callable[[Call], None]:
    """Return what does ``step`` of a ticket; a counter's token does it only to the ticket at that counter."""

    def take_step(call: Call) -> None:
        command = step(
            id=call.command_id(),
            ticket=TicketId(call.params["ticket"]),
            counter=call.asked_by.counter,
        )
        call.submit(command, stepped)

    return take_step


recall_ticket = step_ticket(RecallTicket)
start_service = step_ticket(StartService)
finish_service = step_ticket(FinishService)
mark_no_show = step_ticket(MarkNoShow)
cancel_ticket = step_ticket(CancelTicket)


def reprint_ticket(call: Call) -> None:
    """Print a ticket's paper again."""
    body: ReprintBody = call.body
    kiosk = body.kiosk or call.asked_by.kiosk
    if kiosk is not None:
        call.asked_by.check_kiosk(kiosk)

    def requested(accepted: Accepted) -> Response:
        event = _event(accepted, ReprintRequested)
        assert event is not None
        reprint = Reprint(ticket=TicketReprinted(id=event.ticket, kiosk=event.kiosk))
        return Response(status=202, body=to_json(reprint))

    ticket = TicketId(call.params["ticket"])
    call.submit(
        ReprintTicket(
            id=call.command_id(), ticket=ticket, kiosk=None if kiosk is None else KioskId(kiosk)
        ),
        requested,
    )


# -- counters ------------------------------------------------------------------------------------


def _counter(call: Call) -> CounterId:
    counter = CounterId(call.params["counter"])
    call.asked_by.check_counter(counter)
    return counter


def call_next(call: Call) -> None:
    """Call the next ticket to a counter."""
    call.submit(CallNext(id=call.command_id(), counter=_counter(call)), _called)


def call_given(call: Call) -> None:
    """Call the ticket that is named to a counter."""
    body: CallBody = call.body
    command = CallTicket(id=call.command_id(), counter=_counter(call), ticket=body.ticket)
    call.submit(command, _called)


def _called(accepted: Accepted) -> Response:
    event = _event(accepted, TicketCalled)
    if event is None:
        return _ok(NextTicket(ticket=None))
    ticket = CalledTicket(
        id=event.ticket,
        number=event.number,
        service=event.service,
        counter=event.counter,
        state=TicketState.CALLED,
    )
    return _ok(NextTicket(ticket=ticket))


def open_counter(call: Call) -> None:
    """Have a counter take customers."""
    body: OpenBody = call.body
    counter = _counter(call)
    command = OpenCounter(id=call.command_id(), counter=counter, staff=body.staff)
    call.submit(command, _moded(counter, CounterMode.OPEN, ""))


def pause_counter(call: Call) -> None:
    """Have a counter take nobody for a while."""
    body: PauseBody = call.body
    counter, reason = _counter(call), body.reason or ""
    command = PauseCounter(id=call.command_id(), counter=counter, reason=reason)
    call.submit(command, _moded(counter, CounterMode.PAUSED, reason))


def close_counter(call: Call) -> None:
    """Have a counter take nobody any more."""
    counter = _counter(call)
    command = CloseCounter(id=call.command_id(), counter=counter)
    call.submit(command, _moded(counter, CounterMode.CLOSED, ""))


def _moded(counter: CounterId, mode: CounterMode, reason: str) -> Callable[[Accepted], Response]:
    """Return what renders a counter's new mode, also where it had that mode already."""

    def render(accepted: Accepted) -> Response:
        assert all(
            isinstance(event, CounterOpened | CounterPaused | CounterClosed)
            for event in accepted.events
        )
        return _ok(CounterStep(counter=CounterStepped(id=counter, mode=mode, reason=reason)))

    return render


# -- halls ---------------------------------------------------------------------------------------


def read_hall(call: Call) -> None:
    """Say how a hall is."""
    known = call.request.header(b"if-none-match")

    def render(state: HallState) -> Response:
        octets, tag = call.hall.view(state)
        headers = ((b"Cache-Control", b"no-cache"), (b"ETag", tag))
        if known == tag:
            return Response(status=304, body=b"", headers=headers)
        return Response(status=200, body=octets, headers=headers)

    call.read(render)


def read_alarms(call: Call) -> Response:
    """Say what needs a person."""
    return _ok(AlarmList(alarms=call.hall.hub.alarms))
