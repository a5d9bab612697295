"""Watches a site: shows the invariants what can be seen around it, and keeps the first that breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any

from actors.building import HallParts
from actors.hall.actor import ReadState, StateRead
from actors.hall.state import HallState
from protocol.event_rows import decode_row
from protocol.hall import HallSpec
from protocol.ids import CounterId, KioskId, TicketId
from protocol.messages import (
    AlarmsChanged,
    KioskChanged,
    Recorded,
    Subscribe,
)
from protocol.messages import Watch as WatchMessage
from protocol.pushes import PushKind
from protocol.radio.payloads import PressResult, Show
from sim.devices.escpos import Paper
from sim.devices.pressing import PressingDevice
from sim.devices.window import Window
from sim.faults.active import active
from sim.faults.catalogue import kind_of
from sim.faults.kind import Fault
from sim.floor.screens import LargeScreen
from sim.hardware import virtual_name
from sim.site import Site
from sim.watch.invariant import Broken, Invariant
from sim.watch.invariants import INVARIANTS
from sim.watch.ledger import Ledger
from sim.watch.sightings import (
    AlarmsSeen,
    BookingSaid,
    ClosureSaid,
    CopySeen,
    CounterSaid,
    EventSeen,
    FaultSeen,
    HallSaid,
    KeypadSeen,
    KioskSeen,
    Log,
    PadSeen,
    PaperSeen,
    ProcessEnded,
    ProcessStarted,
    PushSeen,
    Quiet,
    ScreenSeen,
    TicketSaid,
    WindowSeen,
)
from sim.watch.smudges import Smudges
from sim.wechat.notices import NEAR
from sim.wechat.phones import Kind, Message

OFF_RADIO = frozenset({"printer", "display", "clock", "headquarters"})
"""What faults act on that keep no window from being told; a full disk does, where frames are sealed."""


class Watch:
    """See the module. ``invariants`` are numbers; ``on_broken`` is called with the first that breaks."""

    def __init__(
        self,
        site: Site,
        on_broken: Callable[[Broken], object] = lambda _broken: None,
        invariants: Iterable[int] = tuple(INVARIANTS),
    ) -> None:
        self.site = site
        self.log = Log()
        self.ledger = Ledger(site.spec.counters)
        self.first: Broken | None = None
        """The first invariant that did not hold."""
        self.sightings = 0
        self._on_broken = on_broken
        self._works = 0
        """How many work on devices."""
        self._eyes: dict[type, list[Callable[[Any], None]]] = {}
        self.alarms: tuple[str, ...] = ()
        """What the alarm board shows."""
        self._smudges = Smudges()
        for invariant in [each for number in invariants for each in INVARIANTS[number]]:
            for kind, method in invariant(self).methods().items():
                self._eyes.setdefault(kind, []).append(method)
        self._look_at_devices()
        if site.account is not None:
            site.account.stand_in.noticed.append(self._push_came)
        site.screen = _Screen(site, self.see)
        site.on_start.append(self._listen)
        site.on_end.append(lambda: self.see(ProcessEnded()))
        if site.running:
            self._listen(site.parts)

    # -- what invariants may know -----------------------------------------------------------

    @property
    def spec(self) -> HallSpec:
        """The hall."""
        return self.site.spec

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self.site.running

    @property
    def now_s(self) -> float:
        """Seconds since the run began."""
        return self.site.env.now

    @property
    def wall(self) -> datetime:
        """What a clock shows that is right (aware, UTC)."""
        return self.site.outside.now()

    def durable(self) -> int:
        """Return the last event that the disk holds."""
        return self.site.journal.seq

    def on_disk(self, after: int) -> list[Recorded]:
        """Return what the disk holds behind the event ``after``."""
        return list(self.site.journal.read(after, self.site.journal.seq))

    def later(self, delay_s: float, call: Callable[[], None]) -> None:
        """Have ``call`` called after so many seconds."""
        self.site.outside.call_later(delay_s, call)

    def broken(self, invariant: Invariant, detail: str, number: str | None) -> None:
        """Keep that ``invariant`` does not hold; only the first counts, as others may follow from it."""
        if self.first is None:
            self.first = Broken(
                invariant=invariant.number,
                title=invariant.title,
                detail=detail,
                number=number,
                at_s=self.now_s,
            )
            self._on_broken(self.first)

    # -- sightings --------------------------------------------------------------------------

    def see(self, sighting: Any) -> None:
        """Show ``sighting`` to all invariants that look at its like."""
        self.log.note((self.site.env.now, sighting))
        self.sightings += 1
        for look in self._eyes.get(type(sighting), ()):
            look(sighting)
        if type(sighting) is EventSeen:
            self.ledger.take(sighting.seq, sighting.event)

    def ask(self, then: Callable[[HallSaid], object], *, fresh: bool = False) -> bool:
        """Ask the hall how it is, as a page does; ``then`` takes the answer. Return whether it was asked."""
        if not self.site.running:
            return False
        self.site.parts.hall.tell(ReadState(reply_to=_Page(then, fresh)))
        return True

    def fault_seen(self, text: str) -> None:
        """See that a fault began, or is about to end."""
        for kiosk in self.site.hardware.printers:
            if self._line_is_bad(kiosk):
                self._smudges.line_was_bad(kiosk, self.now_s)
        windows = self.site.hardware.windows
        stuck = frozenset(counter for counter, window in windows.items() if window.stuck)
        calm = not self._works and not any(map(self._is_on_radio, active(self.site)))
        self.see(FaultSeen(text=text, stuck=stuck, calm=calm))

    def _is_on_radio(self, fault: Fault) -> bool:
        """Whether a fault may keep a window from being told what to show."""
        target = kind_of(fault.kind).target.name
        if target == "line":
            ports = {virtual_name(gateway.port) for gateway in self.spec.gateways.values()}
            return fault.where in ports
        return target not in OFF_RADIO

    def work(self, text: str, for_s: float) -> None:
        """See that somebody works on a device, for so long at most: it may do nothing else meanwhile."""
        self._works += 1
        self.fault_seen(text)

        def done() -> None:
            self._works -= 1
            self.fault_seen(f"over: {text}")

        self.later(for_s, done)

    def poll(self) -> None:
        """Have a page look at the hall."""
        self.ask(self.see)
        self._look_at_copy(quiet=False)

    def quiet(self, *, closed: bool = False) -> None:
        """Have a page look at the hall now that all is quiet, and maybe nobody is left."""
        self.ask(lambda said: self.see(Quiet(said=said, closed=closed)))
        self._look_at_copy(quiet=True)

    def _look_at_copy(self, *, quiet: bool) -> None:
        """Have somebody at headquarters look at what is there."""
        if self.site.headquarters is not None:
            self.see(
                CopySeen(events=tuple(map(decode_row, self.site.headquarters.rows)), quiet=quiet)
            )

    # -- devices ----------------------------------------------------------------------------

    def _look_at_devices(self) -> None:
        hardware = self.site.hardware
        for kiosk, printer in hardware.printers.items():
            printer.papers = _Papers(partial(self._paper_cut, kiosk))
        for counter, window in hardware.windows.items():
            window.noticed.append(partial(self._window_shown, counter))
        for counter, keypad in hardware.keypads.items():
            keypad.noticed.append(partial(self._result_shown, KeypadSeen, counter))
        for counter, pad in hardware.evaluators.items():
            pad.noticed.append(partial(self._result_shown, PadSeen, counter))

    def _paper_cut(self, kiosk: KioskId, paper: Paper) -> None:
        codes = paper.codes
        ticket = TicketId(codes[0].rpartition("/")[2]) if codes else None
        smudged = self._smudges.paper_came(kiosk, self.now_s, bad=self._line_is_bad(kiosk))
        self.see(PaperSeen(kiosk=kiosk, number=paper.number, ticket=ticket, smudged=smudged))

    def _push_came(self, person: str, message: Message) -> None:
        if message.kind is not Kind.TEMPLATE:
            return
        assert message.link is not None
        ticket = TicketId(message.link.rpartition("/")[2])
        kind = PushKind.NEAR if message.title == NEAR.title else PushKind.CALL
        self.see(PushSeen(person=person, ticket=ticket, kind=kind))

    def _line_is_bad(self, kiosk: KioskId) -> bool:
        port = self.spec.kiosks[kiosk].printer
        name = None if port is None else virtual_name(port)
        return name is not None and not self.site.lines[name].at_rest

    def _window_shown(self, counter: CounterId, window: Window, _shown: object) -> None:
        self.see(WindowSeen(counter=counter, state=window.state, text=window.text))

    def _result_shown(
        self,
        kind: type[KeypadSeen] | type[PadSeen],
        counter: CounterId,
        _device: PressingDevice,
        shown: Show | PressResult | None,
    ) -> None:
        if isinstance(shown, PressResult):
            self.see(kind(counter=counter, result=shown))

    # -- the process ------------------------------------------------------------------------

    def _listen(self, parts: HallParts) -> None:
        """Listen to a process that has just been started, and fetch the events that were missed."""
        self.see(ProcessStarted(durable=self.durable()))
        missed = self.on_disk(self.ledger.seq)
        for record in missed:
            self.see(EventSeen(seq=record.seq, event=record.event, late=True))
        stream = _Stream(self, self.ledger.seq)
        parts.hall.tell(Subscribe(recipient=stream))
        parts.alarms.tell(WatchMessage(recipient=_Eye(self._alarms_changed)))
        for kiosk in parts.kiosks.values():
            kiosk.tell(WatchMessage(recipient=_Eye(self._kiosk_changed)))
        self.ask(self.see, fresh=True)

    def _alarms_changed(self, message: AlarmsChanged) -> None:
        alarms = tuple(alarm.alarm for alarm in message.alarms)
        if alarms != self.alarms:
            self.alarms = alarms
            self.see(AlarmsSeen(alarms=alarms))

    def _kiosk_changed(self, message: KioskChanged) -> None:
        self.see(KioskSeen(kiosk=message.kiosk, unprinted=message.unprinted))


class _Eye:
    """A recipient that passes on what it is told."""

    def __init__(self, pass_on: Callable[[Any], object]) -> None:
        self._pass_on = pass_on

    def tell(self, message: Any, /) -> None:
        """Take a message."""
        self._pass_on(message)


class _Stream:
    """Follows the stream of events of one process."""

    def __init__(self, watch: Watch, seq: int) -> None:
        self._watch = watch
        self._seq = seq

    def tell(self, record: Any, /) -> None:
        """Take the next event; the start may tell again what was fetched."""
        if record.seq > self._seq:
            self._seq = record.seq
            self._watch.see(EventSeen(seq=record.seq, event=record.event))


class _Page:
    """Takes the hall's answer, and makes of it what a page would show."""

    def __init__(self, then: Callable[[HallSaid], object], fresh: bool) -> None:
        self._then = then
        self._fresh = fresh

    def tell(self, message: Any, /) -> None:
        """Take the answer."""
        assert isinstance(message, StateRead)
        self._then(_said(message.state, self._fresh))


def _said(state: HallState, fresh: bool) -> HallSaid:
    tickets = {}
    for id, ticket in state.tickets.items():
        at_counter = ticket.state.at_counter
        tickets[id] = TicketSaid(
            number=ticket.number,
            service=ticket.service,
            state=ticket.state,
            counter=ticket.counter if at_counter else None,
            then=ticket.then,
        )
    counters = {}
    for counter in state.spec.counters:
        post = state.post(counter)
        counters[counter] = CounterSaid(
            mode=post.mode,
            ticket=post.ticket,
            evaluated=post.tally.evaluated,
            levels=post.tally.levels,
        )
    return HallSaid(
        seq=state.seq,
        tickets=tickets,
        counters=counters,
        waiting={
            service: waiting for service in state.lines if (waiting := state.waiting(service))
        },
        bookings={
            booking.id: BookingSaid(
                service=booking.service,
                state=booking.state,
                starts_at=booking.starts_at,
                ticket=booking.ticket,
            )
            for booking in state.diary.bookings.values()
        },
        closures={
            added.id: ClosureSaid(
                service=added.service, first=added.closure.first, last=added.closure.last
            )
            for added in state.diary.closures.values()
        },
        bans=dict(state.diary.bans),
        fresh=fresh,
    )


class _Screen(LargeScreen):
    """The large screen, and somebody who sees what it shows and whether it is dark."""

    def __init__(self, site: Site, see: Callable[[Any], object]) -> None:
        self._see = see
        super().__init__(site)
        self.changed.append(self._tell)

    def switch(self, *, off: bool) -> None:
        """Take its power away, or give it back."""
        changes = off != self.off
        super().switch(off=off)
        if changes:
            self._tell()

    def _tell(self) -> None:
        self._see(ScreenSeen(calls=self.calls, dark=self.off))


class _Papers(list[Paper]):
    """The papers of a printer, of which somebody is told each."""

    def __init__(self, cut: Callable[[Paper], object]) -> None:
        super().__init__()
        self._cut = cut

    def append(self, paper: Paper, /) -> None:
        """Keep it, and tell."""
        super().append(paper)
        self._cut(paper)


__all__ = ["Watch"]
