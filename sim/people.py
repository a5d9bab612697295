"""The door by which people come, and the clerks who call them: things around the production actors.

A clerk works with nothing but a keypad and eyes: keys go to the production counter's actor, and what the
clerk knows is the answer to a press, the number of people waiting while the counter is idle, and who
stands at the counter. Clerks are no actors: they only act when something reaches them, and so a simulation
has a third fewer messages.
"""

import math
from collections import deque
from enum import Enum, auto
from functools import partial
from random import Random
from typing import Any, Generic, Protocol, TypeVar

from pykka import ActorRef

from protocol.answers import Accepted
from protocol.commands import CloseCounter
from protocol.errors import WorldError
from protocol.events import TicketTaken
from protocol.ids import CommandId, CounterId
from protocol.messages import (
    CounterChanged,
    KeyPressed,
    PressAnswered,
    PressOutcome,
    Submit,
    Unsubscribe,
    WatchCounter,
)
from protocol.radio.payloads import Key
from protocol.tickets import TicketState
from protocol.values import maker
from sim.crowd import Crowd, Person
from sim.scenario import Keys, Scenario
from sim.world import SimWorld

make_key_pressed = maker(KeyPressed)

# An enum's members take long to look up by its name: those that every customer needs are looked up once.
_NEXT, _START, _RECALL = Key.NEXT, Key.START, Key.RECALL
_CALLED, _REFUSED = PressOutcome.CALLED, PressOutcome.REFUSED
_SERVED = TicketState.SERVED


class Door:
    """Lets people in one by one, at random times."""

    def __init__(self, world: SimWorld, scenario: Scenario, crowd: Crowd, seed: int) -> None:
        self._world = world
        self._scenario = scenario
        self._mean_gap_s = 1 / scenario.arrivals_per_s
        self._crowd = crowd
        self._gaps = Random(f"{seed}/arrivals")
        crowd.on_patience = self._await_patience
        self._await_next()

    def _await_next(self) -> None:
        gap_s = self._gaps.expovariate(1.0) * self._mean_gap_s
        if self._scenario.rushes:
            gap_s /= self._scenario.times_as_many(self._world.monotonic())
        self._world.call_later(gap_s, self._arrival_due)

    def _arrival_due(self) -> None:
        if not self._crowd.closed:
            self._crowd.arrive()
            self._await_next()

    def _await_patience(self, taken: TicketTaken, after_s: float) -> None:
        give_up = partial(self._crowd.lose_patience, taken.ticket, taken.number)
        self._world.call_later(after_s, give_up)


class Customer(Protocol):
    """Who a clerk serves: whether it is still there when it is called, and how long its matter takes."""

    @property
    def present(self) -> bool: ...

    @property
    def service_s(self) -> float: ...


C = TypeVar("C", bound=Customer)


class Customers(Protocol[C]):
    """Those who were called, as clerks see them."""

    def called(self, number: str, /) -> C | None:
        """Return who sees that ``number`` is called, if anybody does."""
        ...

    def leaves_counter(self, person: C, counter: CounterId, end: TicketState, /) -> None:
        """Let a person go whose ticket ended at a counter as served, no-show or expired."""
        ...


class Doing(Enum):
    """What a clerk is about."""

    AWAITING_ANSWER = auto()
    """A key was pressed."""
    IDLE = auto()
    """Nobody waits; the clerk watches for somebody."""
    EXPECTING = auto()
    """Somebody was called and is on the way, or never comes."""
    SERVING = auto()
    ON_BREAK = auto()
    GONE_HOME = auto()


_AWAITING_ANSWER, _IDLE, _SERVING = Doing.AWAITING_ANSWER, Doing.IDLE, Doing.SERVING
_ENDS = {Key.FINISH: TicketState.SERVED, Key.NO_SHOW: TicketState.NO_SHOW}


class Colleagues:
    """Clerks with the same services, who see each other: the one who is idle for the longest calls next.

    If all that are idle pressed NEXT for each person who comes, most would press for nothing.
    """

    def __init__(self) -> None:
        self._idle: deque[Clerk[Any]] = deque()

    def is_idle(self, clerk: "Clerk[Any]") -> None:
        """Let ``clerk`` watch after those who have been idle for longer."""
        self._idle.append(clerk)
        if len(self._idle) == 1:
            clerk.watch()

    def is_busy(self, clerk: "Clerk[Any]") -> None:
        """Let the next one watch if it was ``clerk`` who did: who has somebody to serve, or goes away."""
        watched = self._idle[0] is clerk
        self._idle.remove(clerk)
        if watched and self._idle:
            self._idle[0].watch()


class Clerk(Generic[C]):
    """Works at one counter. Told what a clerk sees; what comes after a customer is for subclasses to say."""

    def __init__(
        self,
        world: SimWorld,
        counter: CounterId,
        counter_ref: ActorRef[Any],
        hall: ActorRef[Any],
        colleagues: Colleagues,
        customers: Customers[C],
        *,
        keys: Keys,
        no_show_after_s: float,
    ) -> None:
        self._world = world
        self._counter = counter
        self._colleagues = colleagues
        self._counter_ref = counter_ref
        self._hall = hall
        self._next_only = keys is Keys.NEXT_ONLY
        self._no_show_after_s = no_show_after_s
        self._customers = customers
        self._doing = Doing.GONE_HOME
        self._pressed = Key.NEXT
        self._presses = 0
        self._was_idle = False
        self._person: C | None = None
        self._due = Key.NEXT
        """What is pressed when the time has come: of the walk, the service, the wait for a no-show."""

    def __repr__(self) -> str:
        return f"<clerk {self._counter}>"

    def watch(self) -> None:
        """Be told from now on how many wait, until somebody is called."""
        self._hall.tell(WatchCounter(counter=self._counter, recipient=self))

    def tell(self, message: object, /) -> None:
        """Take the answer to a press, or a look at the counter."""
        if type(message) is PressAnswered:
            self._press_answered(message)
        elif type(message) is CounterChanged:
            self._counter_changed(message)
        elif type(message) is not Accepted:  # which says that the counter is closed
            raise WorldError(f"{self} does not take {type(message).__name__}")

    def _press_answered(self, answer: PressAnswered) -> None:
        key = self._pressed
        if key is _NEXT:
            self._next_answered(answer)
            return
        refused = answer.outcome is _REFUSED
        if key is _START and not refused and self._person is not None:
            self._await(_SERVING, self._person.service_s, Key.FINISH)
        elif key is not _RECALL:
            # A refusal means that the ticket has ended by itself: cancelled at the last moment, or
            # expired with its day.
            self._let_go(TicketState.EXPIRED if refused else _ENDS[key])
            self._press_next()

    def _counter_changed(self, view: CounterChanged) -> None:
        # What is seen while an answer is due needs no note: the hall answers before it shows what is newer.
        if view.waiting and self._doing is _IDLE:
            self._press_next()

    def _step_due(self) -> None:
        key = self._due
        if key is _NEXT:
            self._press_next()
            return
        self._press(key)
        if key is _RECALL:
            self._await(Doing.EXPECTING, self._no_show_after_s / 2, Key.NO_SHOW)

    def _next_answered(self, answer: PressAnswered) -> None:
        outcome = answer.outcome
        if outcome is _REFUSED:
            raise WorldError(f"{self}: NEXT was refused: {answer.text}")
        self._let_go(_SERVED)
        if outcome is _CALLED:
            self._called(answer.text)
        else:
            self._nobody_waits()

    def _called(self, number: str) -> None:
        if self._was_idle:
            self._stop_watching()
        self._person = person = self._customers.called(number)
        if self._next_only:
            self._await(_SERVING, 0.0 if person is None else person.service_s, _NEXT)
            return
        walk_s = self._walk_of(person)
        if person is not None and person.present and walk_s < self._no_show_after_s:
            self._await(Doing.EXPECTING, walk_s, Key.START)
        else:
            self._await(Doing.EXPECTING, self._no_show_after_s / 2, Key.RECALL)

    def _stop_watching(self) -> None:
        self._was_idle = False
        self._hall.tell(Unsubscribe(recipient=self))
        self._colleagues.is_busy(self)

    def _let_go(self, end: TicketState) -> None:
        if self._person is not None:
            self._customers.leaves_counter(self._person, self._counter, end)
            self._person = None

    def _nobody_waits(self) -> None:
        self._doing = _IDLE
        if not self._was_idle:
            self._was_idle = True
            self._colleagues.is_idle(self)

    def _walk_of(self, person: C | None) -> float:
        """Return after how long (seconds) who was called stands at the counter."""
        raise NotImplementedError

    def _press_next(self) -> None:
        """Do what comes after a customer."""
        raise NotImplementedError

    def _go_home(self, *, closes: bool) -> None:
        self._doing = Doing.GONE_HOME
        if self._was_idle:
            self._stop_watching()
        if closes:
            self._presses += 1
            id = CommandId(f"close/{self._counter}/{self._presses}")
            self._hall.tell(
                Submit(command=CloseCounter(id=id, counter=self._counter), reply_to=self)
            )

    def _press(self, key: Key) -> None:
        self._doing = _AWAITING_ANSWER
        self._pressed = key
        self._presses += 1
        self._counter_ref.tell(
            make_key_pressed(key=key, press=f"clerk/{self._counter}/{self._presses}", reply_to=self)
        )

    def _await(self, doing: Doing, delay_s: float, key: Key) -> None:
        self._doing = doing
        self._due = key
        self._world.call_later(delay_s, self._step_due)


class DayClerk(Clerk[Person]):
    """Works from the beginning until the hall is empty or overtime is over."""

    def __init__(
        self,
        world: SimWorld,
        counter: CounterId,
        counter_ref: ActorRef[Any],
        hall: ActorRef[Any],
        colleagues: Colleagues,
        scenario: Scenario,
        crowd: Crowd,
        seed: int,
    ) -> None:
        super().__init__(
            world,
            counter,
            counter_ref,
            hall,
            colleagues,
            crowd,
            keys=scenario.keys,
            no_show_after_s=scenario.no_show_after_s,
        )
        self._walk_s = scenario.walk_s
        self._walks = Random(f"{seed}/walks to {counter}")
        closes_s = scenario.closes_s.get(counter)
        self._goes_home_s = math.inf if scenario.customers else scenario.ends_s
        self._closes = closes_s is not None
        if closes_s is not None:
            self._goes_home_s = min(self._goes_home_s, closes_s)
        self._press(Key.NEXT)  # which opens the counter

    def _walk_of(self, _person: Person | None) -> float:
        return self._walk_s.draw(self._walks)

    def _press_next(self) -> None:
        if self._world.monotonic() < self._goes_home_s:
            self._press(_NEXT)
        elif self._next_only and self._doing is _SERVING:
            self._press(Key.FINISH)
            self._doing = Doing.GONE_HOME
        else:
            self._go_home(closes=self._closes)
