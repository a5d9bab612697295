"""The window model: shows what it is told and confirms it."""

from __future__ import annotations

from random import Random

import pytest

from protocol.radio.payloads import (
    DeviceKind,
    Hello,
    PressResult,
    Result,
    Show,
    Shown,
    WindowState,
)
from sim.devices.window import Window
from tests.sim.devices.channel import GATEWAY, Channel

CALLED = Show(version=40, state=WindowState.CALLED, text="A010")


@pytest.fixture
def window() -> Window:
    return Window(6, GATEWAY, Random(3), boot=7)


@pytest.fixture
def channel(window: Window) -> Channel:
    """A window that has said hello."""
    made = Channel(window)
    made.run(5)
    assert made.payloads == [Hello(boot=7, kind=DeviceKind.WINDOW)]
    made.payloads.clear()
    return made


def test_window_shows_what_it_is_told_and_confirms_the_version(
    channel: Channel, window: Window
) -> None:
    assert (window.state, window.text) == (WindowState.IDLE, "")
    channel.send(CALLED)
    channel.run(0.3)
    assert (window.state, window.text) == (WindowState.CALLED, "A010")
    assert channel.payloads == [Shown(boot=7, version=40)]


def test_repeated_view_is_confirmed_again_and_changes_nothing(
    channel: Channel, window: Window
) -> None:
    for _ in range(2):
        channel.send(CALLED)
        channel.run(1)
    assert channel.payloads == [Shown(boot=7, version=40)] * 2
    assert window.changes == 1


def test_stuck_window_acknowledges_and_confirms_nothing(channel: Channel, window: Window) -> None:
    window.stuck = True
    channel.send(CALLED)
    channel.run(5)
    assert channel.acknowledged == [1]
    assert channel.payloads == []
    assert window.shows is None


def test_lost_answers_of_the_radio_do_not_confirm_twice(channel: Channel, window: Window) -> None:
    channel.uplink_lost = True
    channel.send(CALLED)
    channel.run(1)
    channel.uplink_lost = False
    channel.run(10)
    assert channel.acknowledged == [1]
    assert channel.payloads == [Shown(boot=7, version=40)]
    assert window.changes == 1


def test_restarted_window_is_blank_and_says_that_it_has_started(
    channel: Channel, window: Window
) -> None:
    channel.send(CALLED)
    channel.run(1)
    window.reboot()
    channel.run(3)
    assert window.shows is None
    assert channel.payloads[-1] == Hello(boot=8, kind=DeviceKind.WINDOW)


def test_what_is_for_keypads_is_ignored(channel: Channel, window: Window) -> None:
    channel.send(PressResult(boot=7, sequence=1, result=Result.DONE))
    channel.run(1)
    assert window.shows is None
    assert channel.payloads == []


def test_what_people_see_anew_is_noticed_once_and_nothing_else(
    channel: Channel, window: Window
) -> None:
    seen: list[object] = []
    window.noticed.append(lambda who, shown: seen.append((who.text, shown)))
    channel.send(CALLED)
    channel.run(1000)
    channel.send(CALLED)
    channel.run(1)
    assert seen == [("A010", CALLED)] * 2
    window.reboot()
    assert seen[2:] == [("", None)]
