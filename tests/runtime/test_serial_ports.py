"""Links over real serial ports: pseudo-terminals, opened by Twisted's SerialPort."""

import os
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actors.ports import Link
from protocol.messages import LinkDown, LinkUp, OctetsReceived
from protocol.ports import WAITING_MAX
from runtime.pty import PtyDevice

Open = Callable[[str, Any], Link]
Plug = Callable[..., PtyDevice]


def test_two_hundred_messages_go_both_ways_in_order(
    on: Any, open_link: Open, plug: Plug, recorder: Any
) -> None:
    device = plug()
    link = open_link(f"{device.address}?baud=115200", recorder)
    recorder.wait_for_count(LinkUp, 1)
    messages = [bytes([number]) * (number % 60 + 1) for number in range(200)]
    for message in messages:
        on.call(link.write, message)
    sent = b"".join(messages)
    recorder.wait_for(lambda: len(recorder.octets) >= len(sent))
    assert recorder.octets == sent
    assert recorder.messages[0] == LinkUp()
    assert recorder.of(LinkDown) == []


def test_port_unplugged_in_mid_frame_and_plugged_again(
    on: Any, open_link: Open, plug: Plug, recorder: Any
) -> None:
    device = plug(mute=True)
    link = open_link(device.address, recorder)
    recorder.wait_for_count(LinkUp, 1)
    on.call(device.send, b"half a fra")
    recorder.wait_for(lambda: recorder.octets == b"half a fra")
    on.call(device.unplug)
    recorder.wait_for_count(LinkDown, 1)
    assert "was lost" in recorder.reasons[0]
    recorder.wait_for_count(LinkDown, 2)
    assert "is not there: plug the device in" in recorder.reasons[1]
    on.call(link.write, b"into the void")
    on.call(device.plug)
    recorder.wait_for_count(LinkUp, 2)
    on.call(device.send, b"a whole one")
    recorder.wait_for(lambda: recorder.octets == b"half a fraa whole one")
    kinds = [type(message) for message in recorder.messages]
    assert kinds == [LinkUp, OctetsReceived, LinkDown, LinkDown, LinkUp, OctetsReceived]


def test_port_that_comes_later_is_opened_then(
    on: Any, open_link: Open, plug: Plug, recorder: Any
) -> None:
    device = plug()
    on.call(device.unplug)
    open_link(device.address, recorder)
    recorder.wait_for_count(LinkDown, 1)
    on.call(device.plug)
    recorder.wait_for_count(LinkUp, 1)


def test_second_opener_is_refused_until_the_first_closes(
    on: Any, open_link: Open, plug: Plug, new_recorder: Any
) -> None:
    first, second = new_recorder(), new_recorder()
    device = plug()
    link = open_link(device.address, first)
    first.wait_for_count(LinkUp, 1)
    open_link(device.address, second)
    second.wait_for_count(LinkDown, 1)
    assert "is in use already" in second.reasons[0]
    on.call(link.write, b"still mine")
    first.wait_for(lambda: first.octets == b"still mine")
    on.call(link.close)
    second.wait_for_count(LinkUp, 1)
    assert len(second.of(LinkDown)) == 1


def test_octets_that_waited_at_opening_are_not_received(
    on: Any, open_link: Open, plug: Plug, recorder: Any
) -> None:
    device = plug(mute=True)
    on.call(device.send, b"stale")
    open_link(device.address, recorder)
    recorder.wait_for_count(LinkUp, 1)
    on.call(device.send, b"fresh")
    recorder.wait_for(lambda: recorder.octets)
    assert recorder.octets == b"fresh"


def test_device_that_takes_nothing_is_down_at_the_bound_and_opened_again(
    on: Any, open_link: Open, recorder: Any
) -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    link = open_link(f"serial:{os.ttyname(slave)}", recorder)
    recorder.wait_for_count(LinkUp, 1)
    for _ in range(6):
        on.call(link.write, bytes(WAITING_MAX // 4))
    recorder.wait_for_count(LinkDown, 1)
    assert f"over {WAITING_MAX} wait to be sent" in recorder.reasons[0]
    recorder.wait_for_count(LinkUp, 2)
    os.close(master)
    os.close(slave)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.write_text("a file"), "is no serial port"),
        (lambda path: path.mkdir(), "is no serial port"),
        (lambda path: path.symlink_to(path), "cannot be opened"),
        (lambda path: path.symlink_to("/dev/null"), "is no serial port"),
        (lambda path: path.symlink_to(path.parent / "nowhere"), "is not there"),
    ],
    ids=["file", "directory", "loop", "null", "dangling"],
)
def test_what_is_no_port_is_refused_with_what_to_do(
    make: Callable[[Path], Any], said: str, open_link: Open, tmp_path: Path, recorder: Any
) -> None:
    make(tmp_path / "port")
    open_link(f"serial:{tmp_path}/port", recorder)
    recorder.wait_for_count(LinkDown, 1)
    assert said in recorder.reasons[0]


def test_port_of_another_user_is_refused_with_what_to_do(
    on: Any, plug: Plug, open_link: Open, recorder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = plug()
    real_open = os.open

    def open_as_nobody(path: Any, *args: Any, **kwargs: Any) -> int:
        if path == str(device.path):
            raise PermissionError(13, "Permission denied", path)
        return real_open(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", open_as_nobody)
    open_link(device.address, recorder)
    recorder.wait_for_count(LinkDown, 1)
    assert "add the user to the group that owns the port" in recorder.reasons[0]
