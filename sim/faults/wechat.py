"""Faults of WeChat's service, as a hall's account meets them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sim.faults.kind import End, FaultKind, Target, seconds, share
from sim.wechat.faults import Ill, Trouble
from sim.wechat.paths import SEND

LONG_S = 86_400.0
"""A trouble lasts until it is ended."""

WECHAT = Target(
    name="wechat",
    what="the account",
    places=lambda premises: () if getattr(premises, "account", None) is None else ("account",),
)


def _begins(
    ill: Ill, path: str = "/", **more: Any
) -> Callable[[Any, str, Mapping[str, float]], End]:
    """Return what lets WeChat have a trouble."""

    def begin(premises: Any, _where: str, given: Mapping[str, float]) -> End:
        trouble = Trouble(
            ill=ill,
            begins_s=premises.outside.now().timestamp(),
            lasts_s=LONG_S,
            probability=given["probability"],
            path=path,
            delay_s=given.get("delay_s", 0.0),
            **more,
        )
        end: End = premises.account.stand_in.troubles.begin(trouble)
        return end

    return begin


_PROBABILITY = {"probability": share("of a call to meet it", 1.0, least=0.05)}

KINDS = (
    FaultKind(
        name="wechat-busy",
        does="WeChat answers that it is busy, and does nothing.",
        target=WECHAT,
        begin=_begins(Ill.BUSY),
        parameters=_PROBABILITY,
        live=False,
    ),
    FaultKind(
        name="wechat-away",
        does="WeChat resets every connection.",
        target=WECHAT,
        begin=_begins(Ill.RESET),
        parameters=_PROBABILITY,
        live=False,
    ),
    FaultKind(
        name="wechat-lost-answer",
        does="WeChat sends the message, and its answer is lost.",
        target=WECHAT,
        begin=_begins(Ill.RESET, SEND, done=True),
        parameters=_PROBABILITY,
        lasts_max_s=300.0,
        live=False,
    ),
    FaultKind(
        name="wechat-slow",
        does="WeChat answers late, at times too late to be heard.",
        target=WECHAT,
        begin=_begins(Ill.DELAY),
        parameters={**_PROBABILITY, "delay_s": seconds("after which it answers", 3.0, 0.5, 20.0)},
        live=False,
    ),
    FaultKind(
        name="wechat-page",
        does="WeChat answers with a page of its own instead of what was asked for.",
        target=WECHAT,
        begin=_begins(Ill.NOT_JSON),
        parameters=_PROBABILITY,
        live=False,
    ),
)
