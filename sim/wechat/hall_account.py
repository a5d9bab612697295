"""The account of a simulated hall: asks WeChat as the runtime's client does, without threads.

What a hall's process asks goes on when that dies; its answer then finds nobody.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from actors.audience import told
from actors.world import Timer
from protocol.hall import HallSpec, name_in
from protocol.ids import FollowerId, TicketId
from protocol.messages import PushAnswered, Recipient
from protocol.push_events import PushDue
from protocol.pushes import PushKind, PushResult
from protocol.values import replace
from protocol.wechat.budget import Budget
from protocol.wechat.errcodes import Remedy, remedy
from protocol.wechat.sent import push_answered
from protocol.wechat.templates import CallNotice, Notice, PreliminaryNotice, fields_of
from sim.wechat.accounts import Account
from sim.wechat.exchange import Reply, Request
from sim.wechat.notices import CALL, LAYOUT, NEAR
from sim.wechat.paths import CODES, SEND, TOKEN
from sim.wechat.quotas import Limits
from sim.wechat.stand_in import StandIn
from sim.world import SimWorld

__all__ = ["CALL_MAX_S", "HallAccount"]

LEAST_S, MOST_S = 0.02, 0.2
"""How long a request, or its answer, is on its way."""

CALL_MAX_S = 8.0
"""How long an answer is waited for."""

ACCOUNT = Account(
    app_id="wx00000000000000aa",
    secret="secret",
    origin="gh_0000000000aa",
    token="token",
    aes_key="0" * 43,
    templates=(NEAR, CALL),
)

CODE_LIVES_S = 86_400


class HallAccount:
    """A `PushPort` in ``world``, which outlives the hall's processes. Its followers are plain openids."""

    def __init__(
        self,
        world: SimWorld,
        spec: HallSpec,
        random: Random,
        page: Callable[[TicketId], str],
        limits: Limits | None = None,
    ) -> None:
        """Open the account; ``limits`` are WeChat's, if they are not those of every new account."""
        self.limits = limits or Limits()
        self.stand_in = StandIn([replace(ACCOUNT, limits=self.limits)], random)
        self._used: dict[str, int] = {}
        self.sending: PushDue | None = None
        """The push that WeChat takes at this instant, for whoever sees it come to a phone."""
        self._budget = Budget()
        self._world = world
        self._spec = spec
        self._random = random
        self._page = page
        self._token: str | None = None

    def follower(self, person: str) -> FollowerId:
        """Let ``person`` follow the account, if not already; return who that is to the hall."""
        people = self.stand_in.people
        if not people.contact(person).following:
            people.follow(person, self._now_s())
        return FollowerId(people.contact(person).openid)

    def leave(self, person: str) -> None:
        """Let ``person`` follow the account no more."""
        self.stand_in.people.unfollow(person, self._now_s())

    def send(self, push: PushDue, reply_to: Recipient) -> None:
        """Have ``push`` sent; ``reply_to`` is told `PushAnswered`."""
        self._later(lambda: self._arrive(push, reply_to))

    def make_code(self, ticket: TicketId, then: Callable[[str | None], object]) -> None:
        """Have a QR code made for a ticket's paper; ``then`` gets what is scanned, None if there is none."""
        scene = {"scene": {"scene_str": f"{self._spec.id}.{ticket}"}}
        document = {
            "action_name": "QR_STR_SCENE",
            "expire_seconds": CODE_LIVES_S,
            "action_info": scene,
        }

        def arrive() -> None:
            reply = self._posted(CODES, document)
            late = reply.delay_s > CALL_MAX_S
            code = None if late else _object(reply).get("ticket")
            self._later(lambda: then(code), min(reply.delay_s, CALL_MAX_S))

        self._later(arrive)

    def scan(self, person: str, code: str) -> FollowerId | None:
        """Let ``person`` scan a code; return who that is to the hall, None if the code leads nowhere."""
        people = self.stand_in.people
        if not people.scan(person, code, self._now_s()):
            return None
        return FollowerId(people.contact(person).openid)

    def used(self, path: str) -> tuple[int, int]:
        """Return how often ``path`` was called on the day with the most calls, and how often it may be."""
        return self._used.get(path, 0), self.limits.a_day(path)

    def _arrive(self, push: PushDue, reply_to: Recipient) -> None:
        now = self._world.now()
        pause_s = self._budget.take(now)
        if pause_s is not None:
            later = PushAnswered(
                push=push.push,
                result=PushResult.LATER,
                detail="the account has sent as much as it may",
                pause_s=pause_s,
            )
            told(reply_to, later)
            return
        self.sending = push
        reply = self._sent(push)
        self.sending = None
        answer = self._answer(push, reply)
        self._later(lambda: told(reply_to, answer), min(reply.delay_s, CALL_MAX_S))

    def _later(self, call: Callable[[], object], more_s: float = 0.0) -> Timer:
        on_its_way_s = self._random.uniform(LEAST_S, MOST_S)
        return self._world.call_later(more_s + on_its_way_s, lambda: (call(), None)[1])

    def _now_s(self) -> float:
        return self._world.now().timestamp()

    # -- what is asked ----------------------------------------------------------------------

    def _sent(self, push: PushDue) -> Reply:
        document = {
            "touser": push.follower,
            "template_id": (NEAR if push.kind is PushKind.NEAR else CALL).id,
            "url": self._page(push.ticket),
            "data": fields_of(self._notice(push), LAYOUT),
            "client_msg_id": f"{self._spec.id}/{push.push}",
        }
        return self._posted(SEND, document)

    def _posted(self, path: str, document: Mapping[str, Any]) -> Reply:
        """Return the service's reply, the second one where another token may have helped."""
        if self._token is None and (failed := self._fetch()) is not None:
            return failed
        reply = self._ask(path, document)
        if remedy_of(reply) is not Remedy.RENEW_TOKEN:
            return reply
        failed = self._fetch()
        return self._ask(path, document) if failed is None else failed

    def _fetch(self) -> Reply | None:
        """Get a token; return what is replied instead, if there is none."""
        asked = {
            "grant_type": "client_credential",
            "appid": ACCOUNT.app_id,
            "secret": ACCOUNT.secret,
        }
        reply = self._ask(TOKEN, asked)
        self._token = _object(reply).get("access_token")
        return reply if self._token is None else None

    def _ask(self, path: str, document: Mapping[str, Any]) -> Reply:
        query = {} if path == TOKEN else {"access_token": self._token or ""}
        body = json.dumps(document, ensure_ascii=False).encode()
        request = Request(method="POST", path=path, query=query, body=body, at_s=self._now_s())
        reply = self.stand_in.answer(request)
        used = self.stand_in.used(path, request.at_s)
        self._used[path] = max(used, self._used.get(path, 0))
        return reply

    def _notice(self, push: PushDue) -> Notice:
        spec, language = self._spec, push.language
        service = name_in(spec.services[push.service].names, language)
        hall = name_in(spec.names, language)
        if push.kind is PushKind.NEAR:
            return PreliminaryNotice(
                number=push.number, service=service, hall=hall, ahead=push.ahead, language=language
            )
        assert push.counter is not None
        counter = name_in(spec.counters[push.counter].names, language)
        return CallNotice(
            number=push.number,
            service=service,
            hall=hall,
            counter=counter,
            language=language,
            again=push.kind is PushKind.RECALL,
        )

    # -- what is answered -------------------------------------------------------------------

    def _answer(self, push: PushDue, reply: Reply) -> PushAnswered:
        met = remedy_of(reply)
        if met is None:
            return PushAnswered(push=push.push, result=PushResult.SENT)
        return push_answered(push.push, met, f"WeChat: {met}", self._world.now())


def remedy_of(reply: Reply) -> Remedy | None:
    """Return what to do about ``reply``; None if it says that all is well."""
    if reply.delay_s > CALL_MAX_S:
        return Remedy.BACK_OFF
    said = _object(reply)
    code = said.get("errcode", 0 if "access_token" in said else None)
    if not isinstance(code, int):
        return Remedy.BACK_OFF
    return remedy(code) if code else None


def _object(reply: Reply) -> dict[str, Any]:
    """Return the object in ``reply``; an empty one where there is none."""
    if reply.reset or reply.status != 200:
        return {}
    try:
        said = json.loads(reply.body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
