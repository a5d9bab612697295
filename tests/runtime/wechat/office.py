"""A hall behind a web server on a real socket, and the stand-in of WeChat that calls it back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from actors.ports import Committed
from protocol.events import Event
from protocol.ids import HallId, TicketId
from protocol.messages import Recipient, Recorded
from protocol.push_events import TicketFollowed, TicketUnfollowed
from protocol.values import replace
from protocol.wechat.scene import scene_of
from protocol.wechat.templates import Slot
from runtime.config.model import WeChat, WeChatMode, WeChatTemplate
from runtime.http.routing import Route
from runtime.wechat.callbacks import PATH, Callbacks, door_of
from runtime.wechat.followers import FollowerSeal
from runtime.wechat.reception import FollowedHall
from sim.journal import MemoryJournal
from sim.wechat.exchange import CallbackCall
from tests.runtime.http.rig import PLENTY, TICKETS, Answer, Served
from tests.sim.wechat.service import ACCOUNT, Server

HALL = HallId("HZ01")
SCENE_KEY = b"the key of the scenes, 32 octets"
FOLLOWERS = FollowerSeal(bytes(32))

_TEMPLATE = WeChatTemplate(template="t", fields={"thing1": Slot.NOTE})

PATIENCE_S = 10.0


class HeldJournal(MemoryJournal):
    """A journal whose commits can be held up, as a disk that does not answer does."""

    def __init__(self) -> None:
        super().__init__()
        self.holds = False
        self._held: tuple[Sequence[Recorded], Recipient] | None = None

    def commit(self, batch: Sequence[Recorded], reply_to: Recipient) -> bool:
        if not self.holds:
            return super().commit(batch, reply_to)
        self._held = batch, reply_to
        return False

    def let_go(self) -> None:
        """Commit what was held up, and whatever comes from now on; or fail to, as any journal may."""
        self.holds = False
        if self._held is not None:
            (batch, reply_to), self._held = self._held, None
            if super().commit(batch, reply_to):
                reply_to.tell(Committed(seq=batch[-1].seq))


class Office:
    """A served hall with WeChat's callbacks, and the stand-in that makes them; its people use phones."""

    def __init__(
        self,
        thread: Any,
        *,
        limits: Any = PLENTY,
        mode: WeChatMode = WeChatMode.SAFE,
        journal: MemoryJournal | None = None,
        account: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self.shift_s = 0.0
        """How far the server's clock is from now."""
        self._thread = thread
        self._mode = mode
        self._options = options
        self.served = Served(thread, limits, journal=journal, more_routes=self._routes)
        self.served.call(self.served.start)
        self.account = replace(
            ACCOUNT,
            callback_url=f"http://127.0.0.1:{self.served.port}{PATH}",
            **(account or {}),
        )
        self.wechat = Server(self.account)
        self.wechat.now_s = time.time()
        self.wechat.sign_in()
        self.people = self.wechat.people

    def _routes(self, _pages: Any) -> tuple[Route, ...]:
        served = self.served
        ours = WeChat(
            app_id=ACCOUNT.app_id,
            token=ACCOUNT.token,
            aes_key=ACCOUNT.aes_key,
            near=_TEMPLATE,
            call=_TEMPLATE,
            mode=self._mode,
        )
        page = served.port_of_hall.scan_url
        self.hall = FollowedHall(spec=served.spec, hall=served.hall, page=page)
        self.callbacks = Callbacks(
            self._thread.reactor,
            door_of(ours),
            {HALL: self.hall},
            FOLLOWERS,
            SCENE_KEY,
            self.now,
            **self._options,
        )
        return tuple(self.callbacks.routes())

    def stop(self) -> None:
        self.served.call(self.callbacks.stop)
        self.served.call(self.served.stop)

    # -- time ---------------------------------------------------------------------------------

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time() + self.shift_s, UTC)

    @property
    def now_s(self) -> float:
        """The same for the stand-in, whose time never goes back."""
        self.wechat.now_s = max(self.wechat.now_s, time.time() + self.shift_s)
        return self.wechat.now_s

    # -- tickets ------------------------------------------------------------------------------

    def take(self, service: str = "tax", language: str = "zh") -> TicketId:
        answer = self.served.ask("POST", TICKETS, {"service": service, "language": language})
        assert answer.status == 201, answer
        return TicketId(answer.json["id"])

    def cancel(self, ticket: TicketId) -> None:
        assert self.served.ask("POST", f"{TICKETS}/{ticket}/cancel", {}).status == 200

    def call_next(self, counter: str = "1") -> Any:
        path = f"/api/v1/halls/{HALL}/counters/{counter}"
        self.served.ask("POST", f"{path}/open", {})
        answer = self.served.ask("POST", f"{path}/next", {})
        assert answer.status == 200, answer
        return answer.json["ticket"]

    def code(self, ticket: TicketId, *, until_s: float = 3_600.0, key: bytes = SCENE_KEY) -> str:
        """Return the scene of the ticket's QR code, which the account has made."""
        scene = scene_of(key, HALL, ticket, self.now_s + until_s)
        assert self.wechat.code(scene)["ticket"]
        return scene

    # -- people -------------------------------------------------------------------------------

    def follow(self, name: str) -> str:
        """Let somebody follow the account; return the openid."""
        self.people.follow(name, self.now_s)
        self.deliver()
        return self.people.contact(name).openid

    def scan(self, name: str, scene: str) -> str:
        """Let somebody scan a code; return what the phone shows then."""
        assert self.people.scan(name, scene, self.now_s)
        self.deliver()
        return self.shown(name)

    def say(self, name: str, text: str) -> str:
        self.people.say(name, text, self.now_s)
        self.deliver()
        return self.shown(name)

    def shown(self, name: str) -> str:
        """Return the last text on the phone."""
        return self.people.phone(name)[-1].text

    # -- callbacks ----------------------------------------------------------------------------

    def due(self) -> list[CallbackCall]:
        """Return the callbacks that are to be made now."""
        return self.wechat.stand_in.tick(self.now_s)

    def post(self, call: CallbackCall, **changes: str | bytes | None) -> Answer:
        """Make a callback with its query (or ``body``) changed; a field that is None is left out."""
        body = changes.pop("body", call.body)
        query = {**call.query, **changes}
        kept = {name: text for name, text in query.items() if text is not None}
        return self.ask(call.method, urlencode(kept), body)

    def ask(self, method: str, query: str, body: Any = b"") -> Answer:
        return self.served.ask(method, f"{PATH}?{query}", body or None, token=None)

    def deliver(self) -> list[Answer]:
        """Make the callbacks that are due, and take their answers to the stand-in."""
        answers = []
        for call in self.due():
            answer = self.post(call)
            self.wechat.stand_in.callback_answered(call.id, answer.status, answer.body, self.now_s)
            answers.append(answer)
        return answers

    # -- what became of it --------------------------------------------------------------------

    def events(self, kind: type = object) -> list[Event]:
        """Return the durable events of a kind."""
        recorded = self.served.call(self.served.journal.read, 0, 10_000)
        return [record.event for record in recorded if isinstance(record.event, kind)]

    def followings(self) -> list[tuple[TicketId, str | None]]:
        """Return who followed, and who let go (None), in order."""
        found: list[tuple[TicketId, str | None]] = []
        for event in self.events():
            match event:
                case TicketFollowed():
                    found.append((event.ticket, FOLLOWERS.open(event.follower)))
                case TicketUnfollowed():
                    found.append((event.ticket, None))
        return found

    def wait_until(self, there: Callable[[], bool]) -> None:
        """Wait for what happens behind an answer."""
        end_s = time.monotonic() + PATIENCE_S
        while not self.served.call(there):
            assert time.monotonic() < end_s, "it did not happen in time"

    def counted(self) -> dict[tuple[str, str], float]:
        """Return how many callbacks there were, by kind and outcome."""
        [metric] = self.served.call(lambda: list(self.callbacks.metrics()))
        return {
            (sample.labels["kind"], sample.labels["outcome"]): sample.value
            for sample in metric.samples
        }
