"""What customers think of the services that they were given: each is evaluated once."""

from __future__ import annotations

from datetime import datetime, timedelta

from actors.hall.evaluating_apply import served_last
from actors.hall.refusals import Refusal, find_counter, find_ticket, listed
from actors.hall.state import HallState, Served, Ticket
from protocol.answers import Reason
from protocol.commands import EVALUATION_CHARACTERS_MAX, EvaluateService, InviteEvaluation
from protocol.events import EvaluationInvited, Event, ServiceEvaluated
from protocol.ids import CounterId, ServiceId

LEVEL_MIN, LEVEL_MAX = 1, 5


def evaluate(state: HallState, command: EvaluateService, at: datetime) -> tuple[Event, ...]:
    """Take a customer's rating, for the counter and the staff that served."""
    _check_values(state, command)
    if command.ticket is not None:
        ticket = find_ticket(state, command.ticket)
        if command.counter is not None:
            find_counter(state, command.counter)
    elif command.counter is not None:
        ticket = _served_by(state, command.counter)
    else:
        raise Refusal(Reason.UNKNOWN_TICKET, "neither a ticket nor a counter was named")
    served = _open_service(state, ticket, command.service, command.counter, at)
    evaluated = ServiceEvaluated(
        at=at,
        command=command.id,
        ticket=ticket.id,
        service=served.service,
        counter=served.counter,
        staff=served.staff,
        level=command.level,
        reasons=tuple(dict.fromkeys(command.reasons)),
        text=command.text,
        device=command.device,
    )
    return (evaluated,)


def invite(state: HallState, command: InviteEvaluation, at: datetime) -> tuple[Event, ...]:
    """Ask whom the counter served last; asking again is allowed while it is not evaluated."""
    counter = find_counter(state, command.counter)
    ticket = _served_by(state, counter)
    served = _open_service(state, ticket, None, counter, at)
    invited = EvaluationInvited(
        at=at, command=command.id, ticket=ticket.id, counter=counter, service=served.service
    )
    return (invited,)


def open_until(state: HallState, served: Served) -> datetime:
    """Return until when a finished service may be evaluated (aware, UTC)."""
    return served.ended_at + timedelta(seconds=state.spec.evaluation.within_s)


def _check_values(state: HallState, command: EvaluateService) -> None:
    if not LEVEL_MIN <= command.level <= LEVEL_MAX:
        raise Refusal(
            Reason.BAD_VALUE,
            f"{command.level} is no level; {LEVEL_MIN} (worst) to {LEVEL_MAX} are allowed",
        )
    if len(command.text) > EVALUATION_CHARACTERS_MAX:
        raise Refusal(
            Reason.BAD_VALUE,
            f"the text has {len(command.text)} characters; {EVALUATION_CHARACTERS_MAX} are allowed",
        )
    known = state.spec.evaluation.reasons
    for reason in command.reasons:
        if reason not in known:
            raise Refusal(
                Reason.BAD_VALUE,
                f"hall {state.spec.id} knows no reason {reason[:40]!r}; it has {listed(known)}",
            )


def _served_by(state: HallState, counter: CounterId) -> Ticket:
    """Return the ticket that the counter served last."""
    last = state.post(find_counter(state, counter)).last
    if last is None:
        raise Refusal(Reason.NOT_SERVED, f"counter {counter} has served nobody since it opened")
    return state.tickets[last]


def _open_service(
    state: HallState,
    ticket: Ticket,
    service: ServiceId | None,
    counter: CounterId | None,
    at: datetime,
) -> Served:
    """Return the newest of the ticket's services, at the counter if one is given, that may be evaluated now."""
    place = served_last(ticket, service=service, counter=counter, not_evaluated=True)
    if place is None:
        if served_last(ticket, service=service, counter=counter) is not None:
            raise Refusal(Reason.EVALUATED, f"{ticket.number} has been evaluated already")
        of_what = "" if service is None else f" of {service}"
        at_where = "" if counter is None else f" at counter {counter}"
        raise Refusal(
            Reason.NOT_SERVED,
            f"nothing{of_what} was finished{at_where} for {ticket.number} that could be evaluated",
        )
    served = ticket.served[place]
    if at > open_until(state, served):
        raise Refusal(
            Reason.EVALUATION_CLOSED,
            f"{ticket.number} was served more than {state.spec.evaluation.within_s:g} s ago",
        )
    return served
