"""A day that was, once more: its people and their services under these or other rules and staffing.

Everybody comes when he did, wants what he wanted and takes as long as he took, from the call to the counter and
at it. What staff did with his ticket (sent it elsewhere, set it aside, put it back) they do again, after the
same service or wait. Who left while waiting does so after the same wait if he is not called before; who was
never called, or left, takes as long as somebody else of the same service did. Nobody else loses patience.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from actors.counter import CounterActor
from actors.hall.day import zone
from protocol.appointments import Slot
from protocol.hall import HallSpec
from protocol.ids import CounterId, ServiceId
from protocol.tickets import TicketClass
from sim.lab.calendar import BOOKED_AT, BOOKED_TODAY_AT, Calendar, booked_ahead
from sim.lab.clerk import Duty, duties
from sim.lab.crowd import LabCrowd
from sim.lab.recording import Leg, Manned, Recording
from sim.lab.replay_figures import Replay, replay_of
from sim.lab.replay_people import EARLIER_S, Follower, ReplayClerk, ReplayCrowd, ReplayVisitor
from sim.lab.run import LabRun
from sim.lab.scenario import Appointments, Days, LabScenario, People, Shift
from sim.lab.streams import stream
from sim.lab.visitors import End, Visitor
from sim.people import Colleagues

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
    busy_s = sum(call.ends_s - call.begins_s for call in outcome.calls)
    open_s = sum(each.ends_s - each.begins_s for each in outcome.stretches if each.open)
    return replay_of(
        recording.legs,
        [visitor.first_wait_s for visitor in run.visitors],
        [visitor.end or End.EXPIRED for visitor in run.visitors],
        busy_s / open_s if open_s else 0.0,
    )


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
        super().__init__(scenario, seed, ())

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

    def all(self, seed: int) -> tuple[list[ReplayVisitor], dict[Visitor, Follower]]:
        """Return a visitor for each leg, in their order, and who comes after whom."""
        chance = stream(seed, "replay", "unknown services")
        made: dict[Leg, ReplayVisitor] = {}
        followers: dict[Visitor, Follower] = {}
        for number, leg in enumerate(self._recording.legs):
            made[leg] = visitor = self._visitor(leg, number, chance.random())
            before = leg.follows
            if before is not None and before.ended_at is not None:
                delay_s = (leg.came_at - before.ended_at).total_seconds()
                followers[made[before]] = Follower(
                    visitor=visitor, delay_s=max(0.0, delay_s), came_by=leg.came_by
                )
        return list(made.values()), followers

    def _visitor(self, leg: Leg, number: int, share: float) -> ReplayVisitor:
        came_s = (leg.came_at - self._calendar.begins).total_seconds()
        to_counter_s, service_s = self._times(leg, share)
        name = f"{number:05}/{leg.ticket}"
        visitor = ReplayVisitor(name, self._recording.day, leg, came_s, service_s)
        visitor.service = leg.taken_for or leg.service
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
        visitor.moves = [((at - leg.came_at).total_seconds(), move) for at, move in leg.moves]
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
