"""The texts of the chat: each state in each language, and how long they become."""

import string
from typing import Any

import attrs
import pytest

from protocol.answers import Reason
from protocol.estimates import Estimate
from protocol.ids import Language
from protocol.tickets import TicketState
from protocol.wechat.reply import clean
from runtime.wechat import answers
from runtime.wechat.progress import AtCounter, PublicProgress, TicketProgress
from runtime.wechat.wishes import CodeTrouble
from runtime.wechat.words import EN, SPOKEN, ZH, words_in

PAGE = "https://hall.example.cn/t/HZ01/20261123-A010?c=abcdefghijk"


def progress(**changes: Any) -> TicketProgress:
    given: dict[str, Any] = {
        "number": "A010",
        "language": Language("en"),
        "state": TicketState.WAITING,
        "hall": "West Lake Hall",
        "service": "Tax",
        "ahead": 3,
        "wait": Estimate(p50_s=290.0, p90_s=700.0),
        "counter": None,
        "page": PAGE,
    } | changes
    return TicketProgress(**given)


def test_waiting_ticket_is_told_with_everything() -> None:
    assert answers.followed(progress()) == (
        "You now follow ticket A010\n"
        "A010  Tax\nWest Lake Hall\n"
        "3 people ahead of you\n"
        "Probably a wait of 5 to 12 minutes\n"
        "You will be told here when your turn comes near and when you are called.\n"
        f"See how it goes on:\n{PAGE}"
    )
    assert "前面还有 3 人\n预计等候 5–12 分钟" in answers.progress_text(
        [progress(language=Language("zh"))]
    )


@pytest.mark.parametrize(
    ("ahead", "wait", "said"),
    [
        (0, None, "You are next. Please stay nearby.\n"),
        (1, None, "1 person ahead of you\n"),
        (1, Estimate(p50_s=0.0, p90_s=1.0), "Probably a wait of at most 1 min\n"),
        (2, Estimate(p50_s=600.0, p90_s=600.0), "Probably a wait of at most 10 min\n"),
    ],
)
def test_place_and_wait_are_told_in_words(ahead: int, wait: Estimate | None, said: str) -> None:
    assert said in answers.progress_text([progress(ahead=ahead, wait=wait)])


@pytest.mark.parametrize("language", list(SPOKEN))
@pytest.mark.parametrize("state", [one for one in TicketState if one is not TicketState.WAITING])
def test_each_state_has_its_words(language: Language, state: TicketState) -> None:
    told = answers.progress_text([progress(language=language, state=state, counter="Counter 3")])
    assert words_in(language).states[state].format(counter="Counter 3") in told
    assert words_in(language).ahead.format(count=3) not in told


def test_each_refusal_has_its_words() -> None:
    said = {reason: answers.not_followed(reason, progress()) for reason in Reason}
    assert said[Reason.FOLLOWED].startswith("Another phone follows A010.")
    assert said[Reason.TICKET_STATE] == "A010 has ended, so there is nothing to be told."
    assert said[Reason.UNKNOWN_TICKET].startswith("This ticket is not of today")
    assert (
        said[Reason.BAD_VALUE]
        == "A010 cannot be followed at the moment. Please scan it again later."
    )
    assert all(PAGE not in text for text in said.values())


def test_other_languages_are_answered_in_english() -> None:
    assert words_in(Language("fr")) is EN
    assert words_in(Language("zh-Hans")) is ZH


def test_both_languages_fill_in_the_same() -> None:
    def blanks(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text)} - {None}

    for field in attrs.fields_dict(type(ZH)):
        ours, theirs = getattr(ZH, field), getattr(EN, field)
        if isinstance(ours, str):
            assert blanks(ours) == blanks(theirs), field
        else:
            assert {state: blanks(text) for state, text in ours.items()} == {
                state: blanks(text) for state, text in theirs.items()
            }


def test_texts_fit_what_wechat_takes() -> None:
    long = {"zh": "杭州市西湖区办税服务厅", "en": "Xihu District Tax Service Hall, Hangzhou"}
    public = PublicProgress(
        hall=long,
        service=long,
        called_to=None,
        now=tuple(AtCounter(number="A010", counter=long) for _ in range(6)),
        waiting=12,
    )
    texts = [
        answers.progress_text([progress(hall=long["zh"], service=long["zh"])] * 5),
        answers.followed(progress(hall="厅" * 60, service="务" * 60)),
        answers.number_text("A010", [public]),
        answers.welcome(),
        *(answers.bad_code(trouble) for trouble in CodeTrouble),
    ]
    for text in texts:
        assert clean(text) == text


def test_more_tickets_than_are_shown_are_left_out() -> None:
    many = [progress(number=f"A{number:03}") for number in range(1, 8)]
    told = answers.progress_text(many)
    assert "A005" in told
    assert "A006" not in told
