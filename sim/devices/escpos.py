"""What an ESC/POS printer makes of its octets: a little interpreter, written from the command reference alone.

It shares nothing with what renders tickets, so that a test reads the paper as a person would: lines of text
with their size, a QR code with its payload, space and the cut. Commands that it does not know are kept in
`Interpreter.unknown`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from functools import lru_cache

import segno

from protocol.values import replace, value

CHARACTER_DOTS = 12
"""The width of an ASCII character at normal size; a Chinese one has twice that. Both are 24 high."""

LINE_DOTS = 24
SPACING_DOTS = 30
"""From line to line unless told otherwise."""

FEED_TO_CUT_DOTS = 120
"""From the print head to the blade."""

PARAMETERS_MAX = 70_000
"""Octets of one command; what claims to be longer is garbage."""


class Align(Enum):
    """Where a line stands."""

    LEFT = 0
    CENTRE = 1
    RIGHT = 2


@value
class Style:
    """How characters look; factors 1 to 8."""

    width: int = 1
    height: int = 1
    bold: bool = False
    inverse: bool = False


@value
class Run:
    """Characters of one style."""

    text: str
    style: Style

    @property
    def dots(self) -> int:
        """The width on paper."""
        return _columns(self.text) * CHARACTER_DOTS * self.style.width


def _columns(text: str) -> int:
    return len(text) if text.isascii() else sum(1 if c < "\x80" else 2 for c in text)


@value
class TextLine:
    """One printed line."""

    runs: tuple[Run, ...]
    align: Align

    @property
    def text(self) -> str:
        """Its characters."""
        return "".join(run.text for run in self.runs)


@value
class QrCode:
    """A printed QR code; ``module`` is the side of its squares in dots, ``level`` one of L, M, Q, H."""

    text: str
    module: int
    level: str
    align: Align


@value
class Space:
    """Paper left white."""

    dots: int


Item = TextLine | QrCode | Space


@value
class Paper:
    """A piece of paper; ``cut`` unless it was torn off."""

    items: tuple[Item, ...]
    cut: bool = True

    @property
    def lines(self) -> tuple[str, ...]:
        """The text on it, line by line."""
        return tuple(item.text for item in self.items if isinstance(item, TextLine))

    @property
    def text(self) -> str:
        """The text on it."""
        return "\n".join(self.lines)

    @property
    def number(self) -> str:
        """What is printed largest; nothing on paper without text."""
        runs = [run for item in self.items if isinstance(item, TextLine) for run in item.runs]
        return max(runs, key=lambda run: run.style.height).text if runs else ""

    @property
    def codes(self) -> tuple[str, ...]:
        """The texts of its QR codes."""
        return tuple(item.text for item in self.items if isinstance(item, QrCode))


@value
class Done:
    """What carrying out one command took: paper moved, a piece cut, a question met."""

    dots: int = 0
    paper: Paper | None = None
    asked_paper: bool = False


NOTHING = Done()

_TEXT = re.compile(rb"[^\x00-\x1f]+")

_ALIKE = str.maketrans("123456789", "000000000")
"""Codes whose texts differ in digits alone are of one size: the numbers of a day's tickets need one look."""


@lru_cache(maxsize=256)
def _squares(text: str, level: str) -> int:
    """Return how many squares wide the code of ``text`` is; which mask it has makes no difference to that."""
    symbol = segno.make_qr(text, error=level, boost_error=False, mask=0)
    return len(symbol.matrix)


class Interpreter:
    """Carries out commands one by one."""

    def __init__(self, columns: int) -> None:
        self.line_dots = columns * CHARACTER_DOTS
        self.unknown: list[bytes] = []
        self.overflows: list[str] = []
        """Lines that did not fit and went on in the next one, and codes too wide for the paper."""
        self._items: list[Item] = []
        self.reset()

    def reset(self) -> None:
        """Go back to the state after power on; what is printed stays printed."""
        self._style = Style()
        self._align = Align.LEFT
        self._spacing = SPACING_DOTS
        self._chinese = False
        self._runs: list[Run] = []
        self._runs_dots = 0
        self._code_text = b""
        self._code_module = 3
        self._code_level = "L"

    def tear(self) -> Paper | None:
        """Take away the paper that hangs out uncut, if there is some with anything on it."""
        items, self._items = tuple(self._items), []
        return Paper(items=items, cut=False) if items else None

    def take(self, buffer: bytearray) -> Done | None:
        """Carry out the first command or text in ``buffer`` and remove it; nothing if it is incomplete.

        Text is what fits the line, or a character.
        """
        if not buffer:
            return None
        first = buffer[0]
        if first in (0x1B, 0x1C, 0x1D):
            return self._command(buffer)
        if first >= 0x20 and self._take_text(buffer):
            return NOTHING
        if first == 0x0A:
            del buffer[0]
            return self._line_feed()
        length = self._character_length(buffer)
        if length is None:
            return None
        octets = bytes(buffer[:length])
        del buffer[:length]
        if first >= 0x20:
            text = octets.decode(self._encoding, "replace")
            dots = _columns(text) * CHARACTER_DOTS * self._style.width
            if self._runs_dots + dots > self.line_dots:
                self.overflows.append("".join(r.text for r in self._runs) + text)
                self._line_feed()
            self._print(text, dots)
        elif first not in (0x00, 0x0D):
            self.unknown.append(octets)
        return NOTHING

    def _character_length(self, buffer: bytearray) -> int | None:
        """Return how many octets the first character has; nothing if they are not all there."""
        if not self._chinese or buffer[0] < 0x81 or buffer[0] == 0xFF:
            return 1
        if len(buffer) < 2:
            return None
        length = 4 if 0x30 <= buffer[1] <= 0x39 else 2
        return length if len(buffer) >= length else None

    @property
    def _encoding(self) -> str:
        return "gb18030" if self._chinese else "cp437"

    def _take_text(self, buffer: bytearray) -> bool:
        """Print all that comes before the next command, if it is whole and fits the line."""
        found = _TEXT.match(buffer)
        assert found is not None
        octets = found[0]
        try:
            text = octets.decode(self._encoding)
        except UnicodeDecodeError:
            return False
        dots = _columns(text) * CHARACTER_DOTS * self._style.width
        if self._runs_dots + dots > self.line_dots:
            return False
        found = None  # a buffer that is looked at cannot change its size
        del buffer[: len(octets)]
        self._print(text, dots)
        return True

    def _print(self, text: str, dots: int) -> None:
        self._runs_dots += dots
        style = self._style
        if self._runs and self._runs[-1].style == style:
            text = self._runs.pop().text + text
        self._runs.append(Run(text=text, style=style))

    def _line_feed(self) -> Done:
        runs, self._runs = tuple(self._runs), []
        self._runs_dots = 0
        if not runs:
            return self._space(self._spacing)
        self._items.append(TextLine(runs=runs, align=self._align))
        height = max([run.style.height for run in runs]) * LINE_DOTS
        return Done(dots=max(height, self._spacing))

    def _space(self, dots: int) -> Done:
        self._items.append(Space(dots=dots))
        return Done(dots=dots)

    # -- commands ---------------------------------------------------------------------------

    def _command(self, buffer: bytearray) -> Done | None:
        if len(buffer) < 2:
            return None
        name = bytes(buffer[:2])
        if name == b"\x1d(":
            return self._long_command(buffer)
        known = _COMMANDS.get(name)
        if known is None:
            self.unknown.append(name)
            del buffer[:2]
            return NOTHING
        parameters, carry_out = known
        if name == b"\x1dV" and len(buffer) > 2 and buffer[2] in (65, 66):
            parameters = 2
        if len(buffer) < 2 + parameters:
            return None
        values = bytes(buffer[2 : 2 + parameters])
        del buffer[: 2 + parameters]
        return carry_out(self, values)

    def _long_command(self, buffer: bytearray) -> Done | None:
        """Carry out ``GS ( x pL pH data``."""
        if len(buffer) < 5:
            return None
        length = 5 + int.from_bytes(buffer[3:5], "little")
        if len(buffer) < length:
            return None
        kind, data = bytes(buffer[:3]), bytes(buffer[5:length])
        del buffer[:length]
        if kind == b"\x1d(k" and data[:1] == b"1" and len(data) >= 2:
            return self._code(data[1], data[2:])
        self.unknown.append(kind)
        return NOTHING

    def _code(self, function: int, data: bytes) -> Done:
        """Carry out one function of the QR code command."""
        match function, tuple(data):
            case 65, [50, 0]:
                pass
            case 67, [module]:
                self._code_module = module
            case 69, [level] if 48 <= level <= 51:
                self._code_level = "LMQH"[level - 48]
            case 80, [48, *_]:
                self._code_text = data[1:]
            case 81, [48]:
                return self._print_code()
            case _:
                self.unknown.append(bytes((function,)) + data)
        return NOTHING

    def _print_code(self) -> Done:
        text = self._code_text.decode("utf-8", "replace")
        code = QrCode(
            text=text, module=self._code_module, level=self._code_level, align=self._align
        )
        side = _squares(text.translate(_ALIKE), self._code_level) * self._code_module
        if side > self.line_dots:
            self.overflows.append(text)
        self._items.append(code)
        return Done(dots=side)

    def _initialise(self, _values: bytes) -> Done:
        self.reset()
        return NOTHING

    def _set_align(self, values: bytes) -> Done:
        self._align = Align(values[0] & 3 if values[0] & 3 < 3 else 0)
        return NOTHING

    def _set_bold(self, values: bytes) -> Done:
        self._style = replace(self._style, bold=bool(values[0] & 1))
        return NOTHING

    def _set_inverse(self, values: bytes) -> Done:
        self._style = replace(self._style, inverse=bool(values[0] & 1))
        return NOTHING

    def _set_size(self, values: bytes) -> Done:
        width, height = (values[0] >> 4 & 7) + 1, (values[0] & 7) + 1
        self._style = replace(self._style, width=width, height=height)
        return NOTHING

    def _set_spacing(self, values: bytes) -> Done:
        self._spacing = values[0] if values else SPACING_DOTS
        return NOTHING

    def _feed_lines(self, values: bytes) -> Done:
        done = self._line_feed() if self._runs else NOTHING
        return Done(dots=done.dots + self._space(values[0] * self._spacing).dots)

    def _feed_dots(self, values: bytes) -> Done:
        done = self._line_feed() if self._runs else NOTHING
        return Done(dots=done.dots + self._space(values[0]).dots)

    def _set_chinese(self, _values: bytes) -> Done:
        self._chinese = True
        return NOTHING

    def _end_chinese(self, _values: bytes) -> Done:
        self._chinese = False
        return NOTHING

    def _ask(self, values: bytes) -> Done:
        return Done(asked_paper=values[0] in (1, 49))

    def _cut(self, values: bytes) -> Done:
        feed = FEED_TO_CUT_DOTS + values[1] if len(values) > 1 else 0
        items, self._items = tuple(self._items), []
        return Done(dots=feed, paper=Paper(items=items) if items else None)

    def _without_effect(self, _values: bytes) -> Done:
        return NOTHING


_COMMANDS: dict[bytes, tuple[int, Callable[[Interpreter, bytes], Done]]] = {
    b"\x1b@": (0, Interpreter._initialise),
    b"\x1ba": (1, Interpreter._set_align),
    b"\x1bE": (1, Interpreter._set_bold),
    b"\x1bd": (1, Interpreter._feed_lines),
    b"\x1bJ": (1, Interpreter._feed_dots),
    b"\x1b2": (0, Interpreter._set_spacing),
    b"\x1b3": (1, Interpreter._set_spacing),
    b"\x1bR": (1, Interpreter._without_effect),
    b"\x1d!": (1, Interpreter._set_size),
    b"\x1dB": (1, Interpreter._set_inverse),
    b"\x1da": (1, Interpreter._without_effect),
    b"\x1db": (1, Interpreter._without_effect),
    b"\x1dr": (1, Interpreter._ask),
    b"\x1dV": (1, Interpreter._cut),
    b"\x1c&": (0, Interpreter._set_chinese),
    b"\x1c.": (0, Interpreter._end_chinese),
}
"""Commands of two octets: how many parameters follow, and what they do."""
