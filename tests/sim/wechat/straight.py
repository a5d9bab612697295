"""Requests of an HTTP client, brought to the stand-in without a socket."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.adapters import BaseAdapter

from sim.wechat.exchange import Request
from tests.sim.wechat.service import Server


class Straight(BaseAdapter):
    """Brings requests to the stand-in without a socket."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._server = server
        self.asked: list[str] = []

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        parts = urlsplit(request.url or "")
        self.asked.append(parts.path)
        body = request.body or b""
        reply = self._server.stand_in.answer(
            Request(
                method=request.method or "",
                path=parts.path,
                query=dict(parse_qsl(parts.query)),
                body=body.encode() if isinstance(body, str) else body,
                at_s=self._server.now_s,
            )
        )
        if reply.reset:
            raise requests.ConnectionError("reset by peer")
        response = requests.Response()
        response.status_code = reply.status
        response.headers.update(reply.headers)
        response._content = reply.body
        response.request = request
        response.url = request.url or ""
        return response

    def close(self) -> None:
        """There is nothing to close."""
