"""What each callback asks for."""

from collections.abc import Callable

import pytest

from protocol.ids import HallId, Language, TicketId
from protocol.wechat.callback import (
    Callback,
    ConsentChanged,
    ConsentSent,
    Followed,
    MenuClicked,
    MenuViewed,
    Other,
    Scanned,
    TemplateEnded,
    TextSaid,
    Unfollowed,
)
from protocol.wechat.scene import scene_of
from runtime.wechat.numbers import Number
from runtime.wechat.wishes import (
    BadCode,
    CodeTrouble,
    FollowTheTicket,
    LetGo,
    Nothing,
    TellHelp,
    TellNumber,
    TellProgress,
    Welcome,
    Wish,
    wish_of,
)

KEY = bytes(range(32))
NOW_S = 1_795_459_200.0
HALL, TICKET = HallId("HZ01"), TicketId("20261123-A010")
SCENE = scene_of(KEY, HALL, TICKET, NOW_S + 60)
ZH, EN = Language("zh"), Language("en")


def wish(kind: Callable[..., Callback], /, now_s: float = NOW_S, **said: object) -> Wish:
    callback = kind(openid="o" * 28, account="gh_1", sent_at_s=1_795_459_200, id="1", **said)
    return wish_of(callback, KEY, now_s)


@pytest.mark.parametrize("kind", [Followed, Scanned])
def test_scene_of_a_ticket_asks_to_follow_it_until_it_ends(kind: Callable[..., Callback]) -> None:
    assert wish(kind, scene=SCENE) == FollowTheTicket(hall=HALL, ticket=TICKET)
    last = wish(kind, NOW_S + 59.9, scene=SCENE)
    assert last == FollowTheTicket(hall=HALL, ticket=TICKET)
    assert wish(kind, NOW_S + 60, scene=SCENE) == BadCode(trouble=CodeTrouble.EXPIRED)


@pytest.mark.parametrize("kind", [Followed, Scanned])
def test_scene_that_was_changed_is_forged(kind: Callable[..., Callback]) -> None:
    changed = SCENE.replace("A010", "A011")
    assert wish(kind, scene=changed) == BadCode(trouble=CodeTrouble.FORGED)


def test_other_scene_greets_the_new_and_is_foreign_to_followers() -> None:
    assert wish(Followed, scene="poster-7") == Welcome()
    assert wish(Followed, scene=None) == Welcome()
    assert wish(Scanned, scene="poster-7") == BadCode(trouble=CodeTrouble.FOREIGN)


def test_leaving_the_account_lets_go() -> None:
    assert wish(Unfollowed) == LetGo()


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("进度", TellProgress(language=ZH)),
        ("进度？", TellProgress(language=ZH)),
        ("PROGRESS", TellProgress(language=EN)),
        ("my  ticket!", TellProgress(language=EN)),
        ("a10", TellNumber(number=Number(head="A", serial=10), typed="a10")),
        ("7", TellNumber(number=Number(head="", serial=7), typed="7")),
        ("什么时候到我", TellHelp(language=ZH)),
        ("A010到了吗", TellHelp(language=ZH)),
        ("hello", TellHelp(language=EN)),
        ("👋", TellHelp(language=None)),
        ("", TellHelp(language=None)),
    ],
)
def test_text_asks_for_progress_a_number_or_help(text: str, asked: Wish) -> None:
    assert wish(TextSaid, text=text) == asked


def test_menu_asks_for_progress_or_help() -> None:
    assert wish(MenuClicked, key="progress") == TellProgress(language=None)
    assert wish(MenuClicked, key="other") == TellHelp(language=None)


def test_nobody_waits_for_an_answer_to_the_rest() -> None:
    assert wish(MenuViewed, url="https://x") == Nothing()
    assert wish(TemplateEnded, message_id=1, status="success") == Nothing()
    assert wish(ConsentChanged, consents=()) == Nothing()
    assert wish(ConsentSent, sent=()) == Nothing()
    assert wish(Other, kind="image") == Nothing()
