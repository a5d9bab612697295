"""The reactor is ended by signals, however many come."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from twisted.internet.error import ReactorNotRunning
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from zope.interface import implementer

from runtime.reactor import LoopReactor


@pytest.fixture
def reactor() -> Any:
    return LoopReactor(asyncio.new_event_loop())


def test_second_signal_before_the_first_is_seen_to_is_no_error(reactor: Any) -> None:
    said: list[LogEvent] = []

    @implementer(ILogObserver)
    def note(event: LogEvent) -> None:
        said.append(event)

    def two_signals() -> None:
        reactor.sigInt(2)
        reactor.sigTerm(15)

    globalLogPublisher.addObserver(note)
    try:
        reactor.callWhenRunning(two_signals)
        reactor.run(installSignalHandlers=False)
    finally:
        globalLogPublisher.removeObserver(note)
    assert any("SIGTERM" in str(event["log_format"]) for event in said)
    assert not [event for event in said if "log_failure" in event]


def test_reactor_that_does_not_run_is_not_stopped(reactor: Any) -> None:
    with pytest.raises(ReactorNotRunning):
        reactor.stop()
