"""What a hall decides: events for a command, or why not. Pure: nothing is changed, no clock is read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from actors.hall.apply import apply_all
from actors.hall.day import business_day
from actors.hall.heap import Heap, without_first
from actors.hall.state import HallState, Line, Ticket
from protocol.answers import Reason, Rejected
from protocol.commands import (
    BeginDay,
    CallNext,
    CancelTicket,
    CloseCounter,
    Command,
    FinishService,
    MarkNoShow,
    OpenCounter,
    PauseCounter,
    RecallTicket,
    ReportPrint,
    ReprintTicket,
    StartService,
    TakeTicket,
    TicketCommand,
)
from protocol.events import (
    CounterClosed,
    CounterOpened,
    CounterPaused,
    DayBegun,
    Event,
    ReprintRequested,
    ServiceFinished,
    ServiceStarted,
    TicketCalled,
    TicketCancelled,
    TicketExpired,
    TicketNoShow,
    TicketPrinted,
    TicketPrintFailed,
    TicketRecalled,
    TicketTaken,
)
from protocol.hall import UnstartedTicket
from protocol.ids import CommandId, CounterId, KioskId, TicketId
from protocol.tickets import TRANSITIONS, CounterMode, PrintState, TicketState, TicketStep

Decision = tuple[Event, ...] | Rejected


class _Refusal(Exception):
    """Carries a refusal out of a decision's depth."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def decide(state: HallState, command: Command, now: datetime) -> Decision:
    """Return the events that ``command`` causes at ``now`` (aware, UTC), or why it is refused.

    Events are never dated before the last one, even if the clock was set back. When the business day
    is over, the command's events follow those that end it and begin the next.
    """
    at = now if now > state.last_at else state.last_at
    begun: tuple[Event, ...] = ()
    if at >= state.ends_at:
        begun = _begin_day(state, command.id, at)
        state = apply_all(state, begun)
    try:
        if isinstance(command, RecallTicket):
            return begun + _recall(state, command, at, now)
        return begun + _DECIDE[type(command)](state, command, at)
    except _Refusal as refusal:
        return Rejected(command=command.id, reason=refusal.reason, detail=refusal.detail)


def _begin_day(state: HallState, command: CommandId, at: datetime) -> tuple[Event, ...]:
    """End every open ticket as expired, then begin the day."""
    spec = state.spec
    day, ends_at = business_day(at, spec.time_zone, spec.day_begins)
    expired = tuple(
        TicketExpired(
            at=at,
            command=command,
            ticket=ticket.id,
            counter=ticket.counter if ticket.state.at_counter else None,
        )
        for ticket in sorted(state.tickets.values(), key=_order)
        if ticket.state.open
    )
    return (*expired, DayBegun(at=at, command=command, day=day, ends_at=ends_at))


def _order(ticket: Ticket) -> tuple[int, ...]:
    return ticket.order


# -- taking and calling --------------------------------------------------------------------------


def _take(state: HallState, command: TakeTicket, at: datetime) -> tuple[Event, ...]:
    spec = state.spec
    service = spec.services.get(command.service)
    if service is None:
        raise _Refusal(
            Reason.UNKNOWN_SERVICE,
            f"hall {spec.id} has no service {command.service!r}; it has {_listed(spec.services)}",
        )
    if command.kiosk is not None and command.kiosk not in spec.kiosks:
        raise _unknown_kiosk(state, command.kiosk)
    line = state.lines.get(service.id)
    serial = service.first if line is None else line.serial + 1
    # A configuration that changed within the day may lead back to numbers that are given out.
    while serial <= service.last and _ticket_id(state.day, service.number(serial)) in state.tickets:
        serial += 1
    if serial > service.last:
        raise _Refusal(
            Reason.NUMBERS_EXHAUSTED,
            f"service {service.id} has given out its numbers to {service.number(service.last)} "
            "for this business day; raise its `last` or add a service",
        )
    number = service.number(serial)
    return (
        TicketTaken(
            at=at,
            command=command.id,
            ticket=_ticket_id(state.day, number),
            service=service.id,
            number=number,
            serial=serial,
            language=command.language if command.language in spec.languages else spec.languages[0],
            ticket_class=command.ticket_class,
            channel=command.channel,
            kiosk=command.kiosk,
            ahead=0 if line is None else line.waiting,
        ),
    )


def _ticket_id(day: date, number: str) -> TicketId:
    return TicketId(f"{_day_code(day)}-{number}")


@lru_cache(maxsize=8)
def _day_code(day: date) -> str:
    """Return the day as tickets' ids begin with it, such as ``20261123``."""
    return f"{day:%Y%m%d}"


def _call_next(state: HallState, command: CallNext, at: datetime) -> tuple[Event, ...]:
    counter = _counter(state, command.counter)
    post = state.post(counter)
    events: list[Event] = []
    if post.mode is not CounterMode.OPEN:
        events.append(CounterOpened(at=at, command=command.id, counter=counter))
    if post.ticket is not None:
        events.append(_ended_by_next(state, post.ticket, counter, command.id, at))
    ticket = next_ticket(state, counter)
    if ticket is not None:
        events.append(
            TicketCalled(
                at=at,
                command=command.id,
                ticket=ticket.id,
                number=ticket.number,
                service=ticket.service,
                counter=counter,
            )
        )
    return tuple(events)


def _ended_by_next(
    state: HallState, ticket: TicketId, counter: CounterId, command: CommandId, at: datetime
) -> Event:
    unstarted = state.tickets[ticket].state is TicketState.CALLED
    if unstarted and state.spec.unstarted is UnstartedTicket.NO_SHOW:
        return TicketNoShow(at=at, command=command, ticket=ticket, counter=counter)
    return ServiceFinished(at=at, command=command, ticket=ticket, counter=counter)


def next_ticket(state: HallState, counter: CounterId) -> Ticket | None:
    """Return who is next at the counter: first come, first served over all its services."""
    first: Ticket | None = None
    for service in state.spec.counters[counter].services:
        line = state.lines.get(service)
        if line is None or not line.waiting:
            continue
        ticket = _first_waiting(state, line)
        if first is None or ticket.order < first.order:
            first = ticket
    return first


def _first_waiting(state: HallState, line: Line) -> Ticket:
    """Return the first of those who still wait; somebody does."""
    queue: Heap | None = line.queue
    while queue is not None:
        ticket = state.tickets[queue.ticket]
        if ticket.state is TicketState.WAITING and ticket.order == queue.order:
            return ticket
        queue = without_first(queue)
    raise AssertionError(f"{line.waiting} wait and none of them is in the queue")


# -- steps of one ticket -------------------------------------------------------------------------


def _recall(
    state: HallState, command: RecallTicket, at: datetime, now: datetime
) -> tuple[Event, ...]:
    ticket, counter = _at_counter(state, command, TicketStep.RECALL)
    spec = state.spec
    if ticket.recalls >= spec.recalls_max:
        raise _Refusal(
            Reason.RECALL_TOO_OFTEN,
            f"{ticket.number} was recalled {ticket.recalls} times, the most allowed; "
            "mark it as no-show or start it",
        )
    last = ticket.recalled_at or ticket.called_at
    assert last is not None
    # A clock that was set back to before the last call does not say how long ago that was.
    if timedelta(0) <= now - last < timedelta(seconds=spec.recall_lockout_s):
        raise _Refusal(
            Reason.RECALL_TOO_SOON,
            f"{ticket.number} was called less than {spec.recall_lockout_s:g} s ago; wait a moment",
        )
    return (
        TicketRecalled(
            at=at,
            command=command.id,
            ticket=ticket.id,
            number=ticket.number,
            counter=counter,
            times=ticket.recalls + 1,
        ),
    )


def _start(state: HallState, command: StartService, at: datetime) -> tuple[Event, ...]:
    ticket, counter = _at_counter(state, command, TicketStep.START)
    return (ServiceStarted(at=at, command=command.id, ticket=ticket.id, counter=counter),)


def _finish(state: HallState, command: FinishService, at: datetime) -> tuple[Event, ...]:
    ticket, counter = _at_counter(state, command, TicketStep.FINISH)
    return (ServiceFinished(at=at, command=command.id, ticket=ticket.id, counter=counter),)


def _no_show(state: HallState, command: MarkNoShow, at: datetime) -> tuple[Event, ...]:
    ticket, counter = _at_counter(state, command, TicketStep.NO_SHOW)
    return (TicketNoShow(at=at, command=command.id, ticket=ticket.id, counter=counter),)


def _cancel(state: HallState, command: CancelTicket, at: datetime) -> tuple[Event, ...]:
    ticket = _step(state, command, TicketStep.CANCEL)
    counter = ticket.counter if ticket.state.at_counter else None
    return (TicketCancelled(at=at, command=command.id, ticket=ticket.id, counter=counter),)


def _at_counter(
    state: HallState, command: TicketCommand, step: TicketStep
) -> tuple[Ticket, CounterId]:
    ticket = _step(state, command, step)
    assert ticket.counter is not None
    return ticket, ticket.counter


def _step(state: HallState, command: TicketCommand, step: TicketStep) -> Ticket:
    """Return the ticket that the command is about, if ``step`` is allowed for it now."""
    if command.ticket is not None:
        ticket = _ticket(state, command.ticket)
        if command.counter is not None and _counter(state, command.counter) != ticket.counter:
            raise _Refusal(
                Reason.NO_TICKET_AT_COUNTER,
                f"{ticket.number} is not at counter {command.counter}",
            )
    elif command.counter is not None:
        held = state.post(_counter(state, command.counter)).ticket
        if held is None:
            raise _Refusal(
                Reason.NO_TICKET_AT_COUNTER,
                f"counter {command.counter} has no ticket; call the next one first",
            )
        ticket = state.tickets[held]
    else:
        raise _Refusal(Reason.UNKNOWN_TICKET, "neither a ticket nor a counter was named")
    if (ticket.state, step) not in TRANSITIONS:
        raise _Refusal(
            Reason.TICKET_STATE,
            f"{ticket.number} is {ticket.state}: {step} is not possible now",
        )
    return ticket


# -- counters ------------------------------------------------------------------------------------


def _open(state: HallState, command: OpenCounter, at: datetime) -> tuple[Event, ...]:
    counter = _counter(state, command.counter)
    if state.post(counter).mode is CounterMode.OPEN:
        return ()
    return (CounterOpened(at=at, command=command.id, counter=counter),)


def _pause(state: HallState, command: PauseCounter, at: datetime) -> tuple[Event, ...]:
    counter = _free_counter(state, command.counter, "paused")
    post = state.post(counter)
    if post.mode is CounterMode.PAUSED and post.reason == command.reason:
        return ()
    return (CounterPaused(at=at, command=command.id, counter=counter, reason=command.reason),)


def _close(state: HallState, command: CloseCounter, at: datetime) -> tuple[Event, ...]:
    counter = _free_counter(state, command.counter, "closed")
    if state.post(counter).mode is CounterMode.CLOSED:
        return ()
    return (CounterClosed(at=at, command=command.id, counter=counter),)


def _counter(state: HallState, counter: CounterId) -> CounterId:
    if counter not in state.spec.counters:
        raise _Refusal(
            Reason.UNKNOWN_COUNTER,
            f"hall {state.spec.id} has no counter {counter!r}; it has {_listed(state.spec.counters)}",
        )
    return counter


def _free_counter(state: HallState, counter: CounterId, wish: str) -> CounterId:
    held = state.post(_counter(state, counter)).ticket
    if held is not None:
        raise _Refusal(
            Reason.TICKET_STATE,
            f"counter {counter} still has {state.tickets[held].number} and cannot be {wish}: "
            "finish it or mark it as no-show first",
        )
    return counter


# -- paper ---------------------------------------------------------------------------------------


def _report_print(state: HallState, command: ReportPrint, at: datetime) -> tuple[Event, ...]:
    ticket = _ticket(state, command.ticket)
    if ticket.kiosk is None:
        raise _Refusal(Reason.NO_PRINTER, f"{ticket.number} was not taken at a kiosk")
    if command.failure is not None:
        return (
            TicketPrintFailed(
                at=at,
                command=command.id,
                ticket=ticket.id,
                kiosk=ticket.kiosk,
                failure=command.failure,
            ),
        )
    return (TicketPrinted(at=at, command=command.id, ticket=ticket.id, kiosk=ticket.kiosk),)


def _reprint(state: HallState, command: ReprintTicket, at: datetime) -> tuple[Event, ...]:
    ticket = _ticket(state, command.ticket)
    if not ticket.state.open:
        raise _Refusal(
            Reason.TICKET_STATE, f"{ticket.number} is {ticket.state}: its paper serves no more"
        )
    if ticket.printed is PrintState.PENDING:
        raise _Refusal(Reason.TICKET_STATE, f"{ticket.number} is being printed")
    kiosk = command.kiosk or ticket.kiosk
    if kiosk is None:
        raise _Refusal(Reason.NO_PRINTER, f"{ticket.number} has no kiosk; name one to print at")
    if kiosk not in state.spec.kiosks:
        raise _unknown_kiosk(state, kiosk)
    if state.spec.kiosks[kiosk].printer is None:
        raise _Refusal(Reason.NO_PRINTER, f"kiosk {kiosk} has no printer")
    return (ReprintRequested(at=at, command=command.id, ticket=ticket.id, kiosk=kiosk),)


def _unknown_kiosk(state: HallState, kiosk: KioskId) -> _Refusal:
    return _Refusal(
        Reason.UNKNOWN_KIOSK,
        f"hall {state.spec.id} has no kiosk {kiosk!r}; it has {_listed(state.spec.kiosks)}",
    )


# -- the rest ------------------------------------------------------------------------------------


def _day(_state: HallState, _command: BeginDay, _at: datetime) -> tuple[Event, ...]:
    return ()  # `decide` has begun the day, if its time had come


def _ticket(state: HallState, ticket: TicketId) -> Ticket:
    found = state.tickets.get(ticket)
    if found is None:
        raise _Refusal(
            Reason.UNKNOWN_TICKET,
            f"hall {state.spec.id} has no ticket {ticket!r} on business day {state.day}",
        )
    return found


def _listed(names: Any) -> str:
    """Name what there is, but no more than ten."""
    shown = [str(name) for name in names]
    return ", ".join(shown[:10]) + (", …" if len(shown) > 10 else "") if shown else "none"


_DECIDE: dict[type, Callable[[HallState, Any, datetime], tuple[Event, ...]]] = {
    TakeTicket: _take,
    CallNext: _call_next,
    StartService: _start,
    FinishService: _finish,
    MarkNoShow: _no_show,
    CancelTicket: _cancel,
    OpenCounter: _open,
    PauseCounter: _pause,
    CloseCounter: _close,
    ReportPrint: _report_print,
    ReprintTicket: _reprint,
    BeginDay: _day,
}
