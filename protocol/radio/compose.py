"""Payloads as people write them: by name and fields.

    press next --boot 1 --sequence 7          KeyPress(boot=1, sequence=7, key=NEXT)
    show --version 3 --state called A010      Show(version=3, state=CALLED, text="A010")
    show-many 30:2:called:A010 31:5:closed    ShowMany(entries=(ShowEntry(address=30, ...), ...))

Every field may be given as ``--name value``. Words alone fill first the fields that are choices, then text, as
far as these were not given by name; several windows are words of their own. Numbers are decimal, or hex behind
0x.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any, get_args, get_type_hints

import attrs

from protocol.errors import ProtocolError
from protocol.radio.payloads import Downlink, KeyPress, ShowEntry, Uplink

__all__ = ["PAYLOADS", "compose", "usage"]

NUMBER = re.compile(r"[0-9]{1,10}|0x[0-9a-fA-F]{1,8}")

YES_OR_NO: Mapping[str, bool] = {"yes": True, "no": False}

ENTRY = "ADDRESS:VERSION:STATE[:TEXT]"


def _spoken(name: str) -> str:
    """Return a class's or a field's name as it is written in a command."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", "-", name).lower()


PAYLOADS: Mapping[str, type[Any]] = {
    "press" if kind is KeyPress else _spoken(kind.__name__): kind
    for union in (Uplink, Downlink)
    for kind in get_args(union)
}
"""Every payload by its name in a command."""


def compose(words: Sequence[str]) -> Uplink | Downlink:
    """Return the payload that ``words`` name; its numbers are not checked for their ranges.

    Raises:
        ProtocolError: the words name no payload; the message says what to write.
    """
    if not words:
        raise ProtocolError(f"a payload is needed; there are {', '.join(PAYLOADS)}")
    name, *rest = words
    kind = PAYLOADS.get(name)
    if kind is None:
        raise ProtocolError(f"there is no payload {name!r}; there are {', '.join(PAYLOADS)}")
    types = get_type_hints(kind)
    try:
        given, alone = _by_name(rest, types)
        given |= _alone(alone, {field: types[field] for field in types if field not in given})
        missing = [
            f"--{_spoken(field.name)}"
            for field in attrs.fields(kind)
            if field.default is attrs.NOTHING and field.name not in given
        ]
        if missing:
            raise ProtocolError(f"{', '.join(missing)} is missing")
    except ProtocolError as error:
        raise ProtocolError(f"{name}: {error}; write: {usage(name)}") from error
    payload: Uplink | Downlink = kind(**given)
    return payload


def usage(name: str) -> str:
    """Return how the payload ``name`` is written."""
    types = get_type_hints(PAYLOADS[name])
    parts = [name]
    for field in attrs.fields(PAYLOADS[name]):
        kind, must = types[field.name], field.default is attrs.NOTHING
        if kind is str:
            part = "[TEXT]"
        elif _is_choice(kind):
            part = "|".join(_spoken(member.name) for member in kind)
            part = f"{{{part}}}" if must else f"[--{_spoken(field.name)} {{{part}}}]"
        elif kind == tuple[ShowEntry, ...]:
            part = f"{ENTRY} ..."
        elif kind is bool:
            part = f"[--{_spoken(field.name)} {{{'|'.join(YES_OR_NO)}}}]"
        else:
            value = "HEX" if kind is bytes else "NUMBER"
            part = f"--{_spoken(field.name)} {value}"
            part = part if must else f"[{part}]"
        parts.append(part)
    return " ".join(parts)


def _by_name(words: Sequence[str], types: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the fields that are given by name, and the other words."""
    given: dict[str, Any] = {}
    alone: list[str] = []
    fields = {f"--{_spoken(field)}": field for field in types}
    waiting = iter(words)
    for word in waiting:
        option, equals, value = word.partition("=")
        if not word.startswith("--"):
            alone.append(word)
            continue
        if option not in fields:
            raise ProtocolError(f"it has no field {option}")
        field = fields[option]
        if field in given:
            raise ProtocolError(f"{option} is given twice")
        value = value if equals else next(waiting, "")
        given[field] = _parsed(option, value, types[field])
    return given, alone


def _alone(words: Sequence[str], types: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that words alone fill."""
    waiting = list(words)
    given: dict[str, Any] = {}
    for field in sorted(types, key=lambda field: not _is_choice(types[field])):
        kind = types[field]
        if not waiting:
            break
        if _is_choice(kind) or kind is str:
            given[field] = _parsed(field, waiting.pop(0), kind)
        elif kind == tuple[ShowEntry, ...]:
            given[field] = tuple(_entry(word) for word in waiting)
            waiting.clear()
    if waiting:
        raise ProtocolError(f"{waiting[0]!r} is one word too many; quote a text with spaces")
    return given


def _parsed(name: str, text: str, kind: Any) -> Any:
    if kind is str:
        return text
    if kind is bytes:
        return _octets(name, text)
    if _is_choice(kind):
        return _choice(name, text, kind)
    if kind is bool:
        if text not in YES_OR_NO:
            raise ProtocolError(f"{name} is one of {', '.join(YES_OR_NO)}, not {text!r}")
        return YES_OR_NO[text]
    if kind == tuple[ShowEntry, ...]:
        return (_entry(text),)
    if not NUMBER.fullmatch(text):
        raise ProtocolError(f"{name} is a number, not {text!r}")
    return int(text, 0) if text.startswith("0x") else int(text)


def _octets(name: str, text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise ProtocolError(f"{name} is of hex digits, two for each octet, not {text!r}") from None


def _choice(name: str, text: str, kind: type[IntEnum]) -> IntEnum:
    choices = {_spoken(member.name): member for member in kind}
    try:
        return choices[_spoken(text)]
    except KeyError:
        raise ProtocolError(f"{name} is one of {', '.join(choices)}, not {text!r}") from None


def _entry(word: str) -> ShowEntry:
    address, version, state, *text = [*word.split(":", 3), "", ""][:4]
    types = get_type_hints(ShowEntry)
    return ShowEntry(
        address=_parsed("address", address, int),
        version=_parsed("version", version, int),
        state=_parsed("state", state, types["state"]),
        text=text[0],
    )


def _is_choice(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, IntEnum)
