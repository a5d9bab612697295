"""What must always hold of a hall, counted from outside after each command.

By the numbers of the design: a number is issued once (1); a ticket is at one counter, and a counter has one
ticket (2); no ticket is lost, each ends (3); those of one service and class are called in order, and none is
overtaken more often than the policy says (5, looked at with each call); an evaluation counts once (9); a
restart gives the state that there was (10); one push
that a turn is near, one for each call, and none to be sent for what is over (8).
"""

from __future__ import annotations

from collections import Counter as Counts
from collections.abc import Callable
from typing import TypeVar

from hypothesis.stateful import invariant

from actors.hall.apply import apply_all
from actors.hall.diary import EMPTY_DIARY, filed
from actors.hall.overtaking import overtaken
from actors.hall.ranks import entries
from actors.hall.state import HallState
from actors.hall.views import ahead_of, counter_changed
from protocol.events import DayBegun, ServiceEvaluated, TicketTaken
from protocol.tickets import CounterMode
from protocol.values import replace
from runtime.journal.states import decode_state, encode_state
from tests.actors.hall.machine import CAPACITY, HAS
from tests.actors.hall.machine_followers import FollowerRules
from tests.actors.hall.naive import AT_COUNTER, WAITING, Said
from tests.actors.hall.naive_diary import IN_A_PLACE, OPEN_SLIPS

Method = TypeVar("Method", bound=Callable[..., None])


def holds(method: Method) -> Method:
    """Mark what is looked at after each command."""
    looked = invariant()(method)
    looked.holds = True
    return looked


class WatchedHall(FollowerRules):
    """See the module."""

    @holds
    def tickets_agree_with_the_model(self) -> None:
        state, model = self.book.state, self.model
        assert set(state.tickets) == set(model.papers), "a ticket is lost"
        numbers = [ticket.number for ticket in state.tickets.values()]
        assert len(set(numbers)) == len(numbers), "a number twice"
        for paper in model.papers.values():
            ticket = state.tickets[paper.id]
            assert (ticket.state, ticket.service) == (paper.state, paper.service)
            assert (ticket.reserved_for, ticket.then) == (paper.reserved, paper.then)
            assert (ticket.order, ticket.waiting_since) == (paper.key, paper.since)
            assert (ticket.kiosk, ticket.printed) == (paper.kiosk, paper.printed)
            if paper.state in AT_COUNTER:
                assert (ticket.counter, ticket.recalls) == (paper.counter, paper.recalls)
            if paper.state is WAITING:
                before = [other for other in model.beside(paper) if other.key < paper.key]
                assert ahead_of(state, ticket) == len(before)
                if paper.reserved is None:
                    assert overtaken(state, ticket) >= paper.passed

    @holds
    def whoever_follows_is_told(self) -> None:
        self.take_in_pushes()
        self.followers_are_told()

    @holds
    def everybody_stands_in_one_place(self) -> None:
        state, model = self.book.state, self.model
        for service, line in state.lines.items():
            assert line.issued == model.issued.get(service, 0)
            for ticket_class, queue in line.classes.items():
                expected = [
                    paper.id for paper in model.queue(service) if paper.ticket_class is ticket_class
                ]
                assert [entry.ticket for entry in entries(queue)] == expected != []
            assert state.waiting(service) == len(model.queue(service))
        for counter, alone in state.reserved.items():
            expected = [
                paper.id
                for paper in sorted(model.waiting(), key=lambda paper: paper.key)
                if paper.reserved == counter
            ]
            assert [entry.ticket for entry in entries(alone)] == expected != []
        queued = [queue for line in state.lines.values() for queue in line.classes.values()]
        queued += state.reserved.values()
        assert sum(queue.size for queue in queued) == len(model.waiting())

    @holds
    def every_counter_has_one_ticket_at_most(self) -> None:
        state, model = self.book.state, self.model
        for counter in HAS:
            held = model.at(counter)
            seen = counter_changed(state, counter)
            assert seen.ticket == (held and held.id)
            assert seen.mode is model.mode(counter)
            assert held is None or seen.mode is CounterMode.OPEN
            asked = seen.asked
            assert model.asks(counter) == (
                asked and (asked.ticket, asked.service, asked.times, asked.evaluated)
            )
            assert state.post(counter).staff == model.staff.get(counter)
        held_ones = [post.ticket for post in state.posts.values() if post.ticket]
        assert len(set(held_ones)) == len(held_ones), "a ticket at two counters"

    @holds
    def every_evaluation_counts_once(self) -> None:
        state, model = self.book.state, self.model
        said = {counter: Said() for counter in HAS}
        for paper in model.papers.values():
            kept = [
                (one.service, one.counter, one.staff, one.level, one.invited, one.asked_again)
                for one in state.tickets[paper.id].served
            ]
            assert kept == [
                (done.service, done.counter, done.staff, done.level, done.invited, done.asked_again)
                for done in paper.done
            ]
            for done in paper.done:
                its = said[done.counter]
                its.served += 1
                its.invited += done.invited
                its.evaluated += done.level is not None
                its.levels += done.level or 0
        for counter in HAS:
            tally = state.post(counter).tally
            assert said[counter] == model.said.get(counter, Said())
            assert said[counter] == Said(
                served=tally.served,
                invited=tally.invited,
                evaluated=tally.evaluated,
                levels=tally.levels,
            )

    @holds
    def bookings_agree_with_the_model(self) -> None:
        diary, model = self.book.state.diary, self.model.diary
        assert {
            booking.id: (booking.state, booking.starts_at, booking.person, booking.lapses_at)
            for booking in diary.bookings.values()
        } == {
            slip.code: (slip.state, slip.starts_at, slip.person, slip.lapses_at)
            for slip in model.slips.values()
        }
        assert {id: added.unsettled_since for id, added in diary.closures.items()} == {
            sign.id: sign.unsettled_since for sign in model.signs.values()
        }
        now = self.at
        assert {person: until for person, until in diary.bans.items() if until > now} == {
            person: until for person, until in model.bans.items() if until > now
        }

    @holds
    def nothing_is_overbooked(self) -> None:
        diary, slips = self.book.state.diary, self.model.diary.slips.values()
        counted = Counts(slip.starts_at for slip in slips if slip.state in IN_A_PLACE)
        assert all(count <= CAPACITY * 7 // 10 for count in counted.values()), counted
        assert {starts_at: count for (_, starts_at), count in diary.taken.items()} == counted
        open_ones = {slip.code for slip in slips if slip.state in OPEN_SLIPS and slip.person}
        assert {id for ids in diary.of_person.values() for id in ids} == open_ones
        booked = {slip.code for slip in slips if slip.holder}
        assert {id for ids in diary.of_holder.values() for id in ids} == booked

    @holds
    def phones_have_what_they_took(self) -> None:
        held = {id: phone for phone, ids in self.book.state.held.items() for id in ids}
        assert held == {
            paper.id: paper.holder for paper in self.model.papers.values() if paper.holder
        }

    @holds
    def follows_from_its_events(self) -> None:
        events = self.book.events
        assert self.book.state.seq == len(events)
        assert [event.at for event in events] == sorted(event.at for event in events)

    def teardown(self) -> None:
        """Replayed from the beginning, or from the snapshot of any time, the events give the same state."""
        self.patched.undo()
        if not self.states:
            return
        events, state = self.book.events, self.book.state
        assert apply_all(HallState(spec=self.spec), events) == state
        for then in self.states[:: len(self.states) // 4 + 1]:
            assert apply_all(HallState(spec=self.spec), events[: then.seq]) == then
            again = decode_state(encode_state(then), self.spec)
            assert apply_all(again, events[then.seq :]) == state
        anew = replace(
            EMPTY_DIARY,
            closures=state.diary.closures,
            missed=state.diary.missed,
            bans=state.diary.bans,
        )
        for booking in state.diary.bookings.values():
            anew = filed(anew, booking)
        assert anew == state.diary
        self.count(events)

    def count(self, events: list[object]) -> None:
        """Over all days no number came twice, and no service was evaluated twice."""
        numbers: set[tuple[object, str]] = set()
        day: object = None
        evaluations: Counts[object] = Counts()
        for event in events:
            if isinstance(event, DayBegun):
                day = event.day
            elif isinstance(event, TicketTaken):
                assert (day, event.number) not in numbers, "a number issued twice"
                numbers.add((day, event.number))
            elif isinstance(event, ServiceEvaluated):
                evaluations[event.ticket] += 1
        for ticket in self.book.state.tickets.values():
            assert evaluations[ticket.id] == sum(one.level is not None for one in ticket.served)
