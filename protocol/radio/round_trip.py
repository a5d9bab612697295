"""How long to wait for a peer's acknowledgement, from how long the earlier ones took.

Source: RFC 6298 for the estimate; Karn's rule for answers to repeated datagrams.
"""

from protocol.radio.options import LinkOptions

__all__ = ["RoundTrip"]

_MEAN_GAIN = 1 / 8
_DEVIATION_GAIN = 1 / 4
_DEVIATIONS = 4

MARGIN_S = 0.02
"""The least that is waited beyond the mean, however steady a peer was: modules send in chunks."""

AMBIGUOUS_MAX = 2
"""Ambiguous answers on end beyond so many are put down to a timeout that is too short, not to loss."""


class RoundTrip:
    """The smoothed round trip of one peer and the timeout that follows from it.

    How long the payload itself takes is known beforehand (`LinkOptions.octet_s`), and is left out of what
    is learnt: a long datagram after many short ones must not look lost.
    """

    def __init__(self, options: LinkOptions) -> None:
        self.mean_s: float | None = None
        """The smoothed round trip in seconds, or None before the first one was measured."""
        self._empty_s = 0.0
        """The smoothed round trip of a datagram without a payload."""
        self._deviation_s = 0.0
        self._options = options
        self._stretch = 1.0
        self._ambiguous = 0

    def timeout_s(self, octets: int) -> float:
        """Seconds to wait for the acknowledgement of so many octets of payload, within the options' bounds."""
        options = self._options
        if self.mean_s is None:
            wait_s = options.timeout_first_s
        else:
            wait_s = self._empty_s + max(_DEVIATIONS * self._deviation_s, MARGIN_S)
        wait_s = max(wait_s, options.timeout_min_s) * self._stretch
        return min(wait_s + octets * options.octet_s, options.timeout_max_s)

    def measured(self, round_trip_s: float, octets: int) -> None:
        """Learn from ``octets`` of payload acknowledged ``round_trip_s`` after their only transmission."""
        empty_s = max(round_trip_s - octets * self._options.octet_s, 0.0)
        if self.mean_s is None:
            self.mean_s = round_trip_s
            self._empty_s = empty_s
            self._deviation_s = empty_s / 2
        else:
            self.mean_s += _MEAN_GAIN * (round_trip_s - self.mean_s)
            error_s = empty_s - self._empty_s
            self._deviation_s += _DEVIATION_GAIN * (abs(error_s) - self._deviation_s)
            self._empty_s += _MEAN_GAIN * error_s
        self._forget()

    def ambiguous(self, since_attempt_s: float, octets: int) -> None:
        """Learn that a repeated datagram was acknowledged, ``since_attempt_s`` after its last transmission.

        Which transmission was answered nobody knows. Where it may well be the last one, another was lost,
        and the timeout is right; a lossy channel must not make us wait for longer and longer. Where that
        cannot be, or again and again, the timeout may be too short to ever see an answer to the first
        one: it is doubled until one is seen.
        """
        self._ambiguous += 1
        timeout_s = self.timeout_s(octets)
        answers_the_last = (
            self.mean_s is not None and self.mean_s / 2 <= since_attempt_s < timeout_s
        )
        if answers_the_last and self._ambiguous <= AMBIGUOUS_MAX:
            return
        if timeout_s < self._options.timeout_max_s:
            self._stretch *= 2

    def lost(self) -> None:
        """Learn that the peer did not answer at all: it is away, not slow."""
        self._forget()

    def _forget(self) -> None:
        self._stretch = 1.0
        self._ambiguous = 0
