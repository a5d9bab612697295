"""A repeater: passes on what others say, and says now and then that it is there itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from random import Random
from typing import Any

from protocol.radio.actions import Action
from protocol.radio.link import RadioLink
from protocol.radio.payloads import PAIRING_ADDRESS, DeviceKind, Downlink
from protocol.radio.repeater import Repeater as RepeaterLink
from protocol.radio.routed import RouterCounts
from sim.devices.radio import RadioDevice


class Repeater(RadioDevice):
    """A box between a gateway and the far terminals ``reached``, by ``routes`` as it sees them.

    Without routes the channel carries no router headers, and it passes nothing on. A device that is paired
    through it asks it from 254.
    """

    kind = DeviceKind.REPEATER

    def __init__(
        self,
        address: int,
        gateway_address: int,
        random: Random,
        *,
        reached: Collection[int] = (),
        routes: Mapping[int, int] | None = None,
        **given: Any,
    ) -> None:
        self._reached = {gateway_address, PAIRING_ADDRESS, *reached}
        super().__init__(address, gateway_address, random, routes=routes, **given)

    @property
    def passed_on(self) -> RouterCounts | None:
        """What it has passed on since its start; None where it passes nothing on."""
        return self._link.router_counts if isinstance(self._link, RepeaterLink) else None

    def _make_link(self, radio_address: int) -> RadioLink:
        if self._routes is None or radio_address == PAIRING_ADDRESS:
            return super()._make_link(radio_address)
        return RepeaterLink(
            radio_address,
            self._random,
            self._options,
            reached=self._reached,
            routes=self._routes,
        )

    def _take(self, payload: Downlink, now: float) -> list[Action]:
        return []
