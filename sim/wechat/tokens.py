"""Access tokens of an account: plain ones, which rotate, and the stable one, which all callers share.

========  ==================================================================================================
plain     each call makes a new one; the one before works for 5 minutes more, older ones not at all
stable    each call gives the same one, until 5 minutes before its end: then a new one, and both work; a forced
          renewal (20 a day, at least 30 s apart, else the same is given) ends the one before at once
========  ==================================================================================================

The two kinds do not touch each other. Source: the documentation of both calls.
"""

from __future__ import annotations

from random import Random
from string import ascii_letters, digits
from typing import Final

import attrs

from sim.wechat.codes import Code, Refused
from sim.wechat.quotas import day_of

__all__ = ["LIFE_S", "OVERLAP_S", "JsapiTicket", "Tokens"]

LIFE_S: Final = 7_200
OVERLAP_S: Final = 300
"""A plain token that is replaced works for so long; a stable one is renewed so long before its end."""
FORCED_A_DAY: Final = 20
FORCED_APART_S: Final = 30.0
KEPT_MAX: Final = 100
"""Tokens that are known; those beyond are forgotten, oldest first: then they never were."""

_LETTERS: Final = ascii_letters + digits + "-_"
_LENGTH: Final = 136
_LENGTH_MIN: Final = 16


@attrs.define(eq=False)
class _Token:
    text: str
    ends_s: float
    replaced: bool = False
    """A later one shortened its life."""
    revoked: bool = False


class Tokens:
    """The tokens of one account."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._plain: _Token | None = None
        self._before: _Token | None = None
        self._stable: _Token | None = None
        self._all: dict[str, _Token] = {}
        self._forced_s = float("-inf")
        self._forced: tuple[int, int] = (-1, 0)

    def plain(self, now_s: float) -> tuple[str, int]:
        """Return a new token and how many seconds it works; the one before has 5 minutes left at most."""
        if self._before is not None:
            self._before.revoked = True
        self._before = self._plain
        if self._before is not None:
            self._before.replaced = True
            self._before.ends_s = min(self._before.ends_s, now_s + OVERLAP_S)
        self._plain = self._make(now_s)
        return self._plain.text, LIFE_S

    def stable(self, now_s: float, *, force: bool = False) -> tuple[str, int]:
        """Return the stable token and how many seconds it still works."""
        token = self._stable
        if token is None or token.revoked or now_s >= token.ends_s - OVERLAP_S:
            token = self._stable = self._make(now_s)
        elif force and self._may_force(now_s):
            token.revoked = True
            token = self._stable = self._make(now_s)
        return token.text, int(token.ends_s - now_s)

    def knows(self, text: str | None) -> bool:
        """Whether ``text`` is one of this account's tokens, dead ones included."""
        return text in self._all

    def check(self, text: str | None, now_s: float) -> None:
        """Let a call with the token ``text`` pass.

        Raises:
            Refused: 41001 none, 40014 none that could be one (unsure), 42001 expired, 40001 unknown, replaced
                or revoked.
        """
        if not text:
            raise Refused(Code.TOKEN_MISSING)
        token = self._all.get(text)
        if token is None:
            malformed = len(text) < _LENGTH_MIN or not set(text) <= set(_LETTERS)
            raise Refused(Code.TOKEN_MALFORMED if malformed else Code.SECRET_OR_TOKEN)
        if token.revoked:
            raise Refused(Code.SECRET_OR_TOKEN)
        if now_s >= token.ends_s:
            raise Refused(Code.SECRET_OR_TOKEN if token.replaced else Code.TOKEN_EXPIRED)

    def revoke(self) -> None:
        """End every token at once, as after a change of the secret; new ones can be had."""
        for token in self._all.values():
            token.revoked = True

    def _may_force(self, now_s: float) -> bool:
        day, count = self._forced
        if day != day_of(now_s):
            day, count = day_of(now_s), 0
        if count >= FORCED_A_DAY or now_s - self._forced_s < FORCED_APART_S:
            return False
        self._forced, self._forced_s = (day, count + 1), now_s
        return True

    def _make(self, now_s: float) -> _Token:
        text = "".join(self._random.choices(_LETTERS, k=_LENGTH))
        token = self._all[text] = _Token(text, now_s + LIFE_S)
        if len(self._all) > KEPT_MAX:
            in_use = (self._plain, self._before, self._stable)
            del self._all[next(each.text for each in self._all.values() if each not in in_use)]
        return token


class JsapiTicket:
    """What signs the configuration of a page's scripts: the same for all callers while it works."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._text = ""
        self._ends_s = float("-inf")

    def give(self, now_s: float) -> tuple[str, int]:
        """Return the ticket and how many seconds it still works."""
        if now_s >= self._ends_s - OVERLAP_S:
            self._text = "".join(self._random.choices(_LETTERS, k=86))
            self._ends_s = now_s + LIFE_S
        return self._text, int(self._ends_s - now_s)
