"""Recorders in place of the actors around a subject."""

from __future__ import annotations

from typing import Any

from actors.base import Actor, Place


class Ear(list[Any]):
    """A recipient that remembers what it was told."""

    tell = list.append

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__  # type: ignore[assignment]

    def of(self, kind: type) -> list[Any]:
        """Return the messages of one class."""
        return [message for message in self if isinstance(message, kind)]


class RecorderActor(Actor):
    """An actor that takes everything and remembers it."""

    def __init__(self, place: Place, ear: Ear) -> None:
        super().__init__(place)
        self.ear = ear

    def on_receive(self, message: Any) -> None:
        self.ear.tell(message)
