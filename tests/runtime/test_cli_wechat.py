"""``paihao wechat stand-in``: as a process, and what it refuses."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import pytest
from click.testing import CliRunner

from runtime.cli import main
from tests.runtime.running_hall import END_S, ROOT, START_S, wait_until
from tests.runtime.stand_in.rig import AccountServer

SECRET = "a-secret-that-was-given"


@pytest.fixture
def account_server() -> Iterator[AccountServer]:
    server = AccountServer()
    yield server
    server.close()


def test_stand_in_serves_and_ends_cleanly(tmp_path: Path, account_server: AccountServer) -> None:
    said_at = tmp_path / "said.txt"
    command = [sys.executable, "-m", "runtime.cli", "wechat", "stand-in", "--port", "0"]
    command += ["--app-id", "wx1", "--secret", SECRET, "--callback", account_server.url]
    command += ["--template", "ring=thing1,number2"]
    with said_at.open("w") as said:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=said,
            stderr=subprocess.STDOUT,
            env={**os.environ, "COLUMNS": "200"},
        )
    try:
        found = wait_until(
            lambda: re.search(r"phones +(http://127\.0\.0\.1:\d+)/phones", said_at.read_text()),
            what="where it is",
            patience_s=START_S,
        )
        assert found is not None
        opener = build_opener(ProxyHandler({}))
        with opener.open(f"{found[1]}/phones/state", timeout=10) as answer:
            people = json.load(answer)["people"]
        assert [person["name"] for person in people] == ["张三", "李四"]
        url = f"{found[1]}/cgi-bin/token?grant_type=client_credential&appid=wx1&secret={SECRET}"
        with opener.open(url, timeout=10) as answer:
            assert len(json.load(answer)["access_token"]) == 136
        process.send_signal(signal.SIGINT)
        assert process.wait(END_S) == 0
    finally:
        process.kill()
        process.wait()
    printed = said_at.read_text()
    assert "template  ring: thing1, number2" in printed
    assert printed.rstrip().endswith("ended cleanly")
    # What was made is printed, what was given is not.
    assert re.search(r'aes_key = "[A-Za-z0-9]{43}"\n', printed)
    assert SECRET not in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--callback", "http://hall.example/wechat"], "no address on this machine"),
        (["--template", "call"], "no template; write it like"),
        (["--notification", "=thing1"], "no template; write it like"),
        (["--callback", "http://127.0.0.1:1/", "--aes-key", "short"], "43"),
        ([f"--template=t{number}=thing1" for number in range(26)], "at most 25"),
    ],
)
def test_what_cannot_be_is_refused(given: list[str], said: str) -> None:
    result = CliRunner().invoke(main, ["wechat", "stand-in", "--port", "0", *given])
    assert result.exit_code == 2, result.output
    assert said in result.output
