"""The hall's process dies: at any instant, or amid a commit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sim.faults.kind import End, FaultKind, Parameter, Target, share

if TYPE_CHECKING:
    from sim.site import Site

PROCESS = Target(name="process", what="nothing: there is one", places=lambda _premises: ("hall",))


def _kill(site: Site, _where: str, given: Mapping[str, float]) -> End:
    amid, written = bool(given["amid_commit"]), given["written"]
    ended = False

    def kill() -> None:
        if ended:
            return
        site.journal.on_commit = None
        site.kill(written=written)

    def await_middle() -> None:
        """A commit has begun: the process dies while it is under way."""
        site.outside.call_later(site.journal.commit_s * written, kill)

    def start() -> None:
        nonlocal ended
        ended = True
        site.journal.on_commit = None
        site.start()

    def fall() -> None:
        if amid:
            site.journal.on_commit = await_middle
        else:
            kill()

    return site.holds.hold("process", fall, start)


KINDS = (
    FaultKind(
        name="process-kill",
        does="The hall's process is killed, also amid a commit whose writes are lost or half written; "
        "it starts anew on what is durable.",
        target=PROCESS,
        begin=_kill,
        parameters={
            "amid_commit": Parameter(
                meaning="1: it dies in the middle of the next commit; 0: at once",
                least=0.0,
                most=1.0,
                default=0.0,
                whole=True,
            ),
            "written": share("the share of the commit under way that has reached the disk", 0.0),
        },
        lasts_max_s=600.0,
        live=False,
    ),
)
