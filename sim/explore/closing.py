"""The end of a run: nobody comes any more, and staff call everybody who is left, at pages."""

from __future__ import annotations

from protocol.commands import CallNext, Command, FinishService, ResumeTicket
from protocol.ids import CommandId
from protocol.tickets import TicketState
from sim.explore.clients import Clients
from sim.watch.ledger import Ledger

STEP_S = 5.0
"""Between one look at the page and the next."""

STEPS_MAX = 720
"""An hour; who has not been called by then never will be."""


class Closing:
    """Has held tickets wait again, and calls until nobody waits and every counter is free.

    ``over`` says when there is nothing left to do, or it was given up.
    """

    def __init__(self, clients: Clients, ledger: Ledger) -> None:
        self.over = False
        self._clients = clients
        self._ledger = ledger
        self._steps = 0
        self._step()

    def _step(self) -> None:
        self._steps += 1
        commands = self._due()
        self.over = not commands or self._steps > STEPS_MAX
        if not self.over:
            for command in commands:
                self._clients.ask(command)
            self._clients.site.outside.call_later(STEP_S, self._step)

    def _due(self) -> list[Command]:
        """Return what is to be done now."""
        ledger, waiting = self._ledger, any(self._ledger.waiting.values())
        held = [entry for entry in ledger.tickets.values() if entry.state is TicketState.HELD]
        due: list[Command] = [ResumeTicket(id=self._id(), ticket=entry.id) for entry in held]
        for counter, desk in ledger.desks.items():
            if waiting:
                due.append(CallNext(id=self._id(), counter=counter))
            elif desk.ticket is not None:
                due.append(FinishService(id=self._id(), counter=counter))
        return due

    def _id(self) -> CommandId:
        return self._clients.new_id("closing")
