"""How patient and how long-winded a radio link is."""

from types import MappingProxyType

from protocol.errors import ConfigError
from protocol.values import value

__all__ = ["LinkOptions"]

BITS_PER_OCTET = 10
"""On a serial line: start bit, eight bits, stop bit."""

PAUSE_SHARE = 0.5
"""The second pause is this share of the timeout, times `LinkOptions.pause_growth`."""

PAUSE_JITTER = (0.5, 1.5)
"""A later pause is drawn from this range of its mean, so that two senders do not collide for ever."""

RANGES = MappingProxyType(
    {
        "timeout_first_s": (0.01, 10.0),
        "timeout_min_s": (0.01, 10.0),
        "timeout_max_s": (0.01, 30.0),
        "attempts_max": (1, 16),
        "pause_first_max_s": (0.0, 10.0),
        "pause_growth": (1.0, 4.0),
        "pause_max_s": (0.01, 60.0),
        "peer_deaf_s": (0.0, 30.0),
        "queue_per_peer_max": (1, 1024),
        "queue_max": (1, 16384),
        "broadcasts_max": (1, 256),
        "first_id": (1, 255),
        "bitrate": (300, 1_000_000),
        "air_bitrate": (300, 1_000_000),
        "duty_cycle_max": (0.0001, 1.0),
    }
)
"""What each option may be, the bounds included."""


@value
class LinkOptions:
    """Options of a `ReliableLink`; their allowed ranges are in `RANGES`.

    Raises ConfigError for a value out of its range, for a least timeout above the greatest, and
    for attempts that could all be over while the peer is deaf.
    """

    timeout_first_s: float = 0.2
    """Wait for an acknowledgement before the peer's round trips are known; what the payload takes
    comes on top of this and of the shortest wait."""
    timeout_min_s: float = 0.1
    """The shortest wait, however fast the peer was: firmware is busy now and then."""
    timeout_max_s: float = 2.0
    """The longest wait; nothing else is sent meanwhile."""
    attempts_max: int = 7
    """Transmissions of one datagram before it is given up."""
    pause_first_max_s: float = 0.03
    """The first pause is drawn from 0 to this: most often noise has taken one frame, and somebody waits."""
    pause_growth: float = 2.0
    """Each later pause between attempts is this many times the one before; others are served in it."""
    pause_max_s: float = 2.0
    """The longest mean pause between two attempts."""
    peer_deaf_s: float = 1.6
    """A peer with stock firmware hears nothing for so long while it waits for its own
    acknowledgement (four attempts of at most twice 200 ms): the last attempt comes later."""
    queue_per_peer_max: int = 64
    """Datagrams to one peer that wait or are under way; the next one is refused."""
    queue_max: int = 256
    """The same for all peers together."""
    broadcasts_max: int = 16
    """Broadcasts that wait; the next one is refused."""
    bitrate: int = 9600
    """Bits a second of the serial line, the baud of its port; what follows a broadcast waits until
    that is out."""
    air_bitrate: int = 9600
    """Bits a second on the air, as the radio module is set; air time is reckoned with it."""
    duty_cycle_max: float = 1.0
    """The share of each hour in which we may send. Once it is reached, only acknowledgements are
    sent until it falls; 1 is no limit. In Europe, 433 MHz: 0.1."""
    resync: bool = False
    """Precede each frame with four octets that bring a stock receiver back in step after noise."""
    first_id: int = 1
    """The ID of the first datagram to a peer. A program that runs often and shortly draws it, or stock
    firmware takes its first datagram for the first one of the time before."""

    def __attrs_post_init__(self) -> None:
        for name, (least, greatest) in RANGES.items():
            given = getattr(self, name)
            if not least <= given <= greatest:
                raise ConfigError(
                    f"radio link: {name} is {given}; {least} to {greatest} are allowed"
                )
        if self.timeout_min_s > self.timeout_max_s:
            raise ConfigError(
                f"radio link: timeout_min_s is {self.timeout_min_s}, above timeout_max_s,"
                f" which is {self.timeout_max_s}"
            )
        if self.peer_deaf_s and self.persistence_min_s() <= self.peer_deaf_s:
            raise ConfigError(
                f"radio link: the last of {self.attempts_max} attempts may come"
                f" {self.persistence_min_s():.2f} s after the first, while a peer may be deaf for"
                f" {self.peer_deaf_s} s: raise attempts_max, or lower peer_deaf_s if no peer is"
            )

    @property
    def octet_s(self) -> float:
        """How long each octet takes to the peer: over the serial lines at both ends, and on the air."""
        return 2 * BITS_PER_OCTET / self.bitrate + 8 / self.air_bitrate

    def pause_range_s(self, attempts: int, timeout_s: float) -> tuple[float, float]:
        """Return what the pause after ``attempts`` transmissions is drawn from; each waited ``timeout_s``."""
        if attempts == 1:
            return 0.0, self.pause_first_max_s
        mean_s = timeout_s * PAUSE_SHARE * self.pause_growth ** (attempts - 1)
        least, greatest = PAUSE_JITTER
        mean_s = min(mean_s, self.pause_max_s)
        return least * mean_s, greatest * mean_s

    def persistence_min_s(self) -> float:
        """Return the shortest time from the first attempt to the last, in seconds."""
        timeout_s = self.timeout_min_s
        return sum(
            timeout_s + self.pause_range_s(attempts, timeout_s)[0]
            for attempts in range(1, self.attempts_max)
        )
