"""What happened on the air of a rehearsal with devices, as a whole and quarter by quarter."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from protocol.ids import GatewayId
from protocol.values import value
from sim.lab.run import ChannelSample, Outcome
from sim.radio.reception import ChannelCounts


@value
class ChannelQuarter:
    """A quarter of an hour that ``begins`` at a local time such as ``2026-03-02T09:15``."""

    begins: str
    busy_share: float
    """Of the time there was something on the air, 0 to 1."""
    missed_share: float | None
    """Of what somebody should have heard was not heard, 0 to 1; None if nothing was said."""


@value
class ChannelFigures:
    """The channel behind one gateway, from the first to the last sample."""

    gateway: GatewayId
    packets: int
    busy_share: float
    missed_share: float | None
    collided: int
    """Packets that met another one at a listener, or a listener that sent itself."""
    quarters: tuple[ChannelQuarter, ...]


def channel_figures(outcome: Outcome) -> tuple[ChannelFigures, ...]:
    """Return the figures of every channel of the run; none without devices."""
    return tuple(
        _figures(outcome, gateway, samples)
        for gateway, samples in outcome.channels.items()
        if len(samples) >= 2
    )


def _figures(
    outcome: Outcome, gateway: GatewayId, samples: tuple[ChannelSample, ...]
) -> ChannelFigures:
    first, last = samples[0], samples[-1]
    return ChannelFigures(
        gateway=gateway,
        packets=last.counts.packets - first.counts.packets,
        busy_share=_busy(first, last),
        missed_share=_missed(first.counts, last.counts),
        collided=_collided(last.counts) - _collided(first.counts),
        quarters=tuple(_quarters(outcome, samples)),
    )


def _quarters(outcome: Outcome, samples: tuple[ChannelSample, ...]) -> Iterator[ChannelQuarter]:
    for before, after in pairwise(samples):
        if after.at_s > before.at_s:
            yield ChannelQuarter(
                begins=outcome.calendar.local(before.at_s).isoformat(timespec="minutes"),
                busy_share=_busy(before, after),
                missed_share=_missed(before.counts, after.counts),
            )


def _busy(before: ChannelSample, after: ChannelSample) -> float:
    lasted_s = after.at_s - before.at_s
    return (after.counts.busy_s - before.counts.busy_s) / lasted_s if lasted_s else 0.0


def _missed(before: ChannelCounts, after: ChannelCounts) -> float | None:
    heard = after.heard - before.heard
    missed = _lost(after) + _collided(after) - _lost(before) - _collided(before)
    return missed / (heard + missed) if heard + missed else None


def _lost(counts: ChannelCounts) -> int:
    return counts.lost + counts.jammed


def _collided(counts: ChannelCounts) -> int:
    return counts.collided + counts.deaf
