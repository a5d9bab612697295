"""From a method and a path to a route."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.http.problems import Problem
from runtime.http.routing import FOUND_MAX, Match, Route, Table


def route(method: str, pattern: str) -> Route:
    return Route(method=method, pattern=pattern, handler=lambda call: None, summary="")


TABLE = Table(
    [
        route("GET", "/"),
        route("GET", "/halls/{hall}"),
        route("POST", "/halls/{hall}"),
        route("GET", "/halls/{hall}/tickets/{ticket}"),
        route("GET", "/halls/{hall}/tickets/new"),
    ]
)


def find(method: bytes, path: bytes) -> Match:
    found = TABLE.find(method, path)
    assert isinstance(found, Match), found
    return found


def refused(method: bytes, path: bytes) -> str:
    found = TABLE.find(method, path)
    assert isinstance(found, Problem), found
    return found.kind


def test_fixed_segment_goes_before_a_variable_one() -> None:
    assert find(b"GET", b"/halls/a/tickets/new").route.pattern.endswith("/new")
    assert find(b"GET", b"/halls/a/tickets/x").params == {"hall": "a", "ticket": "x"}


def test_segments_are_decoded_once() -> None:
    assert find(b"GET", b"/halls/%E5%A4%A7%2F%2541").params == {"hall": "大/%41"}


def test_head_is_found_where_get_is() -> None:
    assert find(b"HEAD", b"/").route.method == "GET"


@pytest.mark.parametrize("path", [b"/halls", b"/halls/", b"/halls/a/", b"//", b"/x", b"", b"*"])
def test_path_without_a_route_is_not_found(path: bytes) -> None:
    assert refused(b"GET", path) == "not-found"


def test_other_methods_are_named() -> None:
    found = TABLE.find(b"DELETE", b"/halls/a")
    assert isinstance(found, Problem)
    assert found.headers == ((b"Allow", b"GET, HEAD, POST"),)


@pytest.mark.parametrize("path", [b"/halls/%ff", b"/halls/\xff", b"/halls/%00", b"/halls/a%0ab"])
def test_unreadable_path_is_refused(path: bytes) -> None:
    assert refused(b"GET", path) == "malformed-request"


@given(method=st.binary(max_size=10), path=st.binary(max_size=100))
def test_any_octets_are_found_or_refused(method: bytes, path: bytes) -> None:
    assert isinstance(TABLE.find(method, path), Match | Problem)


def test_route_that_is_there_twice_is_a_mistake() -> None:
    with pytest.raises(AssertionError, match="twice"):
        Table([route("GET", "/a/{b}"), route("GET", "/a/{b}")])


def test_paths_that_are_asked_again_are_remembered_within_bounds() -> None:
    table = Table([route("GET", "/halls/{hall}")])
    first = table.find(b"GET", b"/halls/a")
    assert table.find(b"GET", b"/halls/a") is first
    for number in range(FOUND_MAX):
        table.find(b"GET", b"/halls/%d" % number)
    again = table.find(b"GET", b"/halls/a")
    assert again == first
    assert again is not first
