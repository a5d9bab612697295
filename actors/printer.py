"""A ticket printer on a serial line: asked before, while and after it prints, so that a lost paper is known.

One job at a time. Before it the printer is asked for its status; after it comes ``GS r 1``, which the
printer answers once all is on paper; then its status is asked once more, because a line that dies gives
zeros that look like that answer. Only then the job has ended well. All waiting is bounded: `PRINT_S_MAX`
after a job came it has ended, one way or the other, and what was reported as failed is not printed later.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import Any

from actors.audience import told
from actors.base import Actor, Place, Ref, receives
from actors.ports import Link, LinkOpener
from actors.world import Timer
from protocol.messages import (
    ClearAlarm,
    LinkDown,
    LinkUp,
    OctetsReceived,
    PrintEnded,
    PrintTicket,
    RaiseAlarm,
)
from protocol.printing.status import (
    ASK_WHEN_PRINTED,
    FORGET,
    PrintFailure,
    Question,
    Said,
    StatusReader,
    ask,
    paper_ended,
    status_of,
)
from protocol.values import value

log = logging.getLogger(__name__)

QUEUE_MAX = 20
"""Tickets that wait for the printer; one more ends at once as failed."""

PRINT_S_MAX = 60.0
"""From the acceptance of a ticket to its end, waiting included."""

JOB_S_MAX = 20.0
"""From the first question to the end of one job; a slow printer takes 4 s."""

ANSWER_S_MAX = 2.0
"""For the answer to a real-time question; printers take milliseconds."""

ROUNDING_S = 1e-6
"""A timer may ring too soon by what was rounded."""

UNANSWERED_MAX = 3
"""Questions in a row that a printing printer may leave unanswered: some are deaf while the motor runs."""

POLL_PRINTING_S = 0.5
POLL_IDLE_S = 10.0
"""Between questions while nothing is printed, so that trouble is known before the next customer comes."""

LINK_S_MAX = 5.0
"""For the port to open after a start; tickets wait as long."""

CUT = b"\x1dVB\x00"
"""Parts half a ticket from the one that follows, which another person takes."""

_LITTERING = frozenset({PrintFailure.SILENT, PrintFailure.NONSENSE})
"""A printer to which questions do not come through takes their octets for text."""

_QUESTIONS = tuple(Question)


class _Job:
    """A ticket to be printed: ``sent`` to the printer, which says that it is ``printed``."""

    __slots__ = ("expiry", "number", "printed", "sent", "ticket")

    def __init__(self, number: int, ticket: PrintTicket) -> None:
        self.number = number
        self.ticket = ticket
        self.expiry: Timer | None = None
        self.sent = False
        self.printed = False


@value
class _AnswerOverdue:
    """The printer has had its time to answer the question that was asked when this was set, or a later one."""


@value
class _PollDue:
    """The printer is to be asked how it is."""

    poll: int


@value
class _JobOverdue:
    """The job with this number has had its time, counted from its acceptance or from its first question."""

    job: int


@value
class _LinkOverdue:
    """The port has had its time to open."""


class PrinterActor(Actor):
    """See the module. It is named ``…/kiosk/{kiosk}/printer``; its alarm is ``printer/{kiosk}``."""

    def __init__(self, place: Place, port: str, links: LinkOpener, alarms: Ref[Actor]) -> None:
        super().__init__(place)
        self._port = port
        self._links = links
        self._alarms = alarms
        kiosk = place.name.split("/")[-2]
        self._trouble_alarm = f"printer/{kiosk}"
        self._paper_alarm = f"paper/{kiosk}"
        self._raised: dict[str, str | None] = {}
        self._link: Link | None = None
        self._up = False
        self._away = False
        """The port is known to be away; before the first news tickets wait for it."""
        self._reader = StatusReader()
        self._jobs = 0
        self._queue: deque[_Job] = deque()
        self._job: _Job | None = None
        self._job_timer: Timer | None = None
        self._littered = True
        """Half a ticket, or what a bad line made of a question, may be in the printer: after a failure, and at
        the start, when nobody knows."""
        self._answers: dict[Question, int] = {}
        self._asked: Question | None = None
        self._answer_timer: Timer | None = None
        self._answer_due_s = 0.0
        """When the printer has had its time for the question that was asked last."""
        self._poll_timer: Timer | None = None
        self._count = 0
        self._unanswered = 0
        self._nonsense = False

    def on_start(self) -> None:
        """Open the port."""
        self._link = self._links.open_link(self._port, self._actor_ref)
        self.later(LINK_S_MAX, _LinkOverdue())

    def on_stop(self) -> None:
        """Let the port go."""
        if self._link is not None:
            self._link.close()

    def on_failure(self, *failure: Any) -> None:
        """Let the port go, so that the next actor here can open it. No ticket is left without an answer."""
        self.on_stop()
        for job in self._all_jobs():
            self._tell(job.ticket, PrintFailure.RESTART)

    # -- jobs -------------------------------------------------------------------------------

    @receives(PrintTicket)
    def _print(self, message: PrintTicket) -> None:
        if self._away:
            self._tell(message, PrintFailure.UNPLUGGED)
        elif len(self._queue) >= QUEUE_MAX:
            self._tell(message, PrintFailure.BUSY)
        else:
            self._jobs += 1
            job = _Job(self._jobs, message)
            job.expiry = self.later(PRINT_S_MAX, _JobOverdue(job=job.number))
            self._queue.append(job)
            if self._up and self._job is None:
                self._begin_job()

    def _begin_job(self) -> None:
        """Take the next job and ask how the printer is, unless that is being asked already."""
        job = self._queue.popleft()
        self._job = job
        self._job_timer = self.later(JOB_S_MAX, _JobOverdue(job=job.number))
        if self._asked is None:
            self._begin_round()

    @receives(_JobOverdue)
    def _job_overdue(self, message: _JobOverdue) -> None:
        if self._job is not None and self._job.number == message.job:
            self._fail_all(PrintFailure.TOO_SLOW)
            return
        for job in self._queue:
            if job.number == message.job:
                self._queue.remove(job)
                self._tell(job.ticket, PrintFailure.BUSY)
                return

    def _fail_all(self, failure: PrintFailure, detail: str = "") -> None:
        """End every job: what stops this one stops those that wait, and their people are standing there."""
        self._raise(self._trouble_alarm, detail or failure.value)
        job = self._job
        if (job is not None and job.sent) or failure in _LITTERING:
            self._littered = True
            if self._up:
                self._write(FORGET)
        ended = self._all_jobs()
        self._queue.clear()
        self._leave_job()
        for job in ended:
            self._end(job, failure)
        self._rest(POLL_IDLE_S)

    def _all_jobs(self) -> list[_Job]:
        return [*([] if self._job is None else [self._job]), *self._queue]

    def _leave_job(self) -> None:
        self._job = None
        if self._job_timer is not None:
            self._job_timer.cancel()
            self._job_timer = None

    def _end(self, job: _Job, failure: PrintFailure | None) -> None:
        if job.expiry is not None:
            job.expiry.cancel()
        self._tell(job.ticket, failure)

    def _tell(self, ticket: PrintTicket, failure: PrintFailure | None) -> None:
        if failure is not None:
            log.warning("ticket not printed printer=%s cause=%s", self.name, failure.value)
        ended = PrintEnded(ticket=ticket.ticket, failure=None if failure is None else failure.value)
        told(ticket.reply_to, ended)

    # -- rounds of questions ----------------------------------------------------------------

    def _begin_round(self) -> None:
        """Ask all questions, one after another."""
        self._cancel_poll()
        self._answers.clear()
        self._nonsense = False
        self._ask(_QUESTIONS[0])

    def _ask(self, question: Question) -> None:
        self._asked = question
        self._count += 1
        self._answer_due_s = self.monotonic + ANSWER_S_MAX
        if self._answer_timer is None:
            # Answers take milliseconds, and one timer sees to all of them.
            self._answer_timer = self.later(ANSWER_S_MAX, _AnswerOverdue())
        self._write(ask(question))

    def _stop_asking(self) -> None:
        self._asked = None

    def _answered(self, octet: int) -> None:
        asked = self._asked
        if asked is None:
            return
        self._stop_asking()
        self._unanswered = 0
        self._answers[asked] = octet
        following = _QUESTIONS.index(asked) + 1
        if following < len(_QUESTIONS):
            self._ask(_QUESTIONS[following])
        else:
            self._round_ended()

    def _round_ended(self) -> None:
        """Act on what the printer said of itself."""
        status = status_of(self._answers)
        low = status.paper_low and not status.paper_out
        self._raise(self._paper_alarm, "paper is nearly out" if low else None)
        failure = status.failure
        job = self._job
        if job is not None and job.printed:
            self._leave_job()
            self._end(job, None)
            job = None
        if failure is not None:
            self._fail_all(failure)
            return
        self._raise(self._trouble_alarm, None)
        if job is None:
            if self._queue:
                self._begin_job()
            else:
                self._rest(POLL_IDLE_S)
        else:
            self._send(job)
            self._rest(POLL_PRINTING_S)

    def _send(self, job: _Job) -> None:
        if job.sent:
            return
        job.sent = True
        before = CUT if self._littered else b""
        self._littered = False
        self._write(before + job.ticket.octets + ASK_WHEN_PRINTED)

    def _printed(self, octet: int) -> None:
        """Take the answer that everything is on paper, and ask whether it was the printer's."""
        job = self._job
        if job is None or not job.sent or job.printed:
            return
        if paper_ended(octet):
            self._fail_all(PrintFailure.PAPER_OUT)
            return
        job.printed = True
        if self._asked is None:
            self._begin_round()

    @receives(_AnswerOverdue)
    def _answer_overdue(self, _message: _AnswerOverdue) -> None:
        self._answer_timer = None
        if self._asked is None:
            return
        left_s = self._answer_due_s - self.monotonic
        if left_s > ROUNDING_S:
            self._answer_timer = self.later(left_s, _AnswerOverdue())
            return
        self._stop_asking()
        self._unanswered += 1
        if self._job is not None and self._job.sent and self._unanswered < UNANSWERED_MAX:
            self._begin_round()
        else:
            self._unanswered = 0
            self._fail_all(PrintFailure.NONSENSE if self._nonsense else PrintFailure.SILENT)

    def _rest(self, delay_s: float) -> None:
        """Ask again after ``delay_s`` seconds, if the port is there."""
        self._cancel_poll()
        self._stop_asking()
        if self._up:
            self._count += 1
            self._poll_timer = self.later(delay_s, _PollDue(poll=self._count))

    def _cancel_poll(self) -> None:
        if self._poll_timer is not None:
            self._poll_timer.cancel()
            self._poll_timer = None

    @receives(_PollDue)
    def _poll(self, message: _PollDue) -> None:
        if self._asked is None and message.poll == self._count and self._up:
            self._begin_round()

    # -- the port ---------------------------------------------------------------------------

    @receives(OctetsReceived)
    def _take_octets(self, message: OctetsReceived) -> None:
        for said, octet in self._reader.read(message.octets):
            match said:
                case Said.STATUS:
                    self._answered(octet)
                case Said.PRINTED:
                    self._printed(octet)
                case Said.NONSENSE:
                    self._nonsense = True

    @receives(LinkUp)
    def _link_up(self, _message: LinkUp) -> None:
        self._up, self._away = True, False
        self._unanswered = 0
        self._reader = StatusReader()
        self._stop_asking()
        if self._littered:
            self._write(FORGET)
        if self._queue and self._job is None:
            self._begin_job()
        else:
            self._begin_round()

    @receives(LinkDown)
    def _link_down(self, message: LinkDown) -> None:
        self._up, self._away = False, True
        self._fail_all(PrintFailure.UNPLUGGED, f"{PrintFailure.UNPLUGGED.value}: {message.reason}")

    @receives(_LinkOverdue)
    def _link_overdue(self, _message: _LinkOverdue) -> None:
        if not self._up and not self._away:
            self._link_down(LinkDown(reason=f"{self._port} was not opened within {LINK_S_MAX:g} s"))

    def _write(self, octets: bytes) -> None:
        assert self._link is not None
        self._link.write(octets)

    # -- alarms -----------------------------------------------------------------------------

    def _raise(self, alarm: str, detail: str | None) -> None:
        """Raise the alarm, renew its detail, or with ``None`` clear it; repeats are not told."""
        if alarm in self._raised and self._raised[alarm] == detail:
            return
        self._raised[alarm] = detail
        if detail is None:
            told(self._alarms, ClearAlarm(alarm=alarm))
        else:
            told(self._alarms, RaiseAlarm(alarm=alarm, detail=detail))
