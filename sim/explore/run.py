"""One run of the explorer: hours with faults, then everything is healed and has to converge."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Protocol

import simpy

from actors.building import HallParts
from protocol.values import value
from sim.explore.air import prepare
from sim.explore.bookers import Bookers
from sim.explore.case import Case
from sim.explore.clients import Clients
from sim.explore.closing import STEP_S, STEPS_MAX, Closing
from sim.explore.closures import Office
from sim.explore.customers import Customers
from sim.explore.fitter import Fitter
from sim.explore.followers import Followers
from sim.explore.hashing import MessageHash
from sim.explore.staff import Staff, Supervisor
from sim.faults.active import schedule
from sim.faults.kind import Fault
from sim.radio.modules import E32
from sim.run import no_collections
from sim.site import Site
from sim.watch.invariant import Broken
from sim.watch.invariants import INVARIANTS
from sim.watch.watch import Watch
from sim.world import SimulationFailed

POLL_S = 400.0
"""Between two looks of a page at the whole hall."""

HEALED_S = 750.0
"""What everything has after it was healed: a window that started while nobody heard it is dark until its next
heartbeat, after ten minutes or so."""

ALARMED_S = 60.0
"""After which the alarm board tells what cannot heal by itself."""

SETTLE_S = 120.0
"""What everything has after staff have called everybody: longer than the longest pause between two tries."""

AT_ONCE_MAX = 50_000
"""Messages at one instant; more are actors that tell themselves or each other the same for ever."""

AROUND_MAX = 40
"""Lines of a finding about the ticket concerned."""

NO_ACTOR_FAILS = 0
"""In place of an invariant's number: an actor failed, which is a defect in itself."""


@value
class Outcome:
    """What a run came to. ``hash`` is over all messages; ``broken`` is what did not hold, if anything."""

    seed: int
    hash: str
    messages: int
    tickets: int
    sightings: int
    starts: int
    """Of the process."""
    broken: Broken | None = None
    around: tuple[str, ...] = ()
    """The last sightings around the ticket concerned."""
    lines: tuple[str, ...] = ()
    """All sightings that are kept, where they were wanted."""


class ExplorerRun:
    """See the module."""

    def __init__(self, case: Case, invariants: Iterable[int] = tuple(INVARIANTS)) -> None:
        """Prepare everything; ``invariants`` are those that are watched."""
        self.case = case
        self.hash = MessageHash()
        self._instant_s, self._at_once = -1.0, 0
        self.env = simpy.Environment(initial_time=0.0)
        self._stop = self.env.event()
        self.site = Site(
            self.env,
            case.spec,
            case.seed,
            begins=case.begins,
            commit_s=case.commit_s,
            module=E32 if case.on_channel else None,
            secured=bool(case.paired),
            starts=False,
            snapshot_events=case.snapshot_events,
            followed=case.people.follow_share > 0,
            copied=case.copied,
        )
        self.site.on_start.append(self._listen)
        self.watch = Watch(self.site, self._broken, invariants)
        self._strangers = prepare(case, self.site, self.watch.see)
        self._fitter = Fitter(case, self.site, self.watch)
        random = Random(f"{case.seed}/clients")
        self._clients = Clients(self.site, self.watch.see, random, case.people.twice_share)

    def _listen(self, parts: HallParts) -> None:
        self.hash.note(f"process {self.site.starts}")
        parts.hall.place.world.trace = self._take

    def _take(self, at_s: float, name: str, message: object) -> None:
        """Take a message into the hash; see that time goes on."""
        if at_s != self._instant_s:
            self._instant_s, self._at_once = at_s, 0
        self._at_once += 1
        if self._at_once > AT_ONCE_MAX:
            raise SimulationFailed(
                f"seed {self.case.seed}: {AT_ONCE_MAX} messages at {at_s!r} s, and time stands still;"
                f" the last is for {name}: {message!r}"
            )
        self.hash.take(at_s, name, message)

    def _broken(self, _broken: Broken) -> None:
        if not self._stop.triggered:
            self._stop.succeed()

    def go(self, *, keep_lines: bool = False) -> Outcome:
        """Run to the end, or until something does not hold."""
        broken: Broken | None = None
        with no_collections():
            try:
                self._live()
                self._heal()
            except _Stopped:
                pass
            except SimulationFailed as failure:
                broken = self._failed(failure)
        outcome = self._outcome(self.watch.first or broken, keep_lines)
        # Actors that live are kept by pykka, and all that they know.
        self.site.kill()
        return outcome

    # -- the run ----------------------------------------------------------------------------

    def _live(self) -> None:
        """Let the hall's hours pass, with people and faults."""
        case, ledger = self.case, self.watch.ledger
        self.site.start()
        # Nothing breaks any more once everything is to be healed.
        faults = [fault for fault in case.faults if fault.begins_s < case.lasts_s]
        schedule(self.site, faults, self._fault_seen)
        followers = Followers(case, self._clients)
        customers = Customers(case, self._clients, followers.taken)
        people: list[_Person] = [
            customers,
            followers,
            Bookers(case, self._clients, customers.taken),
            Supervisor(case, self._clients, ledger),
            Office(case, self._clients, ledger),
            self._fitter,
            *(Staff(case, counter, self._clients, ledger) for counter in case.spec.counters),
        ]
        while self.env.now < case.lasts_s:
            self._pass(min(POLL_S, case.lasts_s - self.env.now))
            self.watch.poll()
        for person in people:
            person.close()
        for stranger in self._strangers:
            stranger.leave()

    def _fault_seen(self, fault: Fault, begins: bool) -> None:
        self.watch.fault_seen(f"{'begins' if begins else 'ends'}: {fault}")

    def _heal(self) -> None:
        """Repair everything; then displays must equal the hall, and nobody may be left behind."""
        self.watch.fault_seen("everything is healed")
        self.site.heal()
        self.watch.fault_seen("nothing is wrong any more")
        self._pass(ALARMED_S)
        self._fitter.repair()
        self._pass(HEALED_S - ALARMED_S)
        self.watch.quiet()
        closing = Closing(self._clients, self.watch.ledger)
        for _ in range(STEPS_MAX):
            if closing.over:
                break
            self._pass(STEP_S)
        self._pass(SETTLE_S)
        self.watch.quiet(closed=True)
        self._pass(1.0)
        self.site.kill()
        self.site.start()
        self._pass(1.0)

    def _pass(self, for_s: float) -> None:
        """Let so many seconds pass.

        Raises:
            _Stopped: something did not hold.
            SimulationFailed: an actor failed.
        """
        passed = self.env.timeout(for_s)
        self.env.run(until=passed | self._stop)
        if self._stop.triggered:
            raise _Stopped

    # -- what it came to --------------------------------------------------------------------

    def _failed(self, failure: SimulationFailed) -> Broken:
        return Broken(
            invariant=NO_ACTOR_FAILS,
            title="no actor fails",
            detail=str(failure),
            number=None,
            at_s=self.env.now,
        )

    def _outcome(self, broken: Broken | None, keep_lines: bool) -> Outcome:
        log = self.watch.log
        around = () if broken is None else tuple(log.around(broken.number, AROUND_MAX))
        return Outcome(
            seed=self.case.seed,
            hash=self.hash.hexdigest(),
            messages=self.hash.messages,
            tickets=len(self.watch.ledger.tickets),
            sightings=self.watch.sightings,
            starts=self.site.starts,
            broken=broken,
            around=around,
            lines=tuple(log.lines()) if keep_lines else (),
        )


class _Person(Protocol):
    """Somebody who comes, or works there, until `close` is called."""

    def close(self) -> None: ...


class _Stopped(Exception):
    """Something did not hold; there is no need to go on."""
