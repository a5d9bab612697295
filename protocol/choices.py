"""Why a ticket was called: kept in the event of the call."""

from enum import StrEnum

from protocol.ids import ServiceId, TicketId
from protocol.tickets import TicketClass
from protocol.values import value


class Rule(StrEnum):
    """What decided which ticket was called."""

    FIRST_COME = "first_come"
    """It had come first of all that the counter could call."""
    GIVEN = "given"
    """Staff named it."""
    SERVICE_WEIGHT = "service_weight"
    """Its service was the furthest behind its share of the counter's calls."""
    CLASS_RATIO = "class_ratio"
    """Its class was the furthest behind its share of the counter's calls."""
    TARGET_WAIT = "target_wait"
    """It had waited the longest in parts of its service's target."""
    OVERTAKEN_BOUND = "overtaken_bound"
    """It had been overtaken as often as the policy allows, or had waited as long."""
    APPOINTMENT_DUE = "appointment_due"
    """Its appointment was due."""
    APPOINTMENT_NEXT = "appointment_next"
    """Its appointment was the next one, and nobody without one would probably be done before its time."""


@value
class Candidate:
    """The first of those who waited for a service in one class, as the choice saw it."""

    ticket: TicketId
    number: str
    service: ServiceId
    ticket_class: TicketClass
    waited_s: float
    overtaken: int
    """How often later tickets of its service had been called before it."""


CANDIDATES_MAX = 8
"""Candidates that a choice tells; the chosen one first, then those who came first."""


@value
class Choice:
    """Why this ticket: the rule that decided, and among whom.

    ``of`` is how many candidates there were, of which ``candidates`` tells at most `CANDIDATES_MAX`;
    ``overtook`` how many people who wait for the same service had come earlier.
    """

    rule: Rule
    candidates: tuple[Candidate, ...]
    of: int
    overtook: int
