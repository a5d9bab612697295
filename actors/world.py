"""The world that actors live in: its clock, its timers, its chance and its run queue.

One run queue for each world. An actor's turn is at most `TURN_MESSAGES` messages, then the next actor that
is ready has its turn, so a flooded actor delays the others little; messages from one sender to one receiver
keep their order, and actors become ready in the order in which they were told. What is left when the
world's time budget is over goes on after the outer loop had a chance to serve its ports.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime
from math import inf
from random import Random
from typing import Any, Protocol, TypeVar

import pykka
from pykka import ActorDeadError, ActorRegistry
from pykka import messages as pykka_messages
from pykka._envelope import Envelope

from actors.base import Actor, Future, Place, Ref
from protocol.errors import WorldError
from protocol.values import value

TURN_MESSAGES = 32
"""Messages that one actor handles before the next one has its turn."""
_TURN = range(TURN_MESSAGES)

A = TypeVar("A", bound=Actor)


class Timer(Protocol):
    """A message that will be told."""

    def cancel(self) -> None:
        """Never tell it; nothing happens if it was told already."""
        ...


class FailureStrategy(Protocol):
    """What a world does when a handler raises."""

    def failed(self, place: Place, message: object, error: Exception) -> None:
        """The actor at ``place`` failed at ``message``; it is at rest and handles nothing now."""
        ...


@value
class ActorWatch:
    """What can be seen of an actor from outside."""

    name: str
    kind: str
    mailbox: int
    """Messages that wait."""
    turns: int
    """Messages handled, but for those at which the actor failed."""
    busy_s: float
    """Seconds of processor time spent in handlers (by the world's stopwatch)."""
    slowest_s: float
    slowest_message: str
    restarts: int
    resting: bool


class _Started:
    """Told to an actor first, so that ``on_start`` runs as a turn of its own."""

    def __repr__(self) -> str:
        return "Started()"


_STARTED = _Started()


class World(ABC):
    """Where actors live. Each kind of world brings a clock and an outer loop."""

    def __init__(self, *, random: Random, stopwatch: Callable[[], float] | None) -> None:
        """Make a world without actors.

        Args:
            random: the actors' source of chance.
            stopwatch: seconds on a clock of which two readings are compared, for what is seen by `watch` and
                for the budgets of turns; without it turns are not counted and budgets have no end.
        """
        self.random = random
        self.failures: FailureStrategy | None = None
        self.trace: Callable[[float, str, object], None] | None = None
        """If set, is called with the monotonic time, the receiver and every message before it is handled."""
        self._stopwatch = stopwatch
        self._places: dict[str, Place] = {}
        self._ready: deque[Place] = deque()
        self._awake = False
        self._closed = False

    # -- for each world to provide ----------------------------------------------------------

    @abstractmethod
    def now(self) -> datetime:
        """Return the wall clock: aware, UTC. It may be set back."""

    @abstractmethod
    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back."""

    @abstractmethod
    def _after(self, delay_s: float, call: Callable[[], None]) -> Timer:
        """Have the outer loop call ``call`` after ``delay_s`` seconds."""

    @abstractmethod
    def _wake(self) -> None:
        """Have the outer loop call `run_ready` soon; is called once until it has run."""

    def new_stop_flag(self) -> threading.Event:
        """Return pykka's flag of a stopped actor."""
        return threading.Event()

    # -- actors -----------------------------------------------------------------------------

    def spawn(self, name: str, actor_class: type[A], *args: Any, **kwargs: Any) -> Ref[A]:
        """Start an actor at the new place ``name`` and return its reference.

        ``args`` and ``kwargs`` follow the place in its constructor, now and at each restart.

        Raises:
            WorldError: the name is taken, or the world is closed.
        """
        if self._closed:
            raise WorldError(f"{name} cannot start: its world is closed")
        if name in self._places:
            raise WorldError(f"there is an actor named {name} already")
        place = Place(self, name, lambda place: actor_class(place, *args, **kwargs))
        place.actor = place.recipe(place)
        ref = place.ref
        assert ref is not None
        self._places[name] = place
        ActorRegistry.register(ref)
        place.inbox.put(_STARTED)
        return ref

    def find(self, name: str) -> Ref[Any] | None:
        """Return the reference of the actor with that name, if there is one."""
        place = self._places.get(name)
        return None if place is None else place.ref

    def watch(self) -> Iterator[ActorWatch]:
        """Yield what can be seen of each actor, in the order of their start."""
        for place in self._places.values():
            yield ActorWatch(
                name=place.name,
                kind=type(place.actor).__name__,
                mailbox=len(place.inbox),
                turns=place.turns,
                busy_s=place.busy_s,
                slowest_s=place.slowest_s,
                slowest_message=place.slowest_message,
                restarts=place.restarts,
                resting=place.resting,
            )

    def later(self, delay_s: float, place: Place, message: object) -> Timer:
        """Have ``message`` told to the actor at ``place`` after ``delay_s`` seconds.

        An actor that was stopped or has failed meanwhile is not told, nor its successor: a timer belongs
        to the actor that set it. A full mailbox takes the message all the same.
        """
        generation = place.generation

        def ring() -> None:
            if place.alive and place.generation == generation:
                place.inbox.append(message)

        return self._after(delay_s, ring)

    def restart_after(self, delay_s: float, place: Place) -> None:
        """Put a new actor at the place of a failed one; what waits there is handled by it."""
        self._after(delay_s, lambda: self._restart(place))

    def _restart(self, place: Place) -> None:
        if not place.alive:
            return
        place.restarts += 1
        try:
            place.actor = place.recipe(place)
        except Exception as error:
            self._report(place, _STARTED, error)
            return
        place.resting = False
        place.idle = False
        place.queue.appendleft(_STARTED)
        self.make_ready(place)

    def end(self, place: Place) -> None:
        """Take the place away: asks that wait are answered with `pykka.ActorDeadError`."""
        if not place.alive:
            return
        place.alive = place.idle = False
        assert place.ref is not None
        place.ref.actor_stopped.set()
        ActorRegistry.unregister(place.ref)
        self._places.pop(place.name, None)
        while not place.inbox.empty():
            item = place.inbox.get()
            if isinstance(item, Envelope) and item.reply_to is not None:
                if isinstance(item.message, pykka_messages._ActorStop):
                    item.reply_to.set(None)
                else:
                    error = ActorDeadError(f"{place.name} stopped before it handled the message")
                    item.reply_to.set_exception((ActorDeadError, error, None))
        if place in self._ready:
            self._ready.remove(place)  # a turn needs a message

    def close(self) -> None:
        """Stop every actor, the youngest first; nothing of this world stays in pykka's registry."""
        if self._closed:
            return
        self._closed = True
        for place in reversed(list(self._places.values())):
            self._stop(place)
        self._ready.clear()

    # -- the run queue ----------------------------------------------------------------------

    def make_ready(self, place: Place) -> None:
        """Give the actor at ``place`` a turn."""
        self._ready.append(place)
        if not self._awake:
            self._awake = True
            self._wake()

    def run_after(self, call: Callable[[], None], budget_s: float = inf) -> None:
        """Call ``call`` from the outer loop and run whom it made ready, without waking for it first."""
        if self._awake:
            call()
            return
        self._awake = True
        try:
            call()
        finally:
            self.run_ready(budget_s)

    def run_ready(self, budget_s: float = inf) -> None:
        """Run the actors that are ready: all of them, or until ``budget_s`` seconds have gone.

        What is left then is run after another `_wake`. Turns are not a method of their own: this loop
        goes round for every message of a simulation.
        """
        ready = self._ready
        stopwatch = self._stopwatch
        trace = self.trace
        now_s = until_s = 0.0
        if stopwatch is not None:
            now_s = stopwatch()
            until_s = now_s + budget_s
        while ready:
            if now_s > until_s:
                self._wake()
                return
            place = ready.popleft()
            queue, handlers = place.queue, place.handlers
            for _ in _TURN:
                item = queue.popleft()
                if trace is not None:
                    trace(self.monotonic(), place.name, _message_of(item))
                handler = handlers.get(type(item))
                try:
                    if handler is not None:
                        handler(item)
                    else:
                        self._handle_other(place, item)
                except Exception as error:
                    self._fail(place, item, error)
                    break
                if stopwatch is not None:
                    began_s, now_s = now_s, stopwatch()
                    place.handled(item, now_s - began_s)
                if not queue:
                    place.idle = place.alive
                    break
            else:
                ready.append(place)
        self._awake = False

    def _handle_other(self, place: Place, item: Any) -> None:
        """Handle what is not simply a message for a marked method."""
        actor = place.actor
        assert actor is not None
        if item is _STARTED:
            actor.on_start()
        elif type(item) is Envelope:
            self._handle_ask(place, actor, item)
        elif isinstance(item, pykka_messages._ActorStop):
            self._stop(place)
        else:
            actor.on_receive(item)

    def _handle_ask(self, place: Place, actor: Actor, envelope: Envelope[Any]) -> None:
        """Handle an asked message; its failure goes to the asker, as pykka has it."""
        message, reply_to = envelope.message, envelope.reply_to
        if isinstance(message, pykka_messages._ActorStop):
            self._stop(place)
            if reply_to is not None:
                reply_to.set(None)
            return
        handler = place.handlers.get(type(message))
        if reply_to is None:
            actor._handle_receive(message) if handler is None else handler(message)
            return
        try:
            result = actor._handle_receive(message) if handler is None else handler(message)
        except Exception:
            reply_to.set_exception()
            return
        if isinstance(result, Future):
            result.then(lambda answered: _pass_on(answered, reply_to))
        else:
            reply_to.set(result)

    def _stop(self, place: Place) -> None:
        actor = place.actor
        self.end(place)
        assert actor is not None
        try:
            actor.on_stop()
        except Exception as error:
            self._report(place, pykka_messages._ActorStop(), error)

    def _fail(self, place: Place, item: Any, error: Exception) -> None:
        """Put the failed actor to rest and say so to the world's strategy."""
        place.resting = True
        place.generation += 1
        actor = place.actor
        try:
            assert actor is not None
            actor.on_failure(type(error), error, error.__traceback__)
        except Exception as second:
            error.add_note(f"and its on_failure raised {second!r}")
        self._report(place, _message_of(item), error)

    def _report(self, place: Place, message: object, error: Exception) -> None:
        if self.failures is None:
            raise error
        self.failures.failed(place, message, error)


def _message_of(item: Any) -> Any:
    """Return the message of an inbox's item, asked or told."""
    return item.message if type(item) is Envelope else item


def _pass_on(answered: Future, reply_to: pykka.Future[Any]) -> None:
    """Answer ``reply_to`` with what ``answered`` was answered with."""
    try:
        result = answered.get()
    except Exception:
        reply_to.set_exception()
    else:
        reply_to.set(result)
