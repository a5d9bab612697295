"""Phones that follow tickets, as staff may see to them."""

from __future__ import annotations

from protocol.answers import Accepted
from protocol.ids import TicketId
from protocol.push_commands import UnfollowTicket
from protocol.values import value
from runtime.http.bodies import field
from runtime.http.calls import Call
from runtime.http.encoding import to_json
from runtime.http.request import Response


@value
class FollowedTicket:
    """A ticket, and whether a phone follows it now."""

    id: TicketId
    followed: bool = field(about="Whether a phone follows it.")


@value
class Unfollowed:
    """The answer to letting a ticket go."""

    ticket: FollowedTicket


def unfollow_ticket(call: Call) -> None:
    """Let a ticket go that a phone follows, so that another one may."""
    ticket = TicketId(call.params["ticket"])

    def let_go(_accepted: Accepted) -> Response:
        told = Unfollowed(ticket=FollowedTicket(id=ticket, followed=False))
        return Response(status=200, body=to_json(told))

    call.submit(UnfollowTicket(id=call.command_id(), ticket=ticket), let_go)
