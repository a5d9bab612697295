"""Parametric QR codes: who scans one tells the account its scene.

A temporary code ends after 30 days at most, and after 60 s if nothing is said; a permanent one does not.
100,000 codes are made a day at most, which bounds what is kept.
"""

from __future__ import annotations

from io import BytesIO
from itertools import islice
from random import Random
from string import ascii_letters, digits
from typing import Any, Final

import attrs
import segno

from protocol.values import value
from sim.wechat.codes import Code, Refused

__all__ = ["QrCode", "QrCodes", "picture"]

EXPIRE_S_MAX: Final = 2_592_000
EXPIRE_S_DEFAULT: Final = 60
SCENE_MAX: Final = 64
"""Characters of a scene that is a string."""
SCENE_NUMBER_MAX: Final = 2**32 - 1
PERMANENT_NUMBER_MAX: Final = 100_000
SWEEP_MIN: Final = 1_000
"""Codes that are kept before ended ones are looked for."""

_LETTERS: Final = ascii_letters + digits + "-_"


@value
class QrCode:
    """A code that was made."""

    ticket: str
    url: str
    """What its picture holds."""
    scene: str
    """A number's digits if the scene is a number."""
    number: int = 0
    """The scene, if it is a number."""
    ends_s: float | None


@attrs.define
class _Wish:
    scene: str
    number: int
    expire_s: int | None


class QrCodes:
    """The codes of one account, which has ``permanent_max`` without an end at most."""

    def __init__(self, random: Random, permanent_max: int) -> None:
        self._random = random
        self._permanent_max = permanent_max
        self._by_ticket: dict[str, QrCode] = {}
        self._by_url: dict[str, QrCode] = {}
        self._by_scene: dict[str, QrCode] = {}
        self._permanent = 0
        self._sweep_at = SWEEP_MIN

    def create(self, document: dict[str, Any], now_s: float) -> dict[str, Any]:
        """Make the code that ``document`` asks for; return what ``qrcode/create`` answers.

        Raises:
            Refused: 40053, action, scene or expiry are not allowed (unsure: one code for all of them).
        """
        wish = _wished(document)
        if wish.expire_s is None:
            code = self._by_scene.get(wish.scene)
            if code is None or code.ends_s is not None:
                if self._permanent >= self._permanent_max:
                    raise Refused(Code.QR_ACTION, "no permanent codes left")
                self._permanent += 1
                code = self._make(wish, None)
            return {"ticket": code.ticket, "url": code.url}
        self._sweep(now_s)
        code = self._make(wish, now_s + wish.expire_s)
        return {"ticket": code.ticket, "expire_seconds": wish.expire_s, "url": code.url}

    def by_ticket(self, ticket: str, now_s: float) -> QrCode | None:
        """Return the code of ``ticket``, if there is one and it has not ended."""
        return _living(self._by_ticket.get(ticket), now_s)

    def scanned(self, what: str, now_s: float) -> QrCode | None:
        """Return the living code whose url, ticket or scene (then the last one made) is ``what``."""
        for codes in (self._by_url, self._by_ticket, self._by_scene):
            if what in codes:
                return _living(codes[what], now_s)
        return None

    def newest(self, most: int, now_s: float) -> tuple[QrCode, ...]:
        """Return the ``most`` living codes that were made last, the newest first."""
        living = (code for code in reversed(self._by_ticket.values()) if _living(code, now_s))
        return tuple(islice(living, most))

    def _make(self, wish: _Wish, ends_s: float | None) -> QrCode:
        ticket = "gQ" + "".join(self._random.choices(_LETTERS, k=92)) + "=="
        url = "http://weixin.qq.com/q/" + "".join(self._random.choices(_LETTERS, k=22))
        code = QrCode(ticket=ticket, url=url, scene=wish.scene, number=wish.number, ends_s=ends_s)
        self._by_ticket[ticket] = self._by_url[url] = self._by_scene[wish.scene] = code
        return code

    def _sweep(self, now_s: float) -> None:
        """Forget codes that have ended, when there are twice as many as after the last time."""
        if len(self._by_ticket) < self._sweep_at:
            return
        living = [code for code in self._by_ticket.values() if _living(code, now_s)]
        self._by_ticket = {code.ticket: code for code in living}
        self._by_url = {code.url: code for code in living}
        self._by_scene = {code.scene: code for code in living}
        self._sweep_at = max(SWEEP_MIN, 2 * len(living))


def picture(code: QrCode) -> bytes:
    """Return the code as a PNG image (the real one is a JPEG of 430 dots)."""
    out = BytesIO()
    segno.make(code.url, error="m", micro=False).save(out, kind="png", scale=10)
    return out.getvalue()


def _living(code: QrCode | None, now_s: float) -> QrCode | None:
    ended = code is not None and code.ends_s is not None and now_s >= code.ends_s
    return None if ended else code


def _wished(document: dict[str, Any]) -> _Wish:
    action, info = document.get("action_name"), document.get("action_info")
    scene = info.get("scene") if isinstance(info, dict) else None
    if not isinstance(scene, dict):
        raise Refused(Code.QR_ACTION, "no scene")
    match action:
        case "QR_STR_SCENE" | "QR_LIMIT_STR_SCENE":
            text = scene.get("scene_str")
            if not isinstance(text, str) or not 1 <= len(text) <= SCENE_MAX:
                raise Refused(Code.QR_ACTION, f"scene_str has 1 to {SCENE_MAX} characters")
            return _Wish(text, 0, _expiry(action, document))
        case "QR_SCENE" | "QR_LIMIT_SCENE":
            number = scene.get("scene_id")
            most = SCENE_NUMBER_MAX if action == "QR_SCENE" else PERMANENT_NUMBER_MAX
            if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= most:
                raise Refused(Code.QR_ACTION, f"scene_id is a number from 1 to {most}")
            return _Wish(str(number), number, _expiry(action, document))
        case _:
            raise Refused(Code.QR_ACTION, "no such action_name")


def _expiry(action: str, document: dict[str, Any]) -> int | None:
    """Return for how many seconds the code is wished for; None: for ever."""
    if "LIMIT" in action:
        return None
    expire_s = document.get("expire_seconds", EXPIRE_S_DEFAULT)
    right = isinstance(expire_s, int) and not isinstance(expire_s, bool)
    if not right or not 1 <= expire_s <= EXPIRE_S_MAX:
        raise Refused(Code.QR_ACTION, f"expire_seconds is a number from 1 to {EXPIRE_S_MAX}")
    return int(expire_s)
