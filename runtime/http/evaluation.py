"""Evaluations over HTTP: by whoever has the ticket's code, or by the tablet at the counter."""

from __future__ import annotations

from actors.hall.evaluating import LEVEL_MAX, LEVEL_MIN
from protocol.answers import Accepted
from protocol.commands import EVALUATION_CHARACTERS_MAX, EvaluateService, InviteEvaluation
from protocol.events import EvaluationInvited, ServiceEvaluated
from protocol.ids import CounterId, ServiceId, TicketId
from protocol.tickets import EvaluationDevice
from protocol.values import value
from runtime.http.bodies import field
from runtime.http.calls import Call
from runtime.http.codes import is_code
from runtime.http.encoding import to_json
from runtime.http.problems import refuse
from runtime.http.request import Response


@value
class EvaluateBody:
    """What a customer thinks of a service."""

    level: int = field(about=f"{LEVEL_MIN} (worst) to {LEVEL_MAX}.")
    code: str = field(about="The c in the address that the ticket's QR code says.")
    service: ServiceId | None = field(
        about="The service; the newest one that is not evaluated yet if it is left out.",
        default=None,
    )
    reasons: tuple[str, ...] = field(about="Ids of reasons that the hall has.", default=())
    text: str | None = field(
        about="In the customer's own words.",
        default=None,
        characters_max=EVALUATION_CHARACTERS_MAX,
    )


@value
class TabletBody:
    """What a customer thinks of the service that the counter gave."""

    level: int = field(about=f"{LEVEL_MIN} (worst) to {LEVEL_MAX}.")
    ticket: TicketId | None = field(
        about="Who was asked; whom the counter served last if it is left out.", default=None
    )
    reasons: tuple[str, ...] = field(about="Ids of reasons that the hall has.", default=())


@value
class Evaluated:
    """An evaluation that counts."""

    ticket: TicketId
    service: ServiceId
    counter: CounterId
    level: int


@value
class Evaluation:
    """The answer to an evaluation."""

    evaluation: Evaluated


@value
class Invited:
    """Who is asked to evaluate what."""

    ticket: TicketId
    service: ServiceId


@value
class Invitation:
    """The answer to an invitation."""

    invited: Invited


def evaluate_ticket(call: Call) -> None:
    """Take an evaluation from whoever has the ticket's paper."""
    body: EvaluateBody = call.body
    port, ticket = call.hall.port, TicketId(call.params["ticket"])
    if not is_code(port.key, port.spec.id, ticket, body.code):
        raise refuse(
            "code-wrong",
            "this code is not the ticket's; open the page that the ticket's QR code leads to",
        )
    command = EvaluateService(
        id=call.command_id(),
        ticket=ticket,
        level=body.level,
        service=body.service,
        reasons=body.reasons,
        text=body.text or "",
        device=EvaluationDevice.PHONE,
    )
    call.submit(command, _evaluated)


def evaluate_counter(call: Call) -> None:
    """Take an evaluation from the tablet at a counter."""
    body: TabletBody = call.body
    counter = CounterId(call.params["counter"])
    call.asked_by.check_counter(counter)
    command = EvaluateService(
        id=call.command_id(),
        ticket=body.ticket,
        counter=counter,
        level=body.level,
        reasons=body.reasons,
        device=EvaluationDevice.TABLET,
    )
    call.submit(command, _evaluated)


def _evaluated(accepted: Accepted) -> Response:
    for event in accepted.events:
        if isinstance(event, ServiceEvaluated):
            evaluated = Evaluated(
                ticket=event.ticket,
                service=event.service,
                counter=event.counter,
                level=event.level,
            )
            return Response(status=200, body=to_json(Evaluation(evaluation=evaluated)))
    raise AssertionError("an evaluation caused no event")


def invite(call: Call) -> None:
    """Ask whom the counter served last to evaluate."""
    counter = CounterId(call.params["counter"])
    call.asked_by.check_counter(counter)

    def invited(accepted: Accepted) -> Response:
        for event in accepted.events:
            if isinstance(event, EvaluationInvited):
                who = Invited(ticket=event.ticket, service=event.service)
                return Response(status=200, body=to_json(Invitation(invited=who)))
        raise AssertionError("an invitation caused no event")

    call.submit(InviteEvaluation(id=call.command_id(), counter=counter), invited)
