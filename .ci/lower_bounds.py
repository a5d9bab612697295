"""Prints `name==bound` for every lower bound in setup.cfg: the constraints of `make test-lowest`.

Arguments name the extras to include. A requirement without exactly one lower bound is refused, so
that no dependency escapes the run.
"""

import configparser
import re
import sys
from pathlib import Path

SETUP_CFG = Path(__file__).resolve().parent.parent / "setup.cfg"
REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)>=(?P<bound>[0-9][0-9.]*)")


def lower_bounds(setup_cfg: str, extras: list[str]) -> list[str]:
    """The lower bound of each dependency and of each dependency of the extras, as exact pins."""
    config = configparser.ConfigParser(interpolation=None)
    config.read_string(setup_cfg)
    sections = [config["options"]["install_requires"]]
    sections += [config["options.extras_require"][extra] for extra in extras]
    pins = []
    for line in "\n".join(sections).split("\n"):
        if not (requirement := line.strip()) or requirement.startswith("#"):
            continue
        match = REQUIREMENT.fullmatch(requirement)
        if match is None:
            raise SystemExit(f"setup.cfg: {requirement!r} must read name>=version, nothing else")
        pins.append(f"{match['name']}=={match['bound']}")
    return pins


if __name__ == "__main__":
    print("\n".join(lower_bounds(SETUP_CFG.read_text(encoding="utf-8"), sys.argv[1:])))
