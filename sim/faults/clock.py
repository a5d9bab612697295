"""The wall clock of the hall's machine jumps; its monotonic clock does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sim.faults.kind import End, FaultKind, Target, seconds

if TYPE_CHECKING:
    from sim.site import Site

CLOCK = Target(name="clock", what="nothing: there is one", places=lambda _premises: ("clock",))


def _jump(site: Site, _where: str, given: Mapping[str, float]) -> End:
    offset_s = given["offset_s"]
    site.clock_offset_s += offset_s

    def jump_back() -> None:
        site.clock_offset_s -= offset_s

    return jump_back


KINDS = (
    FaultKind(
        name="clock-jump",
        does="The wall clock jumps ahead or back, and right again at the end.",
        target=CLOCK,
        begin=_jump,
        parameters={"offset_s": seconds("by how much it is ahead then", -3600.0, -7200.0, 7200.0)},
        live=False,
    ),
)
