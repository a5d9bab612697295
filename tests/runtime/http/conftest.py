"""Halls that are served on the loopback address."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.runtime.http.rig import PLENTY, Serve, Served


@pytest.fixture
def serve(reactor_thread: Any) -> Iterator[Serve]:
    """Serves a hall with given limits and options until the test ends."""
    served: list[Served] = []

    def start(limits: Any = PLENTY, **options: Any) -> Served:
        hall = Served(reactor_thread, limits, **options)
        served.append(hall)
        hall.call(hall.start)
        return hall

    yield start
    for hall in served:
        hall.call(hall.stop)


@pytest.fixture
def hall(serve: Serve) -> Served:
    """A hall that is served, with rates that no test meets by accident."""
    return serve()
