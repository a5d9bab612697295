"""The channel beside the theory of unslotted ALOHA, and beside what listening to it first gains."""

from __future__ import annotations

from math import exp
from random import Random

import pytest

from protocol.radio.frame import Frame, encode_frame
from protocol.values import replace
from sim.radio.channel import Channel
from sim.radio.modules import E32, HC_12, RadioModule

SENDERS = 300
"""So many that hardly ever a sender has a packet while its last one is under way, as the theory has it."""

FRAME = encode_frame(Frame(to=1, source=2, id=1, payload=bytes(20)))

ALOHA = replace(HC_12, packet_max=58, turnaround_s=0.0, baud=1e9)
"""Sends at once and all of it at once."""


class Silent:
    """A sender that hears nothing and does nothing by itself."""

    address = 2

    def receive(self, octets: bytes, now: float) -> bytes:
        return b""

    def tick(self, now: float) -> bytes:
        return b""

    def next_deadline(self) -> float | None:
        return None


def throughput(module: RadioModule, offered: float, packets: int, seed: int = 1) -> float:
    """Return the share of time in which frames that arrive are on the air, ``offered`` that of all frames."""
    random = Random(seed)
    channel = Channel(random, module)
    port = channel.port(address=1)
    senders = [channel.join(Silent()) for _ in range(SENDERS)]
    channel.advance(0.0)
    air_s = module.air_s(len(FRAME))
    now = 0.0
    for _ in range(packets):
        now += random.expovariate(offered / air_s)
        channel.advance(now)
        channel.write(random.choice(senders), FRAME, now)
    sent_s = now
    heard = port.tick(now + 1e6)
    return len(heard) / len(FRAME) * air_s / sent_s


@pytest.mark.parametrize("offered", [0.1, 0.25, 0.5, 1.0, 1.5])
def test_throughput_of_aloha_senders_follows_theory(offered: float) -> None:
    expected = offered * exp(-2 * offered)
    assert throughput(ALOHA, offered, 25_000) == pytest.approx(expected, rel=0.05)


def test_listening_before_talking_carries_more_than_aloha_ever_can() -> None:
    module = replace(E32, baud=1e9)
    assert throughput(module, 0.5, 5_000) > 0.4
