"""A stage on which tests say what is seen, and the events of a small hall."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any

from protocol.appointments import AppointmentSpec, SlotPattern
from protocol.events import (
    DayBegun,
    Event,
    ServiceEvaluated,
    ServiceFinished,
    TicketCalled,
    TicketTaken,
)
from protocol.hall import Counter, Gateway, HallSpec, Service, Terminal, TerminalKind
from protocol.ids import (
    CommandId,
    CounterId,
    GatewayId,
    HallId,
    Language,
    ServiceId,
    TerminalAddress,
    TicketId,
)
from protocol.messages import Recorded
from protocol.policies import Policy
from protocol.tickets import Channel, EvaluationDevice, TicketClass
from protocol.values import replace
from sim.watch.invariant import Invariant
from sim.watch.invariants import INVARIANTS
from sim.watch.ledger import Ledger
from sim.watch.sightings import EventSeen, HallSaid

ZH = Language("zh")
SERVICE, OTHER = ServiceId("s1"), ServiceId("s2")
ONE, TWO = CounterId("1"), CounterId("2")
BEGINS = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
NORMAL, PRIORITY = TicketClass.NORMAL, TicketClass.PRIORITY
BOOKED = AppointmentSpec(
    slots=(
        SlotPattern(
            weekdays=(1,), begins=time(8, 0), ends=time(18, 0), every_minutes=30, capacity=2
        ),
    ),
    walk_in_share=0.5,
    person_max=2,
)
"""One place every half an hour of Mondays."""


def spec(policy: Policy | None = None) -> HallSpec:
    """Return a hall with two counters, of which the first has a window."""
    gateway = Gateway(
        id=GatewayId("g1"),
        port="virtual:g1",
        address=TerminalAddress(1),
        terminals=(Terminal(address=TerminalAddress(11), kind=TerminalKind.WINDOW, counter=ONE),),
    )
    return HallSpec(
        id=HallId("X"),
        names={ZH: "大厅"},
        services=MappingProxyType(
            {
                id: Service(id=id, names={ZH: id}, prefix=prefix, appointments=BOOKED)
                for id, prefix in ((SERVICE, "A"), (OTHER, "B"))
            }
        ),
        counters=MappingProxyType(
            {id: Counter(id=id, names={ZH: id}, services=(SERVICE, OTHER)) for id in (ONE, TWO)}
        ),
        gateways=MappingProxyType({gateway.id: gateway}),
        policy=policy or Policy(),
    )


class Stage:
    """A scene on which a test says what is seen, what the disk holds, and what time it is."""

    def __init__(self, number: int, policy: Policy | None = None) -> None:
        self.spec = spec(policy)
        self.ledger = Ledger(self.spec.counters)
        self.running = True
        self.now_s = 0.0
        self.disk: list[Recorded] = []
        self.found: list[str] = []
        self._timers: list[tuple[float, Callable[[], None]]] = []
        self._looks: dict[type, list[Callable[[Any], None]]] = {}
        for invariant in INVARIANTS[number]:
            for kind, look in invariant(self).methods().items():
                self._looks.setdefault(kind, []).append(look)

    @property
    def wall(self) -> datetime:
        return BEGINS + timedelta(seconds=self.now_s)

    def durable(self) -> int:
        return len(self.disk)

    def on_disk(self, after: int) -> list[Recorded]:
        return self.disk[after:]

    def later(self, delay_s: float, call: Callable[[], None]) -> None:
        self._timers.append((self.now_s + delay_s, call))

    def broken(self, _invariant: Invariant, detail: str, _number: str | None) -> None:
        self.found.append(detail)

    def see(self, *sightings: Any) -> None:
        for sighting in sightings:
            for look in self._looks.get(type(sighting), ()):
                look(sighting)
            if type(sighting) is EventSeen:
                self.ledger.take(sighting.seq, sighting.event)

    def happen(self, *events: Event, written: bool = True) -> None:
        """Have the stream tell ``events``, which the disk holds before."""
        for event in events:
            seq = self.ledger.seq + 1
            if written:
                self.disk.append(Recorded(seq=seq, event=event))
            self.see(EventSeen(seq=seq, event=event))

    def wait(self, for_s: float) -> None:
        self.now_s += for_s
        due = [call for at_s, call in self._timers if at_s <= self.now_s]
        self._timers = [timer for timer in self._timers if timer[0] > self.now_s]
        for call in due:
            call()

    def said(self, *, fresh: bool = False) -> HallSaid:
        return replace(self.ledger.said(), fresh=fresh)


def ticket(number: str) -> TicketId:
    return TicketId(f"20260302-{number}")


def day() -> Event:
    return DayBegun(
        at=BEGINS,
        command=CommandId("day"),
        day=date(2026, 3, 2),
        ends_at=BEGINS + timedelta(days=1),
    )


def taken(
    number: str, command: str = "", ticket_class: TicketClass = NORMAL, **further: Any
) -> TicketTaken:
    made = TicketTaken(
        at=BEGINS,
        command=CommandId(command or f"take/{number}"),
        ticket=ticket(number),
        service=SERVICE,
        number=number,
        serial=int(number[1:]),
        language=ZH,
        ticket_class=ticket_class,
        channel=Channel.WEB,
        kiosk=None,
        ahead=0,
    )
    return replace(made, **further)


def called(
    number: str, counter: CounterId = ONE, command: str = "", at_s: float = 0, **further: Any
) -> TicketCalled:
    made = TicketCalled(
        at=BEGINS + timedelta(seconds=at_s),
        command=CommandId(command or f"next/{number}"),
        ticket=ticket(number),
        number=number,
        service=SERVICE,
        counter=counter,
    )
    return replace(made, **further)


def finished(number: str, counter: CounterId = ONE) -> Event:
    return ServiceFinished(
        at=BEGINS, command=CommandId(f"end/{number}"), ticket=ticket(number), counter=counter
    )


def rated(number: str, command: str) -> Event:
    return ServiceEvaluated(
        at=BEGINS,
        command=CommandId(command),
        ticket=ticket(number),
        service=SERVICE,
        counter=ONE,
        staff=None,
        level=5,
        reasons=(),
        text="",
        device=EvaluationDevice.PHONE,
    )
