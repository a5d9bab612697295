"""One account's part of the service: what its calls find and change."""

from __future__ import annotations

from random import Random
from typing import Any

import attrs

from sim.wechat.accounts import Account
from sim.wechat.callbacks import Deliveries
from sim.wechat.events import Said
from sim.wechat.menus import buttons_of
from sim.wechat.oauth import OAuth
from sim.wechat.phones import Contact, Phones
from sim.wechat.qr import QrCodes
from sim.wechat.quotas import Counts
from sim.wechat.sent_ids import SentIds
from sim.wechat.tokens import JsapiTicket, Tokens

__all__ = ["Office"]


@attrs.define(eq=False)
class Office:
    """See the module. ``phones``, ``deliveries`` and ``oauth`` are the same for all accounts."""

    account: Account
    random: Random
    phones: Phones
    deliveries: Deliveries
    oauth: OAuth
    menu: list[dict[str, Any]] = attrs.field(factory=list)
    """The buttons at the top; none: there is no menu."""
    tokens: Tokens = attrs.field(init=False)
    jsapi: JsapiTicket = attrs.field(init=False)
    counts: Counts = attrs.field(init=False)
    codes: QrCodes = attrs.field(init=False)
    sent_ids: SentIds = attrs.field(init=False, factory=SentIds)

    _number: int = attrs.field(init=False, default=0)

    def __attrs_post_init__(self) -> None:
        """Open it, with nothing in it."""
        self.tokens = Tokens(self.random)
        self.jsapi = JsapiTicket(self.random)
        self.counts = Counts(self.account.limits)
        self.codes = QrCodes(self.random, self.account.limits.permanent_codes)

    @property
    def buttons(self) -> list[dict[str, Any]]:
        """The buttons that a thumb can press."""
        return buttons_of(self.menu)

    def next_number(self) -> int:
        """Return the number of a further message, as large as WeChat's are: no float holds it exactly."""
        self._number += 1
        return 3_000_000_000_000_000_001 + 7 * self._number

    def tell(self, contact: Contact, said: Said, now_s: float, *, after_s: float = 0.0) -> None:
        """Tell the account's server what ``contact`` did, or what became of something."""
        self.deliveries.post(self.account, contact.openid, said, now_s, after_s=after_s)
