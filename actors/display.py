"""The hall's large display: who is called where, and announcements one after another."""

from __future__ import annotations

import logging
from collections import deque

from actors.audience import Audience, told
from actors.base import Actor, Place, Ref, receives
from actors.hall.actor import ReadState, StateRead
from protocol.events import (
    DayBegun,
    ServiceFinished,
    TicketCalled,
    TicketCancelled,
    TicketExpired,
    TicketHeld,
    TicketNoShow,
    TicketRecalled,
    TicketRequeued,
    TicketTransferred,
)
from protocol.hall import HallSpec
from protocol.ids import CounterId
from protocol.messages import (
    Announced,
    DisplayChanged,
    DisplayedCall,
    Recorded,
    Subscribe,
    Unwatch,
    Watch,
)
from protocol.push_events import CallVoiced
from protocol.values import value

log = logging.getLogger(__name__)

ANNOUNCEMENTS_MAX = 200
"""Announcements that may wait; beyond it the oldest is dropped: its customer sees the number at the window."""

CALLS_MAX = 12
"""Calls that the display shows."""


@value
class ReadDisplay:
    """Ask the display for `DisplayChanged` as of now."""


@value
class _AnnouncementEnded:
    """The announcement has had its time."""


@value
class _ChangeDue:
    """To ourselves, behind the events that are there already: tell what they changed, once."""


class DisplayActor(Actor):
    """Follows the hall's events. ``audience`` is told `DisplayChanged`, and `Announced` at each beginning."""

    def __init__(self, place: Place, spec: HallSpec, hall: Ref[Actor], audience: Audience) -> None:
        super().__init__(place)
        self._spec = spec
        self._hall = hall
        self._audience = audience
        self._calls: dict[CounterId, DisplayedCall] = {}
        self._due: deque[DisplayedCall] = deque()
        self._announced: Announced | None = None
        self._announcements = 0
        self._dropped = 0
        self._change_due = False

    def on_start(self) -> None:
        """Show what is called now, then follow."""
        self._hall.tell(Subscribe(recipient=self._actor_ref))
        self._hall.tell(ReadState(reply_to=self._actor_ref))

    @receives(StateRead)
    def _take_state(self, message: StateRead) -> None:
        state = message.state
        called = [state.tickets[post.ticket] for post in state.posts.values() if post.ticket]
        called.sort(key=lambda ticket: ticket.recalled_at or ticket.called_at or state.last_at)
        self._calls = {
            ticket.counter: DisplayedCall(number=ticket.number, counter=ticket.counter)
            for ticket in called
            if ticket.counter is not None
        }
        self._tell_change()

    @receives(Recorded)
    def _take_event(self, record: Recorded) -> None:
        match record.event:
            case TicketCalled() | TicketRecalled() as call:
                self._call(call.number, call.counter, call.silent)
            case CallVoiced() as call:
                self._call(call.number, call.counter, silent=False)
            case ServiceFinished() | TicketNoShow() | TicketCancelled() | TicketExpired() as left:
                self._leave(left.counter)
            case TicketHeld() | TicketRequeued() | TicketTransferred() as left:
                self._leave(left.counter)
            case DayBegun():
                self._calls.clear()
                self._due.clear()
                self._tell_change()

    def _call(self, number: str, counter: CounterId, silent: bool) -> None:
        call = DisplayedCall(number=number, counter=counter)
        self._calls.pop(counter, None)
        self._calls[counter] = call
        if not silent:
            self._due.append(call)
        if len(self._due) > ANNOUNCEMENTS_MAX:
            self._drop()
        if self._announced is None:
            self._announce()
        self._tell_change()

    def _drop(self) -> None:
        """Leave out the oldest announcement; said at the first one and in sum, for they come in floods."""
        dropped = self._due.popleft()
        if not self._dropped:
            log.warning(
                "announcements are dropped first=%s waiting=%d", dropped.number, len(self._due)
            )
        self._dropped += 1

    def _leave(self, counter: CounterId | None) -> None:
        if counter is not None and self._calls.pop(counter, None) is not None:
            self._tell_change()

    def _announce(self) -> None:
        """Begin the next announcement, if any waits."""
        if not self._due:
            self._announced = None
            if self._dropped:
                log.warning("announcements were dropped count=%d", self._dropped)
                self._dropped = 0
            return
        call = self._due.popleft()
        self._announcements += 1
        self._announced = Announced(
            hall=self._spec.id,
            number=call.number,
            counter=call.counter,
            announcement=self._announcements,
            duration_s=self._spec.announcement_s,
        )
        self._audience.tell(self._announced)
        self.later(self._spec.announcement_s, _AnnouncementEnded())

    @receives(_AnnouncementEnded)
    def _end_announcement(self, _message: _AnnouncementEnded) -> None:
        self._announce()
        self._tell_change()

    @receives(Watch)
    def _watch(self, message: Watch) -> None:
        self._audience.add(message.recipient)
        told(message.recipient, self._changed())

    @receives(Unwatch)
    def _unwatch(self, message: Unwatch) -> None:
        self._audience.remove(message.recipient)

    @receives(ReadDisplay)
    def _read(self, _message: ReadDisplay) -> DisplayChanged:
        return self._changed()

    def _tell_change(self) -> None:
        if not self._change_due:
            self._change_due = True
            self._actor_ref.tell(_ChangeDue())

    @receives(_ChangeDue)
    def _tell_now(self, _message: _ChangeDue) -> None:
        self._change_due = False
        self._audience.tell(self._changed())

    def _changed(self) -> DisplayChanged:
        newest_first = tuple(reversed(self._calls.values()))
        return DisplayChanged(
            hall=self._spec.id, calls=newest_first[:CALLS_MAX], announced=self._announced
        )
