"""A hall's API as a program on the command line uses it: one request after another, waiting for each.

Nothing here may be called while a reactor runs in the same thread.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit
from uuid import uuid4

from protocol.errors import ConfigError, LinkError

__all__ = ["ANSWER_MAX", "TIMEOUT_S", "ApiRefused", "HallClient", "segment"]

TIMEOUT_S = 10.0
"""A server that says nothing for so long is taken for away."""

ANSWER_MAX = 8 << 20
"""Octets of an answer; a longer one is refused."""

UNAUTHORIZED, FORBIDDEN = 401, 403


class ApiRefused(LinkError):
    """The server refuses a request; ``kind`` is its problem's, such as ``unknown-terminal``."""

    def __init__(self, message: str, status: int, kind: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind


class HallClient:
    """Speaks to the server at ``url`` with ``token``, without any proxy.

    Raises:
        ConfigError: the URL is none of a server.
    """

    def __init__(self, url: str, token: str | None, *, timeout_s: float = TIMEOUT_S) -> None:
        self._url = _split(url)
        self._token = token
        self._timeout_s = timeout_s

    @property
    def where(self) -> str:
        """The server as people write it."""
        return f"{self._url.scheme}://{self._url.netloc}{self._url.path}"

    def get(self, path: str) -> Any:
        """Return the content at ``path``, which begins with a slash; raises as `call` does."""
        return self.call("GET", path)

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return the content of the answer.

        Raises:
            ApiRefused: the server says no, and why.
            LinkError: there is no server, or something that is none of ours.
        """
        headers = {"Accept": "application/json"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        if method != "GET":
            headers["Idempotency-Key"] = str(uuid4())
        octets = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            octets = json.dumps(body).encode()
        connection = self._connection()
        try:
            connection.request(method, self._url.path + path, body=octets, headers=headers)
            response = connection.getresponse()
            answer = response.read(ANSWER_MAX + 1)
            status = response.status
        except (OSError, HTTPException, ValueError) as error:
            raise LinkError(self._explain(error)) from error
        finally:
            connection.close()
        return self._content(status, answer)

    def _connection(self) -> HTTPConnection:
        kind = HTTPSConnection if self._url.scheme == "https" else HTTPConnection
        assert self._url.hostname is not None
        return kind(self._url.hostname, self._url.port, timeout=self._timeout_s)

    def _content(self, status: int, answer: bytes) -> Any:
        try:
            if len(answer) > ANSWER_MAX:
                raise ValueError("it is too long")
            content = json.loads(answer)
        except ValueError as error:
            raise LinkError(
                f"{self.where} answers with status {status} and something that is no JSON ({error}):"
                " see that --url is that of a Paihao server"
            ) from error
        if status < 300:
            return content
        problem = content if isinstance(content, dict) else {}
        kind = str(problem.get("type", "")).removeprefix("/problems/")
        said = str(problem.get("detail") or problem.get("title") or f"status {status}")
        if status in (UNAUTHORIZED, FORBIDDEN):
            said += (
                "; give a manager's token by --token or in PAIHAO_TOKEN"
                " (`paihao up` prints the tokens that it made)"
            )
        raise ApiRefused(f"{self.where} refuses: {said}", status, kind)

    def _explain(self, error: Exception) -> str:
        match error:
            case ConnectionRefusedError():
                return (
                    f"nothing answers at {self.where}: start `paihao up` there, or give the server's"
                    " address by --url"
                )
            case socket.gaierror():
                return f"no machine named {self._url.hostname} is known: correct --url"
            case TimeoutError():
                return (
                    f"{self.where} does not answer within {self._timeout_s:g} s: see that it runs and its"
                    " network works"
                )
            case ValueError():
                return f"{self.where} cannot be asked ({error}): correct --url and --token"
            case _:
                return f"{self.where} cannot be reached ({error}): check the server and --url"


def segment(text: str) -> str:
    """Return ``text`` as one segment of a path."""
    return quote(text, safe="")


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.rstrip("/"))
        port_right = parts.port is None or parts.port > 0
    except ValueError:
        port_right = False
    if (
        not port_right
        or parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.query
        or parts.fragment
        or parts.username is not None
    ):
        raise ConfigError(
            f"{url!r} is no server's address: write it like http://127.0.0.1:8080 or https://hall.example"
        )
    return parts
