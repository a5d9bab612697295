"""QR codes and who scans them; what an account is told of a person."""

from __future__ import annotations

from random import Random
from typing import Any

import attrs
import pytest

from sim.wechat.qr import SWEEP_MIN, QrCodes
from sim.wechat.quotas import Limits
from tests.sim.wechat.service import ACCOUNT, Server


@pytest.fixture
def server() -> Server:
    server = Server()
    server.sign_in()
    return server


def test_code_is_made_with_ticket_expiry_and_url(server: Server) -> None:
    code = server.code()
    assert set(code) == {"ticket", "expire_seconds", "url"}
    assert code["expire_seconds"] == 3_600
    assert code["url"].startswith("http://weixin.qq.com/q/")


def test_code_without_an_expiry_ends_after_60_s(server: Server) -> None:
    document = {"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "a"}}}
    code = server.post("/cgi-bin/qrcode/create", document)
    assert code["expire_seconds"] == 60
    server.now_s += 59
    assert server.people.scan("zhang", code["url"], server.now_s)
    server.now_s += 1
    assert not server.people.scan("li", code["url"], server.now_s)


@pytest.mark.parametrize("length", [1, 64])
def test_scene_of_allowed_length_is_taken(server: Server, length: int) -> None:
    assert "ticket" in server.code("厅" * length)


@pytest.mark.parametrize(
    "changes",
    [
        {"action_name": "QR_UNKNOWN"},
        {"action_name": None},
        {"action_info": None},
        {"action_info": {"scene": "ticket"}},
        {"action_info": {"scene": {}}},
        {"action_info": {"scene": {"scene_str": ""}}},
        {"action_info": {"scene": {"scene_str": "a" * 65}}},
        {"action_info": {"scene": {"scene_str": 7}}},
        {"action_name": "QR_SCENE", "action_info": {"scene": {"scene_id": 0}}},
        {"action_name": "QR_SCENE", "action_info": {"scene": {"scene_id": True}}},
        {"action_name": "QR_SCENE", "action_info": {"scene": {"scene_id": 2**32}}},
        {"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 100_001}}},
        {"expire_seconds": 0},
        {"expire_seconds": 2_592_001},
        {"expire_seconds": "60"},
        {"expire_seconds": True},
    ],
)
def test_code_that_is_not_allowed_is_refused(server: Server, changes: dict[str, Any]) -> None:
    assert server.code(**changes)["errcode"] == 40053


def test_code_of_30_days_is_the_longest(server: Server) -> None:
    assert server.code(expire_seconds=2_592_000)["expire_seconds"] == 2_592_000


def test_permanent_code_has_no_expiry_and_is_the_same_again() -> None:
    server = Server(attrs.evolve(ACCOUNT, limits=Limits(permanent_codes=1)))
    server.sign_in()
    code = server.code(action_name="QR_LIMIT_STR_SCENE")
    assert set(code) == {"ticket", "url"}
    assert server.code(action_name="QR_LIMIT_STR_SCENE") == code
    assert server.code("another", action_name="QR_LIMIT_STR_SCENE")["errcode"] == 40053
    server.now_s += 100 * 86_400
    assert server.people.scan("zhang", code["ticket"], server.now_s)


def test_picture_of_a_ticket_is_an_image(server: Server) -> None:
    ticket = server.code()["ticket"]
    reply = server.ask("GET", "/cgi-bin/showqrcode", {"ticket": ticket})
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "image/png"
    assert reply.body.startswith(b"\x89PNG")


def test_picture_of_an_unknown_or_ended_ticket_is_404(server: Server) -> None:
    ticket = server.code(expire_seconds=10)["ticket"]
    server.now_s += 10
    assert server.ask("GET", "/cgi-bin/showqrcode", {"ticket": ticket}).status == 404
    assert server.ask("GET", "/cgi-bin/showqrcode", {"ticket": "gQnone"}).status == 404
    assert server.ask("GET", "/cgi-bin/showqrcode").status == 404


def test_stranger_who_scans_and_follows_brings_the_scene(server: Server) -> None:
    code = server.code()
    assert server.people.scan("zhang", code["url"], server.now_s)
    (said,) = server.heard()
    assert "<Event><![CDATA[subscribe]]></Event>" in said
    assert "<EventKey><![CDATA[qrscene_ticket-A010]]></EventKey>" in said
    assert f"<Ticket><![CDATA[{code['ticket']}]]></Ticket>" in said


def test_stranger_who_scans_and_does_not_follow_is_not_told_of(server: Server) -> None:
    assert server.people.scan("zhang", server.code()["url"], server.now_s, follows=False)
    assert server.heard() == []
    assert not server.people.contact("zhang").following


def test_follower_who_scans_brings_the_bare_scene(server: Server) -> None:
    server.follower()
    server.people.scan("zhang", server.code()["ticket"], server.now_s)
    (said,) = server.heard()
    assert "<Event><![CDATA[SCAN]]></Event>" in said
    assert "<EventKey><![CDATA[ticket-A010]]></EventKey>" in said


def test_scan_by_scene_means_the_last_code_made_with_it(server: Server) -> None:
    server.code()
    last = server.code()
    server.people.scan("zhang", "ticket-A010", server.now_s)
    assert last["ticket"] in server.heard()[0]


def test_scan_of_an_ended_or_unknown_code_is_not_told(server: Server) -> None:
    code = server.code(expire_seconds=5)
    server.now_s += 5
    assert not server.people.scan("zhang", code["url"], server.now_s)
    assert not server.people.scan("zhang", "http://weixin.qq.com/q/none", server.now_s)
    assert server.heard() == []


def test_user_who_does_not_follow_is_an_openid_alone(server: Server) -> None:
    openid = server.people.contact("zhang").openid
    assert server.get("/cgi-bin/user/info", openid=openid) == {"subscribe": 0, "openid": openid}


def test_user_who_scanned_to_follow_is_told_with_the_scene_and_without_a_name(
    server: Server,
) -> None:
    server.people.scan("zhang", server.code()["url"], server.now_s)
    openid = server.people.contact("zhang").openid
    told = server.get("/cgi-bin/user/info", openid=openid)
    assert told["subscribe"] == 1
    assert told["qr_scene_str"] == "ticket-A010"
    assert told["qr_scene"] == 0
    assert told["subscribe_scene"] == "ADD_SCENE_QR_CODE"
    assert told["subscribe_time"] == int(server.now_s)
    assert "nickname" not in told
    assert "headimgurl" not in told


def test_scene_that_is_a_number_is_told_as_one(server: Server) -> None:
    code = server.code(action_name="QR_SCENE", action_info={"scene": {"scene_id": 42}})
    server.people.scan("zhang", code["url"], server.now_s)
    told = server.get("/cgi-bin/user/info", openid=server.people.contact("zhang").openid)
    assert (told["qr_scene"], told["qr_scene_str"]) == (42, "")


def test_unknown_or_missing_openid_is_refused(server: Server) -> None:
    assert server.get("/cgi-bin/user/info", openid="o-of-nobody")["errcode"] == 40003
    assert server.get("/cgi-bin/user/info")["errcode"] == 41009


def test_ended_codes_are_forgotten_and_living_ones_kept() -> None:
    codes = QrCodes(Random(1), 10)
    wish: dict[str, Any] = {
        "action_name": "QR_STR_SCENE",
        "action_info": {"scene": {"scene_str": "kept"}},
        "expire_seconds": 10_000,
    }
    kept = codes.create(wish, 0.0)
    for second in range(3 * SWEEP_MIN):
        scene = {"scene": {"scene_str": f"s{second}"}}
        codes.create({**wish, "action_info": scene, "expire_seconds": 10}, float(second))
    assert len(codes._by_ticket) < SWEEP_MIN + 20
    assert codes.scanned(kept["url"], 2_999.0) is not None
    assert codes.scanned("s2999", 2_999.0) is not None
