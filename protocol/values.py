"""How value classes are declared: attrs, slots, keyword-only, not to be changed.

attrs enforces ``frozen`` with slots by assigning every field through ``object.__setattr__``, which makes
construction about three times as slow (2.8 against 1.0 microseconds for eight fields where this was
measured). A hall makes several values for each command and the simulation's rate follows that cost, so
immutability is the type checker's to enforce: ``mypy --strict`` refuses an assignment to a field, and at
run time the class is an ordinary slotted one with equality and a hash.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, dataclass_transform

import attrs

T = TypeVar("T")
P = ParamSpec("P")

__all__ = ["copied", "maker", "replace", "value"]

if TYPE_CHECKING:

    @dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(attrs.field,))
    def value(cls: type[T], /) -> type[T]:
        """Make ``cls`` a value class."""
        ...
else:
    value = attrs.define(kw_only=True, slots=True, eq=True, unsafe_hash=True)


def maker(cls: Callable[P, T]) -> Callable[P, T]:
    """Return a function that makes values of the class ``cls`` as calling it does, in half the time.

    Calling a class packs the arguments into a dict, which its ``__init__`` unpacks again; a function does not.
    For what is made for each command; elsewhere call the class.

    Raises:
        TypeError: a field has a factory, a converter or a validator, or is not given by name; call the class.
    """
    parameters, lines, namespace = [], [], {"cls": cls, "new": cls.__new__}
    for field in attrs.fields(cls):  # type: ignore[arg-type]
        default, name = field.default, field.name
        if isinstance(default, attrs.Factory) or field.converter or field.validator:  # type: ignore[arg-type]
            raise TypeError(f"{cls}: field {name} needs more than an assignment")
        parameters.append(name if default is attrs.NOTHING else f"{name}=default_{name}")
        lines.append(f"    made.{name} = {name}")
        namespace[f"default_{name}"] = default
    made = ["    made = new(cls)", *lines, "    return made"]
    exec("\n".join([f"def make(*, {', '.join(parameters)}):", *made]), namespace)
    return namespace["make"]  # type: ignore[return-value]


def copied(original: T, /) -> T:
    """Return a copy of the value ``original``."""
    try:
        return _COPIES[type(original)](original)  # type: ignore[no-any-return]
    except KeyError:
        return _make_copy(type(original))(original)  # type: ignore[no-any-return]


def replace(original: T, /, **changes: Any) -> T:
    """Return a copy of the value ``original`` in which the fields ``changes`` differ.

    Does what `attrs.evolve` does, without its converters and validators, in a fifth of the time: a hall
    makes a few such copies for every event.
    """
    copy = copied(original)
    for name, changed in changes.items():
        setattr(copy, name, changed)
    return copy


_COPIES: dict[type, Callable[[Any], Any]] = {}


def _make_copy(cls: type) -> Callable[[Any], Any]:
    """Write the function that copies a value slot by slot, as attrs writes ``__init__``."""
    lines = [
        "def copy(original):",
        "    copy = new(cls)",
        *(f"    copy.{field.name} = original.{field.name}" for field in attrs.fields(cls)),
        "    return copy",
    ]
    namespace: dict[str, Any] = {"cls": cls, "new": cls.__new__}
    exec("\n".join(lines), namespace)
    _COPIES[cls] = namespace["copy"]
    return _COPIES[cls]
