"""The texts of the pages, and the language that a browser wants them in.

The texts are in ``static/text-zh.json`` and ``static/text-en.json``: templates and scripts use the same ones.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from types import MappingProxyType
from zoneinfo import ZoneInfo

from protocol.ids import Language
from runtime.http.request import HttpRequest

COOKIE = b"lang"

CHOSEN_AGE_S = 365 * 24 * 3600
"""How long a browser keeps the language that was chosen."""


def _load(language: str) -> Mapping[str, str]:
    text = (files(__package__) / "static" / f"text-{language}.json").read_text("utf-8")
    return MappingProxyType(json.loads(text))


TEXTS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {Language("zh"): _load("zh"), Language("en"): _load("en")}
)
"""The texts by language. Names of services and counters may have more languages than the pages."""

FALLBACK = Language("en")


def text_in(language: Language, key: str) -> str:
    """Return the text of ``key`` in ``language``, or in English where the pages do not speak it."""
    return TEXTS.get(language, TEXTS[FALLBACK])[key]


def moment(language: Language, at: datetime, time_zone: str, now: datetime) -> str:
    """Return ``at`` as a person says it at ``now`` (both aware) in the zone: ``tomorrow at 09:00``."""
    zone = ZoneInfo(time_zone)
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    days = (local.date() - today).days
    key = {0: "when.today", 1: "when.tomorrow"}.get(days, "when.day")
    return text_in(language, key).format(
        time=f"{local:%H:%M}",
        day=local.date().isoformat(),
        weekday=text_in(language, f"when.weekday.{local.isoweekday()}"),
    )


def wanted(
    request: HttpRequest, available: Sequence[Language], *, settings: bool = True
) -> Language:
    """Return the language of ``available`` that a browser wants: by ``?lang=``, its cookie, its settings.

    The first one if it wants none of them. A browser's ``settings`` say nothing where it is not the
    reader's own.
    """
    asked = [value.decode("ascii", "replace") for value in request.query_values(b"lang")]
    asked += _of_cookie(request.header(b"cookie") or b"")
    if settings:
        asked += _of_settings(request.header(b"accept-language") or b"")
    for tag in asked:
        for language in available:
            if tag.lower() == language.lower() or tag.lower().split("-")[0] == language.lower():
                return language
    return available[0]


def _of_cookie(header: bytes) -> list[str]:
    for pair in header.split(b";"):
        name, _, given = pair.strip().partition(b"=")
        if name == COOKIE:
            return [given.decode("ascii", "replace")]
    return []


def _of_settings(header: bytes) -> list[str]:
    """Return the tags of an Accept-Language header, the most wanted first."""
    weighted = []
    for part in header.decode("ascii", "replace").split(",")[:20]:
        tag, _, parameters = part.strip().partition(";")
        weight = parameters.strip().removeprefix("q=") or "1"
        try:
            weighted.append((-float(weight), tag.strip()))
        except ValueError:
            continue
    return [tag for _, tag in sorted(weighted, key=lambda pair: pair[0])]
