"""The stand-in's calls over real sockets: wechatpy, faults, bounds."""

from __future__ import annotations

import time
from collections.abc import Callable
from http.client import HTTPConnection, RemoteDisconnected
from typing import Any

import pytest
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

from protocol.errors import ConfigError
from protocol.wechat.templates import Slot
from runtime.config.model import WeChat, WeChatTemplate
from runtime.stand_in.clock import StandInClock
from runtime.stand_in.server import HOST, StandInServer
from runtime.wechat.client import ApiClient, token_owner
from tests.runtime.reactor_thread import ReactorThread
from tests.runtime.stand_in.rig import ServedStandIn
from tests.sim.wechat.service import CALL, CALL_DATA

SEND = "/cgi-bin/message/template/send"


def client_of(stand_in: ServedStandIn, *, secret: str | None = None) -> Any:
    """wechatpy's own client, which fetches its token itself, sent to the stand-in."""

    class Client(WeChatClient):  # type: ignore[misc]
        API_BASE_URL = f"{stand_in.server.base_url}/cgi-bin/"

        def fetch_access_token(self) -> Any:
            return self._fetch_access_token(
                url=f"{self.API_BASE_URL}token",
                params={
                    "grant_type": "client_credential",
                    "appid": self.appid,
                    "secret": self.secret,
                },
            )

    return Client(stand_in.account.app_id, secret or stand_in.account.secret, timeout=10)


def test_wechatpy_gets_a_token_and_sends_a_template(stand_in: ServedStandIn) -> None:
    client = client_of(stand_in)
    stand_in.act(stand_in.model.people.follow, "张三")
    openid = stand_in.model.people.contact("张三").openid
    sent = client.message.send_template(openid, CALL.id, CALL_DATA, url="http://hall.example/t")
    assert (sent["errcode"], len(client.access_token)) == (0, 136)
    (message,) = stand_in.phone("张三")
    assert ("thing2", "3号窗口") in message.fields
    assert message.link == "http://hall.example/t"


def test_wechatpy_with_a_wrong_secret_is_refused(stand_in: ServedStandIn) -> None:
    with pytest.raises(WeChatClientException) as refused:
        assert client_of(stand_in, secret="wrong").access_token
    assert refused.value.errcode == 40125


def test_guarded_client_gets_over_a_revoked_token(stand_in: ServedStandIn) -> None:
    template = WeChatTemplate(template=CALL.id, fields={"character_string1": Slot.NUMBER})
    account = WeChat(
        app_id=stand_in.account.app_id,
        secret=stand_in.account.secret,
        near=template,
        call=template,
        api_url=stand_in.server.base_url,
    )
    client = ApiClient(account, token_owner(account))
    openid = stand_in.model.people.contact("张三").openid
    assert client.call(lambda api: api.user.get(openid))["subscribe"] == 0
    stand_in.on_reactor(stand_in.model.revoke_tokens)
    assert client.call(lambda api: api.user.get(openid))["openid"] == openid


def test_picture_of_a_code_is_an_image_and_of_none_is_not_found(stand_in: ServedStandIn) -> None:
    wish = {
        "action_name": "QR_STR_SCENE",
        "expire_seconds": 600,
        "action_info": {"scene": {"scene_str": "t1"}},
    }
    made = stand_in.ask("POST", "/cgi-bin/qrcode/create", wish, access_token=stand_in.token())
    picture = stand_in.ask("GET", "/cgi-bin/showqrcode", ticket=made.document["ticket"])
    assert (picture.status, picture.headers["content-type"]) == (200, "image/png")
    assert picture.body.startswith(b"\x89PNG")
    assert stand_in.ask("GET", "/cgi-bin/showqrcode", ticket="none").status == 404


def test_ordinary_browser_gets_no_code(stand_in: ServedStandIn) -> None:
    answer = stand_in.ask("GET", "/connect/oauth2/authorize", appid=stand_in.account.app_id)
    assert answer.status == 200
    assert "location" not in answer.headers


# -- troubles -------------------------------------------------------------------------------


def test_reset_connection_ends_without_an_answer(stand_in: ServedStandIn) -> None:
    stand_in.trouble("reset", path="/cgi-bin/token")
    with pytest.raises(ConnectionResetError):
        stand_in.ask("GET", "/cgi-bin/token")
    assert stand_in.ask("GET", "/cgi-bin/user/info").status == 200


def test_late_answer_comes_late_and_meanwhile_others_are_answered(
    serve: Callable[..., ServedStandIn],
) -> None:
    stand_in = serve(pace=100.0)
    stand_in.trouble("delay", delay_s=30.0, path="/cgi-bin/token")
    late = HTTPConnection(HOST, stand_in.server.port, timeout=10)
    began_s = time.monotonic()
    late.request("GET", "/cgi-bin/token")
    assert stand_in.ask("GET", "/cgi-bin/user/info").document["errcode"] == 41001
    assert late.getresponse().read().startswith(b'{"errcode":40002')
    # 30 s of the stand-in's time.
    assert time.monotonic() - began_s >= 0.3
    late.close()


def test_client_that_does_not_wait_for_a_late_answer_breaks_nothing(
    serve: Callable[..., ServedStandIn],
) -> None:
    stand_in = serve(pace=100.0)
    stand_in.trouble("delay", delay_s=5.0, path="/cgi-bin/token")
    gone = HTTPConnection(HOST, stand_in.server.port, timeout=10)
    gone.request("GET", "/cgi-bin/token")
    gone.close()
    assert stand_in.ask("GET", "/cgi-bin/token").status == 200


@pytest.mark.parametrize(("kind", "status"), [("server_error", 503), ("not_json", 200)])
def test_page_comes_in_place_of_json(stand_in: ServedStandIn, kind: str, status: int) -> None:
    stand_in.trouble(kind, status=503)
    answer = stand_in.ask("POST", SEND, {})
    assert (answer.status, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    with pytest.raises(ValueError, match="Expecting value"):
        assert answer.document


# -- bounds ---------------------------------------------------------------------------------


def test_body_beyond_the_bound_is_refused(stand_in: ServedStandIn) -> None:
    assert stand_in.ask("POST", SEND, body=b"x" * (1_024 * 1_024 + 1)).status == 413
    assert stand_in.ask("POST", SEND, body=b"x" * 1_024 * 1_024).status == 200


def test_query_of_too_many_fields_is_refused(stand_in: ServedStandIn) -> None:
    query = {f"q{number}": "" for number in range(101)}
    assert stand_in.ask("GET", "/cgi-bin/token", **query).status == 400


def test_port_that_is_taken_is_told(reactor_thread: ReactorThread, stand_in: ServedStandIn) -> None:
    other = StandInServer(reactor_thread.reactor, stand_in.model, stand_in.server.port)
    with pytest.raises(ConfigError, match=r"cannot listen on 127\.0\.0\.1 .*choose another port"):
        reactor_thread.call(other.start)


def test_stopped_server_cuts_who_is_connected(serve: Callable[..., ServedStandIn]) -> None:
    stand_in = serve()
    stand_in.trouble("delay", delay_s=50.0)
    waits = HTTPConnection(HOST, stand_in.server.port, timeout=10)
    waits.request("GET", "/cgi-bin/token")
    assert stand_in.ask("GET", "/phones/state").status == 200
    stand_in.stop()
    with pytest.raises((ConnectionResetError, RemoteDisconnected)):
        waits.getresponse()
    with pytest.raises(ConnectionRefusedError):
        stand_in.ask("GET", "/phones/state")


# -- time -----------------------------------------------------------------------------------


def test_clock_goes_on_where_the_wall_clock_is_set_back() -> None:
    now = {"wall": 1_000.0, "monotonic": 5.0}
    clock = StandInClock(wall=lambda: now["wall"], monotonic=lambda: now["monotonic"])
    now |= {"wall": 1_010.0, "monotonic": 15.0}
    assert clock.now() == 1_010.0
    now |= {"wall": 900.0, "monotonic": 16.0}
    assert clock.now() == 1_011.0
    now |= {"wall": 1_013.0, "monotonic": 18.0}
    assert clock.now() == 1_013.0


def test_clock_of_another_pace_passes_so_many_times_as_fast() -> None:
    now = {"wall": 1_000.0}
    clock = StandInClock(pace=10.0, wall=lambda: now["wall"], monotonic=lambda: 0.0)
    now["wall"] = 1_003.0
    assert clock.now() == 1_030.0
    assert clock.real_s(5.0) == 0.5
    with pytest.raises(ValueError, match="pace"):
        StandInClock(pace=0.0)
