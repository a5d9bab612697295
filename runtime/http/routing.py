"""From a method and a path to a route, by a tree of segments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from protocol.values import value
from runtime.config.model import Role
from runtime.http.problems import Problem, refuse

ANYBODY: frozenset[Role] = frozenset()
"""No role is needed, and no token."""

SEGMENTS_MAX = 16
"""A path with more segments is not looked up."""

FOUND_MAX = 1_000
"""Paths of which it is remembered what they lead to; the one that was unused for longest is looked up again."""


@value
class Route:
    """One line of the table: who may do what where, with which body, and what it answers.

    ``handler`` takes a call and returns a response, or None if the response follows later. ``roles`` are who
    may call it, managers always; with `ANYBODY` no token is asked. ``body`` is the class of the JSON body;
    where all its fields have defaults the body may be empty. ``answers`` describes responses by status: their
    class, or their content type. A route that ``changes`` something heeds the Idempotency-Key. Those of a
    ``page`` answer people: refusals are pages, too. One that is not ``metered`` may be asked as often as
    anybody likes: its callers prove who they are in another way than by a token, and share one address.
    """

    method: str
    pattern: str
    handler: Callable[[Any], Any]
    summary: str
    roles: frozenset[Role] = ANYBODY
    body: type | None = None
    answers: Mapping[int, type | str] = MappingProxyType({})
    problems: tuple[str, ...] = ()
    query: Mapping[str, str] = MappingProxyType({})
    """What may stand in the query, and what it means."""
    changes: bool = False
    page: bool = False
    metered: bool = True
    customers: bool = False
    """Whether it is for customers, by the cookie of their sign-in, and not for tokens."""
    resumes: bool = False
    """Whether it is a stream that goes on where a client lost it."""
    listed: bool = True
    """Whether the OpenAPI document describes it."""


class Match(NamedTuple):
    """A route that was found, with the variable segments of its path."""

    route: Route
    params: Mapping[str, str]


class _Node:
    """What follows after some segments of a path."""

    __slots__ = ("fixed", "name", "routes", "variable")

    def __init__(self) -> None:
        self.fixed: dict[str, _Node] = {}
        self.variable: _Node | None = None
        self.name = ""
        self.routes: dict[bytes, Route] = {}


class Table:
    """All routes. A fixed segment goes before a variable one (``{hall}``)."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._root = _Node()
        self._found = lru_cache(FOUND_MAX)(self._find)
        for route in self.routes:
            self._add(route)

    def _add(self, route: Route) -> None:
        node = self._root
        for segment in route.pattern[1:].split("/"):
            if segment.startswith("{"):
                node.variable = node.variable or _Node()
                node = node.variable
                assert node.name in ("", segment[1:-1]), f"{route.pattern}: two names for a segment"
                node.name = segment[1:-1]
            else:
                node = node.fixed.setdefault(segment, _Node())
        method = route.method.encode()
        assert method not in node.routes, f"{route.method} {route.pattern} is there twice"
        node.routes[method] = route

    def find(self, method: bytes, path: bytes) -> Match | Problem:
        """Return the route for ``method`` and ``path``, or what is wrong with them; it is not to be changed."""
        return self._found(method, path)

    def _find(self, method: bytes, path: bytes) -> Match | Problem:
        try:
            text = path.decode("ascii")
        except UnicodeDecodeError:
            return _unreadable_path()
        if not text.startswith("/"):
            return _not_found(text)
        segments = text[1:].split("/", SEGMENTS_MAX)
        node: _Node | None = self._root
        params: dict[str, str] = {}
        for segment in segments:
            assert node is not None
            following = node.fixed.get(segment)
            if following is None:
                following = node.variable
                if following is None or not segment:
                    return _not_found(text)
                if "%" in segment:
                    try:
                        segment = unquote_to_bytes(segment).decode("utf-8")
                    except UnicodeDecodeError:
                        return _unreadable_path()
                if not segment.isprintable():
                    return _unreadable_path()
                params[following.name] = segment
            node = following
        assert node is not None
        route = node.routes.get(b"GET" if method == b"HEAD" else method)
        if route is None:
            return _not_allowed(method, node) if node.routes else _not_found(text)
        return Match(route, params)


def _unreadable_path() -> Problem:
    return refuse("malformed-request", "the path is not percent-encoded UTF-8 text").problem


def _not_found(path: str) -> Problem:
    return refuse("not-found", f"there is nothing at {path[:200]}").problem


def _not_allowed(method: bytes, node: _Node) -> Problem:
    methods = sorted({*node.routes, *([b"HEAD"] if b"GET" in node.routes else [])})
    allowed = b", ".join(methods)
    return refuse(
        "method-not-allowed",
        f"this address takes {allowed.decode()}, not {method[:20].decode('ascii', 'replace')}",
        (b"Allow", allowed),
    ).problem
