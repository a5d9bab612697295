"""``paihao up`` as whoever starts it meets it: one thread from kiosk to display, and how it ends."""

import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from http.cookies import SimpleCookie
from pathlib import Path

import pytest

from tests.runtime.running_hall import HALL, IN_HALL, RunningHall, wait_until

SIGNALS = (signal.SIGINT, signal.SIGTERM)
CLEAN_END = "ended cleanly; everything answered is in the journal"

Start = Callable[..., RunningHall]


# -- from a ticket to its call ---------------------------------------------------------------------


def test_ticket_at_kiosk_is_printed_called_by_keypad_and_shown_everywhere(start: Start) -> None:
    hall = start()
    with hall.stream() as stream:
        ticket = hall.take(kiosk="k1", language="en")
        assert ticket["number"] == "A001"
        page, _, code = ticket["scan_url"].partition("?c=")
        assert page == f"{hall.base}/t/{HALL}/{ticket['id']}"
        assert len(code) == 11

        paper = wait_until(lambda: hall.devices()["printers"]["k1"]["papers"], what="paper")[0]
        assert "A001" in paper["lines"]
        assert paper["codes"] == [ticket["scan_url"]]
        wait_until(lambda: of_type(stream, "TicketPrinted"), what="a report that it was printed")

        hall.press("1", "NEXT")
        wait_until(lambda: hall.devices()["windows"]["1"]["text"] == "A001", what="window 1")
        assert hall.devices()["windows"]["1"]["state"] == "called"
        wait_until(lambda: hall.devices()["keypads"]["1"] == "A001", what="the keypad's display")
        serving = {counter["id"]: counter["ticket"] for counter in hall.hall()["counters"]}
        assert serving["1"]["number"] == "A001"
        assert (serving["2"], serving["3"]) == (None, None)
        wait_until(lambda: stream.of("announcement"), what="an announcement")
        assert stream.of("announcement")[0]["number"] == "A001"
        wait_until(lambda: stream.of("display")[-1]["calls"], what="a call on the display")
        assert stream.of("display")[-1]["calls"] == [{"number": "A001", "counter": "1"}]

        hall.press("1", "START")
        hall.press("1", "FINISH")
        wait_until(lambda: hall.devices()["windows"]["1"]["text"] == "", what="an empty window")
        assert hall.ticket(ticket["id"])["state"] == "served"
        wait_until(lambda: of_type(stream, "ServiceFinished"), what="the end in the stream")
        records = stream.records()
        first = records[0]["seq"]
        assert [record["seq"] for record in records] == list(range(first, first + len(records)))
        of_ticket = [record["type"] for record in records if record.get("ticket") == ticket["id"]]
        assert of_ticket == [
            "TicketTaken",
            "TicketPrinted",
            "TicketCalled",
            "ServiceStarted",
            "ServiceFinished",
        ]
    assert hall.alarms() == {}


def test_addresses_that_are_printed_lead_to_the_pages(start: Start) -> None:
    hall = start()
    addresses = [word for word in hall.said.split() if "?token=" in word]
    assert len(addresses) == 11
    for address in addresses:
        path = address.removeprefix(hall.base)
        answer = hall.call("GET", path)
        assert answer.status == 303
        cookie = SimpleCookie(answer.headers["Set-Cookie"])
        shown = "; ".join(f"{name}={morsel.value}" for name, morsel in cookie.items())
        page = hall.call("GET", answer.headers["Location"], headers={"Cookie": shown})
        assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


def test_crowd_comes_prints_and_is_called(start: Start) -> None:
    hall = start("--crowd", "36000/h")
    with hall.stream(after=0) as stream:

        def counters() -> set[object]:
            return {called["counter"] for called in of_type(stream, "TicketCalled")}

        wait_until(lambda: len(of_type(stream, "ServiceFinished")) >= 5, what="served customers")
        wait_until(lambda: counters() == {"2", "3"}, what="calls at all counters but the first")
    numbers = [taken["number"] for taken in of_type(stream, "TicketTaken")]
    assert len(numbers) == len(set(numbers))
    wait_until(lambda: hall.devices()["printers"]["k1"]["papers"], what="paper")
    assert hall.end() == 0


# -- ends ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", SIGNALS)
def test_signal_ends_it_cleanly_with_streams_open_and_a_crowd_coming(
    start: Start, sign: signal.Signals
) -> None:
    hall = start("--crowd", "36000/h")
    with ExitStack() as streams:
        followers = [streams.enter_context(hall.stream(after=0)) for _ in range(20)]
        wait_until(lambda: len(followers[-1].records()) >= 20, what="customers")
        assert hall.end(sign) == 0
        wait_until(lambda: all(follower.ended for follower in followers), what="ended streams")
    assert CLEAN_END in hall.said
    assert "ERROR" not in hall.logged
    assert "Traceback" not in hall.logged
    assert " at 0x" not in hall.logged


def test_stream_that_takes_nothing_does_not_hold_up_the_end(start: Start) -> None:
    hall = start("--crowd", "36000/h")
    connection = hall.connect()
    connection.request(
        "GET",
        f"{IN_HALL}/events?after=0",
        headers={"Authorization": f"Bearer {hall.tokens['display']}"},
    )
    wait_until(lambda: hall.hall()["seq"] >= 20, what="customers")
    assert hall.end() == 0
    connection.close()


def test_second_ctrl_c_ends_it_as_well(start: Start) -> None:
    hall = start("--crowd", "36000/h")
    hall.process.send_signal(signal.SIGINT)
    assert hall.end() == 0
    assert "Traceback" not in hall.logged


@pytest.mark.parametrize("after_s", [0.0, 0.02])
def test_ctrl_c_while_it_says_where_it_is_ends_it_cleanly_too(start: Start, after_s: float) -> None:
    hall = start(wait=False)
    wait_until(lambda: "Paihao" in hall.said, what="its first words")
    time.sleep(after_s)
    hall.end()
    assert "Traceback" not in hall.logged
    assert start(data=hall.data).take()["number"] == "A001"


def test_ended_and_started_again_it_goes_on_where_it_was(start: Start) -> None:
    first = start()
    ticket = first.take()
    first.at_counter("1", "next")
    kept = (first.hall(), first.tokens)
    assert first.end() == 0

    again = start(data=first.data)
    assert (again.hall(), again.tokens) == kept
    assert again.take()["number"] == "A002"
    window = wait_until(lambda: again.devices()["windows"]["1"]["text"], what="window 1")
    assert window == ticket["number"]


# -- what is refused -------------------------------------------------------------------------------


def test_second_one_on_the_same_data_is_refused_and_harms_nothing(start: Start) -> None:
    hall = start()
    said = start(data=hall.data, wait=False).await_refusal()
    assert f"{HALL}.journal is in use by process {hall.process.pid}" in said
    assert hall.take()["number"] == "A001"
    assert hall.end() == 0


def test_port_that_is_taken_is_refused_with_what_to_do(start: Start) -> None:
    hall = start()
    said = start("--port", str(hall.port), wait=False).await_refusal()
    assert f"cannot listen on 127.0.0.1 port {hall.port}" in said
    assert "--port" in said
    assert "Address already in use" in said


def test_data_folder_that_cannot_be_is_refused_by_name(start: Start, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = start(data=tmp_path / "file" / "data", wait=False).await_refusal()
    assert str(tmp_path / "file" / "data") in said


def test_damaged_tokens_are_refused_by_name(start: Start) -> None:
    hall = start()
    hall.kill()
    (hall.data / "tokens.json").write_text('{"kiosk": ')
    said = start(data=hall.data, wait=False).await_refusal()
    assert str(hall.data / "tokens.json") in said
    assert "remove it" in said


def of_type(stream: object, kind: str) -> list[dict[str, object]]:
    return [record for record in stream.records() if record["type"] == kind]  # type: ignore[attr-defined]
