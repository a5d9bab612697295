"""All planted bugs."""

from tests.sim.explore.planted import (
    counters,
    displays,
    durability,
    endings,
    evaluations,
    numbers,
    order,
    restarts,
)

BUGS = (
    *numbers.BUGS,
    *counters.BUGS,
    *endings.BUGS,
    *durability.BUGS,
    *order.BUGS,
    *displays.BUGS,
    *evaluations.BUGS,
    *restarts.BUGS,
)
