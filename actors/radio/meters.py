"""What a gateway measures of its channel: latencies, how busy it is, what the uplinks lose.

A latency runs from when a downlink was given to the gateway until the terminal's radio acknowledged it, waiting
and repeats included.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import attrs

from protocol.ids import TerminalAddress
from protocol.radio.actions import PeerCounts
from protocol.values import value

__all__ = ["Busy", "Latencies", "Latency", "Losses"]

LATENCIES_MAX = 256
"""The last ones of a gateway that percentiles are taken of."""

LATENCIES_EACH_MAX = 32
"""The same for each terminal."""

LOOK_S = 10.0
"""How often a gateway notes how long the channel was busy."""

BUSY_LOOKS = 6
"""Utilisation is that of so many looks: a minute."""

LOSS_UPLINKS_MIN = 50
"""Loss is that of so many uplinks at least, and of twice as many at most."""

LOSS_KNOWN_MIN = 10
"""Of fewer uplinks no loss is told: one greeting that was repeated says little of a channel."""


@value
class Latency:
    """Percentiles of the last latencies, in seconds."""

    p50_s: float
    p90_s: float
    p99_s: float
    count: int
    """Of how many."""


@attrs.define
class Latencies:
    """The last latencies of a gateway and of each of its terminals."""

    _last_s: deque[float] = attrs.field(factory=lambda: deque(maxlen=LATENCIES_MAX))
    _of_terminal: dict[TerminalAddress, deque[float]] = attrs.field(factory=dict)

    def add(self, terminal: TerminalAddress, latency_s: float) -> None:
        """Note one."""
        self._last_s.append(latency_s)
        of_terminal = self._of_terminal.get(terminal)
        if of_terminal is None:
            of_terminal = self._of_terminal[terminal] = deque(maxlen=LATENCIES_EACH_MAX)
        of_terminal.append(latency_s)

    def of_gateway(self) -> Latency | None:
        """Return those of all terminals, or None while there is none."""
        return _percentiles(self._last_s)

    def of_terminal(self, terminal: TerminalAddress) -> Latency | None:
        """Return those of one terminal, or None while there is none."""
        return _percentiles(self._of_terminal.get(terminal, ()))


def _percentiles(latencies_s: deque[float] | tuple[()]) -> Latency | None:
    if not latencies_s:
        return None
    ranked = sorted(latencies_s)

    def at(share: float) -> float:
        return ranked[min(int(share * len(ranked)), len(ranked) - 1)]

    return Latency(p50_s=at(0.5), p90_s=at(0.9), p99_s=at(0.99), count=len(ranked))


@attrs.define
class Busy:
    """How much of the last minute the channel was busy, as far as the gateway sends and hears."""

    _looks: deque[tuple[float, float]] = attrs.field(factory=lambda: deque(maxlen=BUSY_LOOKS + 1))

    def look(self, now_s: float, air_s: float) -> None:
        """Note that ``air_s`` seconds were on the air so far."""
        self._looks.append((now_s, air_s))

    def share(self, now_s: float, air_s: float) -> float:
        """Return the share (0..1) of the time since the first look that is kept."""
        began_s, before_s = self._looks[0] if self._looks else (now_s, air_s)
        passed_s = now_s - began_s
        return min((air_s - before_s) / passed_s, 1.0) if passed_s > 0 else 0.0


@attrs.define
class _Window:
    received: int = 0
    repeats: int = 0


@attrs.define
class Losses:
    """The share of each terminal's last uplinks that say they are repeats."""

    _before: dict[TerminalAddress, tuple[_Window, _Window]] = attrs.field(factory=dict)
    """Two earlier counts for each terminal: the older is what the share counts from."""

    def look(self, counts: Mapping[int, PeerCounts]) -> None:
        """Note what was counted so far."""
        for address, now in counts.items():
            terminal = TerminalAddress(address)
            before = self._before.get(terminal)
            if before is None:
                before = self._before[terminal] = (_Window(), _Window())
            newer = before[1]
            if now.received - newer.received >= LOSS_UPLINKS_MIN:
                latest = _Window(received=now.received, repeats=now.retries_received)
                self._before[terminal] = (newer, latest)

    def of_terminal(self, terminal: TerminalAddress, now: PeerCounts) -> float | None:
        """Return the share (0..1), or None before `LOSS_KNOWN_MIN` uplinks were received."""
        return _share(*self._since(terminal, now))

    def of_all(self, counts: Mapping[int, PeerCounts]) -> float | None:
        """Return the share (0..1) of all terminals together, or None as `of_terminal`."""
        since = [self._since(TerminalAddress(address), now) for address, now in counts.items()]
        return _share(sum(received for received, _ in since), sum(repeats for _, repeats in since))

    def _since(self, terminal: TerminalAddress, now: PeerCounts) -> tuple[int, int]:
        older, _ = self._before.get(terminal, (_Window(), _Window()))
        return now.received - older.received, now.retries_received - older.repeats


def _share(received: int, repeats: int) -> float | None:
    return repeats / received if received >= LOSS_KNOWN_MIN else None
