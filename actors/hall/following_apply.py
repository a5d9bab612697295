"""What each event of a push, or of who follows a ticket, makes of a hall's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from actors.hall.state import Following, HallState
from protocol.ids import TicketId
from protocol.push_events import CallVoiced, PushDue, PushEnded, TicketFollowed, TicketUnfollowed
from protocol.pushes import PushKind
from protocol.values import replace


def _followed(state: HallState, event: TicketFollowed) -> None:
    following = state.tickets[event.ticket].following or Following(follower=None)
    state.followed += following.follower is None
    _change(
        state,
        event.ticket,
        replace(following, follower=event.follower, silent=event.silent),
    )


def _unfollowed(state: HallState, event: TicketUnfollowed) -> None:
    _change(state, event.ticket, replace(_following(state, event.ticket), follower=None))
    state.followed -= 1


def _due(state: HallState, event: PushDue) -> None:
    following, called = _following(state, event.ticket), state.tickets[event.ticket].called
    following = replace(
        following,
        near=following.near or event.kind is PushKind.NEAR,
        call=following.call if called is None else called.command,
        pushes=following.pushes + 1,
        due=(*following.due, event),
    )
    _change(state, event.ticket, following)


def _ended(state: HallState, event: PushEnded) -> None:
    following = _following(state, event.ticket)
    due = tuple(push for push in following.due if push.push != event.push)
    _change(state, event.ticket, replace(following, due=due))


def _voiced(state: HallState, event: CallVoiced) -> None:
    ticket = state.tickets[event.ticket]
    assert ticket.called is not None
    called = replace(ticket, called=replace(ticket.called, silent=False))
    state.tickets = state.tickets.set(ticket.id, called)


def _following(state: HallState, ticket: TicketId) -> Following:
    following = state.tickets[ticket].following
    assert following is not None, "nobody is told of a ticket that nobody has followed"
    return following


def _change(state: HallState, ticket: TicketId, following: Following) -> None:
    changed = replace(state.tickets[ticket], following=following)
    state.tickets = state.tickets.set(ticket, changed)


APPLY_FOLLOWING: Mapping[type, Callable[[HallState, Any], None]] = MappingProxyType(
    {
        TicketFollowed: _followed,
        TicketUnfollowed: _unfollowed,
        PushDue: _due,
        PushEnded: _ended,
        CallVoiced: _voiced,
    }
)
