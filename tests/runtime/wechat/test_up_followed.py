"""A hall and WeChat's stand-in, both served: from the paper at the kiosk to the call on the phone."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from sim.wechat.phones import Kind
from tests.runtime.reactor_thread import ReactorThread
from tests.runtime.running_hall import RunningHall, wait_until
from tests.runtime.stand_in.rig import ServedStandIn
from tests.sim.wechat.service import ACCOUNT, CALL

Start = Callable[..., RunningHall]

DEMO = Path(__file__).parents[3] / "runtime" / "config" / "demo.toml"

FIELDS = '{ character_string1 = "number", thing2 = "note", number3 = "ahead" }'


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Followed:
    """The hall at ``hall``, and the phones of the people at WeChat."""

    def __init__(self, start: Start, thread: ReactorThread, folder: Path) -> None:
        port = free_port()
        self.wechat = ServedStandIn(thread, callback_url=f"http://127.0.0.1:{port}/wechat/callback")
        file = folder / "hall.toml"
        account = f"""
            [wechat]
            app_id = "{ACCOUNT.app_id}"
            secret = "{ACCOUNT.secret}"
            token = "{ACCOUNT.token}"
            aes_key = "{ACCOUNT.aes_key}"
            api_url = "{self.wechat.server.base_url}"
            near = {{ template = "{CALL.id}", fields = {FIELDS} }}
            call = {{ template = "{CALL.id}", fields = {FIELDS} }}
        """
        file.write_text(f"{DEMO.read_text('utf-8')}\n{account}", "utf-8")
        self.hall = start("--config", file, "--port", str(port))

    def scan(self, person: str, number: str) -> None:
        """Scan the code on the paper with that number, once it is printed."""

        def code() -> Any:
            made = self.wechat.on_reactor(lambda: self.wechat.model.people.codes(50, self._now()))
            return next((each for each in made if each.scene.endswith(f".{number}")), None)

        ticket = wait_until(code, what=f"the code of {number}").ticket
        self.wechat.act(self.wechat.model.people.scan, person, ticket)

    def _now(self) -> float:
        return self.wechat.clock.now()

    def told(self, person: str, kind: Kind, count: int) -> list[str]:
        """Wait for so many messages of a kind; return what they say."""

        def there() -> list[Any]:
            return [message for message in self.wechat.phone(person) if message.kind is kind]

        wait_until(lambda: len(there()) >= count, what=f"{count} messages for {person}")
        return [message.text or " ".join(dict(message.fields).values()) for message in there()]


@pytest.fixture
def followed(start: Start, reactor_thread: ReactorThread, tmp_path: Path) -> Iterator[Followed]:
    stage = Followed(start, reactor_thread, tmp_path)
    yield stage
    stage.wechat.stop()


def test_who_scans_the_paper_is_told_of_the_turn_and_of_the_call(followed: Followed) -> None:
    hall = followed.hall
    tickets = [hall.take(kiosk="k1", language="zh") for _ in range(5)]
    last = tickets[-1]
    followed.scan("张三", last["number"])
    [reply] = followed.told("张三", Kind.REPLY, 1)
    assert last["number"] in reply
    assert "前面还有 4 人" in reply
    assert f"/t/HZ01/{last['id']}?c=" in reply
    assert hall.ticket(last["id"])["followed"]
    assert (
        b'paihao_wechat_callbacks_total{kind="followed"'
        in hall.call("GET", "/metrics", "manager").octets
    )
    hall.at_counter("1", "next")
    assert not [m for m in followed.wechat.phone("张三") if m.kind is Kind.TEMPLATE]
    hall.at_counter("1", "next")
    [near] = followed.told("张三", Kind.TEMPLATE, 1)
    assert "前面还有2人" in near
    for _ in range(3):
        hall.at_counter("1", "next")
    call = followed.told("张三", Kind.TEMPLATE, 2)[-1]
    assert "请到1号窗口办理" in call
    assert hall.end() == 0
    assert ACCOUNT.secret not in hall.logged


def test_paper_is_printed_with_its_page_while_wechat_is_away(followed: Followed) -> None:
    followed.wechat.trouble("reset")
    hall = followed.hall
    ticket = hall.take(kiosk="k1", language="zh")
    wait_until(lambda: hall.ticket(ticket["id"])["printed"] == "printed", what="the paper")
    codes = followed.wechat.on_reactor(
        lambda: followed.wechat.model.people.codes(50, followed.wechat.clock.now())
    )
    assert not codes


def test_demo_hall_has_phones_of_its_own(start: Start) -> None:
    hall = start("--wechat")
    phones = re.search(r"http://127\.0\.0\.1:(\d+)/phones", hall.said)
    assert phones is not None
    stand_in = HTTPConnection("127.0.0.1", int(phones[1]), timeout=10)

    def ask(method: str, path: str, body: Any = None) -> Any:
        sent = None if body is None else json.dumps(body)
        stand_in.request(method, quote(path), sent, {"Content-Type": "application/json"})
        response = stand_in.getresponse()
        content = json.loads(response.read())
        assert response.status == 200, content
        return content

    ticket = hall.take(kiosk="k1", language="zh")
    code = wait_until(lambda: ask("GET", "/phones/state")["codes"], what="a code")[0]
    ask("POST", "/phones/李四/scan", {"code": code["ticket"]})
    wait_until(lambda: hall.ticket(ticket["id"])["followed"], what="a follower")
    stand_in.close()
    assert hall.end() == 0
    assert "Traceback" not in hall.logged
