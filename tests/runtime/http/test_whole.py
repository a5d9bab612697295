"""A request in one piece is read as Twisted reads the same octets in many, or is left to it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from protocol.values import replace
from runtime.http.limits import Limits
from runtime.http.request import HttpRequest, Response
from runtime.http.site import Site
from runtime.http.whole import read_whole

LIMITS = replace(
    Limits(), body_octets_max=40, target_octets_max=30, head_octets_max=300, headers_max=6
)

NAMES = [
    "Host",
    "X-a",
    "content-length",
    "Content-Length",
    "transfer-encoding",
    "Expect",
    "connection",
]
VALUES = (
    "",
    "a",
    " a b ",
    "\t1\t",
    "3",
    "0",
    "+3",
    "3, 3",
    "chunked",
    "close",
    "keep-alive",
    "x:y",
    "é",
    "a\0",
)


class Transport(StringTransport):
    """A transport that can end its writing half alone."""

    def loseWriteConnection(self) -> None:
        self.disconnecting = True


class Seen:
    """What reached a site, and what it answered by itself."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.requests: list[tuple[Any, ...]] = []
        self.refused: list[int] = []
        site = Site(
            Clock(),
            LIMITS,
            serve=self._serve,
            sweep=lambda now: None,
            count=lambda route, status: self.refused.append(status),
        )
        channel = site.buildProtocol(None)
        channel.makeConnection(Transport())
        for piece in pieces:
            channel.dataReceived(piece)

    def _serve(self, request: HttpRequest) -> None:
        names = {b"host", b"x-a", b"content-length"}
        fields = {name: list(request.header_values(name)) for name in names}
        self.requests.append((request.method, request.path, request.query, fields, request.body))
        request.respond(Response(status=200, body=b"{}"))


LINES = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)), max_size=8)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    method = draw(st.sampled_from(("GET", "POST", "get", "", "G T")))
    target = draw(st.sampled_from(("/", "/a?b=c", "/" + "x" * 40, "*", "http://h/p", "/é", "")))
    version = draw(st.sampled_from(("HTTP/1.1",) * 6 + ("HTTP/1.0", "HTTP/2", "")))
    lines = draw(LINES)
    body = draw(st.sampled_from((b"", b"abc", b"x" * 41, b"abcGET / HTTP/1.1\r\n\r\n")))
    if draw(st.booleans()):
        lines.append(("Content-Length", str(len(body))))
    separator = draw(st.sampled_from((": ", ":", " : ")))
    text = f"{method} {target} {version}\r\n"
    text += "".join(f"{name}{separator}{value}\r\n" for name, value in lines)
    return text.encode() + b"\r\n" + body


@given(octets=requests())
def test_one_piece_is_read_as_many_are(octets: bytes) -> None:
    whole, pieces = Seen([octets]), Seen([bytes([octet]) for octet in octets])
    assert whole.requests == pieces.requests
    assert whole.refused == pieces.refused


@given(several=st.lists(requests(), min_size=2, max_size=4), data=st.data())
def test_any_pieces_are_read_alike(several: list[bytes], data: st.DataObject) -> None:
    octets = b"".join(several)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(octets)), max_size=6)))
    pieces = [octets[a:b] for a, b in zip([0, *cuts], [*cuts, len(octets)], strict=True)]
    some, single = Seen(pieces), Seen([bytes([octet]) for octet in octets])
    assert some.requests == single.requests
    assert some.refused == single.refused


def test_nothing_is_answered_after_the_last_request() -> None:
    last = b"GET /last HTTP/1.1\r\nConnection: close\r\n\r\n"
    seen = Seen([last, b"GET /more HTTP/1.1\r\n\r\n"])
    assert [path for _, path, *_ in seen.requests] == [b"/last"]


def test_piece_that_looks_whole_within_a_header_is_not_a_request() -> None:
    first = b"GET /first HTTP/1.1\r\n\r\nGET /second HTTP/1.1\r\nX-a: "
    seen = Seen([first, b"GET /third HTTP/1.1\r\n\r\n"])
    assert [path for _, path, *_ in seen.requests] == [b"/first", b"/second"]


@given(octets=st.binary(max_size=60).map(lambda tail: b"GET / HTTP/1.1\r\nX-a: " + tail))
def test_any_octets_are_read_alike(octets: bytes) -> None:
    whole, pieces = Seen([octets]), Seen([bytes([octet]) for octet in octets])
    assert whole.requests == pieces.requests
    assert whole.refused == pieces.refused


def test_usual_request_is_read_at_once() -> None:
    octets = b"POST /a HTTP/1.1\r\nHost: h\r\nX-A:  1 \r\nx-a: 2\r\nContent-Length: 3\r\n\r\nabc"
    whole = read_whole(octets, LIMITS)
    assert whole is not None
    assert whole.fields == {b"host": [b"h"], b"x-a": [b"1", b"2"], b"content-length": [b"3"]}
    assert (whole.method, whole.target, whole.body) == (b"POST", b"/a", b"abc")


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"GET / HTTP/1.1\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.1\r\n folded: x\r\n\r\n",
        b"GET / HTTP/1.1\r\na: b\r\n c\r\n\r\n",
        b"GET / HTTP/1.1\n\n",
        b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
        b"GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\na",
        b"GET / HTTP/1.1\r\nContent-Length: 2\r\n\r\na",
        b"GET / HTTP/1.1\r\nContent-Length: 1\r\n\r\nab",
        b"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 41\r\n\r\n" + b"x" * 41,
        b"GET /" + b"x" * 30 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 7 + b"\r\n",
        b"GET / HTTP/1.1\r\na: " + b"b" * 300 + b"\r\n\r\n",
    ],
)
def test_unusual_request_is_left_to_twisted(octets: bytes) -> None:
    assert read_whole(octets, LIMITS) is None
