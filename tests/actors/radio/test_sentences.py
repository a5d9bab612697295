"""What keypads show of a press that did nothing: a person's words, which fit the display."""

from __future__ import annotations

import pytest

from actors.radio.sentences import Phrase, sentence
from protocol.answers import Reason
from protocol.ids import Language
from protocol.radio.payloads import fit_text

ZH, EN = Language("zh"), Language("en")

WHATS: list[Reason | Phrase] = [*Reason, *Phrase]


@pytest.mark.parametrize("what", WHATS)
def test_every_refusal_fits_a_display_and_is_no_code(what: Reason | Phrase) -> None:
    for language in (ZH, EN):
        text = sentence(what, language)
        assert text
        assert fit_text(text) == text
        assert "-" not in text
    assert sentence(what, ZH).isascii() is False
    assert sentence(what, EN).isascii()


def test_whoever_speaks_something_else_is_told_in_english() -> None:
    assert sentence(Phrase.NOBODY_WAITING, Language("fr")) == "nobody waiting"
