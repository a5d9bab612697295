"""The hall: the single writer of its truth.

A command is decided at once, on the state that includes what is not durable yet; its events join the open
batch. While one batch is being committed the next one fills: group commit. Answers, published events and what
is read wait for durability. A commit that fails takes back every decision since, with an answer that says so.
"""

from __future__ import annotations

import logging
from typing import Any

from actors.audience import Audience, told
from actors.base import Actor, Place, receives
from actors.hall.apply import apply_all
from actors.hall.batch import Asker, Batch, CommitEnded
from actors.hall.clock import HallClock
from actors.hall.decide import carry_out
from actors.hall.memory import ANSWERS_MAX, AnswerMemory
from actors.hall.publishing import counters_to_tell
from actors.hall.state import HallState
from actors.hall.views import counter_changed
from actors.hall.waking import DayCheckDue, ReviewDue, Waking
from actors.ports import Committed, Journal
from protocol.answers import Accepted, Answer, Reason, Rejected
from protocol.commands import BeginDay, Command, ReviewBookings
from protocol.hall import HallSpec
from protocol.ids import CommandId, CounterId
from protocol.messages import (
    ClearAlarm,
    RaiseAlarm,
    Recipient,
    Recorded,
    Submit,
    Subscribe,
    Unsubscribe,
    WatchCounter,
)
from protocol.values import maker, value

log = logging.getLogger(__name__)

make_accepted, make_recorded = maker(Accepted), maker(Recorded)

WAITING_MAX = 10_000
"""Answers that may wait for durability; a command beyond that is refused as overloaded."""

SNAPSHOT_EVENTS = 20_000
"""Events after which the state is kept in a snapshot, or as many as there are tickets if that is more: a
restart then replays no more than these, and writing snapshots stays a small part of the work: with 5,000, a
hall under full load gave out a tenth fewer tickets."""

REPLAY_BATCH = 1_000
"""Events read from the journal at once after a restart."""


@value
class ReadState:
    """Ask a hall for its durable state; told back as `StateRead` where ``reply_to`` is given."""

    reply_to: Recipient | None = None


@value
class StateRead:
    """From a hall: its durable state."""

    state: HallState


@value
class _FlushDue:
    """To ourselves, behind the commands that are there already: commit what they decided."""


class HallAudience:
    """Everybody who listens to a hall, and how much they have heard; outlives the hall's failures."""

    def __init__(self) -> None:
        self.events = Audience()
        self.counters: dict[CounterId, Audience] = {}
        self.alarms: Recipient | None = None
        """The hall's alarm board, for the trouble ``journal/{hall}``."""
        self.heard_seq: int | None = None
        """The last event that was published; nothing was before the first start."""


class HallActor(Actor):
    """See the module. A snapshot is kept after ``snapshot_events`` events, and at the end of a day."""

    def __init__(
        self,
        place: Place,
        spec: HallSpec,
        journal: Journal,
        audience: HallAudience,
        snapshot_events: int = SNAPSHOT_EVENTS,
    ) -> None:
        super().__init__(place)
        self._spec = spec
        self._journal = journal
        self._asker = Asker(self)
        self._audience = audience
        self._memory = AnswerMemory()
        self._durable = HallState(spec=spec)
        self._clock = HallClock(self.world, self._durable.last_at)
        self._open = Batch(self._durable)
        self._committing: Batch | None = None
        self._flush_due = False
        self._waiting = 0
        self._snapshot_events = snapshot_events
        self._snapshot_due_seq = 0
        self._waking = Waking(self.later)
        # A predecessor that failed may have raised the alarm.
        self._in_trouble = True

    # -- life -------------------------------------------------------------------------------

    def on_start(self) -> None:
        """Recover the durable state, publish what a failed predecessor could not, begin the day."""
        recovery = self._journal.recover()
        state = recovery.snapshot or HallState(spec=self._spec)
        self._plan_snapshot(state)
        state = apply_all(state, (record.event for record in recovery.events))
        self._durable = state
        self._open = Batch(state)
        self._clock = HallClock(self.world, state.last_at)
        recent = self._journal.read(max(0, state.seq - ANSWERS_MAX), ANSWERS_MAX)
        self._memory.rebuild(recent)
        log.info("hall recovered hall=%s seq=%d day=%s", self._spec.id, state.seq, state.day)
        self._publish_unheard()
        self._take_day_check(DayCheckDue())
        self._take_review(ReviewDue())

    def on_failure(self, *failure: Any) -> None:
        """Leave nobody waiting for an answer that will not come."""
        self._leave("the hall failed while it decided; send the command again with the same id")

    def on_stop(self) -> None:
        """Leave nobody waiting; what was handed to the journal is still committed."""
        self._leave("the hall is stopping; send the command again with the same id")

    def _leave(self, detail: str) -> None:
        if self._committing is not None:
            self._committing.refuse(detail)
        self._open.refuse(detail)

    # -- commands ---------------------------------------------------------------------------

    @receives(Submit)
    def _take_command(self, submit: Submit) -> None:
        command, recipient = submit.command, submit.reply_to
        known = self._memory.first_answer(command.id)
        if known is not None:
            self._answer(recipient, known, self._decided_in(command.id))
            return
        if self._waiting >= WAITING_MAX:
            self._refuse(recipient, command.id)
            return
        answer = self._decide(command)
        self._memory.remember(answer)
        # Whatever it was based on has to be durable first.
        batch = self._open if self._open.records else self._committing
        if batch is None:
            self._answer(recipient, answer, None)
            return
        if self._committing is None and not self._flush_due:
            if self.place.queue:
                # Commands that are there already share the commit.
                self._flush_due = True
                self._actor_ref.tell(_FlushDue())
            elif self._commit_alone(batch, recipient, answer):
                return
        batch.decided.add(command.id)
        if recipient is not None:
            batch.answers.append((recipient, answer))
            self._waiting += 1

    def _decide(self, command: Command) -> Answer:
        batch = self._open
        seq = batch.state.seq
        decision, after = carry_out(batch.state, command, self._clock.now())
        if isinstance(decision, Rejected):
            return decision
        if decision:
            batch.state = after
            for event in decision:
                seq += 1
                batch.records.append(make_recorded(seq=seq, event=event))
        return make_accepted(command=command.id, events=decision)

    def _decided_in(self, command: CommandId) -> Batch | None:
        """Return the batch that the command's answer waits for; none if the answer holds already."""
        if command in self._open.decided:
            return self._open
        if self._committing is not None and command in self._committing.decided:
            return self._committing
        return None

    def _answer(self, recipient: Recipient | None, answer: Answer, batch: Batch | None) -> None:
        """Answer once ``batch`` is durable, or at once without one."""
        if recipient is None:
            return
        if batch is None:
            told(recipient, answer)
        elif self._waiting >= WAITING_MAX:
            self._refuse(recipient, answer.command)
        else:
            batch.answers.append((recipient, answer))
            self._waiting += 1

    def _refuse(self, recipient: Recipient | None, command: CommandId) -> None:
        """Say that too many wait; the command may come again."""
        if recipient is not None:
            refused = Rejected(
                command=command,
                reason=Reason.OVERLOADED,
                detail=f"{WAITING_MAX} commands wait for the journal; send this one again later",
            )
            told(recipient, refused)

    # -- durability -------------------------------------------------------------------------

    @receives(_FlushDue)
    def _take_flush(self, _message: _FlushDue) -> None:
        self._flush_due = False
        if self._open.records and self._committing is None:
            self._flush()

    def _flush(self) -> None:
        """Have the open batch committed."""
        batch = self._committing = self._open
        self._open = Batch(batch.state)
        if self._journal.commit(batch.records, self._asker):
            self._committed(batch)

    def _commit_alone(self, batch: Batch, recipient: Recipient | None, answer: Answer) -> bool:
        """Have the open ``batch`` committed, which is what one command decided.

        Return whether it is durable and answered already; otherwise the answer may join the batch.
        """
        records = batch.records
        if not self._journal.commit(records, self._asker):
            self._committing = batch
            self._open = Batch(batch.state)
            return False
        batch.records = []
        before, self._durable = self._durable, batch.state
        if recipient is not None:
            told(recipient, answer)
        self._made_durable(records, before)
        return True

    @receives(CommitEnded)
    def _commit_ended(self, message: CommitEnded) -> None:
        if message.generation != self.place.generation:
            return
        batch, result = self._committing, message.result
        assert batch is not None, "the journal answered what it was not asked"
        if isinstance(result, Committed):
            self._committed(batch)
        else:
            self._commit_failed(batch, result.reason)

    def _committed(self, batch: Batch) -> None:
        self._committing = None
        before, self._durable = self._durable, batch.state
        self._waiting -= len(batch.answers)
        batch.release()
        self._made_durable(batch.records, before)
        if self._open.records:
            self._flush()

    def _made_durable(self, records: list[Recorded], before: HallState) -> None:
        """Publish what became durable and was answered, and do what else follows from it."""
        audience, after = self._audience, self._durable
        if self._in_trouble:
            self._in_trouble = False
            self._alarm(ClearAlarm(alarm=self._trouble))
        audience.heard_seq = after.seq
        if audience.events.recipients or audience.counters:
            self._publish(records, before, after)
        if after.day is not before.day:
            self._keep_snapshot()
            self._waking.set_day(after.ends_at, self._clock.now())
        elif after.seq >= self._snapshot_due_seq:
            self._keep_snapshot()
        if after.diary is not before.diary:
            self._waking.set_review(after.diary.next_due_at, self._clock.now())

    def _commit_failed(self, batch: Batch, reason: str) -> None:
        """Take back what was decided since the last commit that succeeded."""
        first_seq = batch.records[0].seq
        log.error("commit failed hall=%s seq=%d reason=%s", self._spec.id, first_seq, reason)
        failed = (batch, self._open)
        self._committing = None
        self._open = Batch(self._durable)
        self._waiting = 0
        for taken_back in failed:
            for command in taken_back.decided:
                self._memory.forget(command)
            taken_back.refuse(f"the journal could not be written: {reason}")
        self._in_trouble = True
        detail = f"the journal cannot be written, and the hall takes no commands: {reason}"
        self._alarm(RaiseAlarm(alarm=self._trouble, detail=detail))

    @property
    def _trouble(self) -> str:
        return f"journal/{self._spec.id}"

    def _alarm(self, message: RaiseAlarm | ClearAlarm) -> None:
        if self._audience.alarms is not None:
            told(self._audience.alarms, message)

    def _keep_snapshot(self) -> None:
        self._journal.snapshot(self._durable)
        self._plan_snapshot(self._durable)

    def _plan_snapshot(self, kept: HallState) -> None:
        self._snapshot_due_seq = kept.seq + max(self._snapshot_events, len(kept.tickets))

    # -- listeners --------------------------------------------------------------------------

    @receives(Subscribe)
    def _subscribe(self, message: Subscribe) -> None:
        self._audience.events.add(message.recipient)

    @receives(Unsubscribe)
    def _unsubscribe(self, message: Unsubscribe) -> None:
        self._audience.events.remove(message.recipient)
        watched = self._audience.counters
        for counter, audience in list(watched.items()):
            audience.remove(message.recipient)
            if not audience.recipients:
                # What nobody watches any more need not be looked at after each event.
                del watched[counter]

    @receives(WatchCounter)
    def _watch_counter(self, message: WatchCounter) -> None:
        # First, as the audience outlives a failure: a counter that there is not would fail us for ever.
        view = counter_changed(self._durable, message.counter)
        self._audience.counters.setdefault(message.counter, Audience()).add(message.recipient)
        told(message.recipient, view)

    @receives(ReadState)
    def _read_state(self, message: ReadState) -> HallState:
        if message.reply_to is not None:
            told(message.reply_to, StateRead(state=self._durable))
        return self._durable

    def _publish(self, records: list[Recorded], before: HallState, after: HallState) -> None:
        """Tell listeners what became durable, and watchers of counters what changed for them."""
        audience = self._audience
        if audience.events.recipients:
            for record in records:
                audience.events.tell(record)
        if audience.counters:
            for counter in counters_to_tell(records, before, after, audience.counters):
                audience.counters[counter].tell(counter_changed(after, counter))

    def _publish_unheard(self) -> None:
        """After a failure: publish what became durable while nobody could say so."""
        audience = self._audience
        if audience.heard_seq is None:
            audience.heard_seq = self._durable.seq
            return
        while audience.heard_seq < self._durable.seq:
            records = self._journal.read(audience.heard_seq, REPLAY_BATCH)
            assert records, f"the journal has nothing after {audience.heard_seq}"
            for record in records:
                audience.events.tell(record)
            audience.heard_seq = records[-1].seq
        for counter, watchers in audience.counters.items():
            watchers.tell(counter_changed(self._durable, counter))

    # -- what comes with time ---------------------------------------------------------------

    @receives(DayCheckDue)
    def _take_day_check(self, _message: DayCheckDue) -> None:
        if self._clock.now() >= self._open.state.ends_at:
            # The id names the end of the old day, so that a restart does not ask for it twice.
            ended = self._open.state.ends_at.isoformat()
            self._take_command(Submit(command=BeginDay(id=CommandId(f"day/{ended}"))))
        self._waking.set_day(self._durable.ends_at, self._clock.now())

    @receives(ReviewDue)
    def _take_review(self, _message: ReviewDue) -> None:
        state = self._open.state
        due_at = state.diary.next_due_at
        if due_at is not None and due_at <= self._clock.now():
            id = CommandId(f"review/{due_at.isoformat()}/{state.seq}")
            self._take_command(Submit(command=ReviewBookings(id=id)))
        self._waking.set_review(self._durable.diary.next_due_at, self._clock.now())
