"""Which gateway of each channel answers devices that have no post yet, and call from the radio address 254.

Gateways that cover each other have one radio address, and two that cover a third do not know of each other. If
two of them answered a call, their acknowledgements would collide, and each could offer another post. So one of
all that are connected by what they cover answers: who did last, as long as it is up and hears the calls that
others hear, or else the first in the order of their ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import attrs

from protocol.hall import Gateway
from protocol.ids import GatewayId

__all__ = ["CallsForPosts", "channels"]


def channels(gateways: Iterable[Gateway]) -> list[frozenset[GatewayId]]:
    """Return who shares a channel: gateways that are connected by what they cover."""
    shared: list[frozenset[GatewayId]] = []
    for gateway in gateways:
        own = frozenset((gateway.id, *gateway.covers))
        touched = [one for one in shared if one & own]
        shared = [one for one in shared if not one & own]
        shared.append(own.union(*touched))
    return shared


@attrs.define(eq=False)
class _Channel:
    gateways: tuple[GatewayId, ...]
    answerer: GatewayId | None = None
    heard_by: set[GatewayId] = attrs.field(factory=set)
    """Of the present call."""


class CallsForPosts:
    """See the module."""

    def __init__(self, gateways: Iterable[Gateway]) -> None:
        self._channels: dict[GatewayId, _Channel] = {}
        for ids in channels(gateways):
            channel = _Channel(tuple(sorted(ids)))
            self._channels.update(dict.fromkeys(channel.gateways, channel))

    def heard(self, gateway: GatewayId) -> bool:
        """The gateway heard a call; return whether it is the first that did, and `over` is to be called."""
        channel = self._channels[gateway]
        first = not channel.heard_by
        channel.heard_by.add(gateway)
        return first

    def over(self, gateway: GatewayId) -> None:
        """Have another one answer the next call, if who answers did not hear this one; a device calls again."""
        channel = self._channels[gateway]
        if channel.heard_by and channel.answerer not in channel.heard_by:
            channel.answerer = min(channel.heard_by)
        channel.heard_by.clear()

    def answerer(self, gateway: GatewayId, hears: Callable[[GatewayId], bool]) -> GatewayId | None:
        """Return who answers on the channel of ``gateway`` now, of those that ``hears`` says are up."""
        channel = self._channels[gateway]
        if channel.answerer is None or not hears(channel.answerer):
            channel.answerer = next(filter(hears, channel.gateways), None)
        return channel.answerer
