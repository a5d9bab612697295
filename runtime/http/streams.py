"""Server-sent events: what is durable, in order, without gap or duplicate; and what is shown just now.

A stream is a place in the hall's events (``last``). While it is at the end, each new event is written as it
comes; else it is behind (it resumes, or its client is slow) and is fed from recent events or the journal until
it has caught up. Nothing is queued for it, so a slow client costs no memory, and the seam between old and new
events is one comparison of numbers.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from itertools import islice

from actors.audience import told
from actors.hall.actor import ReadState, StateRead
from protocol.errors import StorageError
from protocol.messages import (
    Alarm,
    AlarmsChanged,
    Announced,
    DisplayChanged,
    KioskChanged,
    Recorded,
    Subscribe,
    Watch,
)
from runtime.config.model import Role
from runtime.http.auth import Pass
from runtime.http.encoding import live_frame, record_frame, reset_frame
from runtime.http.limits import Limits
from runtime.http.ports import HallPort
from runtime.http.request import HttpRequest, Response

log = logging.getLogger(__name__)

RECENT_MAX = 2_000
"""Events kept encoded, so that streams that resume soon do not read the journal."""

BATCH_MAX = 250
"""Events written at once; the transport is looked at in between."""

HEARTBEAT = b"event: heartbeat\ndata: {}\n\n"
"""An event and no comment, which browsers hide from scripts: a page notices when it stays away."""

EVENT_STREAM = Response(
    status=200,
    # A browser that loses the connection waits two seconds and resumes.
    body=b"retry: 2000\n\n",
    content_type=b"text/event-stream; charset=utf-8",
    headers=((b"Cache-Control", b"no-store"), (b"X-Accel-Buffering", b"no")),
)

Live = DisplayChanged | Announced | AlarmsChanged | KioskChanged


class Stream:
    """One client's events; a push producer to its transport (`IPushProducer`)."""

    def __init__(self, hub: Hub, request: HttpRequest, viewer: Pass, last: int) -> None:
        self._hub = hub
        self.request = request
        self.viewer = viewer
        self.last = last
        self.paused_since: float | None = None
        self.missed = False
        """Whether something shown just now was not sent to it."""

    def pauseProducing(self) -> None:
        """The client takes nothing at present."""
        if self.paused_since is None:
            self.paused_since = self._hub.now_s

    def resumeProducing(self) -> None:
        """The client took what there was; catch up."""
        self.paused_since = None
        if self.missed:
            self._hub.send_shown(self)
        self._hub.catch_up(self)

    def stopProducing(self) -> None:
        """The connection is lost, which the request says as well."""


def may_see(viewer: Pass, message: Live) -> bool:
    """Return whether ``viewer`` may be sent ``message``: alarms go to staff, a kiosk's state to that kiosk."""
    if viewer.role is Role.MANAGER:
        return True
    match message:
        case AlarmsChanged():
            return viewer.role is Role.COUNTER
        case KioskChanged():
            return viewer.role is Role.KIOSK and viewer.kiosk in (None, message.kiosk)
    return True


class Hub:
    """All streams of one hall. It is told the hall's events once and encodes each once for all."""

    def __init__(self, port: HallPort, limits: Limits, monotonic: Callable[[], float]) -> None:
        self._port = port
        self._limits = limits
        self._monotonic = monotonic
        self._streams: dict[Stream, None] = {}
        self._recent: deque[tuple[int, bytes]] = deque(maxlen=RECENT_MAX)
        self._shown: dict[str, tuple[Live, bytes]] = {}
        self._beat_at = monotonic()
        self.last: int | None = None
        """The newest event that was published; unknown until the hall has said so."""

    def __len__(self) -> int:
        return len(self._streams)

    @property
    def now_s(self) -> float:
        """The monotonic time."""
        return self._monotonic()

    def start(self) -> None:
        """Begin to listen to the hall and what belongs to it."""
        port = self._port
        told(port.hall, Subscribe(recipient=self))
        told(port.hall, ReadState(reply_to=self))
        for watched in (port.display, port.alarms, *port.kiosks.values()):
            if watched is not None:
                told(watched, Watch(recipient=self))

    def streams_of(self, address: str) -> int:
        """Return how many streams ``address`` has open."""
        return sum(stream.request.address == address for stream in self._streams)

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """What needs a person, as the alarm board said last."""
        shown = self._shown.get("alarms")
        return shown[0].alarms if shown and isinstance(shown[0], AlarmsChanged) else ()

    # -- what the hall says --------------------------------------------------------------------

    def tell(self, message: object, /) -> None:
        """Take a message. What goes wrong with it is our defect and never the actor's that speaks."""
        try:
            match message:
                case Recorded():
                    self._publish(message)
                case StateRead():
                    if self.last is None:
                        self.last = message.state.seq
                case DisplayChanged():
                    self._show("display", "display", message)
                case AlarmsChanged():
                    self._show("alarms", "alarms", message)
                case KioskChanged():
                    self._show(f"kiosk/{message.kiosk}", "kiosk", message)
                case Announced():
                    self._broadcast(message, live_frame("announcement", message))
                case _:
                    log.error("message not understood message=%s", type(message).__name__)
        except Exception:
            log.exception("publishing failed message=%s", type(message).__name__)

    def _publish(self, record: Recorded) -> None:
        seq = record.seq
        if self.last is not None and seq <= self.last:
            return
        if self.last is not None and seq > self.last + 1:
            self._recent.clear()  # something was missed: the journal has it
        self.last = seq
        if not self._streams:
            self._recent.clear()  # nobody listens: whoever comes has it from the journal
            return
        frame = record_frame(record)
        self._recent.append((seq, frame))
        for stream in list(self._streams):
            if stream.paused_since is not None or stream.last >= seq:
                continue
            if stream.last == seq - 1:
                stream.last = seq
                stream.request.send(frame)
            else:
                self.catch_up(stream)

    def _show(self, key: str, name: str, message: Live) -> None:
        """Send a state of which only the newest counts, and keep it for those who come."""
        frame = live_frame(name, message)
        self._shown[key] = message, frame
        self._broadcast(message, frame)

    def _broadcast(self, message: Live, frame: bytes) -> None:
        for stream in list(self._streams):
            if not may_see(stream.viewer, message):
                continue
            if stream.paused_since is None:
                stream.request.send(frame)
            else:
                stream.missed = True

    # -- streams -------------------------------------------------------------------------------

    def open(self, request: HttpRequest, viewer: Pass, after: int | None) -> None:
        """Begin a stream behind event ``after``, or with what comes from now on.

        The hall's events must be known (`last`).
        """
        assert self.last is not None
        start = self.last if after is None else after
        lost = self._behind_too_far(start)
        stream = Stream(self, request, viewer, self.last if lost else start)
        self._streams[stream] = None
        request.begin_stream(EVENT_STREAM, stream, lambda: self._streams.pop(stream, None))
        if lost:
            request.send(reset_frame(self.last))
        self.send_shown(stream)
        self.catch_up(stream)

    def _behind_too_far(self, start: int) -> bool:
        """Return whether a stream cannot resume after ``start``: too old, or of another journal."""
        assert self.last is not None
        if start > self.last:
            # A stream may have read what is durable and about to be published.
            return not self._port.journal.read(start - 1, 1)
        return self.last - start > self._limits.replay_events_max

    def send_shown(self, stream: Stream) -> None:
        """Write the present state of what is shown; announcements that were missed stay so."""
        stream.missed = False
        for message, frame in self._shown.values():
            if may_see(stream.viewer, message):
                stream.request.send(frame)

    def catch_up(self, stream: Stream) -> None:
        """Write what the stream lacks, until it has everything or its client takes no more."""
        if stream.request.gone:
            return
        try:
            while stream.paused_since is None:
                frames = self._after(stream.last)
                if not frames:
                    return
                stream.last = frames[-1][0]
                stream.request.send(b"".join(frame for _, frame in frames))
        except StorageError as error:
            log.error("journal not read hall=%s reason=%s", self._port.spec.id, error)
            stream.request.cut()

    def _after(self, last: int) -> list[tuple[int, bytes]]:
        """Return the events after ``last``, at most `BATCH_MAX`."""
        recent = self._recent
        if self.last == last:
            return []
        if recent and recent[0][0] <= last + 1:
            first = last + 1 - recent[0][0]
            return list(islice(recent, first, first + BATCH_MAX))
        records = self._port.journal.read(last, BATCH_MAX)
        return [(record.seq, record_frame(record)) for record in records]

    def sweep(self, now_s: float) -> None:
        """Send heartbeats; cut streams whose clients have taken nothing for too long."""
        beat = now_s - self._beat_at >= self._limits.heartbeat_s
        if beat:
            self._beat_at = now_s
        for stream in list(self._streams):
            if stream.paused_since is None:
                if beat:
                    stream.request.send(HEARTBEAT)
            elif now_s - stream.paused_since > self._limits.stall_s:
                log.info("stream cut, its client takes nothing hall=%s", self._port.spec.id)
                stream.request.cut()
