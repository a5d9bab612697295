"""``paihao radio`` as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.runtime.running_hall import END_S, ROOT, START_S, wait_until


class RadioProcess:
    """A process that runs ``paihao radio`` with ``arguments``; ``folder`` takes what it prints."""

    def __init__(self, folder: Path, *arguments: str | Path, **environment: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._said_at = folder / "said.txt"
        self._complained_at = folder / "complained.txt"
        command = [sys.executable, "-m", "runtime.cli", "radio", *arguments]
        with self._said_at.open("w") as said, self._complained_at.open("w") as complained:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=complained,
                env={**os.environ, "COLUMNS": "200", **environment},
            )

    @property
    def said(self) -> str:
        """What it printed."""
        return self._said_at.read_text()

    @property
    def complained(self) -> str:
        """What it printed as errors."""
        return self._complained_at.read_text()

    def await_said(self, text: str, *, times: int = 1) -> None:
        """Wait until it printed ``text`` so many times."""
        what = f"{text!r} is printed"
        wait_until(lambda: self._says(text, times), what=what, patience_s=START_S)

    def await_end(self) -> int:
        """Wait until it ends by itself; return its exit status."""
        status = self.process.wait(START_S)
        assert "Traceback" not in self.complained, self.complained
        return status

    def end(self, sign: signal.Signals = signal.SIGINT) -> int:
        """Ask it to end; return its exit status."""
        self.process.send_signal(sign)
        status = self.process.wait(END_S)
        assert "Traceback" not in self.complained, self.complained
        return status

    def kill(self) -> None:
        """End it, whatever it does."""
        self.process.kill()
        self.process.wait(END_S)

    def _says(self, text: str, times: int) -> bool:
        if self.said.count(text) >= times:
            return True
        assert self.process.poll() is None, f"ended: {self.said}{self.complained}"
        return False
