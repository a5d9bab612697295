"""The project's shape as a test: what may import what, and the style rules cheap to check.

A rule is a generator of complaints, `path:line: what is wrong`. Every rule runs over every module
of the four packages, and on snippets that break it, so that it is known to be able to fail.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import pytest
from attrs import field, frozen

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ("protocol", "actors", "runtime", "sim")
OURS = {*LAYERS, "tests"}

# The command line is the one place where runtime and sim meet and where text is printed.
COMMAND_LINE = re.compile(r"runtime/cli(_\w+)?\.py|runtime/cli/.+")

TOP_LEVEL = {
    *LAYERS,
    "tests",
    "setup.cfg",
    "README.md",
    "pyproject.toml",
    "constraints.txt",
    "Makefile",
    "LICENSE",
    "CHANGELOG.md",
    ".ci",
    ".gitignore",
}

OURS_ALLOWED = {
    "protocol": {"protocol"},
    "actors": {"protocol", "actors"},
    "runtime": {"protocol", "actors", "runtime"},
    "sim": {"protocol", "actors", "sim"},
}

# Other people's packages. None: anything but what the second table forbids.
OTHERS_ALLOWED: Mapping[str, set[str] | None] = {
    "protocol": {"attr", "attrs", "cattr", "cattrs", "immutables", "orjson"},
    "actors": {"attr", "attrs", "cattr", "cattrs", "immutables", "orjson", "pykka"},
    "runtime": None,
    "sim": None,
}
OTHERS_FORBIDDEN = {"runtime": {"simpy"}, "sim": {"twisted", "klein", "serial"}}

# Standard modules that read a clock, do I/O, start threads or draw from a generator of their own.
OUTSIDE_WORLD = {
    *("asyncio", "concurrent", "multiprocessing", "queue", "sched", "signal", "subprocess"),
    *("threading", "_thread", "time", "secrets", "importlib"),
    *("fcntl", "glob", "os", "pty", "shelve", "shutil", "sqlite3", "tempfile", "termios", "tty"),
    *("ftplib", "http", "select", "selectors", "smtplib", "socket", "socketserver", "ssl"),
    *("urllib", "webbrowser"),
}
PURE_LAYERS = ("protocol", "actors")

# Imports against the rules above and below, each with the reason why it stands all the same.
IMPORT_REASONS = {
    ("protocol/radio/keys.py", "cryptography"): "AES-CMAC and AES key wrap, in memory",
    ("actors/world.py", "threading"): "pykka's flag of a stopped actor is a threading.Event",
    ("protocol/printing/paper.py", "escpos"): "renders a ticket into octets, in memory",
    ("protocol/printing/paper.py", "pathlib"): "removes what importing escpos leaves on disk",
    ("protocol/printing/qr.py", "segno"): "renders a QR code into text, in memory",
    ("protocol/wechat/callback.py", "wechatpy"): "tells kinds of callbacks apart, in memory",
    ("protocol/wechat/reply.py", "wechatpy"): "writes a reply's XML, in memory",
    ("protocol/wechat/seal.py", "wechatpy"): "WeChat's cipher and its padding, in memory",
}

# What a pure layer may import, but not use: a clock, a global generator, a file.
IMPURE_NAMES = re.compile(
    r"datetime\.datetime\.(now|utcnow|today)|datetime\.date\.today|random\.(?!Random$)\w+"
    r"|uuid\.uuid[14]|builtins\.(open|input)|pathlib\.(Posix)?Path"
)
# A generator comes from the World, seeded: here Random is only a type.
IMPURE_CALLS = re.compile(r"random\.Random")

LINES_MAX = 400
# Longer modules, each with the reason why it is one idea all the same.
LONG_MODULES: dict[str, str] = {
    "sim/lab/recorder.py": "a table: what each kind of event says of yesterday, and nothing else",
}

EMPTY_WORDS = {"manager", "managers", "handler", "handlers", "helper", "helpers"}
EMPTY_WORDS |= {"util", "utils", "common"}
UNFINISHED = re.compile(r"#.*\b(TODO|FIXME|XXX|HACK)\b")


def package_of(origin: str) -> str:
    return origin.split(".")[0]


@frozen(kw_only=True)
class Module:
    """A module's path from the root, such as `actors/hall/state.py`, and its text."""

    path: str
    text: str
    tree: ast.Module = field(init=False)

    @tree.default
    def _parse(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def layer(self) -> str:
        return PurePosixPath(self.path).parts[0]

    @property
    def is_command_line(self) -> bool:
        return COMMAND_LINE.fullmatch(self.path) is not None

    def at(self, node: ast.AST | int, complaint: str) -> str:
        line = node if isinstance(node, int) else getattr(node, "lineno", 1)
        return f"{self.path}:{line}: {complaint}"

    def may_use(self, origin: str) -> bool:
        return (self.path, package_of(origin)) in IMPORT_REASONS

    def imports(self) -> Iterator[tuple[ast.stmt, str, str]]:
        """Each imported name as (statement, local name, dotted origin), wherever it stands."""
        package = PurePosixPath(self.path).parent.parts
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for name in node.names:
                    # `import a.b` binds a, `import a.b as c` binds a.b.
                    local = name.asname or name.name.split(".")[0]
                    yield node, local, name.name if name.asname else local
            elif isinstance(node, ast.ImportFrom):
                origin = (node.module or "").split(".") if node.module else []
                if node.level:
                    origin = [*package[: len(package) - node.level + 1], *origin]
                for name in node.names:
                    yield node, name.asname or name.name, ".".join([*origin, name.name])

    def origin(self, node: ast.expr, bound: Mapping[str, str]) -> str:
        """The dotted origin of a name or attribute, "" where it is neither or is not imported."""
        match node:
            case ast.Name(id=name) if name in bound:
                return bound[name]
            case ast.Name(id="open" | "input" as name):
                return f"builtins.{name}"
            case ast.Attribute(value=value, attr=attribute):
                owner = self.origin(value, bound)
                return f"{owner}.{attribute}" if owner else ""
        return ""


def imports_of_ours(module: Module) -> Iterator[str]:
    """Imports run downwards; runtime and sim meet in the command line alone."""
    allowed = OURS_ALLOWED[module.layer] | ({"sim"} if module.is_command_line else set())
    for node, _, origin in module.imports():
        package = package_of(origin)
        if package in OURS and package not in allowed:
            yield module.at(node, f"{module.layer} must not import {package}")


def imports_of_others(module: Module) -> Iterator[str]:
    """Pure layers know no network, clock or thread library; each clock knows only its own."""
    allowed = OTHERS_ALLOWED[module.layer]
    forbidden = OTHERS_FORBIDDEN.get(module.layer, set())
    for node, _, origin in module.imports():
        package = package_of(origin)
        if package in OURS or package in sys.stdlib_module_names or module.may_use(origin):
            continue
        if package in forbidden or (allowed is not None and package not in allowed):
            yield module.at(node, f"{module.layer} must not import {package}")


def pure_layers_stay_pure(module: Module) -> Iterator[str]:
    """Protocol and actors use no I/O, clock, thread or generator that is not given to them."""
    if module.layer not in PURE_LAYERS:
        return
    bound = {}
    for statement, local, origin in module.imports():
        bound[local] = origin
        if package_of(origin) in OUTSIDE_WORLD and not module.may_use(origin):
            yield module.at(statement, f"{module.layer} must not import {package_of(origin)}")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute | ast.Name):
            origin = module.origin(node, bound)
            if IMPURE_NAMES.fullmatch(origin) and not module.may_use(origin):
                yield module.at(node, f"{module.layer} must not use {origin}")
        elif isinstance(node, ast.Call):
            origin = module.origin(node.func, bound)
            if IMPURE_CALLS.fullmatch(origin):
                yield module.at(node, f"{module.layer} must not call {origin}")


def no_star_import(module: Module) -> Iterator[str]:
    for node, local, _ in module.imports():
        if local == "*":
            yield module.at(node, "star import")


def no_print(module: Module) -> Iterator[str]:
    if module.is_command_line:
        return
    for node in ast.walk(module.tree):
        match node:
            case ast.Call(func=ast.Name(id="print")):
                yield module.at(node, "print outside the command line")


def names_say_something(module: Module) -> Iterator[str]:
    """No module or class is called a manager, handler, helper, util or common."""
    for part in PurePosixPath(module.path).with_suffix("").parts:
        if EMPTY_WORDS & set(part.lower().split("_")):
            yield module.at(1, f"empty word in the module name {part}")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef):
            words = re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", node.name)
            if EMPTY_WORDS & {word.lower() for word in words}:
                yield module.at(node, f"empty word in the class name {node.name}")


def no_unfinished_notes(module: Module) -> Iterator[str]:
    for number, line in enumerate(module.text.splitlines(), start=1):
        if match := UNFINISHED.search(line):
            yield module.at(number, f"{match[1]} left in a comment")


def size_is_bounded(module: Module, exempt: Mapping[str, str] = LONG_MODULES) -> Iterator[str]:
    lines = len(module.text.splitlines())
    if lines > LINES_MAX and module.path not in exempt:
        yield module.at(lines, f"over {LINES_MAX} lines: which second idea moved in?")
    elif lines <= LINES_MAX and module.path in exempt:
        yield module.at(lines, "no longer long: take it out of LONG_MODULES")


RULES = (
    imports_of_ours,
    imports_of_others,
    pure_layers_stay_pure,
    no_star_import,
    no_print,
    names_say_something,
    no_unfinished_notes,
    size_is_bounded,
)


def complaints(path: str, text: str) -> list[str]:
    module = Module(path=path, text=text)
    return [complaint for rule in RULES for complaint in rule(module)]


def our_modules() -> list[str]:
    return sorted(
        path.relative_to(ROOT).as_posix()
        for layer in LAYERS
        for path in (ROOT / layer).rglob("*.py")
    )


def test_every_module_keeps_every_rule() -> None:
    paths = our_modules()
    assert {path.split("/")[0] for path in paths} == set(LAYERS)
    found = [line for path in paths for line in complaints(path, (ROOT / path).read_text("utf-8"))]
    assert not found, "\n" + "\n".join(found)


def test_exceptions_with_a_reason_are_still_needed() -> None:
    assert set(LONG_MODULES) <= set(our_modules())
    for path, package in IMPORT_REASONS:
        module = Module(path=path, text=(ROOT / path).read_text("utf-8"))
        assert package in {package_of(origin) for _, _, origin in module.imports()}


def test_top_level_holds_only_what_the_design_names(tracked_files: list[str]) -> None:
    names = {name.split("/")[0] for name in tracked_files}
    assert names <= TOP_LEVEL, f"not in the design: {sorted(names - TOP_LEVEL)}"


@pytest.mark.parametrize(
    ("path", "text", "complaint"),
    [
        ("protocol/a.py", "import actors", "protocol must not import actors"),
        ("protocol/a.py", "def f():\n    from sim.x import y", "protocol must not import sim"),
        ("protocol/a.py", "import pykka", "protocol must not import pykka"),
        ("protocol/a.py", "import twisted.internet.task", "protocol must not import twisted"),
        ("protocol/a.py", "import threading", "protocol must not import threading"),
        ("protocol/a.py", "import os.path", "protocol must not import os"),
        ("protocol/a.py", "from time import monotonic", "protocol must not import time"),
        (
            "protocol/a.py",
            "from datetime import datetime as dt\ndt.now()",
            "protocol must not use datetime.datetime.now",
        ),
        (
            "protocol/a.py",
            "import datetime\nclock = datetime.date.today",
            "protocol must not use datetime.date.today",
        ),
        ("protocol/a.py", "open('x')", "protocol must not use builtins.open"),
        (
            "protocol/a.py",
            "from pathlib import Path\nPath('x').unlink()",
            "protocol must not use pathlib.Path",
        ),
        ("protocol/radio/a.py", "from ...actors import base", "protocol must not import actors"),
        ("actors/a.py", "from runtime import world", "actors must not import runtime"),
        ("actors/a.py", "import simpy", "actors must not import simpy"),
        ("actors/a.py", "import asyncio", "actors must not import asyncio"),
        ("actors/a.py", "import socket", "actors must not import socket"),
        ("actors/a.py", "import random\nrandom.choice([1])", "actors must not use random.choice"),
        ("actors/a.py", "from random import choice as c\nc()", "actors must not use random.choice"),
        (
            "actors/a.py",
            "from random import Random\nRandom(1)",
            "actors must not call random.Random",
        ),
        ("actors/a.py", "from uuid import uuid4\nuuid4()", "actors must not use uuid.uuid4"),
        ("runtime/a.py", "import sim.world", "runtime must not import sim"),
        ("runtime/client.py", "import sim", "runtime must not import sim"),
        ("runtime/a.py", "import simpy", "runtime must not import simpy"),
        ("runtime/a.py", "import tests.bench", "runtime must not import tests"),
        ("sim/a.py", "if True:\n    import runtime", "sim must not import runtime"),
        ("sim/a.py", "import twisted", "sim must not import twisted"),
        ("sim/a.py", "from math import *", "star import"),
        ("sim/a.py", "print('here')", "print outside the command line"),
        ("sim/queue_utils.py", "", "empty word in the module name queue_utils"),
        ("sim/common/a.py", "", "empty word in the module name common"),
        ("sim/a.py", "class HTTPHandler: ...", "empty word in the class name HTTPHandler"),
        ("sim/a.py", "x = 1  # FIXME", "FIXME left in a comment"),
        ("sim/a.py", "x = 1\n" * 401, "over 400 lines: which second idea moved in?"),
    ],
)
def test_broken_rule_is_reported(path: str, text: str, complaint: str) -> None:
    assert any(found.endswith(f": {complaint}") for found in complaints(path, text))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("protocol/radio/a.py", "from .frame import Frame\nfrom attrs import frozen"),
        ("protocol/a.py", "from datetime import datetime, time\nday = datetime.combine"),
        ("actors/a.py", "import pykka\nfrom protocol.ids import HallId"),
        ("actors/a.py", "import random\ndef f(generator: random.Random): generator.choice([1])"),
        ("actors/a.py", "def f(world): return world.now(), world.open()"),
        ("runtime/a.py", "import time, threading, twisted\nfrom actors.base import Actor"),
        ("runtime/cli.py", "import sim, simpy_free\nprint('hello')"),
        ("runtime/cli/simulate.py", "from sim import report"),
        ("sim/a.py", "import simpy, time\nlog.print('not the builtin')"),
        ("sim/a.py", "from contextlib import contextmanager\nclass Commonwealth: ..."),
        ("sim/a.py", "x = 1\n" * 400),
    ],
)
def test_kept_rules_are_silent(path: str, text: str) -> None:
    assert complaints(path, text) == []


def test_long_module_with_a_reason_is_allowed_while_it_is_long() -> None:
    exempt = {"sim/a.py": "one table"}
    assert list(size_is_bounded(Module(path="sim/a.py", text="x = 1\n" * 401), exempt)) == []
    assert list(size_is_bounded(Module(path="sim/a.py", text="x = 1\n"), exempt)) == [
        "sim/a.py:1: no longer long: take it out of LONG_MODULES"
    ]
