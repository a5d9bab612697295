"""What the routes of closures do. The table is in `booking_routes`."""

from __future__ import annotations

from datetime import date

from actors.hall.state import HallState
from protocol.answers import Accepted
from protocol.booking_events import AppointmentMoved, AppointmentRevoked, ClosureAdded
from protocol.commands import AddClosure, RemoveClosure
from protocol.events import TicketCancelled, TicketTransferred
from protocol.hours import Closure
from protocol.ids import ClosureId
from runtime.http.booking_views import (
    ClosureBody,
    ClosureGone,
    ClosureList,
    ClosureStep,
    ClosureView,
    closure_view,
)
from runtime.http.bookings import day_of, invalid_body
from runtime.http.calls import Call
from runtime.http.encoding import to_json
from runtime.http.request import NO_STORE, Response


def list_closures(call: Call) -> None:
    """Say which closures were added."""

    def found(state: HallState) -> Response:
        added = sorted(state.diary.closures.values(), key=lambda one: (one.closure.first, one.id))
        closures = ClosureList(closures=tuple(closure_view(one) for one in added))
        return Response(status=200, body=to_json(closures), headers=(NO_STORE,))

    call.read(found)


def add_closure(call: Call) -> None:
    """Close the hall or a service on some days."""
    body: ClosureBody = call.body
    days: list[date] = []
    for name, typed in (("first", body.first), ("last", body.last or body.first)):
        day = day_of(typed)
        if day is None:
            raise invalid_body(name, "must be a day such as 2026-10-01")
        days.append(day)
    closure = Closure(first=days[0], last=days[1], reason=body.reason or "")
    command = AddClosure(
        id=call.command_id(), closure=closure, service=body.service, end_waiting=body.end_waiting
    )
    call.submit(command, _added)


def _added(accepted: Accepted) -> Response:
    events = accepted.events
    (added,) = (one for one in events if isinstance(one, ClosureAdded))
    closure = ClosureView(
        id=added.closure,
        service=added.service,
        first=added.first,
        last=added.last,
        reason=added.reason,
        end_waiting=added.end_waiting,
        settled=not added.left,
    )
    step = ClosureStep(
        closure=closure,
        moved=sum(isinstance(one, AppointmentMoved) for one in events),
        revoked=sum(isinstance(one, AppointmentRevoked) for one in events),
        ended=sum(isinstance(one, TicketCancelled) for one in events),
        sent_on=sum(isinstance(one, TicketTransferred) for one in events),
        left=added.left,
    )
    return Response(status=201, body=to_json(step), headers=(NO_STORE,))


def remove_closure(call: Call) -> None:
    """Open again."""
    id = ClosureId(call.params["closure"])
    gone = Response(status=200, body=to_json(ClosureGone(id=id)))
    call.submit(RemoveClosure(id=call.command_id(), closure=id), lambda _: gone)
