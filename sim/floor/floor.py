"""Puts the people of a scenario on a site: visitors, clerks, screens, and all pages."""

from __future__ import annotations

from collections.abc import Iterable

from protocol.ids import CounterId, ServiceId
from protocol.messages import Announced
from protocol.radio.payloads import WindowState
from sim.devices.window import Window
from sim.floor.clerk import FloorClerk
from sim.floor.crowd import FloorCrowd
from sim.floor.pages import Pages
from sim.floor.screens import KioskScreen, LargeScreen
from sim.lab.calendar import Calendar
from sim.lab.clerk import Stretch, duties
from sim.lab.scenario import LabScenario
from sim.lab.visitors import Visitor, draw_visitors
from sim.site import Site


class Floor:
    """The people of ``scenario`` on ``site``, whose hall and wall clock are the scenario's.

    ``stretches`` are the times in which counters were open or paused, as their staff remember them.
    """

    def __init__(
        self,
        site: Site,
        scenario: LabScenario,
        seed: int,
        visitors: Iterable[Visitor] | None = None,
    ) -> None:
        """Have them come; ``visitors`` instead of those that the scenario and the seed draw.

        Raises:
            ValueError: more visitors are expected than a run takes.
        """
        self.site = site
        self.calendar = Calendar(scenario)
        self.pages = Pages(site)
        self.screen = site.screen = LargeScreen(site)
        self.kiosks = {id: KioskScreen(site, id) for id in site.spec.kiosks}
        drawn = draw_visitors(scenario, seed) if visitors is None else visitors
        self.crowd = FloorCrowd(site, self.pages, scenario, drawn, seed)
        self.stretches: list[Stretch] = []
        self.clerks = {
            counter: FloorClerk(
                site,
                self.pages,
                self.crowd,
                scenario,
                counter,
                duties(scenario, self.calendar, counter),
                self.stretches.append,
            )
            for counter in site.spec.counters
        }
        self._nudged: dict[ServiceId, int] = {}
        self.crowd.somebody_waits = self._nudge
        self.crowd.somebody_stands = lambda counter: self.clerks[counter].somebody_came()
        self.screen.heard.append(self._hear)
        self.screen.changed.append(self._look)
        for counter, window in site.hardware.windows.items():
            _Onlooker(self.crowd, counter, window)

    def _hear(self, announced: Announced) -> None:
        self.crowd.sees(announced.counter, announced.number)

    def _look(self) -> None:
        for call in self.screen.calls:
            self.crowd.sees(call.counter, call.number)

    def _nudge(self, service: ServiceId) -> None:
        """Have one idle clerk notice who sat down; they take turns."""
        serving = [
            id for id, counter in self.site.spec.counters.items() if service in counter.services
        ]
        if not serving:
            return
        turn = self._nudged.get(service, 0)
        for step in range(len(serving)):
            counter = serving[(turn + step) % len(serving)]
            if self.clerks[counter].idle:
                self._nudged[service] = turn + step + 1
                self.clerks[counter].see_somebody()
                return


class _Onlooker:
    """Everybody who looks at one window."""

    def __init__(self, crowd: FloorCrowd, counter: CounterId, window: Window) -> None:
        self._crowd = crowd
        self._counter = counter
        self._seen = ""
        window.noticed.append(self._look)

    def _look(self, window: Window, _shown: object) -> None:
        called = window.state in (WindowState.CALLED, WindowState.RECALL)
        text = window.text if called else ""
        if text != self._seen:
            self._seen = text
            if text:
                self._crowd.sees(self._counter, text)
