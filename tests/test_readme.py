"""The README keeps its word: its examples run, and what it points at exists.

A fenced block marked `console` holds commands behind `$ ` and what they print; one marked `pycon`
holds a Python session. Both are run in the project's folder, and `...` stands for any text. Blocks
with another mark, or none, are only read.
"""

import doctest
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import frozen

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND_TIMEOUT_S = 60


@frozen(kw_only=True)
class Example:
    """A fenced block: its mark, such as `console`, its text, and the line where the text begins."""

    mark: str
    text: str
    line: int


def examples_in(document: str) -> list[Example]:
    return [
        Example(mark=match[1], text=match[2], line=document.count("\n", 0, match.start(2)) + 1)
        for match in FENCE.finditer(document)
    ]


def commands_in(example: Example) -> Iterator[tuple[str, str]]:
    """Each command with the text it should print. `> ` goes on with the command before it."""
    command, expected = "", ""
    for line in example.text.splitlines(keepends=True):
        if line.startswith("$ "):
            if command:
                yield command, expected
            command, expected = line[2:], ""
        elif line.startswith("> ") and not expected:
            command += line[2:]
        else:
            if not command:
                pytest.fail(f"README.md:{example.line}: a console block begins with a command")
            expected += line
    yield command, expected


def run_console(example: Example) -> None:
    # The commands of the environment that runs the tests come first: `paihao` is among them.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    for command, expected in commands_in(example):
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=ROOT,
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )
        where = f"README.md:{example.line}: $ {command}"
        if done.returncode:
            pytest.fail(f"{where}exit status {done.returncode}\n{done.stdout}", pytrace=False)
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        if not doctest.OutputChecker().check_output(expected, done.stdout, flags):
            said = f"should print\n{expected}but prints\n{done.stdout}"
            pytest.fail(where + said, pytrace=False)


def run_pycon(example: Example) -> None:
    session = doctest.DocTestParser().get_doctest(
        example.text, {}, "README.md", "README.md", example.line - 1
    )
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
    if runner.run(session, out=report.append).failed:
        pytest.fail("".join(report), pytrace=False)


RUNNERS = {"console": run_console, "pycon": run_pycon}
RUNNABLE = [example for example in examples_in(README) if example.mark in RUNNERS]


@pytest.mark.parametrize("example", RUNNABLE, ids=lambda example: f"line-{example.line}")
def test_readme_example_prints_what_it_shows(example: Example) -> None:
    RUNNERS[example.mark](example)


def test_readme_opens_with_the_two_commands_and_has_an_example() -> None:
    opening = [line.split("#")[0].strip() for line in README.splitlines() if line.strip()][1:3]
    assert opening == ["make run", "make test"]
    assert RUNNABLE


def test_readme_table_points_at_what_exists() -> None:
    table = README.partition("## Where is…")[2].partition("\n## ")[0]
    rows = [row for row in table.splitlines() if row.startswith("|")][2:]
    pointed_at = [re.findall(r"`([^`]+)`", row.rpartition(" | ")[2]) for row in rows]
    assert rows
    assert all(pointed_at)
    missing = [path for paths in pointed_at for path in paths if not (ROOT / path).exists()]
    assert not missing


@pytest.mark.parametrize(
    "document",
    [
        "```console\n$ echo one\n> echo two\none\ntwo\n$ echo x123y\nx...y\n```\n",
        "text\n```pycon\n>>> a = 1\n>>> a + 1\n2\n```\n",
    ],
)
def test_right_example_passes(document: str) -> None:
    [example] = examples_in(document)
    RUNNERS[example.mark](example)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("```console\n$ echo one\ntwo\n```\n", r"README.md:2: \$ echo one\nshould print\ntwo\n"),
        ("```console\n$ echo one; false\none\n```\n", r"exit status 1\none"),
        ("```console\necho one\n```\n", "README.md:2: a console block begins with a command"),
        ("```pycon\n>>> 1 + 1\n3\n```\n", "Expected:\n    3\nGot:\n    2"),
        ("```pycon\n>>> nobody\n3\n```\n", "NameError"),
    ],
)
def test_wrong_example_fails_and_says_where(document: str, said: str) -> None:
    [example] = examples_in(document)
    with pytest.raises(pytest.fail.Exception, match=said):
        RUNNERS[example.mark](example)


def test_other_blocks_are_not_examples() -> None:
    document = "```\nmake run\n```\n```sh\nrm -rf everything\n```\n"
    assert [example.mark for example in examples_in(document)] == ["", "sh"]
