"""Clerks with shifts: they come, open, take breaks and go home, with commands and keys as real ones do."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from pykka import ActorRef

from protocol.answers import Accepted, Rejected
from protocol.commands import OpenCounter
from protocol.errors import WorldError
from protocol.ids import CommandId, CounterId, StaffId
from protocol.messages import PressAnswered, PressOutcome, Submit
from protocol.radio.payloads import Key
from protocol.values import value
from sim.lab.calendar import Calendar
from sim.lab.crowd import LabCrowd
from sim.lab.scenario import LabScenario, Shift
from sim.lab.visitors import Visitor
from sim.people import Clerk, Colleagues, Doing
from sim.scenario import Keys
from sim.world import SimWorld


@value
class Duty:
    """A shift on one day, in world seconds; ``breaks`` are when each begins and how long it is."""

    staff: StaffId | None
    begins_s: float
    ends_s: float
    overtime_s: float
    breaks: tuple[tuple[float, float], ...]


@value
class Stretch:
    """A counter was open, or paused, from ``begins_s`` to ``ends_s`` (world seconds)."""

    counter: CounterId
    begins_s: float
    ends_s: float
    open: bool


def duties(scenario: LabScenario, calendar: Calendar, counter: CounterId) -> list[Duty]:
    """Return the duties at a counter, in their order."""
    found = [
        _duty(calendar, shift, day)
        for day in calendar.open_days
        for shift in scenario.shifts
        if shift.counter == counter and day.isoweekday() in shift.weekdays
    ]
    return sorted(found, key=lambda duty: duty.begins_s)


def _duty(calendar: Calendar, shift: Shift, day: Any) -> Duty:
    return Duty(
        staff=shift.staff,
        begins_s=calendar.seconds(day, shift.begins),
        ends_s=calendar.seconds(day, shift.ends),
        overtime_s=shift.overtime_s,
        breaks=tuple(
            (
                calendar.seconds(day, each.begins),
                calendar.seconds(day, each.ends) - calendar.seconds(day, each.begins),
            )
            for each in shift.breaks
        ),
    )


class ShiftClerk(Clerk[Visitor]):
    """Whoever works at one counter, one duty after another."""

    def __init__(
        self,
        world: SimWorld,
        counter: CounterId,
        counter_ref: ActorRef[Any],
        hall: ActorRef[Any],
        colleagues: Colleagues,
        crowd: LabCrowd,
        scenario: LabScenario,
        duties: Iterable[Duty],
        saw: Callable[[Stretch], None],
    ) -> None:
        super().__init__(
            world,
            counter,
            counter_ref,
            hall,
            colleagues,
            crowd,
            keys=Keys.ALL,
            no_show_after_s=scenario.no_show_after_s,
        )
        self._duties = deque(duties)
        self._duty: Duty | None = None
        self._breaks: deque[tuple[float, float]] = deque()
        self._saw = saw
        self._since_s = 0.0
        self._resumes = False
        self._come_next()

    # -- duties ----------------------------------------------------------------------------------

    def _come_next(self) -> None:
        if self._duties:
            delay_s = self._duties[0].begins_s - self._world.monotonic()
            self._world.call_later(max(0.0, delay_s), self._begin_duty)

    def _begin_duty(self) -> None:
        self._duty = duty = self._duties.popleft()
        self._breaks = deque(duty.breaks)
        for begins_s, _ in duty.breaks:
            self._world.call_later(begins_s - duty.begins_s, partial(self._look_up, duty))
        self._world.call_later(duty.ends_s - duty.begins_s, partial(self._look_up, duty))
        self._doing = Doing.AWAITING_ANSWER
        self._since_s = self._world.monotonic()
        self._presses += 1
        command = OpenCounter(
            id=CommandId(f"open/{self._counter}/{self._presses}"),
            counter=self._counter,
            staff=duty.staff,
        )
        self._hall.tell(Submit(command=command, reply_to=self))

    def _look_up(self, duty: Duty) -> None:
        """Look at the clock: who serves somebody does so afterwards."""
        if self._duty is duty and self._doing is Doing.IDLE and self._something_is_due:
            self._press_next()

    @property
    def _break_is_due(self) -> bool:
        return bool(self._breaks) and self._world.monotonic() >= self._breaks[0][0]

    @property
    def _shift_is_over(self) -> bool:
        return self._duty is None or self._world.monotonic() >= self._duty.ends_s

    @property
    def _something_is_due(self) -> bool:
        return self._break_is_due or self._shift_is_over

    def _press_next(self) -> None:
        duty = self._duty
        assert duty is not None
        over_s = self._world.monotonic() - duty.ends_s
        if over_s >= 0 and (over_s >= duty.overtime_s or self._doing is Doing.IDLE):
            self._end_duty()
        elif over_s < 0 and self._break_is_due:
            self._pause()
        else:
            self._press(Key.NEXT)

    def _nobody_waits(self) -> None:
        if not self._something_is_due:
            super()._nobody_waits()
        elif self._shift_is_over:
            self._end_duty()
        else:
            self._pause()

    def _end_duty(self) -> None:
        self._note(open=True)
        self._duty = None
        self._go_home(closes=True)
        self._come_next()

    # -- breaks ----------------------------------------------------------------------------------

    def _pause(self) -> None:
        if self._was_idle:
            self._stop_watching()
        self._resumes = False
        self._press(Key.PAUSE)

    def _paused(self) -> None:
        self._note(open=True)
        if self._resumes:
            self._press_next()
            return
        _, long_s = self._breaks.popleft()
        self._doing = Doing.ON_BREAK
        self._world.call_later(long_s, self._come_back)

    def _come_back(self) -> None:
        self._note(open=False)
        self._resumes = True
        self._press(Key.PAUSE)

    def _note(self, *, open: bool) -> None:
        """Let it be seen that the counter was open, or paused, until now."""
        now_s = self._world.monotonic()
        if now_s > self._since_s:
            self._saw(
                Stretch(counter=self._counter, begins_s=self._since_s, ends_s=now_s, open=open)
            )
        self._since_s = now_s

    # -- what a clerk is told --------------------------------------------------------------------

    def tell(self, message: object, /) -> None:
        """Take the answer to a command or a press, or a look at the counter."""
        if isinstance(message, Rejected):
            raise WorldError(f"{self}: {message.command} was refused: {message.detail}")
        if isinstance(message, Accepted):
            if message.command.startswith("open/"):
                self._press_next()
        else:
            super().tell(message)

    def _press_answered(self, answer: PressAnswered) -> None:
        if self._pressed is not Key.PAUSE:
            super()._press_answered(answer)
        elif answer.outcome is PressOutcome.REFUSED:
            raise WorldError(f"{self}: PAUSE was refused: {answer.text}")
        else:
            self._paused()

    def _walk_of(self, person: Visitor | None) -> float:
        if person is None:
            return 0.0
        now_s = self._world.monotonic()
        on_the_way_s = 0.0 if person.in_hall_s is None else max(0.0, person.in_hall_s - now_s)
        return on_the_way_s + person.to_counter_s
