"""A code is exchanged for who has come: once, in time, and without a word of the secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from protocol.wechat.errcodes import Remedy
from runtime.wechat.client import TIMEOUTS_S, ApiClient, ApiFailed
from runtime.wechat.visitors import (
    WAITS_MAX_S,
    AskVisitor,
    Visitor,
    Visitors,
    VisitorUnknown,
    visitor_of,
)
from sim.wechat.faults import Ill
from tests.runtime.wechat.test_client import Stage
from tests.sim.wechat.service import ACCOUNT

Job = Callable[[ApiClient], None]


@pytest.fixture
def stage() -> Stage:
    return Stage()


def code_of(stage: Stage, name: str = "zhang") -> str:
    query = {
        "appid": ACCOUNT.app_id,
        "redirect_uri": "http://hall.example/m/enter",
        "response_type": "code",
        "scope": "snsapi_base",
        "state": "abc",
    }
    reply = stage.server.ask("GET", "/connect/oauth2/authorize", query, person=name)
    return dict(parse_qsl(urlsplit(reply.headers["Location"]).query))["code"]


def test_code_says_who_has_come_once(stage: Stage) -> None:
    code = code_of(stage)
    assert visitor_of(stage.client, code) == Visitor(openid=stage.openid)
    with pytest.raises(ApiFailed) as failed:
        visitor_of(stage.client, code)
    assert (failed.value.code, failed.value.remedy) == (40163, Remedy.RESTART_OAUTH)
    # No access token is fetched for it.
    assert stage.asked("token") == 2


def test_picture_of_a_page_is_seen_by_nobody(stage: Stage) -> None:
    stage.server.people.make_virtual("zhang", virtual=True)
    assert visitor_of(stage.client, code_of(stage)).virtual


@pytest.mark.parametrize("ill", [Ill.BUSY, Ill.RESET, Ill.NOT_JSON, Ill.SERVER_ERROR])
def test_service_in_trouble_says_nobodys_name_and_the_error_no_secret(
    stage: Stage, ill: Ill
) -> None:
    code = code_of(stage)
    stage.begin(ill)
    with pytest.raises(ApiFailed) as failed:
        visitor_of(stage.client, code)
    assert failed.value.remedy is Remedy.BACK_OFF
    assert ACCOUNT.secret not in str(failed.value)
    assert code not in str(failed.value)


@pytest.mark.parametrize("openid", [None, "", "short", "o" * 100, 7])
def test_answer_without_an_openid_is_none(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, openid: Any
) -> None:
    monkeypatch.setattr(stage.client, "exchange", lambda _code: {"openid": openid})
    with pytest.raises(ApiFailed):
        visitor_of(stage.client, "code")


def test_call_has_a_timeout(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    send = stage.straight.send

    def noting(request: Any, *args: Any, **kwargs: Any) -> Any:
        asked.append(kwargs["timeout"])
        return send(request, *args, **kwargs)

    monkeypatch.setattr(stage.straight, "send", noting)
    visitor_of(stage.client, code_of(stage))
    assert asked == [TIMEOUTS_S]


class Pool:
    """Keeps jobs until the test does them."""

    def __init__(self, *, full: bool = False) -> None:
        self.jobs: list[Job] = []
        self._full = full

    def submit(self, job: Job) -> bool:
        if not self._full:
            self.jobs.append(job)
        return not self._full


class Told:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    def tell(self, message: object, /) -> None:
        self.messages.append(message)


def asking(pool: Any, now: list[float]) -> tuple[Visitors, Told]:
    visitors = Visitors(pool, lambda recipient, answer: recipient.tell(answer), lambda: now[0])
    return visitors, Told()


def test_code_that_waited_too_long_is_not_exchanged(stage: Stage) -> None:
    pool, now = Pool(), [0.0]
    visitors, told = asking(pool, now)
    for _ in range(2):
        visitors.tell(AskVisitor(code=code_of(stage), reply_to=told))
    now[0] = WAITS_MAX_S - 0.1
    pool.jobs[0](stage.client)
    assert told.messages == [Visitor(openid=stage.openid)]
    now[0] = WAITS_MAX_S
    pool.jobs[1](stage.client)
    assert len(told.messages) == 1
    assert stage.asked("sns/oauth2") == 1


def test_too_many_who_wait_are_told_at_once() -> None:
    visitors, told = asking(Pool(full=True), [0.0])
    visitors.tell(AskVisitor(code="code", reply_to=told))
    [answer] = told.messages
    assert isinstance(answer, VisitorUnknown)
    assert not answer.again


def test_neither_code_nor_openid_shows() -> None:
    shown = f"{AskVisitor(code='the-code', reply_to=Told())} {Visitor(openid='the-openid')}"
    assert "the-code" not in shown
    assert "the-openid" not in shown
