"""Appointments over HTTP: from the list of slots to the ticket, as it is described, and never overbooked."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from threading import Thread
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema
import pytest

from actors.audience import Audience
from protocol.appointments import AppointmentSpec, BanRule, SlotPattern
from protocol.booking_events import PersonBanned
from protocol.hall import HallSpec, Identity
from protocol.ids import CommandId, ServiceId
from protocol.messages import Recorded
from protocol.values import replace
from runtime.http.persons import Given, person_of
from sim.journal import MemoryJournal
from tests.runtime.http.rig import HALL, KEY, TICKETS, Answer, Serve, Served, hall_spec

BOOKINGS = f"{HALL}/bookings"
SLOTS = f"{HALL}/services/tax/slots"
PHONE = "13800138000"
CAPACITY = 5


def booked_spec(identity: Identity = Identity.NONE, **changes: Any) -> HallSpec:
    """Slots of a whole day's length around the clock, so that one can always check in for the next."""
    pattern = SlotPattern(
        weekdays=(1, 2, 3, 4, 5, 6, 7),
        begins=time(0),
        ends=time(0),
        every_minutes=10,
        capacity=CAPACITY,
    )
    appointments = AppointmentSpec(**{"slots": (pattern,), "early_s": 43_200.0, **changes})
    spec = hall_spec()
    tax = replace(spec.services[ServiceId("tax")], appointments=appointments, identity=identity)
    # The business day ends half a day from now, so that a slot of the next minutes is within it.
    begins = (datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(hours=12)).time()
    day_begins = time(begins.hour, begins.minute)
    return replace(spec, services={**spec.services, tax.id: tax}, day_begins=day_begins)


@pytest.fixture
def hall(serve: Serve) -> Served:
    return serve(spec=booked_spec())


def slots(hall: Served, query: str = "") -> Any:
    answer = hall.ask("GET", SLOTS + query, token="kiosk")
    assert answer.status == 200, answer
    return answer.json["slots"]


def book(hall: Served, slot: str, **body: Any) -> Answer:
    return hall.ask("POST", BOOKINGS, {"service": "tax", "slot": slot, **body}, token="kiosk")


def booked(hall: Served, slot: str, **body: Any) -> Any:
    answer = book(hall, slot, **body)
    assert answer.status == 201, answer
    assert answer.headers["location"] == f"{BOOKINGS}/{answer.json['code']}"
    return answer.json


def test_slots_are_listed_and_booking_one_takes_a_place(hall: Served) -> None:
    asked_at = datetime.now(UTC)
    first, *_, last = slots(hall)
    assert first["free"] == first["places"] == CAPACITY
    assert datetime.fromisoformat(first["starts_at"]) > asked_at
    assert date.fromisoformat(last["slot"][:10]) - date.fromisoformat(
        first["slot"][:10]
    ) == timedelta(14)
    booking = booked(hall, first["slot"])
    assert (booking["state"], booking["slot"]) == ("confirmed", first["slot"])
    day = first["slot"][:10]
    again = slots(hall, f"?from={day}&to={day}")
    assert again[0]["free"] == CAPACITY - 1
    assert {one["slot"][:10] for one in again} == {day}


@pytest.mark.parametrize(
    "query", ["?from=monday", "?from=2026-03-03&to=2026-03-02", "?from=2026-01-01&to=2026-12-31"]
)
def test_days_that_make_no_sense_are_refused(hall: Served, query: str) -> None:
    assert hall.ask("GET", SLOTS + query).problem == "malformed-request"


def test_services_that_are_not_booked_have_no_slots(hall: Served) -> None:
    assert hall.ask("GET", f"{HALL}/services/id/slots").problem == "no-appointments"
    assert hall.ask("GET", f"{HALL}/services/dog/slots").problem == "unknown-service"


def test_a_booking_goes_from_reserved_to_a_ticket(serve: Serve) -> None:
    hall = serve(spec=booked_spec(confirm_within_s=600.0))
    first, second, *_ = slots(hall)
    code = booked(hall, first["slot"], party=2, language="en")["code"]
    typed = f"{code[:4].lower()}-{code[4:].lower()}"
    found = hall.ask("GET", f"{BOOKINGS}/{typed}", token="counter").json
    assert (found["code"], found["state"], found["party"]) == (code, "reserved", 2)
    assert found["lapses_at"]
    confirmed = hall.ask("POST", f"{BOOKINGS}/{code}/confirm", token="kiosk").json
    assert (confirmed["state"], confirmed["lapses_at"]) == ("confirmed", None)
    moved = hall.ask("POST", f"{BOOKINGS}/{code}/move", {"slot": second["slot"]}).json
    assert (moved["slot"], moved["state"]) == (second["slot"], "confirmed")
    ticket = hall.ask("POST", f"{BOOKINGS}/{code}/check-in", token="kiosk")
    assert ticket.status == 201
    assert (ticket.json["number"], ticket.json["kiosk"]) == ("A001", "k1")
    found = hall.ask("GET", f"{BOOKINGS}/{code}").json
    assert (found["state"], found["ticket"]) == ("checked_in", ticket.json["id"])
    shown = hall.ask("GET", f"{HALL}/tickets/{ticket.json['id']}").json
    assert (shown["class"], shown["language"]) == ("appointment", "en")
    again = hall.ask("POST", f"{BOOKINGS}/{code}/check-in", token="kiosk")
    assert again.problem == "booking-state"


def test_who_is_too_early_is_told_in_the_own_language_when_to_come(serve: Serve) -> None:
    hall = serve(spec=booked_spec(early_s=0.0))
    last = slots(hall)[-1]
    code = booked(hall, last["slot"])["code"]
    path = f"{BOOKINGS}/{code}/check-in"
    told = {}
    for language in ("zh", "en"):
        answer = hall.ask("POST", path, {"language": language}, token="kiosk")
        assert answer.problem == "check-in-early"
        assert answer.json["opens_at"] == last["starts_at"]
        told[language] = answer.json["detail"]
    assert "签到" in told["zh"]
    assert "too early" in told["en"]


def test_a_cancelled_booking_frees_its_place(hall: Served) -> None:
    slot = slots(hall)[0]["slot"]
    code = booked(hall, slot)["code"]
    assert hall.ask("POST", f"{BOOKINGS}/{code}/cancel").json["state"] == "cancelled"
    assert hall.ask("POST", f"{BOOKINGS}/{code}/cancel").problem == "booking-state"
    assert slots(hall)[0]["free"] == CAPACITY


def test_who_books_is_checked_and_found_again_by_the_same_number(serve: Serve) -> None:
    hall = serve(spec=booked_spec(Identity.PHONE, person_max=1))
    slot = slots(hall)[0]["slot"]
    assert book(hall, slot).problem == "identity-needed"
    assert book(hall, slot, phone="12345").problem == "identity-invalid"
    code = booked(hall, slot, phone=PHONE)["code"]
    assert book(hall, slot, phone=f"+86 {PHONE}").problem == "person-limit"
    check_in = f"{BOOKINGS}/check-in"
    assert hall.ask("POST", check_in, {}, token="kiosk").problem == "identity-needed"
    unknown = hall.ask("POST", check_in, {"phone": "13900139000"}, token="kiosk")
    assert unknown.problem == "unknown-booking"
    ticket = hall.ask("POST", check_in, {"phone": PHONE}, token="kiosk")
    assert ticket.status == 201
    assert hall.ask("GET", f"{BOOKINGS}/{code}").json["ticket"] == ticket.json["id"]
    assert PHONE.encode() not in repr(hall.journal.read(0, 100)).encode()


def test_a_repeated_request_books_once(hall: Served) -> None:
    slot = slots(hall)[0]["slot"]
    body = {"service": "tax", "slot": slot}
    answers = [hall.ask("POST", BOOKINGS, body, key="k1") for _ in range(3)]
    assert [answer.status for answer in answers] == [201] * 3
    assert len({answer.json["code"] for answer in answers}) == 1
    assert slots(hall)[0]["free"] == CAPACITY - 1
    other = hall.ask("POST", BOOKINGS, {**body, "party": 2}, key="k1")
    assert other.problem == "idempotency-key-reused"


def test_many_who_book_at_once_get_as_many_places_as_there_are(hall: Served) -> None:
    slot = slots(hall)[-1]["slot"]
    answers: list[Answer] = []
    threads = [Thread(target=lambda: answers.append(book(hall, slot))) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    codes = {answer.json["code"] for answer in answers if answer.status == 201}
    refused = [answer.problem for answer in answers if answer.status != 201]
    assert len(codes) == CAPACITY
    assert refused == ["slot-full"] * (24 - CAPACITY)


@pytest.mark.parametrize(
    ("slot", "problem"),
    [("2020-01-01T09:00", "unknown-slot"), ("tomorrow", "invalid-body"), ("", "invalid-body")],
)
def test_slots_that_are_none_are_refused(hall: Served, slot: str, problem: str) -> None:
    assert book(hall, slot).problem == problem


def test_codes_that_are_none_are_refused(hall: Served) -> None:
    for code in ("00000000", "x", "%F0%9F%8E%AB"):
        assert hall.ask("GET", f"{BOOKINGS}/{code}").problem == "unknown-booking"
        assert hall.ask("POST", f"{BOOKINGS}/{code}/confirm").problem == "unknown-booking"


def test_other_languages_than_the_halls_are_refused(hall: Served) -> None:
    assert book(hall, slots(hall)[0]["slot"], language="fr").problem == "unknown-language"


def test_a_closure_moves_bookings_and_is_listed_and_removed(hall: Served) -> None:
    day, *_ = {one["slot"][:10] for one in slots(hall)[-200:-100]}
    slot = next(one["slot"] for one in slots(hall) if one["slot"].startswith(day))
    code = booked(hall, slot)["code"]
    body = {"first": day, "reason": "停电"}
    assert hall.ask("POST", f"{HALL}/closures", body, token="counter").problem == "forbidden"
    added = hall.ask("POST", f"{HALL}/closures", body)
    assert added.status == 201
    assert added.json["moved"] + added.json["revoked"] == 1
    closure = added.json["closure"]
    assert (closure["first"], closure["last"], closure["service"]) == (day, day, None)
    assert hall.ask("GET", f"{BOOKINGS}/{code}").json["reason"] == "停电"
    assert hall.ask("GET", f"{HALL}/closures").json["closures"] == [closure]
    assert not [one for one in slots(hall) if one["slot"].startswith(day)]
    gone = f"{HALL}/closures/{closure['id']}/remove"
    assert hall.ask("POST", gone).json == {"id": closure["id"]}
    assert hall.ask("POST", gone).problem == "unknown-closure"
    assert hall.ask("GET", f"{HALL}/closures").json["closures"] == []
    assert hall.ask("POST", f"{HALL}/closures", {"first": "soon"}).problem == "invalid-body"
    assert hall.ask("POST", f"{HALL}/closures", {"first": "2020-01-01"}).problem == "bad-value"


def test_who_waits_is_told_of_a_closure_and_sent_away_only_if_that_is_wanted(hall: Served) -> None:
    first, second = (hall.ask("POST", TICKETS, {"service": "tax"}).json["id"] for _ in range(2))
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    body = {"first": str(today), "last": str(today + timedelta(days=1)), "reason": "停电"}
    added = hall.ask("POST", f"{HALL}/closures", {**body, "service": "tax"}).json
    assert (added["ended"], added["left"], added["closure"]["settled"]) == (0, 0, True)
    ticket = hall.ask("GET", f"{TICKETS}/{first}").json
    assert (ticket["state"], ticket["closure"]) == ("waiting", "停电")
    services = {one["id"]: one for one in hall.ask("GET", HALL).json["services"]}
    assert [services[id]["closure"] for id in ("tax", "id")] == ["停电", None]
    assert (services["tax"]["open"], services["tax"]["waiting"]) == (False, 2)
    called = hall.ask("POST", f"{HALL}/counters/1/next").json["ticket"]
    assert called["id"] == first
    added = hall.ask("POST", f"{HALL}/closures", {**body, "end_waiting": True}).json
    assert (added["ended"], added["closure"]["end_waiting"]) == (1, True)
    ticket = hall.ask("GET", f"{TICKETS}/{second}").json
    assert (ticket["state"], ticket["closure"]) == ("cancelled", "停电")


def test_a_ban_is_lifted_by_a_manager_alone(serve: Serve) -> None:
    rule = BanRule(no_shows=1, within_days=30, for_days=30)
    hall = serve(spec=booked_spec(Identity.PHONE, ban=rule))
    lift = f"{HALL}/bans/lift"
    slot = slots(hall)[-1]["slot"]
    code = booked(hall, slot, phone=PHONE)["code"]
    assert hall.ask("POST", lift, {"phone": PHONE}, token="counter").problem == "forbidden"
    assert hall.ask("POST", lift, {"phone": PHONE}).problem == "not-banned"
    assert hall.ask("POST", lift, {"booking": code}).problem == "not-banned"
    assert hall.ask("POST", lift, {"booking": "00000000"}).problem == "unknown-booking"
    assert hall.ask("POST", lift, {"phone": "12345"}).problem == "identity-invalid"
    assert hall.ask("POST", lift, {}).problem == "identity-needed"


def test_who_was_banned_books_again_once_that_is_lifted(serve: Serve) -> None:
    rule = BanRule(no_shows=1, within_days=30, for_days=30)
    spec = booked_spec(Identity.PHONE, ban=rule)
    now = datetime.now(UTC)
    until = now + timedelta(days=30)
    person = person_of(Given(phone=PHONE, document=None), [], KEY, now.date())
    assert person is not None
    banned = PersonBanned(at=now, command=CommandId("x"), person=person, until=until)
    journal = MemoryJournal()
    journal.commit([Recorded(seq=1, event=banned)], Audience())
    hall = serve(spec=spec, journal=journal)
    slot = slots(hall)[-1]["slot"]
    assert book(hall, slot, phone=PHONE).problem == "banned"
    lifted = hall.ask("POST", f"{HALL}/bans/lift", {"phone": PHONE})
    assert datetime.fromisoformat(lifted.json["until"]) == until
    booked(hall, slot, phone=PHONE)


@pytest.mark.parametrize("path", [SLOTS, f"{BOOKINGS}/00000000", f"{HALL}/closures"])
def test_a_token_is_needed(hall: Served, path: str) -> None:
    assert hall.ask("GET", path, token=None).problem == "unauthorized"
    assert hall.ask("GET", path, token="display").problem == "forbidden"


def test_streams_do_not_tell_the_code_of_a_booking(hall: Served) -> None:
    stream = hall.stream()
    code = booked(hall, slots(hall)[0]["slot"])["code"]
    events: list[Any] = []
    while not events or events[-1]["type"] != "AppointmentBooked":
        events += [data for _, data in stream.events("record", 1)]
    assert code not in repr(events)


def test_answers_are_as_described(hall: Served) -> None:
    document = hall.ask("GET", "/api/v1/openapi.json").json

    def check(pattern: str, method: str, answer: Answer) -> Any:
        responses = document["paths"]["/api/v1/halls/{hall}" + pattern][method]["responses"]
        content = responses[str(answer.status)]["content"]
        media = answer.headers["content-type"].partition(";")[0]
        schema = {**content[media]["schema"], "components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(answer.json)
        return answer.json

    listed = check("/services/{service}/slots", "get", hall.ask("GET", SLOTS))
    slot = listed["slots"][0]["slot"]
    code = check("/bookings", "post", book(hall, slot))["code"]
    one = f"{BOOKINGS}/{code}"
    check("/bookings/{code}", "get", hall.ask("GET", one))
    check("/bookings/{code}/confirm", "post", hall.ask("POST", f"{one}/confirm"))
    other = {"slot": listed["slots"][1]["slot"]}
    check("/bookings/{code}/move", "post", hall.ask("POST", f"{one}/move", other))
    check("/bookings/{code}/check-in", "post", hall.ask("POST", f"{one}/check-in"))
    check("/bookings/{code}/cancel", "post", hall.ask("POST", f"{one}/cancel"))
    check("/bookings/check-in", "post", hall.ask("POST", f"{BOOKINGS}/check-in", {"phone": PHONE}))
    day = listed["slots"][-1]["slot"][:10]
    closure = check("/closures", "post", hall.ask("POST", f"{HALL}/closures", {"first": day}))
    check("/closures", "get", hall.ask("GET", f"{HALL}/closures"))
    gone = hall.ask("POST", f"{HALL}/closures/{closure['closure']['id']}/remove")
    check("/closures/{closure}/remove", "post", gone)
    check("/bans/lift", "post", hall.ask("POST", f"{HALL}/bans/lift", {"phone": PHONE}))
