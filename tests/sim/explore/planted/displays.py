"""Bugs by which displays show what is not so, and nobody is alarmed."""

from __future__ import annotations

from actors.display import DisplayActor
from actors.radio.delivery import Delivery, Late
from protocol.hall import TerminalKind
from sim.explore.case import Case
from tests.sim.explore.planted.bug import Bug, Plant


def _lost_timer(plant: Plant) -> None:
    """What was not delivered is never sent again."""
    plant.attribute(Delivery, "_pause_for", lambda _delivery, _delay_s: None)


def _nobody_is_alarmed(plant: Plant) -> None:
    """The alarm of a window that confirms nothing is lost."""

    def late(_delivery: Delivery, _message: Late) -> None:
        pass

    plant.attribute(Delivery, "late", late)


def _screen_keeps_calls(plant: Plant) -> None:
    """The large screen goes on showing who has left."""
    plant.attribute(DisplayActor, "_leave", lambda _display, _counter: None)


def _has_windows(case: Case) -> bool:
    terminals = [each for gateway in case.spec.gateways.values() for each in gateway.terminals]
    return any(terminal.kind is TerminalKind.WINDOW for terminal in terminals)


BUGS = (
    Bug(
        name="lost timer of a repeat",
        invariant=6,
        seed=5,
        plant=_lost_timer,
        can_show=_has_windows,
    ),
    Bug(
        name="nobody is alarmed",
        invariant=6,
        seed=5,
        plant=_nobody_is_alarmed,
        can_show=_has_windows,
    ),
    Bug(name="screen keeps calls", invariant=6, seed=0, plant=_screen_keeps_calls),
)
