"""Has a hall's pushes sent: the hall's journal is their outbox, which this empties.

waiting --> sent on --sent, refused--> reported to the hall, whose event ends it
   ^            |
   +--"later"---+        a pause for all, longer each time; calls go before turns that come near

A push ends also when the hall says that it is not worth sending any more, or when it has waited for as long as
its kind is worth. Whoever sends may be away for as long as it likes: the hall is not held up, and what is still
worth it is sent then. After a restart what was on its way is sent again under the same id.
"""

from __future__ import annotations

import logging
from typing import Any

from actors.audience import told
from actors.base import Actor, Place, Ref, receives
from actors.hall.actor import ReadState, StateRead
from actors.ports import PushPort
from actors.world import Timer
from protocol.answers import Accepted, Reason, Rejected
from protocol.events import DayBegun
from protocol.hall import HallSpec
from protocol.ids import CommandId, PushId
from protocol.messages import (
    ClearAlarm,
    PushAnswered,
    RaiseAlarm,
    Recorded,
    Submit,
    Subscribe,
)
from protocol.push_commands import ReportPush
from protocol.push_events import PushDue, PushEnded
from protocol.pushes import PushKind, PushOutcome, PushResult
from protocol.values import value

log = logging.getLogger(__name__)

ON_THEIR_WAY_MAX = 20
"""Pushes that are being sent at the same time; the others wait for their turn."""

WAITING_MAX = 10_000
"""Pushes that wait; one more is given up at once, as it would be stale before its turn."""

ANSWER_MAX_S = 60.0
"""After so long without an answer whoever sends has forgotten the push, in a restart."""

PAUSE_FIRST_S = 1.0
PAUSE_MAX_S = 60.0
"""The first and the longest pause after "later", unless it is said how long; each is twice the one before."""

ALARM_AFTER_S = 60.0
"""So long nothing may be sent before a person is called."""

REPORT_AGAIN_S = 5.0
"""Before a report that the hall could not write is sent again, with the same id, until it can."""

_TRIED_AGAIN = frozenset({Reason.NOT_DURABLE, Reason.OVERLOADED})

_OUTCOMES = {
    PushResult.SENT: PushOutcome.SENT,
    PushResult.REFUSED: PushOutcome.REFUSED,
    PushResult.UNREACHABLE: PushOutcome.REFUSED,
    PushResult.MISCONFIGURED: PushOutcome.REFUSED,
}


@value
class _Stale:
    """The push has waited for as long as it is worth."""

    push: PushId


@value
class _AnswerOverdue:
    """Nobody has said what became of the push."""

    push: PushId


@value
class _PauseElapsed:
    """Pushes may be sent again."""


@value
class _ReportsDue:
    """Reports that were not written are to be sent again."""


class PusherActor(Actor):
    """See the module. Its alarm is ``pushes/{hall}``."""

    def __init__(
        self, place: Place, spec: HallSpec, hall: Ref[Any], alarms: Ref[Any], port: PushPort
    ) -> None:
        super().__init__(place)
        self._spec = spec
        self._hall = hall
        self._alarms = alarms
        self._port = port
        self._seq: int | None = None
        """The last event that was taken; nothing before the hall's state was read."""
        self._calls: dict[PushId, PushDue] = {}
        self._others: dict[PushId, PushDue] = {}
        """Those that wait to be sent, in their order; the calls go before the others."""
        self._sent: dict[PushId, tuple[PushDue, Timer]] = {}
        self._ends: dict[PushId, Timer] = {}
        """When each of all these is not worth sending any more."""
        self._reports: dict[PushId, ReportPush] = {}
        """What the hall has not noted yet."""
        self._pause: Timer | None = None
        self._pause_s = PAUSE_FIRST_S
        self._failing_since_s: float | None = None
        self._retry: Timer | None = None
        # A predecessor that failed may have raised the alarm.
        self._alarmed = True

    def on_start(self) -> None:
        """Listen to the hall; its state tells what is to be sent yet."""
        told(self._hall, Subscribe(recipient=self._actor_ref))
        told(self._hall, ReadState(reply_to=self._actor_ref))

    # -- the hall's events ------------------------------------------------------------------

    @receives(StateRead)
    def _take_state(self, message: StateRead) -> None:
        if self._seq is not None:
            return
        self._seq = message.state.seq
        due = [
            push
            for ticket in message.state.tickets.values()
            if ticket.following is not None
            for push in ticket.following.due
        ]
        for push in sorted(due, key=lambda push: push.at):
            self._wait(push)
        self._send_on()

    @receives(Recorded)
    def _take_event(self, record: Recorded) -> None:
        # The state read at the start includes every event that was told before it.
        if self._seq is None or record.seq <= self._seq:
            return
        self._seq = record.seq
        match record.event:
            case PushDue() as push:
                self._wait(push)
                self._send_on()
            case PushEnded(push=id):
                self._forget(id)
                self._send_on()
            case DayBegun():
                for id in (*self._calls, *self._others, *self._sent, *self._reports):
                    self._forget(id)
            case _:
                pass

    def _wait(self, push: PushDue) -> None:
        if len(self._calls) + len(self._others) >= WAITING_MAX:
            self._report(push, PushOutcome.STALE, f"{WAITING_MAX} others wait to be sent")
            return
        self._line(push)[push.push] = push
        left_s = self._within_s(push) - (self.now - push.at).total_seconds()
        self._ends[push.push] = self.later(max(left_s, 0.0), _Stale(push=push.push))

    def _forget(self, id: PushId) -> None:
        """Have nothing to do with the push any more."""
        self._calls.pop(id, None)
        self._others.pop(id, None)
        self._reports.pop(id, None)
        if id in self._sent:
            self._came_back(id)
        self._ended(id)

    def _ended(self, id: PushId) -> None:
        ends = self._ends.pop(id, None)
        if ends is not None:
            ends.cancel()

    @receives(_Stale)
    def _take_stale(self, message: _Stale) -> None:
        id = message.push
        self._ended(id)
        push = self._calls.pop(id, None) or self._others.pop(id, None)
        if push is None and id in self._sent and self._sent[id][0].silent:
            # It may be sent yet, but its customer is to be called at last.
            push = self._came_back(id)
        if push is not None:
            self._give_up(push)

    def _give_up(self, push: PushDue) -> None:
        within_s = self._within_s(push)
        self._report(push, PushOutcome.STALE, f"it could not be sent within {within_s:g} s")

    def _line(self, push: PushDue) -> dict[PushId, PushDue]:
        """Return those among whom the push waits."""
        return self._others if push.kind is PushKind.NEAR else self._calls

    # -- sending ----------------------------------------------------------------------------

    def _send_on(self) -> None:
        """Send what waits, the calls first, unless there is a pause."""
        while self._pause is None and len(self._sent) < ON_THEIR_WAY_MAX:
            line = self._calls or self._others
            if not line:
                return
            push = line.pop(next(iter(line)))
            overdue = self.later(ANSWER_MAX_S, _AnswerOverdue(push=push.push))
            self._sent[push.push] = (push, overdue)
            self._port.send(push, self._actor_ref)

    def _within_s(self, push: PushDue) -> float:
        """Return how long the push may wait to be sent."""
        pushes = self._spec.pushes
        if push.kind is PushKind.NEAR:
            return pushes.near_within_s
        return pushes.silent_within_s if push.silent else pushes.call_within_s

    @receives(PushAnswered)
    def _take_answer(self, answer: PushAnswered) -> None:
        if answer.push not in self._sent:
            return  # it ended meanwhile
        push = self._came_back(answer.push)
        if answer.result is PushResult.LATER:
            self._later(push, answer.detail, answer.pause_s)
            return
        self._report(push, _OUTCOMES[answer.result], answer.detail, answer.result)
        if answer.result is PushResult.MISCONFIGURED:
            self._alarm(answer.detail)
        elif answer.result is PushResult.SENT:
            self._goes_well()
        self._send_on()

    @receives(_AnswerOverdue)
    def _take_overdue(self, message: _AnswerOverdue) -> None:
        if message.push in self._sent:
            push, _ = self._sent.pop(message.push)
            self._later(push, f"no answer for {ANSWER_MAX_S:g} s", None)

    def _came_back(self, id: PushId) -> PushDue:
        push, overdue = self._sent.pop(id)
        overdue.cancel()
        return push

    def _later(self, push: PushDue, detail: str, pause_s: float | None) -> None:
        """Send the push again, and nothing else either, after a pause."""
        log.warning("push put off hall=%s push=%s detail=%s", self._spec.id, push.push, detail)
        if push.push in self._ends:
            line = self._line(push)
            first_again = {push.push: push, **line}
            line.clear()
            line.update(first_again)
        else:
            # Its time was over while it was on its way.
            self._give_up(push)
        if self._failing_since_s is None:
            self._failing_since_s = self.monotonic
        elif self.monotonic - self._failing_since_s >= ALARM_AFTER_S:
            self._alarm(f"pushes cannot be sent: {detail}")
        if self._pause is not None:
            return
        if pause_s is None:
            pause_s = self._pause_s * self.random.uniform(0.75, 1.25)
            self._pause_s = min(self._pause_s * 2, PAUSE_MAX_S)
        self._pause = self.later(pause_s, _PauseElapsed())

    @receives(_PauseElapsed)
    def _take_pause(self, _message: _PauseElapsed) -> None:
        self._pause = None
        self._send_on()

    # -- the hall is told -------------------------------------------------------------------

    def _report(
        self,
        push: PushDue,
        outcome: PushOutcome,
        detail: str,
        result: PushResult | None = None,
    ) -> None:
        self._ended(push.push)
        report = ReportPush(
            id=CommandId(f"push/{push.push}"),
            ticket=push.ticket,
            push=push.push,
            outcome=outcome,
            detail=detail,
            unfollow=result is PushResult.UNREACHABLE,
        )
        self._reports[push.push] = report
        told(self._hall, Submit(command=report, reply_to=self._actor_ref))

    @receives(Accepted)
    def _take_noted(self, answer: Accepted) -> None:
        self._reports.pop(_of(answer.command), None)

    @receives(Rejected)
    def _take_refused(self, answer: Rejected) -> None:
        if answer.reason in _TRIED_AGAIN:
            if self._retry is None:
                self._retry = self.later(REPORT_AGAIN_S, _ReportsDue())
            return
        self._reports.pop(_of(answer.command), None)
        log.warning("report of a push refused push=%s: %s", answer.command, answer.detail)

    @receives(_ReportsDue)
    def _take_reports_due(self, _message: _ReportsDue) -> None:
        self._retry = None
        for report in self._reports.values():
            told(self._hall, Submit(command=report, reply_to=self._actor_ref))

    # -- a person is told -------------------------------------------------------------------

    def _alarm(self, detail: str) -> None:
        self._alarmed = True
        told(self._alarms, RaiseAlarm(alarm=self._trouble, detail=detail))

    def _goes_well(self) -> None:
        self._pause_s, self._failing_since_s = PAUSE_FIRST_S, None
        if self._alarmed:
            self._alarmed = False
            told(self._alarms, ClearAlarm(alarm=self._trouble))

    @property
    def _trouble(self) -> str:
        return f"pushes/{self._spec.id}"


def _of(command: CommandId) -> PushId:
    return PushId(command.removeprefix("push/"))
