"""The menu below an account's chat: at most three buttons, each of which opens at most five others.

    {"button": [{"type": "click", "name": "进度", "key": "progress"},
                {"name": "取号", "sub_button": [{"type": "view", "name": "...", "url": "https://..."}]}]}

Source: WeChat's description of custom menus; lengths are octets of UTF-8.
"""

from collections.abc import Mapping
from typing import Any

from protocol.errors import ConfigError
from protocol.values import value

__all__ = ["Click", "Menu", "Submenu", "View", "check", "menu_from", "same", "to_wechat"]

BUTTONS_MAX = 3
SUB_BUTTONS_MAX = 5
NAME_OCTETS_MAX = 16
"""Five Chinese characters; of them WeChat shows about four."""
SUB_NAME_OCTETS_MAX = 60
KEY_OCTETS_MAX = 128
URL_OCTETS_MAX = 1024


@value
class Click:
    """A button that tells the account its ``key``."""

    name: str
    key: str


@value
class View:
    """A button that opens the page ``url``."""

    name: str
    url: str


@value
class Submenu:
    """A button that opens others."""

    name: str
    buttons: tuple[Click | View, ...]


@value
class Menu:
    """The whole menu, from left to right and, in a submenu, from the top down."""

    buttons: tuple[Click | View | Submenu, ...]


def check(menu: Menu) -> None:
    """Return if WeChat takes ``menu``.

    Raises:
        ConfigError: there is a button too many or too few, or something of one is empty or too long.
    """
    _check_count("the menu", len(menu.buttons), BUTTONS_MAX)
    for button in menu.buttons:
        _check_octets("the name of a button", button.name, NAME_OCTETS_MAX)
        if isinstance(button, Submenu):
            _check_count(f"the submenu {button.name}", len(button.buttons), SUB_BUTTONS_MAX)
            for below in button.buttons:
                _check_octets("the name of a submenu's button", below.name, SUB_NAME_OCTETS_MAX)
                _check_action(below)
        else:
            _check_action(button)


def to_wechat(menu: Menu) -> dict[str, Any]:
    """Return the JSON document that makes ``menu`` the account's (``menu/create``).

    It must be sent with its characters in UTF-8: WeChat shows ``\\uXXXX`` as it is written.

    Raises:
        ConfigError: WeChat would not take it; see `check`.
    """
    check(menu)
    return {"button": [_button_to(button) for button in menu.buttons]}


def menu_from(document: object) -> Menu | None:
    """Return the menu in WeChat's answer to ``menu/get``; None if it holds what is not of this module.

    A menu that somebody made by hand may have buttons of other types. It then differs from every menu here,
    which is all that has to be known of it; so does an answer that holds no menu.
    """
    menu = document.get("menu") if isinstance(document, Mapping) else None
    buttons = menu.get("button") if isinstance(menu, Mapping) else None
    if not isinstance(buttons, list):
        return None
    read = [_button_from(button) for button in buttons]
    if any(button is None for button in read):
        return None
    return Menu(buttons=tuple(button for button in read if button is not None))


def same(wanted: Menu, found: Menu | None) -> bool:
    """Return whether the account has the menu already, so that none has to be made."""
    return wanted == found


def _check_count(what: str, count: int, most: int) -> None:
    if not 1 <= count <= most:
        raise ConfigError(f"{what} has {count} buttons; allowed are 1 to {most}")


def _check_octets(what: str, text: str, most: int) -> None:
    octets = len(text.encode())
    if not text.strip() or octets > most:
        raise ConfigError(
            f"{what}, {text!r}, has {octets} octets in UTF-8; allowed are 1 to {most}"
        )


def _check_action(button: Click | View) -> None:
    if isinstance(button, Click):
        _check_octets(f"the key of the button {button.name}", button.key, KEY_OCTETS_MAX)
        return
    _check_octets(f"the address of the button {button.name}", button.url, URL_OCTETS_MAX)
    if not button.url.startswith(("https://", "http://")):
        raise ConfigError(f"the address of the button {button.name} must begin with https://")


def _button_to(button: Click | View | Submenu) -> dict[str, Any]:
    match button:
        case Click():
            return {"type": "click", "name": button.name, "key": button.key}
        case View():
            return {"type": "view", "name": button.name, "url": button.url}
        case Submenu():
            below = [_button_to(each) for each in button.buttons]
            return {"name": button.name, "sub_button": below}


def _button_from(button: object) -> Click | View | Submenu | None:
    if not isinstance(button, Mapping):
        return None
    # WeChat answers with an empty list of sub-buttons for a button that has none.
    below = button.get("sub_button")
    if not below:
        return _action_from(button)
    name = button.get("name")
    if not isinstance(below, list) or not isinstance(name, str) or "type" in button:
        return None
    read = [
        _action_from(each) if isinstance(each, Mapping) and not each.get("sub_button") else None
        for each in below
    ]
    if any(each is None for each in read):
        return None
    return Submenu(name=name, buttons=tuple(each for each in read if each is not None))


def _action_from(button: Mapping[str, Any]) -> Click | View | None:
    match button:
        case {"type": "click", "name": str(name), "key": str(key)}:
            return Click(name=name, key=key)
        case {"type": "view", "name": str(name), "url": str(url)}:
            return View(name=name, url=url)
    return None
