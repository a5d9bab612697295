"""The ticket caller model: each announcement is heard once, and confirmed each time that it comes."""

from __future__ import annotations

from random import Random

import pytest

from protocol.radio.payloads import (
    Announce,
    DeviceKind,
    Hello,
    Show,
    Shown,
    Supply,
    WindowState,
)
from sim.devices.caller import ANNOUNCEMENTS_KEPT, Caller
from sim.devices.radio import HEARTBEAT_S
from tests.sim.devices.channel import GATEWAY, Channel

CALL = Announce(version=40, buzzer=3, voice=2, text="A010")


@pytest.fixture
def caller() -> Caller:
    return Caller(
        9, GATEWAY, Random(3), boot=7, battery_mv=2900, supply=Supply.BATTERY, device=0xAB
    )


@pytest.fixture
def channel(caller: Caller) -> Channel:
    """A caller that has said hello."""
    made = Channel(caller)
    made.run(5)
    made.payloads.clear()
    return made


def test_announcement_is_made_and_confirmed(channel: Channel, caller: Caller) -> None:
    channel.send(CALL)
    channel.run(0.3)
    assert list(caller.announced) == [CALL]
    assert channel.payloads == [Shown(boot=7, version=40)]


def test_repeated_announcement_is_confirmed_and_not_made_again(
    channel: Channel, caller: Caller
) -> None:
    for _ in range(3):
        channel.send(CALL)
        channel.run(1)
    channel.send(Announce(version=41, buzzer=3, voice=2, text="A010"))
    channel.run(1)
    assert [one.version for one in caller.announced] == [40, 41]
    assert channel.payloads == [*[Shown(boot=7, version=40)] * 3, Shown(boot=7, version=41)]


def test_lost_confirmation_does_not_make_it_speak_twice(channel: Channel, caller: Caller) -> None:
    channel.uplink_lost = True
    channel.send(CALL)
    channel.run(20)
    assert channel.given_up == [1]
    channel.uplink_lost = False
    channel.send(CALL)
    channel.run(1)
    assert len(caller.announced) == 1
    assert channel.payloads[-1] == Shown(boot=7, version=40)


def test_what_is_for_windows_is_left_alone(channel: Channel, caller: Caller) -> None:
    channel.send(Show(version=41, state=WindowState.CALLED, text="A010"))
    channel.run(1)
    assert (channel.payloads, list(caller.announced), caller.version) == ([], [], 0)


def test_heartbeat_tells_battery_number_and_what_was_announced_last(channel: Channel) -> None:
    channel.send(CALL)
    channel.run(1)
    channel.payloads.clear()
    channel.run(1.2 * HEARTBEAT_S)
    hello = Hello(
        boot=7,
        kind=DeviceKind.CALLER,
        battery_mv=2900,
        supply=Supply.BATTERY,
        device=0xAB,
        version=40,
    )
    assert channel.payloads == [hello]


def test_announcements_are_kept_up_to_a_bound(channel: Channel, caller: Caller) -> None:
    for version in range(1, ANNOUNCEMENTS_KEPT + 6):
        channel.send(Announce(version=version, buzzer=0, voice=1, text="A"))
        channel.run(0.5)
    assert len(caller.announced) == ANNOUNCEMENTS_KEPT
    assert caller.announced[0].version == 6
