"""The `needs_npm` marker, tried in a project of its own: packages there, of another version, and not there."""

import json
from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py")

PACKAGES = {"@scope/present": "1.0.0", "old": "1.0.1", "absent": "2.0.0"}

TESTS = """
import sys
from pathlib import Path

import pytest

sys.prefix = str(Path(__file__).parent)

@pytest.mark.needs_npm("@scope/present")
def test_present(): pass

@pytest.mark.needs_npm("@scope/present", "old", "absent")
def test_absent(): pass

@pytest.mark.needs_npm("unlisted")
def test_unlisted(): pass
"""

ADVICE = "*needs npm's absent@2.0.0 old@1.0.1: .ci/peers *"


def run_marked(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, *, ci: str
) -> pytest.RunResult:
    """Runs the three marked tests with the environment variable CI set to `ci`."""
    monkeypatch.setenv("CI", ci)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    tests = pytester.mkdir("tests")
    peers = pytester.mkdir("tests/peers")
    peers.joinpath("package.json").write_text(json.dumps({"dependencies": PACKAGES}))
    for name, version in (("@scope/present", "1.0.0"), ("old", "1.0.0")):
        folder = peers / "node_modules" / name
        folder.mkdir(parents=True)
        folder.joinpath("package.json").write_text(json.dumps({"version": version}))
    tests.joinpath("conftest.py").write_text(CONFTEST.read_text(encoding="utf-8"))
    tests.joinpath("test_marked.py").write_text(TESTS)
    pytester.makeini("[pytest]\nmarkers = needs_npm(*packages): needs them")
    # A process of its own: the conftest chooses Hypothesis's profile when it is imported.
    return pytester.runpytest_subprocess("-ra", "tests")


def test_missing_package_skips_and_says_what_to_install(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run_marked(pytester, monkeypatch, ci="")
    result.assert_outcomes(passed=1, skipped=1, errors=1)
    result.stdout.fnmatch_lines_random([ADVICE, "*not in tests/peers/package.json: unlisted*"])


def test_missing_package_in_ci_fails(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run_marked(pytester, monkeypatch, ci="true")
    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines([ADVICE])
