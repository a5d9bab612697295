"""Twisted's asyncio reactor, on uvloop where that is installed."""

from __future__ import annotations

import asyncio
import importlib
import time
from typing import Any

from twisted.internet import asyncioreactor


def install_reactor() -> Any:
    """Install the reactor and return it; must come before anything imports ``twisted.internet.reactor``."""
    try:
        loop = importlib.import_module("uvloop").new_event_loop()
    except ImportError:
        loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    install: Any = asyncioreactor.install
    install(loop)
    reactor: Any = importlib.import_module("twisted.internet.reactor")
    # Twisted takes its timers' times from the wall clock, where an hour set back stops them for an hour.
    reactor.seconds = time.monotonic
    return reactor
