"""A stand-in on the reactor of all tests, and the server of its account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.runtime.reactor_thread import ReactorThread
from tests.runtime.stand_in.rig import AccountServer, ServedStandIn


@pytest.fixture
def serve(reactor_thread: ReactorThread) -> Iterator[Callable[..., ServedStandIn]]:
    """Serves stand-ins, which are stopped in the end."""
    served: list[ServedStandIn] = []

    def serve(**given: Any) -> ServedStandIn:
        one = ServedStandIn(reactor_thread, **given)
        served.append(one)
        return one

    yield serve
    for one in served:
        one.stop()


@pytest.fixture
def stand_in(serve: Callable[..., ServedStandIn]) -> ServedStandIn:
    return serve()


@pytest.fixture
def account_server() -> Iterator[AccountServer]:
    server = AccountServer()
    yield server
    server.close()
