"""Call-next in the pure queue, decide and apply: by how many wait, how a hall chooses, what its counters have.

A hall of 40 services and 60 counters, three classes, some with appointments. Each call ends what the counter
had; a ticket is taken for each one called, outside of what is measured, so that as many go on waiting.
"""

from __future__ import annotations

import gc
from datetime import UTC, datetime, timedelta
from math import log
from random import Random
from statistics import median
from time import process_time

from actors.hall.apply import apply_all
from actors.hall.decide import decide
from actors.hall.state import HallState
from protocol.answers import Rejected
from protocol.commands import BeginDay, CallNext
from protocol.events import TicketTaken
from protocol.hall import Counter, HallSpec, Service
from protocol.ids import CommandId, CounterId, HallId, Language, ServiceId, TicketId
from protocol.policies import Policy, PolicyKind
from protocol.tickets import Channel, TicketClass
from tests.bench.figures import Figure

SERVICES, COUNTERS, COUNTER_SERVICES = 40, 60, 8
SIZES = (50, 500, 5_000, 50_000)
SIZE = 5_000
CALLS = 400
CALL_MS_MAX = 0.2
GROWTH_SLACK = 1.15
"""What other work on the machine may add between two measurements."""

ROUNDS = 3
"""The best of so many medians is taken: other work on the machine makes all of them slower."""
BAR_MS = 0.005
"""What one mark of the plot stands for."""

_ZH = Language("zh")
_MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def measure() -> list[Figure]:
    """Return the figures of calls. Takes about a quarter of a minute."""
    by_kind = {kind: call_ms(SIZE, bounded(kind)) for kind in PolicyKind}
    everything = call_ms(SIZE, bounded(PolicyKind.TARGET_WAIT), SERVICES)
    sizes = {size: call_ms(size, bounded(PolicyKind.CLASS_RATIOS)) for size in SIZES}
    return [
        *(
            _within(f"call-next, {SIZE:,} waiting, {kind.value} with bounds", each_ms)
            for kind, each_ms in by_kind.items()
        ),
        _within(
            f"call-next, {SIZE:,} waiting, every counter has all {SERVICES} services", everything
        ),
        *(_plotted(size, each_ms) for size, each_ms in sizes.items()),
        _growth(sizes),
    ]


def bounded(kind: PolicyKind) -> Policy:
    """Return a policy of that kind with both bounds on overtaking."""
    return Policy(kind=kind, overtaken_max=10, overtaken_wait_s=3600.0)


def _within(name: str, each_ms: float) -> Figure:
    goal = f"<= {CALL_MS_MAX:g} ms, median"
    return Figure(name=name, value=each_ms, unit="ms", goal=goal, met=each_ms <= CALL_MS_MAX)


def _plotted(size: int, each_ms: float) -> Figure:
    return Figure(
        name=f"call-next by how many wait: {size:,}",
        value=each_ms,
        unit="ms",
        goal="▇" * round(each_ms / BAR_MS),
    )


def _growth(sizes: dict[int, float]) -> Figure:
    """Compare the largest hall with the one before it: below that some queues are empty, and not looked at."""
    fewer, more = SIZES[-2:]
    allowed = log(more) / log(fewer) * GROWTH_SLACK
    return Figure(
        name=f"call-next, from {fewer:,} to {more:,} waiting",
        value=sizes[more] / sizes[fewer],
        unit="times",
        goal=f"<= {allowed:.2f} times: no faster than the logarithm",
        met=sizes[more] <= allowed * sizes[fewer],
    )


def call_ms(size: int, policy: Policy, services_each: int = COUNTER_SERVICES) -> float:
    """Return the median time of a call at a hall where ``size`` people wait (milliseconds)."""
    crowd = Crowd(policy, services_each)
    for _ in range(size):
        crowd.take()
    # People come and are called for a while, so that tickets were overtaken and counters have shares.
    for number in range(CALLS):
        crowd.call(number)
    gc.collect()
    gc.disable()
    try:
        rounds = [median(crowd.call(number) for number in range(CALLS)) for _ in range(ROUNDS)]
        return 1000 * min(rounds)
    finally:
        gc.enable()


class Crowd:
    """A large hall, and people who keep coming."""

    def __init__(self, policy: Policy, services_each: int) -> None:
        services = [ServiceId(f"s{number}") for number in range(SERVICES)]
        self._counters = [CounterId(str(number)) for number in range(COUNTERS)]
        names = {_ZH: "厅"}
        self._spec = HallSpec(
            id=HallId("B"),
            names=names,
            services={
                id: Service(id=id, names=names, prefix=f"{number}-", last=99_999)
                for number, id in enumerate(services)
            },
            counters={
                id: Counter(
                    id=id,
                    names=names,
                    services=tuple(
                        services[(7 * number + place) % SERVICES] for place in range(services_each)
                    ),
                )
                for number, id in enumerate(self._counters)
            },
            policy=policy,
        )
        self._services = services
        self._random = Random("crowd")
        self._now = _MORNING
        state = HallState(spec=self._spec)
        begun = decide(state, BeginDay(id=CommandId("day")), self._now)
        assert not isinstance(begun, Rejected)
        self._state = apply_all(state, begun)

    def take(self) -> None:
        """Have somebody come; one in ten has an appointment within the hour."""
        draw = self._random.random()
        due_at = None
        ticket_class = TicketClass.NORMAL if draw < 0.7 else TicketClass.PRIORITY
        self._now += timedelta(seconds=0.1)
        if draw > 0.9:
            ticket_class = TicketClass.APPOINTMENT
            due_at = self._now + timedelta(minutes=self._random.randrange(60))
        number = f"{self._state.seq}"
        taken = TicketTaken(
            at=self._now,
            command=CommandId(number),
            ticket=TicketId(number),
            service=self._random.choice(self._services),
            number=number,
            serial=self._state.seq,
            language=_ZH,
            ticket_class=ticket_class,
            channel=Channel.KIOSK,
            kiosk=None,
            ahead=0,
            due_at=due_at,
        )
        self._state = apply_all(self._state, (taken,))

    def call(self, number: int) -> float:
        """Call the next ticket to a counter; return how long that took (seconds)."""
        counter = self._counters[number % COUNTERS]
        command = CallNext(id=CommandId(f"call {number}"), counter=counter)
        state = self._state
        began_s = process_time()
        decision = decide(state, command, self._now)
        assert not isinstance(decision, Rejected)
        after = apply_all(state, decision)
        took_s = process_time() - began_s
        self._state = after
        self.take()
        return took_s
