"""Event streams: nothing left out, nothing twice, whatever is slow; and the same over a socket."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from actors.hall.actor import StateRead
from actors.hall.state import HallState
from protocol.errors import StorageError
from protocol.events import CounterOpened, TicketTaken
from protocol.ids import (
    CommandId,
    CounterId,
    HallId,
    KioskId,
    Language,
    PersonId,
    ServiceId,
    TicketId,
)
from protocol.messages import (
    Alarm,
    AlarmsChanged,
    Announced,
    ClearAlarm,
    KioskChanged,
    RaiseAlarm,
    Recorded,
)
from protocol.tickets import Channel, TicketClass
from protocol.values import replace
from runtime.config.model import Role, Token
from runtime.http.auth import Pass, issue
from runtime.http.encoding import record_frame
from runtime.http.limits import Limits
from runtime.http.ports import HallPort
from runtime.http.request import HttpRequest
from runtime.http.streams import BATCH_MAX, RECENT_MAX, Hub, may_see
from tests.runtime.http.rig import HALL, PLENTY, Client, Serve, Served, hall_spec, request

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def record(seq: int) -> Recorded:
    event = CounterOpened(at=NOON, command=CommandId(f"c{seq}"), counter=CounterId("1"))
    return Recorded(seq=seq, event=event)


class Deaf:
    """A hall that says nothing by itself."""

    def tell(self, message: object) -> None:
        pass


class Events:
    """A journal of which a test says how much is durable."""

    def __init__(self) -> None:
        self.last = 0
        self.reads = 0
        self.broken = False

    def read(self, after: int, limit: int) -> Sequence[Recorded]:
        if self.broken:
            raise StorageError("the journal cannot be read")
        self.reads += 1
        return [record(seq) for seq in range(after + 1, min(self.last, after + limit) + 1)]


class Sink:
    """A request whose client takes as much as the test says; more pauses the stream, as a transport does."""

    address = "127.0.0.1"

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.room: int | None = None
        self.gone = False
        self.stream: Any = None

    def begin_stream(self, response: Any, producer: Any, lost: Any) -> None:
        self.stream = producer
        self._lost = lost

    def send(self, octets: bytes) -> None:
        self.written.append(octets)
        if self.room is not None:
            self.room -= 1
            if self.room <= 0:
                self.stream.pauseProducing()

    def cut(self) -> None:
        self.gone = True
        self._lost()

    def frames(self) -> list[tuple[str, Any]]:
        found = []
        for text in b"".join(self.written).decode().split("\n\n")[:-1]:
            fields = dict(line.split(": ", 1) for line in text.split("\n"))
            found.append((fields["event"], json.loads(fields["data"])))
        return found

    def seqs(self) -> list[int]:
        return [data["seq"] for name, data in self.frames() if name == "record"]


def viewer(role: Role, **narrowed: Any) -> Pass:
    return issue(Token(role=role, secret="s" * 16, **narrowed), "s" * 16)


class Rig:
    """A hub with a journal and a clock in the test's hand."""

    def __init__(self, limits: Limits = PLENTY) -> None:
        self.journal = Events()
        self.now_s = 0.0
        port = HallPort(
            spec=hall_spec(),
            hall=Deaf(),
            journal=cast(Any, self.journal),
            scan_url=lambda ticket: "",
        )
        self.hub = Hub(port, limits, lambda: self.now_s)

    def begin(self, seq: int) -> None:
        self.journal.last = seq
        self.hub.tell(StateRead(state=HallState(spec=hall_spec(), seq=seq)))

    def publish(self, count: int = 1) -> None:
        """Make events durable and tell the hub."""
        for _ in range(count):
            self.journal.last = max(self.journal.last, (self.hub.last or 0) + 1)
            self.hub.tell(record((self.hub.last or 0) + 1))

    def open(self, after: int | None = None, role: Role = Role.MANAGER, **narrowed: Any) -> Sink:
        sink = Sink()
        self.hub.open(cast(HttpRequest, sink), viewer(role, **narrowed), after)
        return sink


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    rig.begin(10)
    return rig


def test_new_stream_gets_what_comes_from_now_on(rig: Rig) -> None:
    sink = rig.open()
    rig.publish(2)
    assert sink.seqs() == [11, 12]


def test_resumed_stream_gets_what_it_lacks_and_then_what_comes(rig: Rig) -> None:
    sink = rig.open(after=7)
    rig.publish()
    assert sink.seqs() == [8, 9, 10, 11]


def test_recent_events_are_not_read_from_the_journal(rig: Rig) -> None:
    rig.open()
    rig.publish(20)
    reads = rig.journal.reads
    assert rig.open(after=10).seqs() == list(range(11, 31))
    assert rig.journal.reads == reads


def test_what_happened_while_nobody_listened_is_read_from_the_journal(rig: Rig) -> None:
    first = rig.open()
    rig.publish(2)
    first.cut()
    rig.publish(2)
    again = rig.open(after=11)
    rig.publish()
    assert again.seqs() == [12, 13, 14, 15]


def test_long_absence_is_read_from_the_journal_in_batches(rig: Rig) -> None:
    rig.open()
    rig.publish(RECENT_MAX + 3 * BATCH_MAX)
    last = rig.hub.last
    assert last is not None
    assert rig.open(after=5).seqs() == list(range(6, last + 1))


def test_stream_too_far_behind_is_told_to_begin_anew() -> None:
    rig = Rig(replace(PLENTY, replay_events_max=100))
    rig.begin(200)
    assert rig.open(after=100).seqs() == list(range(101, 201))
    sink = rig.open(after=99)
    rig.publish()
    assert sink.frames()[0] == ("reset", {"seq": 200})
    assert sink.seqs() == [201]


def test_stream_ahead_of_the_journal_is_told_to_begin_anew(rig: Rig) -> None:
    sink = rig.open(after=4711)
    rig.publish()
    assert sink.frames()[0] == ("reset", {"seq": 10})
    assert sink.seqs() == [11]


def test_stream_that_read_ahead_of_what_was_published_gets_nothing_twice(rig: Rig) -> None:
    rig.journal.last = 12  # durable, and its hall is about to say so
    early = rig.open(after=9)
    ahead = rig.open(after=12)
    assert ahead.frames() == []
    rig.publish(3)
    assert early.seqs() == [10, 11, 12, 13]
    assert ahead.seqs() == [13]


def test_event_that_was_not_published_is_found_in_the_journal(rig: Rig) -> None:
    sink = rig.open()
    rig.journal.last = 13
    rig.hub.tell(record(13))
    rig.hub.tell(record(12))
    assert sink.seqs() == [11, 12, 13]


def test_slow_stream_is_not_written_to_until_its_client_takes_more(rig: Rig) -> None:
    sink = rig.open()
    sink.room = 2
    rig.publish(50)
    assert sink.seqs() == [11, 12]
    sink.room = None
    sink.stream.resumeProducing()
    assert sink.seqs() == list(range(11, 61))


def test_stream_whose_client_takes_nothing_is_cut() -> None:
    rig = Rig(replace(PLENTY, stall_s=30.0, heartbeat_s=1e9))
    rig.begin(0)
    slow, well = rig.open(), rig.open()
    slow.stream.pauseProducing()
    rig.hub.sweep(29.0)
    assert not slow.gone
    rig.hub.sweep(31.0)
    assert slow.gone
    assert not well.gone
    assert len(rig.hub) == 1


def test_heartbeats_are_sent_when_due() -> None:
    rig = Rig(replace(PLENTY, heartbeat_s=15.0))
    rig.begin(0)
    sink = rig.open()
    for now_s in (10.0, 16.0, 20.0, 32.0):
        rig.hub.sweep(now_s)
    assert [name for name, _ in sink.frames()] == ["heartbeat", "heartbeat"]


def test_journal_that_cannot_be_read_cuts_the_stream_and_not_the_hub(rig: Rig) -> None:
    well = rig.open()
    rig.journal.broken = True
    assert rig.open(after=5).gone
    rig.publish()
    assert well.seqs() == [11]


def test_one_encoding_serves_all(rig: Rig) -> None:
    one, other = rig.open(), rig.open()
    rig.publish()
    assert one.written[-1] is other.written[-1]


def test_command_ids_stay_between_sender_and_hall(rig: Rig) -> None:
    sink = rig.open(after=9)
    assert b"command" not in b"".join(sink.written)
    assert sink.frames()[0] == (
        "record",
        {
            "seq": 10,
            "type": "CounterOpened",
            "at": "2026-11-23T04:00:00Z",
            "counter": "1",
            "staff": None,
        },
    )


def test_whoever_listens_does_not_learn_who_a_customer_is() -> None:
    taken = TicketTaken(
        at=NOON,
        command=CommandId("c"),
        ticket=TicketId("t"),
        service=ServiceId("tax"),
        number="A001",
        serial=1,
        language=Language("zh"),
        ticket_class=TicketClass.NORMAL,
        channel=Channel.WEB,
        kiosk=None,
        ahead=0,
        person=PersonId("digest"),
    )
    frame = record_frame(Recorded(seq=1, event=taken))
    assert b'"number":"A001"' in frame
    assert b"digest" not in frame


ALARMS = AlarmsChanged(alarms=(Alarm(alarm="printer/k1", detail="paper out", since=NOON),))
KIOSK = KioskChanged(kiosk=KioskId("k1"), unprinted=(TicketId("t"),), failure="paper out")
CALL = Announced(
    hall=HallId("HZ01"), number="A1", counter=CounterId("1"), announcement=1, duration_s=5.0
)


@pytest.mark.parametrize(
    ("role", "narrowed", "seen"),
    [
        (Role.MANAGER, {}, ["alarms", "announcement", "kiosk"]),
        (Role.COUNTER, {}, ["alarms", "announcement"]),
        (Role.DISPLAY, {}, ["announcement"]),
        (Role.KIOSK, {}, ["announcement", "kiosk"]),
        (Role.KIOSK, {"kiosk": KioskId("k1")}, ["announcement", "kiosk"]),
        (Role.KIOSK, {"kiosk": KioskId("k2")}, ["announcement"]),
    ],
)
def test_each_role_sees_what_it_may(
    rig: Rig, role: Role, narrowed: dict[str, Any], seen: list[str]
) -> None:
    sink = rig.open(role=role, **narrowed)
    for message in (ALARMS, CALL, KIOSK):
        rig.hub.tell(message)
    assert [name for name, _ in sink.frames()] == seen
    assert may_see(viewer(Role.MANAGER), ALARMS)


def test_present_state_is_sent_to_those_who_come_and_announcements_are_not(rig: Rig) -> None:
    for message in (ALARMS, CALL, replace(KIOSK, failure=None), KIOSK):
        rig.hub.tell(message)
    assert rig.open().frames() == [
        ("alarms", {"alarms": [{"alarm": "printer/k1", "detail": "paper out", "since": NOW}]}),
        ("kiosk", {"kiosk": "k1", "unprinted": ["t"], "failure": "paper out"}),
    ]


NOW = "2026-11-23T04:00:00Z"


def test_state_that_changed_while_a_client_was_slow_is_sent_when_it_takes_more(rig: Rig) -> None:
    sink = rig.open()
    sink.stream.pauseProducing()
    rig.hub.tell(ALARMS)
    assert sink.frames() == []
    sink.stream.resumeProducing()
    assert [name for name, _ in sink.frames()] == ["alarms"]


def test_message_that_is_not_understood_harms_nobody(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.hub.tell(object())
    assert "not understood" in caplog.text


class AnyInterleaving(RuleBasedStateMachine):
    """Streams come, go, pause and resume while events become durable and, later, are published."""

    @initialize(durable=st.integers(0, 5))
    def begin(self, durable: int) -> None:
        self.rig = Rig()
        self.rig.begin(durable)
        self.begun: list[tuple[Sink, int]] = []

    @rule(count=st.integers(1, 4))
    def become_durable(self, count: int) -> None:
        self.rig.journal.last += count

    @rule(count=st.integers(1, 4))
    def publish(self, count: int) -> None:
        for _ in range(count):
            if (self.rig.hub.last or 0) < self.rig.journal.last:
                self.rig.hub.tell(record((self.rig.hub.last or 0) + 1))

    @rule(missed=st.integers(1, 3))
    def publish_with_a_gap(self, missed: int) -> None:
        seq = (self.rig.hub.last or 0) + 1 + missed
        if seq <= self.rig.journal.last:
            self.rig.hub.tell(record(seq))

    @rule(back=st.integers(0, 6), room=st.none() | st.integers(1, 3))
    def open(self, back: int, room: int | None) -> None:
        after = max(0, (self.rig.hub.last or 0) - back)
        sink = Sink()
        sink.room = room
        self.rig.hub.open(cast(HttpRequest, sink), viewer(Role.MANAGER), after)
        self.begun.append((sink, after))

    @rule(data=st.data(), room=st.none() | st.integers(1, 3))
    def take_more(self, data: st.DataObject, room: int | None) -> None:
        paused = [sink for sink, _ in self.begun if sink.stream.paused_since is not None]
        if paused:
            sink = data.draw(st.sampled_from(paused))
            sink.room = room
            sink.stream.resumeProducing()

    @invariant()
    def every_stream_is_without_gap_and_duplicate(self) -> None:
        for sink, after in getattr(self, "begun", ()):
            seqs = sink.seqs()
            assert seqs == list(range(after + 1, after + 1 + len(seqs)))
            if sink.stream.paused_since is None:
                assert sink.stream.last >= (self.rig.hub.last or 0)


AnyInterleaving.TestCase.settings = settings(max_examples=150, stateful_step_count=30)
TestAnyInterleaving = AnyInterleaving.TestCase


# -- over a socket ---------------------------------------------------------------------------------


def _seqs(client: Client, count: int) -> list[int | None]:
    return [seq for seq, _ in client.events("record", count)]


def test_page_follows_the_hall_from_its_snapshot(hall: Served) -> None:
    hall.take()
    seq = hall.ask("GET", HALL).json["seq"]
    hall.take()
    client = hall.stream(f"?after={seq}", token="display")
    hall.take()
    found = client.events("record", 2)
    assert [(at, data["type"], data["number"]) for at, data in found] == [
        (seq + 1, "TicketTaken", "A002"),
        (seq + 2, "TicketTaken", "A003"),
    ]


def test_lost_connection_resumes_behind_the_last_event(hall: Served) -> None:
    first = hall.stream()
    hall.take()
    ((seq, _),) = first.events("record", 1)
    first.close()
    for _ in range(3):
        hall.take()
    again = hall.stream("?after=0", headers={"Last-Event-ID": str(seq)})
    assert seq is not None
    assert _seqs(again, 3) == [seq + 1, seq + 2, seq + 3]


def test_calls_are_announced(hall: Served) -> None:
    hall.take()
    client = hall.stream(token="display")
    hall.ask("POST", f"{HALL}/counters/2/next")
    ((_, call),) = client.events("announcement", 1)
    assert (call["number"], call["counter"]) == ("A001", "2")


def test_alarms_are_streamed_and_listed(hall: Served) -> None:
    client = hall.stream(token="counter")
    assert client.events("alarms", 1) == [(None, {"alarms": []})]
    hall.call(hall.alarms.tell, RaiseAlarm(alarm="window/1", detail="silent"))
    ((_, told),) = client.events("alarms", 1)
    assert [alarm["alarm"] for alarm in told["alarms"]] == ["window/1"]
    assert hall.ask("GET", f"{HALL}/alarms").json == told
    hall.call(hall.alarms.tell, ClearAlarm(alarm="window/1"))
    assert client.events("alarms", 1) == [(None, {"alarms": []})]


@pytest.mark.parametrize("given", ["x", "-1", "1.5", "9" * 16, "²"])
def test_place_that_is_no_number_is_refused(hall: Served, given: str) -> None:
    answer = hall.ask("GET", f"{HALL}/events", headers={"Last-Event-ID": given})
    assert (answer.status, answer.problem) == (400, "malformed-request")


def test_head_of_a_stream_ends_at_once(hall: Served) -> None:
    client = hall.client()
    client.send(request("HEAD", f"{HALL}/events"))
    status, headers = client.head()
    assert (status, headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert client.ask("GET", HALL).status == 200
    assert hall.call(lambda: len(hall.hub)) == 0


@pytest.mark.parametrize("bounds", [{"streams_max": 2}, {"streams_each_max": 2}])
def test_streams_beyond_the_bound_are_refused(serve: Serve, bounds: dict[str, int]) -> None:
    hall = serve(replace(PLENTY, **bounds))
    streams = [hall.stream() for _ in range(2)]
    answer = hall.ask("GET", f"{HALL}/events")
    assert (answer.status, answer.problem) == (503, "too-many-streams")
    streams[0].close()
    deadline = time.monotonic() + 10
    while hall.call(lambda: len(hall.hub)) > 1:
        assert time.monotonic() < deadline
    hall.stream()


def test_client_that_reads_late_gets_everything_in_bounded_memory(hall: Served) -> None:
    client = hall.client(receive_buffer=4096)
    client.send(request("GET", f"{HALL}/events?after=0"))
    assert client.head()[0] == 200
    (stream,) = hall.call(lambda: list(hall.hub._streams))
    transport = stream.request.channel.transport
    # The system would take megabytes otherwise.
    hall.call(transport.socket.setsockopt, socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    count = 2_000
    steps = [request("POST", f"{HALL}/counters/1/{step}") for step in ("open", "close")]
    busy = hall.client()
    for _ in range(count // 200):
        busy.send(b"".join(steps * 100))
        assert {busy.answer().status for _ in range(200)} == {200}
    assert stream.paused_since is not None
    assert hall.call(lambda: len(transport.dataBuffer) + transport._tempDataLen) < 100_000
    last = hall.ask("GET", HALL).json["seq"]
    assert last >= count
    assert _seqs(client, last) == list(range(1, last + 1))
