"""How patient a gateway's link is, as its configuration says."""

from __future__ import annotations

from protocol.hall import BITRATE, Gateway
from protocol.ports import TcpAddress, parse_port
from protocol.radio.options import LinkOptions

__all__ = ["link_options"]

TIMEOUT_MAX_S = 0.4
"""The longest wait for an acknowledgement at 9600 bit/s, where one takes 0.14 s when nobody else sends. A late
one is taken all the same, and others wait meanwhile."""

PAUSE_FIRST_MAX_S = 0.0
"""The first repeat follows at once: most often noise has taken one frame. In any pause the result of the press
would go first, and the call, which the hall looks for, would wait until that is acknowledged."""


def link_options(gateway: Gateway) -> LinkOptions:
    """Return how the link of ``gateway`` goes about its channel."""
    address = parse_port(gateway.port)
    return LinkOptions(
        pause_first_max_s=PAUSE_FIRST_MAX_S,
        timeout_max_s=TIMEOUT_MAX_S * max(BITRATE / gateway.air_bitrate, 1.0),
        bitrate=BITRATE if isinstance(address, TcpAddress) else max(address.baud, 300),
        air_bitrate=gateway.air_bitrate,
        duty_cycle_max=gateway.duty_cycle_max,
    )
