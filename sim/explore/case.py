"""What one run of the explorer is: everything in it follows from this value."""

from __future__ import annotations

from datetime import datetime

from protocol.hall import HallSpec
from protocol.ids import GatewayId, TerminalAddress
from protocol.tickets import TicketClass
from protocol.values import value
from sim.faults.kind import Fault

HALL_S = 7_200.0
"""Two hours of hall time, after which everything is healed."""


@value
class People:
    """Who comes, and how they behave. Shares are probabilities, 0 to 1."""

    arrivals_per_h: float
    service_s: float
    """How long staff take over a customer, on the average."""
    classes: tuple[TicketClass, ...]
    """Drawn from for each customer."""
    visit_share: float
    """How many come for several services, under one number."""
    bookings_per_h: float
    """How many want an appointment."""
    burst_share: float
    """How often several come at one instant."""
    twice_share: float
    """How often a request is sent twice at once, as by a double click."""
    cancel_share: float
    follow_share: float
    """How many follow their ticket on the phone; without any the hall has no account for that."""
    rating_share: float
    """How many rate, on the phone or at the pad; some of them more than once."""
    supervisor_s: float
    """How often somebody at a page holds, transfers, calls by number …, in seconds on the average."""
    closure_s: float | None
    """How often somebody closes something for a day or more, in seconds on the average."""


@value
class Case:
    """A hall, its people and what goes wrong there. ``faults`` begin and end by the run's clock."""

    seed: int
    spec: HallSpec
    people: People
    faults: tuple[Fault, ...]
    begins: datetime
    """The wall clock at the beginning (aware, UTC)."""
    commit_s: float
    on_channel: bool
    """Whether the radio is simulated frame by frame."""
    paired: tuple[tuple[GatewayId, TerminalAddress], ...]
    """Terminals that are paired; where there are none the hall has no radio security."""
    stranger_s: float | None
    """How often somebody forges or replays what paired terminals say or hear, in seconds on the average."""
    fitter_s: float | None
    """How often a terminal is paired, maybe once more, in seconds on the average."""
    snapshot_events: int
    """After how many events the hall keeps a snapshot."""
    copied: bool
    """Whether the hall's events go to headquarters."""
    lasts_s: float = HALL_S
