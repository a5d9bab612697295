"""The world on the reactor that halls run on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from actors.base import Actor, Place, receives
from runtime.world import ReactorWorld


class Listener(Actor):
    """Writes down what it hears."""

    def __init__(self, place: Place, heard: list[str]) -> None:
        super().__init__(place)
        self._heard = heard

    @receives(str)
    def _hear(self, message: str) -> None:
        self._heard.append(message)


@pytest.fixture
def world(reactor_thread: Any) -> Iterator[ReactorWorld]:
    made = ReactorWorld(reactor_thread.reactor)
    yield made
    reactor_thread.call(made.close)


def test_call_from_a_thread_runs_whom_it_tells_before_anything_else(
    world: ReactorWorld, reactor_thread: Any
) -> None:
    heard: list[str] = []
    listener = reactor_thread.call(world.spawn, "listener", Listener, heard)

    def call() -> None:
        listener.tell("told")
        heard.append("called")

    def from_elsewhere() -> None:
        heard.append("elsewhere")

    def ask_both() -> None:
        # Both wait until this returns.
        world.call_from_thread(call)
        reactor_thread.reactor.call_soon(from_elsewhere)

    reactor_thread.call(ask_both)
    reactor_thread.call(lambda: None)
    assert heard == ["called", "told", "elsewhere"]


def test_actors_that_are_told_one_after_another_leave_the_reactor_its_turns(
    world: ReactorWorld, reactor_thread: Any
) -> None:
    heard: list[str] = []
    listener = reactor_thread.call(world.spawn, "listener", Listener, heard)

    def tell() -> None:
        listener.tell("first")
        reactor_thread.reactor.call_soon(heard.append, "between")
        reactor_thread.reactor.call_soon(listener.tell, "second")

    reactor_thread.call(tell)
    for _ in range(3):
        reactor_thread.call(lambda: None)
    assert heard == ["first", "between", "second"]
