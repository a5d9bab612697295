"""The templates of a simulated hall's account: a turn that comes near, and a call."""

from __future__ import annotations

from collections.abc import Mapping

from protocol.wechat.templates import Slot, layout_of
from sim.wechat.fields import Template

__all__ = ["CALL", "LAYOUT", "NEAR"]

_FIELDS: Mapping[str, Slot] = {
    "character_string1": Slot.NUMBER,
    "thing2": Slot.NOTE,
    "number3": Slot.AHEAD,
}

LAYOUT = layout_of(_FIELDS)
NEAR = Template(id="near", title="排队进度提醒", fields=tuple(_FIELDS))
CALL = Template(id="call", title="叫号通知", fields=tuple(_FIELDS))
