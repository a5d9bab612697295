"""The command line, through click's runner."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import runtime.cli
from protocol.errors import StorageError
from runtime.cli import COMMANDS, main
from runtime.config.load import DEMO, EXAMPLE

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_version_is_printed() -> None:
    result = run("--version")
    assert result.exit_code == 0
    assert result.stdout.startswith("paihao ")


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_exists_and_explains_itself(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert f"{name} [OPTIONS]" in result.stdout


def test_help_lists_every_command() -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert all(f"\n  {name} " in result.stdout for name in COMMANDS)


def test_unknown_command_is_refused() -> None:
    result = run("upp")
    assert result.exit_code == 2
    assert "No such command 'upp'" in result.stderr


def test_commands_that_are_not_asked_for_are_not_imported() -> None:
    code = (
        "import sys, runtime.cli as cli\n"
        "cli.main(['config', 'example'], standalone_mode=False)\n"
        "print(sorted({'simpy', 'twisted.internet.reactor'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("path", [EXAMPLE, DEMO], ids=lambda path: path.name)
def test_right_configuration_is_summed_up(path: Path) -> None:
    result = run("config", "check", path)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{path} is right\n")
    assert "HZ01" in result.stdout
    assert result.stderr == ""


def test_secret_that_is_not_there_yet_is_only_mentioned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAIHAO_MANAGER", "0123456789abcdef")
    monkeypatch.delenv("PAIHAO_DISPLAY", raising=False)
    result = run("config", "check", EXAMPLE)
    assert result.exit_code == 0
    assert "to do:" in result.stdout
    assert "PAIHAO_DISPLAY is not set" in result.stdout
    assert "PAIHAO_MANAGER is not set" not in result.stdout


def test_every_problem_is_shown_and_the_exit_status_is_two(tmp_path: Path) -> None:
    path = tmp_path / "hall.toml"
    text = DEMO.read_text("utf-8").replace('kind = "window"', 'kind = "[red]door"')
    path.write_text(text.replace("virtual:printer-k1", "virtual:"), "utf-8")
    result = run("config", "check", path)
    assert result.exit_code == 2
    assert result.stdout == ""
    headline, *problems = result.stderr.splitlines()
    assert headline == f"4 problems in {path}:"
    assert len(problems) == 4
    assert all(line.startswith(f"{path}:") for line in problems)
    assert "'[red]door' is unknown" in problems[1]


def test_file_that_is_not_there_is_one_clear_message(tmp_path: Path) -> None:
    result = run("config", "check", tmp_path / "none.toml")
    assert result.exit_code == 2
    assert result.stderr == (
        f"error: {tmp_path}/none.toml: cannot be read: No such file or directory;"
        " give the path of a TOML file\n"
    )


def test_example_that_is_printed_passes_the_check(tmp_path: Path) -> None:
    path = tmp_path / "hall.toml"
    printed = run("config", "example")
    assert printed.exit_code == 0
    path.write_text(printed.stdout, "utf-8")
    assert run("config", "check", path).exit_code == 0


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def fail() -> None:
        raise StorageError("the disk is full: make room in [bold]/var[/bold]")

    monkeypatch.setattr(runtime.cli, "failing_command", fail, raising=False)
    monkeypatch.setattr(runtime.cli, "COMMANDS", {"fail": ("runtime.cli", "failing_command")})


@pytest.mark.usefixtures("failing")
def test_error_of_ours_is_one_message_without_traceback() -> None:
    result = run("fail")
    assert result.exit_code == 2
    assert result.stderr == "error: the disk is full: make room in [bold]/var[/bold]\n"


@pytest.mark.usefixtures("failing")
def test_debug_lets_the_traceback_through() -> None:
    result = run("--debug", "fail")
    assert isinstance(result.exception, StorageError)
