"""What the fields of a template may hold: their names end in digits and begin with the kind, ``thing1``.

Source: WeChat's documentation of template messages and subscription notifications, as far as the fact sheet
confirms it (``thing`` and ``number``); the other bounds are unsure and as strict as the documentation reads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from protocol.values import value
from sim.wechat.codes import Code, Refused

__all__ = ["Template", "check_fields"]

OLD_FIELD_MAX: Final = 200
"""Characters in a field of a template of the old kind (``first``, ``keyword1``, ``remark``)."""

_KINDS: Final[Mapping[str, re.Pattern[str]]] = {
    "thing": re.compile(r".{1,20}"),
    "number": re.compile(r"[+-]?\d{1,32}(\.\d+)?"),
    "letter": re.compile(r"[A-Za-z]{1,32}"),
    "symbol": re.compile(r"[^\w\s]{1,5}"),
    "character_string": re.compile(r"[\x20-\x7e]{1,32}"),
    "time": re.compile(r".{1,32}"),
    "date": re.compile(r".{1,32}"),
    "amount": re.compile(r".?\d{1,10}(\.\d+)?.?"),
    "phone_number": re.compile(r"[\d+ -]{1,17}"),
    "car_number": re.compile(r"\w{1,8}"),
    "name": re.compile(r".{1,20}"),
    "phrase": re.compile(r"[\u4e00-\u9fff]{1,5}"),
    "const": re.compile(r".{1,20}"),
}


@value
class Template:
    """A template that an account has: a push in a fixed form."""

    id: str
    title: str
    fields: tuple[str, ...]
    """Names of its fields in their order: ``thing1``, ``character_string2``."""
    long_term: bool = False
    """A consent to it is not used up: only public services get such."""


def check_fields(template: Template, data: Any) -> tuple[tuple[str, str], ...]:
    """Return the fields of ``data`` as (name, text), in the template's order. Others are left out (unsure).

    Raises:
        Refused: 47001 if it is no object; 47003 if a field is missing, empty, or not what its kind allows.
    """
    if not isinstance(data, dict):
        raise Refused(Code.NOT_JSON, "data is not an object")
    return tuple((name, _checked(name, data.get(name))) for name in template.fields)


def _checked(name: str, field: Any) -> str:
    if isinstance(field, dict):
        text = field.get("value")
    else:
        raise Refused(Code.ARGUMENT, f"data.{name}.value is empty")
    # Numbers are taken as their digits: clients send both.
    if isinstance(text, int | float) and not isinstance(text, bool):
        text = str(text)
    if not isinstance(text, str) or not text.strip():
        raise Refused(Code.ARGUMENT, f"data.{name}.value is empty")
    allowed = _KINDS.get(name.rstrip("0123456789"))
    if allowed is None:
        if len(text) > OLD_FIELD_MAX:
            raise Refused(Code.ARGUMENT, f"data.{name}.value is over limit")
    elif not allowed.fullmatch(text):
        raise Refused(Code.ARGUMENT, f"data.{name}.value invalid")
    return text
