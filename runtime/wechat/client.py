"""Calls to WeChat's service, on wechatpy and guarded: every call ends, and says what may be said.

wechatpy renews a refused token without bound, has calls without a timeout, fetches a token in each thread, and
its errors quote the secret. Here a call has a timeout and one repeat with a new token, the token has one owner,
and an error says its code and what to do, and nothing of the request.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import requests
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

from protocol.errors import LinkError
from protocol.wechat.errcodes import Remedy, remedy
from runtime.config.model import WeChat
from runtime.wechat.tokens import Fetched, TokenOwner

__all__ = ["CALL_MAX_S", "CONNECT_MAX_S", "ApiClient", "ApiFailed", "token_owner"]

CONNECT_MAX_S, CALL_MAX_S = 3.05, 8.0
"""How long connecting may take, and each wait for octets after that."""

ANSWER_CHARACTERS_MAX = 200
"""Characters of WeChat's own words that go into an error."""

TIMEOUTS_S = (CONNECT_MAX_S, CALL_MAX_S)


class ApiFailed(LinkError):
    """A call of WeChat's service did not succeed; ``remedy`` says what is to be done."""

    def __init__(self, detail: str, remedy: Remedy, code: int | None = None) -> None:
        super().__init__(detail)
        self.remedy = remedy
        self.code = code


def token_owner(account: WeChat, http: requests.Session | None = None) -> TokenOwner:
    """Return the owner of the account's token, which fetches over ``http``."""
    session = http or requests.Session()

    def fetch(force: bool) -> Fetched:
        asked: Any = {
            "grant_type": "client_credential",
            "appid": account.app_id,
            "secret": account.secret,
            "force_refresh": force,
        }
        url = f"{account.api_url}/cgi-bin/stable_token"
        answer = _answer(lambda: session.post(url, json=asked, timeout=TIMEOUTS_S).json())
        token, lasts_s = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not isinstance(lasts_s, int | float):
            raise _failure(answer)
        return Fetched(token, float(lasts_s))

    return TokenOwner(fetch)


class ApiClient:
    """Calls of one thread. ``http`` is its own; ``tokens`` are those of all threads."""

    def __init__(
        self, account: WeChat, tokens: TokenOwner, http: requests.Session | None = None
    ) -> None:
        self._tokens = tokens
        self._account = account
        self._http = http = http or requests.Session()
        self._client = _Guarded(account, http)

    def call(self, make: Callable[[WeChatClient], Any]) -> dict[str, Any]:
        """Return what ``make`` is answered, which calls the client once.

        Raises:
            ApiFailed: it was refused or not answered, also once more where a new token may have helped.
        """
        token = self._client.use(self._tokens.token())
        try:
            return self._once(make)
        except ApiFailed as failed:
            if failed.remedy is not Remedy.RENEW_TOKEN:
                raise
        self._client.use(self._tokens.renew(token))
        return self._once(make)

    def exchange(self, code: str) -> dict[str, Any]:
        """Return what WeChat says of whoever came to a page with ``code``, which it takes once.

        Raises:
            ApiFailed: it was refused or not answered.
        """
        account = self._account
        # wechatpy's own has no timeout. It needs no token.
        asked = {
            "appid": account.app_id,
            "secret": account.secret or "",
            "code": code,
            "grant_type": "authorization_code",
        }
        url = f"{account.api_url}/sns/oauth2/access_token"
        return _answer(lambda: _read(self._http.get(url, params=asked, timeout=TIMEOUTS_S)))

    def _once(self, make: Callable[[WeChatClient], Any]) -> dict[str, Any]:
        return _answer(lambda: make(self._client))


class _Guarded(WeChatClient):  # type: ignore[misc]
    """wechatpy's client without what it does by itself."""

    def __init__(self, account: WeChat, http: requests.Session) -> None:
        super().__init__(account.app_id, "", timeout=TIMEOUTS_S, auto_retry=False)
        self.API_BASE_URL = f"{account.api_url}/cgi-bin/"
        self._http = http
        self._used = ""

    def use(self, token: str) -> str:
        """Make calls with ``token`` from now on; return it."""
        self._used = token
        return token

    @property
    def access_token(self) -> str:
        return self._used

    def fetch_access_token(self) -> None:
        """Do nothing: tokens have an owner."""


def _answer(call: Callable[[], Any]) -> dict[str, Any]:
    """Return the object that ``call`` is answered.

    Raises:
        ApiFailed: there was none, or it says an error. The cause is left out: it may quote the secret.
    """
    try:
        answer = call()
    except WeChatClientException as error:
        raise _failure({"errcode": error.errcode, "errmsg": error.errmsg}) from None
    except (requests.RequestException, ValueError) as error:
        raise ApiFailed(
            f"WeChat was not reached ({type(error).__name__})", Remedy.BACK_OFF
        ) from None
    if not isinstance(answer, dict):
        raise ApiFailed("WeChat's answer was no JSON object", Remedy.BACK_OFF)
    if answer.get("errcode"):
        raise _failure(answer)
    return answer


def _read(response: requests.Response) -> Any:
    response.raise_for_status()
    # It declares text/plain, and another character set than it has.
    return json.loads(response.content)


def _failure(answer: dict[str, Any]) -> ApiFailed:
    code = answer.get("errcode")
    if not isinstance(code, int):
        return ApiFailed("WeChat did not answer as it should", Remedy.BACK_OFF)
    said = str(answer.get("errmsg", ""))[:ANSWER_CHARACTERS_MAX]
    return ApiFailed(f"WeChat refused with {code} ({said})", remedy(code), code)
