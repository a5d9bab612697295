"""The routes of streams: all events of a hall for its own devices, one ticket for its customer's phone."""

from __future__ import annotations

from actors.hall.state import HallState
from protocol.values import replace
from runtime.http.api import ticket_of_path
from runtime.http.calls import Call
from runtime.http.problems import RETRY_AFTER_S, refuse, retry_after
from runtime.http.request import Response
from runtime.http.streams import EVENT_STREAM

__all__ = ["stream_events", "stream_ticket"]


def stream_ticket(call: Call) -> Response | None:
    """Send how far it is with a ticket, as it changes."""
    if call.request.method == b"HEAD":
        return replace(EVENT_STREAM, body=b"")
    streams = call.hall.ticket_streams

    def found(state: HallState) -> None:
        ticket = ticket_of_path(call, state)
        # Others may have come while the hall was asked.
        refused = streams.refusal(call.request)
        if refused is not None:
            raise refused
        streams.open(call.request, ticket.id, state)

    call.read(found)
    return None


def stream_events(call: Call) -> Response | None:
    """Send a hall's events as they come, after those that the client lacks."""
    if call.request.method == b"HEAD":
        return replace(EVENT_STREAM, body=b"")
    hub = call.hall.hub
    limits = call.request.channel.limits
    after = _resume_after(call)
    if hub.last is None:
        raise refuse(
            "hall-unavailable",
            "the hall has not said yet where it is; connect again",
            retry_after(RETRY_AFTER_S),
        )
    address = call.request.address
    if len(hub) >= limits.streams_max or hub.streams_of(address) >= limits.streams_each_max:
        raise refuse(
            "too-many-streams",
            "as many event streams are open as the server allows, in all or from your address",
            retry_after(limits.heartbeat_s),
        )
    hub.open(call.request, call.asked_by, after)
    return None


def _resume_after(call: Call) -> int | None:
    """Return the event that the client has last; the header that browsers send again outranks the query."""
    given = call.request.header(b"last-event-id")
    if given is None:
        values = call.request.query_values(b"after")
        given = values[-1] if values else None
    if not given:
        return None
    if not given.isdigit() or len(given) > 15:
        raise refuse(
            "malformed-request",
            "Last-Event-ID and after must be the number of an event, as a stream's id field has it",
        )
    return int(given)
