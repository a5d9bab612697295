"""``paihao faults inject`` on a hall that really runs: its virtual devices break, and are well again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from runtime.cli import main
from sim.faults.catalogue import FAULTS
from tests.runtime.running_hall import HALL, RunningHall, wait_until


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHall]:
    hall = RunningHall(tmp_path_factory.mktemp("hall"))
    try:
        yield hall.await_start()
    finally:
        hall.kill()


@pytest.fixture(autouse=True)
def well(hall: RunningHall) -> Iterator[None]:
    yield
    for each in faults_of(hall):
        hall.call("POST", f"/api/v1/devices/{HALL}/faults/{each['id']}/end", "manager").ok()


def faults(hall: RunningHall, *words: str, role: str = "manager") -> Result:
    server = ["--url", hall.base, "--token", hall.tokens[role]]
    return CliRunner().invoke(main, ["faults", *words, *server])


def faults_of(hall: RunningHall) -> list[dict[str, object]]:
    listed: list[dict[str, object]] = hall.call("GET", "/api/v1/devices/faults", "manager").ok()[
        HALL
    ]
    return listed


def test_injected_fault_breaks_the_printer_until_it_is_ended(hall: RunningHall) -> None:
    result = faults(hall, "inject", "printer-jam", "k1", "--for", "2m")
    assert result.exit_code == 0, result.output
    found = re.search(r"fault (\d+): printer-jam k1 for 120 s", result.output)
    assert found is not None
    hall.take(kiosk="k1")
    wait_until(
        lambda: "printer/k1" in hall.alarms(), what="an alarm for the printer", patience_s=20
    )
    assert "printer-jam" in faults(hall, "injected").output
    assert "has ended" in faults(hall, "end", found[1]).output
    wait_until(
        lambda: "printer/k1" not in hall.alarms(), what="a printer that is well", patience_s=30
    )
    assert faults(hall, "injected").output.strip() == "nothing is broken"
    assert "was not on" in faults(hall, "end", found[1]).output


def test_fault_ends_by_itself(hall: RunningHall) -> None:
    assert faults(hall, "inject", "terminal-restart", "window/2", "--for", "1s").exit_code == 0
    assert [fault["kind"] for fault in faults_of(hall)] == ["terminal-restart"]
    wait_until(lambda: faults_of(hall) == [], what="the end of the fault")


def test_gateway_that_is_unplugged_is_alarmed_and_comes_back(hall: RunningHall) -> None:
    assert faults(hall, "inject", "gateway-unplugged", "g1", "--for", "1m").exit_code == 0
    wait_until(lambda: "gateway/g1" in hall.alarms(), what="an alarm for the gateway")
    assert faults(hall, "end", "--all").exit_code == 0
    wait_until(lambda: "gateway/g1" not in hall.alarms(), what="the gateway back", patience_s=30)


def test_call_on_a_jammed_channel_is_alarmed_and_shown_afterwards(hall: RunningHall) -> None:
    result = faults(hall, "inject", "radio-jam", "g1", "--for", "1m")
    assert result.exit_code == 0, result.output
    number = hall.take()["number"]
    while hall.at_counter("1", "next")["ticket"]["number"] != number:
        pass
    # Where nothing at all was heard it is the gateway's alarm, which stands for those of its windows.
    wait_until(
        lambda: {"window/1", "gateway/g1/silent"} & set(hall.alarms()),
        what="an alarm for the window or its gateway",
        patience_s=30,
    )
    assert hall.devices()["windows"]["1"]["text"] != number
    assert faults(hall, "end", "--all").exit_code == 0
    wait_until(
        lambda: hall.devices()["windows"]["1"]["text"] == number, what="the number", patience_s=40
    )


def test_every_live_kind_can_be_injected_and_ended(hall: RunningHall) -> None:
    for kind in FAULTS.values():
        if kind.live:
            body = {"kind": kind.name, "seconds": 30}
            path = f"/api/v1/devices/{HALL}/faults"
            fault = hall.call("POST", path, "manager", body).ok()
            assert fault["parameters"] == {
                name: each.default for name, each in kind.parameters.items()
            }
            ended = hall.call("POST", f"{path}/{fault['id']}/end", "manager").ok()
            assert ended == {"taken": True}
    assert faults_of(hall) == []


def test_parameters_are_taken_and_told(hall: RunningHall) -> None:
    result = faults(hall, "inject", "radio-loss", "loss=0.4", "--for", "1m")
    assert result.exit_code == 0, result.output
    told = json.loads(faults(hall, "injected", "--json").output)
    [fault] = told[HALL]
    assert (fault["kind"], fault["where"], fault["parameters"]) == (
        "radio-loss",
        None,
        {"loss": 0.4},
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("printer-jm", "k1"), "did you mean 'printer-jam'?"),
        (("printer-jam", "k9"), "there is no printer 'k9'; there are k1"),
        (("radio-loss", "g1", "loss=7"), "loss is 7; allowed is a number from 0.01 to 0.9"),
        (("radio-loss", "g1", "lost=7"), "has no parameter 'lost'"),
        (("radio-loss", "g1", "loss"), "write it like loss=0.3"),
        (("process-kill",), "is for simulations alone"),
        (("terminal-stuck-key", "keypad/1", "--for", "1h"), "lasts for 120 s at most"),
    ],
)
def test_wrong_fault_is_refused_with_what_is_allowed(
    hall: RunningHall, words: tuple[str, ...], said: str
) -> None:
    result = faults(hall, "inject", *words)
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())
    assert faults_of(hall) == []


def test_others_than_managers_may_not(hall: RunningHall) -> None:
    result = faults(hall, "inject", "printer-jam", "k1", role="kiosk")
    assert result.exit_code == 2
    assert faults_of(hall) == []
