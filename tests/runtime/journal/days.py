"""The working life of a hall, decided by the production code: events and states that are real."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from actors.hall.apply import apply_all
from actors.hall.decide import decide
from actors.hall.state import HallState
from protocol.answers import Rejected
from protocol.commands import (
    CallNext,
    CallTicket,
    CancelTicket,
    CloseCounter,
    Command,
    EvaluateService,
    FinishService,
    HoldTicket,
    InviteEvaluation,
    MarkNoShow,
    OpenCounter,
    PauseCounter,
    ReactivateTicket,
    RecallTicket,
    ReportPrint,
    ReprintTicket,
    RequeueTicket,
    ResumeTicket,
    StartService,
    TakeTicket,
    TransferTicket,
)
from protocol.hall import Counter, HallSpec, Kiosk, Service
from protocol.ids import (
    CommandId,
    CounterId,
    HallId,
    KioskId,
    Language,
    PersonId,
    ServiceId,
    StaffId,
    TicketId,
)
from protocol.messages import Recorded
from protocol.tickets import (
    OPEN_STATES,
    Channel,
    QueuePlace,
    TicketClass,
    TicketState,
    VisitOrder,
)

MORNING = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)
"""A Monday, 08:30 in Shanghai."""

ZH = Language("zh")

WEIGHTS: Mapping[type, int] = {
    TakeTicket: 30,
    CallNext: 28,
    StartService: 16,
    ReportPrint: 12,
    FinishService: 6,
    RecallTicket: 4,
    CancelTicket: 2,
    MarkNoShow: 2,
    CallTicket: 2,
    HoldTicket: 2,
    ResumeTicket: 3,
    RequeueTicket: 2,
    TransferTicket: 2,
    ReactivateTicket: 2,
    EvaluateService: 4,
    InviteEvaluation: 1,
    ReprintTicket: 2,
    OpenCounter: 1,
    PauseCounter: 1,
    CloseCounter: 1,
}

OF_A_TICKET = frozenset(
    {
        CallTicket,
        CancelTicket,
        EvaluateService,
        HoldTicket,
        ReactivateTicket,
        ReportPrint,
        ReprintTicket,
        RequeueTicket,
        ResumeTicket,
        TransferTicket,
    }
)

SOUGHT: Mapping[type, frozenset[TicketState]] = {
    CallTicket: frozenset({TicketState.WAITING, TicketState.HELD}),
    ResumeTicket: frozenset({TicketState.HELD}),
    ReactivateTicket: frozenset({TicketState.NO_SHOW, TicketState.CANCELLED}),
    TransferTicket: OPEN_STATES,
}
"""The states in which these find a ticket, if there is one within some tries."""


def hall_spec(hall: str = "HZ01") -> HallSpec:
    """A hall with three services, six counters and a kiosk."""
    services = [ServiceId(name) for name in ("tax", "vat", "other")]
    kiosk = KioskId("k1")
    return HallSpec(
        id=HallId(hall),
        names={ZH: "杭州一厅"},
        services={
            id: Service(id=id, names={ZH: id}, prefix=prefix, last=99_999)
            for id, prefix in zip(services, "ABC", strict=True)
        },
        counters={
            id: Counter(id=id, names={ZH: f"{id}号"}, services=tuple(services))
            for id in map(CounterId, "123456")
        },
        kiosks={kiosk: Kiosk(id=kiosk, names={ZH: "取号机"}, printer="virtual:p")},
    )


def life(
    seed: int = 0, events_a_day: int = 10_000, state: HallState | None = None
) -> Iterator[tuple[list[Recorded], HallState]]:
    """Yield, without end, the events of one command after another and the state after them."""
    random = Random(seed)
    state = state or HallState(spec=hall_spec())
    now, today = max(MORNING, state.last_at), 0
    pace_s = 9 * 3600 / events_a_day
    kinds, weights = list(WEIGHTS), list(WEIGHTS.values())
    serial = 0
    while True:
        serial += 1
        now += timedelta(seconds=random.expovariate(1 / pace_s))
        command = _command(random.choices(kinds, weights)[0], state, random, serial)
        decision = decide(state, command, now)
        if isinstance(decision, Rejected) or not decision:
            continue
        first = state.seq + 1
        state = apply_all(state, decision)
        yield [Recorded(seq=first + i, event=e) for i, e in enumerate(decision)], state
        today += len(decision)
        if today >= events_a_day:
            today = 0
            now = max(state.ends_at + timedelta(hours=4), now)


def first_events(count: int, seed: int = 0) -> list[Recorded]:
    """The first ``count`` events of a life."""
    found: list[Recorded] = []
    for records, _ in life(seed, events_a_day=1_000):
        found += records
        if len(found) >= count:
            break
    return found[:count]


def replayed(snapshot: HallState | None, records: Iterable[Recorded]) -> HallState:
    """The state that a restart would come to."""
    state = snapshot or HallState(spec=hall_spec())
    return apply_all(state, (record.event for record in records))


def _command(kind: type, state: HallState, random: Random, serial: int) -> Command:
    id = CommandId(f"http/{serial:032x}")
    counter = random.choice(list(state.spec.counters))
    if kind is TakeTicket:
        return _take(id, state, random)
    if kind in OF_A_TICKET and state.lines:
        ticket = _some_ticket(kind, state, random)
        if kind is CallTicket:
            return CallTicket(id=id, counter=counter, ticket=ticket)
        return kind(id=id, ticket=ticket, **_details(kind, state, random))
    if kind is PauseCounter:
        return PauseCounter(id=id, counter=counter, reason="午休")
    if kind is OpenCounter:
        staff = random.choice([None, StaffId("007"), StaffId("008")])
        return OpenCounter(id=id, counter=counter, staff=staff)
    if kind in OF_A_TICKET:
        return CallNext(id=id, counter=counter)
    return kind(id=id, counter=counter)


def _take(id: CommandId, state: HallState, random: Random) -> TakeTicket:
    """Mostly somebody for one service; some are known, some bring others, some want several things."""
    service, *others = random.sample(list(state.spec.services), len(state.spec.services))
    person = PersonId(f"p{random.randrange(500)}") if random.random() < 0.2 else None
    return TakeTicket(
        id=id,
        service=service,
        language=ZH,
        ticket_class=TicketClass.PRIORITY if random.random() < 0.1 else TicketClass.NORMAL,
        channel=Channel.KIOSK,
        kiosk=KioskId("k1"),
        person=person,
        party=random.choice((1, 1, 1, 4)),
        then=tuple(others[: random.choice((0, 0, 0, 0, 1, 2))]),
        visit_order=random.choice(list(VisitOrder)),
    )


def _details(kind: type, state: HallState, random: Random) -> dict[str, Any]:
    """What else a command of a ticket says."""
    if kind is ReportPrint:
        return {"failure": "paper out" if random.random() < 0.05 else None}
    if kind in (RequeueTicket, ReactivateTicket):
        return {"place": random.choice(list(QueuePlace)), "after": random.randrange(6)}
    if kind is HoldTicket:
        return {"note": random.choice(("", "复印材料"))}
    if kind is EvaluateService:
        return {"level": random.randint(1, 5)}
    if kind is TransferTicket:
        to_counter = random.choice([None, *state.spec.counters])
        return {
            "to_service": random.choice(list(state.spec.services)),
            "to_counter": to_counter,
            "back": random.random() < 0.5,
            "note": "转办",
        }
    return {}


def _some_ticket(kind: type, state: HallState, random: Random) -> TicketId:
    """One of the last tickets of some service, without walking through all of them."""
    for _ in range(20):
        service = random.choice(list(state.lines))
        serial = max(1, (state.lines[service].serial or 1) - random.randrange(40))
        number = state.spec.services[service].number(serial)
        id = TicketId(f"{state.day:%Y%m%d}-{number}")
        ticket = state.tickets.get(id)
        if kind not in SOUGHT or (ticket is not None and ticket.state in SOUGHT[kind]):
            break
    return id
