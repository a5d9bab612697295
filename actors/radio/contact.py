"""Whether anybody can reach a terminal's device: what its actor is told of that."""

from protocol.values import value

__all__ = ["ChannelDown", "ChannelUp"]


@value
class ChannelUp:
    """To a terminal's actor: from now on a gateway reaches the device, for the first time or again."""


@value
class ChannelDown:
    """To a terminal's actor: no gateway reaches the device. Its silence says nothing of the device itself."""
