"""The custom menu: what WeChat takes, and whether the account has it already."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import ConfigError
from protocol.wechat.menu import Click, Menu, Submenu, View, check, menu_from, same, to_wechat

MENU = Menu(
    buttons=(
        Click(name="进度", key="progress"),
        Submenu(
            name="取号预约",
            buttons=(
                View(name="取号", url="https://hall.example.cn/wechat/take?a=1&b=2"),
                View(name="预约", url="https://hall.example.cn/wechat/book"),
            ),
        ),
        View(name="我的", url="https://hall.example.cn/wechat/mine"),
    )
)

words = st.text('ab 进é&"', min_size=1, max_size=5).filter(str.strip)
actions = st.one_of(
    st.builds(Click, name=words, key=words),
    st.builds(View, name=words, url=words.map(lambda word: f"https://a.cn/{word}")),
)
submenus = st.builds(
    Submenu, name=words, buttons=st.lists(actions, min_size=1, max_size=5).map(tuple)
)
menus = st.builds(
    Menu, buttons=st.lists(st.one_of(actions, submenus), min_size=1, max_size=3).map(tuple)
)


def answered(menu: Menu) -> dict[str, Any]:
    """What ``menu/get`` answers: with empty lists of sub-buttons that nobody sent."""
    buttons = to_wechat(menu)["button"]
    return {"menu": {"button": [{"sub_button": [], **button} for button in buttons]}}


def wrong(*buttons: Click | View | Submenu) -> str:
    with pytest.raises(ConfigError) as refused:
        check(Menu(buttons=buttons))
    return str(refused.value)


def test_menu_is_written_as_wechat_takes_it() -> None:
    assert to_wechat(MENU) == {
        "button": [
            {"type": "click", "name": "进度", "key": "progress"},
            {
                "name": "取号预约",
                "sub_button": [
                    {
                        "type": "view",
                        "name": "取号",
                        "url": "https://hall.example.cn/wechat/take?a=1&b=2",
                    },
                    {"type": "view", "name": "预约", "url": "https://hall.example.cn/wechat/book"},
                ],
            },
            {"type": "view", "name": "我的", "url": "https://hall.example.cn/wechat/mine"},
        ]
    }


@given(menu=menus)
def test_menu_that_was_made_is_found_again_as_the_same(menu: Menu) -> None:
    assert same(menu, menu_from(answered(menu)))
    assert same(menu, menu_from({"menu": to_wechat(menu)}))


@given(menu=menus, other=menus)
def test_other_menu_is_not_the_same(menu: Menu, other: Menu) -> None:
    assert same(menu, menu_from(answered(other))) is (menu == other)


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"menu": None},
        {"menu": {}},
        {"menu": {"button": {}}},
        {"menu": {"button": [None]}},
        {"menu": {"button": [{"name": "a"}]}},
        {"menu": {"button": [{"type": "click", "name": "a"}]}},
        {"menu": {"button": [{"type": "click", "name": "a", "key": 1}]}},
        {"menu": {"button": [{"type": "view", "name": "a", "key": "b"}]}},
        {"menu": {"button": [{"type": "media_id", "name": "a", "media_id": "b"}]}},
        {"menu": {"button": [{"name": "a", "sub_button": ["b"]}]}},
        {"menu": {"button": [{"name": "a", "sub_button": "b"}]}},
        {
            "menu": {
                "button": [
                    {
                        "type": "click",
                        "name": "a",
                        "key": "b",
                        "sub_button": [{"type": "click", "name": "a", "key": "b"}],
                    }
                ]
            }
        },
        {
            "menu": {
                "button": [
                    {
                        "name": "a",
                        "sub_button": [
                            {"type": "click", "name": "a", "key": "b", "sub_button": ["c"]}
                        ],
                    }
                ]
            }
        },
        {"menu": {"button": [{"sub_button": [{"type": "click", "name": "a", "key": "b"}]}]}},
        {"menu": {"button": [{"name": "a", "sub_button": [{"name": "b", "sub_button": ["c"]}]}]}},
        {"errcode": 46003, "errmsg": "menu no exist"},
    ],
)
def test_menu_of_other_buttons_or_none_is_not_the_same_as_any(document: object) -> None:
    assert menu_from(document) is None
    assert not same(MENU, menu_from(document))


def test_answer_in_another_order_of_buttons_is_another_menu() -> None:
    assert not same(MENU, menu_from(answered(Menu(buttons=MENU.buttons[::-1]))))


@pytest.mark.parametrize(
    ("buttons", "said"),
    [
        ((), "1 to 3"),
        ((Click(name="a", key="b"),) * 4, "1 to 3"),
        ((Submenu(name="a", buttons=()),), "1 to 5"),
        ((Submenu(name="a", buttons=(Click(name="a", key="b"),) * 6),), "1 to 5"),
        ((Click(name="", key="b"),), "name"),
        ((Click(name=" ", key="b"),), "name"),
        ((Click(name="六个汉字太长", key="b"),), "18 octets"),
        ((Submenu(name="六个汉字太长", buttons=(Click(name="a", key="b"),)),), "18 octets"),
        ((Submenu(name="a", buttons=(Click(name="长" * 21, key="b"),)),), "63 octets"),
        ((Click(name="a", key=""),), "key"),
        ((Click(name="a", key="k" * 129),), "129 octets"),
        ((View(name="a", url=""),), "address"),
        ((View(name="a", url="javascript:alert(1)"),), "https://"),
        ((View(name="a", url="https://" + "a" * 1017),), "1025 octets"),
        ((Submenu(name="a", buttons=(View(name="a", url="ftp://a.cn"),)),), "https://"),
    ],
)
def test_button_that_wechat_would_not_take_is_refused(buttons: Any, said: str) -> None:
    assert said in wrong(*buttons)
    with pytest.raises(ConfigError):
        to_wechat(Menu(buttons=buttons))


def test_names_at_their_bounds_are_taken() -> None:
    below = Click(name="长" * 20, key="k" * 128)
    check(
        Menu(
            buttons=(
                Submenu(name="五个字啊呀a", buttons=(below,) * 5),
                View(name="a" * 16, url="https://" + "a" * 1016),
                Click(name="a", key="b"),
            )
        )
    )
