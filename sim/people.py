"""The door by which people come, and the clerks who call them: small actors around the production ones.

A clerk works with nothing but a keypad and eyes: keys go to the production counter's actor, and what the
clerk knows is the answer to a press, the number of people waiting while the counter is idle, and who
stands at the counter.
"""

import math
from collections import deque
from enum import Enum, auto
from random import Random
from typing import Any

from pykka import ActorRef

from actors.base import Actor, Place, receives
from protocol.errors import WorldError
from protocol.events import TicketTaken
from protocol.ids import CounterId, TicketId
from protocol.messages import (
    CounterChanged,
    KeyPressed,
    PressAnswered,
    PressOutcome,
    Unsubscribe,
    WatchCounter,
)
from protocol.radio.payloads import Key
from protocol.tickets import TicketState
from protocol.values import value
from sim.crowd import Crowd, Person
from sim.scenario import Keys, Scenario


@value
class ArrivalDue:
    """The next person comes."""


@value
class PatienceElapsed:
    """The holder of a ticket has waited long enough."""

    ticket: TicketId
    number: str


class Door(Actor):
    """Lets people in one by one, at random times."""

    def __init__(self, place: Place, scenario: Scenario, crowd: Crowd, seed: int) -> None:
        super().__init__(place)
        self._mean_gap_s = 1 / scenario.arrivals_per_s
        self._crowd = crowd
        self._gaps = Random(f"{seed}/arrivals")

    def on_start(self) -> None:
        """Wait for the first person."""
        self._crowd.on_patience = self._await_patience
        self._await_next()

    @receives(ArrivalDue)
    def arrival_due(self, _due: ArrivalDue) -> None:
        """Let one person in."""
        if not self._crowd.closed:
            self._crowd.arrive()
            self._await_next()

    @receives(PatienceElapsed)
    def patience_elapsed(self, elapsed: PatienceElapsed) -> None:
        """Let the person give up."""
        self._crowd.lose_patience(elapsed.ticket, elapsed.number)

    def _await_next(self) -> None:
        self.later(self._gaps.expovariate(1.0) * self._mean_gap_s, ARRIVAL_DUE)

    def _await_patience(self, taken: TicketTaken, after_s: float) -> None:
        self.later(after_s, PatienceElapsed(ticket=taken.ticket, number=taken.number))


ARRIVAL_DUE = ArrivalDue()


class Doing(Enum):
    """What a clerk is about."""

    AWAITING_ANSWER = auto()
    """A key was pressed."""
    IDLE = auto()
    """Nobody waits; the clerk watches for somebody."""
    EXPECTING = auto()
    """Somebody was called and is on the way, or never comes."""
    SERVING = auto()
    GONE_HOME = auto()


@value
class StepDue:
    """What the clerk does next has had its time: the walk, the service, the wait for a no-show."""

    key: Key


_ENDS = {Key.FINISH: TicketState.SERVED, Key.NO_SHOW: TicketState.NO_SHOW}
_STEPS = {key: StepDue(key=key) for key in Key}


@value
class WatchDue:
    """To a clerk who is idle: nobody has been idle for longer; watch for somebody who comes."""


WATCH_DUE = WatchDue()


class Colleagues:
    """Clerks with the same services, who see each other: the one who is idle for the longest calls next.

    If all that are idle pressed NEXT for each person who comes, most would press for nothing.
    """

    def __init__(self) -> None:
        self._idle: deque[ActorRef[Any]] = deque()

    def is_idle(self, clerk: ActorRef[Any]) -> None:
        """Let ``clerk`` watch after those who have been idle for longer."""
        self._idle.append(clerk)
        if len(self._idle) == 1:
            clerk.tell(WATCH_DUE)

    def is_busy(self) -> None:
        """The one who watched has somebody to serve: let the next one watch."""
        self._idle.popleft()
        if self._idle:
            self._idle[0].tell(WATCH_DUE)


class Clerk(Actor):
    """Works at one counter until the hall is empty or overtime is over."""

    def __init__(
        self,
        place: Place,
        counter: CounterId,
        counter_ref: ActorRef[Any],
        hall: ActorRef[Any],
        colleagues: Colleagues,
        scenario: Scenario,
        crowd: Crowd,
        seed: int,
    ) -> None:
        super().__init__(place)
        self._counter = counter
        self._colleagues = colleagues
        self._counter_ref = counter_ref
        self._hall = hall
        self._next_only = scenario.keys is Keys.NEXT_ONLY
        self._walk_s = scenario.walk_s
        self._no_show_after_s = scenario.no_show_after_s
        self._goes_home_s = math.inf if scenario.customers else scenario.ends_s
        self._crowd = crowd
        self._walks = Random(f"{seed}/walks to {counter}")
        self._doing = Doing.AWAITING_ANSWER
        self._pressed = Key.NEXT
        self._presses = 0
        self._was_idle = False
        self._somebody_waits = False
        """Was seen since the last press."""
        self._person: Person | None = None

    def on_start(self) -> None:
        """Begin work: the first NEXT opens the counter."""
        self._press(Key.NEXT)

    @receives(PressAnswered)
    def press_answered(self, answer: PressAnswered) -> None:
        """Go on from what the last press did."""
        key, refused = self._pressed, answer.outcome is PressOutcome.REFUSED
        if key is Key.NEXT:
            self._next_answered(answer)
        elif key is Key.START and not refused and self._person is not None:
            self._await(Doing.SERVING, self._person.service_s, Key.FINISH)
        elif key is not Key.RECALL:
            # A refusal means that the ticket has ended by itself: cancelled at the last moment, or
            # expired with its day.
            self._let_go(TicketState.EXPIRED if refused else _ENDS[key])
            self._press_next()

    @receives(CounterChanged)
    def counter_changed(self, view: CounterChanged) -> None:
        """See how many wait; call if somebody does."""
        if not view.waiting:
            return
        if self._doing is Doing.IDLE:
            self._press_next()
        else:
            self._somebody_waits = True

    @receives(WatchDue)
    def watch_due(self, _due: WatchDue) -> None:
        """Be told from now on how many wait, until somebody is called."""
        self._hall.tell(WatchCounter(counter=self._counter, recipient=self._actor_ref))

    @receives(StepDue)
    def step_due(self, step: StepDue) -> None:
        """Press the key whose time has come."""
        if step.key is Key.NEXT:
            self._press_next()
            return
        self._press(step.key)
        if step.key is Key.RECALL:
            self._await(Doing.EXPECTING, self._no_show_after_s / 2, Key.NO_SHOW)

    def _next_answered(self, answer: PressAnswered) -> None:
        if answer.outcome is PressOutcome.REFUSED:
            raise WorldError(f"{self.name}: NEXT was refused: {answer.text}")
        self._let_go(TicketState.SERVED)
        if answer.outcome is PressOutcome.CALLED:
            self._called(answer.text)
        else:
            self._nobody_waits()

    def _called(self, number: str) -> None:
        if self._was_idle:
            self._was_idle = False
            self._hall.tell(Unsubscribe(recipient=self._actor_ref))
            self._colleagues.is_busy()
        self._person = person = self._crowd.called(number)
        if self._next_only:
            self._await(Doing.SERVING, 0.0 if person is None else person.service_s, Key.NEXT)
            return
        walk_s = self._walk_s.draw(self._walks)
        if person is not None and person.present and walk_s < self._no_show_after_s:
            self._await(Doing.EXPECTING, walk_s, Key.START)
        else:
            self._await(Doing.EXPECTING, self._no_show_after_s / 2, Key.RECALL)

    def _let_go(self, end: TicketState) -> None:
        if self._person is not None:
            self._crowd.leaves_counter(self._person, self._counter, end)
            self._person = None

    def _nobody_waits(self) -> None:
        self._doing = Doing.IDLE
        if not self._was_idle:
            self._was_idle = True
            self._colleagues.is_idle(self._actor_ref)
        elif self._somebody_waits:
            # Somebody came between the hall's decision and its answer.
            self._press_next()

    def _press_next(self) -> None:
        if self.monotonic < self._goes_home_s:
            self._press(Key.NEXT)
        elif self._next_only and self._doing is Doing.SERVING:
            self._press(Key.FINISH)
            self._doing = Doing.GONE_HOME
        else:
            self._doing = Doing.GONE_HOME

    def _press(self, key: Key) -> None:
        self._doing = Doing.AWAITING_ANSWER
        self._somebody_waits = False
        self._pressed = key
        self._presses += 1
        self._counter_ref.tell(
            KeyPressed(
                key=key, press=f"{self.place.name}/{self._presses}", reply_to=self._actor_ref
            )
        )

    def _await(self, doing: Doing, delay_s: float, key: Key) -> None:
        self._doing = doing
        self.later(delay_s, _STEPS[key])
