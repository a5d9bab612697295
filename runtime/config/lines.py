"""In which line of a TOML text each key stands, which tomllib does not tell.

A small reader of its own, for texts that tomllib has accepted. It knows tables and keys at the beginning of a
statement; what stands inside an inline table or a list has the line of its statement. Where it finds a key
that tomllib did not find, it has misread the text, and then says nothing about any line.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping

from protocol.values import value

Place = tuple[str | int, ...]
"""The way from the top of the file to a value: keys, and positions in lists (from 0)."""

_TOKEN = re.compile(
    r"""
      (?P<newline>\n)
    | (?P<comment>\#[^\n]*+)
    | (?P<long>\"{3}(?:[^"\\]|\\.|"(?!""))*+\"{3,5} | '{3}(?:[^']|'(?!''))*+'{3,5})
    | (?P<quoted>"(?:[^"\\\n]|\\.)*+" | '[^'\n]*+')
    | (?P<open>[\[{])
    | (?P<close>[\]}])
    | (?P<equals>=)
    | (?P<bare>[^\s\#"'\[\]{}=.,]++)
    """,
    re.VERBOSE | re.DOTALL,
)


@value
class _Statement:
    """``brackets`` is 0 for a key with a value, 1 for a table's header, 2 for that of a list's table."""

    line: int
    brackets: int
    keys: tuple[str, ...]


def key_lines(text: str, tables: Mapping[str, object]) -> dict[Place, int]:
    """Return the line (from 1) of each key of ``text``, which holds ``tables``; nothing if in doubt."""
    lines: dict[Place, int] = {}
    lengths: Counter[Place] = Counter()
    table: Place = ()
    for statement in _statements(text):
        place = table if statement.brackets == 0 else ()
        for number, key in enumerate(statement.keys, start=1):
            place = (*place, key)
            lines.setdefault(place, statement.line)
            if statement.brackets == 2 and number == len(statement.keys):
                lengths[place] += 1
            if place in lengths:
                place = (*place, lengths[place] - 1)
                lines.setdefault(place, statement.line)
        if statement.brackets:
            table = place
            # A table may be opened by the header of one within it before its own comes.
            lines[place] = statement.line
    return lines if all(_is_there(place, tables) for place in lines) else {}


def _statements(text: str) -> Iterator[_Statement]:
    line = 1
    brackets = depth = 0
    keys: list[str] = []
    in_value = False
    for found in _TOKEN.finditer(text):
        token = found[0]
        match found.lastgroup:
            case "newline":
                line += 1
                if depth == 0:
                    brackets, keys, in_value = 0, [], False
            case "long":
                line += token.count("\n")
            case "open" if in_value:
                depth += 1
            case "close" if in_value:
                depth -= 1
            case "open":
                brackets += 1
            case "equals" | "close" if not in_value:
                in_value = True
                yield _Statement(line=line, brackets=brackets, keys=tuple(keys))
                # The second bracket of a header closes nothing of its value, which it has none of.
                depth = brackets - 1 if token == "]" else 0
            case "bare" | "quoted" if not in_value:
                keys.append(_unquoted(token))


def _unquoted(token: str) -> str:
    if token[0] not in "\"'":
        return token
    return str(tomllib.loads(f"key = {token}")["key"])


def _is_there(place: Place, tables: Mapping[str, object]) -> bool:
    here: object = tables
    for key in place:
        match here, key:
            case dict(), str() if key in here:
                here = here[key]
            case list(), int() if key < len(here):
                here = here[key]
            case _:
                return False
    return True
