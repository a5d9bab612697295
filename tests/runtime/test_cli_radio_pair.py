"""``paihao radio pair`` against a server that is scripted."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

import runtime.cli_radio_pair
from runtime.cli import main
from runtime.cli_radio_pair import MISSED_MAX
from tests.runtime.scripted_server import ScriptedServer

CODE = "00112233-44556677-8899aabb-ccddeeff"
PATH = "/api/v1/halls/HZ01/gateways/gw1/pairing"


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    monkeypatch.setattr(runtime.cli_radio_pair.time, "sleep", lambda _s: None)
    yield server
    server.close()


def view(
    phase: str, *, left_s: int = 120, device: str | None = None, note: str = "", **more: Any
) -> Any:
    return {
        "address": 16,
        "kind": "keypad",
        "phase": phase,
        "left_s": left_s,
        "device": device,
        "note": note,
        **more,
    }


def script(server: ScriptedServer, *views: Any) -> None:
    """Let the server answer the opening with the first view, and each question with the next."""
    server.answers.append((202, views[0]))
    server.answers += [(200, {"security": "optional", "pairing": later}) for later in views[1:]]


def pair(server: ScriptedServer, *more: str, code: bool = True, **given: Any) -> Result:
    options = ["--url", server.url, "--token", "m", "--hall", "HZ01", "--gateway", "gw1"]
    options += ["--address", "16", *(("--code", CODE) if code else ()), *more]
    return CliRunner().invoke(main, ["radio", "pair", *options], **given)


def test_device_that_comes_is_followed_to_its_post(server: ScriptedServer) -> None:
    offered = view("offered", device="0000004d", note="a device asked with another code")
    script(server, view("waiting"), view("waiting"), offered, view("paired", device="0000004d"))
    result = pair(server, "--for", "90s")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "pairing is open for 120 s: the keypad 16 at gw1 in hall HZ01",
        "waiting for a device to ask: hold its pairing key, or switch it on",
        "the device 0000004d asked and is offered the post; it has to confirm",
        "  a device asked with another code",
        "paired: the device 0000004d has the post now",
    ]
    opening = server.asked[0]
    assert (opening.method, opening.path) == ("POST", PATH)
    assert opening.body == {"address": 16, "code": CODE, "seconds": 90}
    assert opening.headers["Authorization"] == "Bearer m"
    assert {asked.method for asked in server.asked[1:]} == {"GET"}


@pytest.mark.parametrize(
    ("phase", "said"),
    [
        ("expired", "not paired: no device asked"),
        ("unconfirmed", "not paired: the device 0000004d did not confirm"),
        ("cancelled", "not paired: somebody closed pairing"),
    ],
)
def test_pairing_that_ends_otherwise_is_exit_status_1(
    server: ScriptedServer, phase: str, said: str
) -> None:
    script(server, view("waiting"), view(phase, device="0000004d"))
    result = pair(server)
    assert result.exit_code == 1
    assert said in result.stdout


def test_pairing_opened_for_another_post_meanwhile_ends_it(server: ScriptedServer) -> None:
    script(server, view("waiting"), view("waiting", address=17))
    result = pair(server)
    assert result.exit_code == 1
    assert "another post" in result.stdout


def test_code_is_asked_for_where_it_is_not_given(server: ScriptedServer) -> None:
    script(server, view("paired", device="0000004d"))
    assert pair(server, code=False, input=f"{CODE}\n").exit_code == 0
    assert server.asked[0].body["code"] == CODE
    script(server, view("paired", device="0000004d"))
    assert pair(server, code=False, env={"PAIHAO_PAIRING_CODE": CODE}).exit_code == 0


def test_refusal_is_one_clear_message(server: ScriptedServer) -> None:
    server.answers.append((404, {"type": "/problems/unknown-terminal", "detail": "no terminal 16"}))
    result = pair(server)
    assert result.exit_code == 2
    assert result.stderr == f"error: {server.url} refuses: no terminal 16\n"


def test_server_that_is_away_for_a_moment_is_asked_again(server: ScriptedServer) -> None:
    script(server, view("waiting"))
    server.answers += [None, None, (200, {"pairing": view("paired", device="0000004d")})]
    result = pair(server)
    assert result.exit_code == 0
    assert result.stdout.count("it is asked again") == 1


def test_server_that_stays_away_is_given_up(server: ScriptedServer) -> None:
    script(server, view("waiting"))
    server.answers += [None] * MISSED_MAX
    result = pair(server)
    assert result.exit_code == 2
    assert "cannot be reached" in result.stderr


def test_server_that_never_says_how_it_ended_is_given_up(server: ScriptedServer) -> None:
    script(server, view("waiting", left_s=1))
    server.standing[PATH] = {"pairing": view("waiting", left_s=1)}
    result = pair(server)
    assert result.exit_code == 2
    assert "does not say how the pairing ended" in result.stderr


@pytest.mark.parametrize(
    "content",
    [{"pairing": None}, {"pairing": {"phase": "waiting"}}, {"pairing": view("dancing")}, []],
)
def test_answer_in_other_words_is_one_clear_message(server: ScriptedServer, content: Any) -> None:
    script(server, view("waiting"))
    server.answers.append((200, content))
    result = pair(server)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {server.url} ")


def test_ctrl_c_closes_the_pairing(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_s: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(runtime.cli_radio_pair.time, "sleep", interrupted)
    script(server, view("waiting"))
    server.standing[PATH] = {"pairing": None}
    result = pair(server)
    assert result.exit_code == 130
    assert result.stdout.splitlines()[-1] == "pairing is closed"
    assert (server.asked[-1].method, server.asked[-1].path) == ("DELETE", PATH)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--code", "1234"), "32 hexadecimal digits"),
        (("--for", "5s"), "10s to 3600s"),
        (("--address", "255"), "255 is not in the range"),
        (("--url", "hall"), "write it like http://"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_asked(
    server: ScriptedServer, options: tuple[str, ...], said: str
) -> None:
    result = pair(server, *options)
    assert result.exit_code == 2
    assert said in result.stderr
    assert server.asked == []
