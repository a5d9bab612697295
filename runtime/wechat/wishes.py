"""What a callback asks for: a pure reading, before any hall is asked."""

from __future__ import annotations

import unicodedata
from enum import StrEnum

from protocol.errors import SceneError, SceneExpired, SceneForged
from protocol.ids import HallId, Language, TicketId
from protocol.values import value
from protocol.wechat.callback import (
    Callback,
    Followed,
    MenuClicked,
    Scanned,
    TextSaid,
    Unfollowed,
)
from protocol.wechat.scene import read_scene
from runtime.wechat.numbers import Number, read_number

__all__ = [
    "PROGRESS_KEY",
    "BadCode",
    "CodeTrouble",
    "FollowTheTicket",
    "LetGo",
    "Nothing",
    "TellHelp",
    "TellNumber",
    "TellProgress",
    "Welcome",
    "Wish",
    "language_of",
    "wish_of",
]

PROGRESS_KEY = "progress"
"""Of the menu's button that asks for the progress."""

ZH, EN = Language("zh"), Language("en")

_WORDS = {
    ZH: frozenset({"进度", "进程", "排队", "查询", "排队进度", "查询进度", "我的号", "进度查询"}),
    EN: frozenset({"progress", "queue", "status", "ticket", "my ticket"}),
}
"""What people write who want to know how far it is."""

_STOPS = " .,!?。，！？"


class CodeTrouble(StrEnum):
    """Why a QR code leads to no ticket."""

    EXPIRED = "expired"
    FORGED = "forged"
    FOREIGN = "foreign"
    """It is none of a ticket: another code of the account."""


@value
class FollowTheTicket:
    """Follow the ticket whose code was scanned."""

    hall: HallId
    ticket: TicketId


@value
class BadCode:
    """Say why the code that was scanned leads nowhere."""

    trouble: CodeTrouble


@value
class Welcome:
    """Greet somebody new."""


@value
class LetGo:
    """Let every ticket go that the person follows."""


@value
class TellProgress:
    """Say how far it is with the tickets that the person follows."""

    language: Language | None = None
    """In which it was asked for, if that can be told."""


@value
class TellNumber:
    """Say how far it is with one number."""

    number: Number
    typed: str


@value
class TellHelp:
    """Say what can be written."""

    language: Language | None = None


@value
class Nothing:
    """Nobody waits for an answer."""


Wish = FollowTheTicket | BadCode | Welcome | LetGo | TellProgress | TellNumber | TellHelp | Nothing


def wish_of(callback: Callback, scene_key: bytes, now_s: float) -> Wish:
    """Return what ``callback`` asks for; ``scene_key`` is what tickets' scenes are made with.

    ``now_s`` is Unix time.
    """
    match callback:
        case Followed(scene=None):
            return Welcome()
        case Followed(scene=str(scene)):
            wish = _of_scene(scene, scene_key, now_s)
            # Who comes by a poster's code has come all the same.
            return Welcome() if wish == BadCode(trouble=CodeTrouble.FOREIGN) else wish
        case Scanned(scene=scene):
            return _of_scene(scene, scene_key, now_s)
        case Unfollowed():
            return LetGo()
        case TextSaid(text=text):
            return _of_text(text)
        case MenuClicked(key=key):
            return TellProgress() if key == PROGRESS_KEY else TellHelp()
    return Nothing()


def _of_scene(scene: str, key: bytes, now_s: float) -> FollowTheTicket | BadCode:
    try:
        hall, ticket = read_scene(key, scene, now_s)
    except SceneExpired:
        return BadCode(trouble=CodeTrouble.EXPIRED)
    except SceneForged:
        return BadCode(trouble=CodeTrouble.FORGED)
    except SceneError:
        return BadCode(trouble=CodeTrouble.FOREIGN)
    return FollowTheTicket(hall=hall, ticket=ticket)


def _of_text(text: str) -> Wish:
    number = read_number(text)
    if number is not None:
        return TellNumber(number=number, typed=text)
    said = " ".join(unicodedata.normalize("NFKC", text).casefold().strip(_STOPS).split())
    for language, words in _WORDS.items():
        if said in words:
            return TellProgress(language=language)
    return TellHelp(language=language_of(text))


def language_of(text: str) -> Language | None:
    """Return in which of the two languages that are answered ``text`` is written, if it can be told."""
    if any("\u4e00" <= each <= "\u9fff" for each in text):
        return ZH
    return EN if any(each.isascii() and each.isalpha() for each in text) else None
