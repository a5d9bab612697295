"""From the octets of a body to a value: strict JSON, then strict types, with every mistake pointed to."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, TypeVar, get_args, get_origin

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn, override

from runtime.http.problems import RequestRefused, refuse

T = TypeVar("T")

ERRORS_MAX = 20
"""Mistakes of one body that are told; those beyond are not."""

CHARACTERS_MAX = 64
"""Characters of a text, where its field does not say otherwise."""

ITEMS_MAX = 32
"""Items of a list."""

SHOWN_MAX = 40
"""Characters of a wrong value that are shown."""


def field(
    *,
    about: str,
    json_name: str | None = None,
    characters_max: int = CHARACTERS_MAX,
    default: Any = attrs.NOTHING,
    shown: bool = True,
) -> Any:
    """Declare a field of a body: what it is ``about``, its name in JSON if Python does not allow that one,
    and how long its text may be. One that is not ``shown`` is in no representation, and so in no log."""
    return attrs.field(
        default=default,
        repr=shown,
        metadata={"about": about, "json": json_name, "characters_max": characters_max},
    )


def json_name(attribute: attrs.Attribute[Any]) -> str:
    """Return the name of a field in JSON."""
    return attribute.metadata.get("json") or attribute.name


# -- JSON ----------------------------------------------------------------------------------------


NUMBER_CHARACTERS_MAX = 20
"""Digits of an integer; all that a body of ours may ask for is smaller."""


class _NotAccepted(ValueError):
    """JSON says something that readers differ about."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _NotAccepted(f"the name {name[:SHOWN_MAX]!r} is there twice")
            seen.add(name)
    return found


def _constant(name: str) -> Any:
    raise _NotAccepted(f"{name} is not JSON")


def _float(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise _NotAccepted(f"the number {text[:SHOWN_MAX]} is too large")
    return number


def _int(text: str) -> int:
    if len(text) > NUMBER_CHARACTERS_MAX:
        raise _NotAccepted(f"a number has {len(text)} characters")
    return int(text)


# The standard library's reader, although orjson is faster: orjson lets the last of two equal names win.
_decoder = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_float=_float, parse_int=_int
)


def read_json(octets: bytes) -> Any:
    """Return what the JSON text ``octets`` says.

    Raises:
        RequestRefused: it is not JSON, or it says something in a way that readers differ about.
    """
    try:
        return _decoder.decode(octets.decode("utf-8"))
    except UnicodeDecodeError as error:
        detail = f"the body is not UTF-8 at octet {error.start}"
    except json.JSONDecodeError as error:
        detail = f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
    except RecursionError:
        detail = "the body is nested too deeply"
    except _NotAccepted as error:
        detail = f"the body is not JSON that is accepted: {error}"
    raise refuse("malformed-json", detail)


# -- types ---------------------------------------------------------------------------------------


def _text(given: Any, _: Any) -> str:
    if type(given) is not str:
        raise TypeError(f"must be a string, not {_kind(given)}")
    if not given.isprintable():  # also lone surrogates, which nothing can encode
        raise ValueError("must not contain control or unpaired surrogate characters")
    return given


def _boolean(given: Any, _: Any) -> bool:
    if type(given) is not bool:
        raise TypeError(f"must be true or false, not {_kind(given)}")
    return given


def _whole(given: Any, _: Any) -> int:
    if type(given) is not int:
        raise TypeError(f"must be a whole number, not {_kind(given)}")
    return given


def _number(given: Any, _: Any) -> float:
    if type(given) not in (int, float):
        raise TypeError(f"must be a number, not {_kind(given)}")
    return float(given)


def _list_hook(wanted: Any, converter: cattrs.Converter) -> Callable[[Any, Any], Any]:
    item = get_args(wanted)[0]

    def structure(given: Any, _: Any) -> tuple[Any, ...]:
        if type(given) is not list:
            raise TypeError(f"must be an array, not {_kind(given)}")
        if len(given) > ITEMS_MAX:
            raise ValueError(f"must have at most {ITEMS_MAX} items")
        items = tuple(converter.structure(one, item) for one in given)
        if any(type(one) is str and len(one) > CHARACTERS_MAX for one in items):
            raise ValueError(f"must have items of at most {CHARACTERS_MAX} characters")
        return items

    return structure


def _is_list(wanted: Any) -> bool:
    return get_origin(wanted) is tuple and get_args(wanted)[1:] == (Ellipsis,)


def _enum(given: Any, wanted: type[Enum]) -> Enum:
    try:
        return wanted(given)
    except ValueError:
        allowed = ", ".join(repr(str(member.value)) for member in wanted)
        raise ValueError(f"must be one of {allowed}") from None


def _kind(given: Any) -> str:
    names = {dict: "an object", list: "an array", bool: "a boolean", type(None): "null"}
    names |= {int: "a number", float: "a number", str: "a string"}
    return names.get(type(given), "something else")


def _class_hook(wanted: type, converter: cattrs.Converter) -> Callable[[Any, Any], Any]:
    renamed = {
        attribute.name: override(rename=attribute.metadata["json"])
        for attribute in attrs.fields(wanted)
        if attribute.metadata.get("json")
    }
    make: Callable[[Any, Any], Any] = make_dict_structure_fn(
        wanted,
        converter,
        _cattrs_forbid_extra_keys=True,
        _cattrs_detailed_validation=True,
        **renamed,  # type: ignore[arg-type]
    )

    bounds = [
        (item.name, json_name(item), item.metadata.get("characters_max", CHARACTERS_MAX))
        for item in attrs.fields(wanted)
    ]

    def structure(given: Any, _: Any) -> Any:
        if type(given) is not dict:
            raise TypeError(f"must be an object, not {_kind(given)}")
        made = make(given, wanted)
        for name, shown, characters_max in bounds:
            text = getattr(made, name)
            if type(text) is str and not 0 < len(text) <= characters_max:
                raise _Field(shown, f"must have 1 to {characters_max} characters")
        return made

    return structure


class _Field(ValueError):
    """A mistake in one field that only shows once all are read."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(detail)
        self.name = name


def _is_text(wanted: Any) -> bool:
    """Return whether ``wanted`` is str or an identity made of it (`NewType`)."""
    return getattr(wanted, "__supertype__", wanted) is str


def _strict_converter() -> cattrs.Converter:
    converter = cattrs.Converter(detailed_validation=True, forbid_extra_keys=True)
    converter.register_structure_hook_func(_is_text, _text)
    # Else cattrs takes whatever ``str`` makes a text of. It asks this for enumerations of strings as well.
    converter.register_structure_hook(
        str, lambda given, wanted: _text(given, wanted) if wanted is str else _enum(given, wanted)
    )
    converter.register_structure_hook(bool, _boolean)
    converter.register_structure_hook(int, _whole)
    converter.register_structure_hook(float, _number)
    converter.register_structure_hook_factory(
        _is_list, lambda wanted: _list_hook(wanted, converter)
    )
    converter.register_structure_hook_func(
        lambda wanted: isinstance(wanted, type) and issubclass(wanted, Enum), _enum
    )
    converter.register_structure_hook_factory(
        attrs.has, lambda wanted: _class_hook(wanted, converter)
    )
    return converter


_converter = _strict_converter()


KEPT_MAX = 1_000
KEPT_OCTETS_MAX = 200
"""Of each body that is kept, and how many are; then it begins anew."""

_kept: dict[tuple[type, bytes], Any] = {}
"""What short bodies said that name nobody: a kiosk asks for the same services all day."""


def read_body(octets: bytes, wanted: type[T]) -> T:
    """Return the ``wanted`` value that a body says; an empty body says what an empty object does.

    Raises:
        RequestRefused: `malformed-json`, or `invalid-body` with every mistake pointed to.
    """
    known: T | None = _kept.get((wanted, octets))
    if known is not None:
        return known
    body = _read(octets, wanted)
    if len(octets) <= KEPT_OCTETS_MAX and not _names_somebody(body):
        if len(_kept) >= KEPT_MAX:
            _kept.clear()
        _kept[wanted, octets] = body
    return body


def _names_somebody(body: Any) -> bool:
    """Return whether a field is given that is not to be shown anywhere."""
    return any(
        not item.repr and getattr(body, item.name) is not None for item in attrs.fields(type(body))
    )


def _read(octets: bytes, wanted: type[T]) -> T:
    given = read_json(octets) if octets.strip() else {}
    try:
        return _converter.structure(given, wanted)
    except cattrs.ClassValidationError as error:
        raise _invalid(_mistakes(error), wanted) from None
    except _Field as error:
        raise _invalid([(f"/{error.name}", str(error))], wanted) from None
    except (TypeError, ValueError) as error:
        raise _invalid([("", str(error))], wanted) from None


def _mistakes(error: cattrs.ClassValidationError) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for exception, note in error.group_exceptions()[0]:
        wanted = {item.name: json_name(item) for item in attrs.fields(error.cl) if item.init}
        name = wanted.get(note.name, note.name)
        if isinstance(exception, KeyError):
            found.append((f"/{name}", "is missing"))
        else:
            found.append((f"/{name}", str(exception)))
    for exception in error.group_exceptions()[1]:
        if isinstance(exception, cattrs.ForbiddenExtraKeysError):
            found += (
                (f"/{name}"[:SHOWN_MAX], "is not known here")
                for name in sorted(exception.extra_fields)
            )
        elif isinstance(exception, KeyError):
            found.append((f"/{exception.args[0]}", "is missing"))
        else:
            found.append(("", str(exception)))
    return found


def _invalid(mistakes: list[tuple[str, str]], wanted: type) -> RequestRefused:
    allowed = [json_name(item) for item in attrs.fields(wanted)]
    pointer, detail = mistakes[0]
    what = pointer[1:] or "the body"
    known = f"allowed are: {', '.join(allowed)}" if allowed else "no key is allowed"
    return refuse(
        "invalid-body",
        f"{what} {detail}; {known}",
        errors=[{"pointer": f"#{where}", "detail": why} for where, why in mistakes[:ERRORS_MAX]],
        allowed=allowed,
    )


def required(wanted: type) -> Mapping[str, bool]:
    """Return for each field of ``wanted``, by its name in JSON, whether it must be given."""
    return {json_name(item): item.default is attrs.NOTHING for item in attrs.fields(wanted)}
