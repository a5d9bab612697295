"""A real reactor in a thread of its own, for tests and measurements."""

import asyncio
import threading
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, TypeVar

import pytest
from twisted.internet.threads import blockingCallFromThread

from runtime.reactor import LoopReactor

T = TypeVar("T")

PATIENCE_S = 10.0
"""How long is waited for what must come. Nothing is waited for that must not."""


def best_loop() -> str:
    """The kind of loop that a hall runs on: uvloop where it is installed."""
    return "uvloop" if find_spec("uvloop") else "asyncio"


class ReactorThread:
    """The reactor that halls run on, on a loop of the kind named, running in a thread."""

    def __init__(self, loop: str) -> None:
        if loop == "uvloop":
            uvloop = pytest.importorskip("uvloop", reason="uvloop is not installed")
            event_loop = uvloop.new_event_loop()
        else:
            event_loop = asyncio.new_event_loop()
        self.reactor: Any = LoopReactor(event_loop)
        self._thread = threading.Thread(target=self._run, name=f"reactor on {loop}", daemon=True)

    def start(self) -> None:
        running = threading.Event()
        self.reactor.callWhenRunning(running.set)
        self._thread.start()
        assert running.wait(PATIENCE_S)

    def stop(self) -> None:
        self.reactor.callFromThread(self.reactor.stop)
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()

    def call(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Call a function in the reactor's thread; return its result, or that of its Deferred."""
        return blockingCallFromThread(self.reactor, function, *args, **kwargs)

    def _run(self) -> None:
        self.reactor.run(installSignalHandlers=False)
