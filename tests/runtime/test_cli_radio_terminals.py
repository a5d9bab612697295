"""``paihao radio terminals`` against a server that is scripted, and against a hall that runs."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result

from runtime.cli import main
from tests.runtime.running_hall import RunningHall, wait_until
from tests.runtime.scripted_server import ScriptedServer

HALL = "/api/v1/halls/HZ01"


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    server.close()


def ask(url: str, *more: str, token: str = "m") -> Result:
    words = ["radio", "terminals", "--url", url, *more]
    environment = {"COLUMNS": "200", "PAIHAO_TOKEN": token}
    return CliRunner().invoke(main, words, env=environment)


def terminal(**given: Any) -> dict[str, Any]:
    return {
        "gateway": "gw1",
        "address": 16,
        "kind": "keypad",
        "counter": "1",
        "state": "here",
        "troubles": [],
        "heard_at": (datetime.now(UTC) - timedelta(minutes=5)).isoformat(),
        "supply": "battery",
        "battery_mv": 3712,
        "restarts": 2,
        **given,
    }


def traffic(**given: Any) -> dict[str, Any]:
    latency = {"p50_s": 0.1, "p90_s": 0.12, "p99_s": 0.135, "count": 9}
    radio = {"gateway": "gw1", "address": 16, "served_by": "gw1", "loss": 0.034, "latency": latency}
    return {**radio, **given}


def gateway(id: str, *terminals: dict[str, Any], **given: Any) -> dict[str, Any]:
    return {
        "id": id,
        "port": "tcp:h:1",
        "up": True,
        "troubles": [],
        "utilisation": 0.12,
        "duty_cycle": 0.0345,
        "duty_cycle_max": 0.1,
        "loss": 0.02,
        "latency": {"p50_s": 0.2, "p90_s": 0.3, "p99_s": 0.561, "count": 50},
        "waiting": 3,
        "terminals": list(terminals),
        **given,
    }


def tell(server: ScriptedServer, terminals: list[Any], gateways: list[Any] | None = None) -> None:
    server.standing["/api/v1/halls"] = {"halls": [{"id": "HZ01", "names": {}}]}
    server.standing[f"{HALL}/terminals"] = {"terminals": terminals}
    if gateways is not None:
        server.standing[f"{HALL}/gateways"] = {"gateways": gateways}


def rows(result: Result) -> list[str]:
    return [" ".join(line.split()) for line in result.stdout.splitlines()]


def test_terminals_are_shown_with_what_their_gateway_measured(server: ScriptedServer) -> None:
    silent = terminal(
        address=17, kind="window", state="silent", troubles=["silent", "battery"], battery_mv=None
    )
    never = terminal(address=18, state="never", heard_at=None, counter=None)
    tell(server, [terminal(), silent, never], [gateway("gw1", traffic())])
    result = ask(server.url)
    assert result.exit_code == 0
    found = rows(result)
    assert found[0] == "hall HZ01"
    assert found[2] == "gw1 16 keypad 1 here battery 3.71 V 3.4 % 135 ms 5 min ago 2"
    assert found[3].endswith("2 silent, battery")
    assert found[4] == "gw1 18 keypad never battery 3.71 V never 2"
    assert found[6] == "gw1 tcp:h:1 open 12.0 % 3.45 % 10 % 2.0 % 200 ms 561 ms 3"
    assert {asked.headers["Authorization"] for asked in server.asked} == {"Bearer m"}


def test_gateway_that_stands_in_is_named(server: ScriptedServer) -> None:
    home = gateway("gw1", traffic(served_by="gw2", loss=0.5), up=False)
    tell(server, [terminal()], [home, gateway("gw2", traffic(served_by="gw2"))])
    result = ask(server.url, "--hall", "HZ01")
    assert "gw1 (by gw2)" in result.stdout
    assert "3.4 %" in result.stdout
    assert "50.0 %" not in result.stdout
    assert "away" in result.stdout


def test_json_holds_what_the_server_says_and_the_radio_beside_each(server: ScriptedServer) -> None:
    tell(server, [terminal(extra="kept")], [gateway("gw1", traffic())])
    [hall] = json.loads(ask(server.url, "--json").stdout)["halls"]
    assert hall["hall"] == "HZ01"
    assert hall["terminals"][0]["extra"] == "kept"
    assert hall["terminals"][0]["radio"] == {**traffic(), "told_by": "gw1"}
    assert hall["gateways"][0]["id"] == "gw1"


def test_server_without_figures_of_gateways_still_lists_its_terminals(
    server: ScriptedServer,
) -> None:
    tell(server, [terminal()])
    result = ask(server.url)
    assert result.exit_code == 0
    assert "3.71 V" in result.stdout


def test_hall_without_terminals_says_so(server: ScriptedServer) -> None:
    tell(server, [], [])
    assert "no terminals are configured" in ask(server.url).stdout


def test_unknown_hall_is_one_clear_message(server: ScriptedServer) -> None:
    answer = {"type": "/problems/unknown-hall", "detail": "there is no hall 'X/Y'"}
    server.answers.append((404, answer))
    result = ask(server.url, "--hall", "X/Y")
    assert result.exit_code == 2
    assert result.stderr == f"error: {server.url} refuses: there is no hall 'X/Y'\n"
    assert server.asked[0].path == "/api/v1/halls/X%2FY/terminals"


@pytest.mark.parametrize("content", [[], {}, {"terminals": [1]}, {"terminals": [{"kind": 1}]}])
def test_answer_in_other_words_is_one_clear_message(server: ScriptedServer, content: Any) -> None:
    tell(server, [])
    server.standing[f"{HALL}/terminals"] = content
    server.standing[f"{HALL}/gateways"] = {"gateways": [gateway("gw1", traffic())]}
    result = ask(server.url)
    assert result.exit_code == 2
    assert "in words that are not known here" in result.stderr


def test_running_hall_shows_its_devices(start: Callable[..., RunningHall]) -> None:
    hall = start()

    def heard() -> bool:
        result = ask(hall.base, "--json", token=hall.tokens["manager"])
        assert result.exit_code == 0, result.stderr
        [read] = json.loads(result.stdout)["halls"]
        terminals = read["terminals"]
        return bool(terminals) and all(one["state"] == "here" for one in terminals)

    wait_until(heard, what="every virtual device said hello")
    result = ask(hall.base, token=hall.tokens["manager"])
    assert result.exit_code == 0
    assert "keypad" in result.stdout
    assert "window" in result.stdout
    refused = ask(hall.base, token=hall.tokens["display"])
    assert refused.exit_code == 2
    assert "give a manager's token by --token or in PAIHAO_TOKEN" in refused.stderr
