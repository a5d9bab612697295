"""How long to wait for a peer's acknowledgement, from how long the earlier ones took.

Source: RFC 6298 for the estimate; Karn's rule for answers to repeated datagrams.
"""

from protocol.radio.options import LinkOptions

__all__ = ["RoundTrip"]

_MEAN_GAIN = 1 / 8
_DEVIATION_GAIN = 1 / 4
_DEVIATIONS = 4


class RoundTrip:
    """The smoothed round trip of one peer and the timeout that follows from it."""

    def __init__(self, options: LinkOptions) -> None:
        self.mean_s: float | None = None
        """The smoothed round trip in seconds, or None before the first one was measured."""
        self.deviation_s = 0.0
        self._options = options
        self._stretch = 1.0

    @property
    def timeout_s(self) -> float:
        """Seconds to wait for an acknowledgement, within the options' bounds."""
        options = self._options
        if self.mean_s is None:
            wait_s = options.timeout_first_s
        else:
            wait_s = self.mean_s + _DEVIATIONS * self.deviation_s
        return min(max(wait_s, options.timeout_min_s) * self._stretch, options.timeout_max_s)

    def measured(self, round_trip_s: float) -> None:
        """Learn from a datagram acknowledged ``round_trip_s`` after its only transmission."""
        if self.mean_s is None:
            self.mean_s = round_trip_s
            self.deviation_s = round_trip_s / 2
        else:
            error_s = round_trip_s - self.mean_s
            self.deviation_s += _DEVIATION_GAIN * (abs(error_s) - self.deviation_s)
            self.mean_s += _MEAN_GAIN * error_s
        self._stretch = 1.0

    def ambiguous(self) -> None:
        """Learn that a repeated datagram was acknowledged: to which transmission, nobody knows.

        The timeout may be too short to ever see an answer to the first one; it is doubled until
        one is seen.
        """
        if self.timeout_s < self._options.timeout_max_s:
            self._stretch *= 2

    def lost(self) -> None:
        """Learn that the peer did not answer at all: it is away, not slow."""
        self._stretch = 1.0
