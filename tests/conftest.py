"""What every test shares: Hypothesis's settings, Debian and npm packages, the project's files."""

import glob
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}
DEBIAN_PACKAGES = ROOT / ".ci" / "debian-packages"
NPM_PACKAGES = ROOT / "tests" / "peers" / "package.json"

# No deadline: how long one example takes says more about the machine than about the code.
settings.register_profile("here", deadline=None)
# The same examples in every run, so that a change that lands is judged by itself.
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if IN_CI else "here")


def debian_packages() -> dict[str, list[str]]:
    """For each package in .ci/debian-packages: its probe, then the packages needed with it."""
    lines = DEBIAN_PACKAGES.read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    return {package: rest for package, *rest in rows}


def is_there(probe: str) -> bool:
    """Whether a file matches an absolute path's pattern, or else whether a command is found."""
    return bool(glob.glob(probe)) if probe.startswith("/") else shutil.which(probe) is not None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips a test whose Debian or npm packages are missing, or fails it in CI."""
    check_debian({package for mark in item.iter_markers("needs_debian") for package in mark.args})
    check_npm({package for mark in item.iter_markers("needs_npm") for package in mark.args})


def check_debian(wanted: set[str]) -> None:
    if not wanted:
        return
    listed = debian_packages()
    if unlisted := sorted(wanted - listed.keys()):
        pytest.fail(f"not in .ci/debian-packages: {', '.join(unlisted)}", pytrace=False)
    wanted.update(*(listed[package][1:] for package in wanted))
    if missing := sorted(package for package in wanted if not is_there(listed[package][0])):
        names = " ".join(missing)
        do_without(f"needs Debian's {names}: as root, apt-get install {names}")


def check_npm(wanted: set[str]) -> None:
    if not wanted:
        return
    listed: dict[str, str] = json.loads(NPM_PACKAGES.read_text(encoding="utf-8"))["dependencies"]
    if unlisted := sorted(wanted - listed.keys()):
        pytest.fail(f"not in tests/peers/package.json: {', '.join(unlisted)}", pytrace=False)
    if missing := sorted(name for name in wanted if npm_version(name) != listed[name]):
        names = " ".join(f"{name}@{listed[name]}" for name in missing)
        do_without(f"needs npm's {names}: .ci/peers {sys.prefix}")


def npm_version(package: str) -> str | None:
    """The version that ``.ci/peers`` has installed, if it has."""
    about = Path(sys.prefix, "peers", "node_modules", package, "package.json")
    return json.loads(about.read_text(encoding="utf-8"))["version"] if about.exists() else None


def do_without(reason: str) -> None:
    """Skips the test, or fails it in CI."""
    if IN_CI:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def tracked_files() -> list[str]:
    """The files that belong to the project, relative to its root; skips where git cannot tell."""
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("not a git clone: which files belong to the project is not known")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    # A file that was deleted is listed until that is committed.
    return [name for name in listed.split("\0") if name and (ROOT / name).exists()]
