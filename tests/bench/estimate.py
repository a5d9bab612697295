"""How long it takes to say how long somebody will wait: in a large hall, and in the plain one of theory."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from statistics import median
from time import perf_counter

from actors.hall.apply import apply_all
from actors.hall.decide import decide
from actors.hall.estimating import estimate_service, estimate_services, estimate_ticket
from actors.hall.state import HallState
from protocol.answers import Rejected
from protocol.commands import CallNext, Command, OpenCounter, TakeTicket
from protocol.hall import Counter, HallSpec, Service
from protocol.ids import CommandId, CounterId, HallId, Language, ServiceId
from protocol.tickets import TicketState
from sim.halls import THEORY_SERVICE, theory_hall
from sim.world import MONDAY
from tests.bench.figures import Figure

WAITING = 5_000
SERVICES = 40
COUNTERS = 60
EACH = 10
"""Services of a counter: which ones is drawn, so that all have to do with each other."""
TIMES = 200
PLAIN_COUNTERS = 10

GOAL_MS = 1.0
GOAL_PLAIN_US = 5.0

EN = Language("en")


def measure(waiting: int = WAITING, times: int = TIMES) -> list[Figure]:
    """Return the median time of one estimate of each kind."""
    large = _large_hall(waiting)
    tickets = [ticket for ticket in large.tickets.values() if ticket.state is TicketState.WAITING]
    services = list(large.spec.services)
    random, at = Random(1), large.last_at + timedelta(seconds=1)
    new_s, ticket_s, all_s, plain_s = [], [], [], []
    plain = _plain_hall()
    for _ in range(times):
        service, ticket = random.choice(services), random.choice(tickets)
        begun = perf_counter()
        assert estimate_service(large, service, at) is not None
        new_s.append(perf_counter() - begun)
        begun = perf_counter()
        assert estimate_ticket(large, ticket, at) is not None
        ticket_s.append(perf_counter() - begun)
        begun = perf_counter()
        for _ in range(100):
            estimate_service(plain, THEORY_SERVICE, at)
        plain_s.append((perf_counter() - begun) / 100)
    for _ in range(max(1, times // 20)):
        begun = perf_counter()
        assert len(estimate_services(large, at)) == SERVICES
        all_s.append(perf_counter() - begun)
    where = f"{waiting:,} waiting, {SERVICES} services, {COUNTERS} counters"
    return [
        _figure(f"estimate for a ticket ({where})", median(ticket_s) * 1e3, "ms", GOAL_MS),
        _figure(f"estimate before a ticket ({where})", median(new_s) * 1e3, "ms", GOAL_MS),
        Figure(name="estimates for every service there", value=median(all_s) * 1e3, unit="ms"),
        _figure(
            f"estimate, one service, {PLAIN_COUNTERS} counters",
            median(plain_s) * 1e6,
            "us",
            GOAL_PLAIN_US,
        ),
    ]


def _figure(name: str, value: float, unit: str, goal: float) -> Figure:
    return Figure(name=name, value=value, unit=unit, goal=f"<= {goal:g} {unit}", met=value <= goal)


def _large_hall(waiting: int) -> HallState:
    random = Random(1)
    services = [ServiceId(f"s{number}") for number in range(SERVICES)]
    spec = HallSpec(
        id=HallId("LARGE"),
        names={EN: "A large hall"},
        languages=(EN,),
        services={
            id: Service(id=id, names={EN: id}, prefix=id.upper(), service_s=200.0)
            for id in services
        },
        counters={
            CounterId(str(number)): Counter(
                id=CounterId(str(number)),
                names={EN: str(number)},
                services=tuple(random.sample(services, EACH)),
            )
            for number in range(1, COUNTERS + 1)
        },
    )
    state = HallState(spec=spec)
    for number, counter in enumerate(spec.counters):
        state = _after(state, OpenCounter(id=CommandId(f"open/{number}"), counter=counter))
    for number in range(waiting + COUNTERS):
        take = TakeTicket(
            id=CommandId(f"take/{number}"), service=services[number % SERVICES], language=EN
        )
        state = _after(state, take)
    for number, counter in enumerate(spec.counters):
        state = _after(state, CallNext(id=CommandId(f"next/{number}"), counter=counter))
    return state


def _plain_hall() -> HallState:
    state = HallState(spec=theory_hall(PLAIN_COUNTERS))
    for number in range(PLAIN_COUNTERS + 20):
        take = TakeTicket(id=CommandId(f"take/{number}"), service=THEORY_SERVICE, language=EN)
        state = _after(state, take)
    for number in range(PLAIN_COUNTERS):
        counter = CounterId(str(number + 1))
        state = _after(state, CallNext(id=CommandId(f"next/{number}"), counter=counter))
    return state


def _after(state: HallState, command: Command) -> HallState:
    at = max(MONDAY, state.last_at) + timedelta(milliseconds=50)
    decision = decide(state, command, at)
    assert not isinstance(decision, Rejected), decision
    return apply_all(state, decision)
