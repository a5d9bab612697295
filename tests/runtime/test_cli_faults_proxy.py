"""``paihao faults proxy`` as a process, between a device behind a pseudo-terminal and whoever opens its end."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from runtime.cli import main
from runtime.pty import PtyDevice
from tests.runtime.reactor_thread import ReactorThread
from tests.runtime.running_hall import ROOT, wait_until

START_S = 20.0
QUIET_S = 0.4
"""What comes at all comes sooner."""


class Capitals:
    """A device that answers with what it took, in capitals."""

    def __init__(self) -> None:
        self.taken = b""

    def receive(self, octets: bytes, now: float) -> bytes:
        self.taken += octets
        return octets.upper()

    def tick(self, now: float) -> bytes:
        return b""

    def next_deadline(self) -> float | None:
        return None


class ProxyProcess:
    """The proxy, and the hall's end of it."""

    def __init__(self, folder: Path, device: PtyDevice, *options: str) -> None:
        self.end = folder / "end"
        self._said_at = folder / "said.txt"
        at = () if "--tcp" in options else ("--at", str(self.end))
        command = [sys.executable, "-m", "runtime.cli", "faults", "proxy", device.address, *at]
        with self._said_at.open("w") as said:
            self.process = subprocess.Popen(
                [*command, *options],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=subprocess.STDOUT,
                env={**os.environ, "COLUMNS": "200", "PYTHONUNBUFFERED": "1"},
            )

    @property
    def said(self) -> str:
        return self._said_at.read_text()

    def await_said(self, text: str) -> None:
        wait_until(lambda: text in self.said, what=f"{text!r} in {self.said}", patience_s=START_S)

    def type(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def open(self) -> int:
        self.await_said("for the hall its port is")
        file = os.open(self.end, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(file)
        return file

    def stop(self) -> str:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(START_S)
        return self.said


def ask(file: int, octets: bytes, count: int | None = None) -> bytes:
    """Write, and return what comes back: so many octets, or all until it is quiet."""
    os.write(file, octets)
    came = b""
    give_up_at = time.monotonic() + (START_S if count is not None else 60)
    while (count is None or len(came) < count) and time.monotonic() < give_up_at:
        ready, _, _ = select.select([file], [], [], START_S if count is not None else QUIET_S)
        if not ready:
            break
        came += os.read(file, 4096)
    return came


Start = Callable[..., ProxyProcess]


@pytest.fixture
def model() -> Capitals:
    return Capitals()


@pytest.fixture
def device(reactor_thread: ReactorThread, tmp_path: Path, model: Capitals) -> Iterator[PtyDevice]:
    device = PtyDevice(reactor_thread.reactor, model, tmp_path / "device")
    reactor_thread.call(device.plug)
    yield device
    reactor_thread.call(device.close)


@pytest.fixture
def start(tmp_path: Path, device: PtyDevice) -> Iterator[Start]:
    started: list[ProxyProcess] = []

    def start(*options: str) -> ProxyProcess:
        started.append(ProxyProcess(tmp_path, device, *options))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.wait()


def test_what_is_typed_changes_the_line_and_octets_are_counted(
    start: Start, model: Capitals
) -> None:
    proxy = start()
    file = proxy.open()
    assert ask(file, b"hello", 5) == b"HELLO"
    proxy.type("line-cut")
    proxy.await_said("on: line-cut")
    assert ask(file, b"lost") == b""
    proxy.type("end line-cut")
    proxy.await_said("off: line-cut")
    proxy.type("line-echo echo=1")
    proxy.await_said("on: line-echo echo=1")
    assert sorted(ask(file, b"abc", 6)) == sorted(b"abcABC")
    proxy.type("end")
    proxy.await_said("off: line-echo")
    proxy.type("line-lost")
    proxy.await_said("not done: 'line-lost' is nothing that a line does")
    proxy.type("end line-cut")
    proxy.await_said("not done: line-cut is not on")
    assert ask(file, b"well", 4) == b"WELL"
    assert model.taken == b"helloabcwell"
    os.close(file)
    said = proxy.stop()
    assert "octets from the hall 16, to the device 12, from the device 12, to the hall 15" in said


def test_delay_and_corruption_from_the_start(start: Start, model: Capitals) -> None:
    delay = "line-delay,delay_s=0.3,jitter_s=0"
    proxy = start("--fault", delay, "--fault", "line-corruption,corruption=0.5", "--seed", "1")
    file = proxy.open()
    began = time.monotonic()
    came = ask(file, b"x" * 100, 100)
    assert time.monotonic() - began >= 0.6
    assert len(came) == 100
    assert 25 < model.taken.count(b"x") < 75
    os.close(file)


def test_octets_are_lost_by_chance(start: Start, model: Capitals) -> None:
    proxy = start("--fault", "line-loss,loss=0.5", "--seed", "2")
    file = proxy.open()
    came = ask(file, b"y" * 400)
    assert 130 < len(model.taken) < 270
    assert 60 < len(came) < 140
    os.close(file)


def test_end_goes_and_comes_with_the_device(
    start: Start, device: PtyDevice, reactor_thread: ReactorThread
) -> None:
    proxy = start()
    os.close(proxy.open())
    reactor_thread.call(device.unplug)
    proxy.await_said("the device is away")
    wait_until(lambda: not proxy.end.exists(), what="no end for the hall")
    reactor_thread.call(device.plug)
    wait_until(proxy.end.exists, what="an end for the hall", patience_s=START_S)


def connect_and_read(port: int) -> bytes:
    """Be the second one: perhaps refused before it is known that one is connected."""
    with socket.create_connection(("127.0.0.1", port), START_S) as second:
        second.settimeout(START_S)
        return second.recv(1)


def test_hall_may_come_by_tcp(start: Start) -> None:
    proxy = start("--tcp", "127.0.0.1:0")
    proxy.await_said("for the hall its port is")
    found = re.search(r"tcp:127\.0\.0\.1:(\d+)", proxy.said)
    assert found is not None
    with socket.create_connection(("127.0.0.1", int(found[1])), START_S) as connection:
        assert ask(connection.fileno(), b"hello", 5) == b"HELLO"
        with pytest.raises(ConnectionResetError):
            connect_and_read(int(found[1]))
        assert ask(connection.fileno(), b"still", 5) == b"STILL"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--fault", "line-lost"), "'line-lost' is nothing that a line does; there are line-loss"),
        (("--tcp", "4001"), "'4001' is no address to listen at"),
        (("--fault", "line-loss,loss=2"), "loss is 2; allowed is a number from 0.001 to 0.5"),
    ],
)
def test_wrong_fault_is_refused(options: tuple[str, ...], said: str) -> None:
    run = CliRunner().invoke(main, ["faults", "proxy", "serial:/dev/null?baud=9600", *options])
    assert run.exit_code == 2
    assert said in " ".join(run.output.split())
