"""Keys of repeats, and answers that actors owe."""

import logging
from typing import Any

import pytest
from pykka import ActorDeadError

from protocol.errors import MailboxFull
from protocol.ids import CommandId
from runtime.config.model import Role, Token
from runtime.http.auth import issue
from runtime.http.problems import RequestRefused
from runtime.http.repeats import Fingerprints, command_id, read_key
from runtime.http.replies import Replies, Reply

ONE = issue(Token(role=Role.KIOSK, secret="a" * 16), "a" * 16)
OTHER = issue(Token(role=Role.KIOSK, secret="b" * 16), "b" * 16)


def test_command_is_named_after_token_path_and_key() -> None:
    first = command_id(ONE, b"/a", b"key")
    assert command_id(ONE, b"/a", b"key") == first
    others = {
        command_id(OTHER, b"/a", b"key"),
        command_id(ONE, b"/b", b"key"),
        command_id(ONE, b"/a", b"yek"),
        command_id(ONE, b"/a\0k", b"ey"),
    }
    assert len(others | {first}) == 5
    assert first.startswith("http/kiosk/")
    assert len(first) == len("http/kiosk/") + 32


def test_key_that_is_left_out_is_made_up_anew_each_time() -> None:
    assert read_key([], needed=False) != read_key([], needed=False)
    with pytest.raises(RequestRefused):
        read_key([], needed=True)


def test_key_given_twice_is_refused() -> None:
    with pytest.raises(RequestRefused):
        read_key([b"a", b"a"], needed=False)


def test_fingerprints_are_bounded_and_the_oldest_is_forgotten() -> None:
    known = Fingerprints(2)
    for name in ("a", "b", "c"):
        known.check(CommandId(name), "first")
    known.check(CommandId("c"), "first")
    with pytest.raises(RequestRefused):
        known.check(CommandId("c"), "second")
    known.check(CommandId("a"), "second")


class Told:
    """Keeps what it is asked."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked: list[Reply] = []
        self.error = error

    def tell(self, message: Any) -> None:
        if self.error is not None:
            raise self.error
        self.asked.append(message)


def test_first_answer_counts_and_later_ones_do_not() -> None:
    replies, told, answers = Replies(answers_max=10, answer_s=10.0), Told(), []
    replies.ask(told, lambda reply: reply, answers.append)
    assert len(replies) == 1
    for answer in ("first", "second"):
        told.asked[0].tell(answer)
    assert answers == ["first"]
    assert len(replies) == 0


def test_answer_that_is_overdue_is_ended_with_none() -> None:
    replies, told, answers = Replies(answers_max=10, answer_s=10.0), Told(), []
    replies.ask(told, lambda reply: reply, answers.append)
    due_s = told.asked[0].due_s
    replies.sweep(due_s - 0.1)
    assert answers == []
    replies.sweep(due_s)
    told.asked[0].tell("late")
    assert answers == [None]


@pytest.mark.parametrize("error", [ActorDeadError("gone"), MailboxFull("full")])
def test_nobody_to_ask_is_answered_at_once(error: Exception) -> None:
    replies, answers = Replies(answers_max=10, answer_s=10.0), []
    replies.ask(Told(error), lambda reply: reply, answers.append)
    assert answers == [None]


def test_answer_that_fails_here_does_not_fail_the_actor(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_answer: object) -> None:
        raise ValueError("a defect")

    replies, told = Replies(answers_max=10, answer_s=10.0), Told()
    replies.ask(told, lambda reply: reply, fail)
    with caplog.at_level(logging.ERROR):
        told.asked[0].tell("answer")
    assert "answer failed" in caplog.text
