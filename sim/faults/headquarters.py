"""Faults of the network that leads to headquarters, and of headquarters itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sim.faults.kind import End, FaultKind, Parameter, Target, seconds, share

HEADQUARTERS = Target(
    name="headquarters",
    what="the network to headquarters",
    places=lambda premises: (
        () if getattr(premises, "headquarters", None) is None else ("headquarters",)
    ),
)


def _switch(attribute: str) -> Callable[[Any, str, Mapping[str, float]], End]:
    """Return what turns on something that befalls the network; several may."""

    def begin(premises: Any, _where: str, _given: Mapping[str, float]) -> End:
        there = premises.headquarters
        end: End = premises.holds.hold(
            ("headquarters", attribute),
            on=lambda: setattr(there, attribute, True),
            off=lambda: setattr(there, attribute, False),
        )
        return end

    return begin


def _raise(attribute: str, parameter: str) -> Callable[[Any, str, Mapping[str, float]], End]:
    """Return what makes a share, or a delay, larger by so much."""

    def begin(premises: Any, _where: str, given: Mapping[str, float]) -> End:
        there, more = premises.headquarters, given[parameter]
        setattr(there, attribute, getattr(there, attribute) + more)

        def end() -> None:
            setattr(there, attribute, max(getattr(there, attribute) - more, 0.0))

        return end

    return begin


def _restarts(premises: Any, where: str, given: Mapping[str, float]) -> End:
    end = _switch("starting")(premises, where, given)
    premises.headquarters.lose_end(round(given["events"]))
    return end


KINDS = (
    FaultKind(
        name="link-away",
        does="Nobody is there at the other end, which is said at once.",
        target=HEADQUARTERS,
        begin=_switch("refuses"),
        live=False,
    ),
    FaultKind(
        name="link-half-open",
        does="The connection stays open, and nothing comes through, either way.",
        target=HEADQUARTERS,
        begin=_switch("silent"),
        live=False,
    ),
    FaultKind(
        name="link-loss",
        does="Messages vanish, batches and answers alike.",
        target=HEADQUARTERS,
        begin=_raise("loss", "loss"),
        parameters={"loss": share("of messages that vanish", 0.3, least=0.05)},
        live=False,
    ),
    FaultKind(
        name="link-duplication",
        does="Messages come twice, the second time behind what was sent later.",
        target=HEADQUARTERS,
        begin=_raise("twice", "twice"),
        parameters={"twice": share("of messages that come twice", 0.3, least=0.05)},
        live=False,
    ),
    FaultKind(
        name="link-delay",
        does="Messages come late, at times behind those that were sent later.",
        target=HEADQUARTERS,
        begin=_raise("delay_s", "delay_s"),
        parameters={"delay_s": seconds("that a message takes longer at most", 5.0, 0.5, 60.0)},
        live=False,
    ),
    FaultKind(
        name="headquarters-restart",
        does="Headquarters goes down with batches taken and not answered, and has lost its last events.",
        target=HEADQUARTERS,
        begin=_restarts,
        parameters={
            "events": Parameter(
                meaning="that its database has lost", least=0, most=200, default=10, whole=True
            )
        },
        lasts_max_s=120.0,
        live=False,
    ),
)
