"""Holding, sending back, sending elsewhere and reactivating: the same number, and nobody lost."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.hall.requeueing import ORDER_LENGTH_MAX
from actors.hall.views import ahead_of
from protocol.answers import Reason, Rejected
from protocol.commands import (
    NOTE_CHARACTERS_MAX,
    CallNext,
    CallTicket,
    CancelTicket,
    CloseCounter,
    Command,
    HoldTicket,
    MarkNoShow,
    OpenCounter,
    PauseCounter,
    ReactivateTicket,
    RequeueTicket,
    ResumeTicket,
    StartService,
    TakeTicket,
    TransferTicket,
)
from protocol.events import CounterClosed, TicketCalled, TicketRequeued, TicketTransferred
from protocol.hall import Counter, Service
from protocol.ids import CommandId, CounterId, ServiceId, TicketId
from protocol.tickets import QueuePlace, TicketClass, TicketState
from protocol.values import replace
from tests.actors.hall.conftest import EN, ONE, TAX, TWO, VAT, ZH, Book, hall_spec

_ids = count()
DESK, THREE = ServiceId("desk"), CounterId("3")
FRONT, BACK, AFTER = QueuePlace.FRONT, QueuePlace.BACK, QueuePlace.AFTER


def id() -> CommandId:
    return CommandId(f"q{next(_ids)}")


def take(book: Book, service: ServiceId = VAT, **parts: Any) -> TicketId:
    taken: TicketId = done(book, TakeTicket(id=id(), service=service, language=ZH, **parts))[
        -1
    ].ticket
    return taken


def done(book: Book, command: Command) -> tuple[Any, ...]:
    decision = book.do(command)
    assert not isinstance(decision, Rejected), decision
    return tuple(decision)


def refused(book: Book, command: Command) -> Reason:
    before = book.state
    decision = book.do(command)
    assert isinstance(decision, Rejected), decision
    assert len(decision.detail) > 10
    assert book.state == before
    return decision.reason


def call(book: Book, counter: CounterId = ONE) -> TicketId | None:
    called = [e for e in done(book, CallNext(id=id(), counter=counter)) if type(e) is TicketCalled]
    return called[0].ticket if called else None


def calls(book: Book, counter: CounterId = ONE) -> list[TicketId]:
    """All that the counter can still call, in the order in which it does."""
    found: list[TicketId] = []
    while (ticket := call(book, counter)) is not None:
        found.append(ticket)
    return found


def call_given(book: Book, ticket: TicketId, counter: CounterId = ONE) -> None:
    done(book, CallTicket(id=id(), counter=counter, ticket=ticket))


# -- hold and resume -----------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["waiting", "called", "serving"])
def test_a_held_ticket_is_not_called_and_resumed_it_has_its_old_place(book: Book, way: str) -> None:
    one, two, three = (take(book) for _ in range(3))
    if way != "waiting":
        call_given(book, two)
    if way == "serving":
        done(book, StartService(id=id(), ticket=two))
    (held,) = done(book, HoldTicket(id=id(), ticket=two, note="fetches a copy"))
    assert held.counter == (None if way == "waiting" else ONE)
    assert book.state.post(ONE).ticket is None
    assert book.state.tickets[two].note == "fetches a copy"
    assert book.state.waiting(VAT) == 2
    since = book.state.tickets[two].waiting_since
    book.wait(minutes=5)
    done(book, ResumeTicket(id=id(), ticket=two))
    assert book.state.tickets[two].waiting_since == since
    assert ahead_of(book.state, book.state.tickets[two]) == 1
    assert calls(book) == [one, two, three]


def test_a_held_ticket_is_called_when_it_is_named(book: Book) -> None:
    ticket = take(book)
    call(book)
    done(book, HoldTicket(id=id(), counter=ONE))
    call_given(book, ticket, TWO)
    assert book.state.post(TWO).ticket == ticket
    assert book.state.tickets[ticket].state is TicketState.CALLED


def test_a_call_after_a_hold_has_all_its_recalls_again(book: Book) -> None:
    ticket = take(book)
    call(book)
    done(book, StartService(id=id(), counter=ONE))
    done(book, HoldTicket(id=id(), counter=ONE))
    assert book.state.tickets[ticket].called_at is None
    book.wait(minutes=1)
    call_given(book, ticket)
    found = book.state.tickets[ticket]
    assert (found.called_at, found.started_at, found.recalls) == (book.now, None, 0)


@pytest.mark.parametrize(
    "command",
    [
        lambda t, note: HoldTicket(id=id(), ticket=t, note=note),
        lambda t, note: TransferTicket(id=id(), ticket=t, to_service=TAX, note=note),
        lambda _, note: PauseCounter(id=id(), counter=ONE, reason=note),
    ],
    ids=["hold", "transfer", "pause"],
)
def test_a_note_has_its_bound(book: Book, command: Any) -> None:
    ticket = take(book)
    assert refused(book, command(ticket, "多" * (NOTE_CHARACTERS_MAX + 1))) is Reason.BAD_VALUE
    done(book, command(ticket, "多" * NOTE_CHARACTERS_MAX))


# -- requeue -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "after", "expected"),
    [
        (FRONT, 0, "x01234"),
        (BACK, 0, "01234x"),
        (AFTER, 0, "x01234"),
        (AFTER, 1, "0x1234"),
        (AFTER, 3, "012x34"),
        (AFTER, 4, "0123x4"),
        (AFTER, 5, "01234x"),
        (AFTER, 1000, "01234x"),
    ],
)
@pytest.mark.parametrize("way", ["waiting", "called", "held", "no-show", "cancelled"])
def test_a_ticket_goes_where_it_is_put_among_all_classes(
    book: Book, way: str, place: QueuePlace, after: int, expected: str
) -> None:
    mine = take(book)
    others = [
        take(book, ticket_class=TicketClass.PRIORITY if nth % 2 else TicketClass.NORMAL)
        for nth in range(5)
    ]
    if way in ("called", "held", "no-show"):
        assert call(book) == mine
    if way == "held":
        done(book, HoldTicket(id=id(), ticket=mine))
    if way == "no-show":
        done(book, MarkNoShow(id=id(), ticket=mine))
    if way == "cancelled":
        done(book, CancelTicket(id=id(), ticket=mine))
    kind = ReactivateTicket if way in ("no-show", "cancelled") else RequeueTicket
    done(book, kind(id=id(), ticket=mine, place=place, after=after))
    assert ahead_of(book.state, book.state.tickets[mine]) == expected.index("x")
    names = {mine: "x"} | {other: str(nth) for nth, other in enumerate(others)}
    assert "".join(names[ticket] for ticket in calls(book)) == expected
    assert book.state.tickets[mine].number == "B001"


def test_the_last_one_put_in_front_goes_first(book: Book) -> None:
    one, two, three = (take(book) for _ in range(3))
    for ticket in (two, three):
        done(book, RequeueTicket(id=id(), ticket=ticket, place=FRONT))
    assert calls(book) == [three, two, one]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(QueuePlace), st.integers(0, 7))))
def test_whoever_is_put_wherever_the_others_keep_their_order(
    moves: list[tuple[int, QueuePlace, int]],
) -> None:
    book = Book()
    tickets = [take(book) for _ in range(6)]
    expected = list(tickets)
    for which, place, after in moves:
        ticket = tickets[which]
        done(book, RequeueTicket(id=id(), ticket=ticket, place=place, after=after))
        expected.remove(ticket)
        expected.insert({FRONT: 0, BACK: 6, AFTER: after}[place], ticket)
    assert calls(book) == expected


def test_a_negative_place_is_refused(book: Book) -> None:
    ticket = take(book)
    command = RequeueTicket(id=id(), ticket=ticket, place=AFTER, after=-1)
    assert refused(book, command) is Reason.BAD_VALUE


def test_who_is_put_back_waits_anew_and_who_comes_forward_does_not(book: Book) -> None:
    one, two, three = (take(book) for _ in range(3))
    begun = book.now
    book.wait(minutes=5)
    done(book, RequeueTicket(id=id(), ticket=one, place=AFTER, after=1))
    done(book, RequeueTicket(id=id(), ticket=three, place=FRONT))
    since = [book.state.tickets[ticket].waiting_since for ticket in (one, two, three)]
    assert since == [book.now, begun, begun]


def test_orders_stay_short_where_the_same_few_let_each_other_pass(book: Book) -> None:
    for _ in range(4):
        take(book)
    for _ in range(300):
        first = min(book.state.tickets.values(), key=lambda ticket: ticket.order)
        done(book, RequeueTicket(id=id(), ticket=first.id, place=AFTER, after=2))
    assert max(len(ticket.order) for ticket in book.state.tickets.values()) <= 4


def test_a_gap_that_is_halved_for_ever_is_refused_at_its_bound(book: Book) -> None:
    for _ in range(2):
        take(book)
    after, outcomes = 1, []
    for nth in range(4 * ORDER_LENGTH_MAX):
        # Each goes next to the last one put in, now after it and now before it: ever closer.
        ticket = take(book)
        decision = book.do(RequeueTicket(id=id(), ticket=ticket, place=AFTER, after=after))
        outcomes.append(decision)
        if isinstance(decision, Rejected):
            break
        if nth % 2 == 0:
            after += 1
    assert isinstance(outcomes[-1], Rejected)
    assert outcomes[-1].reason is Reason.BAD_VALUE
    assert len(outcomes) >= ORDER_LENGTH_MAX - 2
    assert all(len(ticket.order) <= ORDER_LENGTH_MAX for ticket in book.state.tickets.values())
    done(book, RequeueTicket(id=id(), ticket=ticket, place=FRONT))


# -- transfer ------------------------------------------------------------------------------------


@pytest.mark.parametrize("back", [False, True])
def test_a_transfer_to_a_service_keeps_number_and_time_unless_it_goes_behind(
    book: Book, back: bool
) -> None:
    begun = book.now
    mine = take(book, TAX)
    book.wait(minutes=3)
    other = take(book, VAT)
    call(book)
    command = TransferTicket(id=id(), counter=ONE, to_service=VAT, note="VAT first", back=back)
    done(book, command)
    ticket = book.state.tickets[mine]
    assert (ticket.number, ticket.service, ticket.note) == ("A001", VAT, "VAT first")
    assert ticket.waiting_since == (book.now if back else begun)
    assert book.state.waiting(TAX) == 0
    assert calls(book, TWO) == ([other, mine] if back else [mine, other])


def test_a_transfer_to_a_counter_is_called_there_alone(book: Book) -> None:
    done(book, OpenCounter(id=id(), counter=TWO))
    mine, other = take(book, TAX), take(book, VAT)
    done(book, TransferTicket(id=id(), ticket=mine, to_counter=TWO))
    assert book.state.waiting(TAX) == 0
    assert book.state.waiting_for(TWO) == 2
    command = CallTicket(id=id(), counter=ONE, ticket=mine)
    assert refused(book, command) is Reason.WRONG_COUNTER
    assert call(book, ONE) == other
    assert call(book, TWO) == mine
    assert book.state.tickets[mine].service == TAX


def test_what_waits_for_a_counter_alone_stays_there_when_it_is_held_or_sent_back(
    book: Book,
) -> None:
    done(book, OpenCounter(id=id(), counter=TWO))
    one, two = take(book), take(book)
    for ticket in (one, two):
        done(book, TransferTicket(id=id(), ticket=ticket, to_counter=TWO))
    done(book, RequeueTicket(id=id(), ticket=one, place=AFTER, after=1))
    done(book, HoldTicket(id=id(), ticket=two))
    done(book, ResumeTicket(id=id(), ticket=two))
    assert call(book, ONE) is None
    assert calls(book, TWO) == [two, one]


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ({}, Reason.BAD_VALUE),
        ({"to_service": "dog"}, Reason.UNKNOWN_SERVICE),
        ({"to_counter": "9"}, Reason.UNKNOWN_COUNTER),
        ({"to_counter": TWO}, Reason.COUNTER_CLOSED),
        ({"to_service": DESK}, Reason.NO_COUNTER),
    ],
)
def test_a_transfer_to_where_nobody_would_call_it_is_refused(where: Any, reason: Reason) -> None:
    book = three_counters({THREE: ()})
    ticket = take(book)
    assert refused(book, TransferTicket(id=id(), ticket=ticket, **where)) is reason


def test_a_service_that_no_counter_has_can_be_taken_and_ends_with_the_day() -> None:
    book = three_counters({THREE: ()})
    ticket = take(book, DESK)
    assert call(book, THREE) is None
    book.wait(days=1)
    expired, *_ = done(book, CallNext(id=id(), counter=THREE))
    assert expired.ticket == ticket


# -- counters that close -------------------------------------------------------------------------


def three_counters(more: dict[CounterId, tuple[ServiceId, ...]]) -> Book:
    spec = hall_spec()
    desk = Service(id=DESK, names={EN: "Desk"}, prefix="D")
    counters = {
        id: Counter(id=id, names={ZH: id}, services=services) for id, services in more.items()
    }
    return Book(
        hall_spec(services={**spec.services, DESK: desk}, counters={**spec.counters, **counters})
    )


@pytest.mark.parametrize("started", [False, True])
def test_closing_puts_what_the_counter_has_back_in_its_place(book: Book, started: bool) -> None:
    one, two, three = (take(book) for _ in range(3))
    call_given(book, two, TWO)
    since = book.state.tickets[two].waiting_since
    book.wait(minutes=2)
    if started:
        done(book, StartService(id=id(), counter=TWO))
    back, closed = done(book, CloseCounter(id=id(), counter=TWO))
    assert isinstance(back, TicketRequeued)
    assert isinstance(closed, CounterClosed)
    assert book.state.tickets[two].waiting_since == since
    assert calls(book, ONE) == [one, two, three]


def test_what_waits_for_a_closing_counter_alone_waits_for_its_service_in_order(
    book: Book,
) -> None:
    done(book, OpenCounter(id=id(), counter=TWO))
    one, two, three = (take(book) for _ in range(3))
    for ticket in (one, three):
        done(book, TransferTicket(id=id(), ticket=ticket, to_counter=TWO, note="asks for Li"))
    assert call(book, TWO) == one
    events = done(book, CloseCounter(id=id(), counter=TWO))
    assert [type(event) for event in events] == [
        TicketRequeued,
        TicketTransferred,
        TicketTransferred,
        CounterClosed,
    ]
    assert book.state.reserved == {}
    assert book.state.tickets[three].note == "asks for Li"
    assert calls(book, ONE) == [one, two, three]


def test_what_nobody_else_could_call_waits_for_its_counter_to_open_again() -> None:
    book = three_counters({THREE: ()})
    done(book, OpenCounter(id=id(), counter=THREE))
    ticket = take(book, DESK)
    done(book, TransferTicket(id=id(), ticket=ticket, to_counter=THREE))
    assert len(done(book, CloseCounter(id=id(), counter=THREE))) == 1
    assert book.state.waiting_for(THREE) == 1
    assert call(book, THREE) == ticket


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (lambda t: HoldTicket(id=id(), ticket=t), lambda t: ResumeTicket(id=id(), ticket=t)),
        (lambda t: HoldTicket(id=id(), ticket=t), lambda t: RequeueTicket(id=id(), ticket=t)),
        (lambda t: CancelTicket(id=id(), ticket=t), lambda t: ReactivateTicket(id=id(), ticket=t)),
    ],
    ids=["resume", "requeue", "reactivate"],
)
def test_who_comes_back_to_wait_for_a_counter_that_closed_waits_for_its_service(
    book: Book, before: Any, after: Any
) -> None:
    done(book, OpenCounter(id=id(), counter=TWO))
    ticket = take(book)
    done(book, TransferTicket(id=id(), ticket=ticket, to_counter=TWO))
    done(book, before(ticket))
    done(book, CloseCounter(id=id(), counter=TWO))
    done(book, after(ticket))
    assert book.state.tickets[ticket].reserved_for is None
    assert calls(book, ONE) == [ticket]


def test_who_waited_for_a_counter_that_the_hall_lost_can_be_sent_back(book: Book) -> None:
    done(book, OpenCounter(id=id(), counter=TWO))
    ticket = take(book)
    done(book, TransferTicket(id=id(), ticket=ticket, to_counter=TWO))
    counters = {ONE: book.state.spec.counters[ONE]}
    book.state = replace(book.state, spec=hall_spec(counters=counters))
    done(book, RequeueTicket(id=id(), ticket=ticket))
    assert calls(book, ONE) == [ticket]


# -- a given one ---------------------------------------------------------------------------------


def test_a_given_ticket_is_called_before_its_turn_and_ends_what_the_counter_has(
    book: Book,
) -> None:
    one, two, three = (take(book) for _ in range(3))
    assert call(book) == one
    finished, called = done(book, CallTicket(id=id(), counter=ONE, ticket=three))
    assert (finished.ticket, called.ticket) == (one, three)
    assert calls(book) == [two]


def test_a_ticket_at_a_counter_is_called_by_none(book: Book) -> None:
    ticket = take(book)
    call(book, ONE)
    for counter in (ONE, TWO):
        command = CallTicket(id=id(), counter=counter, ticket=ticket)
        assert refused(book, command) is Reason.TICKET_STATE
    assert book.state.post(ONE).ticket == ticket


def test_a_counter_does_not_call_a_service_that_it_has_not(book: Book) -> None:
    ticket = take(book, TAX)
    command = CallTicket(id=id(), counter=TWO, ticket=ticket)
    assert refused(book, command) is Reason.WRONG_COUNTER
