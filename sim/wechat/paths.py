"""Paths of WeChat's interfaces that halls call, apart from what serves them."""

from typing import Final

__all__ = ["CODES", "SEND", "TOKEN"]

CODES: Final = "/cgi-bin/qrcode/create"
SEND: Final = "/cgi-bin/message/template/send"
TOKEN: Final = "/cgi-bin/stable_token"
