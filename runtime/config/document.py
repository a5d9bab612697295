"""A configuration file as it was typed: its tables, and where in the file each key stands."""

import codecs
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from protocol.errors import ConfigError
from protocol.values import value
from runtime.config.lines import Place, key_lines
from runtime.config.model import FILE_OCTETS_MAX

__all__ = ["Document", "Place", "parse_document", "read_text"]

_KEY_SHOWN_MAX = 40

_AT_LINE = re.compile(r"at line ([0-9]+), (column [0-9]+)")
"""How tomllib says where a text is no TOML."""


@value
class Document:
    """The tables of a file. ``lines`` has the lines of the keys, or nothing where they are unknown."""

    source: str
    tables: Mapping[str, object]
    lines: Mapping[Place, int]

    def line(self, place: Place) -> int | None:
        """Return the line of ``place``, or else of the nearest table around it."""
        for length in range(len(place), 0, -1):
            if (line := self.lines.get(place[:length])) is not None:
                return line
        return None

    def label(self, place: Place) -> str:
        """Return ``place`` for people: ``hall HZ01 / service tax / prefix``.

        Tables are called by their id, or by their number (from 1) where the id is missing or not unique.
        """
        parts: list[str] = []
        here: object = self.tables
        for key in place:
            if isinstance(key, int) and isinstance(here, list):
                parts[-1] = f"{parts[-1]} {_call(here, key)}"
                here = here[key]
            else:
                parts.append(_shorten(str(key)))
                here = here.get(key) if isinstance(here, dict) else None
        return " / ".join(parts)


def _shorten(key: str) -> str:
    short = key if len(key) <= _KEY_SHOWN_MAX else key[:_KEY_SHOWN_MAX] + "…"
    return short if short.isprintable() else repr(short)


def _call(items: list[object], index: int) -> str:
    names = [_name_of(item) for item in items]
    if names[index] is None:
        return str(index + 1)
    if names.count(names[index]) > 1:
        return f"{index + 1} ({names[index]})"
    return str(names[index])


def _name_of(item: object) -> str | None:
    if not isinstance(item, dict):
        return None
    name = item.get("id", item.get("address"))
    if isinstance(name, str) and name and _shorten(name) == name:
        return name
    return str(name) if type(name) is int and abs(name) < 1000 else None


def read_text(path: Path) -> str:
    """Return the text of the file at ``path``.

    Raises:
        ConfigError: there is no such file, it is over `FILE_OCTETS_MAX` or not UTF-8.
    """
    try:
        with path.open("rb") as file:
            octets = file.read(FILE_OCTETS_MAX + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(
            f"{path}: cannot be read: {reason}; give the path of a TOML file"
        ) from error
    if len(octets) > FILE_OCTETS_MAX:
        raise ConfigError(f"{path}: is too large; at most {FILE_OCTETS_MAX} octets are allowed")
    try:
        # Windows editors begin a file with this mark.
        return octets.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: is not UTF-8; save the file as UTF-8") from error


def parse_document(text: str, source: str) -> Document:
    """Return the tables that ``text`` holds.

    Raises:
        ConfigError: ``text`` is no TOML or over `FILE_OCTETS_MAX` characters.
    """
    if len(text) > FILE_OCTETS_MAX:
        raise ConfigError(f"{source}: is too large; at most {FILE_OCTETS_MAX} octets are allowed")
    try:
        tables = tomllib.loads(text)
    except RecursionError as error:
        raise ConfigError(f"{source}: is nested too deep; tables need no more than five") from error
    except ValueError as error:
        wrong = _AT_LINE.sub(r"\2", str(error))
        place = f"{source}:{found[1]}" if (found := _AT_LINE.search(str(error))) else source
        raise ConfigError(
            f"{place}: is not TOML: {wrong}; `paihao config example` shows how it is written"
        ) from error
    return Document(source=source, tables=tables, lines=key_lines(text, tables))
