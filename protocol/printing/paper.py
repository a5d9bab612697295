"""Paper for an ESC/POS printer, written line by line: the one place that knows python-escpos.

A job opens with

    1B 40        initialise: whatever a job before left behind is gone
    1D 61 00     no automatic status, which would be mistaken for answers
    1B 52 00     ASCII as it is: Chinese models may print a yen sign for the dollar
    1C 26        Chinese character mode

Text is GB18030, which every printer sold in China has the glyphs for: ASCII takes one column, every
other character two. python-escpos would look for a code page for each text that has no Chinese in it, and
switch to that one, which in Chinese mode is wrong; so text is encoded here and passed through as it is.

The QR code is the printer's own (``GS ( k``): 90 octets over the serial line where an image takes 7,000,
and sharper. A printer without it, or without Chinese glyphs, is not supported.
"""

import logging
import unicodedata
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from protocol.errors import ProtocolError

COLUMNS_80MM = 48
"""Columns of ASCII at normal size on 80 mm paper: 576 dots, 8 to the millimetre."""

COLUMNS_58MM = 32
"""The same on 58 mm paper: 384 dots."""

SIZE_MAX = 8
"""The largest factor that a printer enlarges characters by, in width and in height."""

QR_DOTS = 240
"""How wide a QR code may become: 30 mm, at which phones read it at arm's length."""

QR_MODULE_MAX = 8
"""The largest square of a QR code, in dots."""

LAYOUTS_KEPT = 256
"""Texts that are remembered as broken into lines: most of a ticket is the same on the next one."""

_QR_CAPACITY = (14, 26, 42, 62, 84, 106, 122, 152, 180, 213)
"""Octets that fit into a QR code of version 1, 2, ... at level M (ISO/IEC 18004, table 7)."""

QR_TEXT_MAX = _QR_CAPACITY[-1]
"""Octets of text that a QR code on paper may have; more would make its squares too small for phones."""

_PROLOGUE = b"\x1da\x00\x1bR\x00\x1c&"
_LEVEL_M = 1


@cache
def load() -> type[Any]:
    """Return python-escpos's printer class; the first call takes half a second and 12 MB.

    Importing it reads its printer database from a file, leaves a copy of that in a new directory under the
    system's temporary one, and gives the root logger a stream of its own (gone upstream since the
    release 3.1). Directory and stream are taken away here. Rendering itself touches no file.

    Raises:
        OSError: the copy cannot be written (disk full); it is tried again at the next call.
    """
    root = logging.getLogger()
    streams = list(root.handlers)
    from escpos import capabilities
    from escpos.escpos import Escpos

    for stream in root.handlers[:]:
        if stream not in streams:
            root.removeHandler(stream)
    pickled = Path(capabilities.pickle_path)
    # Whoever names a directory for it (ESCPOS_CAPABILITIES_PICKLE_DIR) wants to keep the copy.
    if pickled.parent.name.startswith("tmp"):
        with suppress(OSError):
            pickled.unlink()
            pickled.parent.rmdir()
    return Escpos  # type: ignore[no-any-return]


@cache
def _renderer() -> type[Any]:
    """Return a printer of python-escpos that keeps its octets."""

    class Octets(load()):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.octets = bytearray()

        def _raw(self, msg: bytes) -> None:
            self.octets += msg

    return Octets


def plain(text: str) -> str:
    """Return ``text`` without control characters, so that a name never commands a printer."""
    if text.isprintable():
        return text
    return "".join(" " if unicodedata.category(c)[0] == "C" else c for c in text)


def width(text: str) -> int:
    """Return how many columns ``text`` takes at normal size."""
    return len(text) if text.isascii() else sum(1 if c < "\x80" else 2 for c in text)


def wrap(text: str, columns: int) -> list[str]:
    """Break ``text`` into lines of at most ``columns`` (2 or more): between words, and anywhere in Chinese."""
    if width(text) <= columns:
        whole = text.strip()
        return [whole] if whole else []
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if width(line) + width(piece.rstrip()) > columns:
            lines.append(line.rstrip())
            line = ""
        while width(piece.rstrip()) > columns:
            fits = max(n for n in range(1, columns + 1) if width(piece[:n]) <= columns)
            lines.append(piece[:fits])
            piece = piece[fits:]
        line += piece if line else piece.lstrip()
    lines.append(line.rstrip())
    return [line for line in lines if line]


def _pieces(text: str) -> list[str]:
    """Return what is never broken: words with the blanks after them, single Chinese characters with the
    punctuation after them."""
    pieces: list[str] = []
    for c in text:
        last = pieces[-1] if pieces else ""
        joins = last and (
            c.isspace()
            or (c.isascii() and last[-1].isascii() and not last[-1].isspace())
            or unicodedata.category(c) in ("Po", "Pe", "Pf")
        )
        if joins:
            pieces[-1] += c
        else:
            pieces.append(c)
    return pieces


def balanced(text: str, columns: int) -> list[str]:
    """Break ``text`` into as few lines as `wrap` does, and as even ones as possible."""
    return list(_balanced(text, columns))


@lru_cache(maxsize=LAYOUTS_KEPT)
def _balanced(text: str, columns: int) -> tuple[str, ...]:
    lines = wrap(text, columns)
    even = lines
    while len(lines) > 1 and len(even) == len(lines):
        lines = even
        columns = max(width(line) for line in lines) - 1
        if columns < 2:
            break
        even = wrap(text, columns)
    return tuple(lines)


class Paper:
    """One job: centred lines, dashes, space and a QR code, then the cut."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self._printer = _renderer()()
        self._printer.hw("INIT")
        self._printer._raw(_PROLOGUE)
        self._printer.set(align="center")

    def line(self, text: str, *, size: int = 1, lines: int = 1, bold: bool = False) -> None:
        """Print ``text``, enlarged ``size`` times, or less if it would take more than ``lines`` lines then.

        What is too long even at normal size takes more lines.
        """
        text = plain(text)
        while size > 1 and len(_balanced(text, self.columns // size)) > lines:
            size -= 1
        self._printer.set(custom_size=True, width=size, height=size, bold=bold, smooth=size > 3)
        for part in _balanced(text, self.columns // size):
            self._printer._raw(part.encode("gb18030", "replace") + b"\n")

    def rule(self) -> None:
        """Print a line of dashes from edge to edge."""
        self.line("-" * self.columns)

    def space(self, dots: int) -> None:
        """Leave ``dots`` (0 to 255, 8 to the millimetre) free."""
        self._printer._raw(bytes((0x1B, 0x4A, dots)))

    def qr(self, text: str) -> None:
        """Print ``text`` as a QR code at level M, as large as `QR_DOTS` allows.

        Raises:
            ProtocolError: it is empty or has more than `QR_TEXT_MAX` octets.
        """
        octets = len(text.encode())
        if not 0 < octets <= QR_TEXT_MAX:
            raise ProtocolError(
                f"the text of a ticket's QR code has {octets} octets; "
                f"1 to {QR_TEXT_MAX} can be printed so that phones read it: shorten the address"
            )
        version = next(v for v, room in enumerate(_QR_CAPACITY, start=1) if octets <= room)
        module = min(QR_MODULE_MAX, QR_DOTS // (17 + 4 * version))
        self._printer.qr(text, ec=_LEVEL_M, size=module, native=True)

    def cut(self) -> bytes:
        """End the job: feed the paper past the blade and cut it, but for a corner. Return all its octets."""
        self._printer.cut(feed=False)
        return bytes(self._printer.octets)
