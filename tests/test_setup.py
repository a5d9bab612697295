"""What setup.cfg and its neighbours promise: every import declared, every file in the wheel."""

import ast
import configparser
import importlib.metadata
import json
import re
import runpy
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("protocol", "actors", "runtime", "sim")
LOWER_BOUNDS = runpy.run_path(str(ROOT / ".ci" / "lower_bounds.py"))["lower_bounds"]


def normal(name: str) -> str:
    """A distribution's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def setup_cfg() -> configparser.ConfigParser:
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    return config


def declared(*extras: str) -> set[str]:
    pins = LOWER_BOUNDS((ROOT / "setup.cfg").read_text(encoding="utf-8"), list(extras))
    return {normal(pin.split("==")[0]) for pin in pins}


def imported_by(path: Path) -> Iterator[str]:
    """The top-level modules that a file imports by their full names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=aliases):
                yield from (alias.name.split(".")[0] for alias in aliases)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.split(".")[0]


def test_every_import_is_a_declared_dependency() -> None:
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    imported = {module for path in paths for module in imported_by(path)}
    others = imported - sys.stdlib_module_names - {*PACKAGES}
    providers = importlib.metadata.packages_distributions()
    provided_by = {
        module: {normal(name) for name in providers.get(module, [])} for module in others
    }
    assert others
    assert [
        module
        for module in others
        if not provided_by[module] & declared("fast", "cluster", "theory")
    ] == []


def test_constraints_pin_every_dependency_and_name_no_place() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert [line for line in pins if not re.fullmatch(r"[\w.-]+==[\w.+!]+", line)] == []
    extras = list(setup_cfg()["options.extras_require"])
    assert declared(*extras) <= {normal(pin.split("==")[0]) for pin in pins}


def test_peers_are_pinned_with_what_they_need_and_the_lock_names_no_place() -> None:
    peers = ROOT / "tests" / "peers"
    wanted = json.loads((peers / "package.json").read_text(encoding="utf-8"))["dependencies"]
    lock = json.loads((peers / "package-lock.json").read_text(encoding="utf-8"))
    packages = lock["packages"]
    assert packages.pop("")["dependencies"] == wanted
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert [name for name, locked in packages.items() if "integrity" not in locked] == []
    assert [name for name, locked in packages.items() if "resolved" in locked] == []


def test_wheel_holds_every_file_of_the_four_packages(
    tmp_path: Path, tracked_files: list[str]
) -> None:
    files = [name for name in tracked_files if name.split("/")[0] in PACKAGES]
    source = tmp_path / "source"
    for name in [*files, "setup.cfg", "pyproject.toml", "README.md", "LICENSE"]:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, source / name)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    done = subprocess.run(
        [*build, "--wheel-dir", str(tmp_path), str(source)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    [wheel] = tmp_path.glob("*.whl")
    assert set(files) - set(zipfile.ZipFile(wheel).namelist()) == set()


@pytest.mark.parametrize("requirement", ["klein", "klein>1", "klein>=24,<25", "klein[x]>=24"])
def test_requirement_without_one_plain_lower_bound_is_refused(requirement: str) -> None:
    text = f"[options]\ninstall_requires =\n    attrs>=23.2.0\n    {requirement}\n"
    with pytest.raises(SystemExit, match=r"must read name>=version"):
        LOWER_BOUNDS(text, [])


def test_lower_bounds_of_the_extras_named_are_pinned() -> None:
    text = "[options]\ninstall_requires =\n    a>=1.2\n[options.extras_require]\nx =\n    b>=3\ny =\n    c>=4"
    assert LOWER_BOUNDS(text, []) == ["a==1.2"]
    assert LOWER_BOUNDS(text, ["x"]) == ["a==1.2", "b==3"]
