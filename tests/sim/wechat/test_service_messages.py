"""Customer-service messages: the windows in which they may be sent."""

from __future__ import annotations

from typing import Any

import pytest

from sim.wechat.phones import Kind
from tests.sim.wechat.service import Server


@pytest.fixture
def server() -> Server:
    server = Server()
    server.sign_in()
    return server


def test_service_message_without_a_window_is_refused(server: Server) -> None:
    assert server.service(server.people.contact("zhang").openid)["errcode"] == 45015


def test_after_a_follow_three_messages_may_be_sent_within_a_minute(server: Server) -> None:
    openid = server.follower()
    assert [server.service(openid)["errcode"] for _ in range(4)] == [0, 0, 0, 45047]
    server.now_s += 60
    assert server.service(openid)["errcode"] == 45015
    assert [message.kind for message in server.phone()] == [Kind.SERVICE] * 3


def test_window_of_a_follow_closes_after_a_minute(server: Server) -> None:
    openid = server.follower()
    server.now_s += 59
    assert server.service(openid)["errcode"] == 0
    server.now_s += 1
    assert server.service(openid)["errcode"] == 45015


def test_scan_and_click_open_the_window_again(server: Server) -> None:
    openid = server.follower()
    url = server.code()["url"]
    server.post("/cgi-bin/menu/create", {"button": [{"type": "click", "name": "a", "key": "k"}]})
    for act in (
        lambda: server.people.scan("zhang", url, server.now_s),
        lambda: server.people.click("zhang", "k", server.now_s),
    ):
        server.now_s += 100
        assert server.service(openid)["errcode"] == 45015
        act()
        assert server.service(openid)["errcode"] == 0


def test_after_a_text_the_window_is_open_for_48_hours(server: Server) -> None:
    openid = server.follower()
    server.now_s += 60
    server.people.say("zhang", "进度", server.now_s)
    server.now_s += 48 * 3_600 - 1
    server.sign_in()
    assert server.service(openid)["errcode"] == 0
    server.now_s += 1
    assert server.service(openid)["errcode"] == 45015


def test_after_a_text_five_messages_may_be_sent(server: Server) -> None:
    openid = server.follower()
    server.now_s += 60
    server.people.say("zhang", "进度", server.now_s)
    assert [server.service(openid)["errcode"] for _ in range(6)] == [0] * 5 + [45047]


def test_who_leaves_closes_all_windows(server: Server) -> None:
    openid = server.follower()
    server.people.say("zhang", "进度", server.now_s)
    server.people.unfollow("zhang", server.now_s)
    assert server.service(openid)["errcode"] == 45015


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"touser": "o-of-nobody"}, 40003),
        ({"msgtype": "voice"}, 40008),
        ({"msgtype": None}, 40008),
        ({"text": {"content": ""}}, 44004),
        ({"text": None}, 44004),
        ({"text": {"content": ["您好"]}}, 44004),
        ({"text": {"content": "字" * 683}}, 45002),
        ({"msgtype": "link", "link": {"title": "a", "url": 7}}, 40039),
        ({"msgtype": "news", "news": {"articles": []}}, 44004),
    ],
)
def test_refused_service_message_uses_up_no_window(
    server: Server, changes: dict[str, Any], code: int
) -> None:
    openid = server.follower()
    assert server.service(openid, **changes)["errcode"] == code
    assert [server.service(openid)["errcode"] for _ in range(3)] == [0, 0, 0]


def test_article_arrives_with_its_link(server: Server) -> None:
    openid = server.follower()
    article = {"title": "排队进度", "description": "前面还有3人", "url": "http://hall.example/p"}
    assert server.service(openid, msgtype="news", news={"articles": [article]})["errcode"] == 0
    message = server.phone()[0]
    assert (message.title, message.text, message.link) == tuple(article.values())


def test_service_message_to_one_who_blocks_is_taken_and_does_not_arrive(server: Server) -> None:
    openid = server.follower()
    server.people.block("zhang")
    assert server.service(openid)["errcode"] == 0
    assert server.phone() == ()
