"""A day that was, once more: its people and their services under these or other rules and staffing.

Everybody comes when he did, wants what he wanted and takes as long as he took, from the call to the counter and
at it. Who left while waiting does so after the same wait if he is not called before; who was never called, or
left, takes as long as somebody else of the same service did. Nobody else loses patience.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from actors.base import Ref
from actors.counter import CounterActor
from actors.hall.day import zone
from protocol.appointments import Slot
from protocol.events import TicketCalled, TicketTaken
from protocol.hall import HallSpec
from protocol.ids import CounterId, ServiceId, TicketId
from protocol.messages import CounterChanged
from protocol.tickets import TicketClass, TicketState
from sim.lab.calendar import BOOKED_AT, BOOKED_TODAY_AT, Calendar, booked_ahead
from sim.lab.clerk import Duty, ShiftClerk, duties
from sim.lab.crowd import LabCrowd
from sim.lab.recording import Leg, Manned, Recording
from sim.lab.replay_figures import Replay, replay_of
from sim.lab.run import LabRun
from sim.lab.scenario import Appointments, Days, LabScenario, People, Shift
from sim.lab.streams import stream
from sim.lab.visitors import End, Visitor
from sim.people import Colleagues, Doing
from sim.world import SimWorld

EARLIER_S = 0.001
"""A clerk looks up so long before he did something: sums of seconds are not exact."""
DAY_ENDS = time(23, 59)


def replay(
    recording: Recording, spec: HallSpec, shifts: Sequence[Shift] = (), seed: int = 1
) -> Replay:
    """Let the day pass again in the hall ``spec``.

    Args:
        shifts: who works; if there are none, counters are open when they were.
        seed: of what is not known and must be drawn.

    Raises:
        SimulationFailed: an actor failed, or somebody was lost.
    """
    run = ReplayRun(recording, spec, shifts, seed)
    outcome = run.go()
    events = [each.event for each in run.journal.read(0, run.journal.seq)]
    taken = {event.ticket: event.at for event in events if isinstance(event, TicketTaken)}
    waits: dict[TicketId | None, float] = {}
    for event in events:
        if isinstance(event, TicketCalled):
            waits.setdefault(event.ticket, (event.at - taken[event.ticket]).total_seconds())
    busy_s = sum(call.ends_s - call.begins_s for call in outcome.calls)
    open_s = sum(each.ends_s - each.begins_s for each in outcome.stretches if each.open)
    return replay_of(
        recording.legs,
        [waits.get(visitor.ticket) for visitor in run.visitors],
        [visitor.end or End.EXPIRED for visitor in run.visitors],
        busy_s / open_s if open_s else 0.0,
    )


class ReplayVisitor(Visitor):
    """Somebody who came that day."""

    __slots__ = ("given_up_s", "leg")

    def __init__(self, name: str, day: date, leg: Leg, came_s: float, service_s: float) -> None:
        super().__init__(name, day, leg.service, came_s, service_s)
        self.leg = leg
        self.given_up_s: float | None = None
        """How long the clerk waits for him, if that is known."""

    def seen_s(self, counter: CounterId) -> float:
        """Return when an idle clerk of a counter calls him (world seconds)."""
        if not self.leg.seen:
            return self.queued_s
        by, after_s = self.leg.seen[-1 if self.came_back else 0]
        return self.queued_s + after_s + (0.0 if by == counter else EARLIER_S)


@attrs.define(kw_only=True, eq=False)
class _Follower:
    """Who comes when somebody has left the counter: the same person, for what is next."""

    visitor: Visitor
    delay_s: float
    due: bool = False


class ReplayCrowd(LabCrowd):
    """The people of the day. Who came again for something else does so after the first."""

    def __init__(
        self,
        world: SimWorld,
        scenario: LabScenario,
        hall: Ref[Any],
        visitors: Sequence[Visitor],
        followers: Mapping[Visitor, _Follower],
    ) -> None:
        later = {each.visitor for each in followers.values()}
        super().__init__(world, scenario, hall, [each for each in visitors if each not in later])
        self._followers = followers
        self.visitors = list(visitors)

    def seen_in_s(self, counter: CounterId, services: Container[ServiceId]) -> float:
        """Return after how long the clerk of ``counter``, who is idle, calls one of those who wait.

        Of several idle clerks the one goes first who did so that day, and not sooner.
        """
        times_s = [
            each.seen_s(counter)
            for each in self._waiting.values()
            if isinstance(each, ReplayVisitor) and each.service in services
        ]
        return min(times_s, default=0.0) - self._world.monotonic()

    def leaves_counter(self, visitor: Visitor, counter: CounterId, end: TicketState) -> None:
        """Let somebody go, or come for what is next."""
        super().leaves_counter(visitor, counter, end)
        follower = self._followers.get(visitor)
        if follower is not None and visitor.end is not None and not follower.due:
            follower.due = True
            follower.visitor.came_s = self._world.monotonic() + follower.delay_s
            self._at(follower.visitor.came_s, partial(self._take_ticket, follower.visitor))

    def end_day(self) -> None:
        """The day is over: who did not get to what was next never will."""
        super().end_day()
        for follower in self._followers.values():
            if follower.visitor.end is None:
                follower.visitor.end = End.MISSED


class ReplayClerk(ShiftClerk):
    """As quick as the clerks were: to see people, to give somebody up, and to call the next one."""

    def __init__(self, crowd: ReplayCrowd, services: Container[ServiceId], *given: Any) -> None:
        self._crowd = crowd
        self._services = services
        self._rests_s = 0.0
        """What is still done after the last customer."""
        super().__init__(*given)

    def _let_go(self, end: TicketState) -> None:
        person = self._person
        super()._let_go(end)
        if isinstance(person, ReplayVisitor):
            leg = person.leg
            self._rests_s = leg.given_up_after_s if end is TicketState.NO_SHOW else leg.after_s

    def _press_next(self) -> None:
        rests_s, self._rests_s = self._rests_s, 0.0
        if not rests_s:
            super()._press_next()
            return
        self._doing = Doing.AWAITING_ANSWER
        self._world.call_later(rests_s, super()._press_next)

    def _counter_changed(self, view: CounterChanged) -> None:
        if view.waiting and self._doing is Doing.IDLE:
            delay_s = self._crowd.seen_in_s(self._counter, self._services)
            if delay_s > 0:
                self._world.call_later(delay_s, self._see)
            else:
                self._press_next()

    def _see(self) -> None:
        if self._doing is Doing.IDLE and self._crowd.waiting:
            self._press_next()

    def _walk_of(self, person: Visitor | None) -> float:
        walk_s = super()._walk_of(person)
        given_up_s = person.given_up_s if isinstance(person, ReplayVisitor) else None
        if person is not None and given_up_s and not (person.came_back and person.present):
            self._no_show_after_s = given_up_s
        elif person is not None and person.in_hall_s is not None:
            self._no_show_after_s = walk_s + 1.0
        return walk_s


class ReplayRun(LabRun):
    """The day's people and clerks, or other clerks, around the production actors."""

    def __init__(
        self, recording: Recording, spec: HallSpec, shifts: Sequence[Shift], seed: int
    ) -> None:
        self._recording = recording
        scenario = LabScenario(
            name="replay",
            title=f"{recording.day}",
            spec=spec,
            days=Days(first=recording.day, begins=time(), ends=DAY_ENDS),
            shifts=tuple(shifts),
            appointments=tuple(
                Appointments(service=service) for service in sorted(_booked(recording, spec))
            ),
            people=People(),
        )
        super().__init__(scenario, seed, (), forgetful=False)

    def _hire_clerks(self) -> None:
        self.visitors, followers = _People(self._recording, self.calendar, self.scenario).all(
            self.world.seed
        )
        crowd = ReplayCrowd(self.world, self.scenario, self.hall, self.visitors, followers)
        self.crowd: LabCrowd = crowd
        spec, world = self.scenario.spec, self.world
        for counter in spec.counters.values():
            name = f"hall/{spec.id}/counter/{counter.id}"
            ReplayClerk(
                crowd,
                counter.services,
                world,
                counter.id,
                world.spawn(name, CounterActor, counter.id, self.hall),
                self.hall,
                Colleagues(),  # each sees for himself who waits
                crowd,
                self.scenario,
                self._duties(counter.id),
                self._stretches.append,
            )

    def _duties(self, counter: CounterId) -> list[Duty]:
        if self.scenario.shifts:
            return duties(self.scenario, self.calendar, counter)
        return [self._duty(stretch) for stretch in self._recording.manned.get(counter, ())]

    def _duty(self, stretch: Manned) -> Duty:
        def at(moment: datetime) -> float:
            return (moment - self.calendar.begins).total_seconds()

        day_ends_s = self.calendar.day_ends(self._recording.day)
        ends_s = day_ends_s - 1.0 if stretch.ends_at is None else at(stretch.ends_at) - EARLIER_S
        return Duty(
            staff=stretch.staff if stretch.staff in self.scenario.spec.staff else None,
            begins_s=at(stretch.begins_at),
            ends_s=max(ends_s, at(stretch.begins_at)),
            overtime_s=0.0,
            breaks=tuple(
                (at(begins) - EARLIER_S, (ends - begins).total_seconds() + EARLIER_S)
                for begins, ends in stretch.pauses
                if ends is not None
            ),
        )


def _booked(recording: Recording, spec: HallSpec) -> set[ServiceId]:
    """Return the services that somebody had booked and that can be."""
    wanted = {leg.service for leg in recording.legs if leg.booked_at is not None}
    return {
        id for id in wanted if id in spec.services and spec.services[id].appointments is not None
    }


class _People:
    """Makes visitors of the legs of a day."""

    def __init__(self, recording: Recording, calendar: Calendar, scenario: LabScenario) -> None:
        self._recording = recording
        self._calendar = calendar
        self._spec = scenario.spec
        self._zone: ZoneInfo = zone(scenario.spec.time_zone)
        self._bookable = _booked(recording, scenario.spec)
        self._known: dict[ServiceId, list[float]] = {}
        for leg in recording.legs:
            if leg.end is End.SERVED and leg.last_called_at is not None:
                self._known.setdefault(leg.service, []).append(leg.busy_s)

    def all(self, seed: int) -> tuple[list[Visitor], dict[Visitor, _Follower]]:
        """Return a visitor for each leg, in their order, and who comes after whom."""
        chance = stream(seed, "replay", "unknown services")
        made: dict[int, Visitor] = {}
        visitors: list[Visitor] = []
        followers: dict[Visitor, _Follower] = {}
        for number, leg in enumerate(self._recording.legs):
            visitor = self._visitor(leg, number, chance.random())
            made[id(leg)] = visitor
            visitors.append(visitor)
            before = leg.follows
            if before is not None and before.ended_at is not None:
                delay_s = (leg.came_at - before.ended_at).total_seconds()
                followers[made[id(before)]] = _Follower(visitor=visitor, delay_s=max(0.0, delay_s))
        return visitors, followers

    def _visitor(self, leg: Leg, number: int, share: float) -> Visitor:
        came_s = (leg.came_at - self._calendar.begins).total_seconds()
        to_counter_s, service_s = self._times(leg, share)
        name = f"{number:05}/{leg.ticket}"
        visitor = ReplayVisitor(name, self._recording.day, leg, came_s, service_s)
        visitor.to_counter_s = to_counter_s
        visitor.party = leg.party
        visitor.ticket_class = leg.ticket_class
        if leg.booked_at is not None and leg.service in self._bookable:
            self._book(visitor, leg.booked_at, number)
        elif leg.ticket_class is TicketClass.APPOINTMENT:
            visitor.ticket_class = TicketClass.NORMAL
        if leg.in_hall_at is not None:
            visitor.remote = True
            visitor.way_s = (leg.in_hall_at - leg.came_at).total_seconds()
        visitor.given_up_s = leg.given_up_s
        if leg.given_up_s is not None:
            visitor.present = leg.end is not End.NO_SHOW
        if leg.end is End.LEFT and leg.counter is None and leg.ended_at is not None:
            visitor.patience_s = (leg.ended_at - (leg.in_hall_at or leg.came_at)).total_seconds()
        return visitor

    def _times(self, leg: Leg, share: float) -> tuple[float, float]:
        """Return how long from the call to the counter, and at it."""
        if leg.last_called_at is None or leg.ended_at is None or leg.end is End.NO_SHOW:
            usual = self._known.get(leg.service)
            if usual:
                return 0.0, usual[int(share * len(usual))]
            known = self._spec.services.get(leg.service)
            return 0.0, 300.0 if known is None else known.service_s
        to_counter_s = (
            0.0 if leg.started_at is None else (leg.started_at - leg.last_called_at).total_seconds()
        )
        return to_counter_s, leg.busy_s - to_counter_s

    def _book(self, visitor: Visitor, booked_at: datetime, number: int) -> None:
        local = booked_at.astimezone(self._zone)
        visitor.slot = Slot(day=local.date(), time=local.time())
        visitor.ticket_class = TicketClass.APPOINTMENT
        ahead = booked_ahead(self._spec, visitor.service)
        at = BOOKED_AT if ahead else BOOKED_TODAY_AT
        visitor.booked_s = self._calendar.seconds(local.date() - timedelta(days=ahead), at) + number
