"""Pushes as messages of the account, sent by threads to the stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from queue import Queue
from threading import Event
from typing import Any

import pytest

from protocol.ids import CounterId, Language, PushId, ServiceId, TicketId
from protocol.messages import PushAnswered
from protocol.push_events import PushDue
from protocol.pushes import PushKind, PushResult
from protocol.values import replace
from protocol.wechat.budget import Budget
from protocol.wechat.templates import Slot
from runtime.config.model import WeChatChannel, WeChatTemplate
from runtime.wechat.client import ApiClient
from runtime.wechat.followers import FollowerSeal
from runtime.wechat.messages import Messages
from runtime.wechat.pool import ApiPool
from runtime.wechat.pushes import AccountPushes
from sim.wechat.faults import Ill
from sim.wechat.phones import Kind
from tests.actors.hall.conftest import TAX, hall_spec
from tests.runtime.wechat.test_client import FIELDS, OURS, Stage, ours
from tests.sim.wechat.service import ALWAYS, CALL

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
SEAL = FollowerSeal(bytes(32))


def messages(**changes: Any) -> Messages:
    parts: dict[str, Any] = {
        "spec": hall_spec(),
        "wechat": OURS,
        "seal": SEAL,
        "page": lambda ticket: f"https://hall.example/t/{ticket}",
        **changes,
    }
    return Messages(**parts)


def near(stage: Stage, number: int = 1, **changes: Any) -> PushDue:
    push = PushDue(
        at=NOON,
        command="c",
        push=PushId(f"20261124-A010/{number}"),
        ticket=TicketId("20261124-A010"),
        number="A010",
        service=TAX,
        language=Language("zh"),
        kind=PushKind.NEAR,
        follower=SEAL.seal(stage.openid),
        ahead=2,
    )
    return replace(push, **changes)


class Pool:
    """A pool of ``threads``, and what it answers."""

    def __init__(self, stage: Stage, threads: int = 1, **options: Any) -> None:
        self.answers: Queue[PushAnswered] = Queue()
        clients = [ApiClient(OURS, stage.tokens, stage.http) for _ in range(threads)]
        self.threads = ApiPool(clients)
        self.pushes = AccountPushes(
            self.threads,
            options.pop("message", messages()),
            options.pop("budget", Budget()),
            lambda recipient, answer: recipient.tell(answer),
            lambda: NOON,
        )

    def tell(self, answer: Any) -> None:
        self.answers.put(answer)

    def send(self, push: PushDue) -> PushAnswered:
        self.pushes.send(push, self)
        return self.answers.get(timeout=10)


@contextmanager
def pool_of(stage: Stage, **options: Any) -> Iterator[Pool]:
    pool = Pool(stage, **options)
    try:
        yield pool
    finally:
        pool.threads.stop()


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_push_comes_to_the_phone_with_a_link_to_the_ticket(stage: Stage) -> None:
    with pool_of(stage) as pool:
        assert pool.send(near(stage)).result is PushResult.SENT
    [message] = stage.server.phone()
    assert message.kind is Kind.TEMPLATE
    assert message.link == "https://hall.example/t/20261124-A010"
    texts = dict(message.fields).values()
    assert "A010" in texts
    assert any("2" in text for text in texts)


def test_call_names_the_counter_in_the_language_of_the_ticket(stage: Stage) -> None:
    call = near(stage, kind=PushKind.CALL, counter=CounterId("1"), language=Language("en"))
    with pool_of(stage) as pool:
        pool.send(call)
    [message] = stage.server.phone()
    assert any("Go to 1号" in text for text in dict(message.fields).values())


def test_same_push_again_is_as_good_as_sent_and_comes_once(stage: Stage) -> None:
    with pool_of(stage) as pool:
        assert pool.send(near(stage)).result is PushResult.SENT
        assert pool.send(near(stage)).result is PushResult.SENT
        assert pool.send(near(stage, 2)).result is PushResult.SENT
    assert len(stage.server.phone()) == 2


def test_answer_that_is_lost_makes_no_second_message(stage: Stage) -> None:
    stage.begin(Ill.RESET, done=True, path="/cgi-bin/message/template/send")
    with pool_of(stage) as pool:
        assert pool.send(near(stage)).result is PushResult.LATER
        stage.server.stand_in.troubles.heal()
        assert pool.send(near(stage)).result is PushResult.SENT
    assert len(stage.server.phone()) == 1


def test_notification_uses_a_consent(stage: Stage) -> None:
    template = WeChatTemplate(template=ALWAYS.id, fields={"thing1": Slot.NOTE})
    account = ours(channel=WeChatChannel.SUBSCRIPTION, near=template, call=template)
    message = messages(wechat=account)
    with pool_of(stage, message=message) as pool:
        assert pool.send(near(stage)).result is PushResult.REFUSED
        stage.server.people.consent("zhang", ALWAYS.id, stage.server.now_s)
        assert pool.send(near(stage, 2)).result is PushResult.SENT


def test_who_has_left_is_unreachable(stage: Stage) -> None:
    stage.server.people.unfollow("zhang", stage.server.now_s)
    with pool_of(stage) as pool:
        assert pool.send(near(stage)).result is PushResult.UNREACHABLE


def test_account_that_has_sent_enough_waits(stage: Stage) -> None:
    with pool_of(stage, budget=Budget(minute_max=1)) as pool:
        assert pool.send(near(stage)).result is PushResult.SENT
        answer = pool.send(near(stage, 2))
    assert (answer.result, answer.pause_s) == (PushResult.LATER, 60.0)
    assert len(stage.server.phone()) == 1


def test_follower_of_another_key_is_refused(stage: Stage) -> None:
    stranger = FollowerSeal(bytes(range(32))).seal(stage.openid)
    with pool_of(stage) as pool:
        answer = pool.send(near(stage, follower=stranger))
    assert answer.result is PushResult.REFUSED
    assert "key" in answer.detail


def test_error_of_our_own_loses_no_answer(stage: Stage) -> None:
    def broken(_push: PushDue) -> Any:
        raise ZeroDivisionError

    with pool_of(stage, message=broken) as pool:
        answer = pool.send(near(stage))
        assert answer.result is PushResult.LATER
        assert "ZeroDivisionError" in answer.detail


def test_thread_that_waits_holds_up_no_other(stage: Stage) -> None:
    waits, ready = Event(), Event()
    plain = messages()

    def slow(push: PushDue) -> Any:
        if push.push.endswith("/1"):
            ready.set()
            assert waits.wait(timeout=10)
        return plain(push)

    with pool_of(stage, threads=2, message=slow) as pool:
        pool.pushes.send(near(stage), pool)
        assert ready.wait(timeout=10)
        assert pool.send(near(stage, 2)).push.endswith("/2")
        waits.set()
        assert pool.answers.get(timeout=10).push.endswith("/1")


def test_service_that_left_the_configuration_is_named_by_its_id(stage: Stage) -> None:
    template = WeChatTemplate(template=CALL.id, fields={**FIELDS, "thing2": Slot.SERVICE})
    message = messages(wechat=ours(near=template))
    with pool_of(stage, message=message) as pool:
        pool.send(near(stage, service=ServiceId("gone"), at=NOON - timedelta(hours=1)))
    [told] = stage.server.phone()
    assert "gone" in dict(told.fields).values()
