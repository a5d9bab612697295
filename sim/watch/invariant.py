"""What an invariant is: somebody who is shown sightings, and says when they cannot be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, TypeVar

from protocol.hall import HallSpec
from protocol.messages import Recorded
from protocol.values import value
from sim.watch.ledger import Ledger

I = TypeVar("I", bound="Invariant")  # noqa: E741
S = TypeVar("S")


@value
class Broken:
    """An invariant does not hold: its number in the design, what was seen, and of which ticket."""

    invariant: int
    title: str
    detail: str
    number: str | None
    at_s: float

    def __str__(self) -> str:
        return f"invariant {self.invariant} ({self.title}): {self.detail}"


class Scene(Protocol):
    """What invariants know besides what they see."""

    @property
    def spec(self) -> HallSpec: ...

    @property
    def ledger(self) -> Ledger:
        """The hall by the events that were told before the one that is seen now."""
        ...

    @property
    def running(self) -> bool:
        """Whether the hall's process lives."""
        ...

    @property
    def now_s(self) -> float:
        """Seconds since the run began."""
        ...

    @property
    def wall(self) -> datetime:
        """What a clock shows that is right (aware, UTC)."""
        ...

    def durable(self) -> int:
        """Return the last event that the disk holds."""
        ...

    def on_disk(self, after: int) -> list[Recorded]:
        """Return what the disk holds from the event ``after`` on."""
        ...

    def later(self, delay_s: float, call: Callable[[], None]) -> None:
        """Have ``call`` called after so many seconds."""
        ...

    def broken(self, invariant: Invariant, detail: str, number: str | None) -> None:
        """Take it that ``invariant`` does not hold."""
        ...


def sees(kind: type[S]) -> Callable[[Callable[[I, S], None]], Callable[[I, S], None]]:
    """Mark a method as the one that is shown sightings of exactly this class."""

    def mark(method: Callable[[I, S], None]) -> Callable[[I, S], None]:
        method._sees = kind  # type: ignore[attr-defined]
        return method

    return mark


class Invariant:
    """The base of every invariant."""

    number: ClassVar[int]
    """Its number in the design."""
    title: ClassVar[str]
    _methods: ClassVar[Mapping[type, str]] = MappingProxyType({})

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._methods = MappingProxyType(
            {
                method._sees: name
                for base in reversed(cls.__mro__)
                for name, method in vars(base).items()
                if hasattr(method, "_sees")
            }
        )

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def methods(self) -> Mapping[type, Callable[[Any], None]]:
        """Return what is called for each class of sightings."""
        return {kind: getattr(self, name) for kind, name in self._methods.items()}

    def broken(self, detail: str, number: str | None = None) -> None:
        """Say that it does not hold, because of the ticket with ``number`` if there is one."""
        self.scene.broken(self, detail, number)
