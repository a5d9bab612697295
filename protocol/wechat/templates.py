"""What a push says: the fields of a template message, or of a subscription notification.

    {"character_string1": {"value": "A010"}, "thing2": {"value": "税务登记"}, "number3": {"value": "3"}}

An account chooses its templates among WeChat's; so which field says what is configuration: `Layout`. A field's
name begins with its kind, which bounds what it may hold:

    thing              20 characters, any text in one line        cut with an ellipsis
    character_string   32 letters, digits and signs of ASCII      others left out
    number             32 digits                                  the number of people ahead alone
    first, keyword, remark of older templates, 200 characters     cut with an ellipsis

Source: WeChat's descriptions of template messages and subscription notifications.
"""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType

from protocol.errors import ConfigError
from protocol.ids import Language
from protocol.values import value

__all__ = ["CallNotice", "Layout", "Notice", "PreliminaryNotice", "Slot", "fields_of", "layout_of"]

THING_CHARACTERS_MAX = 20
STRING_CHARACTERS_MAX = 32
OLD_CHARACTERS_MAX = 200
FIELDS_MAX = 10
"""WeChat's templates have five at most, older ones a few more."""

ELLIPSIS = "…"
NOTHING = "-"
"""Stands where nothing is left: WeChat refuses an empty field."""


@value
class PreliminaryNotice:
    """A ticket's turn comes near: ``ahead`` people are before it."""

    number: str
    service: str
    hall: str
    ahead: int
    language: Language


@value
class CallNotice:
    """A ticket is called to ``counter``; ``again`` if it was before."""

    number: str
    service: str
    hall: str
    counter: str
    language: Language
    again: bool = False


Notice = PreliminaryNotice | CallNotice


class Slot(StrEnum):
    """What a field may say."""

    NUMBER = "number"
    SERVICE = "service"
    HALL = "hall"
    AHEAD = "ahead"
    """How many people are before it: `NOTHING` in a call's push."""
    COUNTER = "counter"
    """`NOTHING` in a preliminary push."""
    NOTE = "note"
    """A short sentence that says what to do."""


@value
class Layout:
    """Which fields a template has, and what each says; made by `layout_of`."""

    fields: tuple[tuple[str, Slot], ...]


@value
class _Words:
    """The sentences of one language, each at most 20 characters with what is filled in."""

    next: str
    ahead: str
    call: str
    again: str


_ZH = _Words(
    next="下一位就是您，请到窗口附近",
    ahead="前面还有{}人，请准备",
    call="请到{}办理",
    again="再次呼叫，请到{}",
)
_EN = _Words(
    next="You are next",
    ahead="{} ahead: get ready",
    call="Go to {}",
    again="Called again: {}",
)
_WORDS: Mapping[str, _Words] = MappingProxyType({"zh": _ZH, "en": _EN})

_FIELD = re.compile(r"([a-z_]+?)([0-9]{0,2})")


def layout_of(fields: Mapping[str, Slot]) -> Layout:
    """Return the layout in which each field, by its name in the template, says what its slot names.

    Raises:
        ConfigError: a name is not of a kind above, or of one that cannot hold its slot; or there is no field,
            or more than ten.
    """
    if not 1 <= len(fields) <= FIELDS_MAX:
        raise ConfigError(f"a template has {len(fields)} fields; allowed are 1 to {FIELDS_MAX}")
    for name, slot in fields.items():
        kind = _kind(name)
        if kind not in _FIT:
            raise ConfigError(
                f"the template's field {name} is of no kind that can be filled in; allowed are"
                f" {', '.join(sorted(_FIT))}, with the number that the template gives it"
            )
        if slot not in _HOLDS.get(kind, Slot):
            raise ConfigError(
                f"the template's field {name} cannot say the {slot}; choose a field of the kind thing"
            )
    return Layout(fields=tuple(fields.items()))


def fields_of(notice: Notice, layout: Layout) -> dict[str, dict[str, str]]:
    """Return the ``data`` of the message that says ``notice``, each text within what its field may hold."""
    said = _said(notice)
    return {name: {"value": _FIT[_kind(name)](said[slot])} for name, slot in layout.fields}


def _kind(name: str) -> str:
    found = _FIELD.fullmatch(name)
    return found[1] if found else ""


def _said(notice: Notice) -> Mapping[Slot, str]:
    words = _WORDS.get(notice.language.partition("-")[0], _ZH)
    said = {Slot.NUMBER: notice.number, Slot.SERVICE: notice.service, Slot.HALL: notice.hall}
    match notice:
        case PreliminaryNotice():
            note = words.ahead.format(notice.ahead) if notice.ahead else words.next
            return said | {Slot.AHEAD: str(notice.ahead), Slot.COUNTER: NOTHING, Slot.NOTE: note}
        case CallNotice():
            note = (words.again if notice.again else words.call).format(notice.counter)
            return said | {Slot.AHEAD: "0", Slot.COUNTER: notice.counter, Slot.NOTE: note}


def _cut(text: str, most: int) -> str:
    """Return ``text`` in one line of at most ``most`` UTF-16 units: by what WeChat counts nobody says."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    if _units(line) <= most:
        return line or NOTHING
    while _units(line) > most - 1:
        line = line[:-1]
    return line.rstrip() + ELLIPSIS


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _thing(text: str) -> str:
    return _cut(text, THING_CHARACTERS_MAX)


def _old(text: str) -> str:
    return _cut(text, OLD_CHARACTERS_MAX)


def _character_string(text: str) -> str:
    kept = "".join(each for each in text if "!" <= each <= "~")
    return kept[:STRING_CHARACTERS_MAX] or NOTHING


def _number(text: str) -> str:
    return text


_FIT: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "thing": _thing,
        "character_string": _character_string,
        "number": _number,
        "first": _old,
        "keyword": _old,
        "remark": _old,
    }
)
"""How each kind of field makes a text fit."""

_HOLDS: Mapping[str, frozenset[Slot]] = MappingProxyType(
    {
        "number": frozenset({Slot.AHEAD}),
        "character_string": frozenset({Slot.NUMBER, Slot.AHEAD, Slot.COUNTER}),
    }
)
"""What those kinds of fields can say that cannot say everything."""
