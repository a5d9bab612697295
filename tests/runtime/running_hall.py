"""``paihao up`` as a process of its own, and a plain HTTP client for it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from socket import SHUT_RDWR
from types import MappingProxyType
from typing import Any, TypeVar

from tests.runtime.reactor_thread import PATIENCE_S

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[2]
HALL = "HZ01"
"""The demo hall; its tickets' and counters' addresses begin with `IN_HALL`."""
IN_HALL = f"/api/v1/halls/{HALL}"

REFUSED = 2
"""The exit status of a start that is refused."""

START_S = 20.0
"""A start takes less than two seconds on an idle machine."""
END_S = 5.0
"""What "within seconds" means for an end that was asked for."""


def wait_until(true: Callable[[], T], *, what: str, patience_s: float = PATIENCE_S) -> T:
    """Ask again until the answer is true; return it."""
    give_up_at = time.monotonic() + patience_s
    while not (answer := true()):
        assert time.monotonic() < give_up_at, f"{patience_s:g} s and not yet: {what}"
        time.sleep(0.02)
    return answer


class Answer:
    """A response that was read as a whole."""

    def __init__(self, response: HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.octets = response.read()

    @property
    def content(self) -> Any:
        return json.loads(self.octets)

    def ok(self) -> Any:
        """Return the content of an answer that says yes."""
        assert self.status < 300, f"{self.status}: {self.octets.decode(errors='replace')}"
        return self.content


class RunningHall:
    """A process that runs ``paihao up``; ``folder`` takes its data and what it prints.

    ``program`` is what Python is to run, where that is not Paihao's own command line.
    """

    def __init__(
        self,
        folder: Path,
        *options: str | Path,
        data: Path | None = None,
        program: Sequence[str | Path] = ("-m", "runtime.cli"),
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.data = data or folder / "data"
        self._said_at = folder / "said.txt"
        self._logged_at = folder / "log.txt"
        command = [sys.executable, *program, "up", "--data", self.data, *options]
        if "--port" not in options:
            command += ["--port", "0"]
        if "--wechat" not in options:
            command += ["--no-wechat"]
        with self._said_at.open("w") as said, self._logged_at.open("w") as logged:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=logged,
                env={**os.environ, "COLUMNS": "200"},
            )
        self.port = 0
        self.tokens: Mapping[str, str] = {}

    # -- its life ------------------------------------------------------------------------------

    def await_refusal(self) -> str:
        """Wait until it has given up starting; return what it says to whoever started it."""
        assert self.process.wait(START_S) == REFUSED, self.logged
        assert "Traceback" not in self.logged
        return self.logged

    def await_start(self) -> RunningHall:
        """Wait until it says where it is, and that it answers."""
        wait_until(self._read_where, what="the address and the tokens", patience_s=START_S)
        wait_until(self._healthy, what="a healthy hall")
        return self

    def end(self, sign: signal.Signals = signal.SIGINT) -> int:
        """Ask it to end; return its exit status."""
        self.process.send_signal(sign)
        return self.process.wait(END_S)

    def kill(self) -> None:
        """End it as a power cut does; nothing happens if it has ended."""
        self.process.kill()
        self.process.wait(END_S)

    @property
    def said(self) -> str:
        """What it printed."""
        return self._said_at.read_text()

    @property
    def logged(self) -> str:
        """Its log and its refusals."""
        return self._logged_at.read_text()

    @property
    def resident_octets(self) -> int:
        """Memory of it that is in RAM now (VmRSS of Linux's proc(5))."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024  # type: ignore[index]

    def _read_where(self) -> bool:
        assert self.process.poll() is None, f"ended with {self.process.returncode}: {self.logged}"
        said = self.said
        where = re.search(r"runs on http://[^\s/]+:(\d+)/", said)
        # The display's page is printed like a token, and its token behind it: what counts is the names.
        tokens = dict(
            re.findall(r"^  (kiosk|counter|evaluator|display|manager) +(\S+)$", said, re.MULTILINE)
        )
        if where is None or len(tokens) < 5:
            return False
        self.port = int(where[1])
        self.tokens = tokens
        return True

    def _healthy(self) -> bool:
        return self.call("GET", "/healthz").status == 200

    # -- requests ------------------------------------------------------------------------------

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def page(self, path: str, role: str) -> str:
        """The address of a page with the token that it needs."""
        return f"{self.base}{path}?token={self.tokens[role]}"

    def call(
        self,
        method: str,
        path: str,
        role: str | None = None,
        body: Any = None,
        *,
        key: str | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        over: HTTPConnection | None = None,
    ) -> Answer:
        """Send a request, on a connection of its own unless there is one."""
        headers = dict(headers)
        if role is not None:
            headers["Authorization"] = f"Bearer {self.tokens[role]}"
        if key is not None:
            headers["Idempotency-Key"] = key
        if method == "POST" or body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps({} if body is None else body).encode()
        connection = over or self.connect()
        try:
            connection.request(method, path, body=body, headers=headers)
            return Answer(connection.getresponse())
        finally:
            if over is None:
                connection.close()

    def connect(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)

    def take(self, service: str = "declare", *, key: str | None = None, **more: Any) -> Any:
        """Take a ticket as the kiosk."""
        body = {"service": service, **more}
        return self.call("POST", f"{IN_HALL}/tickets", "kiosk", body, key=key).ok()

    def at_counter(self, counter: str, step: str) -> Any:
        """Do something as the staff of a counter."""
        return self.call("POST", f"{IN_HALL}/counters/{counter}/{step}", "counter").ok()

    def press(self, counter: str, key: str) -> None:
        """Press a key of a virtual keypad."""
        path = f"/api/v1/devices/{HALL}/keypads/{counter}"
        assert self.call("POST", path, "manager", {"key": key}).ok() == {"taken": True}

    def printer(self, kiosk: str = "k1", **switches: bool) -> None:
        """Set the troubles of a virtual printer."""
        self.call("POST", f"/api/v1/devices/{HALL}/printers/{kiosk}", "manager", switches).ok()

    def devices(self) -> Any:
        """What the virtual devices of the demo hall show."""
        return self.call("GET", "/api/v1/devices", "manager").ok()[HALL]

    def hall(self) -> Any:
        """The snapshot of the demo hall."""
        return self.call("GET", IN_HALL, "display").ok()

    def ticket(self, id: str) -> Any:
        return self.call("GET", f"{IN_HALL}/tickets/{id}").ok()

    def alarms(self) -> dict[str, str]:
        """What needs a person: details by alarms' names."""
        listed = self.call("GET", f"{IN_HALL}/alarms", "manager").ok()["alarms"]
        return {alarm["alarm"]: alarm["detail"] for alarm in listed}

    @contextmanager
    def stream(self, role: str = "display", after: int | None = None) -> Iterator[EventStream]:
        """Follow the demo hall's events."""
        stream = EventStream(self, role, after)
        try:
            yield stream
        finally:
            stream.close()


class EventStream:
    """The events of a hall as a client that reads them all; ``ended`` once the server has ended it."""

    def __init__(self, hall: RunningHall, role: str, after: int | None = None) -> None:
        self.events: list[tuple[str, Any]] = []
        self._connection = hall.connect()
        query = "" if after is None else f"?after={after}"
        self._connection.request(
            "GET",
            f"{IN_HALL}/events{query}",
            headers={"Authorization": f"Bearer {hall.tokens[role]}"},
        )
        # The connection lets go of its socket once it knows that the response goes on to the end.
        self._socket = self._connection.sock
        self._response = self._connection.getresponse()
        assert self._response.status == 200, self._response.read()
        # Heartbeats come less often than this client's patience with an answer.
        self._socket.settimeout(None)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def ended(self) -> bool:
        return not self._reader.is_alive()

    def records(self) -> list[Any]:
        """The durable events, in order."""
        return [content for name, content in list(self.events) if name == "record"]

    def of(self, name: str) -> list[Any]:
        """The messages of one kind, in order."""
        return [content for found, content in list(self.events) if found == name]

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(SHUT_RDWR)
        self._reader.join(PATIENCE_S)
        self._connection.close()

    def _read(self) -> None:
        name, lines = "message", []
        try:
            for raw in self._response:
                line = raw.decode().rstrip("\r\n")
                field, _, rest = line.partition(":")
                if field == "event":
                    name = rest.strip()
                elif field == "data":
                    lines.append(rest.strip())
                elif not line:
                    if lines:
                        self.events.append((name, json.loads("\n".join(lines))))
                    name, lines = "message", []
        except (OSError, ValueError):
            pass
