"""A crowd for a hall that really runs: customers at its kiosks, staff who press its keypads.

They are actors in the hall's own world, and do only what people could: take a ticket, look at the counter,
press a key.
"""

from __future__ import annotations

from collections.abc import Callable

from actors.audience import told
from actors.base import Actor, Place, Ref, receives
from actors.world import Timer
from protocol.commands import TakeTicket
from protocol.hall import HallSpec
from protocol.ids import CommandId, CounterId, KioskId
from protocol.messages import CounterChanged, Submit, WatchCounter
from protocol.radio.payloads import Key
from protocol.tickets import Channel
from protocol.values import value

REACTION_S = 1.5
"""Mean seconds that staff need to see that somebody waits."""


@value
class _CustomerDue:
    """Somebody comes."""


@value
class _PressDue:
    """A member of staff presses NEXT."""


class Customers(Actor):
    """Take tickets at random times, ``rate_per_s`` on the average, for services and at kiosks by chance."""

    def __init__(self, place: Place, spec: HallSpec, hall: Ref[Actor], rate_per_s: float) -> None:
        super().__init__(place)
        self._spec = spec
        self._hall = hall
        self._rate_per_s = rate_per_s

    def on_start(self) -> None:
        """Wait for the first."""
        self._await_next()

    @receives(_CustomerDue)
    def _come(self, _message: _CustomerDue) -> None:
        kiosks: list[KioskId | None] = list(self._spec.kiosks) or [None]
        kiosk = self.random.choice(kiosks)
        take = TakeTicket(
            id=CommandId(f"crowd/{self.random.getrandbits(64):016x}"),
            service=self.random.choice(list(self._spec.services)),
            language=self.random.choice(self._spec.languages),
            channel=Channel.WEB if kiosk is None else Channel.KIOSK,
            kiosk=kiosk,
        )
        told(self._hall, Submit(command=take))
        self._await_next()

    def _await_next(self) -> None:
        self.later(self.random.expovariate(self._rate_per_s), _CustomerDue())


class Clerk(Actor):
    """Serves at one counter: presses NEXT when somebody waits and after each service.

    ``press`` presses a key of the counter's keypad; services last ``service_mean_s`` on the average.
    """

    def __init__(
        self,
        place: Place,
        counter: CounterId,
        hall: Ref[Actor],
        press: Callable[[Key], object],
        service_mean_s: float,
    ) -> None:
        super().__init__(place)
        self._counter = counter
        self._hall = hall
        self._press = press
        self._service_mean_s = service_mean_s
        self._due: Timer | None = None
        self._serves: str | None = None

    def on_start(self) -> None:
        """Look at the counter."""
        self._hall.tell(WatchCounter(counter=self._counter, recipient=self._actor_ref))

    @receives(CounterChanged)
    def _look(self, view: CounterChanged) -> None:
        if view.ticket is not None and view.ticket != self._serves:
            self._await(self._service_mean_s)
        elif view.ticket is None and view.waiting:
            self._await(REACTION_S)
        self._serves = view.ticket

    def _await(self, mean_s: float) -> None:
        if self._due is not None:
            self._due.cancel()
        self._due = self.later(self.random.expovariate(1 / mean_s), _PressDue())

    @receives(_PressDue)
    def _next(self, _message: _PressDue) -> None:
        self._press(Key.NEXT)
        # A press may be lost on the air; whoever sees no new number presses again.
        self._await(self._service_mean_s)
