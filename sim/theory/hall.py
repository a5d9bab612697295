"""A network as a hall: the production actors of a hall and its counters, and customers as theory has them.

Each class and stage is a service. Classes come in strict order where the hall goes by target waits: who has
waited a microsecond for a target of a millisecond comes before who has waited a day for one of decades. (The
hall's own classes share its calls in ratios, which this theory knows nothing of.) Stages are a visit to two
services; customers lose patience as they do in a hall, by cancelling. Clerks have one key and no delays.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from actors.counter import CounterActor
from actors.hall.actor import HallActor, HallAudience
from protocol.answers import Accepted, Rejected
from protocol.commands import CancelTicket, TakeTicket
from protocol.errors import WorldError
from protocol.events import TicketTaken
from protocol.hall import Counter, HallSpec, Service
from protocol.ids import CommandId, CounterId, HallId, Language, ServiceId
from protocol.messages import Submit
from protocol.policies import Policy, PolicyKind
from protocol.radio.payloads import Key
from protocol.tickets import TicketState
from sim.halls import THEORY_LAST
from sim.journal import MemoryJournal
from sim.people import Clerk, Colleagues
from sim.run import no_collections
from sim.scenario import THEORY_RUN_S, Keys
from sim.theory.network import Customer, Network, Visit, draw_customers
from sim.world import SimulationFailed, SimWorld

TARGETS_S = (1e-3, 1e9)
"""Target waits of the classes, which make their order strict."""
SLICES = 50
LONGEST = 4
"""A run that goes on for so many times its expected length is given up."""
_EN = Language("en")


class _Person:
    """A customer in the hall. Changed in place."""

    __slots__ = ("called_s", "came_s", "drawn", "number", "stage")

    def __init__(self, number: int, drawn: Customer) -> None:
        self.number = number
        self.drawn = drawn
        self.stage = 0
        self.came_s = 0.0
        """When he came to the stage."""
        self.called_s: float | None = None


class _Called:
    """Whom a clerk serves at one stage: whoever it is has gone on to the next one while a clerk looks up."""

    __slots__ = ("person", "present", "service_s", "stage")

    def __init__(self, person: _Person, stage: int, service_s: float) -> None:
        self.person = person
        self.stage = stage
        self.present = True
        self.service_s = service_s


class _Customers:
    """All who come. Told the hall's answers."""

    def __init__(
        self, world: SimWorld, hall: Any, network: Network, drawn: Sequence[Customer], unit_s: float
    ) -> None:
        self.visits: list[Visit] = []
        self.left = len(drawn)
        self._world = world
        self._hall = hall
        self._stages = len(network.stages)
        self._drawn = drawn
        self._unit_s = unit_s
        self._people: dict[str, _Person] = {}
        """By the number on the ticket."""
        self._asking: dict[CommandId, _Person] = {}
        self._leaving: dict[CommandId, _Person] = {}
        self._await(0)

    def __repr__(self) -> str:
        return "<customers>"

    def _await(self, number: int) -> None:
        delay_s = self._drawn[number].came * self._unit_s - self._world.monotonic()
        self._world.call_later(max(0.0, delay_s), partial(self._arrive, number))

    def _arrive(self, number: int) -> None:
        person = _Person(number, self._drawn[number])
        person.came_s = self._world.monotonic()
        first, *then = (_service(stage, person.drawn.kind) for stage in range(self._stages))
        command = TakeTicket(
            id=CommandId(f"take/{number}"), service=first, language=_EN, then=tuple(then)
        )
        self._asking[command.id] = person
        self._hall.tell(Submit(command=command, reply_to=self))
        if number + 1 < len(self._drawn):
            self._await(number + 1)

    def tell(self, message: object, /) -> None:
        """Take the hall's answer to one customer."""
        if isinstance(message, Rejected):
            raise WorldError(f"{self}: {message.command} was refused: {message.detail}")
        assert isinstance(message, Accepted)
        person = self._asking.pop(message.command, None)
        if person is None:
            self._ends(self._leaving.pop(message.command), None)
            self.left -= 1
            return
        taken = message.events[-1]
        assert isinstance(taken, TicketTaken)
        self._people[taken.number] = person
        if person.drawn.patience is not None:
            give_up = partial(self._give_up, person, taken)
            self._world.call_later(person.drawn.patience * self._unit_s, give_up)

    def _give_up(self, person: _Person, taken: TicketTaken) -> None:
        if not person.stage and person.called_s is None:
            del self._people[taken.number]
            person.called_s = self._world.monotonic()
            command = CancelTicket(id=CommandId(f"leave/{person.number}"), ticket=taken.ticket)
            self._leaving[command.id] = person
            self._hall.tell(Submit(command=command, reply_to=self))

    # -- what clerks see -------------------------------------------------------------------------

    def called(self, number: str) -> _Called:
        """Return who was called; the last clerk may not have looked up yet, at the same instant."""
        person = self._people[number]
        if person.called_s is not None:
            self._goes_on(person)
        person.called_s = self._world.monotonic()
        return _Called(person, person.stage, person.drawn.services[person.stage] * self._unit_s)

    def leaves_counter(self, called: _Called, _counter: CounterId, end: TicketState) -> None:
        """Let somebody go on to the next stage, or away."""
        assert end is TicketState.SERVED, f"{called.person.number} ended as {end}"
        person = called.person
        if person.stage == called.stage:
            self._goes_on(person)

    def _goes_on(self, person: _Person) -> None:
        self._ends(person, self._world.monotonic())
        person.stage += 1
        person.came_s, person.called_s = self._world.monotonic(), None
        self.left -= person.stage == self._stages

    def _ends(self, person: _Person, ended_s: float | None) -> None:
        assert person.called_s is not None
        self.visits.append(
            Visit(
                customer=person.number,
                stage=person.stage,
                kind=person.drawn.kind,
                came=person.came_s / self._unit_s,
                waited=(person.called_s - person.came_s) / self._unit_s,
                ended=None if ended_s is None else ended_s / self._unit_s,
            )
        )


class _Clerk(Clerk[_Called]):
    """Has nothing but NEXT, and presses it at once."""

    def begin(self) -> None:
        self._press(Key.NEXT)  # which opens the counter

    def _press_next(self) -> None:
        self._press(Key.NEXT)


def on_hall(
    network: Network, customers: int, seed: int, spec: HallSpec | None = None
) -> list[Visit]:
    """Return what ``customers`` did in a hall (``spec``, or the network's own) that was empty at first.

    Raises:
        SimulationFailed: an actor failed, or the hall cannot keep up; the message names the seed.
    """
    drawn = draw_customers(network, customers, seed)
    # Theory knows no unit of time: each run is made as long as fits into one business day.
    unit_s = THEORY_RUN_S / drawn[-1].came
    spec = spec or hall_of(network)
    world = SimWorld(seed=seed)
    journal = MemoryJournal(world.env, forgetful=True)
    hall: Any = world.spawn(f"hall/{spec.id}", HallActor, spec, journal, HallAudience())
    crowd = _Customers(world, hall, network, drawn, unit_s)
    colleagues: dict[tuple[ServiceId, ...], Colleagues] = {}
    for counter in spec.counters.values():
        name = f"hall/{spec.id}/counter/{counter.id}"
        clerk = _Clerk(
            world, counter.id, world.spawn(name, CounterActor, counter.id, hall), hall,
            colleagues.setdefault(counter.services, Colleagues()), crowd,
            keys=Keys.NEXT_ONLY, no_show_after_s=60.0,
        )  # fmt: skip
        clerk.begin()
    with no_collections():
        while crowd.left and world.monotonic() < LONGEST * THEORY_RUN_S:
            world.run(world.monotonic() + THEORY_RUN_S / SLICES)
    world.close()
    if crowd.left:
        raise SimulationFailed(f"seed {seed}: {network.name}: {crowd.left} were never served")
    return crowd.visits


def hall_of(network: Network) -> HallSpec:
    """Return the hall that the network is."""
    kinds = range(len(network.arrival_rates))
    assert len(kinds) <= len(TARGETS_S), f"{network.name} has more classes than can be told apart"
    services: dict[ServiceId, Service] = {}
    for stage, _ in enumerate(network.stages):
        for kind in kinds:
            id = _service(stage, kind)
            services[id] = Service(
                id=id,
                names={_EN: id},
                prefix=chr(ord("A") + len(services)),
                last=THEORY_LAST,
                digits=10,
                target_wait_s=TARGETS_S[kind],
            )
    counters = {}
    for stage, each in enumerate(network.stages):
        for number in range(1, each.counters + 1):
            counter = CounterId(f"{stage + 1}-{number}")
            own = tuple(_service(stage, kind) for kind in kinds)
            counters[counter] = Counter(id=counter, names={_EN: counter}, services=own)
    kind_of_policy = PolicyKind.TARGET_WAIT if len(kinds) > 1 else PolicyKind.FIRST_COME
    return HallSpec(
        id=HallId("THEORY"),
        names={_EN: network.name},
        services=services,
        counters=counters,
        languages=(_EN,),
        policy=Policy(kind=kind_of_policy),
    )


def _service(stage: int, kind: int) -> ServiceId:
    return ServiceId(f"stage{stage + 1}-class{kind + 1}")
