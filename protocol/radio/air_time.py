"""How long a radio is on the air: what it sends and hears as seconds, and its share of the last hour.

A burst of n octets takes (n + 12) * 8 / bitrate seconds: the module adds 12 octets of its own (preamble,
address, length, check) and sends no start and stop bits.
"""

from collections import deque

__all__ = ["MODULE_OCTETS", "AirTime"]

MODULE_OCTETS = 12
"""What a transparent module sends with each burst beside the burst."""

BITS_PER_OCTET = 8

MINUTE_S = 60.0
MINUTES = 60
HOUR_S = MINUTES * MINUTE_S


class AirTime:
    """Adds up the air time at ``bitrate`` (bits a second).

    The sliding hour is the current minute and the 60 before it, so that the share of any 60 minutes on
    end is never more than what is told here.
    """

    def __init__(self, bitrate: int) -> None:
        self.sent_s = 0.0
        """Seconds on the air since this object was made."""
        self.heard_s = 0.0
        """Seconds in which others were on the air as far as we heard it, noise included."""
        self._octet_s = BITS_PER_OCTET / bitrate
        self._minutes: deque[tuple[int, float]] = deque()
        """Minutes in which something was sent, at most 61, and for how long."""
        self._hour_s = 0.0
        self._minute = -1
        """The minute up to which earlier ones were let go."""

    def seconds(self, octets: int, bursts: int = 1) -> float:
        """Return how long ``octets`` in so many ``bursts`` are on the air."""
        return (octets + bursts * MODULE_OCTETS) * self._octet_s

    def send(self, octets: int, now_s: float) -> None:
        """Note that a burst of ``octets`` was sent at ``now_s``."""
        air_s = self.seconds(octets)
        self.sent_s += air_s
        minute = int(now_s // MINUTE_S)
        self._forget(minute)
        self._hour_s += air_s
        if self._minutes and self._minutes[-1][0] >= minute:
            minute, earlier_s = self._minutes.pop()
            air_s += earlier_s
        self._minutes.append((minute, air_s))

    def hear(self, octets: int, bursts: int) -> None:
        """Note that ``octets`` were heard, among them so many whole ``bursts``."""
        self.heard_s += self.seconds(octets, bursts)

    def sent_share(self, now_s: float) -> float:
        """Return the share (0..1) of the hour up to ``now_s`` in which we sent."""
        self._forget(int(now_s // MINUTE_S))
        return self._hour_s / HOUR_S

    def falls_below_s(self, share: float) -> float:
        """Return when the sent share will be under ``share`` (over 0) if nothing more is sent."""
        left_s = self._hour_s
        falls_s = -1.0
        for minute, air_s in self._minutes:
            if left_s / HOUR_S < share:
                break
            left_s -= air_s
            falls_s = (minute + MINUTES + 1) * MINUTE_S
        return falls_s

    def _forget(self, minute: int) -> None:
        """Let go of what was more than an hour before ``minute``."""
        if minute == self._minute:
            return
        self._minute = minute
        oldest = minute - MINUTES
        while self._minutes and self._minutes[0][0] < oldest:
            self._hour_s -= self._minutes.popleft()[1]
        if not self._minutes:
            self._hour_s = 0.0  # not the remains of rounding
