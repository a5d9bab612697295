"""Streams of single tickets: what changed is sent to whom it concerns, at once or soon, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from actors.hall.actor import ReadState, StateRead
from actors.hall.state import HallState
from protocol.events import CounterOpened
from protocol.ids import CommandId, CounterId, TicketId
from protocol.messages import Recorded, Subscribe
from protocol.values import replace
from runtime.http import ticket_streams
from runtime.http.limits import Limits
from runtime.http.ports import HallPort
from runtime.http.request import HttpRequest
from runtime.http.ticket_streams import ASK_AGAIN_S, GONE, LOOK_S, SLICE, TicketStreams
from runtime.http.ticket_views import Standing
from tests.runtime.http.rig import HALL, PLENTY, TICKETS, Client, Serve, Served, hall_spec, request

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
HEARTBEAT = b"event: heartbeat\ndata: {}\n\n"


class TicketEvent:
    """Something that happened to a ticket."""

    def __init__(self, ticket: str) -> None:
        self.ticket = TicketId(ticket)


class Hall:
    """Answers when the test says so; ``standings`` are what is known of its tickets."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.listeners: list[Any] = []
        self.standings: dict[str, Standing] = {}

    def tell(self, message: object) -> None:
        if isinstance(message, Subscribe):
            self.listeners.append(message.recipient)
        else:
            assert isinstance(message, ReadState)
            self.asked.append(message.reply_to)

    def answer(self) -> int:
        """Answer all who asked; return how many did."""
        asked, self.asked = self.asked, []
        # The state of the moment: what `standing_of` says of it is put in its place.
        state = cast(HallState, dict(self.standings))
        for reply_to in asked:
            reply_to.tell(StateRead(state=state))
        return len(asked)


class Phone:
    """A request whose stream is kept."""

    def __init__(self, address: str = "10.0.0.1") -> None:
        self.address = address
        self.gone = False
        self.ended = False
        self.sent: list[bytes] = []
        self.stream: Any = None

    def begin_stream(self, response: Any, producer: Any, lost: Callable[[], None]) -> None:
        self.stream, self.lost = producer, lost
        self.begun = response.body

    def send(self, octets: bytes) -> None:
        self.sent.append(octets)

    def end(self) -> None:
        self.ended = True

    def cut(self) -> None:
        self.gone = True
        self.lost()

    def ahead(self) -> list[int]:
        """Return what was sent of how many are ahead, and forget it."""
        sent, self.sent = self.sent, []
        return [int(frame.split(b'"ahead":')[1].split(b",")[0]) for frame in sent]


class Rig:
    """The streams of a hall, and a clock that goes when it is told to."""

    def __init__(self, limits: Limits = PLENTY) -> None:
        self.now_s = 100.0
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.hall = Hall()
        port = HallPort(
            spec=hall_spec(), hall=self.hall, journal=cast(Any, None), scan_url=lambda _: ""
        )
        self.streams = TicketStreams(port, limits, lambda: self.now_s, self._later)
        self.streams.start()

    def _later(self, delay_s: float, call: Callable[[], None]) -> None:
        self.timers.append((self.now_s + delay_s, call))

    def run(self, for_s: float = 0.0) -> int:
        """Let time pass; return how many timers came due, those that others set included."""
        until_s, count = self.now_s + for_s, 0
        while due := [timer for timer in self.timers if timer[0] <= until_s]:
            timer = min(due, key=lambda timer: timer[0])
            self.timers.remove(timer)
            self.now_s = max(self.now_s, timer[0])
            timer[1]()
            count += 1
        self.now_s = until_s
        return count

    def stand(self, ticket: str, ahead: int, state: str = "waiting", recalls: int = 0) -> None:
        counter = None if state == "waiting" else CounterId("1")
        self.hall.standings[ticket] = Standing(cast(Any, state), ahead, counter, recalls)

    def open(self, ticket: str, address: str = "10.0.0.1") -> Phone:
        phone = Phone(address)
        state = cast(HallState, dict(self.hall.standings))
        self.streams.open(cast(HttpRequest, phone), TicketId(ticket), state)
        return phone

    def happen(self, ticket: str | None = None) -> None:
        opened = CounterOpened(at=NOON, command=CommandId("c"), counter=CounterId("1"))
        event: Any = opened if ticket is None else TicketEvent(ticket)
        self.streams.tell(Recorded(seq=1, event=event))


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Rig:
    monkeypatch.setattr(ticket_streams, "standing_of", lambda state, id: state.get(id))
    return Rig()


def test_stream_begins_with_how_it_stands(rig: Rig) -> None:
    rig.stand("A003", 2)
    phone = rig.open("A003")
    assert phone.sent == [
        b'event: ticket\ndata: {"state":"waiting","ahead":2,"counter":null,"recalls":0}\n\n'
    ]
    assert phone.begun.startswith(b"retry: ")
    assert not rig.hall.asked


def test_what_happens_to_a_ticket_is_sent_at_once_to_its_phones_alone(rig: Rig) -> None:
    for ticket, ahead in (("A001", 0), ("A002", 1)):
        rig.stand(ticket, ahead)
    called, same, other = rig.open("A001"), rig.open("A001"), rig.open("A002")
    for phone in (called, same, other):
        phone.sent.clear()
    rig.stand("A001", 0, "called")
    rig.happen("A001")
    assert rig.hall.answer() == 1
    expected = b'event: ticket\ndata: {"state":"called","ahead":0,"counter":"1","recalls":0}\n\n'
    assert (called.sent, same.sent, other.sent) == ([expected], [expected], [])
    rig.stand("A001", 0, "called", recalls=1)
    rig.happen("A001")
    rig.hall.answer()
    assert b'"recalls":1' in called.sent[-1]


def test_others_are_looked_at_together_and_sent_what_changed_alone(rig: Rig) -> None:
    for ticket, ahead in (("A001", 0), ("A002", 1), ("B001", 0)):
        rig.stand(ticket, ahead)
    second, elsewhere = rig.open("A002"), rig.open("B001")
    second.ahead(), elsewhere.ahead()
    rig.run(LOOK_S)
    rig.stand("A002", 0)
    rig.happen("A001")
    rig.happen()
    rig.run()
    assert rig.hall.answer() == 1
    assert (second.ahead(), elsewhere.ahead()) == ([0], [])


def test_all_are_looked_at_so_often_and_no_more(rig: Rig) -> None:
    rig.stand("A900", 100)
    phone = rig.open("A900")
    phone.ahead()
    asked = 0
    for ahead in range(99, -1, -1):  # 10 s with ten events a second
        rig.stand("A900", ahead)
        rig.happen()
        rig.run(0.1)
        asked += rig.hall.answer()
    rig.run(LOOK_S)
    asked += rig.hall.answer()
    seen = phone.ahead()
    assert asked <= 10 / LOOK_S + 2
    assert len(seen) == asked
    assert seen[-1] == 0
    assert seen == sorted(seen, reverse=True)
    # Nothing happens any more, so nothing is asked.
    rig.run(60.0)
    assert rig.hall.answer() == 0


def test_newer_news_is_not_overtaken_by_a_look_at_all_that_began_before(rig: Rig) -> None:
    tickets = [f"A{number:04}" for number in range(SLICE + 10)]
    for ahead, ticket in enumerate(tickets):
        rig.stand(ticket, ahead)
    last = rig.open(tickets[-1])
    for ticket in tickets:
        rig.open(ticket)
    # The last of them is looked at last.
    rig.streams._by_ticket[TicketId(tickets[-1])] = rig.streams._by_ticket.pop(
        TicketId(tickets[-1])
    )
    last.sent.clear()
    rig.happen()
    (_, look_at_all), rig.timers = rig.timers[0], []
    look_at_all()
    rig.hall.answer()  # the first slice is looked at, the rest waits
    rig.stand(tickets[-1], 0, "called")
    rig.happen(tickets[-1])
    rig.hall.answer()
    assert b'"state":"called"' in last.sent[-1]
    count = len(last.sent)
    rig.run()
    assert len(last.sent) == count


def test_thousands_are_looked_at_some_at_a_time(rig: Rig) -> None:
    tickets = [f"A{number:04}" for number in range(3 * SLICE)]
    for ticket in tickets:
        rig.stand(ticket, 1)
    phones = [rig.open(ticket) for ticket in tickets]
    for ticket, phone in zip(tickets, phones, strict=True):
        phone.ahead()
        rig.stand(ticket, 0)
    rig.happen()
    rig.run()
    rig.hall.answer()
    assert sum(bool(phone.sent) for phone in phones) == SLICE
    assert rig.run() == 3
    assert all(phone.ahead() == [0] for phone in phones)


def test_phone_that_takes_nothing_gets_the_newest_when_it_does(rig: Rig) -> None:
    rig.stand("A009", 8)
    phone = rig.open("A009")
    phone.ahead()
    phone.stream.pauseProducing()
    for ahead in (7, 6, 5):
        rig.stand("A009", ahead)
        rig.happen("A009")
        rig.hall.answer()
    assert phone.sent == []
    phone.stream.resumeProducing()
    rig.hall.answer()
    assert phone.ahead() == [5]


def test_stalled_phone_is_cut_and_forgotten(rig: Rig) -> None:
    rig.stand("A009", 8)
    phone = rig.open("A009")
    phone.stream.pauseProducing()
    rig.streams.sweep(rig.now_s + PLENTY.stall_s - 1)
    assert not phone.gone
    rig.streams.sweep(rig.now_s + PLENTY.stall_s + 1)
    assert phone.gone
    assert len(rig.streams) == 0
    rig.happen("A009")
    assert not rig.hall.asked


def test_heartbeat_is_sent_where_nothing_else_was(rig: Rig) -> None:
    rig.stand("A001", 0)
    rig.stand("A002", 1)
    quiet, told = rig.open("A001"), rig.open("A002")
    rig.now_s += PLENTY.heartbeat_s - 1
    rig.stand("A002", 0)
    rig.happen("A002")
    rig.hall.answer()
    rig.now_s += 1
    quiet.sent.clear(), told.sent.clear()
    rig.streams.sweep(rig.now_s)
    assert (quiet.sent, told.sent) == ([HEARTBEAT], [])
    rig.streams.sweep(rig.now_s + 1)
    assert quiet.sent == [HEARTBEAT]


def test_ticket_of_another_day_is_gone(rig: Rig) -> None:
    rig.stand("A001", 0)
    phone, other = rig.open("A001"), rig.open("A001")
    phone.sent.clear()
    rig.run(LOOK_S)
    rig.hall.standings.clear()
    rig.happen()
    rig.run()
    rig.hall.answer()
    assert phone.sent == [GONE]
    assert phone.ended
    assert other.ended
    assert len(rig.streams) == 0
    phone.lost()
    assert len(rig.streams) == 0


def test_hall_that_starts_again_is_asked_again(rig: Rig) -> None:
    rig.stand("A001", 3)
    phone = rig.open("A001")
    phone.ahead()
    rig.happen("A001")
    rig.hall.asked.clear()  # it was lost with the hall
    rig.stand("A001", 2)
    rig.happen("A001")
    assert not rig.hall.asked
    rig.now_s += ASK_AGAIN_S + 0.1
    rig.streams.sweep(rig.now_s)
    rig.hall.answer()
    assert phone.ahead() == [2]


def test_streams_are_bounded_in_all_and_for_each_address(rig: Rig) -> None:
    bounded = Rig(replace(PLENTY, ticket_streams_max=5, ticket_streams_each_max=3))
    bounded.stand("A001", 0)

    def refused(address: str) -> bool:
        return bounded.streams.refusal(cast(HttpRequest, Phone(address))) is not None

    phones = [bounded.open("A001") for _ in range(3)]
    assert refused("10.0.0.1")
    assert not refused("10.0.0.2")
    for _ in range(2):
        bounded.open("A001", "10.0.0.2")
    assert refused("10.0.0.3")
    phones[0].lost()
    assert not refused("10.0.0.1")


def test_hall_without_phones_is_asked_nothing(rig: Rig) -> None:
    rig.happen("A001")
    rig.happen()
    rig.run(60.0)
    assert not rig.hall.asked


# -- whatever happens in whatever order ----------------------------------------------------------

TICKETS_OF_ALL = [f"A{number:03}" for number in range(6)]
ANY_TICKET = st.sampled_from(TICKETS_OF_ALL)


class Streaming(RuleBasedStateMachine):
    """Phones come, go and stall, the queue moves, the hall is slow or starts again."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(ticket_streams, "standing_of", lambda state, id: state.get(id))
        self.patch.setattr(ticket_streams, "SLICE", 2)
        self.rig = Rig()
        self.phones: list[tuple[str, Phone]] = []
        self.ahead = 100
        for ticket in TICKETS_OF_ALL:
            self.rig.stand(ticket, self.ahead)

    @rule(ticket=ANY_TICKET)
    def come(self, ticket: str) -> None:
        self.phones.append((ticket, self.rig.open(ticket)))

    @precondition(lambda self: self.phones)
    @rule(data=st.data())
    def go(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.phones))
        self.phones.remove(one)
        one[1].lost()

    @precondition(lambda self: self.phones)
    @rule(data=st.data(), stalls=st.booleans())
    def stall_or_go_on(self, data: st.DataObject, stalls: bool) -> None:
        _, phone = data.draw(st.sampled_from(self.phones))
        if stalls:
            phone.stream.pauseProducing()
        else:
            phone.stream.resumeProducing()

    @rule(ticket=ANY_TICKET, itself=st.booleans())
    def move(self, ticket: str, itself: bool) -> None:
        """Something happens to a ticket, or to others and so to its place."""
        self.ahead -= 1
        self.rig.stand(ticket, self.ahead, "called" if itself else "waiting")
        self.rig.happen(ticket if itself else None)

    @rule()
    def answer(self) -> None:
        self.rig.hall.answer()

    @rule()
    def start_again(self) -> None:
        """What the hall was asked is lost."""
        self.rig.hall.asked.clear()

    @rule(for_s=st.floats(0.0, 1.0))
    def wait(self, for_s: float) -> None:
        self.rig.run(for_s)

    @invariant()
    def every_stream_is_known(self) -> None:
        assert len(self.rig.streams) == len(self.phones)

    def teardown(self) -> None:
        rig = self.rig
        for _ in range(3):
            rig.now_s += ASK_AGAIN_S + 0.1
            rig.streams.sweep(rig.now_s)
            while rig.hall.answer() or rig.run(LOOK_S):
                pass
        for ticket, phone in self.phones:
            if phone.stream.paused_since is None:
                assert phone.stream.shown == ticket_streams._frame(rig.hall.standings[ticket])
        self.patch.undo()


TestStreaming = Streaming.TestCase
TestStreaming.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


# -- over a socket -------------------------------------------------------------------------------


def stream(hall: Served, ticket: str) -> Client:
    client = hall.client()
    client.send(request("GET", f"{TICKETS}/{ticket}/events", token=None))
    status, headers = client.head()
    assert status == 200, headers
    assert headers["content-type"].startswith("text/event-stream")
    return client


def step(hall: Served, path: str) -> None:
    answer = hall.ask("POST", f"{HALL}/{path}", {})
    assert answer.status == 200, answer


def test_phone_sees_the_queue_move_until_its_number_is_called(serve: Serve) -> None:
    hall = serve()
    first, second = hall.take()["id"], hall.take()["id"]
    client = stream(hall, second)
    event = {"state": "waiting", "ahead": 1, "counter": None, "recalls": 0}
    assert client.event() == ("ticket", None, event)
    step(hall, "counters/1/open")
    step(hall, "counters/1/next")
    assert client.event()[2] == {**event, "ahead": 0}
    step(hall, f"tickets/{first}/cancel")
    step(hall, "counters/1/next")
    assert client.event()[2] == {**event, "ahead": 0, "state": "called", "counter": "1"}
    step(hall, f"tickets/{second}/start")
    assert client.event()[2]["state"] == "serving"


def test_stream_of_no_ticket_is_refused(hall: Served) -> None:
    answer = hall.ask("GET", f"{TICKETS}/20000101-A001/events", token=None)
    assert answer.problem == "unknown-ticket"


def test_head_of_a_stream_opens_none(hall: Served) -> None:
    ticket = hall.take()["id"]
    client = hall.client()
    client.send(request("HEAD", f"{TICKETS}/{ticket}/events", token=None))
    assert client.head()[0] == 200
    assert len(hall.call(lambda: hall.service._desks[hall.spec.id].ticket_streams)) == 0


def test_more_streams_than_the_bound_are_refused_and_staffs_are_not(serve: Serve) -> None:
    hall = serve(replace(PLENTY, ticket_streams_max=1, streams_max=1))
    ticket = hall.take()["id"]
    client = stream(hall, ticket)
    assert hall.ask("GET", f"{TICKETS}/{ticket}/events", token=None).problem == "too-many-streams"
    hall.stream()
    client.close()
    streams = hall.call(lambda: hall.service._desks[hall.spec.id].ticket_streams)
    hall.wait_until(lambda: not len(streams))
    stream(hall, ticket)


def test_paper_code_shows_the_address_with_it(hall: Served) -> None:
    ticket = hall.take()
    path = f"{TICKETS}/{ticket['id']}"
    code = ticket["scan_url"].partition("?c=")[2]
    assert hall.ask("GET", f"{path}?c={code}", token=None).json["scan_url"] == ticket["scan_url"]
    for wrong in ("", "?c=", "?c=AAAAAAAAAAA"):
        shown = hall.ask("GET", path + wrong, token=None).json["scan_url"]
        assert shown == ticket["scan_url"].partition("?")[0]
