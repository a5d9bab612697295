"""Whether a ticket will probably be called before closing. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from actors.hall.closures import with_closures
from actors.hall.opening import closing_at, stretch_of
from actors.hall.refusals import Refusal
from actors.hall.state import HallState
from protocol.answers import Reason
from protocol.estimates import Estimate
from protocol.events import TicketTaken
from protocol.hall import Admission
from protocol.hours import ALWAYS
from protocol.ids import ServiceId

_OFF = Admission.OFF


def is_late(state: HallState, service: ServiceId, at: datetime, estimate: Estimate | None) -> bool:
    """Return whether it is more likely than not that one who takes a ticket is not called before closing.

    What cannot be estimated is not late, and nothing is where the hall does not care.
    """
    spec = state.spec
    if estimate is None or spec.admission is _OFF:
        return False
    if spec.hours is ALWAYS and spec.services[service].hours is ALWAYS:
        return False
    closing = closing_at(state, service, at)
    return closing is not None and at + timedelta(seconds=estimate.p50_s) > closing


def refused_as_late(state: HallState, taken: TicketTaken) -> Refusal:
    """Return the refusal of a ticket that would be late."""
    state = with_closures(state)
    service, estimate = taken.service, taken.estimate
    closing = closing_at(state, service, taken.at)
    assert estimate is not None
    assert closing is not None
    opens_at = stretch_of(state.spec, service, closing).opens_at
    return Refusal(
        Reason.TOO_LATE,
        f"whoever takes a ticket of service {service} now waits about {estimate.p50_s / 60:.0f} min, and it "
        f"closes in {max(0.0, (closing - taken.at).total_seconds()) / 60:.0f} min; come on another day",
        opens_at,
    )
