"""A small file beside the journal: it keeps others out, and remembers how far the journal had come.

SQLite tells a torn write from damage in its write-ahead log by no means: it takes the log up to the first frame
that does not add up and forgets the rest in silence. The guard's mark says which event was durable for certain,
so a journal that ends before it has lost something. The mark is written after each commit and not synchronised:
after a power failure it may be older than the journal, never newer.
"""

from __future__ import annotations

import fcntl
import logging
import os
from pathlib import Path

from protocol.errors import StorageError

log = logging.getLogger(__name__)

_MARK = "durable {:020}\n"
_MARK_OCTETS = len(_MARK.format(0))
_NOTE = """process {:<10}
Kept by Paihao beside the journal of the same name. It locks the journal while the process runs, and tells
whether the journal has lost events that were durable. Remove it only to use an older copy of the journal.
"""


class Guard:
    """The lock on a journal's file and the mark of its last durable event."""

    def __init__(self, journal: Path) -> None:
        """Take the lock.

        Raises:
            StorageError: another process (or another journal object here) has it, or the file cannot be
                opened.
        """
        self.path = journal.with_name(journal.name + ".guard")
        try:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StorageError(
                f"{self.path} cannot be opened ({error.strerror}): the folder must exist and this "
                "user must be allowed to write there"
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = self._holder()
            os.close(self._file)
            raise StorageError(
                f"{journal} is in use{holder}: a journal has one writer; stop the other one first"
            ) from error
        self.durable_seq = self._read_mark()
        """The last event known to have been durable when the lock was taken; 0 if that is not known."""
        self._write(_MARK.format(self.durable_seq) + _NOTE.format(os.getpid()))

    def mark(self, seq: int) -> None:
        """Remember that every event up to ``seq`` is durable. Failure is logged: it is a second look."""
        self._write(_MARK.format(seq))

    def close(self) -> None:
        """Let the lock go."""
        os.close(self._file)

    def _write(self, text: str) -> None:
        try:
            os.pwrite(self._file, text.encode(), 0)
        except OSError as error:
            log.warning("guard not written file=%s error=%s", self.path, error.strerror)

    def _read_mark(self) -> int:
        mark = os.pread(self._file, _MARK_OCTETS, 0)
        words = mark.split()
        return int(words[1]) if len(words) == 2 and words[1].isdigit() else 0

    def _holder(self) -> str:
        words = os.pread(self._file, len(_NOTE) * 2, _MARK_OCTETS).split(maxsplit=2)
        return f" by process {words[1].decode()}" if len(words) > 1 and words[1].isdigit() else ""
