"""Appointments by phone: the phone that booked one holds it, and its ticket."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.booking_events import AppointmentBooked
from protocol.events import TicketTaken
from protocol.hall import Identity
from protocol.ids import ServiceId
from protocol.tickets import Channel
from protocol.values import replace
from tests.runtime.http.rig import Answer
from tests.runtime.http.test_bookings import BOOKINGS, booked_spec
from tests.runtime.reservation.conftest import Begin
from tests.runtime.reservation.platform import MY, MY_HALL, MY_TICKETS, Phone, Platform
from tests.runtime.reservation.test_my_tickets import FAR, NEAR, place

MY_BOOKINGS = f"{MY_HALL}/bookings"
TAX = ServiceId("tax")


@pytest.fixture
def platform(begin: Begin) -> Platform:
    return begin(spec=booked_spec())


def slots(phone: Phone) -> list[str]:
    answer = phone.get(f"{MY_HALL}/services/tax/slots")
    assert answer.status == 200, answer
    return [slot["slot"] for slot in answer.json["slots"]]


def book(phone: Phone, slot: str, **more: Any) -> Answer:
    return phone.post(MY_BOOKINGS, {"service": "tax", "slot": slot, **more})


def booked(phone: Phone) -> str:
    answer = book(phone, slots(phone)[0])
    assert answer.status == 201, answer
    code: str = answer.json["code"]
    assert answer.headers["location"] == f"{MY_BOOKINGS}/{code}"
    return code


def test_slots_are_for_everybody_to_see(platform: Platform) -> None:
    assert slots(platform.phone(signed_in=False))
    answer = platform.phone().get(f"{MY_HALL}/services/id/slots")
    assert answer.problem == "no-appointments"


def test_slot_is_booked_looked_at_moved_and_cancelled(platform: Platform) -> None:
    phone = platform.phone()
    code = booked(phone)
    [event] = platform.events(AppointmentBooked)
    assert event.holder == phone.follower
    assert phone.get(f"{MY_BOOKINGS}/{code}").json["state"] == "confirmed"
    to = slots(phone)[5]
    moved = phone.post(f"{MY_BOOKINGS}/{code}/move", {"slot": to})
    assert (moved.status, moved.json["slot"]) == (200, to)
    [hall] = phone.get(MY).json["halls"]
    assert [booking["code"] for booking in hall["bookings"]] == [code]
    assert phone.post(f"{MY_BOOKINGS}/{code}/cancel").json["state"] == "cancelled"
    assert phone.post(f"{MY_BOOKINGS}/{code}/confirm").problem == "booking-state"


def test_booking_waits_to_be_confirmed_where_it_has_to(begin: Begin) -> None:
    platform = begin(spec=booked_spec(confirm_within_s=600.0))
    phone = platform.phone()
    code = booked(phone)
    assert phone.get(f"{MY_BOOKINGS}/{code}").json["state"] == "reserved"
    assert phone.post(f"{MY_BOOKINGS}/{code}/confirm").json["state"] == "confirmed"


def test_check_in_gives_a_number_that_the_phone_holds(platform: Platform) -> None:
    phone = platform.phone()
    code = booked(phone)
    answer = phone.post(f"{MY_BOOKINGS}/{code}/check-in")
    assert answer.status == 201, answer
    [taken] = platform.events(TicketTaken)
    assert (taken.channel, taken.follower) == (Channel.WECHAT, phone.follower)
    assert phone.get(f"{MY_TICKETS}/{answer.json['id']}").json["followed"]


def test_another_phone_does_nothing_with_a_booking(platform: Platform) -> None:
    code = booked(platform.phone())
    slot = slots(platform.phone())[3]
    stranger = platform.phone("mallory")
    refused = [stranger.get(f"{MY_BOOKINGS}/{code}")]
    for step, body in (
        ("confirm", {}),
        ("cancel", {}),
        ("check-in", {}),
        ("move", {"slot": slot}),
    ):
        refused.append(stranger.post(f"{MY_BOOKINGS}/{code}/{step}", body))
    assert {(answer.status, answer.problem) for answer in refused} == {(403, "not-yours")}
    assert not platform.events(TicketTaken)
    assert stranger.get(f"{MY_BOOKINGS}/ABCDEFGH").problem == "unknown-booking"


def test_booking_of_the_reception_is_no_phones(platform: Platform) -> None:
    phone = platform.phone()
    body = {"service": "tax", "slot": slots(phone)[0]}
    code = platform.served.ask("POST", BOOKINGS, body).json["code"]
    assert phone.get(f"{MY_BOOKINGS}/{code}").problem == "not-yours"


def test_two_phones_with_one_key_have_two_bookings(platform: Platform) -> None:
    slot = slots(platform.phone())[0]
    body = {"service": "tax", "slot": slot}
    codes = [
        platform.phone(name).post(MY_BOOKINGS, body, key="the-same").json["code"]
        for name in ("zhang", "li", "zhang")
    ]
    assert codes[0] == codes[2] != codes[1]


def test_personal_information_is_asked_for(begin: Begin) -> None:
    platform = begin(spec=booked_spec(Identity.DOCUMENT))
    phone = platform.phone()
    slot = slots(phone)[0]
    assert book(phone, slot).problem == "identity-needed"
    assert book(phone, slot, document="110105194912310021").problem == "identity-invalid"
    assert book(phone, slot, document="11010519491231002X").status == 201


def test_booking_is_made_from_anywhere_and_checked_in_nearby(begin: Begin) -> None:
    platform = begin(spec=replace(booked_spec(), place=place()))
    phone = platform.phone()
    code = booked(phone)
    path = f"{MY_BOOKINGS}/{code}/check-in"
    assert phone.post(path).problem == "position-needed"
    assert phone.post(path, FAR).problem == "too-far"
    assert phone.post(path, NEAR).status == 201


def test_booking_of_a_service_without_numbers_by_phone_is_checked_in_at_the_hall(
    begin: Begin,
) -> None:
    spec = booked_spec()
    tax = replace(spec.services[TAX], by_phone=False)
    platform = begin(spec=replace(spec, services={**spec.services, TAX: tax}))
    phone = platform.phone()
    code = booked(phone)
    assert phone.post(f"{MY_BOOKINGS}/{code}/check-in").problem == "not-by-phone"
    answer = platform.served.ask("POST", f"{BOOKINGS}/{code}/check-in", {}, token="kiosk")
    assert answer.status == 201
    assert phone.get(f"{MY_TICKETS}/{answer.json['id']}").json["followed"]
