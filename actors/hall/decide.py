"""What a hall decides: events for a command, or why not. Pure: nothing is changed, no clock is read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from actors.hall.apply import apply_all
from actors.hall.bans import lift_ban
from actors.hall.booking import book, cancel_booking, confirm, move
from actors.hall.calling import call_given, call_next, cancel, finish, no_show, recall, start
from actors.hall.checking_in import check_in
from actors.hall.closing import add_closure, remove_closure, review
from actors.hall.counters import close_counter, open_counter, pause_counter, toggle_pause
from actors.hall.day import business_day
from actors.hall.evaluating import evaluate, invite
from actors.hall.following import follow, report_push, unfollow
from actors.hall.pushing import pushes
from actors.hall.refusals import Refusal
from actors.hall.requeueing import hold, reactivate, requeue, resume, transfer
from actors.hall.state import HallState, Ticket
from actors.hall.taking import report_print, reprint, take
from protocol.answers import Rejected
from protocol.commands import (
    AddClosure,
    BeginDay,
    BookAppointment,
    CallNext,
    CallTicket,
    CancelAppointment,
    CancelTicket,
    CheckIn,
    CloseCounter,
    Command,
    ConfirmAppointment,
    EvaluateService,
    FinishService,
    HoldTicket,
    InviteEvaluation,
    LiftBan,
    MarkNoShow,
    MoveAppointment,
    OpenCounter,
    PauseCounter,
    ReactivateTicket,
    RecallTicket,
    RemoveClosure,
    ReportPrint,
    ReprintTicket,
    RequeueTicket,
    ResumeTicket,
    ReviewBookings,
    StartService,
    TakeTicket,
    TogglePause,
    TransferTicket,
)
from protocol.events import DayBegun, Event, TicketExpired
from protocol.ids import CommandId
from protocol.push_commands import FollowTicket, ReportPush, UnfollowTicket

Decision = tuple[Event, ...] | Rejected


def carry_out(state: HallState, command: Command, now: datetime) -> tuple[Decision, HallState]:
    """Return what `decide` does, with what followers of tickets are to be told, and the state after it."""
    decision = decide(state, command, now)
    if isinstance(decision, Rejected) or not decision:
        return decision, state
    after = apply_all(state, decision)
    told = pushes(state, after, decision)
    return (decision + told, apply_all(after, told)) if told else (decision, after)


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
        return begun + _DECIDE[type(command)](state, command, at)
    except Refusal as refusal:
        return Rejected(
            command=command.id,
            reason=refusal.reason,
            detail=refusal.detail,
            opens_at=refusal.opens_at,
        )


def _begin_day(state: HallState, command: CommandId, at: datetime) -> tuple[Event, ...]:
    """End every open ticket as expired, then begin the day."""
    spec = state.spec
    day, ends_at = business_day(at, spec.time_zone, spec.day_begins, after=state.day)
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


def _day(_state: HallState, _command: BeginDay, _at: datetime) -> tuple[Event, ...]:
    return ()  # `decide` has begun the day, if its time had come


_DECIDE: dict[type, Callable[[HallState, Any, datetime], tuple[Event, ...]]] = {
    TakeTicket: take,
    CallNext: call_next,
    CallTicket: call_given,
    RecallTicket: recall,
    StartService: start,
    FinishService: finish,
    MarkNoShow: no_show,
    CancelTicket: cancel,
    HoldTicket: hold,
    ResumeTicket: resume,
    RequeueTicket: requeue,
    TransferTicket: transfer,
    ReactivateTicket: reactivate,
    EvaluateService: evaluate,
    InviteEvaluation: invite,
    OpenCounter: open_counter,
    PauseCounter: pause_counter,
    TogglePause: toggle_pause,
    CloseCounter: close_counter,
    ReportPrint: report_print,
    ReprintTicket: reprint,
    FollowTicket: follow,
    UnfollowTicket: unfollow,
    ReportPush: report_push,
    BookAppointment: book,
    ConfirmAppointment: confirm,
    MoveAppointment: move,
    CancelAppointment: cancel_booking,
    CheckIn: check_in,
    AddClosure: add_closure,
    RemoveClosure: remove_closure,
    LiftBan: lift_ban,
    ReviewBookings: review,
    BeginDay: _day,
}
