"""Figures of a rehearsal as people read them."""

from sim.lab.visitors import End

END_NAMES = {
    End.SERVED: "served",
    End.NO_SHOW: "no-show",
    End.LEFT: "left",
    End.EXPIRED: "expired",
    End.REFUSED: "refused",
    End.MISSED: "missed their appointment",
}
"""What became of visitors."""


def shown(figure: float, unit: str) -> str:
    """Return a figure with the ``unit`` s, share, people or level."""
    match unit:
        case "s":
            return minutes(figure)
        case "share":
            return f"{figure:.1%}"
        case "people":
            return f"{figure:,.1f}"
    return f"{figure:.2f}"


def minutes(seconds: float) -> str:
    """Return a time as minutes and seconds: ``12:05``."""
    whole, rest = divmod(round(seconds), 60)
    return f"{whole}:{rest:02}"
