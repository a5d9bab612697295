"""How a hall chooses who is called next, as its configuration says."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import attrs

from protocol.tickets import TicketClass
from protocol.values import value


class PolicyKind(StrEnum):
    """Named ways to choose among the first of each class and service that a counter has."""

    FIRST_COME = "first_come"
    """Who came first, over all services and classes."""
    SERVICE_WEIGHTS = "service_weights"
    """Services share the counter's calls in the ratio of the counter's weights; first come within each."""
    CLASS_RATIOS = "class_ratios"
    """Classes share the counter's calls in the ratio that is given; first come within each."""
    TARGET_WAIT = "target_wait"
    """Who has waited the longest in parts of the service's target."""


class LateRule(StrEnum):
    """What becomes of somebody who checks in too late for an appointment, yet within the window."""

    BY_TIME = "by_time"
    """Goes by the time of the appointment, as if in time."""
    WALK_IN = "walk_in"
    """Goes by the time of the check-in, among those without appointment."""


WEIGHT_MAX = 20
"""Weights and ratios up to this are kept exactly."""


@value
class Policy:
    """Who is called next.

    ``ratios`` are for `PolicyKind.CLASS_RATIOS`: calls of each class for each round, 1 to `WEIGHT_MAX`; a class
    that is not named has 1.

    The bounds on overtaking hold with every kind, for tickets that wait for a service at any counter. Once
    later tickets of its service were called before it ``overtaken_max`` times (0 or more), or once it has
    waited ``overtaken_wait_s`` (seconds), none is called before it any more. What staff do themselves may
    exceed them and counts: a ticket that they call by its number, or have sent to a counter without that
    service.

    Appointments: one whose customer has come goes before others from ``due_before_s`` (seconds) before its
    time. Before that, somebody without one goes first who will probably be done by then. A check-in later
    than ``late_after_s`` after the time is late, and ``late`` says how it goes.
    """

    kind: PolicyKind = PolicyKind.FIRST_COME
    ratios: Mapping[TicketClass, int] = attrs.field(factory=lambda: MappingProxyType({}))
    overtaken_max: int | None = None
    overtaken_wait_s: float | None = None
    due_before_s: float = 120.0
    late: LateRule = LateRule.BY_TIME
    late_after_s: float = 300.0
