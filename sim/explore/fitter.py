"""Somebody who pairs terminals in the middle of the day, those that were paired before as well."""

from __future__ import annotations

from functools import partial
from random import Random

from actors.radio.pairing import OpenPairing
from protocol.hall import Gateway, Terminal, TerminalKind
from protocol.radio.keys import CODE_OCTETS
from sim.explore.case import Case
from sim.faults.premises import gateway_port
from sim.site import Site
from sim.watch.watch import Watch

OPEN_S = 60.0
"""How long pairing is open."""

WORKS_S = 180.0
"""After so long the device has a post, or has given up and is what it was before."""

LOOKS_S = WORKS_S - 1.0
"""Before he leaves he looks whether it works."""

REPAIR_S = 15.0
"""Between one and the next, when nothing is wrong otherwise."""

WRONG_CODE_SHARE = 0.1


class Fitter:
    """Pairs one terminal after another until `close` is called; nobody comes where nothing is paired."""

    def __init__(self, case: Case, site: Site, watch: Watch) -> None:
        self._case = case
        self._site = site
        self._watch = watch
        self._random = Random(f"{case.seed}/fitter")
        self._closed = False
        if case.fitter_s is not None:
            self._await_next(case.fitter_s)

    def close(self) -> None:
        """Do nothing any more."""
        self._closed = True

    def repair(self) -> None:
        """Pair each window anew that the alarm board tells of, one after another: some cannot prove themselves.

        A pairing that is cut off at the wrong instant leaves two ends with two keys.
        """
        at_s = 0.0
        if not self._case.paired:
            return
        for gateway in self._case.spec.gateways.values():
            for terminal in gateway.terminals:
                alarm = f"window/{terminal.counter}"
                if terminal.kind is TerminalKind.WINDOW and alarm in self._watch.alarms:
                    pair = partial(self._pair, gateway, terminal, wrong=False)
                    self._site.outside.call_later(at_s, pair)
                    at_s += REPAIR_S

    def _await_next(self, every_s: float) -> None:
        def act() -> None:
            if not self._closed:
                self._pair_some()
                self._await_next(every_s)

        self._site.outside.call_later(WORKS_S + self._random.expovariate(1 / every_s), act)

    def _pair_some(self) -> None:
        random = self._random
        gateway = random.choice(list(self._case.spec.gateways.values()))
        if gateway.terminals:
            wrong = random.random() < WRONG_CODE_SHARE
            self._pair(gateway, random.choice(gateway.terminals), wrong=wrong)

    def _pair(self, gateway: Gateway, terminal: Terminal, *, wrong: bool) -> None:
        site = self._site
        device = site.hardware.radio[gateway.id][terminal.address]
        if device.security is None or device.off or not site.running:
            return
        message = OpenPairing(
            address=terminal.address,
            code=self._random.randbytes(CODE_OCTETS) if wrong else device.security.code,
            seconds=OPEN_S,
            reply_to=_Nobody(),
        )
        self._watch.work(f"{terminal.kind.value} {terminal.address} is paired", WORKS_S)
        site.parts.security[gateway.id].tell(message)
        device.ask_for_post()
        site.wake(gateway_port(site, gateway.id))
        site.outside.call_later(LOOKS_S, partial(self._look, gateway, terminal))

    def _look(self, gateway: Gateway, terminal: Terminal) -> None:
        """Begin again where a device still cannot prove itself: pairing was cut off at the wrong instant."""
        troubles = {f"window/{terminal.counter}", f"security/{gateway.id}/{terminal.address}"}
        if not self._closed and troubles.intersection(self._watch.alarms):
            self._pair(gateway, terminal, wrong=False)


class _Nobody:
    """Looks at no answer: the device tells by what it does."""

    def tell(self, _message: object, /) -> None:
        """Leave it."""
