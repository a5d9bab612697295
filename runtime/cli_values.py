"""Kinds of values on the command line: durations (``5m``), rates (``60/h``), shares (``3%``)."""

import math
import re
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    FloatParam = click.ParamType[float]
else:  # which older releases of click cannot be asked for
    FloatParam = click.ParamType

SECONDS = {"s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
"""Units of time and their seconds."""

_NUMBER = r"\d+(?:\.\d*)?|\.\d+"
_DURATION = re.compile(rf"({_NUMBER})\s*([a-z]+)")
_RATE = re.compile(rf"({_NUMBER})\s*/\s*([a-z]+)")
_SHARE = re.compile(rf"({_NUMBER})\s*(%?)")


class Duration(FloatParam):
    """A time such as ``90s``, ``5m`` or ``1.5h``, as seconds; more than 0, or 0 too if that is allowed."""

    name = "duration"

    def __init__(self, *, zero_allowed: bool = False) -> None:
        self._zero_allowed = zero_allowed

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, float):
            return value
        found = _DURATION.fullmatch(str(value).strip())
        if found is None or found[2] not in SECONDS:
            self.fail(f"{value!r} is no time; write it like 90s, 5m or 1.5h", param, ctx)
        duration_s = float(found[1]) * SECONDS[found[2]]
        if duration_s == 0 and not self._zero_allowed:
            self.fail(f"{value!r} must be more than 0", param, ctx)
        return duration_s


class Rate(FloatParam):
    """How often something happens, such as ``60/h`` or ``1.5/min``, as times a second; more than 0."""

    name = "rate"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, float):
            return value
        found = _RATE.fullmatch(str(value).strip())
        if found is None or found[2] not in SECONDS:
            self.fail(f"{value!r} is no rate; write it like 60/h, 1.5/min or 0.2/s", param, ctx)
        rate = float(found[1]) / SECONDS[found[2]]
        if rate == 0:
            self.fail(f"{value!r} must be more than 0", param, ctx)
        return rate


class Share(FloatParam):
    """A part of a whole, such as ``3%`` or ``0.03``, from 0 to 1."""

    name = "share"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, float):
            return value
        found = _SHARE.fullmatch(str(value).strip())
        share = math.inf if found is None else float(found[1]) / (100 if found[2] else 1)
        if not 0 <= share <= 1:
            self.fail(f"{value!r} is no share; write it like 3% or 0.03, from 0 to 1", param, ctx)
        return share
