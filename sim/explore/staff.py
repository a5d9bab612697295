"""Staff: they press keys, or the buttons of a page where their counter has no keypad.

They know what they pressed and what the public stream tells, and do what nobody should as well: press twice, go
on a break with people waiting, transfer to and fro.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from protocol.commands import (
    CallNext,
    CallTicket,
    CloseCounter,
    Command,
    FinishService,
    HoldTicket,
    InviteEvaluation,
    MarkNoShow,
    OpenCounter,
    ReactivateTicket,
    RecallTicket,
    ReprintTicket,
    RequeueTicket,
    ResumeTicket,
    StartService,
    TogglePause,
    TransferTicket,
)
from protocol.ids import CommandId, CounterId, TicketId
from protocol.radio.payloads import Key
from protocol.tickets import QueuePlace, TicketState
from sim.explore.case import Case
from sim.explore.clients import Clients
from sim.watch.ledger import Entry, Ledger

IDLE_S = 40.0
"""How long staff wait at most before they look again whether somebody came."""

_KEYS: Mapping[Key, int] = {
    Key.NEXT: 55,
    Key.START: 14,
    Key.FINISH: 10,
    Key.RECALL: 8,
    Key.NO_SHOW: 5,
    Key.HOLD: 3,
    Key.TRANSFER: 3,
    Key.PAUSE: 1,
    Key.LOGIN: 1,
}
"""How often each key is pressed, in parts of the sum."""

_COMMANDS: Mapping[Key, Callable[..., Command]] = {
    Key.NEXT: CallNext,
    Key.START: StartService,
    Key.FINISH: FinishService,
    Key.RECALL: RecallTicket,
    Key.NO_SHOW: MarkNoShow,
    Key.HOLD: HoldTicket,
    Key.PAUSE: TogglePause,
}


class Staff:
    """Works at one counter until `close` is called."""

    def __init__(self, case: Case, counter: CounterId, clients: Clients, ledger: Ledger) -> None:
        self._case = case
        self._counter = counter
        self._clients = clients
        self._ledger = ledger
        self._world = clients.site.outside
        self._random = Random(f"{case.seed}/staff/{counter}")
        self._closed = False
        self._has_keypad = counter in clients.site.hardware.keypads
        self._await()

    def close(self) -> None:
        """Do nothing by itself any more."""
        self._closed = True

    def _await(self) -> None:
        mean_s = self._case.people.service_s / 2
        if not self._busy:
            mean_s = min(mean_s, IDLE_S)
        self._world.call_later(self._random.expovariate(1 / mean_s), self._act)

    @property
    def _busy(self) -> bool:
        return self._ledger.desks[self._counter].ticket is not None

    @property
    def _wanted(self) -> bool:
        """Whether somebody waits for a service of the counter."""
        services = self._case.spec.counters[self._counter].services
        return any(self._ledger.waiting.get(service) for service in services)

    def _act(self) -> None:
        if self._closed:
            return
        if self._busy or self._wanted or self._random.random() < 0.1:
            [key] = self._random.choices(list(_KEYS), list(_KEYS.values()))
            times = 2 if self._random.random() < 0.03 else 1
            for _ in range(times):
                self.press(key)
        self._await()

    def press(self, key: Key) -> None:
        """Press a key, or its like on a page."""
        random, hardware = self._random, self._clients.site.hardware
        if self._has_keypad:
            if key is Key.LOGIN:
                hardware.login(self._counter, random.choice([0, 1000, 1001, 9]))
            else:
                hardware.press(self._counter, key, random.randint(1, 2))
            return
        self._clients.ask(self._command(key, self._clients.new_id(f"page/{self._counter}")))

    def _command(self, key: Key, id: CommandId) -> Command:
        counter = self._counter
        if key is Key.TRANSFER:
            service = self._random.choice(list(self._case.spec.services))
            return TransferTicket(id=id, counter=counter, to_service=service)
        if key is Key.LOGIN:
            if self._random.random() < 0.5:
                return CloseCounter(id=id, counter=counter)
            return OpenCounter(id=id, counter=counter)
        return _COMMANDS[key](id=id, counter=counter)


class Supervisor:
    """Somebody at a page who does now and then what keypads cannot, to a ticket of the list."""

    def __init__(self, case: Case, clients: Clients, ledger: Ledger) -> None:
        self._case = case
        self._clients = clients
        self._ledger = ledger
        self._world = clients.site.outside
        self._random = Random(f"{case.seed}/supervisor")
        self._closed = False
        self._await()

    def close(self) -> None:
        """Do nothing any more."""
        self._closed = True

    def _await(self) -> None:
        mean_s = self._case.people.supervisor_s
        self._world.call_later(self._random.expovariate(1 / mean_s), self._act)

    def _act(self) -> None:
        if self._closed:
            return
        random = self._random
        tickets = [entry for entry in self._ledger.tickets.values() if _may_change(entry)]
        if tickets:
            entry = random.choice(tickets)
            command = self._choose(entry, self._clients.new_id("supervisor"))
            self._clients.ask(command)
        self._await()

    def _choose(self, entry: Entry, id: CommandId) -> Command:
        random, ticket = self._random, entry.id
        if not entry.state.open:
            return ReactivateTicket(id=id, ticket=ticket, place=self._place())
        if entry.state is TicketState.HELD:
            return random.choice(
                [
                    ResumeTicket(id=id, ticket=ticket),
                    self._requeue(id, ticket),
                    self._call(id, entry),
                ]
            )
        choices: list[Command] = [
            HoldTicket(id=id, ticket=ticket),
            self._requeue(id, ticket),
            self._call(id, entry),
            self._transfer(id, entry),
            ReprintTicket(id=id, ticket=ticket),
            InviteEvaluation(id=id, counter=random.choice(list(self._case.spec.counters))),
        ]
        return random.choice(choices)

    def _place(self) -> QueuePlace:
        return self._random.choice(list(QueuePlace))

    def _requeue(self, id: CommandId, ticket: TicketId) -> Command:
        after = self._random.randint(0, 3)
        return RequeueTicket(id=id, ticket=ticket, place=self._place(), after=after)

    def _call(self, id: CommandId, entry: Entry) -> Command:
        counters = self._case.spec.counters.values()
        fit = [counter.id for counter in counters if entry.service in counter.services]
        return CallTicket(id=id, counter=self._random.choice(fit), ticket=entry.id)

    def _transfer(self, id: CommandId, entry: Entry) -> Command:
        random, spec = self._random, self._case.spec
        if random.random() < 0.5:
            service = random.choice(list(spec.services))
            return TransferTicket(
                id=id, ticket=entry.id, to_service=service, back=random.random() < 0.3
            )
        return TransferTicket(id=id, ticket=entry.id, to_counter=random.choice(list(spec.counters)))


def _may_change(entry: Entry) -> bool:
    return entry.state.open or entry.state in (TicketState.NO_SHOW, TicketState.CANCELLED)
