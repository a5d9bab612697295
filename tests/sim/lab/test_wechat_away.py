"""WeChat is away for ten minutes at a peak: what is still worth it is told once, and the hall goes on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import partial

import pytest

from protocol.answers import Answer
from protocol.commands import Command, TakeTicket
from protocol.events import (
    Event,
    ServiceFinished,
    ServiceStarted,
    TicketCalled,
    TicketCancelled,
    TicketNoShow,
    TicketReactivated,
    TicketTaken,
)
from protocol.ids import PushId, TicketId
from protocol.push_events import PushDue
from protocol.pushes import PushKind
from protocol.tickets import TicketState
from protocol.values import replace
from runtime.config.load import DEMO, load_config
from sim.distributions import Exponential, Fixed
from sim.lab.run import LabRun
from sim.lab.scenario import (
    Arrivals,
    Breakage,
    Days,
    LabScenario,
    People,
    PhoneUse,
    SetsOff,
    whole_day,
)
from sim.lab.whole import WholeRun
from sim.statistics import percentiles
from sim.watch.watch import Watch

BEGINS, ENDS = time(9), time(10, 30)
AWAY = Breakage(kind="wechat-away", begins=time(9, 50), ends=time(10))
PAUSE_MAX_S = 80.0
"""After WeChat is back, until the longest pause between two tries is over."""
LATENCY_S = 1.0
"""A push may be on its way for so long."""


def peak(*breakages: Breakage) -> LabScenario:
    """Return an hour and a half in which far more people come than are served, most of them with phones."""
    [spec] = load_config(DEMO).halls
    services = {id: replace(each, lead=15) for id, each in spec.services.items()}
    spec = replace(spec, services=services)
    days = Days(first=date(2026, 3, 2), begins=BEGINS, ends=ENDS)
    return LabScenario(
        name="peak",
        title="Peak",
        spec=spec,
        days=days,
        shifts=whole_day(spec, days),
        arrivals=(
            Arrivals(
                name="all",
                services=dict.fromkeys(spec.services, 1.0),
                rates=((BEGINS, 150.0),),
                remote_share=0.4,
                follow_share=0.6,
            ),
        ),
        service_s={service: Exponential(mean_s=60.0) for service in spec.services},
        people=People(
            to_counter_s=Fixed(always_s=8.0),
            way_s=Fixed(always_s=240.0),
            sets_off=SetsOff.BY_PUSH,
        ),
        phones=PhoneUse(elsewhere_share=0.3),
        commit_s=0.004,
        breakages=breakages,
    )


class Seen:
    """A run, with what came to phones, and how long everybody waited for the hall's answers."""

    def __init__(self, scenario: LabScenario, seed: int) -> None:
        self.run = LabRun(scenario, seed, forgetful=False)
        self.shown: list[tuple[PushId, datetime]] = []
        self.issue_s: list[float] = []
        """How long each ticket took, from the press on the kiosk to the durable answer."""
        followed = self.run.followed
        assert followed is not None
        self._account = followed.account
        self._account.stand_in.noticed.append(self._note)
        self._ask, self.run.crowd._ask = self.run.crowd._ask, self._timed  # type: ignore[method-assign]
        self.run.go()
        recorded = self.run.journal.read(0, self.run.journal.seq)
        self.events: list[Event] = [each.event for each in recorded]
        self._states: dict[TicketId, list[tuple[datetime, TicketState]]] = defaultdict(list)
        for event in self.events:
            if type(event) in _STATES:
                self._states[event.ticket].append((event.at, _STATES[type(event)]))  # type: ignore[union-attr]

    def _note(self, _person: str, _message: object) -> None:
        push = self._account.sending
        assert push is not None
        self.shown.append((push.push, self.run.world.now()))

    def _timed(self, command: Command, then: Callable[[Answer], None]) -> None:
        began_s = self.run.world.monotonic()

        def answered(answer: Answer) -> None:
            if isinstance(command, TakeTicket):
                self.issue_s.append(self.run.world.monotonic() - began_s)
            then(answer)

        self._ask(command, answered)

    def due(self) -> list[PushDue]:
        return [event for event in self.events if isinstance(event, PushDue)]

    def state_at(self, ticket: TicketId, at: datetime) -> TicketState | None:
        """Return how a ticket stood then, by the events."""
        states = [state for since, state in self._states[ticket] if since <= at]
        return states[-1] if states else None

    def worth(self, push: PushDue, at: datetime) -> bool:
        """Whether the push says then what is the case."""
        wanted = TicketState.WAITING if push.kind is PushKind.NEAR else TicketState.CALLED
        return self.state_at(push.ticket, at) is wanted


_STATES: dict[type, TicketState] = {
    TicketTaken: TicketState.WAITING,
    TicketReactivated: TicketState.WAITING,
    TicketCalled: TicketState.CALLED,
    ServiceStarted: TicketState.SERVING,
    ServiceFinished: TicketState.SERVED,
    TicketNoShow: TicketState.NO_SHOW,
    TicketCancelled: TicketState.CANCELLED,
}


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_still_worth_it_is_told_once_and_nothing_that_is_over(seed: int) -> None:
    seen = Seen(peak(AWAY), seed)
    [fault] = seen.run.faults
    gone = seen.run.world.begins + timedelta(seconds=fault.begins_s)
    back = gone + timedelta(seconds=fault.lasts_s)
    assert not [at for _, at in seen.shown if gone <= at < back]
    told = Counter(push for push, _ in seen.shown)
    assert set(told.values()) == {1}
    due = {push.push: push for push in seen.due()}
    for id, at in seen.shown:
        push = due[id]
        sent_at = max(push.at, at - timedelta(seconds=LATENCY_S))
        assert seen.worth(push, at) or seen.worth(push, sent_at), id
    held = [push for push in due.values() if gone - timedelta(seconds=1) <= push.at < back]
    assert len(held) > 10
    latest = back + timedelta(seconds=PAUSE_MAX_S)
    still = [
        push
        for push in held
        if push.at + timedelta(seconds=_within_s(seen, push)) > latest
        and seen.worth(push, back)
        and seen.worth(push, latest)
    ]
    assert len(still) > 3
    assert all(told[push.push] == 1 for push in still)
    over = [push for push in held if not seen.worth(push, back)]
    assert len(over) > 5
    assert not [push.push for push in over if told[push.push] and push.at > gone]


def _within_s(seen: Seen, push: PushDue) -> float:
    pushes = seen.run.scenario.spec.pushes
    return pushes.near_within_s if push.kind is PushKind.NEAR else pushes.call_within_s


@pytest.mark.parametrize("seed", [1, 2])
def test_hall_answers_as_fast_while_wechat_is_away(seed: int) -> None:
    away, well = Seen(peak(AWAY), seed), Seen(peak(), seed)
    assert len(away.issue_s) == len(well.issue_s) > 150
    p99_away, p99_well = (percentiles(each.issue_s, (0.99,))[0] for each in (away, well))
    assert p99_well >= 0.004
    assert p99_away <= 1.2 * p99_well


def test_invariant_of_pushes_holds_in_a_hall_with_devices() -> None:
    broken = (
        AWAY,
        Breakage(kind="wechat-lost-answer", begins=time(10, 6), ends=time(10, 9)),
        Breakage(
            kind="wechat-busy",
            begins=time(10, 12),
            ends=time(10, 16),
            parameters={"probability": 0.5},
        ),
        Breakage(kind="process-kill", begins=time(10, 20), ends=time(10, 21)),
    )
    run = WholeRun(peak(*broken), 1)
    watch = Watch(run.site, invariants=(8,))
    for fault in run.faults:
        # A moment later than it begins or ends, so that the watch sees it on or off.
        at_s = fault.begins_s - run.site.now_s() + 0.001
        run.site.later(at_s, partial(watch.fault_seen, f"begins: {fault}"))
        run.site.later(at_s + fault.lasts_s, partial(watch.fault_seen, f"ends: {fault}"))
    outcome = run.go()
    assert watch.first is None, watch.first
    assert outcome.pushes is not None
    notes = outcome.pushes.pushes
    assert sum(note.told_at is not None for note in notes) > 100
    assert sum(note.told_at is None for note in notes) > 5
