"""An account, the stand-in that it is with, and a server of it that does nothing but ask."""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

from protocol.wechat.seal import Seal
from sim.wechat.accounts import Account
from sim.wechat.exchange import CallbackCall, Reply, Request
from sim.wechat.fields import Template
from sim.wechat.phones import Message
from sim.wechat.stand_in import StandIn

MORNING_S = 1_795_482_000.0
"""2026-11-24 09:00 China Standard Time."""

CALL = Template(
    id="call-template", title="叫号通知", fields=("character_string1", "thing2", "number3")
)
CALL_DATA = {
    "character_string1": {"value": "A010"},
    "thing2": {"value": "3号窗口"},
    "number3": {"value": "0"},
}
ONCE = Template(id="once", title="办理进度", fields=("thing1",))
ALWAYS = Template(id="always", title="公共服务", fields=("thing1",), long_term=True)

ACCOUNT = Account(
    app_id="wx0123456789abcdef",
    secret="a-secret-of-the-account",
    origin="gh_0123456789ab",
    callback_url="http://hall.example/wechat",
    token="signing",
    aes_key="abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    page_hosts=("hall.example",),
    templates=(CALL,),
    notifications=(ONCE, ALWAYS),
)


class Server:
    """The server of ``account``: asks the stand-in at ``now_s``, with a token if it has one."""

    def __init__(self, account: Account = ACCOUNT, *, seed: int = 1) -> None:
        self.account = account
        self.now_s = MORNING_S
        self.stand_in = StandIn([account], Random(seed))
        self.people = self.stand_in.people
        self.seal = Seal(account.token, account.aes_key, account.app_id)
        self.token: str | None = None

    # -- asking -----------------------------------------------------------------------------

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: bytes = b"",
        *,
        person: str | None = None,
    ) -> Reply:
        request = Request(
            method=method, path=path, query=query or {}, body=body, at_s=self.now_s, person=person
        )
        return self.stand_in.answer(request)

    def sign_in(self) -> str:
        self.token = self.document(self.ask("POST", "/cgi-bin/stable_token", body=self.secret()))[
            "access_token"
        ]
        assert self.token
        return self.token

    def secret(self, **changes: Any) -> bytes:
        whole = {
            "grant_type": "client_credential",
            "appid": self.account.app_id,
            "secret": self.account.secret,
            **changes,
        }
        return json.dumps({name: each for name, each in whole.items() if each is not None}).encode()

    def secret_query(self, **changes: str) -> dict[str, str]:
        return {**json.loads(self.secret()), **changes}

    def get(self, path: str, **query: str) -> dict[str, Any]:
        return self.document(self.ask("GET", path, self._with_token(query)))

    def post(self, path: str, document: Any) -> dict[str, Any]:
        body = json.dumps(document, ensure_ascii=False).encode()
        return self.document(self.ask("POST", path, self._with_token({}), body))

    def post_octets(self, path: str, body: bytes) -> dict[str, Any]:
        return self.document(self.ask("POST", path, self._with_token({}), body))

    def template(self, openid: str, **changes: Any) -> dict[str, Any]:
        document = {"touser": openid, "template_id": CALL.id, "data": CALL_DATA, **changes}
        return self.post("/cgi-bin/message/template/send", document)

    def notify(self, openid: str, **changes: Any) -> dict[str, Any]:
        document = {
            "touser": openid,
            "template_id": ONCE.id,
            "data": {"thing1": {"value": "请准备"}},
            **changes,
        }
        return self.post("/cgi-bin/message/subscribe/bizsend", document)

    def service(self, openid: str, **changes: Any) -> dict[str, Any]:
        document = {"touser": openid, "msgtype": "text", "text": {"content": "您好"}, **changes}
        return self.post("/cgi-bin/message/custom/send", document)

    def code(self, scene: str = "ticket-A010", **changes: Any) -> dict[str, Any]:
        document = {
            "action_name": "QR_STR_SCENE",
            "expire_seconds": 3_600,
            "action_info": {"scene": {"scene_str": scene}},
            **changes,
        }
        return self.post("/cgi-bin/qrcode/create", document)

    def follower(self, name: str = "zhang") -> str:
        """Let ``name`` follow, forget the callback; return the openid."""
        self.people.follow(name, self.now_s)
        for call in self.stand_in.tick(self.now_s):
            self.stand_in.callback_answered(call.id, 200, b"success", self.now_s)
        return self.people.contact(name).openid

    def phone(self, name: str = "zhang") -> tuple[Message, ...]:
        return self.people.phone(name)

    @staticmethod
    def document(reply: Reply) -> dict[str, Any]:
        assert reply.status == 200
        document = json.loads(reply.body)
        assert isinstance(document, dict)
        return document

    def _with_token(self, query: Mapping[str, str]) -> dict[str, str]:
        return {**query, **({} if self.token is None else {"access_token": self.token})}

    # -- being told -------------------------------------------------------------------------

    def calls(self, *, after_s: float = 0.0) -> list[CallbackCall]:
        """Let time pass; return the callbacks that are made at its end, or before."""
        self.now_s += after_s
        return self.stand_in.tick(self.now_s)

    def hear(self, call: CallbackCall) -> str:
        """Return what a callback says, opened as a server does."""
        query = call.query
        opened = self.seal.open(
            call.body, query["msg_signature"], query["timestamp"], query["nonce"]
        )
        return opened.decode()

    def heard(self, *, after_s: float = 0.0, answer: bytes = b"success") -> list[str]:
        """Let time pass; answer every callback well, return what they say."""
        calls = self.calls(after_s=after_s)
        for call in calls:
            self.stand_in.callback_answered(call.id, 200, answer, self.now_s)
        return [self.hear(call) for call in calls]


def returned(address: str) -> dict[str, str]:
    """Return the query that a browser comes back with."""
    return {name: texts[0] for name, texts in parse_qs(urlsplit(address).query).items()}
