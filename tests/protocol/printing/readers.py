"""Reads a job as a person reads the paper."""

from __future__ import annotations

from sim.devices.escpos import Interpreter, Paper


def read_paper(octets: bytes, columns: int) -> Paper:
    """Return the one piece of paper that a job prints; everything on it was understood and fitted."""
    interpreter = Interpreter(columns)
    buffer = bytearray(octets)
    papers = []
    while buffer:
        done = interpreter.take(buffer)
        assert done is not None, f"the job ends within a command: {bytes(buffer)!r}"
        if done.paper is not None:
            papers.append(done.paper)
    assert interpreter.unknown == []
    assert interpreter.overflows == []
    assert interpreter.tear() is None, "something was printed after the cut"
    (paper,) = papers
    return paper
