"""Bugs by which phones are told too often, too late, or not at all."""

from __future__ import annotations

from typing import Any

from actors import pusher
from actors.hall import pushing
from protocol.events import TicketRecalled
from protocol.ids import PushId
from protocol.messages import PushAnswered
from protocol.pushes import PushKind
from protocol.values import replace
from sim.explore.case import Case
from tests.sim.explore.planted.bug import Bug, Plant


def _followed(case: Case) -> bool:
    return case.people.follow_share > 0


def _near_again(plant: Plant) -> None:
    """Who is put back and comes near again is told so again."""
    is_near = pushing._is_near

    def again(state: Any, ticket: Any) -> bool:
        following = ticket.following and replace(ticket.following, near=False)
        return is_near(state, replace(ticket, following=following))

    plant.attribute(pushing, "_is_near", again)


def _recalls_told_anyway(plant: Plant) -> None:
    """A recall is told where the hall does not want that."""
    call = pushing._call

    def always(state: Any, ticket: Any, kinds: set[type]) -> PushKind | None:
        recalled = TicketRecalled in kinds and ticket.follower is not None
        return PushKind.RECALL if recalled else call(state, ticket, kinds)

    plant.attribute(pushing, "_call", always)


def _told_of_one_call_alone(plant: Plant) -> None:
    """Who was told of a call once is not told of the next one."""
    call = pushing._call

    def once(state: Any, ticket: Any, kinds: set[type]) -> PushKind | None:
        told = ticket.following.call is not None
        return None if told else call(state, ticket, kinds)

    plant.attribute(pushing, "_call", once)


def _ended_and_sent(plant: Plant) -> None:
    """What waits to be sent is sent though it has ended meanwhile."""

    def forget(self: pusher.PusherActor, id: PushId) -> None:
        self._reports.pop(id, None)

    plant.attribute(pusher.PusherActor, "_forget", forget)


def _named_anew(plant: Plant) -> None:
    """What is sent again has another id than before, so that nobody can know it again."""
    send, times = pusher.PusherActor._send_on, [0]

    class Renaming:
        """Gives each push a name of its own, and its answers the right one."""

        def __init__(self, port: Any) -> None:
            self._port = port

        def send(self, push: Any, reply_to: Any) -> None:
            times[0] += 1
            renamed = replace(push, push=PushId(f"{push.push}.{times[0]}"))
            self._port.send(renamed, _Answers(push.push, reply_to))

    def send_on(self: pusher.PusherActor) -> None:
        if not isinstance(self._port, Renaming):
            self._port = Renaming(self._port)
        send(self)

    plant.attribute(pusher.PusherActor, "_send_on", send_on)


class _Answers:
    def __init__(self, push: PushId, reply_to: Any) -> None:
        self._push = push
        self._reply_to = reply_to

    def tell(self, answer: PushAnswered, /) -> None:
        """Pass on what is said of the push, under its own name."""
        self._reply_to.tell(replace(answer, push=self._push))


BUGS = (
    Bug(name="near again", invariant=8, seed=2, plant=_near_again, can_show=_followed),
    Bug(
        name="recalls told anyway",
        invariant=8,
        seed=3,
        plant=_recalls_told_anyway,
        can_show=lambda case: _followed(case) and not case.spec.pushes.recall,
    ),
    Bug(
        name="told of one call alone",
        invariant=8,
        seed=2,
        plant=_told_of_one_call_alone,
        can_show=_followed,
    ),
    Bug(name="ended and sent", invariant=8, seed=5, plant=_ended_and_sent, can_show=_followed),
    Bug(name="push named anew", invariant=8, seed=28, plant=_named_anew, can_show=_followed),
)
