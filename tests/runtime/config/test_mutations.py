"""Whatever is done to a configuration, it is read or refused with `ConfigError`: nothing else happens."""

import contextlib
import json
import tomllib
from datetime import date, datetime, time
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from protocol.errors import ConfigError
from runtime.config.document import parse_document
from runtime.config.lines import Place
from runtime.config.load import EXAMPLE, parse_config
from runtime.config.model import Config

EXAMPLES = 60
"""Of each test: one takes a fortieth of a second. Three thousand of each were run once."""

TEXT = EXAMPLE.read_text("utf-8")
TABLES = tomllib.loads(TEXT)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)
# TOML knows no fold.
TIMES = (st.times() | st.datetimes()).map(lambda at: at.replace(fold=0))
SCALARS = TEXTS | st.integers() | st.floats() | st.booleans() | TIMES | st.dates()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def places_in(value: Any, place: Place = ()) -> list[Place]:
    """Every place below ``value``."""
    match value:
        case dict():
            inner = [(key, part) for key, part in value.items()]
        case list():
            inner = list(enumerate(value))
        case _:
            inner = []
    below = [places_in(part, (*place, key)) for key, part in inner]
    return [*([place] if place else []), *(one for those in below for one in those)]


PLACES = places_in(TABLES)
KEYS = sorted({key for place in PLACES for key in place if isinstance(key, str)})


def written(value: Any) -> str:
    """Return ``value`` as TOML, in one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case float() | int():
            return repr(value)
        case datetime() | date() | time():
            return value.isoformat()
        case list():
            return f"[{', '.join(map(written, value))}]"
        case dict():
            return f"{{{', '.join(f'{written(key)} = {written(part)}' for key, part in value.items())}}}"
    raise AssertionError(value)


def read(tables: dict[str, Any]) -> Config | None:
    text = "\n".join(f"{written(key)} = {written(value)}" for key, value in tables.items())
    assert repr(tomllib.loads(text)) == repr(tables)
    return read_text(text)


def read_text(text: str) -> Config | None:
    with contextlib.suppress(ConfigError):
        return parse_config(text, "hall.toml")
    return None


def mutated(place: Place, change: Any) -> dict[str, Any]:
    """Return the tables of the example after ``change(parent, key)`` at ``place``."""
    tables: dict[str, Any] = tomllib.loads(TEXT)
    parent: Any = tables
    for key in place[:-1]:
        parent = parent[key]
    change(parent, place[-1])
    return tables


@settings(max_examples=EXAMPLES)
@given(place=st.sampled_from(PLACES), value=VALUES)
@example(place=("hall", 0, "id"), value="")
@example(place=("hall", 0, "service", 0), value=5)
def test_value_replaced_anywhere_is_read_or_refused(place: Place, value: Any) -> None:
    read(mutated(place, lambda parent, key: parent.__setitem__(key, value)))


@settings(max_examples=EXAMPLES)
@given(
    place=st.sampled_from([place for place in PLACES if isinstance(place[-1], str)]),
    name=st.sampled_from(KEYS) | TEXTS,
)
def test_key_renamed_anywhere_is_read_or_refused(place: Place, name: str) -> None:
    read(mutated(place, lambda parent, key: parent.__setitem__(name, parent.pop(key))))


@settings(max_examples=EXAMPLES)
@given(place=st.sampled_from(PLACES))
def test_value_removed_anywhere_is_read_or_refused(place: Place) -> None:
    read(mutated(place, lambda parent, key: parent.__delitem__(key)))


@settings(max_examples=EXAMPLES)
@given(one=st.sampled_from(PLACES), other=st.sampled_from(PLACES))
def test_value_copied_to_another_place_is_read_or_refused(one: Place, other: Place) -> None:
    value: Any = TABLES
    for key in one:
        value = value[key]
    read(mutated(other, lambda parent, key: parent.__setitem__(key, value)))


@settings(max_examples=EXAMPLES)
@given(
    start=st.integers(0, len(TEXT)),
    length=st.integers(0, 300),
    new=st.text(st.sampled_from("ab=.[]{}\"'#\\\n ,1"), max_size=12) | TEXTS,
)
def test_text_changed_anywhere_is_read_or_refused(start: int, length: int, new: str) -> None:
    text = TEXT[:start] + new + TEXT[start + length :]
    read_text(text)
    try:
        document = parse_document(text, "hall.toml")
    except ConfigError:
        return
    # A line that is told holds its key (unless that was written with an escape).
    lines = text.split("\n")
    for place, line in document.lines.items():
        name = next(str(key) for key in reversed(place) if isinstance(key, str))
        assert name in lines[line - 1] or "\\" in lines[line - 1]


def test_mutations_that_change_nothing_are_read() -> None:
    """So that the tests above are known to reach both ends."""
    tables = mutated(PLACES[0], lambda parent, key: parent.__setitem__(key, parent[key]))
    assert read(tables) is not None
    assert read({}) is None
