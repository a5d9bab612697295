"""The account of a rehearsed hall whose queue alone is run: what sends its pushes, and WeChat's troubles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actors.alarms import AlarmBoard
from actors.audience import Audience
from actors.base import Ref
from actors.pusher import PusherActor
from actors.world import Timer
from protocol.hall import HallSpec
from protocol.ids import TicketId
from protocol.messages import Subscribe
from sim.faults.active import Active
from sim.lab.crowd import LabCrowd
from sim.lab.phones import Phones
from sim.lab.scenario import PhoneUse
from sim.lab.streams import stream
from sim.wechat.hall_account import HallAccount
from sim.wechat.paths import CODES, SEND
from sim.wechat.quotas import Limits
from sim.world import SimWorld

__all__ = ["FollowedHall", "limits_of"]


def limits_of(phones: PhoneUse) -> Limits:
    """Return what WeChat lets the hall's account do."""
    return Limits(
        day={SEND: phones.messages_day_max, CODES: phones.codes_day_max},
        minute={SEND: phones.messages_minute_max},
    )


class FollowedHall:
    """See the module. It is the premises of WeChat's faults (`sim.faults.active`)."""

    def __init__(
        self,
        world: SimWorld,
        spec: HallSpec,
        hall: Ref[Any],
        crowd: LabCrowd,
        use: PhoneUse,
        seed: int,
    ) -> None:
        self.outside = world
        self.active: dict[int, Active] = {}
        random = stream(seed, "wechat")
        self.account = HallAccount(world, spec, random, _page, limits_of(use))
        self.phones = Phones(world, self.account, crowd)
        root = f"hall/{spec.id}"
        alarms = world.spawn(f"{root}/alarms", AlarmBoard, {}, Audience())
        world.spawn(f"{root}/pusher", PusherActor, spec, hall, alarms, self.account)
        hall.tell(Subscribe(recipient=self.phones))

    def now_s(self) -> float:
        """Return the world's seconds."""
        return self.outside.monotonic()

    def later(self, delay_s: float, call: Callable[[], None]) -> Timer:
        """Have ``call`` called after ``delay_s``."""
        return self.outside.call_later(delay_s, call)


def _page(ticket: TicketId) -> str:
    return f"http://hall/t/{ticket}"
