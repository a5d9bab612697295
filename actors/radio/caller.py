"""A ticket caller's terminal: its device sounds and speaks at each call and recall of its counter, once."""

from __future__ import annotations

from datetime import datetime

from actors.base import Actor, Place, Ref, receives
from actors.radio.delivery import Deliverable, Delivery
from actors.radio.terminal import TerminalActor
from actors.radio.troubles import Trouble
from actors.radio.versions import version_of
from protocol.hall import Terminal
from protocol.ids import GatewayId, TicketId
from protocol.messages import CounterChanged, WatchCounter
from protocol.radio.payloads import VERSIONS, Announce, fit_text
from protocol.tickets import TicketState


class CallerTerminal(TerminalActor):
    """See the module. Raises the alarm ``caller/{counter}``.

    A call that the customer has followed, or that was ended otherwise, is not announced any more. A silent one
    is not announced unless it has to be said aloud after all.
    """

    def __init__(
        self,
        place: Place,
        terminal: Terminal,
        home: GatewayId,
        gateway: Ref[Actor],
        alarms: Ref[Actor],
        hall: Ref[Actor],
    ) -> None:
        super().__init__(place, terminal, home, gateway, alarms)
        self._hall = hall
        self._call: tuple[TicketId, int, datetime | None] | None = None
        self._version = 0
        self._announcement = Delivery(self, Trouble.UNCONFIRMED, self._describe)
        self._deliveries = (self._announcement,)

    def on_start(self) -> None:
        """Follow the counter."""
        super().on_start()
        self._hall.tell(WatchCounter(counter=self._counter_id, recipient=self._actor_ref))

    @receives(CounterChanged)
    def _take_change(self, change: CounterChanged) -> None:
        if change.ticket is None or change.silent or change.ticket_state is not TicketState.CALLED:
            self._call = None
            self._announcement.drop()
            return
        call = (change.ticket, change.calls, change.called_at)
        if call == self._call:
            return
        self._call = call
        version = version_of(change.ticket, change.calls)
        if version == self._version:
            # Called anew after it was put back: its device would take it for a repeat.
            version = version % (VERSIONS - 1) + 1
        self._version = version
        terminal = self._terminal
        self._announcement.want(
            Announce(
                version=version,
                buzzer=terminal.buzzer,
                voice=terminal.voice,
                text=fit_text(change.number or ""),
            )
        )

    def _lost(self, delivery: Delivery) -> None:
        """What was announced was heard; a device that has started anew need not say it again."""

    def _describe(self, announced: Deliverable) -> str:
        assert isinstance(announced, Announce)
        return (
            f"does not confirm that it announced {announced.text}: see whether it is switched on and in"
            " reach, and call the customer by voice"
        )
