"""How long it takes to say how long somebody will wait: in a large hall, and in the plain one of theory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random
from statistics import median
from time import process_time

from actors.hall.apply import apply_all
from actors.hall.decide import decide
from actors.hall.estimating import estimate_service, estimate_services, estimate_ticket
from actors.hall.state import HallState
from protocol.answers import Rejected
from protocol.commands import CallNext, Command, OpenCounter, TakeTicket
from protocol.hall import Counter, HallSpec, Service
from protocol.ids import CommandId, CounterId, HallId, Language, ServiceId
from protocol.policies import Policy, PolicyKind
from protocol.tickets import TicketClass, TicketState
from sim.halls import THEORY_SERVICE, theory_hall
from sim.world import MONDAY
from tests.bench.figures import Figure

WAITING = 5_000
SERVICES = 40
COUNTERS = 60
EACH = 10
"""Services of a counter: which ones is drawn, so that all have to do with each other."""
TIMES = 200
ROUNDS = 3
"""The best of so many medians is taken: other work on the machine makes all of them slower."""
PLAIN_COUNTERS = 10

GOAL_MS = 1.0
GOAL_PLAIN_US = 5.0

EN = Language("en")
CLASSES = (TicketClass.NORMAL, TicketClass.NORMAL, TicketClass.NORMAL, TicketClass.PRIORITY)


POLICIES = {
    "first come": Policy(),
    "class ratios with bounds": Policy(
        kind=PolicyKind.CLASS_RATIOS, overtaken_max=10, overtaken_wait_s=3600.0
    ),
}


def measure(waiting: int = WAITING, times: int = TIMES) -> list[Figure]:
    """Return the median time of one estimate of each kind. Takes about ten seconds."""
    large = [
        figure
        for name, policy in POLICIES.items()
        for figure in _at_a_large_hall(name, policy, waiting, times)
    ]
    return [*large, _at_a_plain_hall(times)]


def _at_a_large_hall(name: str, policy: Policy, waiting: int, times: int) -> list[Figure]:
    hall = _large_hall(waiting, policy)
    tickets = [ticket for ticket in hall.tickets.values() if ticket.state is TicketState.WAITING]
    services = list(hall.spec.services)
    random, at = Random(1), hall.last_at + timedelta(seconds=1)
    before_s = _best_median_s(
        times, lambda: estimate_service(hall, random.choice(services), at) is not None
    )
    ticket_s = _best_median_s(
        times, lambda: estimate_ticket(hall, random.choice(tickets), at) is not None
    )
    all_s = _best_median_s(
        max(1, times // 20), lambda: len(estimate_services(hall, at)) == SERVICES
    )
    where = f"{waiting:,} waiting, {SERVICES} services, {COUNTERS} counters, {name}"
    return [
        _figure(f"estimate for a ticket ({where})", ticket_s * 1e3, "ms", GOAL_MS),
        _figure(f"estimate before a ticket ({where})", before_s * 1e3, "ms", GOAL_MS),
        Figure(name=f"estimates for every service ({name})", value=all_s * 1e3, unit="ms"),
    ]


def _best_median_s(times: int, answer: Callable[[], bool]) -> float:
    """Return how long ``answer`` takes, which says whether there was one."""
    medians_s = []
    for _ in range(ROUNDS):
        each_s = []
        for _ in range(times):
            begun = process_time()
            assert answer()
            each_s.append(process_time() - begun)
        medians_s.append(median(each_s))
    return min(medians_s)


def _at_a_plain_hall(times: int) -> Figure:
    hall = _plain_hall()
    at = hall.last_at + timedelta(seconds=1)

    def hundred() -> bool:
        for _ in range(100):
            estimate_service(hall, THEORY_SERVICE, at)
        return True

    each_s = _best_median_s(times, hundred) / 100
    name = f"estimate, one service, {PLAIN_COUNTERS} counters"
    return _figure(name, each_s * 1e6, "us", GOAL_PLAIN_US)


def _figure(name: str, value: float, unit: str, goal: float) -> Figure:
    return Figure(name=name, value=value, unit=unit, goal=f"<= {goal:g} {unit}", met=value <= goal)


def _large_hall(waiting: int, policy: Policy) -> HallState:
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
        policy=policy,
    )
    state = HallState(spec=spec)
    for number, counter in enumerate(spec.counters):
        state = _after(state, OpenCounter(id=CommandId(f"open/{number}"), counter=counter))
    for number in range(waiting + COUNTERS):
        take = TakeTicket(
            id=CommandId(f"take/{number}"),
            service=services[number % SERVICES],
            language=EN,
            ticket_class=random.choice(CLASSES),
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
