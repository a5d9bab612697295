"""A node that floods does not use up the air time that is allowed to all."""

from random import Random

import pytest

from protocol.radio.actions import Action, Received, Transmit
from protocol.radio.frame import Frame, encode_frame
from protocol.radio.neighbours import ANSWERS_BURST_S, ANSWERS_SHARE
from protocol.radio.options import LinkOptions
from protocol.radio.reliable import ReliableLink

DUTY_CYCLE = 0.1


def hear(link: ReliableLink, source: int, id_: int, now_s: float) -> list[Action]:
    frame = Frame(to=1, source=source, id=id_ % 256, payload=id_.to_bytes(4))
    return link.receive(encode_frame(frame), now_s)


def flood(link: ReliableLink, for_s: float) -> list[Action]:
    """Twenty new datagrams a second from the node 11."""
    return [
        action
        for number in range(int(for_s * 20))
        for action in hear(link, 11, number, number / 20)
    ]


def test_flood_of_an_hour_leaves_air_time_for_everybody_else() -> None:
    link = ReliableLink(1, Random(1), LinkOptions(duty_cycle_max=DUTY_CYCLE))
    actions = flood(link, 3600)
    assert sum(isinstance(action, Received) for action in actions) == 72_000
    share = link.air_time.sent_share(3600.0)
    burst = ANSWERS_SHARE * DUTY_CYCLE * ANSWERS_BURST_S / 3600
    assert share == pytest.approx(ANSWERS_SHARE * DUTY_CYCLE + burst, rel=0.05)
    assert link.counts.flooded > 60_000
    assert isinstance(hear(link, 12, 1, 3600.0)[0], Transmit), "others are acknowledged"


def test_without_a_limit_of_air_time_everything_is_acknowledged() -> None:
    link = ReliableLink(1, Random(1))
    flood(link, 60)
    assert (link.counts.acknowledgements_sent, link.counts.flooded) == (1200, 0)


def test_node_that_has_ebbed_is_acknowledged_again() -> None:
    link = ReliableLink(1, Random(1), LinkOptions(duty_cycle_max=DUTY_CYCLE))
    flood(link, 60)
    assert link.counts.flooded > 0
    assert not any(isinstance(action, Transmit) for action in hear(link, 11, 5000, 60.0))
    assert any(isinstance(action, Transmit) for action in hear(link, 11, 5001, 65.0))
