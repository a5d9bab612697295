"""What pushes say: each field within what WeChat allows it, in the follower's language."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import ConfigError
from protocol.ids import Language
from protocol.wechat.templates import (
    CallNotice,
    Layout,
    Notice,
    PreliminaryNotice,
    Slot,
    fields_of,
    layout_of,
)

ZH, EN = Language("zh"), Language("en")
ALL = layout_of(
    {
        "character_string1": Slot.NUMBER,
        "thing2": Slot.SERVICE,
        "thing3": Slot.HALL,
        "number4": Slot.AHEAD,
        "thing5": Slot.COUNTER,
        "thing6": Slot.NOTE,
        "character_string7": Slot.COUNTER,
        "first": Slot.NOTE,
        "keyword2": Slot.HALL,
        "remark": Slot.SERVICE,
    }
)
FORMS = {
    "thing": r".{1,20}",
    "character_string": r"[!-~]{1,32}",
    "number": r"[0-9]{1,32}",
    "first": r".{1,200}",
    "keyword": r".{1,200}",
    "remark": r".{1,200}",
}


def near(
    ahead: int = 3, language: Language = ZH, hall: str = "西湖区办税服务厅"
) -> PreliminaryNotice:
    return PreliminaryNotice(
        number="A010", service="税务登记", hall=hall, ahead=ahead, language=language
    )


def call(counter: str = "3号窗口", language: Language = ZH, again: bool = False) -> CallNotice:
    return CallNotice(
        number="A010",
        service="税务登记",
        hall="西湖区办税服务厅",
        counter=counter,
        language=language,
        again=again,
    )


def said(notice: Notice, layout: Layout = ALL) -> dict[str, str]:
    fields = fields_of(notice, layout)
    assert all(set(field) == {"value"} for field in fields.values())
    return {name: field["value"] for name, field in fields.items()}


def test_preliminary_push_says_number_service_hall_and_how_many_are_ahead() -> None:
    assert said(near()) == {
        "character_string1": "A010",
        "thing2": "税务登记",
        "thing3": "西湖区办税服务厅",
        "number4": "3",
        "thing5": "-",
        "thing6": "前面还有3人，请准备",
        "character_string7": "-",
        "first": "前面还有3人，请准备",
        "keyword2": "西湖区办税服务厅",
        "remark": "税务登记",
    }


def test_call_push_says_the_counter() -> None:
    fields = said(call())
    assert fields["thing5"] == "3号窗口"
    assert fields["character_string7"] == "3"
    assert fields["thing6"] == "请到3号窗口办理"
    assert fields["number4"] == "0"


@pytest.mark.parametrize(
    ("notice", "note"),
    [
        (near(0), "下一位就是您，请到窗口附近"),
        (near(0, EN), "You are next"),
        (near(20, EN), "20 ahead: get ready"),
        (near(3, Language("en-GB")), "3 ahead: get ready"),
        (near(3, Language("fr")), "前面还有3人，请准备"),
        (call("Counter 3", EN), "Go to Counter 3"),
        (call("3号窗口", again=True), "再次呼叫，请到3号窗口"),
        (call("3", EN, again=True), "Called again: 3"),
    ],
)
def test_note_is_a_whole_sentence_in_the_followers_language(notice: Notice, note: str) -> None:
    assert said(notice, layout_of({"thing1": Slot.NOTE})) == {"thing1": note}


def test_thing_of_twenty_characters_is_whole_and_a_longer_one_cut_with_an_ellipsis() -> None:
    layout = layout_of({"thing1": Slot.HALL})
    assert said(near(hall="厅" * 20), layout)["thing1"] == "厅" * 20
    assert said(near(hall="厅" * 21), layout)["thing1"] == "厅" * 19 + "…"
    assert said(near(hall="a b" * 20), layout)["thing1"] == "a ba ba ba ba ba ba…"
    assert said(near(hall="a" * 18 + " b c"), layout)["thing1"] == "a" * 18 + "…"
    # Characters that take two units of UTF-16 count twice.
    assert said(near(hall="😀" * 10), layout)["thing1"] == "😀" * 10
    assert said(near(hall="😀" * 11), layout)["thing1"] == "😀" * 9 + "…"


def test_line_ends_and_control_characters_become_spaces() -> None:
    layout = layout_of({"thing1": Slot.HALL, "keyword1": Slot.HALL})
    assert set(said(near(hall=" a\r\n\x00b\t c "), layout).values()) == {"a b c"}


texts = st.text(max_size=40)


@given(
    notice=st.one_of(
        st.builds(
            PreliminaryNotice,
            number=texts,
            service=texts,
            hall=texts,
            ahead=st.integers(0, 9999),
            language=st.sampled_from([ZH, EN]),
        ),
        st.builds(
            CallNotice,
            number=texts,
            service=texts,
            hall=texts,
            counter=texts,
            language=st.sampled_from([ZH, EN]),
            again=st.booleans(),
        ),
    )
)
def test_every_field_of_any_notice_is_what_wechat_takes(notice: Notice) -> None:
    for name, text in said(notice).items():
        assert re.fullmatch(FORMS[name.rstrip("0123456789")], text), (name, text)
        assert text == text.strip()


@pytest.mark.parametrize("slot", [slot for slot in Slot if slot is not Slot.AHEAD])
def test_number_field_holds_nothing_but_the_people_ahead(slot: Slot) -> None:
    with pytest.raises(ConfigError, match="cannot say"):
        layout_of({"number1": slot})


@pytest.mark.parametrize("slot", [Slot.SERVICE, Slot.HALL, Slot.NOTE])
def test_field_of_ascii_holds_no_names(slot: Slot) -> None:
    with pytest.raises(ConfigError, match="cannot say"):
        layout_of({"character_string1": slot})


@pytest.mark.parametrize("name", ["", "thing-1", "thing123", "phrase1", "date2", "THING1", "1"])
def test_field_of_a_kind_that_cannot_be_filled_in_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="of no kind"):
        layout_of({name: Slot.HALL})


def test_layout_without_fields_or_with_too_many_is_refused() -> None:
    for count in (0, 11):
        with pytest.raises(ConfigError, match="1 to 10"):
            layout_of({f"thing{number}": Slot.HALL for number in range(count)})
