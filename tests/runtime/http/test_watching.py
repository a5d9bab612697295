"""Health and measurements."""

import time
from collections.abc import Iterable, Sequence

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families

from protocol.commands import TakeTicket
from protocol.values import replace
from runtime.http.metrics import hall_metrics
from tests.actors.hall.conftest import TAX, VAT, ZH, Book, hall_spec
from tests.runtime.http.rig import HALL, TICKETS, Serve, Served


def test_hall_that_answers_is_healthy(hall: Served) -> None:
    answer = hall.ask("GET", "/healthz", token=None)
    assert (answer.status, answer.json) == (200, {"status": "ok", "troubles": []})


def test_known_troubles_are_named(serve: Serve) -> None:
    def troubles() -> Sequence[str]:
        return ("journal of HZ01 fails: disk full",)

    answer = serve(troubles=troubles).ask("GET", "/healthz", token=None)
    assert (answer.status, answer.json["status"]) == (503, "failing")
    assert answer.json["troubles"] == ["journal of HZ01 fails: disk full"]


def test_journal_that_fails_is_named_until_it_works_again(hall: Served) -> None:
    hall.call(hall.journal.fail_next, 1)
    assert hall.ask("POST", TICKETS, {"service": "tax"}).status == 503
    answer = hall.ask("GET", "/healthz", token=None)
    assert (answer.status, len(answer.json["troubles"])) == (503, 1)
    hall.take()
    assert hall.ask("GET", "/healthz", token=None).status == 200


def test_hall_that_was_given_up_is_named(hall: Served) -> None:
    hall.call(lambda: hall.hall.stop(block=False))
    answer = hall.ask("GET", "/healthz", token=None)
    assert (answer.status, answer.json["troubles"]) == (503, ["hall HZ01 does not answer"])


def test_hall_that_does_not_answer_in_time_is_named(hall: Served) -> None:
    assert hall.ask("GET", HALL).status == 200
    place = hall.hall.place
    hall.call(lambda: (setattr(place, "resting", True), setattr(place, "idle", False)))
    # The server itself looks once a second and gives a hall two.
    began = time.monotonic()
    assert hall.ask("GET", "/healthz", token=None).status == 503
    assert time.monotonic() - began < 5


def _samples(hall: Served) -> dict[tuple[str, ...], float]:
    answer = hall.ask("GET", "/metrics")
    assert answer.status == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }


def test_tickets_counters_and_requests_are_counted(hall: Served) -> None:
    for _ in range(3):
        hall.take()
    hall.ask("POST", f"{HALL}/counters/1/next")
    hall.ask("GET", "/nowhere-at-all")
    samples = _samples(hall)
    assert samples["paihao_tickets", "HZ01", "tax", "waiting"] == 2
    assert samples["paihao_tickets", "HZ01", "tax", "called"] == 1
    assert samples["paihao_waiting", "HZ01", "tax"] == 2
    assert samples["paihao_counters", "HZ01", "open"] == 1
    assert samples["paihao_http_requests_total", "/api/v1/halls/{hall}/tickets", "201"] == 3
    assert samples["paihao_http_requests_total", "", "404"] == 1
    assert samples["paihao_actor_turns_total", "hall/HZ01"] > 4
    assert ("paihao_actor_mailbox", "hall/HZ01") in samples
    assert samples["paihao_events_total", "HZ01"] >= 5
    assert samples["paihao_http_request_duration_seconds_count",] == 5


def test_streams_and_connections_are_counted(hall: Served) -> None:
    hall.stream()
    samples = _samples(hall)
    assert samples["paihao_http_streams", "HZ01"] == 1
    assert samples["paihao_http_connections", "tcp"] == 2


def test_metrics_of_others_are_added(serve: Serve) -> None:
    def more() -> Iterable[Metric]:
        return [GaugeMetricFamily("paihao_journal_commits", "Commits.", value=7)]

    assert _samples(serve(more=more))["paihao_journal_commits",] == 7


def test_tickets_of_a_service_that_is_configured_no_more_are_counted() -> None:
    book = Book()
    book.do(TakeTicket(id="t", service=VAT, language=ZH))
    services = {TAX: book.state.spec.services[TAX]}
    state = replace(book.state, spec=hall_spec(services=services))
    tickets = next(iter(hall_metrics({state.spec.id: state})))
    counted = {(s.labels["service"], s.labels["state"]): s.value for s in tickets.samples}
    assert counted[VAT, "waiting"] == 1
    assert counted[TAX, "waiting"] == 0
