"""The API's client on the command line: what it says when something is wrong."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from protocol.errors import ConfigError, LinkError
from runtime import http_client
from runtime.http_client import ApiRefused, HallClient, segment
from tests.runtime.scripted_server import ScriptedServer


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    server.close()


def test_answer_is_the_content_and_the_token_goes_along(server: ScriptedServer) -> None:
    server.standing = {"/base/api": {"halls": []}}
    client = HallClient(f"{server.url}/base/", "secret")
    assert client.get("/api") == {"halls": []}
    [asked] = server.asked
    assert asked.headers["Authorization"] == "Bearer secret"
    assert "Idempotency-Key" not in asked.headers


def test_change_carries_its_body_and_a_key_of_its_own(server: ScriptedServer) -> None:
    server.answers += [(202, {}), (200, {})]
    client = HallClient(server.url, None)
    client.call("POST", "/x", {"code": "数"})
    client.call("DELETE", "/x")
    first, second = server.asked
    assert (first.method, first.body, second.method) == ("POST", {"code": "数"}, "DELETE")
    assert first.headers["Idempotency-Key"] != second.headers["Idempotency-Key"]
    assert "Authorization" not in first.headers


@pytest.mark.parametrize(
    ("status", "content", "said", "kind"),
    [
        (
            404,
            {"type": "/problems/unknown-hall", "detail": "there is no hall X"},
            "refuses: there is no hall X",
            "unknown-hall",
        ),
        (401, {"detail": "no token"}, "no token; give a manager's token by --token", ""),
        (403, {"title": "not allowed"}, "not allowed; give a manager's token", ""),
        (500, [], "refuses: status 500", ""),
    ],
)
def test_refusal_says_what_the_server_says(
    server: ScriptedServer, status: int, content: Any, said: str, kind: str
) -> None:
    server.answers.append((status, content))
    with pytest.raises(ApiRefused) as refused:
        HallClient(server.url, "t").get("/x")
    assert said in str(refused.value)
    assert (refused.value.status, refused.value.kind) == (status, kind)


def test_what_is_no_answer_of_ours_is_told(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = HallClient(server.url, None)
    server.answers += [(200, b"<html>"), None, (200, {"long": "x" * 200})]
    with pytest.raises(LinkError, match=r"status 200 and something that is no JSON .*--url"):
        client.get("/x")
    with pytest.raises(LinkError, match="cannot be reached"):
        client.get("/x")
    monkeypatch.setattr(http_client, "ANSWER_MAX", 100)
    with pytest.raises(LinkError, match="it is too long"):
        client.get("/x")


def test_server_that_is_not_there_or_silent_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(LinkError, match=r"does not answer within 0\.05 s"):
            HallClient(f"http://127.0.0.1:{port}", None, timeout_s=0.05).get("/x")
    with pytest.raises(LinkError, match=r"nothing answers at .* start `paihao up`"):
        HallClient(f"http://127.0.0.1:{port}", None).get("/x")


@pytest.mark.parametrize("token", ["a\r\nX: y", "数"])
def test_token_that_no_header_can_carry_is_told(server: ScriptedServer, token: str) -> None:
    with pytest.raises(LinkError, match="correct --url and --token"):
        HallClient(server.url, token).get("/x")
    assert server.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8080",
        "ftp://h",
        "http://",
        "http://h:0",
        "http://h:x",
        "http://u:p@h",
        "http://h?q",
    ],
)
def test_what_is_no_url_of_a_server_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="write it like"):
        HallClient(url, None)


def test_ids_are_quoted_in_paths() -> None:
    assert segment("a/b ?号") == "a%2Fb%20%3F%E5%8F%B7"
