"""A node that floods does not use up the air time that is allowed to all."""

from random import Random

import pytest

from protocol.radio.actions import Action, Received, Transmit
from protocol.radio.frame import Frame, encode_frame
from protocol.radio.neighbours import ANSWERS_BURST_S, COMMON_SHARE, OWN_SHARE
from protocol.radio.options import LinkOptions
from protocol.radio.reliable import ReliableLink

DUTY_CYCLE = 0.1


def hear(link: ReliableLink, source: int, id_: int, now_s: float) -> list[Action]:
    frame = Frame(to=1, source=source, id=id_ % 256, payload=id_.to_bytes(4))
    return link.receive(encode_frame(frame), now_s)


def flood(
    link: ReliableLink, for_s: float, sources: tuple[int, ...] = (11,), per_s: int = 20
) -> list[Action]:
    """So many new datagrams a second, from each of ``sources`` in turn."""
    return [
        action
        for number in range(int(for_s * per_s))
        for action in hear(link, sources[number % len(sources)], number, number / per_s)
    ]


@pytest.mark.parametrize("flooders", [1, 3, 8])
def test_flood_of_an_hour_leaves_air_time_for_everybody_else(flooders: int) -> None:
    link = ReliableLink(1, Random(1), LinkOptions(duty_cycle_max=DUTY_CYCLE))
    actions = flood(link, 3600, tuple(range(11, 11 + flooders)), per_s=6)
    assert sum(isinstance(action, Received) for action in actions) == 21_600
    allowed = (COMMON_SHARE + flooders * OWN_SHARE) * DUTY_CYCLE
    share = link.air_time.sent_share(3600.0)
    assert share == pytest.approx(allowed * (1 + ANSWERS_BURST_S / 3600), rel=0.05)
    assert share < DUTY_CYCLE / 2
    assert link.counts.flooded > 10_000
    assert sum(counts.flooded for counts in link.peer_counts.values()) == link.counts.flooded
    assert isinstance(hear(link, 30, 1, 3600.0)[0], Transmit), "others are acknowledged"


def test_without_a_limit_of_air_time_everything_is_acknowledged() -> None:
    link = ReliableLink(1, Random(1))
    flood(link, 60)
    assert (link.counts.acknowledgements_sent, link.counts.flooded) == (1200, 0)


def test_node_that_has_ebbed_is_acknowledged_again() -> None:
    link = ReliableLink(1, Random(1), LinkOptions(duty_cycle_max=DUTY_CYCLE))
    flood(link, 60)
    assert link.counts.flooded > 0
    answers = [hear(link, 11, 5000 + number, 60.0) for number in range(3)]
    assert not any(isinstance(action, Transmit) for action in answers[-1])
    assert any(isinstance(action, Transmit) for action in hear(link, 11, 5001, 65.0))
