"""3. No booking is lost: each ends by somebody's coming or cancelling, by its time, or by a closure."""

from __future__ import annotations

from datetime import datetime, timedelta

from actors.hall.day import zone
from protocol.answers import Accepted
from protocol.appointments import BOOKING_TRANSITIONS, BookingStep
from protocol.booking_events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentConfirmed,
    AppointmentLapsed,
    AppointmentMissed,
    AppointmentMoved,
    AppointmentRevoked,
    CustomerCheckedIn,
)
from protocol.events import Event
from protocol.ids import BookingId
from sim.watch.diary import Booked
from sim.watch.invariant import Invariant, Scene, sees
from sim.watch.sightings import Answered, EventSeen, HallSaid, Quiet

NOTED_WITHIN = timedelta(seconds=90)
"""A hall looks at the time every minute at least, as clocks are set."""

_STEPS: dict[type, BookingStep] = {
    AppointmentConfirmed: BookingStep.CONFIRM,
    AppointmentMoved: BookingStep.MOVE,
    CustomerCheckedIn: BookingStep.CHECK_IN,
    AppointmentCancelled: BookingStep.CANCEL,
    AppointmentLapsed: BookingStep.LAPSE,
    AppointmentMissed: BookingStep.NO_SHOW,
    AppointmentRevoked: BookingStep.REVOKE,
}


class BookingsEnd(Invariant):
    """See the module. Whoever was told a code is known by it, and what is over is noted soon."""

    number = 3
    title = "no booking is lost"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._held: set[BookingId] = set()

    @sees(EventSeen)
    def _event(self, seen: EventSeen) -> None:
        step = _STEPS.get(type(seen.event))
        if step is not None:
            self._step(seen.event, step)

    def _step(self, event: Event, step: BookingStep) -> None:
        id: BookingId = event.booking  # type: ignore[union-attr]
        what = type(event).__name__
        booked = self.scene.ledger.diary.bookings.get(id)
        if booked is None:
            self.broken(f"{what} of {id}, which was never booked")
            return
        if (booked.state, step) not in BOOKING_TRANSITIONS:
            self.broken(f"{what} of {id}, which is {booked.state}")
        elif not _is_time(booked, step, event.at):
            self.broken(
                f"{what} of {id} at {event.at:%H:%M:%S} UTC, and it is not the time: {booked}"
            )

    @sees(Answered)
    def _answered(self, seen: Answered) -> None:
        if isinstance(seen.answer, Accepted):
            self._held.update(
                event.booking
                for event in seen.answer.events
                if isinstance(event, AppointmentBooked)
            )

    @sees(HallSaid)
    def _said(self, seen: HallSaid) -> None:
        for id in self._held:
            if id not in seen.bookings:
                self.broken(f"somebody has the code {id}, and the hall knows nothing of it")
        if seen.seq == self.scene.ledger.seq:
            self._look_at_closures()

    def _look_at_closures(self) -> None:
        """Nobody has an appointment on a day that is closed."""
        diary = self.scene.ledger.diary
        closures = [closed for closed in diary.closures.values() if closed.settled]
        if not closures:
            return
        local = zone(self.scene.spec.time_zone)
        for booked in diary.bookings.values():
            if not booked.state.open:
                continue
            day = booked.starts_at.astimezone(local).date()
            for closed in closures:
                closes = closed.service is None or closed.service == booked.service
                if closes and closed.first <= day <= closed.last:
                    self.broken(f"{booked.id} is {booked.state} on {day}, within {closed}")

    @sees(Quiet)
    def _quiet(self, seen: Quiet) -> None:
        self._said(seen.said)
        over = self.scene.wall - NOTED_WITHIN
        for booked in self.scene.ledger.diary.bookings.values():
            if booked.due_at is not None and booked.due_at < over:
                self.broken(f"all is quiet, and it is over, and nobody notes that: {booked}")


def _is_time(booked: Booked, step: BookingStep, at: datetime) -> bool:
    """Whether this may happen to a booking at that time."""
    match step:
        case BookingStep.CHECK_IN:
            return booked.check_in_from <= at < booked.check_in_until
        case BookingStep.LAPSE | BookingStep.NO_SHOW:
            return booked.due_at is not None and booked.due_at <= at
        case _:
            return booked.due_at is None or at < booked.due_at
