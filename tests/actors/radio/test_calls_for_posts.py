"""Which gateway of a channel answers devices without a post."""

from __future__ import annotations

from actors.radio.calls_for_posts import CallsForPosts, channels
from protocol.hall import Gateway
from protocol.ids import GatewayId, TerminalAddress

G1, G2, G3, G4 = (GatewayId(f"g{number}") for number in range(1, 5))


def gateway(id: GatewayId, *covers: GatewayId) -> Gateway:
    return Gateway(id=id, port=f"virtual:{id}", address=TerminalAddress(1), covers=covers)


FOUR = (gateway(G1, G2), gateway(G2), gateway(G3, G2), gateway(G4))


def test_gateways_that_cover_a_third_share_its_channel() -> None:
    assert set(channels(FOUR)) == {frozenset({G1, G2, G3}), frozenset({G4})}
    assert channels(reversed(FOUR))[-1] == frozenset({G1, G2, G3})


def test_one_gateway_of_each_channel_answers_and_another_when_it_is_down() -> None:
    calls = CallsForPosts(FOUR)
    up = {G1, G2, G3, G4}
    assert [calls.answerer(one, up.__contains__) for one in (G1, G2, G3, G4)] == [G1, G1, G1, G4]
    up -= {G1, G2}
    assert [calls.answerer(one, up.__contains__) for one in (G1, G2, G3)] == [G3] * 3
    up.add(G1)
    # It does not swing back.
    assert calls.answerer(G1, up.__contains__) == G3
    up.clear()
    assert calls.answerer(G1, up.__contains__) is None


def test_call_that_the_answerer_does_not_hear_is_answered_by_one_that_does() -> None:
    calls = CallsForPosts(FOUR)
    assert calls.answerer(G3, lambda _: True) == G1
    assert [calls.heard(one) for one in (G3, G2)] == [True, False]
    calls.over(G3)
    assert calls.answerer(G1, lambda _: True) == G2
    assert [calls.heard(one) for one in (G3, G2)] == [True, False]
    calls.over(G3)
    assert calls.answerer(G1, lambda _: True) == G2
