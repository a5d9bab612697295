"""One callback as an HTTP request: it ends in time, on this machine, whatever it is answered."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from runtime.stand_in.caller import ANSWER_MAX, NOTHING, Caller, is_of_this_machine
from sim.wechat.exchange import CallbackCall
from tests.runtime.reactor_thread import ReactorThread
from tests.runtime.stand_in.rig import AccountServer, free_port

SILENCE_S = 30.0


@pytest.fixture
def caller(reactor_thread: ReactorThread) -> Iterator[Caller]:
    caller = Caller(reactor_thread.reactor, timeout_s=0.2)
    yield caller
    reactor_thread.call(caller.close)


def call(url: str) -> CallbackCall:
    # Without a query there is nothing to open.
    return CallbackCall(id="d1/1", delivery="d1", attempt=1, url=url)


def test_answer_is_its_status_and_body(
    reactor_thread: ReactorThread, caller: Caller, account_server: AccountServer
) -> None:
    account_server.answers.append((403, b"no"))
    assert reactor_thread.call(caller.call, call(account_server.url)) == (403, b"no")


def test_longest_answer_is_heard_and_a_longer_one_not(
    reactor_thread: ReactorThread, account_server: AccountServer
) -> None:
    caller = Caller(reactor_thread.reactor)
    account_server.answers.extend([(200, b"x" * ANSWER_MAX), (200, b"x" * (ANSWER_MAX + 1))])
    status, body = reactor_thread.call(caller.call, call(account_server.url))
    assert (status, len(body)) == (200, ANSWER_MAX)
    assert reactor_thread.call(caller.call, call(account_server.url)) == NOTHING


def test_silent_server_is_waited_for_no_longer_than_allowed(
    reactor_thread: ReactorThread, caller: Caller, account_server: AccountServer
) -> None:
    account_server.answers.append(SILENCE_S)
    began_s = time.monotonic()
    assert reactor_thread.call(caller.call, call(account_server.url)) == NOTHING
    assert 0.2 <= time.monotonic() - began_s < SILENCE_S / 2


def test_nobody_listening_is_no_answer(reactor_thread: ReactorThread, caller: Caller) -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    assert reactor_thread.call(caller.call, call(url)) == NOTHING


def test_closed_caller_ends_what_is_under_way(
    reactor_thread: ReactorThread, account_server: AccountServer
) -> None:
    caller = Caller(reactor_thread.reactor, timeout_s=SILENCE_S)
    account_server.answers.append(SILENCE_S)
    asked: list[Deferred[Any]] = []
    reactor_thread.call(lambda: asked.append(caller.call(call(account_server.url))))
    account_server.wait_heard(1)
    reactor_thread.call(caller.close)
    assert reactor_thread.call(lambda: asked[0]) == NOTHING


def test_other_machine_is_not_even_looked_for(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    told: list[Any] = []
    Caller(clock).call(call("http://192.0.2.1/wechat")).addCallback(told.append)
    assert told == [NOTHING]
    assert clock.getDelayedCalls() == []
    assert "none of this machine" in caplog.text


@pytest.mark.parametrize(
    ("address", "is_ours"),
    [
        ("http://127.0.0.1:8080/wechat", True),
        ("http://127.9.9.9/", True),
        ("http://[::1]:8080/", True),
        ("http://localhost/x", True),
        ("https://127.0.0.1/", False),
        ("http://192.0.2.1/", False),
        ("http://localhost.example/", False),
        ("http://127.0.0.1@192.0.2.1/", False),
        ("http://127.0.0.1:99999/", False),
        ("http://[::1/", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_addresses_of_this_machine_are_known(address: str, is_ours: bool) -> None:
    assert is_of_this_machine(address) is is_ours
