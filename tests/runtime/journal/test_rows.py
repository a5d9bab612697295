"""Events as rows: nothing is lost on the way, and nothing can change unseen."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.event_rows import (
    EVENT_KINDS,
    Row,
    RowError,
    decode_row,
    digest_after,
    encode_row,
    first_digest,
    instant,
)
from protocol.events import CounterOpened
from protocol.ids import CommandId, CounterId, HallId
from protocol.messages import Recorded
from protocol.values import replace
from runtime.journal.file import FORMAT

FIRST = first_digest(HallId("HZ01"))

# What a row can hold: JSON of 64 bits, no figures that are no numbers.
st.register_type_strategy(int, st.integers(-(2**63), 2**63 - 1))
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
st.register_type_strategy(datetime, st.datetimes(timezones=st.just(UTC)))


def built(kind: type) -> st.SearchStrategy[Any]:
    """Any event of a class, by the types of its fields."""
    return st.builds(kind, **{f.name: st.from_type(f.type) for f in attrs.fields(kind)})


EVENTS = st.one_of([built(kind) for kind in EVENT_KINDS.values()])
RECORDS = st.builds(Recorded, seq=st.integers(1, 2**62), event=EVENTS)

FIELDS = {
    "DayBegun": "at command day ends_at",
    "TicketTaken": "at command ticket service number serial language ticket_class channel kiosk ahead"
    " person party then visit_order estimate late due_at follower",
    "TicketCalled": "at command ticket number service counter choice waited_s estimate silent",
    "TicketRecalled": "at command ticket number counter times silent",
    "TicketHeld": "at command ticket counter note",
    "TicketResumed": "at command ticket",
    "TicketRequeued": "at command ticket counter order",
    "TicketTransferred": "at command ticket counter service to_counter order note",
    "TicketReactivated": "at command ticket order",
    "ServiceStarted": "at command ticket counter",
    "ServiceFinished": "at command ticket counter invited",
    "VisitContinued": "at command ticket service then estimate",
    "EvaluationInvited": "at command ticket counter service",
    "ServiceEvaluated": "at command ticket service counter staff level reasons text device",
    "TicketNoShow": "at command ticket counter",
    "TicketCancelled": "at command ticket counter reason",
    "TicketExpired": "at command ticket counter",
    "CounterOpened": "at command counter staff",
    "CounterPaused": "at command counter reason",
    "CounterClosed": "at command counter",
    "TicketPrinted": "at command ticket kiosk",
    "TicketPrintFailed": "at command ticket kiosk failure",
    "ReprintRequested": "at command ticket kiosk",
    "AppointmentBooked": "at command booking service starts_at ends_at check_in_from check_in_until"
    " lapses_at language person party holder",
    "AppointmentConfirmed": "at command booking",
    "AppointmentMoved": "at command booking starts_at ends_at check_in_from check_in_until lapses_at reason",
    "AppointmentCancelled": "at command booking",
    "AppointmentLapsed": "at command booking",
    "AppointmentRevoked": "at command booking reason",
    "AppointmentMissed": "at command booking",
    "CustomerCheckedIn": "at command booking ticket",
    "PersonBanned": "at command person until",
    "BanLifted": "at command person until",
    "ClosureAdded": "at command closure service first last reason end_waiting left",
    "ClosureSettled": "at command closure",
    "ClosureRemoved": "at command closure",
    "TicketFollowed": "at command ticket follower silent",
    "TicketUnfollowed": "at command ticket",
    "PushDue": "at command push ticket number service language kind follower ahead counter silent",
    "PushEnded": "at command push ticket outcome detail",
    "CallVoiced": "at command ticket number counter",
}


@given(RECORDS)
def test_every_event_comes_back_as_it_was(recorded: Recorded) -> None:
    assert decode_row(encode_row(recorded, FIRST)) == recorded


@given(RECORDS)
def test_row_survives_sqlite_unchanged(recorded: Recorded) -> None:
    row = encode_row(recorded, FIRST)
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE TABLE event (seq, at TEXT, kind TEXT, command TEXT, body TEXT, digest)"
    )
    connection.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)", row)
    (fetched,) = connection.execute("SELECT * FROM event").fetchall()
    connection.close()
    assert Row._make(fetched) == row


def test_fields_of_events_are_those_of_this_format() -> None:
    now = {name: " ".join(f.name for f in attrs.fields(kind)) for name, kind in EVENT_KINDS.items()}
    assert now == FIELDS, (
        "an event changed: raise FORMAT in runtime/journal/file.py, then this table"
    )
    assert FORMAT == 5


@given(RECORDS, st.data())
def test_any_change_of_a_column_shows_in_the_digest(
    recorded: Recorded, data: st.DataObject
) -> None:
    row = encode_row(recorded, FIRST)
    column = data.draw(st.sampled_from(["seq", "at", "kind", "command", "body"]))
    others = st.integers() if column == "seq" else st.text()
    changed: Any = data.draw(others.filter(lambda other: other != getattr(row, column)))
    assert digest_after(FIRST, row) == row.digest
    assert digest_after(FIRST, row._replace(**{column: changed})) != row.digest


def test_digest_depends_on_the_row_before_and_on_the_hall() -> None:
    row = encode_row(opened(), FIRST)
    assert digest_after(first_digest(HallId("HZ02")), row) != row.digest
    assert digest_after(row.digest, row) != row.digest


def test_text_that_is_no_unicode_is_refused_with_the_event_named() -> None:
    for event in (
        replace(opened().event, command=CommandId("\ud800")),
        replace(opened().event, counter=CounterId("\ud800")),
    ):
        with pytest.raises(RowError, match=r"event 7 \(CounterOpened\) cannot be written"):
            encode_row(Recorded(seq=7, event=event), FIRST)


def test_event_of_another_version_is_refused() -> None:
    row = encode_row(opened(), FIRST)
    for strange, complaint in (
        (row._replace(kind="TicketFramed"), "unknown kind 'TicketFramed'"),
        (
            row._replace(body='{"counter": "1", "colour": "red"}'),
            "has other fields than CounterOpened",
        ),
        (row._replace(body="{}"), "is no CounterOpened"),
        (row._replace(body="[]"), "is no CounterOpened"),
        (row._replace(body="?"), "is no CounterOpened"),
        (row._replace(at="yesterday"), "is no CounterOpened"),
    ):
        with pytest.raises(RowError, match=complaint):
            decode_row(strange)


def test_times_are_written_in_utc_and_sort_as_text() -> None:
    at = datetime(2026, 3, 2, 8, 30, tzinfo=timezone(timedelta(hours=8)))
    assert instant(at) == "2026-03-02T00:30:00.000000Z"
    assert (
        instant(at) < instant(at + timedelta(microseconds=1)) < instant(at + timedelta(seconds=1))
    )


def opened() -> Recorded:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    event = CounterOpened(at=at, command=CommandId("c1"), counter=CounterId("1"))
    return Recorded(seq=7, event=event)
