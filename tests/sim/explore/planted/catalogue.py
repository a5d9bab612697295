"""All planted bugs."""

from tests.sim.explore.planted import (
    bookings,
    copies,
    counters,
    displays,
    durability,
    endings,
    evaluations,
    numbers,
    order,
    pushes,
    restarts,
    visits,
)

BUGS = (
    *numbers.BUGS,
    *bookings.BUGS,
    *visits.BUGS,
    *counters.BUGS,
    *endings.BUGS,
    *durability.BUGS,
    *order.BUGS,
    *displays.BUGS,
    *copies.BUGS,
    *pushes.BUGS,
    *evaluations.BUGS,
    *restarts.BUGS,
)
