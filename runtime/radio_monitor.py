"""Listening to a radio channel: what came, as records for a screen or a file. Nothing is ever sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from twisted.internet.base import DelayedCall

from protocol.messages import LinkDown, LinkUp, OctetsReceived
from protocol.radio.describe import Describer, Description
from protocol.radio.dissector import Dissector, FrameSeen, Piece
from protocol.radio.frame import DecoderCounts
from protocol.radio.traffic import Sighting, Traffic, WayCounts
from protocol.values import value

__all__ = ["QUIET_S", "Heard", "Listener", "Monitor", "PortChanged", "Record", "Sink", "Started"]

QUIET_S = 0.2
"""Octets outside of frames are told together until the line is quiet for so long."""


@value
class Started:
    """Listening to ``port`` began. ``at`` is wall time (aware, UTC), ``at_s`` monotonic seconds."""

    at: datetime
    at_s: float
    port: str


@value
class Heard:
    """Octets from the line: a frame in words, or None for what is outside of frames."""

    at: datetime
    at_s: float
    octets: bytes
    description: Description | None = None
    sighting: Sighting | None = None


@value
class PortChanged:
    """The port was opened, or lost for the ``reason``."""

    at: datetime
    at_s: float
    up: bool
    reason: str = ""


Record = Started | Heard | PortChanged


class Sink(Protocol):
    """Where records go."""

    def take(self, record: Record) -> None:
        """Show or keep ``record``.

        Raises:
            OSError: there is no more room, or nobody reads.
            StorageError: likewise, in words.
        """
        ...

    def end(self, counts: DecoderCounts, ways: dict[tuple[int, int], WayCounts]) -> None:
        """Show or keep the counts; nothing comes after them. Raises as `take` does."""
        ...


class Listener:
    """Octets in, what was heard out; the same for a live line and for a file."""

    def __init__(self, describer: Describer) -> None:
        self._describer = describer
        self._dissector = Dissector()
        self._traffic = Traffic()

    @property
    def counts(self) -> DecoderCounts:
        """What the octets were."""
        return self._dissector.counts

    @property
    def ways(self) -> dict[tuple[int, int], WayCounts]:
        """What went from whom to whom."""
        return self._traffic.ways

    def receive(self, octets: bytes, at: datetime, at_s: float) -> list[Heard]:
        """Take in ``octets`` that came at ``at``, on a clock that never goes back at ``at_s``."""
        return [self._heard(piece, at, at_s) for piece in self._dissector.receive(octets)]

    def quiet(self, at: datetime, at_s: float) -> list[Heard]:
        """Return what was held back: nothing came for a while."""
        return [self._heard(piece, at, at_s) for piece in self._dissector.flush()]

    def cut(self, at: datetime, at_s: float) -> list[Heard]:
        """Return what was held back: the line was cut."""
        return [self._heard(piece, at, at_s) for piece in self._dissector.end()]

    def _heard(self, piece: Piece, at: datetime, at_s: float) -> Heard:
        if not isinstance(piece, FrameSeen):
            return Heard(at=at, at_s=at_s, octets=piece.octets)
        return Heard(
            at=at,
            at_s=at_s,
            octets=piece.octets,
            description=self._describer.describe(piece.frame),
            sighting=self._traffic.note(piece.frame, at_s),
        )


class Monitor:
    """Owner of a link that tells ``sinks`` what comes over it.

    ``ended`` is called once, with what made it end or None: after ``frames_max`` frames, when the port cannot
    be opened at all (unless ``wait`` has it tried again), or when a sink fails. Whoever is called closes the
    link and calls `end`.
    """

    def __init__(
        self,
        reactor: Any,
        listener: Listener,
        sinks: tuple[Sink, ...],
        ended: Callable[[BaseException | str | None], object],
        *,
        frames_max: int | None = None,
        wait: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._reactor = reactor
        self._listener = listener
        self._sinks = sinks
        self._ended = ended
        self._frames_max = frames_max
        self._wait = wait
        self._now = now
        self._frames = 0
        self._opened = False
        self._over = False
        self._quiet: DelayedCall | None = None

    def start(self, port: str) -> None:
        """Say that listening to ``port`` begins."""
        self._record(Started(at=self._now(), at_s=self._reactor.seconds(), port=port))

    def tell(self, message: object) -> None:
        """Take what the link tells."""
        if self._over:
            return
        at, at_s = self._now(), self._reactor.seconds()
        match message:
            case OctetsReceived(octets=octets):
                self._record(*self._listener.receive(octets, at, at_s))
                self._await_quiet()
            case LinkUp():
                self._opened = True
                self._record(PortChanged(at=at, at_s=at_s, up=True))
            case LinkDown(reason=reason) if self._opened or self._wait:
                heard = self._listener.cut(at, at_s)
                self._record(*heard, PortChanged(at=at, at_s=at_s, up=False, reason=reason))
            case LinkDown(reason=reason):
                self._end(reason)

    def end(self) -> None:
        """Tell what is left, and the counts. Raises as a `Sink` does."""
        self._over = True
        if self._quiet is not None and self._quiet.active():
            self._quiet.cancel()
        left = self._listener.cut(self._now(), self._reactor.seconds())
        for sink in self._sinks:
            for record in left:
                sink.take(record)
            sink.end(self._listener.counts, self._listener.ways)

    def _await_quiet(self) -> None:
        if self._over:
            return
        if self._quiet is not None and self._quiet.active():
            self._quiet.reset(QUIET_S)
        else:
            self._quiet = self._reactor.callLater(QUIET_S, self._line_quiet)

    def _line_quiet(self) -> None:
        self._record(*self._listener.quiet(self._now(), self._reactor.seconds()))

    def _record(self, *records: Record) -> None:
        for record in records:
            if self._over:
                return
            try:
                for sink in self._sinks:
                    sink.take(record)
            except (Exception, SystemExit) as error:
                # Within the reactor it would be logged, and go on for ever. Rich exits where nobody reads.
                self._end(error)
                return
            if isinstance(record, Heard) and record.description is not None:
                self._frames += 1
                if self._frames == self._frames_max:
                    self._end(None)

    def _end(self, why: BaseException | str | None) -> None:
        if not self._over:
            self._over = True
            self._ended(why)
