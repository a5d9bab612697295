"""The `needs_debian` marker, tried in a project of its own: packages there and not there."""

from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py")

PACKAGES = """
# package        probe                     needed with it
absent-command   no-such-command-anywhere
absent-file      /no/such/*.file
present-command  python3                   present-file
present-file     /et[c]
present-half     python3                   absent-file
"""

TESTS = """
import pytest

@pytest.mark.needs_debian("present-command", "present-file")
def test_present(): pass

@pytest.mark.needs_debian("present-half", "present-file", "absent-command")
def test_absent(): pass

@pytest.mark.needs_debian("unlisted")
def test_unlisted(): pass
"""

ADVICE = "*needs Debian's absent-command absent-file: as root, apt-get install *"


def run_marked(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, *, ci: str
) -> pytest.RunResult:
    """Runs the three marked tests with the environment variable CI set to `ci`."""
    monkeypatch.setenv("CI", ci)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.mkdir(".ci").joinpath("debian-packages").write_text(PACKAGES)
    tests = pytester.mkdir("tests")
    tests.joinpath("conftest.py").write_text(CONFTEST.read_text(encoding="utf-8"))
    tests.joinpath("test_marked.py").write_text(TESTS)
    pytester.makeini("[pytest]\nmarkers = needs_debian(*packages): needs them")
    # A process of its own: the conftest chooses Hypothesis's profile when it is imported.
    return pytester.runpytest_subprocess("-ra", "tests")


def test_missing_package_skips_and_says_what_to_install(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run_marked(pytester, monkeypatch, ci="")
    result.assert_outcomes(passed=1, skipped=1, errors=1)
    result.stdout.fnmatch_lines_random([ADVICE, "*not in .ci/debian-packages: unlisted*"])


def test_missing_package_in_ci_fails(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run_marked(pytester, monkeypatch, ci="true")
    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines([ADVICE])
