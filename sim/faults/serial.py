"""Faults of the serial line between a device and the hall; the same that ``paihao faults proxy`` makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sim.faults.kind import End, FaultKind, Target, seconds, share
from sim.faults.line import Impairment
from sim.faults.premises import Premises, ports

LINE = Target(name="line", what="the name of a virtual port", places=ports)


def _impairs(
    impairment: Callable[[Mapping[str, float]], Impairment],
) -> Callable[[Premises, str, Mapping[str, float]], End]:
    def begin(premises: Premises, port: str, given: Mapping[str, float]) -> End:
        mend = premises.lines[port].impair(impairment(given))

        def end() -> None:
            mend()
            premises.wake(port)

        premises.wake(port)
        return end

    return begin


IMPAIRMENTS: Mapping[str, Callable[[Mapping[str, float]], Impairment]] = {
    "line-loss": lambda given: Impairment(loss=given["loss"]),
    "line-corruption": lambda given: Impairment(corruption=given["corruption"]),
    "line-delay": lambda given: Impairment(delay_s=given["delay_s"], jitter_s=given["jitter_s"]),
    "line-cut": lambda _given: Impairment(cut=True),
    "line-echo": lambda given: Impairment(echo=given["echo"]),
}
"""What each kind does to a line."""

KINDS = (
    FaultKind(
        name="line-loss",
        does="The serial line loses octets.",
        target=LINE,
        begin=_impairs(IMPAIRMENTS["line-loss"]),
        parameters={"loss": share("that an octet is lost", 0.02, least=0.001, most=0.5)},
    ),
    FaultKind(
        name="line-corruption",
        does="Octets come as others on the serial line.",
        target=LINE,
        begin=_impairs(IMPAIRMENTS["line-corruption"]),
        parameters={"corruption": share("that an octet is wrong", 0.02, least=0.001, most=0.5)},
    ),
    FaultKind(
        name="line-delay",
        does="Everything on the serial line comes late.",
        target=LINE,
        begin=_impairs(IMPAIRMENTS["line-delay"]),
        parameters={
            "delay_s": seconds("how late everything comes", 0.3, 0.0, 5.0),
            "jitter_s": seconds("how much later some comes, at most", 0.3, 0.0, 5.0),
        },
    ),
    FaultKind(
        name="line-cut",
        does="The serial line is cut: nothing passes, though the port is there.",
        target=LINE,
        begin=_impairs(IMPAIRMENTS["line-cut"]),
    ),
    FaultKind(
        name="line-echo",
        does="The serial line gives back what the hall sends to the device.",
        target=LINE,
        begin=_impairs(IMPAIRMENTS["line-echo"]),
        parameters={"echo": share("that what was sent comes back", 1.0, least=0.1)},
    ),
)
