"""Visitors of a hall with devices: they touch kiosks, and know of a call what they see and hear of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from protocol.answers import Answer
from protocol.commands import CheckIn, Command, TakeTicket
from protocol.ids import CounterId, KioskId, ServiceId
from protocol.tickets import Channel, TicketState
from protocol.values import replace
from sim.floor.pages import Pages
from sim.lab.crowd import LabCrowd
from sim.lab.scenario import LabScenario
from sim.lab.streams import stream
from sim.lab.visitors import End, Visitor
from sim.site import Site

TURNS_S = 2.0
"""Who has been served turns to the evaluator within so long..."""
STAYS_S = 10.0
"""... and does not stay for longer."""


class FloorCrowd(LabCrowd):
    """Everybody who comes.

    ``somebody_waits`` is called with the service of whoever has sat down, ``somebody_stands`` with the counter
    where somebody has come who was called.
    """

    def __init__(
        self,
        site: Site,
        pages: Pages,
        scenario: LabScenario,
        visitors: Iterable[Visitor],
        seed: int,
    ) -> None:
        self.somebody_waits: Callable[[ServiceId], object] = lambda _service: None
        self.somebody_stands: Callable[[CounterId], object] = lambda _counter: None
        self._site = site
        self._pages = pages
        self._seed = seed
        self._kiosks: list[KioskId] = list(site.spec.kiosks)
        self._holders: dict[str, Visitor] = {}
        """Who has which number, until it is through with it."""
        self._standing: dict[CounterId, Visitor] = {}
        super().__init__(site.outside, scenario, site.parts.hall, visitors)

    def end_day(self) -> None:
        """See `LabCrowd.end_day`; numbers begin anew."""
        super().end_day()
        self._holders.clear()
        self._standing.clear()

    # -- what visitors see and hear -----------------------------------------------------------

    def sees(self, counter: CounterId, number: str) -> None:
        """Let whoever has ``number`` notice that it is called to ``counter``, and go there."""
        visitor = self._holders.get(number)
        if visitor is None or not self._can_notice(visitor) or visitor.counter == counter:
            return
        if self.called(number) is None and visitor not in self._at_counters:
            return
        self._leaves_place(visitor)
        visitor.counter = counter
        self._world.call_later(visitor.to_counter_s, lambda: self._arrives(visitor, counter))

    def _can_notice(self, visitor: Visitor) -> bool:
        return visitor.present and visitor.hears(self._world.monotonic()) and visitor.end is None

    def _arrives(self, visitor: Visitor, counter: CounterId) -> None:
        if visitor.end is None and visitor.counter == counter and visitor in self._at_counters:
            self._standing[counter] = visitor
            self.somebody_stands(counter)

    def _leaves_place(self, visitor: Visitor) -> None:
        counter = visitor.counter
        if counter is not None and self._standing.get(counter) is visitor:
            del self._standing[counter]

    # -- what clerks see and do -----------------------------------------------------------------

    def standing(self, counter: CounterId, number: str) -> Visitor | None:
        """Return who stands at the counter with ``number``, if anybody does."""
        visitor = self._standing.get(counter)
        return visitor if visitor is not None and visitor.number == number else None

    def lets_go(self, counter: CounterId, number: str, end: TicketState) -> None:
        """Let the holder of ``number`` go, whose ticket ended at the counter, wherever he is."""
        visitor = self._holders.get(number)
        if visitor is None:
            return
        unaware = visitor not in self._at_counters
        if unaware and (visitor.hears(self._world.monotonic()) or self.called(number) is None):
            return
        self._leaves_place(visitor)
        self.leaves_counter(visitor, counter, end)
        if visitor.end is not None:
            self._holders.pop(number, None)

    def turns_away(self, counter: CounterId, number: str) -> None:
        """Let those go who came to the counter with another number: their tickets have ended unnoticed."""
        for visitor in [each for each in self._at_counters if each.counter == counter]:
            if visitor.number != number:
                self.lets_go(counter, visitor.number, TicketState.NO_SHOW)

    # -- as people do it with devices -----------------------------------------------------------

    def _ask(self, command: Command, then: Callable[[Answer], None]) -> None:
        touched = isinstance(command, TakeTicket | CheckIn) and command.channel is Channel.KIOSK
        if touched and self._kiosks:
            chance = stream(self._seed, command.id, "kiosk")
            command = replace(command, kiosk=chance.choice(self._kiosks))
        self._pages.post(command, then)

    def _waits(self, visitor: Visitor) -> None:
        super()._waits(visitor)
        self._holders[visitor.number] = visitor
        if visitor.in_hall_s is not None:
            self._at(visitor.in_hall_s, lambda: self._sits_down(visitor))

    def _looks_around(self, visitor: Visitor) -> None:
        self._sits_down(visitor)

    def _sits_down(self, visitor: Visitor) -> None:
        """Look around: the call may have come before its holder."""
        if visitor.end is not None:
            return
        for call in self.shown():
            if call[1] == visitor.number:
                self.sees(*call)
        if self._waiting.get(visitor.number) is visitor:
            self.somebody_waits(visitor.service)

    def shown(self) -> list[tuple[CounterId, str]]:
        """Return the numbers that windows and the large screen show just now, each with its counter."""
        shown = [(id, window.text) for id, window in self._site.hardware.windows.items()]
        if self._site.screen is not None:
            shown += [(call.counter, call.number) for call in self._site.screen.calls]
        return shown

    def _left(self, visitor: Visitor, answer: Answer) -> None:
        super()._left(visitor, answer)
        self._holders.pop(visitor.number, None)

    def _rate(self, visitor: Visitor) -> None:
        counter = visitor.counter
        if counter is None or counter not in self._site.hardware.evaluators:
            super()._rate(visitor)

    def leaves_counter(self, visitor: Visitor, counter: CounterId, end: TicketState) -> None:
        """See `LabCrowd.leaves_counter`; who means to rate looks at the counter's evaluator first."""
        super().leaves_counter(visitor, counter, end)
        if visitor.end is End.SERVED and visitor.rates_share is not None:
            turns_s = min(TURNS_S + visitor.rates_after_s, STAYS_S)
            self._world.call_later(turns_s, lambda: self._press_level(visitor, counter))

    def _press_level(self, visitor: Visitor, counter: CounterId) -> None:
        evaluator = self._site.hardware.evaluators.get(counter)
        if evaluator is None or evaluator.off or evaluator.invites != visitor.number:
            return
        assert visitor.rates_share is not None
        level = self._levels.at(visitor.rates_share)
        if self._site.hardware.rate(counter, level):
            visitor.level = level
