"""Staff at a counter: press its keypad, read what that shows, and help themselves when it fails.

off --opens--> answer --> idle | expecting --> answer --> serving --> answer --> ...
                 |  ^
                 +--+ nothing comes: look at the window, press again, in the end use the counter's page
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum, auto
from typing import Any

from protocol.answers import Accepted, Answer, Reason
from protocol.commands import (
    CallNext,
    CloseCounter,
    Command,
    FinishService,
    MarkNoShow,
    OpenCounter,
    RecallTicket,
    StartService,
    TogglePause,
)
from protocol.events import TicketCalled
from protocol.ids import CommandId, CounterId
from protocol.radio.payloads import Key, PressResult, Result, WindowState
from protocol.tickets import TicketState
from sim.devices.keypad import Keypad
from sim.floor.crowd import FloorCrowd
from sim.floor.pages import Pages
from sim.lab.clerk import Duty, Stretch
from sim.lab.scenario import LabScenario
from sim.site import Site

REACTS_S = 1.0
"""From what staff see to what they press."""
ANSWER_S = 30.0
"""A keypad that shows nothing for so long is pressed again."""
REFUSED_S = 10.0
"""After a refusal to call somebody, and after a page that did not get through, it is tried again."""
IDLE_S = 60.0
"""Who sees nobody waiting presses NEXT all the same now and then."""
FAILURES_MAX = 3
"""So many presses in a row that did not get through, and the counter's page is used..."""
PAGES_MAX = 10
"""... for so many presses, before the keypad is tried again."""


class _Doing(Enum):
    OFF = auto()
    OPENING = auto()
    AWAITING = auto()
    IDLE = auto()
    EXPECTING = auto()
    SERVING = auto()
    ON_BREAK = auto()


_COMMANDS: dict[Key, Callable[..., Command]] = {
    Key.NEXT: CallNext,
    Key.RECALL: RecallTicket,
    Key.START: StartService,
    Key.FINISH: FinishService,
    Key.NO_SHOW: MarkNoShow,
    Key.PAUSE: TogglePause,
}
_TRY_AGAIN = frozenset({Reason.NOT_DURABLE.value, Reason.OVERLOADED.value, "unavailable"})
"""Refusals that say that the hall could not just now."""
_ENDS = {Key.FINISH: TicketState.SERVED, Key.NO_SHOW: TicketState.NO_SHOW}


class FloorClerk:
    """Whoever works at one counter, one duty after another. ``saw`` is told when it was open or paused."""

    def __init__(
        self,
        site: Site,
        pages: Pages,
        crowd: FloorCrowd,
        scenario: LabScenario,
        counter: CounterId,
        duties: Iterable[Duty],
        saw: Callable[[Stretch], object],
    ) -> None:
        self._site = site
        self._pages = pages
        self._crowd = crowd
        self._counter = counter
        self._no_show_after_s = scenario.no_show_after_s
        self._saw = saw
        self._duties = deque(duties)
        self._duty: Duty | None = None
        self._breaks: deque[tuple[float, float]] = deque()
        self._doing = _Doing.OFF
        self._key = Key.NEXT
        self._number = ""
        """That of the customer, once it was called."""
        self._before = ""
        """What the window showed when NEXT was pressed."""
        self._resumes = False
        self._since_s = 0.0
        self._asked = 0
        self._failures = 0
        self._by_page = 0
        self._again = False
        """The key was pressed before, and nobody knows what came of it."""
        self._result: PressResult | None = None
        self._has_seen = False
        """Something came upon the press."""
        self._unanswered = 0
        self._timer: Any = None
        keypad = site.hardware.keypads.get(counter)
        if keypad is not None:
            keypad.noticed.append(self._look)
        self._come_next()

    def __repr__(self) -> str:
        return f"<clerk at {self._counter}>"

    @property
    def off(self) -> bool:
        """Whether nobody works here any more."""
        return self._doing is _Doing.OFF and not self._duties

    @property
    def idle(self) -> bool:
        """Whether nobody waited when NEXT was pressed last."""
        return self._doing is _Doing.IDLE

    # -- duties ----------------------------------------------------------------------------------

    def _come_next(self) -> None:
        if self._duties:
            delay_s = self._duties[0].begins_s - self._now_s
            self._site.outside.call_later(max(0.0, delay_s), self._begin_duty)

    def _begin_duty(self) -> None:
        self._duty = duty = self._duties.popleft()
        self._breaks = deque(duty.breaks)
        self._since_s = self._now_s
        self._open()

    def _open(self) -> None:
        duty = self._duty
        assert duty is not None
        self._doing = _Doing.OPENING
        command = OpenCounter(id=self._id("open"), counter=self._counter, staff=duty.staff)
        self._pages.post(command, self._opened)

    def _opened(self, answer: Answer) -> None:
        if isinstance(answer, Accepted):
            self._go_on()
        else:
            self._later(REFUSED_S, self._open)

    def _go_on(self) -> None:
        """Do what comes after a customer, or after nobody came for a while."""
        duty = self._duty
        assert duty is not None
        over_s = self._now_s - duty.ends_s
        if over_s >= 0 and (over_s >= duty.overtime_s or self._doing is _Doing.IDLE):
            self._end_duty()
        elif over_s < 0 and self._breaks and self._now_s >= self._breaks[0][0]:
            self._resumes = False
            self._press(Key.PAUSE)
        else:
            window = self._site.hardware.windows.get(self._counter)
            self._before = "" if window is None else window.text
            self._press(Key.NEXT)

    def _end_duty(self) -> None:
        self._note(open=True)
        self._duty = None
        self._doing = _Doing.OFF
        self._stop()
        self._close()
        self._come_next()

    def _close(self) -> None:
        def closed(answer: Answer) -> None:
            if not isinstance(answer, Accepted) and self._doing is _Doing.OFF:
                self._later(REFUSED_S, self._close)

        self._pages.post(CloseCounter(id=self._id("close"), counter=self._counter), closed)

    def _come_back(self) -> None:
        self._note(open=False)
        self._resumes = True
        self._press(Key.PAUSE)

    def _note(self, *, open: bool) -> None:
        if self._now_s > self._since_s:
            stretch = Stretch(
                counter=self._counter, begins_s=self._since_s, ends_s=self._now_s, open=open
            )
            self._saw(stretch)
        self._since_s = self._now_s

    # -- people ----------------------------------------------------------------------------------

    def see_somebody(self) -> None:
        """Somebody sat down whom this counter serves."""
        if self._doing is _Doing.IDLE:
            self._doing = _Doing.EXPECTING
            self._number = ""
            self._later(REACTS_S, self._go_on)

    def somebody_came(self) -> None:
        """Somebody stands here."""
        if self._doing is _Doing.EXPECTING and self._stands:
            self._later(REACTS_S, lambda: self._press(Key.START))

    @property
    def _stands(self) -> bool:
        return self._number != "" and self._crowd.standing(self._counter, self._number) is not None

    def _expect(self, number: str) -> None:
        self._number = number
        self._doing = _Doing.EXPECTING
        self._crowd.turns_away(self._counter, number)
        if self._stands:
            self.somebody_came()
        else:
            self._later(self._no_show_after_s / 2, lambda: self._press(Key.RECALL))

    # -- keys ------------------------------------------------------------------------------------

    def _press(self, key: Key, *, again: bool = False) -> None:
        self._again = again
        self._doing = _Doing.AWAITING
        self._key = key
        keypad = self._site.hardware.keypads.get(self._counter)
        if keypad is None or self._by_page > 0:
            self._by_page -= 1
            self._stop()
            self._pages.post(_COMMANDS[key](id=self._id("page"), counter=self._counter), self._told)
            return
        self._has_seen = False
        self._result = keypad.results[-1] if keypad.results else None
        self._unanswered = keypad.unanswered
        if self._site.hardware.press(self._counter, key):
            self._later(ANSWER_S, self._nothing_came)
        else:
            self._later(REFUSED_S, self._nothing_came)

    def _look(self, keypad: Keypad, _shown: object) -> None:
        """Look at the keypad: something may have changed on it."""
        if self._doing is not _Doing.AWAITING or self._by_page > 0:
            return
        result = keypad.results[-1] if keypad.results else None
        if result is not None and result is not self._result:
            if self._has_seen and self._key is not Key.NEXT:
                return  # a key that bounced: what it did first counts
            self._has_seen = True
            self._result = result
            self._failures = 0
            self._later(REACTS_S, lambda: self._answered(result.result, result.text))
        elif keypad.unanswered != self._unanswered:
            self._unanswered = keypad.unanswered
            self._later(REACTS_S, self._nothing_came)

    def _told(self, answer: Answer) -> None:
        """The counter's page shows what became of a press on it."""
        if self._doing is not _Doing.AWAITING:
            return
        if not isinstance(answer, Accepted):
            self._answered(Result.REFUSED, answer.reason.value)
            return
        self._failures = 0
        called = [event.number for event in answer.events if isinstance(event, TicketCalled)]
        if called:
            self._answered(Result.CALLED, called[-1])
        elif self._key is Key.NEXT:
            self._answered(Result.NOTHING_WAITING, "")
        else:
            self._answered(Result.DONE, "")

    def _nothing_came(self) -> None:
        """The press may have been done all the same: the window tells of a call."""
        self._failures += 1
        if self._failures >= FAILURES_MAX:
            self._failures, self._by_page = 0, PAGES_MAX
        self._try_again()

    def _try_again(self) -> None:
        window = self._site.hardware.windows.get(self._counter)
        called = window is not None and window.state in (WindowState.CALLED, WindowState.RECALL)
        if self._key is Key.NEXT and called and window is not None and window.text != self._before:
            self._answered(Result.CALLED, window.text)
        else:
            self._press(self._key, again=True)

    def _answered(self, result: Result, text: str) -> None:
        refused = result is Result.REFUSED
        if refused and text in _TRY_AGAIN:
            self._later(REFUSED_S, self._try_again)
            return
        # The press that nobody answered was done, so that the next one came too late.
        refused = refused and not (self._again and self._key is not Key.NEXT)
        match self._key:
            case Key.NEXT:
                self._next_answered(result, text)
            case Key.RECALL:
                self._doing = _Doing.EXPECTING
                if self._stands:
                    self.somebody_came()
                else:
                    self._later(self._no_show_after_s / 2, lambda: self._press(Key.NO_SHOW))
            case Key.START if not refused:
                person = self._crowd.standing(self._counter, self._number)
                self._doing = _Doing.SERVING
                service_s = 0.0 if person is None else person.service_s
                self._later(service_s, lambda: self._press(Key.FINISH))
            case Key.PAUSE:
                self._paused(refused)
            case key:
                # A refusal means that the ticket has ended by itself: cancelled at the last moment, expired
                # with its day, or by a press that came late. Who was served here knows better.
                ended = refused and not (key is Key.FINISH and self._stands)
                self._let_go(TicketState.EXPIRED if ended else _ENDS[key])
                self._go_on()

    def _next_answered(self, result: Result, text: str) -> None:
        if result is Result.CALLED:
            self._expect(text)
        elif result is Result.NOTHING_WAITING:
            self._doing = _Doing.IDLE
            self._later(min(IDLE_S, self._until_due_s), self._go_on)
        else:
            self._later(REFUSED_S, self._go_on)

    @property
    def _until_due_s(self) -> float:
        """Return the seconds until the next break or the end of the duty, but not none."""
        duty = self._duty
        assert duty is not None
        due_s = self._breaks[0][0] if self._breaks else duty.ends_s
        return max(due_s - self._now_s, REACTS_S)

    def _paused(self, refused: bool) -> None:
        if refused:
            self._later(REFUSED_S, lambda: self._press(Key.PAUSE))
        elif self._resumes:
            self._note(open=False)
            self._go_on()
        else:
            self._note(open=True)
            _, long_s = self._breaks.popleft()
            self._doing = _Doing.ON_BREAK
            self._later(long_s, self._come_back)

    def _let_go(self, end: TicketState) -> None:
        self._crowd.lets_go(self._counter, self._number, end)
        self._number = ""

    # -- time ------------------------------------------------------------------------------------

    @property
    def _now_s(self) -> float:
        return self._site.outside.monotonic()

    def _id(self, word: str) -> CommandId:
        self._asked += 1
        return CommandId(f"{word}/{self._counter}/{self._asked}")

    def _later(self, delay_s: float, call: Callable[[], object]) -> None:
        """Do one thing next, in place of what was to come."""
        self._stop()
        self._timer = self._site.outside.call_later(delay_s, lambda: (call(), None)[1])

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
