"""Reverse proxies before the server, which say for whom they ask."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

ADDRESS_OCTETS_MAX = 64


@lru_cache(maxsize=1_024)
def plain_address(host: str) -> str:
    """Return ``host`` as addresses are compared: an IPv4 address that is written as IPv6 is that.

    What is no address comes back as it is.
    """
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)


def forwarded_for(headers: Sequence[bytes]) -> str | None:
    """Return the last address of the X-Forwarded-For headers, which the proxy itself has added.

    Those before it are what the client says. None if the last one is no address.
    """
    if not headers:
        return None
    last = headers[-1].rpartition(b",")[2].strip()
    if len(last) > ADDRESS_OCTETS_MAX:
        return None
    try:
        return plain_address(str(ip_address(last.decode("ascii").strip("[]"))))
    except ValueError:
        return None
