"""Behind a reverse proxy that is configured the client is whom it names; elsewhere nobody is believed."""

from __future__ import annotations

import pytest

from protocol.values import replace
from runtime.http.proxies import forwarded_for, plain_address
from tests.runtime.http.conftest import Serve
from tests.runtime.http.rig import PLENTY, Client

FEW = replace(PLENTY, address_requests_per_s=0.001, address_requests_burst=2)


def asked(client: Client, *headers: str) -> int:
    """Return the status of a request with these X-Forwarded-For headers."""
    lines = "".join(f"X-Forwarded-For: {header}\r\n" for header in headers)
    client.send(f"GET /api/v1/halls HTTP/1.1\r\nHost: test\r\n{lines}\r\n".encode())
    return client.answer().status


def test_clients_behind_a_proxy_are_told_apart(serve: Serve) -> None:
    client = serve(FEW, proxies=("127.0.0.1",)).client()
    assert [asked(client, "192.0.2.1") for _ in range(3)] == [200, 200, 429]
    assert asked(client, "192.0.2.2") == 200
    # What a client says itself stands before what the proxy adds.
    assert asked(client, "192.0.2.9, 192.0.2.1") == 429
    assert asked(client, "192.0.2.9", "192.0.2.1") == 429
    assert asked(client, "192.0.2.1, 192.0.2.3") == 200


def test_what_names_nobody_counts_as_the_proxys_own(serve: Serve) -> None:
    client = serve(FEW, proxies=("127.0.0.1",)).client()
    assert [asked(client), asked(client, "unknown"), asked(client, "x" * 500)] == [200, 200, 429]


def test_nobody_is_believed_who_is_no_proxy(serve: Serve) -> None:
    for proxies in ((), ("192.0.2.7",)):
        client = serve(FEW, proxies=proxies).client()
        assert [asked(client, f"192.0.2.{number}") for number in range(3)] == [200, 200, 429]


def test_proxy_has_no_bound_of_its_own_on_connections(serve: Serve) -> None:
    limits = replace(PLENTY, connections_max=5, connections_each_max=2)
    hall = serve(limits, proxies=("127.0.0.1",))
    clients = [hall.client() for _ in range(5)]
    assert [asked(client, "192.0.2.1") for client in clients] == [200] * 5
    assert hall.client().answer().problem == "too-many-connections"


def test_streams_are_counted_by_the_client_behind_a_proxy(serve: Serve) -> None:
    hall = serve(replace(PLENTY, ticket_streams_each_max=1), proxies=("::ffff:127.0.0.1",))
    path = f"/api/v1/halls/HZ01/tickets/{hall.take()['id']}/events"

    def opened(address: str) -> int:
        client = hall.client()
        client.send(
            f"GET {path} HTTP/1.1\r\nHost: test\r\nX-Forwarded-For: {address}\r\n\r\n".encode()
        )
        return client.head()[0]

    assert [opened("192.0.2.1"), opened("192.0.2.1"), opened("192.0.2.2")] == [200, 503, 200]


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ([], None),
        ([b"192.0.2.1"], "192.0.2.1"),
        ([b"10.0.0.1,  192.0.2.1 "], "192.0.2.1"),
        ([b"2001:db8::0:1"], "2001:db8::1"),
        ([b"[2001:db8::1]"], "2001:db8::1"),
        ([b"::ffff:192.0.2.1"], "192.0.2.1"),
        ([b"192.0.2.1:8080"], None),
        ([b"192.0.2.1,"], None),
        ([b""], None),
        ([b"\xff"], None),
    ],
)
def test_last_address_is_read(headers: list[bytes], address: str | None) -> None:
    assert forwarded_for(headers) == address


def test_address_is_compared_as_one() -> None:
    assert plain_address("::ffff:127.0.0.1") == plain_address("127.0.0.1") == "127.0.0.1"
    assert plain_address("/run/paihao.sock") == "/run/paihao.sock"
