"""The phones of those who come: they follow tickets at WeChat's stand-in, and people act on what they read.

          take by phone                      scan, elsewhere
at home ----------------> gone      in the hall -------------> gone
gone --told, or it is time--> on the way --> in the hall: the ticket waits, is just called, or was given up

What the hall's stream and the phones show of pushes is kept, for the figures.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from protocol.answers import Accepted, Answer
from protocol.events import TicketCalled
from protocol.ids import CommandId, FollowerId, TicketId
from protocol.messages import Recorded
from protocol.push_commands import FollowTicket
from protocol.push_events import PushDue, PushEnded
from protocol.pushes import PushKind
from sim.lab.crowd import LabCrowd
from sim.lab.push_log import PushLog
from sim.lab.visitors import Visitor
from sim.wechat.hall_account import HallAccount
from sim.wechat.paths import CODES, SEND
from sim.wechat.phones import Message
from sim.world import SimWorld

LOOKS_S = 1800.0
"""Who waits elsewhere and has no estimate looks for himself after so long."""


class Phones:
    """See the module. ``world`` is that of people."""

    def __init__(self, world: SimWorld, account: HallAccount, crowd: LabCrowd) -> None:
        self.log = PushLog()
        self._world = world
        self._account = account
        self._crowd = crowd
        self._holders: dict[TicketId, Visitor] = {}
        """Who has which ticket that is followed, until its day ends."""
        self._missed: dict[Visitor, None] = {}
        """Whose ticket was given up while they were away."""
        account.stand_in.noticed.append(self._push_came)
        crowd.phones = self

    def __repr__(self) -> str:
        return "<phones>"

    # -- what the crowd tells ------------------------------------------------------------------

    def follower(self, visitor: Visitor) -> FollowerId:
        """Return who somebody is to the hall who takes a ticket by phone."""
        return self._account.follower(visitor.name)

    def took(self, visitor: Visitor) -> None:
        """Take it that somebody with a phone has a ticket."""
        phone, ticket = visitor.phone, visitor.ticket
        assert phone is not None
        assert ticket is not None
        if visitor.remote:
            self.log.followed += 1
            self._holders[ticket] = visitor
            phone.gone = True
            self._goes_in(visitor, self._crowd.stays_home(visitor))
        else:
            # Each paper has a code, whether anybody scans it or not.
            self._account.make_code(ticket, partial(self._coded, visitor))

    def missed(self, visitor: Visitor) -> bool:
        """Take it that a ticket was given up; return whether its holder comes back by himself because of it."""
        phone = visitor.phone
        if phone is None or not visitor.present or not (phone.gone or phone.returns_s is not None):
            return False
        there_s, now_s = visitor.there_s, self._world.monotonic()
        if there_s is None or there_s > now_s:
            self._missed[visitor] = None
            return True
        at_counter_s = there_s + visitor.to_counter_s
        if at_counter_s < now_s:
            return False
        # The clerk gave up while he walked through the hall.
        self._later(at_counter_s - now_s, partial(self._crowd.come_back, visitor))
        return True

    def end_day(self) -> None:
        """Take it that nobody of the day comes any more."""
        for visitor in self._missed:
            self._crowd.never_came(visitor)
        self._missed.clear()
        self._holders.clear()
        self.log.used = {path: self._account.used(path) for path in (SEND, CODES)}

    # -- following -----------------------------------------------------------------------------

    def _coded(self, visitor: Visitor, code: str | None) -> None:
        """Take what was made for a paper, if anything was."""
        assert visitor.phone is not None
        if code is None:
            self.log.uncoded += 1
        elif visitor.phone.scans:
            self._later(visitor.phone.scan_s, partial(self._scan, visitor, code))

    def _scan(self, visitor: Visitor, code: str) -> None:
        if visitor.end is not None or visitor.called_s is not None:
            return
        follower = self._account.scan(visitor.name, code)
        assert visitor.ticket is not None
        if follower is None:
            return
        command = FollowTicket(
            id=CommandId(f"{visitor.name}/follow"), ticket=visitor.ticket, follower=follower
        )
        self._crowd.ask(command, partial(self._follows, visitor))

    def _follows(self, visitor: Visitor, answer: Answer) -> None:
        if not isinstance(answer, Accepted) or visitor.ticket is None:
            return
        self.log.followed += 1
        self._holders[visitor.ticket] = visitor
        phone = visitor.phone
        assert phone is not None
        if phone.strolls and visitor.end is None and visitor.called_s is None:
            phone.gone = True
            self._goes_in(visitor, LOOKS_S if visitor.p90_s is None else visitor.p90_s)

    # -- what is read, and done about it ---------------------------------------------------------

    def _push_came(self, _person: str, _message: Message) -> None:
        push = self._account.sending
        if push is None:
            return
        self.log.told(push, self._world.now())
        visitor = self._holders.get(push.ticket)
        if visitor is not None and visitor.phone is not None:
            self._later(visitor.phone.notices_s, partial(self._read, visitor, push.kind))

    def _read(self, visitor: Visitor, kind: PushKind) -> None:
        # Who is in the building waits for the call.
        if visitor.remote or kind is not PushKind.NEAR:
            self._set_out(visitor)

    def _goes_in(self, visitor: Visitor, after_s: float) -> None:
        """Have somebody set out after so long, unless he did before."""
        self._later(after_s, partial(self._set_out, visitor))

    def _set_out(self, visitor: Visitor) -> None:
        phone = visitor.phone
        assert phone is not None
        if not phone.gone or visitor.end is not None or not visitor.present:
            return
        takes_s = visitor.way_s if visitor.remote else phone.back_s
        phone.gone = False
        phone.returns_s = self._world.monotonic() + takes_s
        if visitor.remote:
            visitor.in_hall_s = phone.returns_s
        self._later(takes_s, partial(self._get_there, visitor))

    def _get_there(self, visitor: Visitor) -> None:
        if visitor.end is not None:
            return
        if visitor in self._missed:
            del self._missed[visitor]
            self._crowd.come_back(visitor)
        else:
            self._crowd.arrived(visitor)

    def _later(self, delay_s: float, call: Callable[[], object]) -> None:
        self._world.call_later(delay_s, lambda: (call(), None)[1])

    # -- the hall's stream -----------------------------------------------------------------------

    def tell(self, record: Any, /) -> None:
        """Take an event of the hall's."""
        assert isinstance(record, Recorded)
        match record.event:
            case PushDue() as push:
                self.log.due(push)
            case PushEnded() as ended:
                self.log.ended(ended)
            case TicketCalled() as called:
                self.log.called(called)
