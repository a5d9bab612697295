"""What the page of phones is told of the stand-in: the newest of everything, so that it stays short."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from runtime.stand_in.model import Model, People, ShownMessage, ShownTrouble

__all__ = ["links_of", "state_view"]

PEOPLE_SHOWN: Final = 60
MESSAGES_SHOWN: Final = 20
"""Of each phone."""
CODES_SHOWN: Final = 20
ENDS_SHOWN: Final = 8
"""Callbacks that are over."""

_LINK: Final = re.compile(r"https?://[!-~]+")


def state_view(model: Model, now_s: float) -> Mapping[str, Any]:
    """Return everything as JSON can say it; times are seconds of Unix time."""
    people = model.people
    return {
        "now_s": now_s,
        "menu": [_button(each) for each in people.menu()],
        "notifications": [{"id": each.id, "title": each.title} for each in people.notifications()],
        "codes": [
            {"ticket": each.ticket, "scene": each.scene, "ends_s": each.ends_s}
            for each in people.codes(CODES_SHOWN, now_s)
        ],
        "people": [_person(people, name) for name in people.names[:PEOPLE_SHOWN]],
        "troubles": [_trouble(each, now_s) for each in model.troubles.on(now_s)],
        "callbacks": [
            {
                "what": each.what,
                "outcome": each.outcome,
                "attempts": each.attempts,
                "reason": each.reason,
                "at_s": each.at_s,
            }
            for each in islice(reversed(model.deliveries.ended), ENDS_SHOWN)
        ],
    }


def links_of(people: People, name: str) -> frozenset[str]:
    """Return every address that ``name`` can touch: in messages, and on the menu's buttons."""
    found: set[str] = set()
    for message in people.phone(name):
        if message.link is not None:
            found.add(message.link)
        found.update(_LINK.findall(message.text))
    for top in people.menu():
        found.update(each["url"] for each in (top, *top.get("sub_button", ())) if "url" in each)
    return frozenset(found)


def _person(people: People, name: str) -> Mapping[str, Any]:
    contact = people.contact(name)
    return {
        "name": name,
        "openid": contact.openid,
        "following": contact.following,
        "blocks": contact.blocks,
        "virtual": contact.virtual is not None,
        "consents": contact.consents,
        "messages": [_message(each) for each in people.phone(name)[-MESSAGES_SHOWN:]],
    }


def _message(message: ShownMessage) -> Mapping[str, Any]:
    return {
        # A browser's numbers are too short for it.
        "id": str(message.id),
        "kind": message.kind,
        "title": message.title,
        "text": message.text,
        "fields": [list(each) for each in message.fields],
        "link": message.link,
        "at_s": message.at_s,
    }


def _button(button: Mapping[str, Any]) -> Mapping[str, Any]:
    below = [_button(each) for each in button.get("sub_button", ())]
    key = button.get("key") or button.get("url") or button.get("name")
    return {"name": button["name"], "key": key, "url": button.get("url"), "below": below}


def _trouble(trouble: ShownTrouble, now_s: float) -> Mapping[str, Any]:
    return {
        "kind": trouble.ill,
        "path": trouble.path,
        "percent": round(trouble.probability * 100),
        "left_s": trouble.ends_s - now_s,
    }
