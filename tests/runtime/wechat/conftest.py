"""Halls that WeChat's stand-in calls back."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.runtime.wechat.office import Office


@pytest.fixture
def opened(reactor_thread: Any) -> Iterator[Callable[..., Office]]:
    """Opens an office with given options, until the test ends."""
    offices: list[Office] = []

    def start(**options: Any) -> Office:
        office = Office(reactor_thread, **options)
        offices.append(office)
        return office

    yield start
    for office in offices:
        office.stop()


@pytest.fixture
def office(opened: Callable[..., Office]) -> Office:
    """A served hall, and WeChat in safe mode."""
    return opened()
