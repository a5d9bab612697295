"""Steps of tickets beside the plain ones: holding, putting back, transferring, calling a given one."""

from __future__ import annotations

from collections.abc import Callable

from protocol.answers import Accepted
from protocol.commands import (
    NOTE_CHARACTERS_MAX,
    HoldTicket,
    ReactivateTicket,
    RequeueTicket,
    ResumeTicket,
    TransferTicket,
)
from protocol.events import (
    ServiceFinished,
    ServiceStarted,
    TicketCalled,
    TicketCancelled,
    TicketHeld,
    TicketNoShow,
    TicketReactivated,
    TicketRecalled,
    TicketRequeued,
    TicketResumed,
    TicketTransferred,
    VisitContinued,
)
from protocol.ids import CounterId, ServiceId, StaffId, TicketId
from protocol.tickets import QueuePlace, TicketState
from protocol.values import value
from runtime.http.bodies import field
from runtime.http.calls import Call
from runtime.http.encoding import to_json
from runtime.http.request import Response
from runtime.http.views import TicketStep, TicketStepped

_MADE: dict[type, TicketState] = {
    TicketCalled: TicketState.CALLED,
    TicketRecalled: TicketState.CALLED,
    ServiceStarted: TicketState.SERVING,
    ServiceFinished: TicketState.SERVED,
    VisitContinued: TicketState.WAITING,
    TicketHeld: TicketState.HELD,
    TicketResumed: TicketState.WAITING,
    TicketRequeued: TicketState.WAITING,
    TicketTransferred: TicketState.WAITING,
    TicketReactivated: TicketState.WAITING,
    TicketNoShow: TicketState.NO_SHOW,
    TicketCancelled: TicketState.CANCELLED,
}
"""What each event makes of its ticket."""


# -- bodies --------------------------------------------------------------------------------------


@value
class HoldBody:
    """Why the ticket is set aside."""

    note: str | None = field(
        about="For whoever calls it next.", default=None, characters_max=NOTE_CHARACTERS_MAX
    )


@value
class PlaceBody:
    """Where the ticket goes in its queue."""

    place: QueuePlace = field(about="Where it goes.", default=QueuePlace.BACK)
    after: int = field(
        about="With place after: so many who wait now go before it, 0 or more.", default=0
    )


@value
class TransferBody:
    """Where the ticket is to wait; at least one of the two."""

    to_service: ServiceId | None = field(about="The service that it waits for.", default=None)
    to_counter: CounterId | None = field(
        about="The one counter that it waits for, whatever services that has.", default=None
    )
    note: str | None = field(
        about="For whoever calls it next.", default=None, characters_max=NOTE_CHARACTERS_MAX
    )
    back: bool = field(
        about="Whether it goes behind all who wait there; else by when it came to the hall.",
        default=False,
    )


@value
class CallBody:
    """Which ticket is called."""

    ticket: TicketId = field(about="Its id.")


@value
class OpenBody:
    """Who works at the counter."""

    staff: StaffId | None = field(
        about="The number in the hall's roster; whoever was there stays if it is left out.",
        default=None,
    )


# -- handlers ------------------------------------------------------------------------------------


def stepped(accepted: Accepted) -> Response:
    """Tell what state the step left its ticket in, and which counter had it."""
    last: TicketStepped | None = None
    for event in accepted.events:
        state = _MADE.get(type(event))
        if state is not None:
            counter = getattr(event, "counter", None)
            if counter is None and last is not None:
                counter = last.counter
            id: TicketId = getattr(event, "ticket")  # noqa: B009  # all of them have it
            last = TicketStepped(id=id, state=state, counter=counter)
    assert last is not None, "a step of a ticket caused no event"
    return Response(status=200, body=to_json(TicketStep(ticket=last)))


def _named(call: Call) -> TicketId:
    return TicketId(call.params["ticket"])


def hold_ticket(call: Call) -> None:
    """Set a ticket aside."""
    body: HoldBody = call.body
    command = HoldTicket(
        id=call.command_id(),
        ticket=_named(call),
        counter=call.asked_by.counter,
        note=body.note or "",
    )
    call.submit(command, stepped)


def resume_ticket(call: Call) -> None:
    """Let a held ticket wait again."""
    command = ResumeTicket(id=call.command_id(), ticket=_named(call), counter=call.asked_by.counter)
    call.submit(command, stepped)


def put_back(kind: type[RequeueTicket] | type[ReactivateTicket]) -> Callable[[Call], None]:
    """Return what puts a ticket into its queue, at the place that the body says."""

    def put(call: Call) -> None:
        body: PlaceBody = call.body
        command = kind(
            id=call.command_id(),
            ticket=_named(call),
            counter=call.asked_by.counter,
            place=body.place,
            after=body.after,
        )
        call.submit(command, stepped)

    return put


requeue_ticket = put_back(RequeueTicket)
reactivate_ticket = put_back(ReactivateTicket)


def transfer_ticket(call: Call) -> None:
    """Let a ticket wait for another service or for one counter."""
    body: TransferBody = call.body
    command = TransferTicket(
        id=call.command_id(),
        ticket=_named(call),
        counter=call.asked_by.counter,
        to_service=body.to_service,
        to_counter=body.to_counter,
        note=body.note or "",
        back=body.back,
    )
    call.submit(command, stepped)
