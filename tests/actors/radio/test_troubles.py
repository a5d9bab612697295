"""What is wrong with a terminal, on a clock whose additions round."""

from __future__ import annotations

from actors.radio.troubles import Condition, Trouble
from protocol.hall import Terminal, TerminalKind
from protocol.ids import CounterId, TerminalAddress


def test_silence_whose_bound_falls_short_by_rounding_does_not_come_to_a_standstill() -> None:
    # Found by a seed of the explorer: the rest of the bound was too short to move the clock.
    heard_s, bound_s = 1793.967, 1500.0
    waits: list[float] = []
    begun: list[Trouble] = []
    condition = Condition(
        Terminal(address=TerminalAddress(35), kind=TerminalKind.WINDOW, counter=CounterId("1")),
        lambda trouble, _detail: begun.append(trouble),
        lambda _trouble: None,
        lambda delay_s, message: waits.append(delay_s),  # type: ignore[arg-type, return-value]
        heard_s,
    )
    assert waits.pop() == bound_s
    now_s = heard_s + bound_s - 2e-12
    assert now_s - heard_s < bound_s
    condition.word_awaited(now_s)
    assert begun == [Trouble.SILENT]
    assert now_s + waits.pop() > now_s + 1
