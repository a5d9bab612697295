"""Replies: well-formed whatever the text, within WeChat's bound, and the word for nothing."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.wechat.callback import TextSaid
from protocol.wechat.reply import SUCCESS, TEXT_OCTETS_MAX, clean, text_reply

ASKED = TextSaid(
    openid="oLVPpjqs9BhvzwPj5A-vTYAX3GLc",
    account="gh_0123456789ab",
    sent_at_s=1795459200,
    id="1",
    text="进度",
)


def shown(text: str) -> str:
    octets = text_reply(ASKED, text, 1795459201.9)
    read = {element.tag: element.text for element in ElementTree.fromstring(octets)}
    content = read.pop("Content")
    assert read == {
        "ToUserName": ASKED.openid,
        "FromUserName": ASKED.account,
        "CreateTime": "1795459201",
        "MsgType": "text",
    }
    assert content is not None
    return content


def test_text_goes_back_to_who_asked_from_the_account() -> None:
    assert shown("A010：前面等候 3 人\n<a href='https://a.cn/'>查看</a> & more") == (
        "A010：前面等候 3 人\n<a href='https://a.cn/'>查看</a> & more"
    )


@pytest.mark.parametrize("text", ["", " \n", "\x00\x1b\x7f", "\ufffe"])
def test_empty_reply_is_success_and_no_xml(text: str) -> None:
    assert text_reply(ASKED, text, 0) == SUCCESS == b"success"


@pytest.mark.parametrize("text", ["a]]>b", "]]>]]>", "]]]>>", "]]]]>>>", "]]\x00>", "]]>" * 300])
def test_end_of_a_cdata_section_in_a_text_does_not_end_it(text: str) -> None:
    assert "]]>" not in clean(text)
    assert shown(text).replace(" ", "") == text.replace("\x00", "")


def test_control_characters_are_left_out_and_line_ends_made_one() -> None:
    assert shown("a\x00b\x08c\x0bd\x1fe\x7ff\x9fg\ud800h\uffffi") == "abcdefghi"
    assert shown("a\tb\r\nc\rd\ne") == "a\tb\nc\nd\ne"


@given(text=st.text(st.characters(), max_size=80))
def test_any_text_makes_a_well_formed_reply_of_just_that_text(text: str) -> None:
    if clean(text):
        assert shown(text) == clean(text)
    else:
        assert text_reply(ASKED, text, 0) == SUCCESS


@given(text=st.text(st.characters(codec="utf-8"), min_size=1), repeats=st.integers(1, 3000))
def test_long_text_is_cut_within_the_bound_between_characters(text: str, repeats: int) -> None:
    cut = clean(text * repeats)
    assert len(cut.encode()) <= TEXT_OCTETS_MAX
    assert set(cut) <= set(text) | set("\n …")


def test_text_at_the_bound_is_whole_and_one_octet_more_is_cut() -> None:
    assert clean("a" * TEXT_OCTETS_MAX) == "a" * TEXT_OCTETS_MAX
    assert clean("a" * (TEXT_OCTETS_MAX + 1)) == "a" * (TEXT_OCTETS_MAX - 3) + "…"
    assert clean("号" * 683) == "号" * 681 + "…"
