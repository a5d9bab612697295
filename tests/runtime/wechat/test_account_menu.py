"""The account's menu is made where it differs, and left alone where it does not."""

from __future__ import annotations

import pytest

from protocol.ids import Language
from protocol.wechat.menu import to_wechat
from runtime.wechat.account_menu import MenuKeeper, menu_of
from sim.wechat.faults import Ill
from tests.runtime.wechat.test_client import Stage


@pytest.fixture
def stage() -> Stage:
    return Stage()


MENU = menu_of("https://hall.example", Language("zh"))


def names(stage: Stage) -> list[str]:
    return [str(button["name"]) for button in stage.server.people.menu()]


def test_menu_is_made_where_there_is_none(stage: Stage) -> None:
    assert not MenuKeeper(MENU).keep(stage.client)
    assert names(stage) == ["取号", "我的", "进度"]
    assert [button.get("url", button.get("key")) for button in stage.server.people.menu()] == [
        "https://hall.example/m/",
        "https://hall.example/m/mine",
        "progress",
    ]


def test_menu_that_is_there_is_left_alone(stage: Stage) -> None:
    MenuKeeper(MENU).keep(stage.client)
    MenuKeeper(MENU).keep(stage.client)
    assert stage.asked("menu/create") == 1
    assert stage.asked("menu/get") == 2


def test_other_menu_is_replaced(stage: Stage) -> None:
    made = {"button": [{"type": "view", "name": "官网", "url": "https://hall.example"}]}
    stage.client.call(lambda service: service.post("menu/create", data=made))
    assert not MenuKeeper(MENU).keep(stage.client)
    assert names(stage) == [button.name for button in MENU.buttons]


def test_service_that_is_away_is_asked_again_so_often_and_no_more(stage: Stage) -> None:
    stage.send()
    stage.begin(Ill.BUSY)
    keeper = MenuKeeper(MENU, tries=3)
    assert [keeper.keep(stage.client) for _ in range(3)] == [True, True, False]
    assert names(stage) == []


def test_menu_is_in_english_where_the_hall_is() -> None:
    english = menu_of("https://hall.example", Language("en-GB"))
    assert [button.name for button in english.buttons] == ["Take a number", "Mine", "Progress"]
    assert to_wechat(english)
