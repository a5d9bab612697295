"""Pykka's Actor with an inbox and a loop of our own, for worlds with a clock of their own.

Pykka gives each actor a thread; ours share the run queue of the `World` they live in (``actors/world.py``).
What stays pykka's: `pykka.Actor` and its life-cycle hooks, `pykka.ActorRef` with ``tell`` and ``ask``, futures,
envelopes, the registry.

An actor lives at a **place**: a name in a world, with the inbox and the reference that others hold. A failed
actor is replaced by a new one at the same place, so references and waiting messages outlive a failure.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from datetime import datetime
from random import Random
from types import MethodType
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import pykka
from pykka._envelope import Envelope

from protocol.errors import BlockingAskError, MailboxFull, WorldError

if TYPE_CHECKING:
    from actors.world import Timer, World

INBOX_MAX = 100_000
"""Messages that may wait for one actor. A `tell` beyond it raises `MailboxFull` in the sender."""

A = TypeVar("A", bound="Actor")
M = TypeVar("M")
Handler = Callable[..., Any]


def receives(
    message_class: type[M], *others: type[Any]
) -> Callable[[Callable[[A, M], Any]], Callable[[A, M], Any]]:
    """Mark a method as the one that takes messages of exactly these classes."""

    def mark(method: Callable[[A, M], Any]) -> Callable[[A, M], Any]:
        method._receives = (message_class, *others)  # type: ignore[attr-defined]
        return method

    return mark


class Future(pykka.Future[Any]):
    """An answer to come. It is never waited for: `then` says what follows."""

    def __init__(self) -> None:
        super().__init__()
        self._done = False
        self._value: Any = None
        self._error: BaseException | None = None
        self._following: list[Callable[[Future], None]] = []

    def get(self, *, timeout: float | None = None) -> Any:
        """Return the answer if it is there.

        Raises:
            BlockingAskError: it is not; waiting would stop the very loop that brings it.
        """
        if self._get_hook is not None:
            return super().get(timeout=timeout)
        if not self._done:
            raise BlockingAskError(
                "an answer was waited for inside the actors' own loop, which would hang for ever: "
                "tell, and receive the answer as a message; at an edge use Future.then"
            )
        if self._error is not None:
            raise self._error
        return self._value

    def set(self, value: Any | None = None) -> None:
        """Answer with ``value``; a second answer is an error."""
        self._end(value, None)

    def set_exception(self, exc_info: Any = None) -> None:
        """Answer with an exception: the one given as pykka does, or the one being handled."""
        info = exc_info or sys.exc_info()
        self._end(None, info[1] or WorldError("an answer failed without saying why"))

    def then(self, follow: Callable[[Future], None]) -> None:
        """Call ``follow`` with this future once it is answered, at once if it is."""
        if self._done:
            follow(self)
        else:
            self._following.append(follow)

    def _end(self, value: Any, error: BaseException | None) -> None:
        if self._done:
            raise WorldError("an answer was given twice")
        self._done, self._value, self._error = True, value, error
        following, self._following = self._following, []
        for follow in following:
            follow(self)


class Inbox:
    """Messages that wait at a place. Items are messages that were told, or envelopes of those asked."""

    __slots__ = ("place", "queue")

    def __init__(self, place: Place) -> None:
        self.place = place
        self.queue = place.queue

    def put(self, item: Any, /) -> None:
        """Append a message or an envelope, and have its actor run.

        Raises:
            MailboxFull: `INBOX_MAX` messages wait already.
        """
        place = self.place
        if len(self.queue) >= INBOX_MAX:
            raise MailboxFull(
                f"{place.name} has {INBOX_MAX} messages waiting and takes no more: it is "
                "blocked or overrun; see its slowest handler among the actors that are watched"
            )
        self.append(item)

    def append(self, item: Any, /) -> None:
        """Do what `put` does without its bound, for an actor's timers: one that is lost rings no more."""
        place = self.place
        self.queue.append(item)
        if place.idle:
            place.idle = False
            place.world.make_ready(place)

    def get(self) -> Any:
        """Remove and return the oldest item."""
        return self.queue.popleft()

    def empty(self) -> bool:
        """Return whether nothing waits."""
        return not self.queue

    def __len__(self) -> int:
        return len(self.queue)


class Ref(pykka.ActorRef[A]):
    """A reference to whichever actor is at a place; it holds the place, so it is never left dangling."""

    def __init__(self, actor: A) -> None:
        super().__init__(actor)
        self.place = actor.place

    def __repr__(self) -> str:
        return f"<{self.place.name}>"

    __str__ = __repr__

    def is_alive(self) -> bool:
        """Return whether the place is still taken (also while a failed actor waits for its restart)."""
        return self.place.alive

    def tell(self, message: Any) -> None:
        """Put ``message`` into the inbox.

        Raises:
            pykka.ActorDeadError: the actor was stopped, or failed for good.
            MailboxFull: too many messages wait.
        """
        # What `put` does, without another call: nothing is done more often.
        place = self.place
        if place.idle:
            place.idle = False
            place.queue.append(message)
            place.world.make_ready(place)
        elif place.alive:
            if len(place.queue) >= INBOX_MAX:
                place.inbox.put(message)  # which says what is wrong
            place.queue.append(message)
        else:
            raise pykka.ActorDeadError(f"{place.name} has stopped")


class Place:
    """A named spot in a world, where one actor after another lives with the same inbox and reference."""

    __slots__ = (
        "actor",
        "alive",
        "busy_s",
        "generation",
        "handlers",
        "idle",
        "inbox",
        "name",
        "queue",
        "recipe",
        "ref",
        "restarts",
        "resting",
        "slowest_message",
        "slowest_s",
        "turns",
        "world",
    )

    def __init__(self, world: World, name: str, recipe: Callable[[Place], Actor]) -> None:
        self.world = world
        self.name = name
        self.recipe = recipe
        self.queue: deque[Any] = deque()
        self.inbox = Inbox(self)
        self.ref: Ref[Any] | None = None
        self.actor: Actor | None = None
        self.handlers: dict[type, Handler] = {}
        """The actor's, by class of message."""
        self.alive = True
        self.idle = True
        """It is alive and nothing waits: the next message has to make the actor ready."""
        self.resting = False
        """A failed actor waits for its restart: messages are kept and not handled."""
        self.generation = 0
        """Grows with each failure: timers of earlier generations do not ring."""
        self.restarts = 0
        self.turns = 0
        self.busy_s = 0.0
        self.slowest_s = 0.0
        self.slowest_message = ""

    def handled(self, item: Any, took_s: float) -> None:
        """Count a message that was handled within ``took_s`` seconds."""
        self.turns += 1
        self.busy_s += took_s
        if took_s > self.slowest_s:
            self.slowest_s = took_s
            message = item.message if type(item) is Envelope else item
            self.slowest_message = type(message).__name__


class Actor(pykka.Actor):
    """The base of every actor. Made by `World.spawn`, which passes the place first.

    Messages go to the method marked with `receives` for their class; `on_receive` takes the others and, by
    default, treats them as a defect. A handler that returns a `Future` answers an ``ask`` when that is set.
    """

    _handlers: ClassVar[dict[type, Handler]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        handlers: dict[type, Handler] = {}
        for base in reversed(cls.__mro__):
            for method in vars(base).values():
                for message_class in getattr(method, "_receives", ()):
                    handlers[message_class] = method
        cls._handlers = handlers

    def __init__(self, place: Place) -> None:
        # Not pykka's own: that draws a random URN and makes an inbox and a reference, where ours
        # are the place's, so that they have stable names and outlive a failure.
        self.place = place
        place.handlers = {
            message_class: MethodType(method, self)
            for message_class, method in self._handlers.items()
        }
        self.actor_urn = place.name
        self.actor_inbox = place.inbox
        if place.ref is None:
            self.actor_stopped = place.world.new_stop_flag()
            place.ref = Ref(self)
        else:
            self.actor_stopped = place.ref.actor_stopped
        self._actor_ref = place.ref

    @staticmethod
    def _create_actor_inbox() -> Any:
        raise WorldError("an actor is made by World.spawn, not by start()")

    @staticmethod
    def _create_future() -> Future:
        return Future()

    def _start_actor_loop(self) -> None:
        raise WorldError("an actor is made by World.spawn, not by start()")

    def __str__(self) -> str:
        return self.place.name

    @property
    def world(self) -> World:
        """The world that the actor lives in."""
        return self.place.world

    @property
    def name(self) -> str:
        """The actor's stable name, such as ``hall/HZ01/counter/3``."""
        return self.place.name

    @property
    def now(self) -> datetime:
        """The world's wall clock: aware, UTC. It may be set back."""
        return self.place.world.now()

    @property
    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        return self.place.world.monotonic()

    @property
    def random(self) -> Random:
        """The world's own source of chance."""
        return self.place.world.random

    def later(self, delay_s: float, message: object) -> Timer:
        """Have ``message`` told to this actor after ``delay_s`` seconds, unless cancelled or replaced."""
        return self.place.world.later(delay_s, self.place, message)

    def on_receive(self, message: Any) -> Any:
        """Take a message that no method is marked for: a defect, so this raises `WorldError`."""
        raise WorldError(f"{self.name} does not take {type(message).__name__}")


__all__ = ["INBOX_MAX", "Actor", "Envelope", "Future", "Inbox", "Place", "Ref", "receives"]
