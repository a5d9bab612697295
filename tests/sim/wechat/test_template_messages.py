"""Template messages: who may be sent what, and that a repeat is refused."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from sim.wechat.accounts import TEMPLATES_MAX
from sim.wechat.fields import Template
from sim.wechat.phones import PHONE_MAX, Kind
from sim.wechat.sent_ids import KEPT_S
from tests.sim.wechat.service import ACCOUNT, CALL, CALL_DATA, ONCE, Server


@pytest.fixture
def server() -> Server:
    server = Server()
    server.sign_in()
    return server


def test_template_message_arrives_and_its_end_is_told(server: Server) -> None:
    openid = server.follower()
    answer = server.template(openid, url="http://hall.example/tickets/1")
    assert (answer["errcode"], answer["errmsg"]) == (0, "ok")
    (message,) = server.phone()
    assert message.id == answer["msgid"]
    assert message.kind is Kind.TEMPLATE
    assert message.title == "叫号通知"
    assert message.fields == (
        ("character_string1", "A010"),
        ("thing2", "3号窗口"),
        ("number3", "0"),
    )
    assert message.link == "http://hall.example/tickets/1"
    assert message.at_s == server.now_s
    assert server.heard() == []
    (said,) = server.heard(after_s=2.0)
    assert "<Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event>" in said
    assert f"<MsgID>{answer['msgid']}</MsgID>" in said
    assert "<Status><![CDATA[success]]></Status>" in said


def test_number_of_a_message_is_too_large_for_a_float(server: Server) -> None:
    msgid = server.template(server.follower())["msgid"]
    assert int(float(msgid)) != msgid


@pytest.mark.parametrize("openid", ["o-of-nobody", "", None, 7, ["o"]])
def test_template_message_to_an_unknown_openid_is_refused(server: Server, openid: Any) -> None:
    assert server.template(openid)["errcode"] == 40003


def test_template_message_to_one_who_never_followed_is_refused(server: Server) -> None:
    assert server.template(server.people.contact("zhang").openid)["errcode"] == 43004


def test_template_message_to_one_who_left_is_refused(server: Server) -> None:
    openid = server.follower()
    server.people.unfollow("zhang", server.now_s)
    assert server.template(openid)["errcode"] == 43004
    assert server.phone() == ()


@pytest.mark.parametrize("template", ["none", "", None, ONCE.id])
def test_unknown_template_is_refused(server: Server, template: Any) -> None:
    assert server.template(server.follower(), template_id=template)["errcode"] == 40037


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("thing2", None),
        ("thing2", ""),
        ("thing2", "   "),
        ("thing2", "字" * 21),
        ("thing2", "two\nlines"),
        ("thing2", 7.5j),
        ("number3", "three"),
        ("number3", "1" * 33),
        ("character_string1", "A" * 33),
        ("character_string1", "排号"),
    ],
)
def test_field_that_its_kind_does_not_allow_is_refused(
    server: Server, field: str, text: Any
) -> None:
    data = {**CALL_DATA, field: {"value": text if not isinstance(text, complex) else [text.imag]}}
    answer = server.template(server.follower(), data=data)
    assert answer["errcode"] == 47003
    assert f"data.{field}.value" in answer["errmsg"]
    assert server.phone() == ()


@pytest.mark.parametrize("field", [None, "A010", {}, {"text": "A010"}])
def test_field_that_is_missing_or_has_no_value_is_refused(server: Server, field: Any) -> None:
    answer = server.template(server.follower(), data={**CALL_DATA, "thing2": field})
    assert answer["errcode"] == 47003


def test_data_that_is_no_object_is_refused(server: Server) -> None:
    assert server.template(server.follower(), data="A010")["errcode"] == 47001


def test_fields_at_their_bounds_are_taken(server: Server) -> None:
    data = {
        "character_string1": {"value": "A" * 32},
        "thing2": {"value": "字" * 20},
        "number3": {"value": 12},
    }
    assert server.template(server.follower(), data=data)["errcode"] == 0
    assert server.phone()[0].fields[2] == ("number3", "12")


def test_field_that_the_template_does_not_have_is_left_out(server: Server) -> None:
    data = {**CALL_DATA, "thing9": {"value": "more"}}
    assert server.template(server.follower(), data=data)["errcode"] == 0
    assert "thing9" not in dict(server.phone()[0].fields)


def test_template_of_the_old_kind_takes_long_texts() -> None:
    old = Template(id="old", title="旧", fields=("first", "keyword1", "remark"))
    server = Server(attrs.evolve(ACCOUNT, templates=(old,)))
    server.sign_in()
    openid = server.follower()
    data = {name: {"value": "字" * 200} for name in old.fields}
    assert server.template(openid, template_id="old", data=data)["errcode"] == 0
    data["first"] = {"value": "字" * 201}
    assert server.template(openid, template_id="old", data=data)["errcode"] == 47003


@pytest.mark.parametrize("url", [7, "http://hall.example/" + "a" * 1_024])
def test_link_that_is_too_long_or_no_text_is_refused(server: Server, url: Any) -> None:
    assert server.template(server.follower(), url=url)["errcode"] == 40039


def test_message_with_a_used_id_is_refused_and_not_sent(server: Server) -> None:
    openid = server.follower()
    assert server.template(openid, client_msg_id="call-1")["errcode"] == 0
    assert server.template(openid, client_msg_id="call-1")["errcode"] == 45065
    assert len(server.phone()) == 1
    assert len(server.heard(after_s=2.0)) == 1


def test_message_with_a_used_id_to_somebody_else_is_sent(server: Server) -> None:
    zhang, li = server.follower("zhang"), server.follower("li")
    assert server.template(zhang, client_msg_id="call-1")["errcode"] == 0
    assert server.template(li, client_msg_id="call-1")["errcode"] == 0
    assert server.template(zhang, client_msg_id="call-2")["errcode"] == 0


def test_used_id_is_forgotten_after_ten_minutes(server: Server) -> None:
    openid = server.follower()
    server.template(openid, client_msg_id="call-1")
    server.now_s += KEPT_S - 1
    assert server.template(openid, client_msg_id="call-1")["errcode"] == 45065
    server.now_s += 1
    assert server.template(openid, client_msg_id="call-1")["errcode"] == 0


def test_id_of_a_refused_message_is_not_used_up(server: Server) -> None:
    openid = server.follower()
    assert server.template(openid, client_msg_id="call-1", data={})["errcode"] == 47003
    assert server.template(openid, client_msg_id="call-1")["errcode"] == 0


@pytest.mark.parametrize("id", ["i" * 65, 7, ["call-1"]])
def test_id_that_is_too_long_or_no_text_is_refused(server: Server, id: Any) -> None:
    assert server.template(server.follower(), client_msg_id=id)["errcode"] == 45067


def test_message_to_one_who_blocks_is_taken_and_its_end_is_told_as_failed(server: Server) -> None:
    openid = server.follower()
    server.people.block("zhang")
    assert server.template(openid)["errcode"] == 0
    assert server.phone() == ()
    assert "failed:user block" in server.heard(after_s=2.0)[0]
    server.people.block("zhang", blocks=False)
    server.template(openid)
    assert len(server.phone()) == 1


@pytest.mark.parametrize(
    "path", ["/cgi-bin/message/template/send", "/cgi-bin/qrcode/create", "/cgi-bin/menu/create"]
)
def test_call_that_the_account_is_not_authorised_for_is_refused(path: str) -> None:
    server = Server(attrs.evolve(ACCOUNT, unauthorised=frozenset({path})))
    server.sign_in()
    assert server.post(path, {"touser": server.follower()})["errcode"] == 48001


def test_account_with_too_many_templates_cannot_be() -> None:
    templates = tuple(attrs.evolve(CALL, id=f"t{n}") for n in range(TEMPLATES_MAX + 1))
    with pytest.raises(ValueError, match="at most 25"):
        attrs.evolve(ACCOUNT, templates=templates)


@pytest.mark.parametrize("field", ["token", "app_id", "secret"])
def test_account_without_a_secret_or_a_token_cannot_be(field: str) -> None:
    with pytest.raises(ValueError, match=field):
        attrs.evolve(ACCOUNT, **{field: ""})


def test_phone_keeps_the_last_messages_only(server: Server) -> None:
    openid = server.follower()
    numbers = [server.template(openid)["msgid"] for _ in range(PHONE_MAX + 5)]
    assert [message.id for message in server.phone()] == numbers[5:]
