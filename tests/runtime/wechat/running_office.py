"""A hall's real process, which may be killed and started again, and WeChat's stand-in, which outlives it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from protocol.push_events import PushEnded
from runtime.config.load import load_config
from runtime.journal.reader import Reader
from sim.wechat.exchange import Reply, Request
from sim.wechat.phones import Kind, Message
from sim.wechat.stand_in import StandIn
from tests.runtime.reactor_thread import ReactorThread
from tests.runtime.running_hall import HALL, RunningHall, wait_until
from tests.runtime.stand_in.rig import ServedStandIn, free_port
from tests.sim.wechat.service import ACCOUNT, CALL

Start = Callable[..., RunningHall]
E = TypeVar("E")

DEMO = Path(__file__).parents[3] / "runtime" / "config" / "demo.toml"

FIELDS = '{ character_string1 = "number", thing2 = "note", number3 = "ahead" }'

SEND = "/cgi-bin/message/template/send"
NOTIFY = "/cgi-bin/message/subscribe/bizsend"


class RunningOffice:
    """The demo hall with an account, with ``changes`` in the text of its file; ``channel`` is how it pushes.

    ``sent`` are the messages that reached WeChat, refused ones included, in their order.
    """

    def __init__(
        self,
        start: Start,
        thread: ReactorThread,
        folder: Path,
        *,
        channel: str = "template",
        changes: Callable[[str], str] = lambda text: text,
    ) -> None:
        self._start = start
        self._port = free_port()
        callback = f"http://127.0.0.1:{self._port}/wechat/callback"
        self.wechat = ServedStandIn(thread, callback_url=callback, notifications=(CALL,))
        self.sent: list[dict[str, Any]] = []
        self._note_what_is_sent(self.wechat.model)
        self._file = folder / "hall.toml"
        account = f"""
            [wechat]
            app_id = "{ACCOUNT.app_id}"
            secret = "{ACCOUNT.secret}"
            token = "{ACCOUNT.token}"
            aes_key = "{ACCOUNT.aes_key}"
            channel = "{channel}"
            api_url = "{self.wechat.server.base_url}"
            near = {{ template = "{CALL.id}", fields = {FIELDS} }}
            call = {{ template = "{CALL.id}", fields = {FIELDS} }}
        """
        self._file.write_text(changes(DEMO.read_text("utf-8")) + account, "utf-8")
        self._spec = load_config(self._file).halls[0]
        self._data = folder / "kept"
        self.hall = self.start()

    def start(self) -> RunningHall:
        """Start the process, on what one before has left."""
        port = str(self._port)
        self.hall = self._start("--config", self._file, "--port", port, data=self._data)
        return self.hall

    def _note_what_is_sent(self, model: StandIn) -> None:
        answer = model.answer

        def noting(request: Request) -> Reply:
            if request.path in (SEND, NOTIFY):
                self.sent.append(json.loads(request.body))
            return answer(request)

        model.answer = noting  # type: ignore[method-assign]

    def follow(self, person: str, ticket: Any) -> None:
        """Scan the code on a ticket's paper; wait until the hall knows that."""

        def code() -> Any:
            people, now_s = self.wechat.model.people, self.wechat.clock.now()
            made = self.wechat.on_reactor(lambda: people.codes(50, now_s))
            return next(
                (each for each in made if each.scene.endswith(f".{ticket['number']}")), None
            )

        found = wait_until(code, what=f"the code of {ticket['number']}")
        self.wechat.act(self.wechat.model.people.scan, person, found.ticket)
        wait_until(lambda: self.hall.ticket(ticket["id"])["followed"], what="a follower")

    def told(self, person: str, *, kind: Kind = Kind.TEMPLATE) -> list[Message]:
        """Return the pushes that came to a phone."""
        return [message for message in self.wechat.phone(person) if message.kind is kind]

    def wait_sent(self, count: int) -> None:
        """Wait until so many messages have reached WeChat."""
        wait_until(lambda: len(self.sent) >= count, what=f"{count} messages")

    def events(self, kind: type[E]) -> list[E]:
        """Return the events of a kind that are in the hall's journal; the process may run, or be dead."""
        reader = Reader(self._data / f"{HALL}.journal", self._spec)
        try:
            last, _ = reader.last()
            events = [each.event for each in reader.events(0, last)]
        finally:
            reader.close()
        return [event for event in events if isinstance(event, kind)]

    def ends_of_pushes(self) -> list[tuple[str, str]]:
        """Return what the journal says became of each push: its id, and the outcome."""
        return [(ended.push, ended.outcome.value) for ended in self.events(PushEnded)]
