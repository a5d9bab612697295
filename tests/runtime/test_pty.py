"""A device model behind a pseudo-terminal, opened as programs open serial ports."""

import contextlib
import os
import select
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import serial

from protocol.errors import DeviceError
from runtime.pty import PtyDevice

PATIENCE_S = 10.0


class Echo:
    """Sends back what it receives, in capitals; says "late" ``late_s`` after each."""

    def __init__(self, late_s: float | None = None) -> None:
        self.received = b""
        self.late_s = late_s
        self.deadline: float | None = None

    def receive(self, octets: bytes, now: float) -> bytes:
        self.received += octets
        if self.late_s is not None:
            self.deadline = now + self.late_s
        return octets.upper()

    def tick(self, now: float) -> bytes:
        if self.deadline is None or now < self.deadline:
            return b""
        self.deadline = None
        return b"late"

    def next_deadline(self) -> float | None:
        return self.deadline


Plug = Callable[..., PtyDevice]


def open_port(device: PtyDevice) -> serial.Serial:
    return serial.Serial(str(device.path), timeout=PATIENCE_S, exclusive=True)


def hung_up(port: serial.Serial) -> bool:
    """Wait for a hang-up."""
    poll = select.poll()
    poll.register(port.fileno(), select.POLLHUP)
    return any(events & select.POLLHUP for _, events in poll.poll(PATIENCE_S * 1000))


def test_octets_written_reach_the_model_and_its_answer_comes_back(plug: Plug) -> None:
    every_octet = bytes(range(256))
    with open_port(plug(echo := Echo())) as port:
        port.write(every_octet)
        assert port.read(256) == every_octet.upper()
    assert echo.received == every_octet


def test_deadline_of_the_model_is_kept_by_the_reactor(plug: Plug) -> None:
    with open_port(plug(Echo(late_s=0.05))) as port:
        started_s = time.monotonic()
        port.write(b"x")
        assert port.read(5) == b"Xlate"
        assert time.monotonic() - started_s >= 0.05


def test_port_closed_and_opened_again_goes_on(plug: Plug) -> None:
    device = plug(Echo())
    for _ in range(3):
        with open_port(device) as port:
            port.write(b"x")
            assert port.read(1) == b"X"


def test_nobody_reads_costs_no_processor_time_and_drops_octets(plug: Plug, on: Any) -> None:
    device = plug(Echo())
    on.call(device.send, bytes(100_000))
    assert 0 < device.octets_dropped < 100_000
    before_s = time.process_time()
    time.sleep(0.2)
    assert time.process_time() - before_s < 0.1
    with open_port(device) as port:
        port.write(b"x")
        assert port.read(1) == b"X", "what had waited is discarded when the port is opened"


def test_unplugged_is_a_hang_up_and_the_path_is_gone(plug: Plug, on: Any) -> None:
    device = plug(Echo())
    with open_port(device) as port:
        on.call(device.unplug)
        assert hung_up(port)
    assert not device.path.is_symlink()
    with pytest.raises(serial.SerialException):
        open_port(device)


def test_plugged_again_has_the_same_path_and_model(plug: Plug, on: Any) -> None:
    device = plug(echo := Echo())
    with open_port(device) as port:
        # Holds the old terminal's name, so that the new one is another.
        on.call(device.unplug)
        on.call(device.plug)
        with open_port(device) as again:
            again.write(b"x")
            assert again.read(1) == b"X"
        assert hung_up(port)
    assert echo.received == b"x"


def test_deadline_passes_while_unplugged_and_its_octets_are_lost(plug: Plug, on: Any) -> None:
    device = plug(echo := Echo(late_s=0.01))
    with open_port(device) as port:
        port.write(b"x")
        assert port.read(1) == b"X"
    on.call(device.unplug)
    give_up_s = time.monotonic() + PATIENCE_S
    while echo.deadline is not None and time.monotonic() < give_up_s:
        time.sleep(0.005)
    assert echo.deadline is None


def test_woken_model_sends_what_is_due(plug: Plug, on: Any) -> None:
    device = plug(echo := Echo())
    with open_port(device) as port:

        def press() -> None:
            echo.deadline = 0.0
            device.wake()

        on.call(press)
        assert port.read(4) == b"late"


def test_stale_link_of_a_killed_program_is_replaced(on: Any, tmp_path: Path) -> None:
    (tmp_path / "gw").symlink_to("/dev/pts/99999")
    (tmp_path / ".gw.new").symlink_to("/dev/pts/99998")
    device = PtyDevice(on.reactor, Echo(), tmp_path / "gw")
    on.call(device.plug)
    assert stat.S_ISCHR(os.stat(device.path).st_mode)
    assert list(tmp_path.iterdir()) == [device.path]
    on.call(device.close)
    assert list(tmp_path.iterdir()) == []


def test_path_that_is_a_file_is_refused_and_kept(on: Any, tmp_path: Path) -> None:
    (tmp_path / "gw").write_text("mine")
    device = PtyDevice(on.reactor, Echo(), tmp_path / "gw")
    with pytest.raises(DeviceError, match="gw is there already and is no link"):
        on.call(device.plug)
    assert (tmp_path / "gw").read_text() == "mine"


def test_closed_device_leaves_no_descriptor_and_no_timer(plug: Plug, on: Any) -> None:
    before = len(os.listdir("/proc/self/fd"))
    device = plug(Echo(late_s=60.0))
    with open_port(device) as port:
        port.write(b"x")
        assert port.read(1) == b"X"
        on.call(device.close)
    # Fewer if something of an earlier test was collected meanwhile.
    assert len(os.listdir("/proc/self/fd")) <= before
    calls = on.call(on.reactor.getDelayedCalls)
    assert not any(call.func == device.wake for call in calls)


def test_model_that_fails_is_unplugged(plug: Plug) -> None:
    class Broken(Echo):
        def receive(self, octets: bytes, now: float) -> bytes:
            raise AssertionError("out of order")

    device = plug(Broken())
    with open_port(device) as port, contextlib.suppress(serial.SerialException):
        port.write(b"x")
        assert hung_up(port)
