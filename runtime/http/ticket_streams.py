"""Streams of single tickets, for the phones of those who wait: each is sent what changed for it, and no more.

Whatever happens to a ticket is sent to its phones at once. How many are ahead changes for everybody with each
call, so that it is looked at for all of them together, now and then, from one reading of the hall, some at a
time: a hall's thousands of phones take no more time from its counters than that. A frame says everything that
its page needs, so that nothing is numbered or sent again; who was away gets the newest one.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol
from zlib import crc32

import orjson

from actors.audience import told
from actors.hall.actor import ReadState, StateRead
from actors.hall.state import HallState
from protocol.ids import TicketId
from protocol.messages import Recorded, Subscribe
from protocol.values import replace
from runtime.http.limits import Limits
from runtime.http.ports import HallPort
from runtime.http.problems import RequestRefused, refuse, retry_after
from runtime.http.rates import client_network
from runtime.http.request import HttpRequest
from runtime.http.streams import EVENT_STREAM, HEARTBEAT
from runtime.http.ticket_views import Standing, standing_of

log = logging.getLogger(__name__)

LOOK_S: Final = 0.4
"""All tickets are looked at so often at most. With the time that this takes, 0.2 s for 5,000 phones and twice
that on a busy machine, a change is seen within 1 s."""

SLICE: Final = 250
"""Tickets that are looked at in one turn: some milliseconds, in which nothing else is done."""

ASK_AGAIN_S: Final = 3.0
"""A hall that was asked and has not answered for so long, as it was starting again, is asked anew."""

RECONNECT_MIN_MS, RECONNECT_SPREAD_MS = 2_000, 6_000
"""When a page that lost its stream comes back: thousands that lost theirs at once do not come back at once."""

GONE: Final = b"event: gone\ndata: {}\n\n"


class Later(Protocol):
    """Calls something after so many seconds, on the reactor's thread: ``reactor.callLater``."""

    def __call__(self, delay: float, callable: Callable[[], None], /) -> Any: ...


class TicketStream:
    """One phone's stream; a push producer to its transport (`IPushProducer`)."""

    __slots__ = ("_streams", "network", "paused_since", "request", "sent_s", "shown", "ticket")

    def __init__(
        self, streams: TicketStreams, request: HttpRequest, ticket: TicketId, network: str
    ) -> None:
        self._streams = streams
        self.request = request
        self.ticket = ticket
        self.network = network
        self.shown = b""
        """What it was sent last."""
        self.sent_s = 0.0
        self.paused_since: float | None = None

    def send(self, frame: bytes, now_s: float) -> None:
        """Send ``frame``, unless its client takes nothing now."""
        if self.paused_since is None:
            self.shown = frame
            self.sent_s = now_s
            self.request.send(frame)

    def pauseProducing(self) -> None:
        """The client takes nothing at present."""
        if self.paused_since is None:
            self.paused_since = self._streams.now_s

    def resumeProducing(self) -> None:
        """The client took what there was: it gets what it missed."""
        self.paused_since = None
        self._streams.look_at(self.ticket)

    def stopProducing(self) -> None:
        """The connection is lost, which the request says as well."""


class TicketStreams:
    """All streams of the tickets of one hall, which tells it its events."""

    def __init__(
        self, port: HallPort, limits: Limits, monotonic: Callable[[], float], later: Later
    ) -> None:
        self._port = port
        self._limits = limits
        self._monotonic = monotonic
        self._later = later
        self._by_ticket: dict[TicketId, list[TicketStream]] = {}
        self._by_network: Counter[str] = Counter()
        self._count = 0
        self._at_once: dict[TicketId, None] = {}
        """Those to which something happened."""
        self._changed = False
        """Whether something happened since all were looked at."""
        self._asked_s: float | None = None
        self._due = False
        """Whether all are to be looked at once the hall has answered."""
        self._waiting: Any = None
        """A timer until all may be looked at again."""
        self._looked_s = monotonic() - LOOK_S
        self._left: Iterator[TicketId] | None = None
        """Those that are yet to be looked at of all."""
        self._state: HallState | None = None
        """The newest while some are."""
        self._frames: dict[Standing, bytes] = {}

    def __len__(self) -> int:
        return self._count

    @property
    def now_s(self) -> float:
        """The monotonic time."""
        return self._monotonic()

    def start(self) -> None:
        """Begin to listen to the hall."""
        told(self._port.hall, Subscribe(recipient=self))

    # -- streams -------------------------------------------------------------------------------

    def refusal(self, request: HttpRequest) -> RequestRefused | None:
        """Return why there is no stream for ``request``, if as many are open as may be."""
        limits = self._limits
        of_network = self._by_network[client_network(request.address)]
        if self._count < limits.ticket_streams_max and of_network < limits.ticket_streams_each_max:
            return None
        return refuse(
            "too-many-streams",
            "as many event streams are open as the server allows, in all or from your address",
            retry_after(limits.heartbeat_s),
        )

    def open(self, request: HttpRequest, id: TicketId, state: HallState) -> None:
        """Begin a stream of a ticket that ``state`` has."""
        if request.gone:
            return
        stream = TicketStream(self, request, id, client_network(request.address))
        self._by_ticket.setdefault(id, []).append(stream)
        self._by_network[stream.network] += 1
        self._count += 1
        pause_ms = RECONNECT_MIN_MS + crc32(id.encode()) % RECONNECT_SPREAD_MS
        begin = replace(EVENT_STREAM, body=b"retry: %d\n\n" % pause_ms)
        request.begin_stream(begin, stream, lambda: self._closed(stream))
        self._show(id, state, self.now_s)

    def _closed(self, stream: TicketStream) -> None:
        others = self._by_ticket.get(stream.ticket)
        if others is None or stream not in others:
            return
        others.remove(stream)
        if not others:
            del self._by_ticket[stream.ticket]
        self._count -= 1
        self._by_network[stream.network] -= 1
        if not self._by_network[stream.network]:
            del self._by_network[stream.network]

    # -- what the hall says --------------------------------------------------------------------

    def tell(self, message: object, /) -> None:
        """Take a message. What goes wrong with it is our defect and never the actor's that speaks."""
        try:
            match message:
                case Recorded():
                    if self._count:
                        self._happened(message.event)
                case StateRead():
                    self._read(message.state)
                case _:
                    log.error("message not understood message=%s", type(message).__name__)
        except Exception:
            log.exception("looking at tickets failed message=%s", type(message).__name__)

    def _happened(self, event: object) -> None:
        ticket = getattr(event, "ticket", None)
        if ticket in self._by_ticket:
            self._at_once[ticket] = None
        self._changed = True
        self._go_on()

    def look_at(self, id: TicketId) -> None:
        """Send what has changed for a ticket."""
        if id in self._by_ticket:
            self._at_once[id] = None
            self._go_on()

    def _go_on(self) -> None:
        """Ask the hall where it stands, if that is to be known now."""
        if self._asked_s is not None:
            return
        if self._at_once:
            self._ask()
        elif self._changed and self._left is None and self._waiting is None:
            # A moment later at the soonest: what one command did is looked at together.
            wait_s = max(0.0, self._looked_s + LOOK_S - self.now_s)
            self._waiting = self._later(wait_s, self._look_at_all)

    def _look_at_all(self) -> None:
        self._waiting = None
        if self._count:
            self._due = True
            self._changed = False
            if self._asked_s is None:
                self._ask()

    def _ask(self) -> None:
        self._asked_s = self.now_s
        if not told(self._port.hall, ReadState(reply_to=self)):
            log.debug("nobody to ask hall=%s", self._port.spec.id)

    def _read(self, state: HallState) -> None:
        self._asked_s = None
        now_s = self.now_s
        at_once, self._at_once = self._at_once, {}
        self._frames.clear()
        for id in at_once:
            self._show(id, state, now_s)
        if self._left is not None:
            # What is looked at next must not be older than what was sent just now.
            self._state = state
        elif self._due:
            self._due = False
            self._looked_s = now_s
            self._state = state
            self._left = iter(list(self._by_ticket))
            self._look_at_some()
        self._go_on()

    def _look_at_some(self) -> None:
        assert self._left is not None
        assert self._state is not None
        now_s = self.now_s
        for _ in range(SLICE):
            id = next(self._left, None)
            if id is None:
                self._left = self._state = None
                self._go_on()
                return
            self._show(id, self._state, now_s)
        self._later(0.0, self._look_at_some)

    def _show(self, id: TicketId, state: HallState, now_s: float) -> None:
        """Send a ticket's phones how it stands, those that do not know it yet."""
        streams = self._by_ticket.get(id)
        if not streams:
            return
        standing = standing_of(state, id)
        if standing is None:
            for stream in list(streams):
                self._end(stream, now_s)
            return
        frame = self._frames.get(standing)
        if frame is None:
            frame = self._frames[standing] = _frame(standing)
        for stream in list(streams):
            if frame != stream.shown:
                stream.send(frame, now_s)

    def _end(self, stream: TicketStream, now_s: float) -> None:
        self._closed(stream)
        stream.send(GONE, now_s)
        stream.request.end()

    def sweep(self, now_s: float) -> None:
        """Send heartbeats where nothing was sent; cut streams whose clients have taken nothing for too long."""
        if self._asked_s is not None and now_s - self._asked_s > ASK_AGAIN_S:
            self._asked_s = None
            if self._at_once or self._due:
                self._ask()
        limits = self._limits
        quiet_since, stalled_since = now_s - limits.heartbeat_s, now_s - limits.stall_s
        for streams in list(self._by_ticket.values()):
            for stream in list(streams):
                if stream.paused_since is not None:
                    if stream.paused_since < stalled_since:
                        stream.request.cut()
                elif stream.sent_s <= quiet_since:
                    stream.sent_s = now_s
                    stream.request.send(HEARTBEAT)


def _frame(standing: Standing) -> bytes:
    state, ahead, counter, recalls = standing
    told = {"state": state, "ahead": ahead, "counter": counter, "recalls": recalls}
    return b"event: ticket\ndata: %s\n\n" % orjson.dumps(told)
