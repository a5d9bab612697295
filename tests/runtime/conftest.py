"""What tests on a real reactor share: the reactor, recorders of what is told, links and devices."""

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import pytest
from twisted.internet.main import installReactor

from actors.ports import Link
from protocol.messages import LinkDown, OctetsReceived
from runtime.links import ReactorLinks
from runtime.pty import PtyDevice
from tests.runtime.reactor_thread import PATIENCE_S, ReactorThread, best_loop
from tests.runtime.running_hall import RunningHall

T = TypeVar("T")

LOOPS = ("asyncio", "uvloop")


class Recorder:
    """A recipient that keeps what it is told, for a test in another thread to wait for."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self._told = threading.Condition()

    def tell(self, message: object) -> None:
        with self._told:
            self.messages.append(message)
            self._told.notify_all()

    @property
    def octets(self) -> bytes:
        """All octets that were received."""
        return b"".join(received.octets for received in self.of(OctetsReceived))

    @property
    def reasons(self) -> list[str]:
        """Why a link was down, each time that was told."""
        return [down.reason for down in self.of(LinkDown)]

    def of(self, kind: type[T]) -> list[T]:
        """The messages of one class, in order."""
        return [message for message in list(self.messages) if isinstance(message, kind)]

    def wait_for(self, there: Callable[[], T]) -> T:
        """Wait until ``there`` is true of what was told; return its result."""
        with self._told:
            assert self._told.wait_for(there, PATIENCE_S), f"told only {self.messages}"
            return there()

    def wait_for_count(self, kind: type[T], count: int) -> list[T]:
        """Wait for so many messages of one class."""
        self.wait_for(lambda: len(self.of(kind)) >= count)
        return self.of(kind)


class Echo:
    """A device that sends back what it receives, unless it is mute."""

    def __init__(self, *, mute: bool = False) -> None:
        self.mute = mute

    def receive(self, octets: bytes, now: float) -> bytes:
        return b"" if self.mute else octets

    def tick(self, now: float) -> bytes:
        return b""

    def next_deadline(self) -> float | None:
        return None


@pytest.fixture(scope="session")
def reactor_thread() -> Iterator[ReactorThread]:
    """The reactor that a hall runs on: on uvloop where it is installed."""
    thread = ReactorThread(best_loop())
    if "twisted.internet.reactor" not in sys.modules:
        installReactor(thread.reactor)
    thread.start()
    yield thread
    thread.stop()


@pytest.fixture(scope="module", params=LOOPS)
def either_reactor(request: pytest.FixtureRequest) -> Iterator[ReactorThread]:
    """A reactor on each kind of loop in turn."""
    thread = ReactorThread(request.param)
    thread.start()
    yield thread
    thread.stop()


@pytest.fixture
def on(either_reactor: ReactorThread) -> ReactorThread:
    """A short name for the reactor that a test runs its steps on."""
    return either_reactor


@pytest.fixture
def open_link(on: ReactorThread) -> Iterator[Callable[[str, Any], Link]]:
    """Opens a link, which is closed in the end."""
    links = ReactorLinks(on.reactor, random=Random(1))
    yield lambda address, owner: on.call(links.open_link, address, owner)
    on.call(links.close)


@pytest.fixture
def plug(on: ReactorThread, tmp_path: Path) -> Iterator[Callable[..., PtyDevice]]:
    """Plugs a device in, by default an echo, which is pulled out in the end."""
    devices: list[PtyDevice] = []

    def plug(model: Any = None, *, mute: bool = False) -> PtyDevice:
        path = tmp_path / f"ports/port{len(devices)}"
        device = PtyDevice(on.reactor, model or Echo(mute=mute), path)
        devices.append(device)
        on.call(device.plug)
        return device

    yield plug
    for device in devices:
        on.call(device.close)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def new_recorder() -> type[Recorder]:
    """For a test that needs several."""
    return Recorder


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., RunningHall]]:
    """Starts processes that run halls, each in a folder of its own; none outlives the test."""
    halls: list[RunningHall] = []

    def start(*options: str | Path, wait: bool = True, **more: Any) -> RunningHall:
        hall = RunningHall(tmp_path / f"hall{len(halls)}", *options, **more)
        halls.append(hall)
        return hall.await_start() if wait else hall

    yield start
    for hall in halls:
        hall.kill()
