"""The keypad model: one press at a time, repeated until its result is there."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from protocol.devices import Device
from protocol.radio.payloads import (
    BOOT_MAX,
    DeviceKind,
    Hello,
    Key,
    KeyPress,
    PressResult,
    Result,
    Show,
    WindowState,
)
from sim.devices.keypad import PRESSES_MAX, Keypad
from tests.sim.devices.channel import GATEWAY, Channel


def keypad(**options: Any) -> Keypad:
    return Keypad(5, GATEWAY, Random(3), **options)


@pytest.fixture
def channel() -> Channel:
    """A keypad that has said hello."""
    made = Channel(keypad(boot=7))
    made.run(5)
    made.payloads.clear()
    return made


def answer(channel: Channel, text: str = "A001") -> None:
    """Answer the press that came last."""
    press = channel.payloads[-1]
    assert isinstance(press, KeyPress)
    result = PressResult(boot=press.boot, sequence=press.sequence, result=Result.CALLED, text=text)
    channel.send(result)


def test_keypad_is_a_device() -> None:
    device: Device = keypad()
    assert device.next_deadline() is not None


def test_start_is_told_once_soon_and_then_a_sign_of_life_now_and_then() -> None:
    channel = Channel(keypad(boot=7, battery_mv=2900))
    channel.run(3)
    hello = Hello(boot=7, kind=DeviceKind.KEYPAD, battery_mv=2900)
    assert channel.payloads == [hello]
    channel.run(1800)
    assert channel.payloads[1:] in ([hello] * 2, [hello] * 3)


def test_press_goes_out_and_its_result_is_displayed(channel: Channel) -> None:
    device = channel.device
    assert isinstance(device, Keypad)
    assert device.press(Key.NEXT, 9)
    channel.run(0.1)
    assert channel.payloads == [KeyPress(boot=7, sequence=1, key=Key.NEXT, argument=9)]
    answer(channel)
    channel.run(0.2)
    assert device.display == "A001"
    assert len(device.results) == 1
    channel.run(20)
    assert len(channel.payloads) == 1


def test_press_whose_result_came_is_not_repeated_for_want_of_an_acknowledgement(
    channel: Channel,
) -> None:
    device = channel.device
    assert isinstance(device, Keypad)
    channel.uplink_lost = True
    device.press(Key.NEXT)
    channel.run(0.1)
    channel.uplink_lost = False
    # A gateway that has heard it, though its acknowledgement was lost.
    result = PressResult(boot=7, sequence=1, result=Result.CALLED, text="A001")
    channel.send(result)
    channel.run(20)
    assert device.display == "A001"
    assert channel.payloads == []


def test_press_without_a_result_is_repeated_as_the_same_press(channel: Channel) -> None:
    device = channel.device
    assert isinstance(device, Keypad)
    device.press(Key.NEXT)
    channel.run(4)
    assert channel.payloads == [KeyPress(boot=7, sequence=1, key=Key.NEXT)] * 2
    answer(channel)
    channel.run(20)
    assert len(channel.payloads) == 2
    assert device.unanswered == 0


def test_press_that_nobody_answers_is_given_up_and_the_next_one_goes_on(channel: Channel) -> None:
    device = channel.device
    assert isinstance(device, Keypad)
    device.press(Key.NEXT)
    device.press(Key.RECALL)
    began_s = channel.now_s
    # Each wait is about twice as long as the one before.
    for sends, until_s in ((1, 2.9), (2, 3.2), (2, 7.5), (3, 12.0), (3, 16.0), (4, 27.0)):
        channel.run(began_s + until_s - channel.now_s)
        assert len(channel.payloads) == sends
    channel.run(33)
    assert device.unanswered == 1
    assert device.display == "----"
    assert [payload.sequence for payload in channel.payloads[:5]] == [1, 1, 1, 1, 2]  # type: ignore[union-attr]
    answer(channel, "A002")
    channel.run(1)
    assert device.display == "A002"


def test_press_is_repeated_after_the_radio_gave_up(channel: Channel) -> None:
    device = channel.device
    assert isinstance(device, Keypad)
    channel.uplink_lost = True
    device.press(Key.NEXT)
    channel.run(12)
    assert channel.payloads == []
    channel.uplink_lost = False
    channel.run(12)
    assert channel.payloads[0] == KeyPress(boot=7, sequence=1, key=Key.NEXT)


def test_presses_wait_for_the_one_before_and_are_bounded(channel: Channel) -> None:
    device = channel.device
    assert isinstance(device, Keypad)
    assert [device.press(Key.NEXT) for _ in range(PRESSES_MAX + 1)] == [True] * 4 + [False]
    for sequence in range(1, PRESSES_MAX + 1):
        channel.run(0.5)
        assert channel.payloads[-1] == KeyPress(boot=7, sequence=sequence, key=Key.NEXT)
        answer(channel)
    channel.run(1)
    assert len(channel.payloads) == PRESSES_MAX
    assert device.press(Key.NEXT)


def test_reboot_forgets_all_but_the_boot_number(channel: Channel) -> None:
    device = channel.device
    assert isinstance(device, Keypad)
    device.press(Key.NEXT)
    channel.run(0.1)
    device.reboot()
    device.press(Key.NEXT)
    channel.run(3)
    assert KeyPress(boot=8, sequence=1, key=Key.NEXT) in channel.payloads
    assert Hello(boot=8, kind=DeviceKind.KEYPAD) in channel.payloads


def test_boot_number_goes_round() -> None:
    device = keypad(boot=BOOT_MAX)
    device.reboot()
    assert device.boot == 0


def test_result_of_another_press_and_what_is_for_windows_are_ignored(channel: Channel) -> None:
    device = channel.device
    assert isinstance(device, Keypad)
    device.press(Key.NEXT)
    channel.run(0.1)
    channel.send(PressResult(boot=6, sequence=1, result=Result.CALLED, text="old"))
    channel.send(Show(version=1, state=WindowState.CALLED, text="A001"))
    channel.send(b"\xff\xff")
    channel.run(1)
    assert device.display == ""
    assert device.malformed == 1
    assert channel.acknowledged == [1, 2, 3]


def test_switched_off_keypad_hears_and_sends_nothing(channel: Channel) -> None:
    device = channel.device
    assert isinstance(device, Keypad)
    device.off = True
    assert not device.press(Key.NEXT)
    assert device.next_deadline() is None
    assert device.tick(channel.now_s + 10_000) == b""
    channel.send(PressResult(boot=7, sequence=1, result=Result.DONE))
    channel.run(30)
    assert channel.given_up == [1]
    device.reboot()
    channel.run(3)
    assert channel.payloads == [Hello(boot=8, kind=DeviceKind.KEYPAD)]


def test_result_and_that_nobody_answers_are_noticed() -> None:
    pad = keypad(boot=7)
    channel = Channel(pad)
    channel.run(5)
    seen: list[Any] = []
    pad.noticed.append(lambda who, shown: seen.append((who.display, shown)))
    pad.press(Key.NEXT)
    channel.run(1)
    answer(channel)
    channel.run(1)
    assert [(display, shown.text) for display, shown in seen] == [("A001", "A001")]
    pad.press(Key.NEXT)
    channel.run(120)
    assert seen[1:] == [("----", None)]
