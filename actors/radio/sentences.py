"""What a keypad or an evaluator shows of a press that did not do what was wanted: short, for a person.

Each fits a small display: 40 octets of GB18030. Most have 15 at most, so that a broadcast may say them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from protocol.answers import Reason
from protocol.ids import Language

__all__ = ["CHINESE", "Phrase", "sentence"]

CHINESE = Language("zh")
"""Halls that speak it are told so; all others are told in English."""


class Phrase(StrEnum):
    """What is said of a press that the hall was not asked about, or had nothing to do for."""

    NOBODY_WAITING = "nobody-waiting"
    NO_PRESET = "no-preset"
    """The transfer names a place in the keypad's list where nothing is."""
    NO_USE = "no-use"
    """The key does nothing at this counter."""
    UNAVAILABLE = "unavailable"
    """The hall is not there just now."""
    UNKNOWN_INVITATION = "unknown-invitation"
    UNKNOWN_RATING_REASON = "unknown-rating-reason"
    NOT_POSSIBLE = "not-possible"


_SENTENCES: Mapping[Reason | Phrase, tuple[str, str]] = MappingProxyType(
    {
        Phrase.NOBODY_WAITING: ("无人等候", "nobody waiting"),
        Phrase.NO_PRESET: ("没有这个转移项", "no such transfer"),
        Phrase.NO_USE: ("此键无效", "key has no use"),
        Phrase.UNAVAILABLE: ("系统暂停，稍后再按", "not ready, press again"),
        Phrase.UNKNOWN_INVITATION: ("评价已结束", "rating is over"),
        Phrase.UNKNOWN_RATING_REASON: ("没有这个原因", "no such reason"),
        Phrase.NOT_POSSIBLE: ("不能办理", "not possible"),
        Reason.NO_TICKET_AT_COUNTER: ("窗口没有号", "no ticket here"),
        Reason.TICKET_STATE: ("现在不能这样做", "not possible now"),
        Reason.COUNTER_BUSY: ("请先办完当前号", "finish ticket first"),
        Reason.COUNTER_CLOSED: ("窗口未开", "counter closed"),
        Reason.UNKNOWN_COUNTER: ("没有这个窗口", "no such counter"),
        Reason.UNKNOWN_SERVICE: ("没有这个业务", "no such service"),
        Reason.UNKNOWN_TICKET: ("没有这个号", "no such ticket"),
        Reason.UNKNOWN_STAFF: ("没有这个工号", "unknown number"),
        Reason.NO_COUNTER: ("没有窗口受理", "no counter for it"),
        Reason.WRONG_COUNTER: ("不归本窗口办理", "wrong counter"),
        Reason.CLOSED: ("现在不营业", "closed now"),
        Reason.RECALL_TOO_SOON: ("稍后再呼", "too soon, wait"),
        Reason.RECALL_TOO_OFTEN: ("呼叫次数已满", "called too often"),
        Reason.BAD_VALUE: ("输入有误", "wrong value"),
        Reason.NOT_SERVED: ("没有可评价的", "nothing to rate"),
        Reason.EVALUATED: ("已经评价过", "rated already"),
        Reason.EVALUATION_CLOSED: ("评价已结束", "rating is over"),
        Reason.NOT_DURABLE: ("未能保存，请再按", "not saved, press again"),
        Reason.OVERLOADED: ("系统忙，稍后再按", "busy, press again"),
    }
)
"""In Chinese and in English."""


def sentence(what: Reason | Phrase, language: Language) -> str:
    """Return what to show, in ``language`` or else in English.

    No key leads to the other reasons; they have a general sentence.
    """
    chinese, english = _SENTENCES.get(what, _SENTENCES[Phrase.NOT_POSSIBLE])
    return chinese if language == CHINESE else english
