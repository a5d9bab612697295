"""``paihao radio monitor``: files through click's runner, live ports as processes on pseudo-terminals."""

from __future__ import annotations

import json
import logging
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from protocol.radio.datagram import FLAG_ACK, FLAG_RETRY
from protocol.radio.frame import RESYNC, Frame, encode_frame
from protocol.radio.payloads import Key, KeyPress, PressResult, encode
from protocol.radio.payloads import Result as PressOutcome
from protocol.radio.secured import Direction, Way, seal
from runtime.cli import main
from runtime.pty import PtyDevice
from tests.runtime.radio_process import RadioProcess

KEY = bytes(range(16))
UP = Way(direction=Direction.UP, terminal=16, gateway=1)
PRESS = encode(KeyPress(boot=3, sequence=7, key=Key.NEXT))
RESULT = encode(PressResult(boot=3, sequence=7, result=PressOutcome.CALLED, text="[red]A010"))


def frame(to: int, source: int, id: int, payload: bytes = b"!", flags: int = 0) -> bytes:
    return encode_frame(Frame(to=to, source=source, id=id, flags=flags, payload=payload))


STREAM = (
    (0.0, b"ser2net port\r\n"),
    (1.0, RESYNC + frame(1, 16, 1, seal(KEY, UP, 1234, PRESS))),
    (1.012, frame(16, 1, 1, flags=FLAG_ACK)),
    (1.1, frame(16, 1, 9, RESULT)),
    (1.3, frame(16, 1, 9, RESULT, FLAG_RETRY)),
    (2.0, b"\x10\x02\x01\x10noise"),
    (2.1, frame(1, 17, 4, b"NEXT")),
)
"""Octets and when they came."""


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A file of what came, decoded by nobody yet."""
    path = tmp_path / "kept.jsonl"
    lines = [
        {
            "kind": "garbage",
            "time": f"2026-11-23T01:00:{at_s:06.3f}Z",
            "at_s": at_s,
            "raw": raw.hex(),
        }
        for at_s, raw in STREAM
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def monitor(*arguments: str | Path, **environment: str) -> Result:
    words = ["radio", "monitor", *map(str, arguments)]
    return CliRunner().invoke(main, words, env={"COLUMNS": "200", "TZ": "UTC", **environment})


def lines_of(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def test_file_is_decoded_layer_by_layer(kept: Path) -> None:
    result = monitor("--read", kept)
    assert result.exit_code == 0
    said = [line.split(maxsplit=1)[-1].strip() for line in result.stdout.splitlines()]
    assert said[0].startswith("garbage  14 octets  73 65 72 32 6e 65 74")
    assert said[0].endswith("“ser2net port..”")
    assert said[1].startswith("resync")
    assert said[2].startswith("16 → 1    id 1    data")
    assert said[3].startswith("counter=1234 tag=")
    assert said[3].endswith("check=unverified")
    assert said[4] == "boot=3 sequence=7 key=next argument=0"
    assert said[5].endswith("after 12.0 ms")
    assert said[7] == "boot=3 sequence=7 result=called text=“[red]A010”"
    assert said[8].endswith("repeat, attempt 2")
    assert said[10].startswith("garbage")
    assert said[12].startswith("4e 45 58 54  “NEXT”  the payload begins with 4e")
    assert "openings that led to no frame: 1 (cut 1," in result.stdout
    assert result.stdout.splitlines()[-3].split() == ["1", "16", "1", "2", "1", "50.0%", "1", "1"]


@pytest.mark.parametrize(
    ("key", "check"),
    [
        (f"16={KEY.hex()}", "right"),
        (KEY.hex(), "right"),
        (f"16={bytes(16).hex()}", "wrong"),
        (f"17={KEY.hex()}", "unverified"),
    ],
)
def test_key_tells_whether_tags_are_right(kept: Path, key: str, check: str) -> None:
    assert f"check={check}" in monitor("--read", kept, "--key", key).stdout
    assert f"check={check}" in monitor("--read", kept, PAIHAO_RADIO_KEYS=f"{key}").stdout


def test_json_of_a_file_is_the_same_when_it_is_decoded_again(kept: Path, tmp_path: Path) -> None:
    first = monitor("--read", kept, "--json")
    again = tmp_path / "again.jsonl"
    again.write_text(first.stdout)
    assert monitor("--read", again, "--json").stdout == first.stdout
    lines = lines_of(first.stdout)
    assert b"".join(bytes.fromhex(line.get("raw", "")) for line in lines) == b"".join(
        octets for _, octets in STREAM
    )
    press = next(line for line in lines if line["kind"] == "frame")
    assert (press["from"], press["to"], press["datagram"], press["time"]) == (
        16,
        1,
        "data",
        "2026-11-23T01:00:01Z",
    )
    assert [layer["name"] for layer in press["layers"]] == ["secured", "KeyPress"]
    assert lines[-1]["kind"] == "end"
    assert lines[-1]["counts"]["frames"] == 5


def test_octets_of_frames_are_shown_on_demand(kept: Path) -> None:
    shown = RESULT.hex(" ")
    assert shown not in monitor("--read", kept).stdout
    assert shown in monitor("--read", kept, "--octets").stdout


def test_count_ends_after_so_many_frames(kept: Path) -> None:
    lines = lines_of(monitor("--read", kept, "--json", "--count", "2").stdout)
    assert [line["kind"] for line in lines].count("frame") == 2


def test_lines_of_another_kind_are_left_out_with_their_place(kept: Path) -> None:
    good = kept.read_text().splitlines(keepends=True)
    bad = [
        "{\n",
        "[]\n",
        '{"kind": "frame"}\n',
        "x" * 70_000 + "\n",
        good[1].replace("10", "zz"),
        "\n",
    ]
    kept.write_text("".join([good[0], *bad, *good[1:], good[1][:40]]))
    result = monitor("--read", kept)
    assert result.exit_code == 0
    complained = result.stderr.splitlines()
    assert [int(line.removeprefix(f"{kept}:").split(":")[0]) for line in complained] == [
        *range(2, 8),
        14,
    ]
    assert "frames: 5" in result.stdout


def test_file_with_nothing_to_decode_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("milk\nbread\n")
    result = monitor("--read", path)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].endswith("give a file that --json or --jsonl wrote")


def test_empty_file_is_nothing_heard(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    result = monitor("--read", tmp_path / "empty")
    assert (result.exit_code, result.stdout[:10]) == (0, "frames: 0;")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give a PORT to listen to, or --read FILE"),
        (("tcp:h:1", "--read", "/dev/null"), "one of the two"),
        (("ttyUSB0",), "'ttyUSB0' is no address of a port"),
        (("virtual:gw1",), "is a device of a simulation"),
        (("tcp:h:1", "--key", "16=12"), "32 hex digits"),
        (("--read", "/dev/null", "--jsonl", "/proc/none/x"), "cannot be written"),
    ],
)
def test_wrong_arguments_are_refused_with_what_to_do(arguments: tuple[str, ...], said: str) -> None:
    result = monitor(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr


# -- live -----------------------------------------------------------------------------------------


@pytest.fixture
def radio(tmp_path: Path) -> Iterator[Callable[..., RadioProcess]]:
    """Starts processes; none outlives the test."""
    started: list[RadioProcess] = []

    def start(*arguments: str | Path) -> RadioProcess:
        started.append(RadioProcess(tmp_path / f"radio{len(started)}", *arguments))
        return started[-1]

    yield start
    for process in started:
        process.kill()


Radio = Callable[..., RadioProcess]
Plug = Callable[..., PtyDevice]


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_live_port_is_decoded_and_kept_until_a_signal(
    radio: Radio, plug: Plug, on: Any, tmp_path: Path, sign: signal.Signals
) -> None:
    device = plug(mute=True)
    keep_in = tmp_path / "kept.jsonl"
    process = radio("monitor", device.address, "--jsonl", keep_in)
    process.await_said("port open")
    for _, octets in STREAM:
        on.call(device.send, octets)
    process.await_said("“NEXT”")
    on.call(device.send, b"quiet")
    process.await_said("“quiet”")
    assert process.end(sign) == 0
    assert "frames: 5" in process.said
    assert process.complained == ""
    kinds = [line["kind"] for line in lines_of(keep_in.read_text())]
    assert (kinds[:2], kinds[-1], kinds.count("frame")) == (["start", "port"], "end", 5)
    assert monitor("--read", keep_in).exit_code == 0


def test_port_that_is_lost_is_listened_to_again(radio: Radio, plug: Plug, on: Any) -> None:
    device = plug(mute=True)
    process = radio("monitor", device.address, "--json", "--count", "1")
    process.await_said('"up":true')
    on.call(device.unplug)
    process.await_said('"up":false')
    on.call(device.plug)
    process.await_said('"up":true', times=2)
    on.call(device.send, frame(1, 16, 1, PRESS))
    assert process.await_end() == 0
    assert lines_of(process.said)[-1]["counts"]["frames"] == 1


def test_port_that_is_not_there_is_one_clear_message(radio: Radio, tmp_path: Path) -> None:
    process = radio("monitor", f"serial:{tmp_path}/none")
    assert process.await_end() == 2
    assert f"error: {tmp_path}/none is not there: plug the device in" in process.complained


def test_monitor_waits_for_a_port_if_it_may_and_ends_when_its_time_is_over(
    radio: Radio, tmp_path: Path
) -> None:
    process = radio("monitor", f"serial:{tmp_path}/none", "--wait", "--for", "0.5s")
    assert process.await_end() == 0
    assert "port lost" in process.said
