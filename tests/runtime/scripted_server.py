"""A web server that answers with what it is told to, and keeps what it was asked."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from attrs import frozen


@frozen(kw_only=True)
class Asked:
    """A request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


class ScriptedServer:
    """Answers each request with the next of ``answers``: (status, content), or None to hang up.

    ``standing`` are contents by path that are answered whenever there is no next one.
    """

    def __init__(self) -> None:
        self.answers: deque[tuple[int, Any] | None] = deque()
        self.standing: dict[str, Any] = {}
        self.asked: list[Asked] = []
        script = self

        class Requests(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                script.asked.append(
                    Asked(
                        method=self.command,
                        path=self.path,
                        headers=dict(self.headers),
                        body=json.loads(body) if body else None,
                    )
                )
                answer = script._answer(self.path)
                if answer is None:
                    self.close_connection = True
                    return
                status, content = answer
                octets = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(octets)))
                self.end_headers()
                self.wfile.write(octets)

            do_POST = do_DELETE = do_GET

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, path: str) -> tuple[int, Any] | None:
        if self.answers:
            return self.answers.popleft()
        if path in self.standing:
            return 200, self.standing[path]
        return 404, {"type": "/problems/not-found", "status": 404, "title": "?", "detail": path}
