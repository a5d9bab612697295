"""A bug that is planted into production code for one run, to see whether the explorer finds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from protocol.values import value
from sim.explore.case import Case
from sim.explore.run import NO_ACTOR_FAILS
from sim.watch.invariant import Broken


class Plant:
    """Puts things in place of others, until it is uprooted."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def attribute(self, owner: Any, name: str, instead: Any) -> None:
        """Put ``instead`` in place of an attribute of a class or a module."""
        self._stack.enter_context(mock.patch.object(owner, name, instead))

    def entry(self, owner: dict[Any, Any], key: Any, instead: Any) -> None:
        """Put ``instead`` in place of an entry of a table."""
        self._stack.enter_context(mock.patch.dict(owner, {key: instead}))

    def uproot(self) -> None:
        """Put everything back."""
        self._stack.close()


@value
class Bug:
    """A bug: which invariant it breaks, and what ``plant`` changes.

    ``seed`` is the first one that finds it, when the invariant alone is watched. ``can_show`` says in which
    cases it makes any difference: a search need not run the others. With ``actor_may_fail`` it is found as well
    where an actor fails of it, as production code checks itself.
    """

    name: str
    invariant: int
    seed: int
    plant: Callable[[Plant], None]
    can_show: Callable[[Case], bool] = lambda _case: True
    actor_may_fail: bool = False

    def is_found(self, broken: Broken | None) -> bool:
        """Return whether that is what the bug was planted for."""
        if broken is None:
            return False
        failed = self.actor_may_fail and broken.invariant == NO_ACTOR_FAILS
        return failed or broken.invariant == self.invariant

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Have the bug in the code for a while."""
        plant = Plant()
        try:
            self.plant(plant)
            yield
        finally:
            plant.uproot()
