"""The stand-in as a whole: requests find their account, their call, and the trouble that meets them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, Final

from protocol.values import replace
from protocol.wechat.seal import Seal
from sim.wechat.accounts import Account, Mode, Seals
from sim.wechat.api import CALLS, Asked
from sim.wechat.callbacks import Deliveries
from sim.wechat.codes import Code, Refused
from sim.wechat.exchange import CallbackCall, Reply, Request, json_reply, page_reply
from sim.wechat.faults import Ill, Trouble, Troubles
from sim.wechat.oauth import OAuth, PageError
from sim.wechat.office import Office
from sim.wechat.people import AUTHORIZE, People, show
from sim.wechat.phones import Noticed, Phones
from sim.wechat.qr import picture

__all__ = ["BODY_MAX", "StandIn"]

BODY_MAX: Final = 1_024 * 1_024
"""Octets of a request's body."""


class StandIn:
    """WeChat, as a few official accounts and their followers see it.

    What a server is answered comes from `answer`; what it is told comes from `tick` whenever `next_deadline` is
    due, and its answers go to `callback_answered`. ``people`` use phones, ``troubles`` are what goes wrong.
    All times are seconds of Unix time and never go back.
    """

    def __init__(
        self,
        accounts: Sequence[Account],
        random: Random,
        *,
        seals: Seals | None = None,
    ) -> None:
        """Open the service.

        Args:
            accounts: one or more, each with an app id of its own. People mean the first if none is named.
            random: draws openids, tokens, tickets and luck.
            seals: makes what seals callbacks; if left out, `protocol.wechat.seal.Seal`.

        Raises:
            ValueError: there is no account, or two have the same app id.
            ConfigError: an account's callbacks cannot be sealed.
        """
        if not accounts or len({each.app_id for each in accounts}) < len(accounts):
            raise ValueError("there must be one account or more, each with an app id of its own")
        seals = seals or _Seals()
        for each in accounts:
            # A wrong key is found now, not at the first callback.
            if each.callback_url is not None and each.mode is not Mode.PLAIN:
                seals(each)
        self.troubles = Troubles(random)
        self.deliveries = Deliveries(random, seals, self.troubles, self._show)
        self._random = random
        self._phones = Phones(random)
        self._oauth = OAuth(random)
        self._offices = {
            each.app_id: Office(each, random, self._phones, self.deliveries, self._oauth)
            for each in accounts
        }
        self.people = People(self._phones, self._offices, self._oauth)
        self._paths: dict[str, Callable[[Request], Reply]] = {
            AUTHORIZE: self._authorize,
            "/cgi-bin/showqrcode": self._show_code,
            "/cgi-bin/token": self._token,
            "/cgi-bin/stable_token": self._stable_token,
            "/sns/oauth2/access_token": self._redeem,
        }

    @property
    def noticed(self) -> list[Noticed]:
        """Who is called with each message that comes to a phone, and its person's name."""
        return self._phones.noticed

    # -- what servers and browsers ask ------------------------------------------------------

    def answer(self, request: Request) -> Reply:
        """Return the reply to ``request``. No request makes this raise."""
        if self.troubles.revokes(request.at_s):
            self.revoke_tokens()
        trouble = self.troubles.meeting(request)
        if trouble is None:
            return self._do(request)
        return self._met(trouble, request)

    def revoke_tokens(self) -> None:
        """End every access token of every account; new ones can be had."""
        for office in self._offices.values():
            office.tokens.revoke()

    # -- what servers are told --------------------------------------------------------------

    def next_deadline(self) -> float | None:
        """Return when `tick` has something to do, if ever."""
        return self.deliveries.next_deadline()

    def tick(self, now_s: float) -> list[CallbackCall]:
        """Return the callbacks to be made now."""
        return self.deliveries.tick(now_s)

    def callback_answered(self, id: str, status: int | None, body: bytes, now_s: float) -> None:
        """Take what a callback was answered; ``status`` None: nothing."""
        self.deliveries.answered(id, status, body, now_s)

    def connect(self, now_s: float, *, app_id: str | None = None) -> None:
        """Ask whether the account's address is its own, as when its owner sets it; see ``deliveries.ended``."""
        office = self._offices[app_id or next(iter(self._offices))]
        self.deliveries.ask_echo(office.account, now_s)

    def move(
        self, url: str | None, *, pages: Sequence[str] = (), app_id: str | None = None
    ) -> None:
        """Send callbacks to ``url`` from now on, and let OAuth lead back to the hosts of ``pages``."""
        office = self._offices[app_id or next(iter(self._offices))]
        office.account = replace(office.account, callback_url=url, page_hosts=tuple(pages))

    def used(self, path: str, at_s: float, *, app_id: str | None = None) -> int:
        """Return how often an account has called ``path`` on WeChat's day of ``at_s``."""
        office = self._offices[app_id or next(iter(self._offices))]
        return office.counts.quota(path, at_s)["used"]

    # -- inside -----------------------------------------------------------------------------

    def _met(self, trouble: Trouble, request: Request) -> Reply:
        """Return what becomes of ``request`` in ``trouble``."""
        if trouble.code is not None:
            return self._error(Refused(trouble.code))
        done = self._do(request) if trouble.done or trouble.ill is Ill.DELAY else None
        match trouble.ill:
            case Ill.DELAY if done is not None:
                return replace(done, delay_s=trouble.delay_s)
            case Ill.RESET:
                return Reply(reset=True, delay_s=trouble.delay_s)
            case Ill.NOT_JSON:
                return page_reply("The service is being maintained.")
            case _:
                return page_reply("The service is not available.", status=trouble.status)

    def _do(self, request: Request) -> Reply:
        if len(request.body) > BODY_MAX:
            return page_reply("The request is too large.", status=413)
        does = self._paths.get(request.path, self._call)
        try:
            return does(request)
        except Refused as refused:
            return self._error(refused)
        except PageError as error:
            return page_reply(str(error))

    def _error(self, refused: Refused) -> Reply:
        """Return what an error is answered with; its text ends in a number of the request, as WeChat's does."""
        rid = "-".join(f"{self._random.getrandbits(32):08x}" for _ in range(3))
        text = " ".join(filter(None, (refused.code.text, refused.detail, f"rid: {rid}")))
        return json_reply({"errcode": int(refused.code), "errmsg": text})

    def _call(self, request: Request) -> Reply:
        """Carry out a call with an access token."""
        call = CALLS.get(request.path)
        if call is None:
            raise Refused(Code.PATH)
        office = self._of_token(request)
        document = _read(request, call.method)
        if request.path in office.account.unauthorised:
            raise Refused(Code.UNAUTHORISED)
        office.counts.count(request.path, request.at_s)
        asked = Asked(query=request.query, body=request.body, document=document, at_s=request.at_s)
        answer = call.does(office, asked)
        return json_reply({"errcode": 0, "errmsg": "ok", **answer} if call.ok else answer)

    def _of_token(self, request: Request) -> Office:
        """Return the account whose token came with ``request``, which works."""
        text = request.query.get("access_token")
        offices = list(self._offices.values())
        office = next((each for each in offices if each.tokens.knows(text)), offices[0])
        office.tokens.check(text, request.at_s)
        return office

    def _of_secret(self, named: Mapping[str, Any]) -> Office:
        """Return the account that ``named`` gives the secret of."""
        app_id, secret = named.get("appid"), named.get("secret")
        if not app_id:
            raise Refused(Code.APP_ID_MISSING)
        office = self._offices.get(app_id) if isinstance(app_id, str) else None
        if office is None:
            raise Refused(Code.APP_ID)
        if not secret:
            raise Refused(Code.SECRET_MISSING)
        if secret != office.account.secret:
            raise Refused(Code.SECRET)
        return office

    def _token(self, request: Request) -> Reply:
        _read(request, "GET")
        _check_grant(request.query)
        office = self._of_secret(request.query)
        office.counts.count(request.path, request.at_s)
        return _token_reply(office.tokens.plain(request.at_s))

    def _stable_token(self, request: Request) -> Reply:
        document = _read(request, "POST")
        _check_grant(document)
        office = self._of_secret(document)
        office.counts.count(request.path, request.at_s)
        force = document.get("force_refresh") is True
        return _token_reply(office.tokens.stable(request.at_s, force=force))

    def _redeem(self, request: Request) -> Reply:
        _read(request, "GET")
        office = self._of_secret(request.query)
        return json_reply(self._oauth.redeem(office.account, request.query, request.at_s))

    def _authorize(self, request: Request) -> Reply:
        """Lead a browser on; one that is not WeChat's learns nothing and gets no code."""
        _read(request, "GET")
        if request.person is None:
            return page_reply("请在微信客户端打开链接")
        address = self.people.lead_back(request.person, request.query, request.at_s)
        return Reply(status=302, headers={"Location": address})

    def _show_code(self, request: Request) -> Reply:
        _read(request, "GET")
        ticket = request.query.get("ticket", "")
        for office in self._offices.values():
            code = office.codes.by_ticket(ticket, request.at_s)
            if code is not None:
                return Reply(headers={"Content-Type": "image/png"}, body=picture(code))
        return page_reply("There is no such code.", status=404)

    def _show(self, app_id: str, openid: str, text: str, now_s: float, trouble: bool) -> None:
        show(self._phones, self._offices[app_id], openid, text, now_s, trouble=trouble)


class _Seals:
    """Makes the seal of each account once, when it is needed first."""

    def __init__(self) -> None:
        self._seals: dict[str, Seal] = {}

    def __call__(self, account: Account) -> Seal:
        seal = self._seals.get(account.app_id)
        if seal is None:
            seal = Seal(account.token, account.aes_key, account.app_id)
            self._seals[account.app_id] = seal
        return seal


def _read(request: Request, method: str) -> dict[str, Any]:
    """Return what the body of ``request`` says; nothing for GET.

    Raises:
        Refused: 43001 or 43002 it has another method, 44002 it is empty, 47001 it is no JSON object.
    """
    if request.method != method:
        raise Refused(Code.GET_REQUIRED if method == "GET" else Code.POST_REQUIRED)
    if method == "GET":
        return {}
    if not request.body:
        raise Refused(Code.EMPTY)
    try:
        document = json.loads(request.body.decode())
        # Half a pair of surrogates can be escaped in JSON, but not be written.
        if b"\\u" in request.body:
            json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Refused(Code.NOT_JSON) from None
    if not isinstance(document, dict):
        raise Refused(Code.NOT_JSON)
    return document


def _check_grant(named: Mapping[str, Any]) -> None:
    if named.get("grant_type") != "client_credential":
        raise Refused(Code.GRANT_TYPE)


def _token_reply(token: tuple[str, int]) -> Reply:
    text, expires_s = token
    return json_reply({"access_token": text, "expires_in": expires_s})
