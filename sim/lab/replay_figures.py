"""What a replay of a day has shown, beside the day, and how closely the one follows the other."""

from __future__ import annotations

from collections import Counter as Counts
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from protocol.ids import ServiceId
from protocol.values import value
from sim.lab.recording import Leg, Manned, Recording
from sim.lab.visitors import End
from sim.report import plain
from sim.statistics import mean, percentiles


@value
class ServiceWaits:
    """Waits for one service, in seconds."""

    service: ServiceId
    called: int
    mean_s: float
    p90_s: float


@value
class DayFigures:
    """A day in figures; times are waits from coming to the first call, in seconds."""

    came: int
    ends: Mapping[End, int]
    called: int
    mean_s: float
    p50_s: float
    p90_s: float
    longest_s: float
    busy_share: float
    """Of the time for which counters were open."""
    services: tuple[ServiceWaits, ...]


@value
class Closeness:
    """How closely the present rules give the day that was."""

    tickets: int
    """Which were called in both."""
    off_s: float
    """The mean of how far off a ticket's wait is, whichever way."""
    off_p90_s: float
    mean_off_s: float
    """The replay's mean wait less that of the day."""
    p90_off_s: float
    other_end: int
    """How many ended otherwise."""


@value
class Replay:
    """What a replay has shown: the figures of the day, and each leg's wait (None: never called) and end."""

    figures: DayFigures
    waits: tuple[float | None, ...]
    ends: tuple[End, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the figures as plain data."""
        fields: dict[str, Any] = plain(self.figures)
        return fields


def day_as_it_was(recording: Recording) -> Replay:
    """Return the recorded day as if it were a replay."""
    legs = recording.legs
    open_s = sum(
        _open_s(stretch) for stretches in recording.manned.values() for stretch in stretches
    )
    return replay_of(
        legs,
        [leg.waited_s for leg in legs],
        [leg.end or End.EXPIRED for leg in legs],
        sum(leg.busy_s + leg.called_too_early_s for leg in legs) / open_s if open_s else 0.0,
    )


def closeness(recorded: Replay, control: Replay) -> Closeness:
    """Return how closely ``control``, under the present rules, follows the day."""
    pairs = [
        (one, other)
        for one, other in zip(recorded.waits, control.waits, strict=True)
        if one is not None and other is not None
    ]
    off = [abs(other - one) for one, other in pairs]
    return Closeness(
        tickets=len(pairs),
        off_s=mean(off),
        off_p90_s=percentiles(off, (0.9,))[0],
        mean_off_s=control.figures.mean_s - recorded.figures.mean_s,
        p90_off_s=control.figures.p90_s - recorded.figures.p90_s,
        other_end=sum(
            one is not other for one, other in zip(recorded.ends, control.ends, strict=True)
        ),
    )


def replay_of(
    legs: Sequence[Leg], waits: Sequence[float | None], ends: Sequence[End], busy_share: float
) -> Replay:
    """Return what the wait and the end of each leg come to."""
    known = [wait for wait in waits if wait is not None]
    p50_s, p90_s = percentiles(known, (0.5, 0.9))
    counts = Counts(ends)
    return Replay(
        figures=DayFigures(
            came=len(ends) - counts[End.MISSED],
            ends={end: counts[end] for end in End},
            called=len(known),
            mean_s=mean(known),
            p50_s=p50_s,
            p90_s=p90_s,
            longest_s=max(known, default=0.0),
            busy_share=busy_share,
            services=tuple(_service_waits(legs, waits)),
        ),
        waits=tuple(waits),
        ends=tuple(ends),
    )


def _service_waits(legs: Sequence[Leg], waits: Sequence[float | None]) -> Iterator[ServiceWaits]:
    by_service: dict[ServiceId, list[float]] = {leg.service: [] for leg in legs}
    for leg, wait in zip(legs, waits, strict=True):
        if wait is not None:
            by_service[leg.service].append(wait)
    for service, own in sorted(by_service.items()):
        [p90_s] = percentiles(own, (0.9,))
        yield ServiceWaits(service=service, called=len(own), mean_s=mean(own), p90_s=p90_s)


def _open_s(stretch: Manned) -> float:
    ends_at = stretch.ends_at
    if ends_at is None:
        return 0.0
    paused_s = sum(((ends or ends_at) - begins).total_seconds() for begins, ends in stretch.pauses)
    return (ends_at - stretch.begins_at).total_seconds() - paused_s
