"""An independent client agrees with the model: wechatpy asks it, and reads its callbacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from wechatpy import WeChatClient, WeChatOAuth, parse_message
from wechatpy.client.api import WeChatJSAPI
from wechatpy.crypto import WeChatCrypto
from wechatpy.events import (
    ClickEvent,
    ScanEvent,
    SubscribeEvent,
    SubscribeScanEvent,
    TemplateSendJobFinishEvent,
    UnsubscribeEvent,
    ViewEvent,
)
from wechatpy.exceptions import (
    APILimitedException,
    WeChatClientException,
    WeChatOAuthException,
)
from wechatpy.messages import TextMessage
from wechatpy.replies import TextReply
from wechatpy.utils import check_signature

from sim.wechat.faults import Ill, Trouble
from sim.wechat.phones import Kind
from tests.sim.wechat.service import ACCOUNT, ALWAYS, CALL, CALL_DATA, Server
from tests.sim.wechat.straight import Straight


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def straight(server: Server) -> Straight:
    return Straight(server)


@pytest.fixture
def client(straight: Straight) -> Any:
    client = WeChatClient(ACCOUNT.app_id, ACCOUNT.secret)
    client._http.mount("https://", straight)
    return client


def test_client_gets_a_token_and_keeps_it(client: Any, straight: Straight) -> None:
    assert len(client.access_token) == 136
    assert client.access_token == client.access_token
    assert straight.asked == ["/cgi-bin/token"]


def test_client_with_a_wrong_secret_is_refused(straight: Straight) -> None:
    client = WeChatClient(ACCOUNT.app_id, "guessed")
    client._http.mount("https://", straight)
    with pytest.raises(WeChatClientException) as refused:
        client.fetch_access_token()
    assert refused.value.errcode == 40125


def test_client_renews_an_expired_token_by_itself(
    client: Any, server: Server, straight: Straight
) -> None:
    client.access_token  # noqa: B018
    server.now_s += 7_200
    assert client.jsapi.get_ticket()["expires_in"] == 7200
    assert straight.asked == [
        "/cgi-bin/token",
        "/cgi-bin/ticket/getticket",
        "/cgi-bin/token",
        "/cgi-bin/ticket/getticket",
    ]


def test_client_sends_a_template_message(client: Any, server: Server) -> None:
    openid = server.follower()
    answer = client.message.send_template(openid, CALL.id, CALL_DATA, url="http://hall.example/1")
    (message,) = server.phone()
    assert (message.id, message.kind) == (answer["msgid"], Kind.TEMPLATE)
    assert message.link == "http://hall.example/1"


def test_client_sends_a_message_once_with_one_id(client: Any, server: Server) -> None:
    openid = server.follower()
    document = {
        "touser": openid,
        "template_id": CALL.id,
        "data": CALL_DATA,
        "client_msg_id": "call-1",
    }
    client.post("message/template/send", data=document)
    with pytest.raises(WeChatClientException) as refused:
        client.post("message/template/send", data=document)
    assert refused.value.errcode == 45065
    assert len(server.phone()) == 1


def test_client_sends_a_notification_and_a_service_message(client: Any, server: Server) -> None:
    openid = server.follower()
    server.people.consent("zhang", ALWAYS.id, server.now_s)
    client.message.send_subscribe_message(openid, ALWAYS.id, {"thing1": {"value": "请准备"}})
    client.message.send_text(openid, "您好")
    article = {
        "title": "进度",
        "description": "还有3人",
        "url": "http://hall.example/",
        "image": "",
    }
    client.message.send_articles(openid, [article])
    assert [message.kind for message in server.phone()] == [
        Kind.NOTIFICATION,
        Kind.SERVICE,
        Kind.SERVICE,
    ]


def test_client_makes_a_code_that_a_phone_can_scan(client: Any, server: Server) -> None:
    code = client.qrcode.create(
        {
            "action_name": "QR_STR_SCENE",
            "expire_seconds": 600,
            "action_info": {"scene": {"scene_str": "ticket"}},
        }
    )
    address = urlsplit(client.qrcode.get_url(code))
    picture = server.ask("GET", address.path, dict(parse_qsl(address.query)))
    assert picture.body.startswith(b"\x89PNG")
    assert server.people.scan("zhang", code["url"], server.now_s)


def test_client_sets_a_menu_and_gets_it_back(client: Any) -> None:
    assert client.menu.get() is None
    menu = {"button": [{"type": "click", "name": "进度", "key": "progress"}]}
    client.menu.create(menu)
    (button,) = client.menu.get()["menu"]["button"]
    assert button == {**menu["button"][0], "sub_button": []}
    client.menu.delete()
    assert client.menu.get() is None


def test_client_reads_a_follower(client: Any, server: Server) -> None:
    openid = server.follower()
    assert client.user.get(openid)["subscribe"] == 1
    server.people.unfollow("zhang", server.now_s)
    assert client.user.get(openid) == {"subscribe": 0, "openid": openid}
    with pytest.raises(WeChatClientException) as refused:
        client.user.get("o-of-nobody")
    assert refused.value.errcode == 40003


def test_client_signs_a_page_with_the_ticket(client: Any) -> None:
    ticket = client.jsapi.get_jsapi_ticket()
    assert ticket == client.jsapi.get_jsapi_ticket()
    signature = WeChatJSAPI(client).get_jsapi_signature("n", ticket, "1", "http://hall.example/")
    assert len(signature) == 40


def test_client_knows_a_used_up_quota(client: Any, server: Server) -> None:
    client.access_token  # noqa: B018
    trouble = Trouble(ill=Ill.DAY_QUOTA, begins_s=server.now_s, lasts_s=60.0)
    server.stand_in.troubles.begin(trouble)
    with pytest.raises(APILimitedException):
        client.user.get("o")


@pytest.mark.parametrize("ill", [Ill.SERVER_ERROR, Ill.BUSY])
def test_client_meets_trouble_as_its_own_error(client: Any, server: Server, ill: Ill) -> None:
    client.access_token  # noqa: B018
    server.stand_in.troubles.begin(Trouble(ill=ill, begins_s=server.now_s, lasts_s=60.0))
    with pytest.raises(WeChatClientException):
        client.user.get("o")


def test_page_learns_the_openid_of_who_opens_it(server: Server, straight: Straight) -> None:
    oauth = WeChatOAuth(ACCOUNT.app_id, ACCOUNT.secret, "http://hall.example/take", state="s1")
    oauth._http.mount("https://", straight)
    address = server.people.open_link("zhang", oauth.authorize_url, server.now_s)
    query = dict(parse_qsl(urlsplit(address).query))
    assert query["state"] == "s1"
    oauth.fetch_access_token(query["code"])
    assert oauth.open_id == server.people.contact("zhang").openid
    with pytest.raises(WeChatOAuthException) as refused:
        oauth.fetch_access_token(query["code"])
    assert refused.value.errcode == 40163


# -- callbacks ------------------------------------------------------------------------------

CRYPTO = WeChatCrypto(ACCOUNT.token, ACCOUNT.aes_key, ACCOUNT.app_id)


def read(query: Mapping[str, str], body: bytes) -> Any:
    """Check and read a callback as wechatpy does."""
    timestamp, nonce = query["timestamp"], query["nonce"]
    check_signature(ACCOUNT.token, query["signature"], timestamp, nonce)
    return parse_message(CRYPTO.decrypt_message(body, query["msg_signature"], timestamp, nonce))


def read_one(server: Server, *, after_s: float = 0.0) -> Any:
    (call,) = server.calls(after_s=after_s)
    server.stand_in.callback_answered(call.id, 200, b"success", server.now_s)
    return read(call.query, call.body)


def test_callbacks_are_read_as_what_happened(client: Any, server: Server) -> None:
    people, at_s = server.people, server.now_s
    openid = people.contact("zhang").openid
    wish = {"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "A010"}}}
    ticket = client.qrcode.create({**wish, "expire_seconds": 600})["ticket"]
    people.scan("zhang", ticket, at_s)
    followed = read_one(server)
    assert isinstance(followed, SubscribeScanEvent)
    assert (followed.scene_id, followed.ticket, followed.source) == ("A010", ticket, openid)
    assert (followed.target, followed.create_time.timestamp()) == (ACCOUNT.origin, at_s)
    people.scan("zhang", ticket, at_s)
    scanned = read_one(server)
    assert isinstance(scanned, ScanEvent)
    assert scanned.scene_id == "A010"
    people.say("zhang", "进度 <&>", at_s)
    said = read_one(server)
    assert isinstance(said, TextMessage)
    assert said.content == "进度 <&>"
    assert said.id > 2**53
    people.unfollow("zhang", at_s)
    assert isinstance(read_one(server), UnsubscribeEvent)
    people.follow("zhang", at_s)
    assert isinstance(read_one(server), SubscribeEvent)


def test_callbacks_of_the_menu_and_of_a_sent_message_are_read(client: Any, server: Server) -> None:
    openid = server.follower()
    click = {"type": "click", "name": "进度", "key": "progress"}
    view = {"type": "view", "name": "取号", "url": "http://hall.example/take"}
    client.menu.create({"button": [click, view]})
    server.people.click("zhang", "progress", server.now_s)
    clicked = read_one(server)
    assert isinstance(clicked, ClickEvent)
    assert clicked.key == "progress"
    server.people.click("zhang", "取号", server.now_s)
    viewed = read_one(server)
    assert isinstance(viewed, ViewEvent)
    assert viewed.url == view["url"]
    answer = client.message.send_template(openid, CALL.id, CALL_DATA)
    ended = read_one(server, after_s=2.0)
    assert isinstance(ended, TemplateSendJobFinishEvent)
    assert (ended.id, ended.status) == (answer["msgid"], "success")


def test_answer_that_wechatpy_seals_is_shown(server: Server) -> None:
    server.follower()
    server.people.say("zhang", "进度", server.now_s)
    (call,) = server.calls()
    reply = TextReply(content="前面还有3人", message=read(call.query, call.body))
    xml = CRYPTO.encrypt_message(reply.render(), "1234567890", str(int(server.now_s)))
    server.stand_in.callback_answered(call.id, 200, xml.encode(), server.now_s)
    assert server.phone()[-1].text == "前面还有3人"
