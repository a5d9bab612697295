"""A repeater's terminal: the device passes on what others say, and is heard of by its heartbeats alone."""

from __future__ import annotations

from actors.radio.terminal import TerminalActor


class RepeaterTerminal(TerminalActor):
    """See the module."""
