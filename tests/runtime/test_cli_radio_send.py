"""``paihao radio send`` as a process, with nodes behind pseudo-terminals."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner

from protocol.radio.actions import Action, Received, Transmit
from protocol.radio.frame import Frame, FrameDecoder
from protocol.radio.payloads import Show, Shown, WindowState, decode_downlink, encode
from protocol.radio.reliable import ReliableLink
from runtime.cli import main
from runtime.pty import PtyDevice
from tests.runtime.radio_process import RadioProcess
from tests.runtime.running_hall import wait_until

SHOW = ("show", "--version", "3", "--state", "called", "A010")


class Node:
    """A window with the address 30 that acknowledges and, unless it is dumb, confirms.

    It misses the first ``misses`` frames for it.
    """

    def __init__(self, *, misses: int = 0, dumb: bool = False) -> None:
        self.frames: list[Frame] = []
        self.payloads: list[bytes] = []
        self._misses = misses
        self._dumb = dumb
        self._decoder = FrameDecoder()
        self._link = ReliableLink(30, Random(1))

    def receive(self, octets: bytes, now: float) -> bytes:
        self.frames += self._decoder.receive(octets)
        if len(self.frames) <= self._misses:
            return b""
        return self._sent(self._link.receive(octets, now), now)

    def tick(self, now: float) -> bytes:
        return self._sent(self._link.tick(now), now)

    def next_deadline(self) -> float | None:
        return self._link.next_deadline()

    def _sent(self, actions: list[Action], now: float) -> bytes:
        sent = b""
        for action in actions:
            match action:
                case Transmit(octets=octets):
                    sent += octets
                case Received(payload=payload):
                    self.payloads.append(payload)
                    if not self._dumb:
                        shown = encode(Shown(boot=1, version=3))
                        sent += self._sent(self._link.send(1, shown, 0, now), now)
        return sent


Plug = Callable[..., PtyDevice]
Send = Callable[..., RadioProcess]


@pytest.fixture
def on(reactor_thread: Any) -> Any:
    """One kind of loop is enough here."""
    return reactor_thread


@pytest.fixture
def send(tmp_path: Path) -> Iterator[Send]:
    """Starts processes; none outlives the test."""
    started: list[RadioProcess] = []

    def send(device: PtyDevice | str, *arguments: str) -> RadioProcess:
        port = device if isinstance(device, str) else device.address
        folder = tmp_path / f"radio{len(started)}"
        started.append(RadioProcess(folder, "send", port, *arguments))
        return started[-1]

    yield send
    for process in started:
        process.kill()


def test_payload_by_name_is_acknowledged_and_the_round_trip_is_told(plug: Plug, send: Send) -> None:
    process = send(plug(node := Node()), "--to", "30", *SHOW)
    assert process.await_end() == 0
    assert decode_downlink(node.payloads[0]) == Show(
        version=3, state=WindowState.CALLED, text="A010"
    )
    assert process.said.startswith(
        "1 → 30  Show     version=3 state=called text=“A010” confirm=yes\n"
    )
    assert re.search(r"^acknowledged after \d+\.\d ms$", process.said, re.MULTILINE)
    assert process.complained == ""


def test_answer_is_shown_and_acknowledged_while_listening(plug: Plug, send: Send) -> None:
    process = send(plug(node := Node()), "--to", "30", *SHOW, "--listen", "0.5s")
    assert process.await_end() == 0
    assert "30 says  Shown    boot=1 version=3" in process.said
    assert any(frame.flags & 0x80 for frame in node.frames), "what it said was acknowledged"


def test_lost_attempt_is_repeated_and_told(plug: Plug, send: Send) -> None:
    process = send(plug(Node(misses=1)), "--to", "30", "--from", "2", "--hex", "00ff")
    assert process.await_end() == 0
    assert process.said.startswith("2 → 30  unknown  00 ff")
    assert "the attempts were 2" in process.said


def test_nobody_acknowledges_is_exit_status_1_and_what_to_look_at(plug: Plug, send: Send) -> None:
    process = send(plug(mute=True), "--to", "31", *SHOW)
    assert process.await_end() == 1
    assert "not acknowledged in 7 attempts: see that the node 31 is switched on" in process.said


def test_repeats_are_different_datagrams_and_summed_up(plug: Plug, send: Send) -> None:
    process = send(plug(node := Node(dumb=True)), "--to", "30", "--repeat", "5", *SHOW)
    assert process.await_end() == 0
    assert len(node.payloads) == 5
    assert len({frame.id for frame in node.frames}) == 5
    assert "sent 5 in 5 attempts, not acknowledged 0; round trip " in process.said


@pytest.mark.parametrize("arguments", [("--to", "255"), ("--to", "30", "--no-ack")])
def test_what_is_not_acknowledged_goes_out_whole_and_once_each(
    plug: Plug, send: Send, arguments: tuple[str, ...]
) -> None:
    node = Node(dumb=True)
    process = send(plug(node), *arguments, "--repeat", "3", *SHOW)
    assert process.await_end() == 0
    assert [frame.flags for frame in node.frames] == [0, 0, 0]
    assert len({frame.id for frame in node.frames}) == 3
    assert "sent 3; no acknowledgement was waited for" in process.said


def test_another_run_begins_with_another_id(plug: Plug, send: Send) -> None:
    device = plug(node := Node(dumb=True))
    for _ in range(3):
        assert send(device, "--to", "30", *SHOW).await_end() == 0
    assert len({frame.id for frame in node.frames}) > 1


def test_ctrl_c_ends_it_cleanly_and_says_what_is_unknown(plug: Plug, send: Send) -> None:
    process = send(plug(node := Node(misses=1000)), "--to", "30", "--repeat", "100", *SHOW)
    wait_until(lambda: node.frames, what="a frame")
    assert process.end() == 130
    assert process.said.endswith("interrupted; what was under way may have arrived\n")


def test_port_that_is_lost_is_one_clear_message(plug: Plug, send: Send, on: Any) -> None:
    device = plug(node := Node(misses=1000))
    process = send(device, "--to", "30", "--repeat", "100", *SHOW)
    wait_until(lambda: node.frames, what="a frame")
    on.call(device.unplug)
    assert process.await_end() == 2
    assert "was lost: its device was unplugged or failed" in process.complained


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--to", "30"), "give a payload by its name (press, login,"),
        (("--to", "30", "--hex", "00", "show"), "one of the two"),
        (("--to", "30", "--hex", "0"), "--hex takes hex digits"),
        (("--to", "30", "--hex", "00" * 61), "at most 60"),
        (("--to", "1", "--hex", "00"), "a node sends nothing to itself"),
        (("--to", "256", "--hex", "00"), "256 is not in the range"),
        (("--to", "30", "show", "called"), "--version is missing; write: show --version NUMBER"),
        (("--to", "30", "show", "called", "--version", "70000"), "out of its range"),
        (("--to", "30", "--every", "5h", "--hex", "00"), "'5h' is more than 3600s"),
        (("--to", "30", "--repeat", "1001", "--hex", "00"), "1001 is not in the range"),
        (("--to", "30", "--reapeat", "2", *SHOW), "there is no payload '--reapeat'"),
    ],
)
def test_wrong_arguments_are_refused_with_what_to_do(arguments: tuple[str, ...], said: str) -> None:
    result = CliRunner().invoke(main, ["radio", "send", "serial:/dev/null", *arguments])
    assert result.exit_code == 2
    assert said in result.stderr
