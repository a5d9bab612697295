"""Somebody else's server as the account's: WeRoBot takes the stand-in's callbacks and answers them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from werobot import WeRoBot

from runtime.stand_in.server import HOST
from sim.wechat.accounts import Mode
from tests.runtime.reactor_thread import PATIENCE_S
from tests.runtime.running_hall import wait_until
from tests.runtime.stand_in.rig import ServedStandIn
from tests.sim.wechat.service import ACCOUNT, CALL, CALL_DATA


class Receiver:
    """A robot that notes what it is told. It answers texts and scans, and is silent to the rest."""

    def __init__(self, **changes: str) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        robot = WeRoBot()
        robot.config.update(
            TOKEN=changes.get("token", ACCOUNT.token),
            APP_ID=ACCOUNT.app_id,
            ENCODING_AES_KEY=ACCOUNT.aes_key,
            # Otherwise it keeps a database in the home folder.
            SESSION_STORAGE=False,
        )

        @robot.handler
        def take(message: Any) -> str:
            self.told.append((message.type, vars(message)))
            if message.type == "text":
                return f"前面还有 3 人 <{message.content}>"
            return "已关注" if message.type == "scan_event" else ""

        self._http = make_server(HOST, 0, robot.wsgi, handler_class=_Silent)
        self.url = f"http://{HOST}:{self._http.server_port}/robot"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def of(self, kind: str) -> dict[str, Any]:
        """Wait until it was told something of ``kind``; return that."""

        def found() -> list[dict[str, Any]]:
            return [message for name, message in list(self.told) if name == kind]

        return wait_until(found, what=f"{kind} at the receiver")[-1]

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(PATIENCE_S)


class _Silent(WSGIRequestHandler):
    def log_message(self, *_given: object) -> None:
        pass


@pytest.fixture
def receive() -> Iterator[Callable[..., Receiver]]:
    receivers: list[Receiver] = []

    def start(**changes: str) -> Receiver:
        receivers.append(Receiver(**changes))
        return receivers[-1]

    yield start
    for receiver in receivers:
        receiver.close()


Serve = Callable[..., ServedStandIn]


def ends(stand_in: ServedStandIn, what: str) -> list[tuple[str, int]]:
    """Return how the callbacks of a kind ended, and after how many attempts."""
    return [
        (each["outcome"], each["attempts"])
        for each in stand_in.state()["callbacks"]
        if each["what"] == what
    ]


@pytest.mark.parametrize("mode", list(Mode))
def test_receiver_reads_what_people_do_and_its_answers_are_on_their_phones(
    serve: Serve, receive: Callable[..., Receiver], mode: Mode
) -> None:
    receiver = receive()
    stand_in = serve(callback_url=receiver.url, mode=mode)
    people = stand_in.model.people
    wish = {"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "hz-01"}}}
    token = stand_in.token()
    code = stand_in.ask("POST", "/cgi-bin/qrcode/create", wish, access_token=token).document
    stand_in.act(people.scan, "张三", code["ticket"])
    openid = people.contact("张三").openid
    follow = receiver.of("subscribe_event")
    assert (follow["FromUserName"], follow["ToUserName"]) == (openid, ACCOUNT.origin)
    assert (follow["EventKey"], follow["Ticket"]) == ("qrscene_hz-01", code["ticket"])

    stand_in.act(people.scan, "张三", "hz-01")
    assert receiver.of("scan_event")["EventKey"] == "hz-01"
    stand_in.act(people.say, "张三", "A010 ]]> & <b>")
    assert receiver.of("text")["Content"] == "A010 ]]> & <b>"
    push = {"touser": openid, "template_id": CALL.id, "data": CALL_DATA}
    path = "/cgi-bin/message/template/send"
    sent = stand_in.ask("POST", path, push, access_token=token).document
    ended = receiver.of("templatesendjobfinish_event")
    assert (ended["MsgID"], ended["Status"]) == (str(sent["msgid"]), "success")
    stand_in.act(people.unfollow, "张三")
    receiver.of("unsubscribe_event")
    for what in ("subscribe", "SCAN", "unsubscribe", "TEMPLATESENDJOBFINISH"):
        wait_until(lambda what=what: ends(stand_in, what), what=f"the end of {what}")
        assert ends(stand_in, what) == [("answered", 1)]
    assert "已关注" in [message.text for message in stand_in.phone("张三")]


@pytest.mark.parametrize("mode", list(Mode))
def test_answer_of_the_receiver_is_shown_as_it_was_given(
    serve: Serve, receive: Callable[..., Receiver], mode: Mode
) -> None:
    receiver = receive()
    stand_in = serve(callback_url=receiver.url, mode=mode)
    people = stand_in.model.people
    stand_in.act(people.follow, "张三")
    stand_in.act(people.say, "张三", "进度")
    wait_until(lambda: stand_in.phone("张三"), what="the answer on the phone")
    assert [message.text for message in stand_in.phone("张三")] == ["前面还有 3 人 <进度>"]
    assert ends(stand_in, "text") == [("answered", 1)]


def test_address_is_confirmed_by_the_receiver(
    serve: Serve, receive: Callable[..., Receiver]
) -> None:
    stand_in = serve(callback_url=receive().url)
    stand_in.act(stand_in.model.connect)
    wait_until(lambda: ends(stand_in, "echo"), what="the end of the question")
    assert ends(stand_in, "echo") == [("answered", 1)]


def test_receiver_with_another_token_lets_nothing_in(
    serve: Serve, receive: Callable[..., Receiver]
) -> None:
    receiver = receive(token="another")
    stand_in = serve(callback_url=receiver.url, pace=50.0)
    stand_in.act(stand_in.model.people.follow, "张三")
    wait_until(lambda: ends(stand_in, "subscribe"), what="the end of it")
    assert ends(stand_in, "subscribe") == [("given_up", 3)]
    assert receiver.told == []
