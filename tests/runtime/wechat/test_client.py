"""Guarded calls of the service, against its stand-in."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import requests

from protocol.wechat.errcodes import Remedy
from protocol.wechat.templates import Slot
from runtime.config.model import WeChat, WeChatTemplate
from runtime.wechat.client import TIMEOUTS_S, ApiClient, ApiFailed, token_owner
from sim.wechat.faults import Ill, Trouble
from tests.sim.wechat.service import ACCOUNT, CALL, CALL_DATA, Server
from tests.sim.wechat.straight import Straight

FIELDS = {
    "character_string1": Slot.NUMBER,
    "thing2": Slot.NOTE,
    "number3": Slot.AHEAD,
}


def ours(**changes: Any) -> WeChat:
    """The account as its server's configuration has it."""
    template = WeChatTemplate(template=CALL.id, fields=FIELDS)
    parts: dict[str, Any] = {
        "app_id": ACCOUNT.app_id,
        "secret": ACCOUNT.secret,
        "token": ACCOUNT.token,
        "aes_key": ACCOUNT.aes_key,
        "api_url": "https://api.test",
        "near": template,
        "call": template,
    }
    return WeChat(**{**parts, **changes})


OURS = ours()


class Stage:
    """The stand-in, and a client of its account that needs no socket."""

    def __init__(self, account: WeChat = OURS) -> None:
        self.server = Server()
        self.straight = Straight(self.server)
        self.openid = self.server.follower()
        self.http = requests.Session()
        self.http.mount("https://", self.straight)
        self.tokens = token_owner(account, self.http)
        self.client = ApiClient(account, self.tokens, self.http)

    def send(self, **changes: Any) -> dict[str, Any]:
        document = {
            "touser": self.openid,
            "template_id": CALL.id,
            "data": CALL_DATA,
            **changes,
        }
        return self.client.call(lambda client: client.post("message/template/send", data=document))

    def begin(self, ill: Ill, **more: Any) -> None:
        now_s = self.server.now_s
        self.server.stand_in.troubles.begin(Trouble(ill=ill, begins_s=now_s, lasts_s=60.0, **more))

    def refused(self, **changes: Any) -> ApiFailed:
        with pytest.raises(ApiFailed) as failed:
            self.send(**changes)
        return failed.value

    def asked(self, path: str) -> int:
        return sum(path in each for each in self.straight.asked)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_message_is_sent_with_one_token(stage: Stage) -> None:
    for _ in range(3):
        assert stage.send()["errcode"] == 0
    assert len(stage.server.phone()) == 3
    assert stage.asked("stable_token") == 1


def test_revoked_token_is_renewed_once_and_the_call_repeated(stage: Stage) -> None:
    stage.send()
    stage.server.stand_in.revoke_tokens()
    assert stage.send()["errcode"] == 0
    assert len(stage.server.phone()) == 2


def test_token_that_is_never_taken_ends_after_one_repeat(stage: Stage) -> None:
    stage.send()
    before = len(stage.straight.asked)
    stage.server.stand_in.revoke_tokens()
    tokens = stage.tokens
    stage.client = ApiClient(OURS, tokens, stage.http)
    # Whatever is fetched is revoked before it is used.
    fetch = tokens._fetch
    number = 0

    def useless(force: bool) -> Any:
        nonlocal number
        number += 1
        return fetch(force)._replace(token=f"nobody-knows-{number}")

    tokens._fetch = useless
    failed = stage.refused()
    assert failed.remedy is Remedy.RENEW_TOKEN
    assert stage.asked("message/template/send") == 3
    assert len(stage.straight.asked) - before <= 5


@pytest.mark.parametrize(
    ("changes", "code", "remedy"),
    [
        ({"touser": "o" * 28}, 40003, Remedy.DROP),
        ({"template_id": "none"}, 40037, Remedy.ALERT),
        ({"data": {}}, 47003, Remedy.ALERT),
    ],
)
def test_refusal_says_its_code_and_what_to_do(
    stage: Stage, changes: dict[str, Any], code: int, remedy: Remedy
) -> None:
    failed = stage.refused(**changes)
    assert (failed.code, failed.remedy) == (code, remedy)
    assert str(code) in str(failed)


@pytest.mark.parametrize("ill", [Ill.RESET, Ill.SERVER_ERROR, Ill.NOT_JSON, Ill.BUSY])
def test_service_that_is_away_is_tried_again_later(stage: Stage, ill: Ill) -> None:
    stage.send()
    stage.begin(ill)
    assert stage.refused().remedy is Remedy.BACK_OFF


def test_wrong_secret_is_told_without_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "a-very-secret-secret"
    stage = Stage(ours(secret=secret))
    failed = stage.refused()
    assert failed.remedy is Remedy.ALERT
    assert secret not in f"{failed!r} {failed} {failed.__cause__} {caplog.text}"


def test_error_of_a_connection_does_not_quote_the_secret(stage: Stage) -> None:
    def broken(*_args: Any, **_more: Any) -> Any:
        raise requests.ConnectionError(f"cannot reach https://api.test/?secret={OURS.secret}")

    stage.straight.send = broken  # type: ignore[method-assign]
    failed = stage.refused()
    assert failed.remedy is Remedy.BACK_OFF
    assert OURS.secret not in f"{failed!r} {failed}"
    assert failed.__suppress_context__


def test_every_call_has_a_timeout(stage: Stage) -> None:
    given: list[Any] = []
    send = stage.straight.send

    def noting(request: Any, *args: Any, **more: Any) -> Any:
        given.append(more.get("timeout"))
        return send(request, *args, **more)

    stage.straight.send = noting  # type: ignore[method-assign]
    stage.send()
    stage.client.call(lambda client: client.user.get(stage.openid))
    assert given == [TIMEOUTS_S] * 3


def test_account_does_not_show_its_secret() -> None:
    assert OURS.secret is not None
    assert OURS.secret not in repr(OURS)
