"""Faults of the radio channel behind a gateway: what becomes of packets on the air.

Each listener has its own luck. What comes late, out of order or back to who sent it does so on the line of the
gateway's module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from protocol.ids import GatewayId
from sim.faults.kind import End, FaultKind, Parameter, Target, seconds, share
from sim.faults.line import Impairment
from sim.faults.premises import Premises, gateway_port, gateways
from sim.radio.afflictions import Afflictions
from sim.radio.loss import BurstLoss, Damage, IndependentLoss

CHANNEL = Target(name="channel", what="a gateway", places=gateways)

Given = Mapping[str, float]

FOREIGN_OCTETS = 30
"""On the air, of a packet of somebody else's."""
FOREIGN_BITRATE = 9600.0

JAMMED_S = 0.5
"""A jammer is heard for so long from any one time on."""


def _on_line(premises: Premises, gateway: str, impairment: Impairment) -> End:
    port = gateway_port(premises, gateway)
    mend = premises.lines[port].impair(impairment)

    def end() -> None:
        mend()
        premises.wake(port)

    premises.wake(port)
    return end


def _channel(premises: Premises, gateway: str) -> Afflictions:
    return premises.channel(GatewayId(gateway))


def _loss(premises: Premises, gateway: str, given: Given) -> End:
    return _channel(premises, gateway).lose(IndependentLoss(loss=given["loss"]))


def _bursts(premises: Premises, gateway: str, given: Given) -> End:
    good_s, bad_s, loss = given["good_s"], given["bad_s"], given["loss"]
    bursts = BurstLoss(good_s=good_s, bad_s=bad_s, loss_bad=loss)
    return _channel(premises, gateway).lose(bursts)


def _jam(premises: Premises, gateway: str, _given: Given) -> End:
    channel = _channel(premises, gateway)

    def drown() -> float:
        # In slices: a module that senses it waits for its end, which nobody knows.
        now_s = premises.now_s()
        channel.jam(now_s, now_s + JAMMED_S)
        return JAMMED_S

    return _again_and_again(premises, drown)


def _collisions(premises: Premises, gateway: str, given: Given) -> End:
    per_s = given["per_s"]
    air_s = FOREIGN_OCTETS * 8 / FOREIGN_BITRATE
    channel = _channel(premises, gateway)

    def send() -> float:
        now_s = premises.now_s()
        channel.intrude(now_s, now_s + air_s)
        return air_s + premises.random.expovariate(per_s)

    return _again_and_again(premises, send)


def _again_and_again(premises: Premises, happen: Callable[[], float]) -> End:
    """Have something happen now, and after as many seconds as it returns."""
    over = False

    def turn() -> None:
        if not over:
            premises.later(happen(), turn)

    def end() -> None:
        nonlocal over
        over = True

    turn()
    return end


def _echo(premises: Premises, gateway: str, given: Given) -> End:
    # A module that gives its host back what that sent does so on the line, wherever the air is.
    return _on_line(premises, gateway, Impairment(echo=given["echo"]))


def _duplication(premises: Premises, gateway: str, given: Given) -> End:
    return _channel(premises, gateway).spoil(Damage(duplication=given["duplication"]))


def _delay(premises: Premises, gateway: str, given: Given) -> End:
    late = Impairment(delay_s=given["delay_s"], jitter_s=given["jitter_s"])
    return _on_line(premises, gateway, late)


def _reordering(premises: Premises, gateway: str, given: Given) -> End:
    return _on_line(premises, gateway, Impairment(reordering=given["reordering"]))


def _bit_flips(premises: Premises, gateway: str, given: Given) -> End:
    return _channel(premises, gateway).spoil(Damage(bit_error=given["bit_flips"]))


KINDS = (
    FaultKind(
        name="radio-loss",
        does="Each packet is lost by chance, for each listener anew.",
        target=CHANNEL,
        begin=_loss,
        parameters={"loss": share("that a packet is lost", 0.2, least=0.01, most=0.9)},
    ),
    FaultKind(
        name="radio-bursts",
        does="Good and bad times take turns, and packets are lost in bad ones.",
        target=CHANNEL,
        begin=_bursts,
        parameters={
            "good_s": seconds("how long good times last, on the average", 20.0, 1.0, 600.0),
            "bad_s": seconds("how long bad times last, on the average", 3.0, 0.1, 60.0),
            "loss": share("that a packet is lost in a bad time", 0.9, least=0.1),
        },
        lasts_min_s=10.0,
    ),
    FaultKind(
        name="radio-jam",
        does="A jammer drowns everything on the channel.",
        target=CHANNEL,
        begin=_jam,
        lasts_max_s=900.0,
    ),
    FaultKind(
        name="radio-collisions",
        does="Somebody whom nobody senses sends on the same frequency too, so that packets collide.",
        target=CHANNEL,
        begin=_collisions,
        parameters={
            "per_s": Parameter(
                meaning="foreign packets a second", least=0.1, most=15.0, default=4.0, unit="1/s"
            )
        },
    ),
    FaultKind(
        name="radio-echo",
        does="The gateway's module gives back what the gateway sent.",
        target=CHANNEL,
        begin=_echo,
        parameters={"echo": share("that what was sent comes back", 1.0, least=0.1)},
    ),
    FaultKind(
        name="radio-duplication",
        does="Modules pass packets on twice.",
        target=CHANNEL,
        begin=_duplication,
        parameters={"duplication": share("that a packet comes twice", 0.3, least=0.01)},
    ),
    FaultKind(
        name="radio-delay",
        does="Everything on the way between gateway and terminals comes late.",
        target=CHANNEL,
        begin=_delay,
        parameters={
            "delay_s": seconds("how late everything comes", 0.3, 0.0, 2.0),
            "jitter_s": seconds("how much later some comes, at most", 0.3, 0.0, 2.0),
        },
    ),
    FaultKind(
        name="radio-reordering",
        does="Some packets are overtaken by those that were sent after them.",
        target=CHANNEL,
        begin=_reordering,
        parameters={"reordering": share("that a packet is held back", 0.3, least=0.01)},
    ),
    FaultKind(
        name="radio-bit-flips",
        does="Bits of packets come turned over.",
        target=CHANNEL,
        begin=_bit_flips,
        parameters={"bit_flips": share("that a bit is wrong", 0.002, least=0.0001, most=0.02)},
    ),
)
