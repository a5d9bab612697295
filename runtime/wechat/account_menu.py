"""The menu below the account's chat: made when the service starts, where it is not there yet."""

from __future__ import annotations

import logging
from typing import Any

from protocol.ids import Language
from protocol.wechat.menu import Click, Menu, View, menu_from, same, to_wechat
from runtime.wechat.client import ApiClient, ApiFailed
from runtime.wechat.wishes import PROGRESS_KEY

log = logging.getLogger(__name__)

__all__ = ["AGAIN_S", "TRIES_MAX", "MenuKeeper", "menu_of"]

ZH = Language("zh")

_NAMES = {True: ("取号", "我的", "进度"), False: ("Take a number", "Mine", "Progress")}
"""By whether they are Chinese; longer ones than these are cut by WeChat."""

NO_MENU = 46003
"""What is answered where an account has none."""

AGAIN_S = 300.0
"""So long after a try that failed comes the next one."""

TRIES_MAX = 12
"""An hour; after that the next start tries again. A person is told by the log, as nobody waits for a menu."""


def menu_of(base_url: str, language: Language) -> Menu:
    """Return the menu whose buttons open our pages, below ``base_url``; in Chinese or English."""
    take, mine, progress = _NAMES[language.partition("-")[0] == ZH]
    return Menu(
        buttons=(
            View(name=take, url=f"{base_url}/m/"),
            View(name=mine, url=f"{base_url}/m/mine"),
            Click(name=progress, key=PROGRESS_KEY),
        )
    )


class MenuKeeper:
    """Sees to it that the account has ``menu``; ``tries`` are left."""

    def __init__(self, menu: Menu, tries: int = TRIES_MAX) -> None:
        self._menu = menu
        self._tries = tries

    def keep(self, client: ApiClient) -> bool:
        """Make the menu if another one is there, or none; return whether that is to be tried again."""
        self._tries -= 1
        try:
            if not same(self._menu, self._found(client)):
                document: Any = to_wechat(self._menu)
                client.call(lambda service: service.post("menu/create", data=document))
                log.info("menu of the account was made")
        except ApiFailed as failed:
            log.warning("menu of the account not made tries_left=%d %s", self._tries, failed)
            return self._tries > 0
        return False

    def _found(self, client: ApiClient) -> Menu | None:
        try:
            return menu_from(client.call(lambda service: service.get("menu/get")))
        except ApiFailed as failed:
            if failed.code == NO_MENU:
                return None
            raise
