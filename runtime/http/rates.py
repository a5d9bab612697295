"""How often a client may ask: a token bucket for each, in bounded memory."""

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address

REFUSED_TOKEN_COST = 10.0
"""Requests that a wrong token counts for, so that guessing is slow."""


class Buckets:
    """Token buckets by key: ``burst`` requests at once, ``per_s`` a second over a long time.

    At ``buckets_max`` keys the one unused for longest is forgotten, which forgives it what it used.
    """

    def __init__(self, *, per_s: float, burst: int, buckets_max: int) -> None:
        self._per_s = per_s
        self._burst = float(burst)
        self._buckets_max = buckets_max
        self._buckets: OrderedDict[object, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: object, now_s: float, cost: float = 1.0) -> float:
        """Take ``cost`` from the bucket of ``key`` at ``now_s`` (monotonic).

        Returns:
            0.0, or the seconds after which there is enough again; then nothing was taken.
        """
        buckets = self._buckets
        held = buckets.get(key)
        if held is None:
            left = self._burst
            if len(buckets) >= self._buckets_max:
                buckets.popitem(last=False)
        else:
            left = min(self._burst, held[0] + (now_s - held[1]) * self._per_s)
            buckets.move_to_end(key)
        if left < cost:
            buckets[key] = left, now_s
            return (cost - left) / self._per_s
        buckets[key] = left - cost, now_s
        return 0.0

    def punish(self, key: object, now_s: float, cost: float) -> None:
        """Take ``cost`` or whatever is left."""
        if self.take(key, now_s, cost):
            self._buckets[key] = 0.0, now_s


def client_network(host: str) -> str:
    """Return what a rate is counted for: an IPv4 address, or the /64 that an IPv6 customer commonly has."""
    if ":" not in host:
        return host
    address = ip_address(host.partition("%")[0])
    assert isinstance(address, IPv6Address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> 64 << 64)) + "/64"
