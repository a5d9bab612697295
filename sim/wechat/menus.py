"""An account's custom menu: at most three buttons, each with at most five below it.

Source: WeChat's documentation of custom menus; names and keys are counted in octets of UTF-8.
"""

from __future__ import annotations

from typing import Any, Final

from sim.wechat.codes import Code, Refused

__all__ = ["buttons_of", "check_menu"]

BUTTONS_MAX: Final = 3
SUB_BUTTONS_MAX: Final = 5
NAME_MAX: Final = 16
SUB_NAME_MAX: Final = 60
KEY_MAX: Final = 128
LINK_MAX: Final = 1_024

_WITH_KEY: Final = frozenset(
    {"click", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album"}
    | {"pic_weixin", "location_select"}
)

_KEPT: Final = ("type", "name", "key", "url")


def check_menu(document: dict[str, Any], body: bytes) -> list[dict[str, Any]]:
    """Return the buttons as ``menu/get`` gives them.

    Args:
        document: what ``body`` says.
        body: what was posted. WeChat shows escaped characters as they are written, so they are refused.

    Raises:
        Refused: 40033, or the code of the button that is not allowed.
    """
    if b"\\u" in body:
        raise Refused(Code.CHARACTERS)
    buttons = document.get("button")
    if not isinstance(buttons, list):
        raise Refused(Code.MENU_TYPE)
    if not 1 <= len(buttons) <= BUTTONS_MAX:
        raise Refused(Code.BUTTONS)
    return [_button(each) for each in buttons]


def buttons_of(menu: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the buttons that a thumb can press: those with nothing below them."""
    return [each for top in menu for each in top["sub_button"] or [top]]


def _button(button: Any) -> dict[str, Any]:
    if not isinstance(button, dict):
        raise Refused(Code.BUTTON_TYPE)
    _bounded(button.get("name"), NAME_MAX, Code.BUTTON_NAME)
    below = button.get("sub_button") or []
    if not isinstance(below, list) or len(below) > SUB_BUTTONS_MAX:
        raise Refused(Code.SUB_BUTTONS)
    if below:
        return {"name": button["name"], "sub_button": [_sub_button(each) for each in below]}
    _check_action(button, Code.BUTTON_TYPE, Code.BUTTON_KEY, Code.BUTTON_URL)
    return {**_kept(button), "sub_button": []}


def _sub_button(button: Any) -> dict[str, Any]:
    if not isinstance(button, dict):
        raise Refused(Code.SUB_BUTTON_TYPE)
    if button.get("sub_button"):
        raise Refused(Code.MENU_DEPTH)
    _bounded(button.get("name"), SUB_NAME_MAX, Code.SUB_BUTTON_NAME)
    _check_action(button, Code.SUB_BUTTON_TYPE, Code.SUB_BUTTON_KEY, Code.SUB_BUTTON_URL)
    return {**_kept(button), "sub_button": []}


def _check_action(button: dict[str, Any], kind: Code, key: Code, link: Code) -> None:
    if button.get("type") == "view":
        _bounded(button.get("url"), LINK_MAX, link)
        if not button["url"].startswith(("http://", "https://")):
            raise Refused(link)
    elif button.get("type") in _WITH_KEY:
        _bounded(button.get("key"), KEY_MAX, key)
    else:
        raise Refused(kind)


def _bounded(text: Any, most: int, code: Code) -> None:
    if not isinstance(text, str) or not 1 <= len(text.encode()) <= most:
        raise Refused(code)


def _kept(button: dict[str, Any]) -> dict[str, str]:
    return {name: button[name] for name in _KEPT if isinstance(button.get(name), str)}
