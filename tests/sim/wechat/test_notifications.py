"""Subscription notifications: each uses up a consent."""

from __future__ import annotations

from typing import Any

import pytest

from sim.wechat.phones import Kind
from tests.sim.wechat.service import ALWAYS, CALL, ONCE, Server


@pytest.fixture
def server() -> Server:
    server = Server()
    server.sign_in()
    return server


def test_notification_without_a_consent_is_refused(server: Server) -> None:
    assert server.notify(server.follower())["errcode"] == 43101
    assert server.phone() == ()


def test_consent_is_used_up_by_one_notification(server: Server) -> None:
    openid = server.follower()
    server.people.consent("zhang", ONCE.id, server.now_s)
    assert server.notify(openid, page="http://hall.example/") == {"errcode": 0, "errmsg": "ok"}
    assert server.notify(openid)["errcode"] == 43101
    (message,) = server.phone()
    assert (message.kind, message.text) == (Kind.NOTIFICATION, "请准备")
    assert message.link == "http://hall.example/"


def test_consents_add_up(server: Server) -> None:
    openid = server.people.contact("zhang").openid
    for _ in range(2):
        server.people.consent("zhang", ONCE.id, server.now_s)
    answers = [server.notify(openid)["errcode"] for _ in range(3)]
    assert answers == [0, 0, 43101]


def test_long_term_consent_is_not_used_up_until_it_is_withdrawn(server: Server) -> None:
    openid = server.people.contact("zhang").openid
    server.people.consent("zhang", ALWAYS.id, server.now_s)
    assert [server.notify(openid, template_id=ALWAYS.id)["errcode"] for _ in range(5)] == [0] * 5
    server.people.withdraw("zhang", ALWAYS.id, server.now_s)
    assert server.notify(openid, template_id=ALWAYS.id)["errcode"] == 43101


def test_notification_needs_no_following(server: Server) -> None:
    server.people.consent("zhang", ONCE.id, server.now_s)
    assert server.notify(server.people.contact("zhang").openid)["errcode"] == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"data": {}}, 47003),
        ({"data": {"thing1": {"value": "字" * 21}}}, 47003),
        ({"template_id": CALL.id}, 40037),
        ({"touser": "o-of-nobody"}, 40003),
        ({"page": 7}, 40039),
    ],
)
def test_refused_notification_uses_up_no_consent(
    server: Server, changes: dict[str, Any], code: int
) -> None:
    openid = server.follower()
    server.people.consent("zhang", ONCE.id, server.now_s)
    assert server.notify(openid, **changes)["errcode"] == code
    assert server.notify(openid)["errcode"] == 0


def test_answers_to_the_question_for_consent_are_told(server: Server) -> None:
    server.people.consent("zhang", ONCE.id, server.now_s)
    server.people.consent("zhang", ONCE.id, server.now_s, accepts=False)
    accepted, rejected = server.heard()
    assert "<Event><![CDATA[subscribe_msg_popup_event]]></Event>" in accepted
    assert (
        "<SubscribeMsgPopupEvent><List><TemplateId><![CDATA[once]]></TemplateId>"
        "<SubscribeStatusString><![CDATA[accept]]></SubscribeStatusString>"
        "<PopupScene>2</PopupScene></List></SubscribeMsgPopupEvent>" in accepted
    )
    assert "<![CDATA[reject]]>" in rejected
    openid = server.people.contact("zhang").openid
    assert [server.notify(openid)["errcode"] for _ in range(2)] == [0, 43101]


def test_withdrawn_consent_is_told(server: Server) -> None:
    server.people.withdraw("zhang", ONCE.id, server.now_s)
    (said,) = server.heard()
    assert "subscribe_msg_change_event" in said
    assert "<SubscribeMsgChangeEvent><List>" in said


def test_sent_notification_is_told(server: Server) -> None:
    openid = server.follower()
    server.people.consent("zhang", ONCE.id, server.now_s)
    server.heard()
    server.notify(openid)
    (said,) = server.heard(after_s=2.0)
    assert "subscribe_msg_sent_event" in said
    assert f"<MsgID>{server.phone()[0].id}</MsgID><ErrorCode>0</ErrorCode>" in said


def test_consent_to_an_unknown_notification_is_a_mistake(server: Server) -> None:
    with pytest.raises(LookupError, match="no notification"):
        server.people.consent("zhang", CALL.id, server.now_s)
    with pytest.raises(LookupError, match="no notification"):
        server.people.withdraw("zhang", CALL.id, server.now_s)
