"""Plays the visitors of a rehearsal: they book, take tickets, walk, wait, lose patience and rate.

Of the hall they know what people see of it: answers, what a ticket tells, and calls.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from actors.base import Ref
from protocol.answers import Accepted, Answer, Reason, Rejected
from protocol.appointments import code_of
from protocol.booking_events import AppointmentBooked
from protocol.commands import (
    BookAppointment,
    CancelTicket,
    CheckIn,
    Command,
    ConfirmAppointment,
    EvaluateService,
    ReactivateTicket,
    TakeTicket,
)
from protocol.errors import WorldError
from protocol.events import TicketTaken
from protocol.hall import Identity
from protocol.ids import BookingId, CommandId, CounterId, PersonId, ServiceId
from protocol.messages import Submit
from protocol.tickets import Channel, EvaluationDevice, QueuePlace, TicketClass, TicketState
from protocol.values import value
from sim.lab.scenario import MARGIN_S, LabScenario, SetsOff
from sim.lab.streams import Weighted
from sim.lab.visitors import End, Visitor
from sim.world import SimWorld

if TYPE_CHECKING:
    from sim.lab.phones import Phones

MOMENT_S = 1.0
"""Who came too early to check in tries again so long after it is time."""

_ENDS = {
    TicketState.SERVED: End.SERVED,
    TicketState.NO_SHOW: End.NO_SHOW,
    TicketState.EXPIRED: End.EXPIRED,
}


@value
class Call:
    """Somebody was called to a counter, and gone from it, with or without being served (world seconds)."""

    counter: CounterId
    begins_s: float
    ends_s: float


@value
class Queued:
    """A ticket waited for a service (world seconds)."""

    service: ServiceId
    begins_s: float
    ends_s: float


class LabCrowd:
    """Everybody who comes. Told the hall's answers.

    ``look`` are called with whoever stands at the counter to which he was called while he was not in the hall.
    """

    def __init__(
        self, world: SimWorld, scenario: LabScenario, hall: Ref[Any], visitors: Iterable[Visitor]
    ) -> None:
        self.visitors = list(visitors)
        self._world = world
        self._scenario = scenario
        self._hall = hall
        self._language = scenario.spec.languages[0]
        self._levels = Weighted(scenario.rating.levels)
        self._asked: dict[CommandId, Callable[[Answer], None]] = {}
        self._waiting: dict[str, Visitor] = {}
        """By the number on the ticket, which is the hall's own for a day."""
        self.calls: list[Call] = []
        self.queued: list[Queued] = []
        self._at_counters: dict[Visitor, None] = {}
        self.phones: Phones | None = None
        self.look: list[Callable[[Visitor], object]] = []
        deeds = [
            (visitor.came_s if visitor.slot is None else visitor.booked_s, number, visitor)
            for number, visitor in enumerate(self.visitors)
        ]
        # One after another: a clock that has a whole day's visitors to come before it is slow.
        self._to_come = deque(sorted(deeds))
        self._await_next()

    def __repr__(self) -> str:
        return "<visitors>"

    def _await_next(self) -> None:
        if self._to_come:
            self._at(self._to_come[0][0], self._come)

    def _come(self) -> None:
        _, number, visitor = self._to_come.popleft()
        self._await_next()
        if visitor.slot is None:
            self._take_ticket(visitor)
        else:
            self._book(visitor, number)

    @property
    def waiting(self) -> int:
        """How many have a ticket and were not called."""
        return len(self._waiting)

    def end_day(self) -> None:
        """The business day is over: whoever still waits or stands at a counter is lost."""
        for visitor in self._waiting.values():
            self._queued(visitor)
        for visitor in (*self._waiting.values(), *self._at_counters):
            self._ends(visitor, End.EXPIRED)
        self._waiting.clear()
        self._at_counters.clear()
        if self.phones is not None:
            self.phones.end_day()

    # -- what clerks see -------------------------------------------------------------------------

    def called(self, number: str) -> Visitor | None:
        """Return who sees that ``number`` is called; nobody does if its holder is just cancelling."""
        visitor = self._waiting.pop(number, None)
        if visitor is not None:
            self._queued(visitor)
            visitor.called_s = self._world.monotonic()
            self._at_counters[visitor] = None
        return visitor

    def leaves_counter(self, visitor: Visitor, counter: CounterId, end: TicketState) -> None:
        """Let somebody go whose ticket ended at a counter."""
        if visitor not in self._at_counters:
            return  # its day had ended before
        del self._at_counters[visitor]
        visitor.counter = counter
        assert visitor.called_s is not None
        now_s = self._world.monotonic()
        self.calls.append(Call(counter=counter, begins_s=visitor.called_s, ends_s=now_s))
        if end is TicketState.NO_SHOW and self._comes_later(visitor):
            return
        self._ends(visitor, _ENDS[end])
        if end is TicketState.SERVED:
            visitor.started_s = now_s - visitor.service_s
            if visitor.rates_share is not None:
                self._world.call_later(visitor.rates_after_s, partial(self._rate, visitor))

    def _comes_later(self, visitor: Visitor) -> bool:
        """Return whether somebody whose ticket was given up is on the way and will ask for another place."""
        if self.phones is not None and self.phones.missed(visitor):
            return True
        if visitor.in_hall_s is None or visitor.in_hall_s <= self._world.monotonic():
            return False
        self._at(visitor.in_hall_s, partial(self.come_back, visitor))
        return True

    def never_came(self, visitor: Visitor) -> None:
        """Let the day end for somebody whose ticket was given up before he had set out."""
        self._ends(visitor, End.NO_SHOW)

    def come_back(self, visitor: Visitor) -> None:
        """Ask for a place near the front: the call came before its ticket's holder."""
        assert visitor.ticket is not None
        command = ReactivateTicket(
            id=CommandId(f"{visitor.name}/come back"),
            ticket=visitor.ticket,
            place=QueuePlace.FRONT,
        )
        self._ask(command, partial(self._came_back, visitor))

    def _came_back(self, visitor: Visitor, answer: Answer) -> None:
        if isinstance(answer, Rejected):
            self._ends(visitor, End.NO_SHOW)
            return
        visitor.called_s = visitor.counter = None
        visitor.came_back = True
        self._waits(visitor)

    # -- appointments ----------------------------------------------------------------------------

    def _book(self, visitor: Visitor, number: int) -> None:
        assert visitor.slot is not None
        command = BookAppointment(
            id=CommandId(f"{visitor.name}/book"),
            service=visitor.service,
            slot=visitor.slot,
            code=code_of(number),
            language=self._language,
            person=PersonId(visitor.name),
            party=visitor.party,
        )
        self._ask(command, partial(self._booked, visitor))

    def _booked(self, visitor: Visitor, answer: Answer) -> None:
        if isinstance(answer, Rejected):
            self._refused(visitor, answer)
            return
        [booked] = (event for event in answer.events if isinstance(event, AppointmentBooked))
        if not visitor.comes:
            visitor.end = End.MISSED
            return
        if booked.lapses_at is not None:
            id = CommandId(f"{visitor.name}/confirm")
            self._ask(ConfirmAppointment(id=id, booking=booked.booking), _nothing)
        # Who has come too early waits at the door.
        opens_s = (booked.check_in_from - self._world.begins).total_seconds()
        visitor.came_s = max(visitor.came_s, opens_s + MOMENT_S)
        self._at(visitor.came_s, partial(self._check_in, visitor, booked.booking))

    def _check_in(self, visitor: Visitor, booking: BookingId) -> None:
        command = CheckIn(
            id=CommandId(f"{visitor.name}/check in"), booking=booking, channel=Channel.KIOSK
        )
        self._ask(command, partial(self._checked_in, visitor))

    def _checked_in(self, visitor: Visitor, answer: Answer) -> None:
        if isinstance(answer, Rejected) and answer.reason is Reason.CHECK_IN_LATE:
            visitor.ticket_class = TicketClass.NORMAL
            self._take_ticket(visitor)
        else:
            self._has_ticket(visitor, answer)

    # -- tickets ---------------------------------------------------------------------------------

    def _take_ticket(self, visitor: Visitor) -> None:
        named = self._scenario.spec.services[visitor.service].identity is not Identity.NONE
        channel, follower = Channel.KIOSK, None
        if visitor.remote and self.phones is not None:
            channel, follower = Channel.WECHAT, self.phones.follower(visitor)
        elif visitor.remote:
            channel = Channel.WEB
        command = TakeTicket(
            id=CommandId(f"{visitor.name}/take"),
            service=visitor.service,
            language=self._language,
            ticket_class=visitor.ticket_class,
            channel=channel,
            person=PersonId(visitor.name) if named else None,
            party=visitor.party,
            then=self._further(visitor),
            follower=follower,
        )
        self._ask(command, partial(self._has_ticket, visitor))

    def _further(self, _visitor: Visitor) -> tuple[ServiceId, ...]:
        """Return the services that somebody wants after the first one, with the same ticket."""
        return ()

    def _has_ticket(self, visitor: Visitor, answer: Answer) -> None:
        if isinstance(answer, Rejected):
            self._refused(visitor, answer)
            return
        [taken] = (event for event in answer.events if isinstance(event, TicketTaken))
        now_s = self._world.monotonic()
        visitor.ticket = taken.ticket
        visitor.taken_s = now_s
        visitor.in_hall_s = now_s if visitor.remote else visitor.came_s
        if taken.estimate is not None:
            visitor.p50_s, visitor.p90_s = taken.estimate.p50_s, taken.estimate.p90_s
        followed = self.phones if visitor.phone is not None else None
        if visitor.remote:
            # Who is told by phone does not know yet.
            arrives_s = now_s + self.stays_home(visitor) + visitor.way_s
            visitor.in_hall_s = arrives_s if followed is None else None
        visitor.number = taken.number
        self._waits(visitor)
        if followed is not None:
            followed.took(visitor)

    def _waits(self, visitor: Visitor) -> None:
        self._waiting[visitor.number] = visitor
        visitor.queued_s = self._world.monotonic()
        self._await_patience(visitor)

    def _await_patience(self, visitor: Visitor) -> None:
        if visitor.patience_s is not None and visitor.in_hall_s is not None:
            self._at(visitor.in_hall_s + visitor.patience_s, partial(self._lose_patience, visitor))

    def stays_home(self, visitor: Visitor) -> float:
        """Return for how long (seconds) somebody does not set off, if nothing tells him to."""
        sets_off = self._scenario.people.sets_off
        longest = sets_off is SetsOff.BY_PUSH and self.phones is not None
        wait_s = visitor.p90_s if longest else visitor.p50_s
        if sets_off is SetsOff.AT_ONCE or wait_s is None:
            return 0.0
        return max(0.0, wait_s - visitor.way_s - MARGIN_S)

    def arrived(self, visitor: Visitor) -> None:
        """Let somebody be in the hall at last, or again, who has a phone."""
        if visitor.remote:
            self._await_patience(visitor)
        self._looks_around(visitor)

    def _looks_around(self, visitor: Visitor) -> None:
        """Let somebody who has just come see whether he is called."""
        if visitor in self._at_counters:
            self._world.call_later(visitor.to_counter_s, partial(self._gets_to_counter, visitor))

    def _gets_to_counter(self, visitor: Visitor) -> None:
        if visitor in self._at_counters:
            for look in self.look:
                look(visitor)

    def _lose_patience(self, visitor: Visitor) -> None:
        if self._waiting.get(visitor.number) is not visitor:
            return
        del self._waiting[visitor.number]
        self._queued(visitor)
        assert visitor.ticket is not None
        command = CancelTicket(id=CommandId(f"{visitor.name}/cancel"), ticket=visitor.ticket)
        self._ask(command, partial(self._left, visitor))

    def _left(self, visitor: Visitor, answer: Answer) -> None:
        # A ticket that cannot be cancelled any more is just being called: nobody will come.
        self._ends(visitor, End.LEFT if isinstance(answer, Accepted) else End.NO_SHOW)

    # -- rating ----------------------------------------------------------------------------------

    def _rate(self, visitor: Visitor) -> None:
        rating = self._scenario.rating
        assert visitor.rates_share is not None
        assert visitor.ticket is not None
        level = self._levels.at(visitor.rates_share)
        if (visitor.waited_s or 0.0) > rating.long_wait_s:
            level = max(1, level - 1)
        command = EvaluateService(
            id=CommandId(f"{visitor.name}/rate"),
            level=level,
            ticket=visitor.ticket,
            device=EvaluationDevice.PHONE,
        )
        self._ask(command, partial(self._rated, visitor, level))

    def _rated(self, visitor: Visitor, level: int, answer: Answer) -> None:
        if isinstance(answer, Accepted):
            visitor.level = level

    # -- inside ----------------------------------------------------------------------------------

    def ask(self, command: Command, then: Callable[[Answer], None]) -> None:
        """Ask the hall for ``command``, as everybody does; ``then`` gets the answer."""
        self._ask(command, then)

    def _ask(self, command: Command, then: Callable[[Answer], None]) -> None:
        self._asked[command.id] = then
        self._hall.tell(Submit(command=command, reply_to=self))

    def tell(self, message: object, /) -> None:
        """Take the hall's answer to one visitor."""
        if not isinstance(message, (Accepted, Rejected)):
            raise WorldError(f"{self} do not take {type(message).__name__}")
        self._asked.pop(message.command)(message)

    def _at(self, seconds: float, call: Callable[[], None]) -> None:
        self._world.call_later(max(0.0, seconds - self._world.monotonic()), call)

    def _refused(self, visitor: Visitor, answer: Rejected) -> None:
        self._ends(visitor, End.REFUSED)
        visitor.reason = answer.reason

    def _queued(self, visitor: Visitor) -> None:
        """Note that somebody does not wait any more."""
        ends_s = self._world.monotonic()
        self.queued.append(
            Queued(service=visitor.service, begins_s=visitor.queued_s, ends_s=ends_s)
        )

    def _ends(self, visitor: Visitor, end: End) -> None:
        assert visitor.end is None, f"{visitor} ended twice: {visitor.end}, {end}"
        visitor.end = end
        visitor.ended_s = self._world.monotonic()


def _nothing(_answer: Answer) -> None:
    """A booking that could not be confirmed lapses, which its customer learns at the kiosk."""
