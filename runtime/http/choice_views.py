"""What the API tells of who is called next: why a ticket was, and how far the bounds on overtaking are used."""

from __future__ import annotations

from datetime import datetime

from actors.hall.overtaking import overtaken_at
from actors.hall.state import HallState
from protocol.choices import Candidate, Rule
from protocol.events import TicketCalled
from protocol.ids import CounterId, ServiceId, TicketId
from protocol.policies import Policy, PolicyKind
from protocol.tickets import TicketClass
from protocol.values import value
from runtime.http.bodies import field


@value
class CandidateView:
    """The first of those who waited for a service in one class."""

    id: TicketId
    number: str
    service: ServiceId
    ticket_class: TicketClass = field(about="Its class.", json_name="class")
    waited_s: float
    overtaken: int = field(
        about="How often later tickets of its service had been called before it."
    )


@value
class Why:
    """Why a ticket was called, the last time, as the event of that call has it."""

    id: TicketId
    number: str
    service: ServiceId
    counter: CounterId
    called_at: datetime
    rule: Rule = field(about="What decided.")
    candidates: tuple[CandidateView, ...] = field(
        about="Among whom: the one that was called, then those who came first."
    )
    of: int = field(about="How many candidates there were; not all of many are told.")
    overtook: int = field(about="People waiting for the same service who had come earlier.")


@value
class ClassView:
    """Those of one class who wait for a service."""

    ticket_class: TicketClass = field(about="The class.", json_name="class")
    waiting: int
    first: str = field(about="The number that goes first of them.")
    first_since: datetime = field(about="Since when that one waits.")
    overtaken: int = field(
        about="How often later tickets of the service were called before that one."
    )


@value
class PolicyView:
    """How the hall chooses who is called next."""

    kind: PolicyKind
    overtaken_max: int | None = field(
        about="Nobody is called before somebody of the same service who came earlier and was overtaken so "
        "often; null if there is no such bound."
    )
    overtaken_wait_s: float | None = field(
        about="Nor before one who has waited so long; null if there is no such bound."
    )


def why_view(called: TicketCalled) -> Why | None:
    """Return what the event of a call says of its choice; nothing if it does not say any."""
    choice = called.choice
    if choice is None:
        return None
    return Why(
        id=called.ticket,
        number=called.number,
        service=called.service,
        counter=called.counter,
        called_at=called.at,
        rule=choice.rule,
        candidates=tuple(map(_candidate_view, choice.candidates)),
        of=choice.of,
        overtook=choice.overtook,
    )


def _candidate_view(candidate: Candidate) -> CandidateView:
    return CandidateView(
        id=candidate.ticket,
        number=candidate.number,
        service=candidate.service,
        ticket_class=candidate.ticket_class,
        waited_s=candidate.waited_s,
        overtaken=candidate.overtaken,
    )


def class_views(state: HallState, service: ServiceId) -> tuple[ClassView, ...]:
    """Return the classes in which somebody waits for the service, in the order of `TicketClass`."""
    line = state.lines.get(service)
    if line is None:
        return ()
    views = []
    for ticket_class in TicketClass:
        queue = line.classes.get(ticket_class)
        if queue is not None:
            ticket = state.tickets[queue.ticket]
            views.append(
                ClassView(
                    ticket_class=ticket_class,
                    waiting=queue.size,
                    first=ticket.number,
                    first_since=ticket.waiting_since,
                    overtaken=overtaken_at(line, ticket.order),
                )
            )
    return tuple(views)


def policy_view(policy: Policy) -> PolicyView:
    """Return what is seen of a policy."""
    return PolicyView(
        kind=policy.kind,
        overtaken_max=policy.overtaken_max,
        overtaken_wait_s=policy.overtaken_wait_s,
    )
