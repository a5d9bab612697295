"""Callbacks as WeChat writes them, and everything that it does not write."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.parser import parse_message

from protocol.errors import CallbackError
from protocol.wechat.callback import (
    KEY_CHARACTERS_MAX,
    SCENE_CHARACTERS_MAX,
    Callback,
    Consent,
    ConsentChanged,
    ConsentSent,
    Followed,
    MenuClicked,
    MenuViewed,
    Other,
    Scanned,
    Sent,
    TemplateEnded,
    TextSaid,
    Unfollowed,
    read,
)

OPENID = "oLVPpjqs9BhvzwPj5A-vTYAX3GLc"
ACCOUNT = "gh_0123456789ab"
AT = 1795459200


def body(**elements: str | int | None) -> bytes:
    """A callback's XML; None takes an element away, and texts that begin with < are nested elements."""
    head: dict[str, Any] = {"ToUserName": ACCOUNT, "FromUserName": OPENID, "CreateTime": AT}
    written = []
    for name, content in (head | elements).items():
        match content:
            case None:
                continue
            case str() if not content.startswith("<"):
                content = f"<![CDATA[{content}]]>"
        written.append(f"<{name}>{content}</{name}>")
    return f"<xml>{''.join(written)}</xml>".encode()


def event(name: str, **elements: str | int | None) -> bytes:
    return body(**{"MsgType": "event", "Event": name, **elements})


def text(said: str = "进度", **elements: str | int | None) -> bytes:
    return body(**{"MsgType": "text", "Content": said, "MsgId": 23456789012345678, **elements})


def refusal(xml: bytes) -> str:
    with pytest.raises(CallbackError) as refused:
        read(xml)
    assert refused.value.status == 400
    assert OPENID not in str(refused.value)
    return str(refused.value)


def kind_of(callback: Callback) -> dict[str, Any]:
    """What a callback says beside its head."""
    head = {"openid", "account", "sent_at_s", "id"}
    names = {name for cls in type(callback).__mro__ for name in getattr(cls, "__slots__", ())}
    return {name: getattr(callback, name) for name in names - head}


# -- kinds ------------------------------------------------------------------------------------


def test_text_is_read_with_sender_account_time_and_number() -> None:
    assert read(text(" A010\n")) == TextSaid(
        openid=OPENID, account=ACCOUNT, sent_at_s=AT, id="23456789012345678", text="A010"
    )


ONE = (
    "<List><TemplateId>t-1</TemplateId><SubscribeStatusString>accept</SubscribeStatusString></List>"
)
NONE = ONE.replace("t-1", "t_2").replace("accept", "reject")
SENT = (
    "<List><TemplateId>t-1</TemplateId><MsgID>7</MsgID><ErrorCode>0</ErrorCode>"
    "<ErrorStatus>success</ErrorStatus></List>"
)


@pytest.mark.parametrize(
    ("xml", "cls", "said"),
    [
        (event("subscribe", EventKey=""), Followed, {"scene": None}),
        (event("subscribe"), Followed, {"scene": None}),
        (event("subscribe", EventKey="qrscene_", Ticket="t"), Followed, {"scene": None}),
        (event("subscribe", EventKey="last_trade_no_1"), Followed, {"scene": None}),
        (event("subscribe", EventKey="scanbarcode|EAN|1"), Followed, {"scene": None}),
        (event("subscribe", EventKey="qrscene_AbC.1", Ticket="t"), Followed, {"scene": "AbC.1"}),
        (event("subscribe", EventKey="qrscene_qrscene_1"), Followed, {"scene": "qrscene_1"}),
        (event("unsubscribe", EventKey=""), Unfollowed, {}),
        (event("SCAN", EventKey="AbC.1", Ticket="t"), Scanned, {"scene": "AbC.1"}),
        (event("SCAN", EventKey=123, Ticket="t"), Scanned, {"scene": "123"}),
        (event("CLICK", EventKey="progress"), MenuClicked, {"key": "progress"}),
        (event("VIEW", EventKey="https://a.cn/?b=c&d"), MenuViewed, {"url": "https://a.cn/?b=c&d"}),
        (
            event("TEMPLATESENDJOBFINISH", MsgID=200163840, Status="success"),
            TemplateEnded,
            {"message_id": 200163840, "status": "success"},
        ),
        (
            event("TEMPLATESENDJOBFINISH", MsgID=1, Status="failed:user block"),
            TemplateEnded,
            {"message_id": 1, "status": "failed:user block"},
        ),
        (
            event("subscribe_msg_popup_event", SubscribeMsgPopupEvent=ONE + NONE),
            ConsentChanged,
            {
                "consents": (
                    Consent(template="t-1", accepted=True),
                    Consent(template="t_2", accepted=False),
                )
            },
        ),
        (
            event("subscribe_msg_change_event", SubscribeMsgChangeEvent=NONE),
            ConsentChanged,
            {"consents": (Consent(template="t_2", accepted=False),)},
        ),
        (
            event("subscribe_msg_sent_event", SubscribeMsgSentEvent=SENT),
            ConsentSent,
            {"sent": (Sent(template="t-1", message_id=7, code=0, status="success"),)},
        ),
        (event("LOCATION", Latitude="23.1", Longitude="x"), Other, {"kind": "event/LOCATION"}),
        (event("something_new", A="<B>1</B>"), Other, {"kind": "event/something_new"}),
        (body(MsgType="image", MsgId=1, PicUrl="u", MediaId="m"), Other, {"kind": "image"}),
        (body(MsgType="new_kind", MsgId=1), Other, {"kind": "new_kind"}),
        (body(MsgType="device_text", DeviceID="d"), Other, {"kind": "device_text"}),
        (body(MsgType="device_event", Event="bind"), Other, {"kind": "event/bind"}),
    ],
)
def test_each_kind_is_told_apart(xml: bytes, cls: type, said: dict[str, Any]) -> None:
    callback = read(xml)
    assert type(callback) is cls
    assert kind_of(callback) == said
    assert (callback.openid, callback.account, callback.sent_at_s) == (OPENID, ACCOUNT, AT)


@pytest.mark.parametrize(("status", "delivered"), [("success", True), ("failed: system", False)])
def test_template_message_is_delivered_only_with_success(status: str, delivered: bool) -> None:
    ended = read(event("TEMPLATESENDJOBFINISH", MsgID=1, Status=status))
    assert isinstance(ended, TemplateEnded)
    assert ended.delivered is delivered


@pytest.mark.parametrize("name", ["popup", "change", "sent"])
def test_events_of_subscriptions_are_registered_with_wechatpy(name: str) -> None:
    message = parse_message(event(f"subscribe_msg_{name}_event").decode())
    assert type(message).__name__ != "UnknownMessage"


# -- ids --------------------------------------------------------------------------------------


def test_repeated_message_has_the_same_id_whatever_else_changed() -> None:
    assert read(text("a")).id == read(text("b", CreateTime=AT + 5)).id
    assert read(text("a")).id != read(text("a", MsgId=2)).id


def test_repeated_event_has_the_same_id_in_another_order_and_spacing() -> None:
    once = event("CLICK", EventKey="progress")
    again = (
        f"<xml>\n <MsgType>event</MsgType><EventKey> progress </EventKey><Event>CLICK</Event>"
        f"<CreateTime>{AT}</CreateTime><FromUserName>{OPENID}</FromUserName>"
        f"<ToUserName>{ACCOUNT}</ToUserName>\n</xml>"
    ).encode()
    assert read(once).id == read(again).id


def test_two_things_that_one_person_does_in_a_second_have_two_ids() -> None:
    other = OPENID[::-1]
    ids = [
        read(xml).id
        for xml in (
            event("CLICK", EventKey="progress"),
            event("CLICK", EventKey="take"),
            event("VIEW", EventKey="take"),
            event("SCAN", EventKey="take"),
            event("CLICK", EventKey="progress", FromUserName=other),
            event("CLICK", EventKey="progress", CreateTime=AT + 1),
            event("TEMPLATESENDJOBFINISH", MsgID=1, Status="success"),
            event("TEMPLATESENDJOBFINISH", MsgID=2, Status="success"),
            event("subscribe_msg_sent_event", SubscribeMsgSentEvent=SENT),
            event("subscribe_msg_sent_event", SubscribeMsgSentEvent=SENT.replace(">7<", ">8<")),
        )
    ]
    assert len(set(ids)) == len(ids)
    assert all(len(id) < 120 for id in ids)


# -- malformed --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ToUserName", "FromUserName", "CreateTime", "MsgType"])
def test_callback_without_one_of_its_head_is_refused(name: str) -> None:
    for xml in (text(**{name: None}), event("CLICK", EventKey="k", **{name: None})):
        assert refusal(xml)
    assert refusal(text(**{name: ""}))


@pytest.mark.parametrize(
    "xml",
    [
        text(MsgId=None),
        text(MsgId=None, MsgType="Text"),
        text(MsgId="x"),
        text(MsgId="1" * 21),
        body(MsgType="text", MsgId=1),
        body(MsgType="event"),
        event(""),
        event("a b"),
        event("SCAN"),
        event("SCAN", EventKey=""),
        event("CLICK"),
        event("CLICK", EventKey="k" * (KEY_CHARACTERS_MAX + 1)),
        event("VIEW", EventKey=""),
        event("TEMPLATESENDJOBFINISH", Status="success"),
        event("TEMPLATESENDJOBFINISH", MsgID="x", Status="success"),
        event("TEMPLATESENDJOBFINISH", MsgID=1),
        event("subscribe_msg_popup_event"),
        event("subscribe_msg_popup_event", SubscribeMsgPopupEvent="x"),
        event("subscribe_msg_popup_event", SubscribeMsgPopupEvent="<List/>"),
        event("subscribe_msg_popup_event", SubscribeMsgPopupEvent="<List>x</List>"),
        event("subscribe_msg_popup_event", SubscribeMsgPopupEvent=ONE + "<List/>"),
        event("subscribe_msg_change_event", SubscribeMsgChangeEvent="<Other>x</Other>"),
        event(
            "subscribe_msg_change_event",
            SubscribeMsgChangeEvent=ONE.replace("</List>", "<TemplateId>t</TemplateId></List>"),
        ),
        event("subscribe_msg_sent_event", SubscribeMsgSentEvent=ONE),
        event("subscribe_msg_sent_event", SubscribeMsgSentEvent=SENT.replace(">0<", ">x<")),
        event("subscribe_msg_sent_event", SubscribeMsgSentEvent=SENT.replace(">0<", "/>")),
        text(CreateTime="17954592000"),
        text(CreateTime="-179545920"),
        text(CreateTime="１７９５４５９２００"),
        text(FromUserName="x"),
        text(FromUserName="o" * 65),
        text(FromUserName="o'" * 14),
        text(ToUserName="a b"),
        text(MsgType="te xt"),
        text(MsgType="<a>text</a>"),
        text(Content="<a>text</a>"),
        event("CLICK", EventKey="<a>k</a>"),
        event("subscribe", EventKey="<a>k</a>"),
        event("subscribe", EventKey="qrscene_" + "s" * (SCENE_CHARACTERS_MAX + 1)),
        event("SCAN", EventKey="s" * (SCENE_CHARACTERS_MAX + 1)),
    ],
)
def test_missing_wrong_or_overlong_field_is_refused(xml: bytes) -> None:
    assert refusal(xml)


def test_longest_scene_is_taken() -> None:
    scene = "s" * SCENE_CHARACTERS_MAX
    assert kind_of(read(event("SCAN", EventKey=scene))) == {"scene": scene}
    assert kind_of(read(event("subscribe", EventKey="qrscene_" + scene))) == {"scene": scene}


def test_duplicated_sender_is_refused_where_wechatpy_reads_a_list() -> None:
    twice = text().replace(b"</xml>", f"<FromUserName>{OPENID}</FromUserName></xml>".encode())
    assert isinstance(parse_message(twice.decode())._data["FromUserName"], list)
    assert "twice" in refusal(twice)


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\x85"])
def test_control_character_is_refused(character: str) -> None:
    assert refusal(text(f"a{character}b"))
    assert refusal(event("CLICK", EventKey=f"a{character}b"))


def test_entity_bomb_is_refused() -> None:
    bomb = b'<!DOCTYPE xml [<!ENTITY a "a"><!ENTITY b "&a;&a;">]>' + text().replace(
        b"<![CDATA[", b"&b;<![CDATA["
    )
    assert "document type" in refusal(bomb)


@given(octets=st.binary(max_size=100))
def test_no_octets_raise_anything_but_the_projects_error(octets: bytes) -> None:
    with pytest.raises(CallbackError):
        read(octets)


contents = st.one_of(
    st.none(),
    st.sampled_from(["", "text", "event", "Event", "subscribe", "SCAN", "click", "qrscene_", ONE]),
    st.sampled_from(["scanbarcode|", "subscribe_msg_popup_event", "device_event", "<a/>", SENT]),
    st.sampled_from(["masssendjobfinish", "shakearoundusershake", "user_consume_card", OPENID]),
    st.integers(-1, 10**12),
    st.text(max_size=20),
)


@given(
    elements=st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            [
                *("ToUserName", "FromUserName", "CreateTime", "MsgType", "Event", "EventKey"),
                *("MsgId", "MsgID", "Content", "Status", "Ticket", "List"),
                *("SubscribeMsgPopupEvent", "SubscribeMsgSentEvent", "ChosenBeacon"),
            ],
            contents,
        ),
    )
)
def test_no_elements_raise_anything_but_the_projects_error(elements: dict[str, Any]) -> None:
    xml = body(**({"MsgType": "event"} | elements)).decode("utf-8", "surrogatepass")
    with contextlib.suppress(CallbackError):
        read(xml.encode("utf-8", "surrogatepass"))


@given(at=st.integers(0), octet=st.integers(0, 255))
def test_any_changed_octet_is_read_or_refused(at: int, octet: int) -> None:
    changed = bytearray(event("subscribe_msg_sent_event", SubscribeMsgSentEvent=SENT))
    changed[at % len(changed)] = octet
    with contextlib.suppress(CallbackError):
        read(bytes(changed))


KEYS = [
    "",
    "qrscene_",
    "qrscene_1",
    "qrscene_qrscene_1",
    "scanbarcode|1",
    "scanimage|1",
    "progress",
]
NAMES = ["subscribe", "Subscribe", "unsubscribe", "SCAN", "CLICK", "VIEW", "device_text", "new"]


@pytest.mark.parametrize("kind", ["event", "Event", "text", "image", "device_text", "device_event"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("key", KEYS)
def test_kinds_are_those_of_wechatpys_parser(kind: str, name: str, key: str) -> None:
    def outcome(xml: bytes) -> object:
        try:
            return type(found := read(xml)), kind_of(found)
        except CallbackError as error:
            return str(error)

    given: dict[str, Any] = {"MsgType": kind, "Event": name, "EventKey": key, "Content": "a"}
    # With an element that holds another wechatpy's own parser is asked.
    flat, nested = outcome(body(**given)), outcome(body(**given, Other="<a>1</a>"))
    assert flat == nested
