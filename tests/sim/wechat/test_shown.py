"""What a page of phones shows and switches: the menu, codes, notifications, and troubles by their names."""

from __future__ import annotations

import pytest

from sim.wechat.faults import Ill
from tests.sim.wechat.service import ALWAYS, ONCE, Server


@pytest.fixture
def server() -> Server:
    server = Server()
    server.sign_in()
    return server


def test_newest_codes_come_first_and_ended_ones_not_at_all(server: Server) -> None:
    server.code("first")
    server.code("second", expire_seconds=10)
    server.code("third")
    now_s = server.now_s
    assert [each.scene for each in server.people.codes(2, now_s)] == ["third", "second"]
    assert [each.scene for each in server.people.codes(9, now_s + 10)] == ["third", "first"]


def test_menu_is_shown_as_it_was_made(server: Server) -> None:
    assert server.people.menu() == ()
    button = {"type": "click", "name": "Progress", "key": "progress"}
    server.post("/cgi-bin/menu/create", {"button": [button]})
    assert server.people.menu() == ({**button, "sub_button": []},)


def test_notifications_are_the_accounts(server: Server) -> None:
    assert server.people.notifications() == (ONCE, ALWAYS)


def test_trouble_is_begun_seen_and_healed_by_its_name(server: Server) -> None:
    troubles, now_s = server.stand_in.troubles, server.now_s
    assert set(troubles.kinds) == set(Ill)
    troubles.begin_named("busy", now_s, 60.0, path="/cgi-bin/qrcode/")
    troubles.begin_named("reset", now_s, 60.0)
    assert [each.ill for each in troubles.on(now_s + 59)] == ["busy", "reset"]
    assert troubles.on(now_s + 60) == ()
    troubles.heal("reset")
    assert [each.ill for each in troubles.on(now_s)] == ["busy"]
    assert server.code()["errcode"] == -1


@pytest.mark.parametrize(
    ("kind", "lasts_s", "given"),
    [
        ("flood", 60.0, {}),
        ("busy", 0.0, {}),
        ("delay", 60.0, {}),
        ("busy", 60.0, {"probability": 2}),
    ],
)
def test_trouble_that_cannot_be_is_refused(
    server: Server, kind: str, lasts_s: float, given: dict[str, float]
) -> None:
    with pytest.raises(ValueError, match=r"flood|lasts_s|delay_s|probability"):
        server.stand_in.troubles.begin_named(kind, server.now_s, lasts_s, **given)
    assert server.stand_in.troubles.on(server.now_s) == ()
