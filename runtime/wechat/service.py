"""The official account of a server's halls: everything that speaks with WeChat for them, and its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import requests

from actors.audience import told
from protocol.hall import HallSpec
from protocol.ids import HallId, Language, TicketId
from protocol.messages import Recipient
from protocol.wechat.budget import Budget
from runtime.config.model import WeChat
from runtime.http.ports import HallPort
from runtime.keys import derived_key
from runtime.reservation.service import Reservation
from runtime.wechat.account_menu import AGAIN_S, MenuKeeper, menu_of
from runtime.wechat.callbacks import Callbacks, door_of
from runtime.wechat.client import ApiClient, token_owner
from runtime.wechat.codes import AccountCodes
from runtime.wechat.followers import FollowerSeal
from runtime.wechat.messages import Messages
from runtime.wechat.pool import ApiPool
from runtime.wechat.pushes import AccountPushes
from runtime.wechat.reception import FollowedHall
from runtime.wechat.visitors import Visitors
from runtime.world import ReactorWorld

__all__ = ["AccountService"]

PUSH_THREADS = 4
"""Pushes that are sent at the same time: at a tenth of a second each, forty a second."""

CODE_THREADS = 2
"""Codes that are made at the same time: apart from pushes, as somebody stands at the kiosk."""

VISITOR_THREADS = 6
"""Visitors of whom WeChat is asked at the same time, apart from both: each looks at an empty page meanwhile."""


class AccountService:
    """See the module. ``key`` is the server's own; openids and scenes are sealed with keys of it."""

    def __init__(self, reactor: Any, wechat: WeChat, key: bytes, world: ReactorWorld) -> None:
        self._reactor = reactor
        self._wechat = wechat
        self._key = key
        self._world = world
        self._followers = FollowerSeal(derived_key(key, "wechat/followers"))
        self._scene_key = derived_key(key, "wechat/scenes")
        self._budget = Budget()
        self._tokens = token_owner(wechat)
        self._push_threads = self._pool(PUSH_THREADS)
        self._code_threads = self._pool(CODE_THREADS)
        self._visitor_threads = self._pool(VISITOR_THREADS)
        self._callbacks: Callbacks | None = None
        self._menu_timer: Any = None
        self._stopped = False

    def keep_menu(self, base_url: str, language: Language) -> None:
        """Have the account's menu looked at; ``base_url`` is what the addresses of our pages begin with."""
        keeper = MenuKeeper(menu_of(base_url, language))

        def look() -> None:
            self._menu_timer = None
            self._code_threads.submit(keep)

        def keep(client: ApiClient) -> None:
            if keeper.keep(client):
                self._world.call_from_thread(look_later)

        def look_later() -> None:
            if not self._stopped:
                self._menu_timer = self._reactor.callLater(AGAIN_S, look)

        look()

    def _pool(self, threads: int) -> ApiPool:
        clients = [
            ApiClient(self._wechat, self._tokens, requests.Session()) for _ in range(threads)
        ]
        return ApiPool(clients)

    def pushes(self, spec: HallSpec, page: Callable[[TicketId], str]) -> AccountPushes:
        """Return what sends the pushes of a hall; ``page`` gives the address of a ticket's page."""
        message = Messages(spec=spec, wechat=self._wechat, seal=self._followers, page=page)
        now = self._world.now
        return AccountPushes(self._push_threads, message, self._budget, self._tell, now)

    def codes(self, hall: HallId) -> AccountCodes:
        """Return what makes codes for the tickets of a hall."""
        return AccountCodes(self._code_threads, hall, self._scene_key, self._tell, self._world.now)

    def reservation(self, base_url: Callable[[], str], *, secure: bool) -> Reservation:
        """Return what serves customers' phones; see `Reservation`."""
        return Reservation(
            self._wechat,
            self._key,
            self._followers,
            Visitors(self._visitor_threads, self._tell),
            base_url,
            self._world.now,
            secure=secure,
        )

    def callbacks(self, ports: Mapping[HallId, HallPort]) -> Callbacks:
        """Return what serves WeChat's callbacks for the halls behind ``ports``."""
        door = door_of(self._wechat)
        halls = {
            id: FollowedHall(spec=port.spec, hall=port.hall, page=port.scan_url)
            for id, port in ports.items()
        }
        self._callbacks = Callbacks(
            self._reactor, door, halls, self._followers, self._scene_key, self._world.now
        )
        return self._callbacks

    def stop(self) -> None:
        """Have nothing more sent or made; a call that is under way ends by itself."""
        self._stopped = True
        if self._menu_timer is not None:
            self._menu_timer.cancel()
        if self._callbacks is not None:
            self._callbacks.stop()
        for threads in (self._push_threads, self._code_threads, self._visitor_threads):
            threads.stop()

    def _tell(self, recipient: Recipient, answer: object) -> None:
        """Tell ``recipient`` on the reactor's thread; any thread may ask."""
        self._world.call_from_thread(lambda: (told(recipient, answer), None)[1])
