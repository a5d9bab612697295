"""``paihao up`` with a configuration that names real ports: devices that are away, come, and are pulled out."""

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from protocol.ids import TerminalAddress
from protocol.radio.payloads import Key
from runtime.pty import PtyDevice
from sim.devices.keypad import Keypad
from sim.devices.printer import EscposPrinter
from sim.devices.window import Window
from tests.runtime.reactor_thread import ReactorThread
from tests.runtime.running_hall import IN_HALL, RunningHall, wait_until
from tests.sim.air import Air

Start = Callable[..., RunningHall]

GATEWAY, KEYPAD, WINDOW = TerminalAddress(1), TerminalAddress(11), TerminalAddress(12)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A hall whose radio and printer are on ports where nothing is yet."""
    file = tmp_path / "hall.toml"
    file.write_text(
        textwrap.dedent(
            f"""
            [[hall]]
            id = "HZ01"
            names = {{ zh = "办税服务厅", en = "Tax Hall" }}
            [[hall.service]]
            id = "declare"
            names = {{ zh = "纳税申报", en = "Tax returns" }}
            prefix = "A"
            [[hall.counter]]
            id = "1"
            names = {{ zh = "1号窗口", en = "Counter 1" }}
            services = ["declare"]
            [[hall.kiosk]]
            id = "k1"
            names = {{ zh = "取号机", en = "Kiosk" }}
            printer = "serial:{tmp_path}/dev/printer"
            [[hall.gateway]]
            id = "g1"
            port = "serial:{tmp_path}/dev/radio"
            address = {GATEWAY}
            [[hall.gateway.terminal]]
            address = {KEYPAD}
            kind = "keypad"
            counter = "1"
            [[hall.gateway.terminal]]
            address = {WINDOW}
            kind = "window"
            counter = "1"
            """
        )
    )
    return file


@pytest.fixture
def plug_in(reactor_thread: ReactorThread, tmp_path: Path) -> Iterator[Callable[..., PtyDevice]]:
    """Plugs a device model into the port with that name; all are pulled out in the end."""
    devices: list[PtyDevice] = []

    def plug_in(name: str, model: object) -> PtyDevice:
        device = PtyDevice(reactor_thread.reactor, model, tmp_path / "dev" / name)
        devices.append(device)
        reactor_thread.call(device.plug)
        return device

    yield plug_in
    for device in devices:
        reactor_thread.call(device.close)


def test_hall_without_its_devices_runs_says_so_and_takes_them_when_they_come(
    start: Start, config: Path, plug_in: Callable[..., PtyDevice], reactor_thread: ReactorThread
) -> None:
    hall = start("--config", config)
    wait_until(lambda: "gateway/g1" in hall.alarms(), what="an alarm for the gateway")
    assert f"{config.parent}/dev/radio is not there" in hall.alarms()["gateway/g1"]
    wait_until(lambda: "printer/k1" in hall.alarms(), what="an alarm for the printer")
    ticket = hall.take(kiosk="k1")
    assert hall.at_counter("1", "next")["ticket"]["number"] == "A001"
    wait_until(lambda: hall.ticket(ticket["id"])["printed"] == "failed", what="a failed print")

    window = Window(WINDOW, GATEWAY, Random(1), boot=1)
    keypad = Keypad(KEYPAD, GATEWAY, Random(2), boot=1)
    radio = plug_in("radio", Air([keypad, window]))
    printer = EscposPrinter()
    plug_in("printer", printer)
    wait_until(lambda: window.text == "A001", what="the number at the window", patience_s=20)
    wait_until(lambda: "gateway/g1" not in hall.alarms(), what="no alarm for the gateway")
    wait_until(
        lambda: "printer/k1" not in hall.alarms(), what="no alarm for the printer", patience_s=30
    )
    hall.call("POST", f"{IN_HALL}/tickets/{ticket['id']}/reprint", "kiosk").ok()
    wait_until(lambda: [paper.number for paper in printer.papers] == ["A001"], what="paper")
    wait_until(lambda: hall.ticket(ticket["id"])["printed"] == "printed", what="a printed ticket")
    hall.take()
    reactor_thread.call(keypad.press, Key.NEXT)
    reactor_thread.call(radio.wake)
    wait_until(lambda: window.text == "A002", what="the next number at the window")

    reactor_thread.call(radio.unplug)
    wait_until(lambda: "gateway/g1" in hall.alarms(), what="an alarm for the gateway")
    hall.take()
    hall.at_counter("1", "next")
    reactor_thread.call(radio.plug)
    wait_until(lambda: window.text == "A003", what="the number called meanwhile", patience_s=20)
    wait_until(lambda: hall.alarms() == {}, what="no alarm at all")
    assert hall.end() == 0
    assert "ERROR" not in hall.logged


def test_what_virtual_devices_cannot_do_is_refused_with_a_reason(
    start: Start, config: Path
) -> None:
    def refused(
        hall: RunningHall, path: str, body: object, role: str = "manager"
    ) -> tuple[int, str]:
        answer = hall.call("POST", f"/api/v1/devices/HZ01/{path}", role, body)
        return answer.status, answer.content["detail"]

    demo = start()
    status, detail = refused(demo, "keypads/1", {"key": "DANCE"})
    assert (status, "NEXT" in detail) == (400, True)
    status, detail = refused(demo, "keypads/9", {"key": "NEXT"})
    assert (status, "counter 9" in detail) == (404, True)
    status, detail = refused(demo, "printers/k9", {"paper_out": True})
    assert (status, "k9" in detail) == (404, True)
    status, detail = refused(demo, "printers/k1", {"paper_out": "yes"})
    assert (status, "paper_out must be true or false" in detail) == (422, True)
    assert refused(demo, "keypads/1", {"key": "NEXT"}, role="kiosk")[0] == 403
    assert demo.end() == 0

    real = start("--config", config)
    for path, body in (("keypads/1", {"key": "NEXT"}), ("printers/k1", {"silent": True})):
        status, detail = refused(real, path, body)
        assert (status, "no virtual devices" in detail) == (404, True)
    assert real.call("GET", "/devices", "manager").status == 200


def test_pulled_out_gateway_is_stood_in_for_by_the_other_one(start: Start) -> None:
    def plug(gateway: str, plugged: bool) -> None:
        path = f"/api/v1/devices/HZ01/gateways/{gateway}"
        assert demo.call("POST", path, "manager", {"plugged": plugged}).ok() == {"taken": True}

    def window() -> str:
        return str(demo.devices()["windows"]["1"]["text"])

    def states() -> set[str]:
        read = demo.call("GET", f"{IN_HALL}/terminals", "manager").ok()
        return {terminal["state"] for terminal in read["terminals"]}

    demo = start()
    demo.take()
    wait_until(lambda: demo.alarms() == {}, what="a hall in order")
    demo.press("1", "NEXT")
    wait_until(lambda: window() == "A001", what="the number at the window")
    plug("g1", False)
    wait_until(lambda: list(demo.alarms()) == ["gateway/g1"], what="one alarm, the gateway's")
    assert demo.devices()["gateways"] == {"g1": {"plugged": False}, "g2": {"plugged": True}}
    demo.take()
    demo.press("1", "NEXT")
    wait_until(lambda: window() == "A002", what="the number through the other gateway")
    wait_until(lambda: states() == {"here"}, what="terminals that are reached")
    plug("g1", True)
    wait_until(lambda: demo.alarms() == {}, what="no alarm")
    answer = demo.call("POST", "/api/v1/devices/HZ01/gateways/g9", "manager", {"plugged": True})
    assert answer.status == 404
    assert demo.end() == 0
    assert "ERROR" not in demo.logged
