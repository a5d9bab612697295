"""An ESC/POS ticket printer with its troubles: no paper, an open cover, silence, babble, a pulled plug.

It prints at its speed, answers real-time questions while it does, and stops where it is when something is
wrong; what it has received waits. Its switches may be set at any time and are felt at its next octet or
tick.
"""

from __future__ import annotations

from random import Random

from sim.devices.escpos import Interpreter, Paper

SPEED_DOTS_PER_S = 1_200.0
"""150 mm a second."""

CUT_S = 0.3

RECEIVE_MAX = 4_096
"""Octets that may wait; more are lost, as on a line without flow control."""

DLE = b"\x10"

STATUS = b"\x10\x04"
"""How a question begins; most of what comes is one, alone."""

REAL_TIME_LENGTHS = {0x04: 3, 0x05: 3, 0x14: 10}
"""Octets of DLE EOT, DLE ENQ and DLE DC4 with function 8."""

_LIES = {1: 0x08, 2: 0x20, 4: 0x6C}
"""What a printer without paper answers to each question."""

FORGET = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
FORGOTTEN = b"\x37\x25\x00"


class EscposPrinter:
    """See the module.

    ``papers`` are the pieces cut so far, ``torn`` those that were left hanging half printed; ``lost``
    counts octets beyond its buffer.
    """

    def __init__(
        self,
        *,
        columns: int = 48,
        speed: float = SPEED_DOTS_PER_S,
        babble: Random | None = None,
    ) -> None:
        self.paper_out = False
        self.paper_low = False
        self.cover_open = False
        self.offline = False
        """Switched off line at its panel."""
        self.broken = False
        self.silent = False
        """Dead: takes nothing and says nothing."""
        self.claims_well: bool | None = None
        """If set, its status is a lie: all is well (True), or it has no paper (False)."""
        self.babble = babble
        """Where there is one, every answer is an octet of its choice."""
        self.paper_dots: int | None = None
        """What is left on the roll; nothing if that is enough for ever."""
        self.speed = speed
        self.papers: list[Paper] = []
        self.torn: list[Paper] = []
        self.lost = 0
        self.interpreter = Interpreter(columns)
        self._real_time = bytearray()
        self._buffer = bytearray()
        self._free_at = 0.0
        self._stood = False
        """It could not print when it was looked at last."""
        self._starved = False
        """What waits is the beginning of a command, and no more came."""

    # -- what people do ---------------------------------------------------------------------

    def load_paper(self) -> None:
        """Put in a new roll; what hung out is torn off."""
        self.paper_out = False
        self.paper_dots = None
        self._tear()

    def power_cycle(self) -> None:
        """Pull the plug and put it back: what was received is gone, half a ticket hangs out."""
        self._buffer.clear()
        self._real_time.clear()
        self.interpreter.reset()
        self._tear()

    def repair(self) -> None:
        """Do what staff do with a printer that is not well; one that is well is left alone."""
        if self.paper_out:
            self.load_paper()
        if self.broken or self.silent or self.babble is not None:
            self.power_cycle()
        self.cover_open = self.offline = self.broken = self.silent = self.paper_low = False
        self.babble = None
        self.claims_well = None

    def _tear(self) -> None:
        paper = self.interpreter.tear()
        if paper is not None:
            self.torn.append(paper)

    # -- the line ---------------------------------------------------------------------------

    def receive(self, octets: bytes, now: float) -> bytes:
        """Take ``octets``; return what is answered by now."""
        if self.silent:
            return b""
        answers = self._advance(now)
        if not self._buffer:
            self._free_at = max(self._free_at, now)
        answers += self._sort(octets)
        return answers + self._advance(now)

    def tick(self, now: float) -> bytes:
        """Print on; return what is answered by now."""
        return b"" if self.silent else self._advance(now)

    def next_deadline(self) -> float | None:
        """Return when the next piece of the job is done, if there is one and it can go on."""
        idle = self._stopped or self._starved or not self._buffer
        return None if idle else self._free_at

    # -- inside -----------------------------------------------------------------------------

    @property
    def _stopped(self) -> bool:
        faults = self.paper_out or self.cover_open or self.offline or self.broken
        return faults or self.silent

    def _sort(self, octets: bytes) -> bytes:
        """Carry out real-time commands at once; the rest waits its turn. Return what is answered."""
        if len(octets) == 3 and octets.startswith(STATUS) and not self._real_time:
            return self._carry_out(octets)
        answers = b""
        at = 0
        while at < len(octets):
            if not self._real_time:
                begins = octets.find(DLE, at)
                ends = len(octets) if begins < 0 else begins
                self._keep(octets[at:ends])
                at = ends
            if at < len(octets):
                answers += self._sort_one(octets[at])
                at += 1
        return answers

    def _sort_one(self, octet: int) -> bytes:
        """Take an octet of what may be a real-time command."""
        command = self._real_time
        command.append(octet)
        if command[0] == 0x10:
            length = REAL_TIME_LENGTHS.get(command[1], 0) if len(command) > 1 else 2
            if len(command) < length:
                return b""
            if len(command) == length:
                answer = self._carry_out(bytes(command))
                command.clear()
                return answer
        self._keep(bytes(command))
        command.clear()
        return b""

    def _keep(self, octets: bytes) -> None:
        if not octets:
            return
        self._buffer += octets
        self._starved = False
        if len(self._buffer) > RECEIVE_MAX:
            self.lost += len(self._buffer) - RECEIVE_MAX
            del self._buffer[RECEIVE_MAX:]

    def _carry_out(self, command: bytes) -> bytes:
        if command == FORGET:
            self._buffer.clear()
            self.interpreter.reset()
            return FORGOTTEN
        if command[1] == 0x04:
            return self._say(self._status(command[2]))
        return b""

    def _status(self, question: int) -> int:
        status = 0x12
        if self.claims_well is not None:
            return status if self.claims_well else status | _LIES.get(question, 0)
        match question:
            case 1:
                status |= 0x08 * self._stopped
            case 2:
                status |= 0x04 * self.cover_open | 0x20 * self.paper_out | 0x40 * self.broken
            case 4:
                status |= 0x0C * (self.paper_low or self.paper_out) | 0x60 * self.paper_out
        return status

    def _sensors(self) -> int:
        if self.claims_well is not None:
            return 0 if self.claims_well else 0x0C
        return 0x0C * self.paper_out | 0x03 * self.paper_low

    def _say(self, octet: int) -> bytes:
        return bytes((octet if self.babble is None else self.babble.randrange(256),))

    def _advance(self, now: float) -> bytes:
        """Carry out what time allows; return the answers to questions met on the way."""
        answers = b""
        if not self._buffer:
            return answers
        if self._stood:
            self._free_at = max(self._free_at, now)
        while not self._stopped and self._free_at <= now:
            done = self.interpreter.take(self._buffer)
            if done is None:
                self._starved = True
                break
            self._free_at += done.dots / self.speed + (CUT_S if done.paper else 0.0)
            if done.paper is not None:
                self.papers.append(done.paper)
            if done.asked_paper:
                answers += self._say(self._sensors())
            if self.paper_dots is not None:
                self.paper_dots -= done.dots
                self.paper_out = self.paper_dots <= 0
        self._stood = self._stopped
        return answers


__all__ = ["EscposPrinter", "Paper"]
