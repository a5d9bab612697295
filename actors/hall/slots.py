"""Which slots a service offers, and how many of their places are free. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction

from actors.hall.day import zone
from actors.hall.diary import closures_of
from actors.hall.opening import times_of
from actors.hall.refusals import Refusal, find_service
from actors.hall.state import HallState
from protocol.answers import Reason
from protocol.appointments import AppointmentSpec, Slot, SlotPattern
from protocol.hall import HallSpec, Service
from protocol.ids import ServiceId
from protocol.values import value

MINUTES_A_DAY = 24 * 60


@value
class OfferedSlot:
    """A slot of a service; times are aware, UTC. ``places`` may be booked in all, ``free`` are not yet."""

    slot: Slot
    starts_at: datetime
    ends_at: datetime
    places: int
    free: int


def today_of(spec: HallSpec, at: datetime) -> date:
    """Return the hall's local date at ``at`` (aware)."""
    return at.astimezone(zone(spec.time_zone)).date()


def slot_at(spec: HallSpec, at: datetime) -> Slot:
    """Return the local day and time of ``at`` (aware)."""
    local = at.astimezone(zone(spec.time_zone))
    return Slot(day=local.date(), time=time(local.hour, local.minute))


def appointments_of(state: HallState, id: ServiceId) -> tuple[Service, AppointmentSpec]:
    """Return the service of that id and how it is booked, if the hall has it and it is booked."""
    service = find_service(state, id)
    if service.appointments is None:
        raise Refusal(Reason.NO_APPOINTMENTS, f"service {id} takes no appointments; take a ticket")
    return service, service.appointments


def offered_between(
    state: HallState, service: ServiceId, first: date, last: date, at: datetime
) -> Iterator[OfferedSlot]:
    """Yield the slots on the days from ``first`` to ``last`` that may be booked at ``at``, also full ones."""
    _, appointments = appointments_of(state, service)
    today = today_of(state.spec, at)
    day = max(first, today + timedelta(days=appointments.soonest_days))
    last = min(last, today + timedelta(days=appointments.latest_days))
    while day <= last:
        for slot in sorted(_times(appointments, day)):
            offered = find_slot(state, service, Slot(day=day, time=slot))
            if offered is not None and offered.starts_at > at:
                yield offered
        day += timedelta(days=1)


def find_slot(state: HallState, id: ServiceId, slot: Slot) -> OfferedSlot | None:
    """Return the slot of a service that is booked, if there is such a one and it is open then."""
    service, appointments = appointments_of(state, id)
    pattern = _pattern(appointments, slot)
    if pattern is None or not _open(state, service, slot, pattern.every_minutes):
        return None
    local = datetime.combine(slot.day, slot.time, tzinfo=zone(state.spec.time_zone))
    starts_at = local.astimezone(UTC)
    if slot_at(state.spec, starts_at) != slot:
        return None  # a time that daylight saving time leaves out
    places = bookable(pattern, appointments.walk_in_share)
    # Where the capacity is configured lower than it was, more may be taken than there are: they stay.
    free = max(0, places - state.diary.taken.get((id, starts_at), 0))
    ends_at = starts_at + timedelta(minutes=pattern.every_minutes)
    return OfferedSlot(slot=slot, starts_at=starts_at, ends_at=ends_at, places=places, free=free)


def check_slot(state: HallState, id: ServiceId, slot: Slot, at: datetime) -> OfferedSlot:
    """Return the slot if a place of it can be booked at ``at``; refuse it otherwise, with the reason."""
    _, appointments = appointments_of(state, id)
    today = today_of(state.spec, at)
    soonest = today + timedelta(days=appointments.soonest_days)
    latest = today + timedelta(days=appointments.latest_days)
    if not soonest <= slot.day <= latest:
        raise Refusal(
            Reason.UNKNOWN_SLOT,
            f"service {id} is booked from {soonest} to {latest}, and {slot.day} is not within",
        )
    offered = find_slot(state, id, slot)
    if offered is None or offered.starts_at <= at:
        wrong = "is over" if offered is not None else _why_closed(state, id, slot)
        raise Refusal(
            Reason.UNKNOWN_SLOT, f"{slot} {wrong}; choose one from the list of the service's slots"
        )
    if not offered.free:
        raise Refusal(
            Reason.SLOT_FULL,
            f"all {offered.places} places of {slot} that may be booked are taken; choose another",
        )
    return offered


def bookable(pattern: SlotPattern, walk_in_share: float) -> int:
    """Return how many places of a slot may be booked."""
    # In exact decimals: 0.9 of 10 is 9, and 1 - 0.9 as a float is a little less than a tenth.
    kept = Fraction(str(walk_in_share))
    return int(pattern.capacity * (1 - kept))


def _times(appointments: AppointmentSpec, day: date) -> set[time]:
    """Return the times of day at which slots begin."""
    return {
        _time(minute)
        for pattern in appointments.slots
        if day.isoweekday() in pattern.weekdays
        for minute in range(
            _minute(pattern.begins),
            _end_minute(pattern.ends) - pattern.every_minutes + 1,
            pattern.every_minutes,
        )
    }


def _pattern(appointments: AppointmentSpec, slot: Slot) -> SlotPattern | None:
    """Return the first pattern that has the slot; a configuration with two of them is refused."""
    minute = _minute(slot.time)
    for pattern in appointments.slots:
        since = minute - _minute(pattern.begins)
        if (
            slot.day.isoweekday() in pattern.weekdays
            and since >= 0
            and since % pattern.every_minutes == 0
            and minute + pattern.every_minutes <= _end_minute(pattern.ends)
            and not (slot.time.second or slot.time.microsecond)
        ):
            return pattern
    return None


def _open(state: HallState, service: Service, slot: Slot, minutes: int) -> bool:
    """Return whether the hall and the service are open throughout the slot."""
    if _added_closure(state, service.id, slot.day) is not None:
        return False
    begins = _minute(slot.time)
    return all(
        any(
            _minute(opens) <= begins and begins + minutes <= _end_minute(closes)
            for opens, closes in times_of(hours, slot.day)
        )
        for hours in (state.spec.hours, service.hours)
    )


def _why_closed(state: HallState, service: ServiceId, slot: Slot) -> str:
    reason = _added_closure(state, service, slot.day)
    if reason is not None:
        return "is within a closure" + (f": {reason}" if reason else "")
    return f"is no slot of service {service}, or it is closed then"


def _added_closure(state: HallState, service: ServiceId, day: date) -> str | None:
    """Return the reason of a closure that was added and covers ``day``, if there is one."""
    if state.diary.closures:
        for closure in closures_of(state.diary, service):
            if closure.first <= day <= closure.last:
                return closure.reason
    return None


def _minute(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def _end_minute(moment: time) -> int:
    return _minute(moment) or MINUTES_A_DAY


def _time(minute: int) -> time:
    return time(minute // 60, minute % 60)
