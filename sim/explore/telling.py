"""What a person is told of a case and of what it came to."""

from __future__ import annotations

from collections.abc import Iterator

from sim.explore.case import Case
from sim.explore.run import Outcome


def case_lines(case: Case) -> Iterator[str]:
    """Yield what the case is: its hall, its people, its faults."""
    spec, people = case.spec, case.people
    terminals = sum(len(gateway.terminals) for gateway in spec.gateways.values())
    policy = spec.policy
    bounds = [
        f"overtaken {policy.overtaken_max} times at most"
        if policy.overtaken_max is not None
        else "",
        f"for {policy.overtaken_wait_s:g} s at most" if policy.overtaken_wait_s is not None else "",
    ]
    told = ", ".join([policy.kind.value, *filter(None, bounds)])
    booked = sum(service.appointments is not None for service in spec.services.values())
    yield (
        f"hall: {len(spec.services)} services, of which {booked} are booked, {len(spec.counters)}"
        f" counters, {len(spec.kiosks)} kiosks"
    )
    yield (
        f"radio: {len(spec.gateways)} gateways with {terminals} terminals, {', '.join(_radio(case))}"
    )
    yield f"policy: {told}"
    yield (
        f"time: {case.lasts_s:g} s from {case.begins:%Y-%m-%d %H:%M} UTC, days begin at"
        f" {spec.day_begins:%H:%M} {spec.time_zone}; a commit takes {case.commit_s * 1000:g} ms,"
        f" a snapshot is kept after {case.snapshot_events} events"
    )
    yield (
        f"people: {people.arrivals_per_h:g} come in an hour, {people.visit_share:.0%} for several services,"
        f" {people.bookings_per_h:g} book; a service takes {people.service_s:g} s;"
        f" {people.cancel_share:.0%} give up, {people.rating_share:.0%} rate"
        + ("" if people.closure_s is None else "; now and then something is closed")
    )
    yield f"headquarters: {'gets every event' if case.copied else 'none'}"
    if not case.faults:
        yield "faults: none"
    for fault in case.faults:
        yield f"fault: {fault}"


def _radio(case: Case) -> Iterator[str]:
    gateways = case.spec.gateways.values()
    yield "on channels at frame level" if case.on_channel else "in perfect air"
    if any(gateway.covers for gateway in gateways):
        yield "gateways on one channel"
    far = sum(len(gateway.routes) for gateway in gateways)
    if far:
        yield f"{far} routes through repeaters"
    if case.paired:
        yield f"{len(case.paired)} paired"
    if case.fitter_s is not None:
        yield f"one is paired about every {case.fitter_s:g} s"
    if case.stranger_s is not None:
        yield f"a stranger every {case.stranger_s:g} s"


def finding_lines(outcome: Outcome) -> Iterator[str]:
    """Yield what did not hold, and the last sightings around the ticket concerned."""
    broken = outcome.broken
    assert broken is not None
    yield f"seed {outcome.seed} at {broken.at_s:.3f} s: {broken}"
    about = "the hall" if broken.number is None else broken.number
    yield f"the last sightings around {about}:"
    yield from outcome.around
