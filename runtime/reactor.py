"""Twisted's asyncio reactor, on uvloop where that is installed, with a short way to what is due at once.

Twisted takes what is due at once through its list of timers and then through the loop's, for 9 microseconds;
from another thread, for 17. The loop itself takes 1 and 3, and a hall has several such calls for each commit.
"""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Callable
from typing import Any

from twisted.internet import main
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.error import ReactorNotRunning


class LoopReactor(AsyncioSelectorReactor):
    """Twisted's reactor on ``loop``, which can also be asked directly."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        # Twisted takes its timers' times from the wall clock, where an hour set back stops them for an hour.
        self.seconds = time.monotonic
        self.call_soon: Callable[..., object] = loop.call_soon
        """Has a function called with its arguments behind the sockets that are ready now."""
        self.call_soon_from_thread: Callable[..., object] = loop.call_soon_threadsafe
        """The same, for any thread."""

    def stop(self) -> None:
        """Stop at the end of this turn; asked again before, as by a second Ctrl-C, that is no error.

        Raises:
            ReactorNotRunning: it never ran, or has ended.
        """
        try:
            super().stop()  # type: ignore[no-untyped-call]
        except ReactorNotRunning:
            if not self.running:
                raise


def install_reactor() -> Any:
    """Install the reactor and return it; must come before anything imports ``twisted.internet.reactor``."""
    try:
        loop = importlib.import_module("uvloop").new_event_loop()
    except ImportError:
        loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    reactor = LoopReactor(loop)
    install: Any = main.installReactor
    install(reactor)
    return reactor
