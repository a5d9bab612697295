"""The texts that callbacks are answered with. Pure.

A ticket is spoken of in its own language; whoever has none is answered in the language that he wrote in, or in
both where that cannot be told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import ceil

from protocol.answers import Reason
from protocol.estimates import Estimate
from protocol.hall import name_in
from protocol.ids import Language
from protocol.tickets import TicketState
from runtime.wechat.progress import PublicProgress, TicketProgress
from runtime.wechat.wishes import CodeTrouble
from runtime.wechat.words import SPOKEN, Words, words_in

__all__ = [
    "away",
    "bad_code",
    "followed",
    "foreign_hall",
    "help_text",
    "none_followed",
    "not_followed",
    "number_text",
    "number_unknown",
    "old_ticket",
    "progress_text",
    "welcome",
]

TICKETS_SHOWN_MAX = 5
"""Tickets, or halls, in one answer. WeChat takes 2,048 octets, of which one commonly needs 350; more is cut."""


def followed(progress: TicketProgress) -> str:
    """Say that the ticket is followed now, and how far it is."""
    words = words_in(progress.language)
    return _lines(
        words.followed.format(number=progress.number),
        *_standing(progress, words),
        words.told,
        words.page.format(page=progress.page),
    )


def not_followed(reason: Reason, progress: TicketProgress) -> str:
    """Say why the hall did not let the ticket be followed."""
    words = words_in(progress.language)
    if reason is Reason.FOLLOWED:
        return words.other_phone.format(number=progress.number)
    if reason is Reason.TICKET_STATE:
        return words.ended.format(number=progress.number)
    if reason is Reason.UNKNOWN_TICKET:
        return words.old_ticket
    return words.not_bound.format(number=progress.number)


def progress_text(tickets: Sequence[TicketProgress]) -> str:
    """Say how far it is with tickets that somebody follows; there is one or more."""
    shown = []
    for progress in tickets[:TICKETS_SHOWN_MAX]:
        words = words_in(progress.language)
        page = words.page.format(page=progress.page)
        shown.append(_lines(*_standing(progress, words), page))
    return "\n\n".join(shown)


def number_text(typed: str, found: Sequence[PublicProgress]) -> str:
    """Say what everybody may know of a number, in each hall that may give it; there is one or more."""
    return _both(lambda words, language: _public(typed, found, words, language))


def number_unknown(typed: str) -> str:
    """Say that no hall gives such a number."""
    return _both(lambda words, _: _lines(words.number_unknown.format(typed=typed), words.help))


def none_followed(language: Language | None) -> str:
    """Say that the person follows no ticket."""
    return _in(language, lambda words, _: words.none_followed)


def help_text(language: Language | None) -> str:
    """Say what can be written."""
    return _in(language, lambda words, _: words.help)


def welcome() -> str:
    """Greet somebody new."""
    return _both(lambda words, _: _lines(words.welcome, words.help))


def bad_code(trouble: CodeTrouble) -> str:
    """Say why a code leads to no ticket."""

    def say(words: Words, _: Language) -> str:
        match trouble:
            case CodeTrouble.EXPIRED:
                return words.expired_code
            case CodeTrouble.FORGED:
                return words.forged_code
            case CodeTrouble.FOREIGN:
                return words.foreign_code

    return _both(say)


def foreign_hall() -> str:
    """Say that the code's hall is not here."""
    return _both(lambda words, _: words.foreign_hall)


def old_ticket() -> str:
    """Say that the hall knows the ticket no more."""
    return _both(lambda words, _: words.old_ticket)


def away() -> str:
    """Say that a hall does not answer."""
    return _both(lambda words, _: words.away)


def _in(language: Language | None, say: Callable[[Words, Language], str]) -> str:
    return _both(say) if language is None else say(words_in(language), language)


def _both(say: Callable[[Words, Language], str]) -> str:
    return "\n\n".join(say(words, language) for language, words in SPOKEN.items())


def _lines(*lines: str) -> str:
    return "\n".join(lines)


def _standing(progress: TicketProgress, words: Words) -> Iterable[str]:
    yield words.title.format(number=progress.number, service=progress.service, hall=progress.hall)
    if progress.state is not TicketState.WAITING:
        yield words.states[progress.state].format(counter=progress.counter or "")
        return
    if progress.ahead:
        yield (words.ahead_one if progress.ahead == 1 else words.ahead).format(count=progress.ahead)
    else:
        yield words.next
    if progress.wait is not None:
        yield _wait(progress.wait, words)


def _wait(wait: Estimate, words: Words) -> str:
    least, most = round(wait.p50_s / 60), max(1, ceil(wait.p90_s / 60))
    if 0 < least < most:
        return words.wait_range.format(least=least, most=most)
    return words.wait_within.format(most=most)


def _public(typed: str, found: Sequence[PublicProgress], words: Words, language: Language) -> str:
    shown = []
    for each in found[:TICKETS_SHOWN_MAX]:
        hall = name_in(each.hall, language)
        if each.called_to is not None:
            counter = name_in(each.called_to, language)
            shown.append(words.number_called.format(typed=typed, counter=counter, hall=hall))
            continue
        service = name_in(each.service, language)
        shown.append(words.number_service.format(typed=typed, service=service, hall=hall))
        if each.now:
            calls = ", ".join(
                words.at_counter.format(number=one.number, counter=name_in(one.counter, language))
                for one in each.now
            )
            shown.append(words.number_now.format(calls=calls))
        shown.append(words.waiting.format(count=each.waiting))
        shown.append(words.number_scan)
    return _lines(*shown)
