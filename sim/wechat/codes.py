"""The error codes that the stand-in answers with, and their texts.

Source: the table of return codes in WeChat's documentation. Errors come with HTTP status 200.
"""

from __future__ import annotations

from enum import IntEnum

from protocol.errors import PaihaoError

__all__ = ["Code", "Refused"]


class Code(IntEnum):
    """An ``errcode``; `text` is the beginning of its ``errmsg``, which also carries a number of the request."""

    text: str

    BUSY = -1, "system error"
    SECRET_OR_TOKEN = 40001, "invalid credential, access_token is invalid or not latest"
    GRANT_TYPE = 40002, "invalid grant_type"
    OPENID = 40003, "invalid openid"
    MESSAGE_TYPE = 40008, "invalid message type"
    APP_ID = 40013, "invalid appid"
    TOKEN_MALFORMED = 40014, "invalid access_token"
    MENU_TYPE = 40015, "invalid menu type"
    BUTTONS = 40016, "invalid button size"
    BUTTON_TYPE = 40017, "invalid button type"
    BUTTON_NAME = 40018, "invalid button name size"
    BUTTON_KEY = 40019, "invalid button key size"
    BUTTON_URL = 40020, "invalid button url size"
    MENU_DEPTH = 40022, "invalid sub button level"
    SUB_BUTTONS = 40023, "invalid sub button size"
    SUB_BUTTON_TYPE = 40024, "invalid sub button type"
    SUB_BUTTON_NAME = 40025, "invalid sub button name size"
    SUB_BUTTON_KEY = 40026, "invalid sub button key size"
    SUB_BUTTON_URL = 40027, "invalid sub button url size"
    OAUTH_CODE = 40029, "invalid code"
    CHARACTERS = (
        40033,
        "invalid charset. please check your request, if include \\uxxxx will create fail!",
    )
    TEMPLATE = 40037, "invalid template_id"
    LINK = 40039, "invalid url size"
    QR_ACTION = 40053, "invalid action info"
    PATH = 40066, "invalid url"
    ARGUMENTS = 40097, "invalid args"
    SECRET = 40125, "invalid appsecret"
    OAUTH_CODE_USED = 40163, "code been used"
    TOKEN_MISSING = 41001, "access_token missing"
    APP_ID_MISSING = 41002, "appid missing"
    SECRET_MISSING = 41004, "appsecret missing"
    OAUTH_CODE_MISSING = 41008, "missing code"
    OPENID_MISSING = 41009, "missing openid"
    TOKEN_EXPIRED = 42001, "access_token expired"
    GET_REQUIRED = 43001, "require GET method"
    POST_REQUIRED = 43002, "require POST method"
    NOT_FOLLOWING = 43004, "require subscribe"
    NO_CONSENT = 43101, "user refuse to accept the msg"
    EMPTY = 44002, "empty post data"
    CONTENT_EMPTY = 44004, "empty content"
    CONTENT_LONG = 45002, "content size out of limit"
    DAY_QUOTA = 45009, "reach max api daily quota limit"
    MINUTE_RATE = 45011, "api minute-quota reach limit, must slower, retry next minute"
    WINDOW_CLOSED = 45015, "response out of time limit or subscription is canceled"
    WINDOW_FULL = 45047, "out of response count limit"
    REPEATED = 45065, "clientmsgid exist"
    MESSAGE_ID_LONG = 45067, "clientmsgid size out of limit"
    NO_MENU = 46003, "menu no exist"
    NOT_JSON = 47001, "data format error"
    ARGUMENT = 47003, "argument invalid!"
    UNAUTHORISED = 48001, "api unauthorized"
    NO_SUCH_API = 76021, "cgi_path not found"

    def __new__(cls, number: int, text: str) -> Code:
        """Make a member of a number and a text."""
        code = int.__new__(cls, number)
        code._value_ = number
        code.text = text
        return code


class Refused(PaihaoError):
    """A request is answered with the error ``code``; ``detail`` says more in its ``errmsg``."""

    def __init__(self, code: Code, detail: str = "") -> None:
        super().__init__(f"{int(code)} {code.text} {detail}".rstrip())
        self.code = code
        self.detail = detail
