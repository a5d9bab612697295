"""Halls whose customers come with phones."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.runtime.reservation.platform import Platform

Begin = Callable[..., Platform]


@pytest.fixture
def begin(reactor_thread: Any) -> Iterator[Begin]:
    """Begins a platform with given options, until the test ends."""
    platforms: list[Platform] = []

    def start(**options: Any) -> Platform:
        platform = Platform(reactor_thread, **options)
        platforms.append(platform)
        return platform

    yield start
    for platform in platforms:
        platform.stop()


@pytest.fixture
def platform(begin: Begin) -> Platform:
    """A hall of two services that ask for nothing."""
    return begin()
