"""Phones that follow tickets: who follows, lets go, and what became of a push."""

from __future__ import annotations

from datetime import datetime

from actors.hall.refusals import Refusal, find_ticket
from actors.hall.silence import voiced
from actors.hall.state import HallState
from protocol.answers import Reason
from protocol.commands import NOTE_CHARACTERS_MAX
from protocol.events import Event
from protocol.push_commands import FollowTicket, ReportPush, UnfollowTicket
from protocol.push_events import PushEnded, TicketFollowed, TicketUnfollowed
from protocol.pushes import PushOutcome


def follow(state: HallState, command: FollowTicket, at: datetime) -> tuple[Event, ...]:
    """Let somebody follow an open ticket; nothing happens if he does already, and wishes the same."""
    ticket = find_ticket(state, command.ticket)
    if not ticket.state.open:
        raise Refusal(
            Reason.TICKET_STATE, f"{ticket.number} is {ticket.state}, so there is nothing to tell"
        )
    following = ticket.following
    if following is not None and following.follower == command.follower:
        if following.silent == command.silent:
            return ()
    elif ticket.follower is not None:
        raise Refusal(
            Reason.FOLLOWED,
            f"another phone follows {ticket.number}; whoever has it lets go, or the reception does",
        )
    followed = TicketFollowed(
        at=at,
        command=command.id,
        ticket=ticket.id,
        follower=command.follower,
        silent=command.silent,
    )
    return (followed,)


def unfollow(state: HallState, command: UnfollowTicket, at: datetime) -> tuple[Event, ...]:
    """Let go of a ticket; nothing happens if nobody follows it, or somebody else does."""
    ticket = find_ticket(state, command.ticket)
    if ticket.follower is None or command.follower not in (None, ticket.follower):
        return ()
    return (TicketUnfollowed(at=at, command=command.id, ticket=ticket.id),)


def report_push(state: HallState, command: ReportPush, at: datetime) -> tuple[Event, ...]:
    """Note what became of a push; nothing happens if that is known, or the ticket's day is over."""
    ticket = state.tickets.get(command.ticket)
    if ticket is None or ticket.following is None:
        return ()
    due = [push for push in ticket.following.due if push.push == command.push]
    if not due:
        return ()
    ended = PushEnded(
        at=at,
        command=command.id,
        push=command.push,
        ticket=ticket.id,
        outcome=command.outcome,
        detail=command.detail[:NOTE_CHARACTERS_MAX],
    )
    events: list[Event] = [ended]
    if due[0].silent and command.outcome is not PushOutcome.SENT:
        events += voiced(ticket, at, command.id)
    if command.unfollow and ticket.follower == due[0].follower:
        events.append(TicketUnfollowed(at=at, command=command.id, ticket=ticket.id))
    return tuple(events)
