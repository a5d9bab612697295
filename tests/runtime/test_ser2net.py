"""A gateway behind Debian's ser2net: its banner, its words when the device is away, and its restart."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from actors.radio.gateway import GatewayActor
from protocol.hall import Gateway, Terminal, TerminalKind
from protocol.ids import CounterId, GatewayId, TerminalAddress
from protocol.messages import (
    ClearAlarm,
    DownlinkEnded,
    OctetsReceived,
    RaiseAlarm,
    SendDownlink,
    UplinkReceived,
)
from protocol.radio.payloads import Key, Show, WindowState, encode
from runtime.links import ReactorLinks
from runtime.world import ReactorWorld
from sim.devices.keypad import Keypad
from sim.devices.window import Window
from tests.actors.recorders import RecorderActor
from tests.runtime.reactor_thread import PATIENCE_S
from tests.sim.air import Air

pytestmark = pytest.mark.needs_debian("ser2net")

BANNER = "hall port, 9600 8N1"

CONFIG = """\
connection: &hall
  accepter: tcp(nodelay),127.0.0.1,{port}
  connector: serialdev,{device},9600n81,local
  options:
    banner: "{banner}\\r\\n"
    chardelay: false
    kickolduser: true
"""


class Ser2net:
    """A ser2net of our own, between a TCP port and a device."""

    def __init__(self, folder: Path, device: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._config = folder / "ser2net.yaml"
        self._config.write_text(
            CONFIG.format(port=self.port, device=device, banner=BANNER), encoding="utf-8"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and return when it listens."""
        self._process = subprocess.Popen(
            ["/usr/sbin/ser2net", "-n", "-u", "-c", str(self._config)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until_s = time.monotonic() + PATIENCE_S
        while not self._listens():
            assert self._process.poll() is None, "ser2net did not stay"
            assert time.monotonic() < until_s, "ser2net does not listen"
            time.sleep(0.02)

    def stop(self) -> None:
        """Kill it, as a serial server that loses its power."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE_S)
            self._process = None

    def _listens(self) -> bool:
        """Return whether somebody listens, without connecting: that would take the device."""
        wanted = f"0100007F:{self.port:04X}"
        lines = Path("/proc/net/tcp").read_text("ascii").splitlines()
        return any(line.split()[1] == wanted and line.split()[3] == "0A" for line in lines[1:])


class Bench:
    """A gateway's actor with recorders around it; behind ser2net a keypad and a window."""

    def __init__(
        self, on: Any, ser2net: Ser2net, device: Any, air: Air, recorder: type[Any]
    ) -> None:
        self.on, self.ser2net, self.device = on, ser2net, device
        self.keypad, self.window = air.terminals
        self.alarms, self.uplinks, self.ends, self.octets = (recorder() for _ in range(4))
        self.links = ReactorLinks(on.reactor, random=Random(1))
        self.world = ReactorWorld(on.reactor, random=Random(2))
        self.gateway = on.call(self._spawn)

    def _spawn(self) -> Any:
        alarms = self.world.spawn("alarms", RecorderActor, self.alarms)
        for address in (5, 6):
            self.world.spawn(f"gateway/terminal/{address}", RecorderActor, self.uplinks)
        terminals = tuple(
            Terminal(address=TerminalAddress(address), kind=kind, counter=CounterId("1"))
            for address, kind in ((5, TerminalKind.KEYPAD), (6, TerminalKind.WINDOW))
        )
        spec = Gateway(
            id=GatewayId("g1"),
            port=f"tcp:127.0.0.1:{self.ser2net.port}",
            address=TerminalAddress(1),
            terminals=terminals,
        )
        self.world.trace = self._note
        return self.world.spawn("gateway", GatewayActor, spec, self.links, alarms)

    def _note(self, _at_s: float, _name: str, message: object) -> None:
        if isinstance(message, OctetsReceived):
            self.octets.tell(message)

    def press(self) -> None:
        def press() -> None:
            assert self.keypad.press(Key.NEXT)
            self.device.wake()

        self.on.call(press)

    def presses(self) -> int:
        return len([one for one in self.uplinks.of(UplinkReceived) if one.payload[:1] == b"\x11"])

    def wait_for_press(self, count: int) -> None:
        self.uplinks.wait_for(lambda: self.presses() >= count)

    def show(self, text: str) -> None:
        """Show ``text``, and wait until that is acknowledged."""
        token = len(self.ends.messages) + 1
        show = encode(Show(version=token, state=WindowState.CALLED, text=text))
        message = SendDownlink(to=TerminalAddress(6), payload=show, token=token, reply_to=self.ends)
        self.on.call(self.gateway.tell, message)
        self.ends.wait_for_count(DownlinkEnded, token)
        assert self.ends.messages[-1].acknowledged
        assert self.window.text == text

    def alarm(self, count: int) -> RaiseAlarm:
        """Wait for the alarm of that number and return it."""
        alarms: list[RaiseAlarm] = self.alarms.wait_for_count(RaiseAlarm, count)
        return alarms[count - 1]

    def close(self) -> None:
        self.on.call(self.world.close)
        self.on.call(self.links.close)


@pytest.fixture
def bench(
    on: Any, plug: Callable[..., Any], tmp_path: Path, new_recorder: type[Any]
) -> Iterator[Bench]:
    air = Air([Keypad(5, 1, Random(3)), Window(6, 1, Random(4))])
    device = plug(air)
    ser2net = Ser2net(tmp_path, device.path)
    ser2net.start()
    made = Bench(on, ser2net, device, air, new_recorder)
    made.alarms.wait_for_count(ClearAlarm, 1)
    yield made
    made.close()
    ser2net.stop()


def test_banner_is_skipped_and_frames_pass_both_ways(bench: Bench) -> None:
    bench.octets.wait_for(lambda: BANNER.encode() in bench.octets.octets)
    bench.press()
    bench.wait_for_press(1)
    bench.show("A001")
    assert not bench.alarms.of(RaiseAlarm)


def test_serial_server_that_restarts_is_alarmed_and_found_again(bench: Bench) -> None:
    bench.press()
    bench.wait_for_press(1)
    bench.ser2net.stop()
    lost = bench.alarm(1)
    assert lost.alarm == "gateway/g1"
    assert "closed the connection" in lost.detail or "broke off" in lost.detail
    assert "start the serial server there" in bench.alarm(2).detail
    bench.ser2net.start()
    bench.alarms.wait_for_count(ClearAlarm, 2)
    bench.press()
    bench.wait_for_press(2)
    bench.show("A002")


def test_device_that_vanishes_behind_the_server_is_found_again(bench: Bench) -> None:
    bench.show("A001")
    bench.on.call(bench.device.unplug)
    assert "see whether the device is plugged in there" in bench.alarm(1).detail
    # The server takes connections all the same, says a line of its own and closes them.
    bench.octets.wait_for(lambda: len(bench.octets.octets.splitlines()) > 2)
    bench.on.call(bench.device.plug)
    bench.press()
    bench.wait_for_press(1)
    bench.show("A002")
