"""The door for callbacks: WeChat's own requests come in once each, and nobody else's."""

from __future__ import annotations

import contextlib
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import CallbackError, WeChatRefused
from protocol.wechat.callback import MenuClicked, TextSaid
from protocol.wechat.door import ECHO_CHARACTERS_MAX, Door
from protocol.wechat.elements import BODY_OCTETS_MAX
from protocol.wechat.reply import SUCCESS
from protocol.wechat.seal import Seal, read_sealed

SEAL = Seal("paihaotoken", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wx1234567890abcdef")
OTHER = Seal("othertoken", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wx1234567890abcdef")
NOW = 1795459200.0
OPENID = "oLVPpjqs9BhvzwPj5A-vTYAX3GLc"

Query = dict[str, str]


def said(text: str = "进度", id: int = 1) -> bytes:
    return (
        f"<xml><ToUserName>gh_1</ToUserName><FromUserName>{OPENID}</FromUserName>"
        f"<CreateTime>{int(NOW)}</CreateTime><MsgType>text</MsgType>"
        f"<Content><![CDATA[{text}]]></Content><MsgId>{id}</MsgId></xml>"
    ).encode()


def clicked(key: str = "progress") -> bytes:
    return (
        f"<xml><ToUserName>gh_1</ToUserName><FromUserName>{OPENID}</FromUserName>"
        f"<CreateTime>{int(NOW)}</CreateTime><MsgType>event</MsgType><Event>CLICK</Event>"
        f"<EventKey>{key}</EventKey></xml>"
    ).encode()


def safe(xml: bytes, at_s: float = NOW, nonce: str = "1", seal: Seal = SEAL) -> tuple[Query, bytes]:
    """A POST in safe mode."""
    timestamp = f"{int(at_s)}"
    sealed = seal.seal_parts(xml, timestamp, nonce)
    query = {
        "signature": seal.sign(timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "openid": OPENID,
        "encrypt_type": "aes",
        "msg_signature": sealed.signature,
    }
    return (
        query,
        f"<xml><ToUserName>gh_1</ToUserName><Encrypt>{sealed.encrypt}</Encrypt></xml>".encode(),
    )


def plain(
    xml: bytes, at_s: float = NOW, nonce: str = "1", seal: Seal = SEAL
) -> tuple[Query, bytes]:
    """A POST in plain mode."""
    timestamp = f"{int(at_s)}"
    signature = seal.sign(timestamp, nonce)
    return {"signature": signature, "timestamp": timestamp, "nonce": nonce, "openid": OPENID}, xml


def echo(text: str = "5837218479", at_s: float = NOW, nonce: str = "1", seal: Seal = SEAL) -> Query:
    query, _ = plain(b"", at_s, nonce, seal)
    return query | {"echostr": text}


def refused(door: Door, query: Query, body: bytes, now_s: float = NOW) -> int:
    with pytest.raises(WeChatRefused) as refusal:
        door.admit(query, body, now_s)
    return refusal.value.status


def echo_refused(door: Door, query: Query, now_s: float = NOW) -> int:
    with pytest.raises(WeChatRefused) as refusal:
        door.admit_echo(query, now_s)
    return refusal.value.status


# -- what comes in ----------------------------------------------------------------------------


def test_sealed_callback_comes_in() -> None:
    callback = Door(SEAL).admit(*safe(said("A010")), NOW)
    assert isinstance(callback, TextSaid)
    assert callback.text == "A010"


def test_question_for_the_address_is_echoed() -> None:
    assert Door(SEAL).admit_echo(echo("5837218479"), NOW) == "5837218479"


def test_repeated_message_is_none_each_time_and_another_comes_in() -> None:
    door = Door(SEAL)
    assert door.admit(*safe(said(id=1)), NOW)
    for attempt in (1, 2):
        again = safe(said(id=1), NOW + 5 * attempt, f"again{attempt}")
        assert door.admit(*again, NOW + 5 * attempt) is None
    assert door.admit(*safe(said(id=2)), NOW)


def test_repeated_event_is_none_by_sender_and_second() -> None:
    door = Door(SEAL)
    assert isinstance(door.admit(*safe(clicked()), NOW), MenuClicked)
    assert door.admit(*safe(clicked(), NOW + 5, "2"), NOW + 5) is None
    assert door.admit(*safe(clicked("take"), NOW + 5, "3"), NOW + 5)


def test_plain_part_of_compatible_mode_is_ignored() -> None:
    query, body = safe(said("真"))
    forged = body.replace(b"<xml>", said("伪").removesuffix(b"</xml>")).replace(
        b"<ToUserName>gh_1</ToUserName><Encrypt>", b"<Encrypt>"
    )
    assert "伪".encode() in forged
    for door in (Door(SEAL), Door(SEAL, plain=True)):
        callback = door.admit(query, forged, NOW)
        assert isinstance(callback, TextSaid)
        assert callback.text == "真"


# -- what does not ----------------------------------------------------------------------------


def test_forged_signature_is_refused() -> None:
    door = Door(SEAL)
    assert refused(door, *safe(said(), seal=OTHER)) == 403
    query, body = safe(said())
    assert refused(door, query | {"msg_signature": query["signature"]}, body) == 403
    assert echo_refused(door, echo(seal=OTHER)) == 403


def test_replayed_request_is_refused_within_and_after_the_window() -> None:
    door = Door(SEAL)
    query, body = safe(said())
    assert door.admit(query, body, NOW)
    for later_s in (0, 1, 299, 300, 301, 86_400):
        assert refused(door, query, body, NOW + later_s) == 403
    question = echo(nonce="2")
    assert door.admit_echo(question, NOW)
    assert echo_refused(door, question) == 403


@pytest.mark.parametrize("away_s", [-301, 301, -86_400, 86_400])
def test_timestamp_outside_the_window_is_refused_though_signed(away_s: int) -> None:
    door = Door(SEAL)
    assert refused(door, *safe(said(), NOW + away_s)) == 403
    assert echo_refused(door, echo(at_s=NOW + away_s)) == 403


@pytest.mark.parametrize("away_s", [-300, 300])
def test_timestamp_at_the_edge_of_the_window_is_taken(away_s: int) -> None:
    assert Door(SEAL).admit(*safe(said(), NOW + away_s), NOW)


@pytest.mark.parametrize(
    "timestamp", ["", "1", "179545920", "17954592000", "+795459200", "1795459.2e3"]
)
def test_timestamp_of_other_than_ten_digits_is_refused_though_signed(timestamp: str) -> None:
    door = Door(SEAL, plain=True)
    signed = {"timestamp": timestamp, "nonce": "1", "signature": SEAL.sign(timestamp, "1")}
    assert refused(door, signed, said()) == 400
    assert echo_refused(door, signed | {"echostr": "1"}) == 400


def test_characters_moved_between_timestamp_and_nonce_are_refused() -> None:
    door = Door(SEAL, plain=True)
    query, body = plain(said(), 1795459299, "9320562132")
    assert door.admit(query, body, 1795459299)
    for timestamp, nonce in (("17954592999", "320562132"), ("179545929", "99320562132")):
        assert SEAL.sign(timestamp, nonce) == query["signature"]
        assert refused(door, query | {"timestamp": timestamp, "nonce": nonce}, body) == 400


def test_timestamp_and_nonce_exchanged_are_refused_as_used() -> None:
    """Both have ten digits, and both are now: the signature of one order is that of the other."""
    door = Door(SEAL, plain=True)
    query, _ = plain(said(), NOW, str(int(NOW) + 1))
    exchanged = query | {"timestamp": query["nonce"], "nonce": query["timestamp"]}
    assert SEAL.sign(exchanged["timestamp"], exchanged["nonce"]) == query["signature"]
    assert door.admit(query, said(), NOW)
    assert refused(door, exchanged, said(id=2)) == 403


def test_nonce_given_out_for_the_timestamp_when_its_time_has_come_is_refused() -> None:
    """The signature is right, and may long be forgotten: the message says of which time it is."""
    later = NOW + 86_400
    query, body = safe(said(), NOW, f"{int(later)}")
    assert Door(SEAL).admit(query, body, NOW)
    exchanged = query | {"timestamp": query["nonce"], "nonce": query["timestamp"]}
    assert SEAL.open(body, query["msg_signature"], exchanged["timestamp"], exchanged["nonce"])
    assert refused(Door(SEAL), exchanged, body, later) == 403


def test_nonce_that_straddles_the_timestamp_when_its_time_has_come_is_refused() -> None:
    # 1795459201 795469800 is put together as 179545920 1795469800 is.
    later = 1795469800.0
    query, body = plain(said(), 1795459201, "795469800")
    assert Door(SEAL, plain=True).admit(query, body, NOW)
    straddled = query | {"timestamp": "1795469800", "nonce": "179545920"}
    assert SEAL.sign(straddled["timestamp"], straddled["nonce"]) == query["signature"]
    assert refused(Door(SEAL, plain=True), straddled, body, later) == 403


def test_message_that_comes_late_is_taken_whatever_its_nonce() -> None:
    late = safe(said(), NOW + 3600, "1234567890")
    assert Door(SEAL).admit(*late, NOW + 3600)


@pytest.mark.parametrize("name", ["timestamp", "nonce", "msg_signature"])
def test_query_that_lacks_something_is_refused(name: str) -> None:
    query, body = safe(said())
    del query[name]
    assert refused(Door(SEAL), query, body) == 400


@pytest.mark.parametrize("name", ["timestamp", "nonce", "signature", "echostr"])
def test_question_that_lacks_something_is_refused(name: str) -> None:
    query = echo()
    del query[name]
    assert echo_refused(Door(SEAL), query) == 400


@pytest.mark.parametrize(
    "text", ["", "<script>", "a b", "é", "a" * (ECHO_CHARACTERS_MAX + 1), "\n"]
)
def test_echo_that_could_be_markup_is_refused_though_signed(text: str) -> None:
    assert echo_refused(Door(SEAL), echo(text)) == 400


@pytest.mark.parametrize("request_of", [safe, plain])
def test_oversized_body_is_refused_before_it_is_read(request_of: Any) -> None:
    query, _ = request_of(said())
    with pytest.raises(CallbackError, match="octets"):
        Door(SEAL, plain=True).admit(query, b"x" * (BODY_OCTETS_MAX + 1), NOW)


def test_entity_bomb_is_refused_outside_and_inside_of_the_seal() -> None:
    bomb = (
        b'<!DOCTYPE xml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><xml><Encrypt>&b;</Encrypt></xml>'
    )
    query, _ = safe(said())
    assert refused(Door(SEAL), query, bomb) == 400
    assert refused(Door(SEAL), *safe(bomb)) == 400


def test_duplicated_sender_is_refused_within_the_seal() -> None:
    twice = said().replace(b"</xml>", b"<FromUserName>o</FromUserName></xml>")
    assert refused(Door(SEAL), *safe(twice)) == 400


def test_refused_request_is_not_remembered() -> None:
    door = Door(SEAL)
    query, body = safe(said())
    assert refused(door, query | {"msg_signature": "0" * 40}, body) == 403
    assert refused(door, *safe(b"<xml/>")) == 400
    assert len(door._signatures) == len(door._ids) == 0
    assert door.admit(query, body, NOW)


# -- plain mode -------------------------------------------------------------------------------


def test_plain_callback_is_refused_unless_it_is_configured() -> None:
    assert refused(Door(SEAL), *plain(said())) == 403
    query, body = plain(said())
    assert refused(Door(SEAL), query | {"encrypt_type": "raw"}, body) == 403
    assert Door(SEAL, plain=True).admit(query, body, NOW)


def test_plain_mode_says_what_it_does_not_prove() -> None:
    assert Door(SEAL).plain_warning is None
    warning = Door(SEAL, plain=True).plain_warning
    assert warning is not None
    assert "nothing proves" in warning


def test_plain_mode_still_refuses_forged_and_replayed_requests() -> None:
    door = Door(SEAL, plain=True)
    assert refused(door, *plain(said(), seal=OTHER)) == 403
    query, body = plain(said())
    assert door.admit(query, body, NOW)
    assert refused(door, query, body) == 403
    assert refused(door, query, said("another", id=2)) == 403


def test_signature_of_a_question_admits_no_plain_message() -> None:
    door = Door(SEAL, plain=True)
    question = echo()
    assert door.admit_echo(question, NOW)
    assert refused(door, question, said()) == 403


# -- attempts with the same signature ----------------------------------------------------------


def test_same_signature_is_a_repeat_where_wechat_does_not_sign_anew() -> None:
    door = Door(SEAL, signs_anew=False)
    query, body = safe(said())
    assert door.admit(query, body, NOW)
    assert door.admit(query, body, NOW + 5) is None
    assert refused(door, query, body, NOW + 301) == 403
    assert refused(door, query, safe(said("x"))[1], NOW + 5) == 403


def test_same_signature_is_no_repeat_in_plain_mode_where_it_proves_no_message() -> None:
    door = Door(SEAL, plain=True, signs_anew=False)
    query, body = plain(said())
    assert door.admit(query, body, NOW)
    assert refused(door, query, body, NOW + 5) == 403


@pytest.mark.parametrize("request_of", [safe, plain])
def test_released_callback_comes_in_once_more(request_of: Any) -> None:
    door = Door(SEAL, plain=True)
    query, body = request_of(said())
    callback = door.admit(query, body, NOW)
    assert callback is not None
    door.release(query, callback)
    assert door.admit(query, body, NOW + 5) == callback
    assert refused(door, query, body, NOW + 5) == 403
    again, body = request_of(said(), NOW + 5, "2")
    assert door.admit(again, body, NOW + 5) is None


# -- answers ----------------------------------------------------------------------------------


def test_answer_to_a_sealed_callback_is_sealed() -> None:
    door = Door(SEAL)
    query, body = safe(said())
    callback = door.admit(query, body, NOW)
    assert callback is not None
    answer = door.answer(query, callback, "前面等候 3 人", NOW)
    sealed = read_sealed(answer)
    assert sealed.timestamp == "1795459200"
    opened = SEAL.open(answer, sealed.signature, sealed.timestamp, sealed.nonce)
    read = {element.tag: element.text for element in ElementTree.fromstring(opened)}
    assert (read["ToUserName"], read["Content"]) == (OPENID, "前面等候 3 人")
    assert door.answer(query, callback, "前面等候 3 人", NOW + 1) != answer


def test_answer_to_a_plain_callback_is_plain() -> None:
    door = Door(SEAL, plain=True)
    query, body = plain(said())
    callback = door.admit(query, body, NOW)
    assert callback is not None
    assert "<Content><![CDATA[好]]>".encode() in door.answer(query, callback, "好", NOW)


def test_empty_answer_is_success_and_never_sealed() -> None:
    door = Door(SEAL)
    query, body = safe(said())
    callback = door.admit(query, body, NOW)
    assert callback is not None
    assert door.answer(query, callback, "\x00 ", NOW) == SUCCESS


# -- anything ---------------------------------------------------------------------------------

queries = st.dictionaries(
    st.sampled_from(
        ["signature", "msg_signature", "timestamp", "nonce", "echostr", "encrypt_type"]
    ),
    st.one_of(st.text(max_size=45), st.sampled_from(["aes", "1795459200", "0" * 40, "1"])),
)


@given(query=queries, octets=st.binary(max_size=100), is_plain=st.booleans())
def test_no_query_and_no_octets_raise_anything_but_the_projects_error(
    query: Query, octets: bytes, is_plain: bool
) -> None:
    door = Door(SEAL, plain=is_plain)
    with contextlib.suppress(WeChatRefused):
        door.admit_echo(query, NOW)
        raise AssertionError("forty random digits of hex were the right signature")
    with contextlib.suppress(WeChatRefused):
        door.admit(query, octets, NOW)
        raise AssertionError("forty random digits of hex were the right signature")


@given(octets=st.binary(max_size=100))
def test_no_octets_with_a_right_signature_raise_anything_but_the_projects_error(
    octets: bytes,
) -> None:
    door = Door(SEAL, plain=True)
    for query, body in (plain(octets), safe(octets)):
        with contextlib.suppress(WeChatRefused):
            door.admit(query, body, NOW)
