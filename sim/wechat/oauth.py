"""How a page learns who looks at it: the browser is sent to WeChat and comes back with a code.

A code works once, for 5 minutes, for the account that asked for it. Source: WeChat's documentation of page
authorisation; the texts of the pages are ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from random import Random
from string import ascii_letters, digits
from typing import Any, Final
from urllib.parse import urlencode, urlsplit, urlunsplit

import attrs

from protocol.errors import ProtocolError
from sim.wechat.accounts import Account
from sim.wechat.codes import Code, Refused
from sim.wechat.phones import Contact

__all__ = ["CODE_S", "OAuth", "PageError", "returns_to"]

CODE_S: Final = 300.0
CODES_MAX: Final = 10_000
"""Codes that are known; those beyond are forgotten, oldest first."""
STATE: Final = re.compile(r"[A-Za-z0-9]{0,128}")
SCOPES: Final = ("snsapi_base", "snsapi_userinfo")

_LETTERS: Final = ascii_letters + digits


class PageError(ProtocolError):
    """What the person sees instead of the page."""


@attrs.define
class _OAuthCode:
    app_id: str
    openid: str
    virtual: bool
    scope: str
    ends_s: float
    used: bool = False


def returns_to(account: Account, query: Mapping[str, str]) -> str:
    """Return the address that the browser is to come back to.

    Raises:
        PageError: address, kind, scope or state are not allowed.
    """
    address = query.get("redirect_uri", "")
    try:
        parts = urlsplit(address)
    except ValueError:
        raise PageError("redirect_uri 参数错误 (10003)") from None
    if parts.scheme not in ("http", "https") or parts.netloc not in account.page_hosts:
        raise PageError("redirect_uri 参数错误 (10003)")
    if query.get("response_type") != "code":
        raise PageError("response_type 参数错误")
    if query.get("scope") not in SCOPES:
        raise PageError("scope 参数错误或没有 scope 权限 (10005)")
    if not STATE.fullmatch(query.get("state", "")):
        raise PageError("state 参数错误")
    return address


class OAuth:
    """The codes of all accounts."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._codes: dict[str, _OAuthCode] = {}

    def lead_back(
        self, account: Account, contact: Contact, query: Mapping[str, str], now_s: float
    ) -> str:
        """Return where the browser of ``contact`` goes: back, with a new code and the state.

        Raises:
            PageError: see `returns_to`.
        """
        parts = urlsplit(returns_to(account, query))
        code = self._draw(32)
        self._codes[code] = _OAuthCode(
            app_id=account.app_id,
            openid=contact.virtual or contact.openid,
            virtual=contact.virtual is not None,
            scope=query["scope"],
            ends_s=now_s + CODE_S,
        )
        if len(self._codes) > CODES_MAX:
            del self._codes[next(iter(self._codes))]
        added = urlencode({"code": code, "state": query.get("state", "")})
        whole = f"{parts.query}&{added}" if parts.query else added
        return urlunsplit(parts._replace(query=whole))

    def redeem(self, account: Account, query: Mapping[str, str], now_s: float) -> dict[str, Any]:
        """Return who has the code of ``query``.

        Raises:
            Refused: 40002, 41008; 40029 unknown, another account's, or too old (unsure: 42003 is listed too);
                40163 used.
        """
        if query.get("grant_type") != "authorization_code":
            raise Refused(Code.GRANT_TYPE)
        text = query.get("code")
        if not text:
            raise Refused(Code.OAUTH_CODE_MISSING)
        code = self._codes.get(text)
        if code is None or code.app_id != account.app_id:
            raise Refused(Code.OAUTH_CODE)
        if code.used:
            raise Refused(Code.OAUTH_CODE_USED)
        if now_s >= code.ends_s:
            raise Refused(Code.OAUTH_CODE)
        code.used = True
        answer: dict[str, Any] = {
            "access_token": self._draw(64),
            "expires_in": 7_200,
            "refresh_token": self._draw(64),
            "openid": code.openid,
            "scope": code.scope,
        }
        return {**answer, "is_snapshotuser": 1} if code.virtual else answer

    def _draw(self, length: int) -> str:
        return "".join(self._random.choices(_LETTERS, k=length))
