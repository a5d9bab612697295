"""The OpenAPI document, and that what is answered is what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import openapi_spec_validator
import pytest

from protocol.answers import Reason
from runtime.http.kinds import KINDS
from tests.runtime.http.rig import HALL, TICKETS, Answer, Served

DOCUMENT = "/api/v1/openapi.json"


def test_document_is_valid_openapi(hall: Served) -> None:
    document = hall.ask("GET", DOCUMENT).json
    assert document["openapi"].startswith("3.1")
    openapi_spec_validator.validate(document)


def test_every_route_of_the_api_is_described(hall: Served) -> None:
    paths = hall.ask("GET", DOCUMENT).json["paths"]
    for route in hall.service.table.routes:
        assert (route.method.lower() in paths.get(route.pattern, {})) is route.listed
        assert route.listed is not route.page


def test_every_reason_of_a_hall_has_a_kind_of_problem() -> None:
    assert {reason.value for reason in Reason} <= set(KINDS)


def test_every_kind_is_explained_in_each_language() -> None:
    for name, kind in KINDS.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
        assert 400 <= kind.status < 600
        assert set(kind.advice) == {"zh", "en"}
        assert all(kind.advice.values())


def test_bodies_say_what_is_allowed(hall: Served) -> None:
    schema = hall.ask("GET", DOCUMENT).json["components"]["schemas"]["TakeTicketBody"]
    assert schema["required"] == ["service"]
    assert schema["additionalProperties"] is False
    assert list(schema["properties"]) == [
        "service",
        "class",
        "language",
        "kiosk",
        "party",
        "then",
        "visit_order",
        "phone",
        "document",
        "openid",
    ]


@pytest.fixture
def described(hall: Served) -> Any:
    """Checks that an answer is as the document says."""
    document = hall.ask("GET", DOCUMENT).json

    def check(pattern: str, method: str, answer: Answer) -> None:
        responses = document["paths"][pattern][method]["responses"]
        content = responses[str(answer.status)]["content"]
        media = answer.headers["content-type"].partition(";")[0]
        schema = {**content[media]["schema"], "components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(answer.json)

    return check


def test_answers_are_as_described(hall: Served, described: Any) -> None:
    ticket = "/api/v1/halls/{hall}/tickets/{ticket}"
    counter = "/api/v1/halls/{hall}/counters/{counter}"
    taken = hall.ask("POST", TICKETS, {"service": "tax"}, token="kiosk")
    described("/api/v1/halls/{hall}/tickets", "post", taken)
    id = taken.json["id"]
    described(ticket, "get", hall.ask("GET", f"{TICKETS}/{id}"))
    described(f"{counter}/next", "post", hall.ask("POST", f"{HALL}/counters/1/next"))
    described("/api/v1/halls/{hall}", "get", hall.ask("GET", HALL))
    described(f"{ticket}/recall", "post", hall.ask("POST", f"{TICKETS}/{id}/recall"))
    described(f"{ticket}/start", "post", hall.ask("POST", f"{TICKETS}/{id}/start"))
    described(f"{ticket}/start", "post", hall.ask("POST", f"{TICKETS}/{id}/start"))
    described(f"{ticket}/finish", "post", hall.ask("POST", f"{TICKETS}/{id}/finish"))
    described(ticket, "get", hall.ask("GET", f"{TICKETS}/{id}"))
    described(f"{counter}/next", "post", hall.ask("POST", f"{HALL}/counters/1/next"))
    described(f"{counter}/pause", "post", hall.ask("POST", f"{HALL}/counters/1/pause", {}))
    described("/api/v1/halls", "get", hall.ask("GET", "/api/v1/halls"))
    described("/api/v1/halls/{hall}/alarms", "get", hall.ask("GET", f"{HALL}/alarms"))
    described("/healthz", "get", hall.ask("GET", "/healthz"))
    described("/api/v1/halls/{hall}/tickets", "post", hall.ask("POST", TICKETS, {"x": 1}))
    described("/api/v1/halls/{hall}", "get", hall.ask("GET", HALL, token="wrong"))


def _addresses(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref":
                yield value
            else:
                yield from _addresses(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _addresses(value)


def test_every_reference_leads_somewhere(hall: Served) -> None:
    document = hall.ask("GET", DOCUMENT).json
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(_addresses(document)) == known
