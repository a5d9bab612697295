"""The evaluator model: invites for a while, takes one rating, and shows what became of it."""

from __future__ import annotations

from random import Random

import pytest

from protocol.radio.payloads import (
    DeviceKind,
    Hello,
    Invite,
    PressResult,
    Rating,
    Result,
    Shown,
)
from sim.devices.evaluator import Evaluator
from sim.devices.keypad import SENDS_MAX
from tests.sim.devices.channel import GATEWAY, Channel

INVITE = Invite(version=40, open_s=60, text="A010")


@pytest.fixture
def pad() -> Evaluator:
    return Evaluator(8, GATEWAY, Random(3), boot=7)


@pytest.fixture
def channel(pad: Evaluator) -> Channel:
    """A pad that has said hello."""
    made = Channel(pad)
    made.run(5)
    assert made.payloads == [Hello(boot=7, kind=DeviceKind.EVALUATOR)]
    made.payloads.clear()
    return made


def invite(channel: Channel, invitation: Invite = INVITE) -> None:
    channel.send(invitation)
    channel.run(0.3)
    assert channel.payloads == [Shown(boot=7, version=invitation.version)]
    channel.payloads.clear()


def answer(channel: Channel, result: Result, text: str = "", sequence: int = 1) -> None:
    channel.send(PressResult(boot=7, sequence=sequence, result=result, text=text))
    channel.run(0.3)


def test_pad_takes_no_rating_without_an_invitation(channel: Channel, pad: Evaluator) -> None:
    assert pad.invites is None
    assert not pad.rate(5)
    channel.run(1)
    assert channel.payloads == []


def test_rating_answers_the_invitation_and_closes_it_once_it_counted(
    channel: Channel, pad: Evaluator
) -> None:
    invite(channel)
    assert (pad.invites, pad.display) == ("A010", "A010")
    assert pad.rate(4, reasons=0b10)
    assert not pad.rate(1), "one is under way"
    channel.run(0.3)
    rating = Rating(boot=7, sequence=1, version=40, level=4, reasons=0b10)
    assert channel.payloads == [rating]
    answer(channel, Result.DONE)
    assert (pad.invites, pad.display) == (None, "done")
    assert not pad.rate(5)


def test_refused_rating_shows_why_and_may_be_given_anew(channel: Channel, pad: Evaluator) -> None:
    invite(channel)
    assert pad.rate(4)
    channel.run(0.3)
    answer(channel, Result.REFUSED, "没有这个原因")
    assert (pad.invites, pad.display) == ("A010", "没有这个原因")
    assert pad.rate(5)
    channel.run(0.3)
    assert channel.payloads[-1] == Rating(boot=7, sequence=2, version=40, level=5)


def test_invitation_ends_with_its_time_and_when_it_is_withdrawn(
    channel: Channel, pad: Evaluator
) -> None:
    invite(channel)
    channel.run(58)
    assert pad.invites == "A010"
    channel.run(2)
    assert (pad.invites, pad.display) == (None, "")
    invite(channel, Invite(version=41, open_s=60, text="A011"))
    invite(channel, Invite(version=42, open_s=0))
    assert pad.invites is None


def test_repeated_invitation_is_confirmed_again_and_opens_nothing_anew(
    channel: Channel, pad: Evaluator
) -> None:
    invite(channel)
    channel.run(50)
    invite(channel)
    channel.run(11)
    assert pad.invites is None


def test_rating_without_an_answer_is_sent_again_and_then_given_up(
    channel: Channel, pad: Evaluator
) -> None:
    invite(channel, Invite(version=40, open_s=600, text="A010"))
    assert pad.rate(5)
    channel.run(60)
    assert channel.payloads == [Rating(boot=7, sequence=1, version=40, level=5)] * SENDS_MAX
    assert (pad.unanswered, pad.display) == (1, "----")


def test_pad_that_starts_anew_has_forgotten_the_invitation_and_says_so(
    channel: Channel, pad: Evaluator
) -> None:
    invite(channel)
    pad.reboot()
    channel.run(5)
    assert channel.payloads == [Hello(boot=8, kind=DeviceKind.EVALUATOR, version=0)]
    assert pad.invites is None
