"""Rules for counters, for what customers think of them, and for time: days, the clock, restarts."""

from __future__ import annotations

from typing import Any

from actors.hall.apply import apply_all
from actors.hall.state import HallState
from protocol.answers import Reason
from protocol.commands import (
    NOTE_CHARACTERS_MAX,
    BeginDay,
    CloseCounter,
    EvaluateService,
    InviteEvaluation,
    OpenCounter,
    PauseCounter,
    TogglePause,
)
from protocol.event_rows import decode_row, encode_row, first_digest
from protocol.events import Event
from protocol.ids import CounterId, HallId, ServiceId, StaffId
from protocol.messages import Recorded
from protocol.tickets import CounterMode
from runtime.journal.states import decode_state, encode_state
from tests.actors.hall.conftest import ONE, TAX, VAT
from tests.actors.hall.machine import (
    COUNTERS,
    EVALUATED_WITHIN_S,
    HAS,
    SERVICES,
    does,
)
from tests.actors.hall.machine_tickets import PLAIN, TicketRules, has_tickets
from tests.actors.hall.naive import Done, Said

STAFF = (None, StaffId("007"), StaffId("008"))
PAUSES = ("", "tea", "x" * (NOTE_CHARACTERS_MAX + 1))


class CounterRules(TicketRules):
    """See the module."""

    def morning(self) -> None:
        """All counters open, and some people are there."""
        self.go_to(self.book.now)
        for counter in HAS:
            self.open(counter, None)
        for service in (TAX, VAT, VAT, TAX):
            self.take(service, [], **PLAIN)

    # -- counters --------------------------------------------------------------------------------

    @does(OpenCounter, counter=COUNTERS, staff=STAFF)
    def open(self, counter: CounterId, staff: StaffId | None) -> None:
        self.do(OpenCounter, counter=counter, staff=staff)
        self.model.open(counter, staff)

    @does(PauseCounter, weight=4, counter=COUNTERS, reason=PAUSES)
    def pause(self, counter: CounterId, reason: str) -> None:
        refused = Reason.COUNTER_BUSY if self.model.at(counter) else None
        if len(reason) > NOTE_CHARACTERS_MAX:
            refused = Reason.BAD_VALUE
        if self.do(PauseCounter, refused, counter=counter, reason=reason) is not None:
            self.model.modes[counter] = CounterMode.PAUSED

    @does(TogglePause, weight=4, counter=COUNTERS)
    def toggle(self, counter: CounterId) -> None:
        is_open = self.model.mode(counter) is CounterMode.OPEN
        refused = Reason.COUNTER_BUSY if is_open and self.model.at(counter) else None
        if self.do(TogglePause, refused, counter=counter) is not None:
            self.model.modes[counter] = CounterMode.PAUSED if is_open else CounterMode.OPEN

    @does(CloseCounter, weight=6, counter=COUNTERS)
    def close(self, counter: CounterId) -> None:
        self.do(CloseCounter, counter=counter)
        self.closed(counter)

    # -- evaluations -----------------------------------------------------------------------------

    def served(self, pick: int) -> Any:
        """Some ticket; mostly one of those that something was done for last."""
        papers = self.model.papers.values()
        served = [paper for paper in papers if paper.done and pick % 8 != 7]
        last = sorted(served, key=lambda paper: (paper.done[-1].ended_at, paper.key)) or [*papers]
        return last[-1 - pick % len(last)]

    @does(
        EvaluateService,
        when=has_tickets,
        pick=(None, None, *range(16)),
        counter=(*[None] * 9, *COUNTERS),
        service=(*[None] * 9, *SERVICES),
        level=(1, 2, 3, 4, 5) * 3 + (0, 6),
        reasons=((), (), (), (), (), ("slow", "slow"), ("slow",), ("dull",)),
    )
    def evaluate(
        self,
        pick: int | None,
        counter: CounterId | None,
        service: ServiceId | None,
        level: int,
        reasons: tuple[str, ...],
    ) -> None:
        model = self.model
        paper = None if pick is None else self.served(pick)
        meant: Done | Reason = Reason.UNKNOWN_TICKET
        if paper is None and counter is not None:
            meant = Reason.NOT_SERVED
            paper = model.served_last.get(counter)
        if paper is not None:
            meant = model.rated(paper, service, counter, self.at, EVALUATED_WITHIN_S)
        if not 1 <= level <= 5 or "dull" in reasons:
            meant = Reason.BAD_VALUE
        events = self.do(
            EvaluateService,
            meant if isinstance(meant, Reason) else None,
            ticket=None if pick is None or paper is None else paper.id,
            counter=counter,
            service=service,
            level=level,
            reasons=reasons,
        )
        if events is None:
            return
        assert isinstance(meant, Done)
        (event,) = events
        assert (event.service, event.counter, event.staff) == (
            meant.service,
            meant.counter,
            meant.staff,
        )
        assert event.reasons == tuple(set(reasons))
        meant.level = level
        said = model.said[meant.counter]
        said.evaluated += 1
        said.levels += level

    @does(InviteEvaluation, counter=COUNTERS)
    def invite(self, counter: CounterId) -> None:
        model, meant = self.model, Reason.NOT_SERVED
        paper = model.served_last.get(counter)
        if paper is not None:
            meant = model.rated(paper, None, counter, self.at, EVALUATED_WITHIN_S)
        if isinstance(meant, Reason):
            self.do(InviteEvaluation, meant, counter=counter)
            return
        events = self.do(InviteEvaluation, counter=counter)
        assert events is not None
        assert paper is not None
        assert [(event.ticket, event.service) for event in events] == [(paper.id, meant.service)]
        if meant.invited:
            meant.asked_again += 1
        else:
            meant.invited = True
            model.said.setdefault(counter, Said()).invited += 1

    # -- time and restarts -----------------------------------------------------------------------

    @does(
        BeginDay,
        when=lambda self: len(self.model.papers) > 8,
        weight=1,
        days=(1, 1, 1, 2, 8),
        by=("the hall", "a counter"),
    )
    def days_pass(self, days: int, by: str) -> None:
        """A day begins by itself, or else with whatever is asked first."""
        self.book.now = self.at
        self.book.wait(days=days)
        assert self.go_to(self.book.now)
        if by == "the hall":
            assert self.do(BeginDay) == ()
        else:
            self.open(ONE, None)
        self.morning()

    @does(BeginDay, weight=8, minutes=range(-90, 91))
    def the_clock_is_set(self, minutes: int) -> None:
        self.book.wait(minutes=minutes)
        if self.go_to(self.book.now):
            self.morning()
        else:
            assert self.do(BeginDay) == (), "it is no new day"

    @does(weight=3, snapshot=(True, False))
    def restart(self, snapshot: bool) -> None:
        """From the journal alone, or from a snapshot: what was is there, and it goes on from that."""
        before = self.book.state
        if snapshot:
            again = decode_state(encode_state(before), self.spec)
        else:
            again = apply_all(HallState(spec=self.spec), journaled(self.spec.id, self.book.events))
        assert again == before
        self.book.state = again


def journaled(hall: HallId, events: list[Event]) -> list[Event]:
    """The events as the journal gives them back."""
    digest, rows = first_digest(hall), []
    for seq, event in enumerate(events, 1):
        rows.append(encode_row(Recorded(seq=seq, event=event), digest))
        digest = rows[-1].digest
    return [decode_row(row).event for row in rows]
