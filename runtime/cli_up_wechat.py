"""WeChat's stand-in beside the demo hall: what phones are told is seen with nothing real."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from random import Random
from string import ascii_letters, digits
from typing import Any

from protocol.wechat.templates import Slot
from runtime.config.model import WeChat, WeChatChannel, WeChatTemplate
from runtime.reservation.cookies import CUSTOMER
from runtime.stand_in.server import StandInServer
from runtime.wechat.callbacks import PATH
from sim.wechat.accounts import Account
from sim.wechat.fields import Template
from sim.wechat.stand_in import StandIn

__all__ = ["DemoWeChat"]

PEOPLE = ("张三", "李四")
"""Who has a phone at the start."""

NEAR: Mapping[str, Slot] = {
    "character_string1": Slot.NUMBER,
    "number2": Slot.AHEAD,
    "thing3": Slot.NOTE,
    "thing4": Slot.HALL,
}
CALL: Mapping[str, Slot] = {
    "character_string1": Slot.NUMBER,
    "thing2": Slot.COUNTER,
    "thing3": Slot.NOTE,
    "thing4": Slot.HALL,
}


PUSHES = (
    Template(id="near", title="排队进度提醒", fields=tuple(NEAR)),
    Template(id="call", title="叫号通知", fields=tuple(CALL)),
)
"""The account has them as template messages, and as subscription notifications that people may consent to."""


class DemoWeChat:
    """A stand-in with one account, on a free port of this machine; pushes go by ``channel``."""

    def __init__(self, reactor: Any, channel: WeChatChannel = WeChatChannel.TEMPLATE) -> None:
        self._channel = channel
        self._account = Account(
            app_id=f"wx{secrets.token_hex(8)}",
            secret=secrets.token_hex(16),
            origin=f"gh_{secrets.token_hex(6)}",
            token=secrets.token_hex(16),
            aes_key="".join(secrets.choice(ascii_letters + digits) for _ in range(43)),
            templates=PUSHES,
            notifications=PUSHES,
        )
        self._model = StandIn([self._account], Random())
        for name in PEOPLE:
            self._model.people.contact(name)
        self._server = StandInServer(reactor, self._model, 0, forgotten_cookies=(CUSTOMER,))

    @property
    def phones_url(self) -> str:
        """The page with everybody's phones."""
        return self._server.phones_url

    def start(self) -> WeChat:
        """Serve it; return the account as a server's configuration has it.

        Raises:
            ConfigError: there is no free port.
        """
        self._server.start()
        account = self._account
        return WeChat(
            app_id=account.app_id,
            secret=account.secret,
            token=account.token,
            aes_key=account.aes_key,
            api_url=self._server.base_url,
            oauth_url=self._server.base_url,
            channel=self._channel,
            near=WeChatTemplate(template="near", fields=NEAR),
            call=WeChatTemplate(template="call", fields=CALL),
        )

    def connect(self, port: int) -> None:
        """Tell WeChat where the account's server is, as its owner does in WeChat's pages."""
        here = f"127.0.0.1:{port}"
        self._model.move(f"http://{here}{PATH}", pages=(here, f"localhost:{port}"))

    def stop(self) -> Any:
        """Serve it no more; a Deferred fires when that is so, or None is returned."""
        return self._server.stop()
