"""One hall's building: its process, which can die at any instant, and all that outlives it.

    outside: people, devices, air, lines -- links --> process: build_hall's actors, in a world of their own
                                                         |
                                                      journal, radio memory (what is durable)

Both worlds run on one SimPy environment. A process that is killed runs no handler any more: its links drop, and
what it had not made durable is lost. A new one starts on the same journal and finds the devices as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any, Protocol

import simpy

from actors.building import HallParts, build_hall
from actors.hall.actor import SNAPSHOT_EVENTS
from actors.ports import RadioVault
from actors.world import Timer
from protocol.hall import HallSpec
from protocol.ids import GatewayId, TicketId
from protocol.messages import DisplayedCall, Submit
from sim.devices.radio import RadioDevice
from sim.faults.active import Active, end_all
from sim.faults.line import Line, LineDevice
from sim.faults.premises import Holds
from sim.hardware import BATTERY_MV, Hardware
from sim.headquarters import Headquarters
from sim.journal import MemoryJournal
from sim.links import SimLinks
from sim.radio.afflictions import Afflictions, afflictions_of
from sim.radio.loss import NONE, Loss
from sim.radio.modules import RadioModule
from sim.radio.segments import ChannelSegments
from sim.radio_memory import DictMemory, dict_vault
from sim.wechat.quotas import Limits
from sim.world import MONDAY, SimWorld

if TYPE_CHECKING:
    from sim.wechat.hall_account import HallAccount

COMMIT_S = 0.002
"""What a commit takes on the hall's disk."""


class Screen(Protocol):
    """A screen with a power switch."""

    @property
    def calls(self) -> Sequence[DisplayedCall]:
        """What it shows."""
        ...

    def switch(self, *, off: bool) -> None:
        """Take its power away, or give it back."""
        ...


class Site:
    """See the module. Parts that are of the process (`parts`, `world`) are new ones after each `start`.

    ``outside`` is the world of people and of whoever watches. ``on_start`` are called with the new parts right
    after each start, before any of its actors has run: who listens to the hall listens anew there. ``on_end``
    are called when the process is gone.
    """

    def __init__(
        self,
        env: simpy.Environment | None,
        spec: HallSpec,
        seed: int,
        *,
        begins: datetime = MONDAY,
        commit_s: float = COMMIT_S,
        module: RadioModule | None = None,
        loss: Loss = NONE,
        secured: bool = False,
        forgetful: bool = False,
        starts: bool = True,
        snapshot_events: int = SNAPSHOT_EVENTS,
        followed: bool = False,
        limits: Limits | None = None,
        copied: bool = False,
    ) -> None:
        """Build the site and, unless told otherwise, start its process.

        Args:
            env: the clock that sites share; a new one if there is none.
            spec: the hall; its devices are those on ``virtual:`` ports.
            seed: what chance follows from.
            begins: the wall clock at the environment's time 0.
            commit_s: what a commit takes; 0 for none.
            module: the radio modules, on channels at frame level; without, the air is perfect.
            loss: what its packets suffer by chance.
            secured: whether the hall has a vault, so that terminals can be paired.
            forgetful: whether the journal lets go what its snapshot makes needless.
            starts: whether the process runs at once.
            snapshot_events: after how many events the hall keeps a snapshot.
            followed: whether phones can follow tickets, by an account with WeChat's stand-in.
            limits: what WeChat lets that account do, if not what every new one may.
            copied: whether the hall's events go to headquarters.
        """
        self.env = env or simpy.Environment(initial_time=0.0)
        self.spec = spec
        self.seed = seed
        self.commit_s = commit_s
        self._snapshot_events = snapshot_events
        self.outside = SimWorld(self.env, seed=seed, begins=begins)
        self.outside.random = Random(f"{seed}/{spec.id}/outside")
        self.random = Random(f"{seed}/{spec.id}/site")
        self.hardware = Hardware(spec, Random(f"{seed}/{spec.id}/devices"))
        self.journal = MemoryJournal(self.env, commit_s=commit_s, forgetful=forgetful, hall=spec.id)
        self.memory = DictMemory()
        self.links = SimLinks(self.outside)
        self.segments: ChannelSegments | None = None
        self.lines: dict[str, Line] = {}
        self.holds = Holds()
        self.active: dict[int, Active] = {}
        self.refusals: list[Callable[[], str | None]] = []
        """Each says, when something is to be written, why the disk cannot; None if it can."""
        self.on_start: list[Callable[[HallParts], object]] = []
        self.on_end: list[Callable[[], object]] = []
        self.screen: Screen | None = None
        """The hall's large screen, if there is somebody to look at it."""
        self.starts = 0
        """How often the process was started."""
        self._vault: RadioVault | None = dict_vault(self.memory) if secured else None
        self._begins = begins
        self._clock_offset_s = 0.0
        self._world: SimWorld | None = None
        self._parts: HallParts | None = None
        self.journal.refuses = self._refuses
        self._plug_devices(module, loss)
        self.headquarters: Headquarters | None = None
        """Where its events are copied to, if anywhere."""
        if copied:
            random = Random(f"{seed}/{spec.id}/headquarters")
            self.headquarters = Headquarters(spec.id, random, self.later)
        self.account: HallAccount | None = None
        """By which phones follow tickets, if they can."""
        if followed:
            # Not for everybody: it brings wechatpy, which takes a third of a second.
            from sim.wechat.hall_account import HallAccount

            random = Random(f"{seed}/{spec.id}/wechat")
            self.account = HallAccount(self.outside, spec, random, _scan_url, limits)
        if starts:
            self.start()

    def _plug_devices(self, module: RadioModule | None, loss: Loss) -> None:
        if module is not None:
            self.segments = ChannelSegments(
                self.spec, self.hardware, module, Random(f"{self.seed}/{self.spec.id}/air"), loss
            )
            self.segments.on_wake(self.links.wake)
            self.segments.on_clock(self.outside.monotonic)
            self.hardware.on_touch(self._touch)
        for name, device in self.hardware.ports.items():
            on_channel = self.segments is not None and name in self.segments.ports
            if on_channel:
                assert self.segments is not None
                device = self.segments.ports[name]
            line = self.lines[name] = Line(Random(f"{self.seed}/{self.spec.id}/line/{name}"))
            self.links.register(name, LineDevice(device, line), own_line=on_channel)
        self.hardware.on_wake(self.wake)
        channels = self.hardware.channels if self.segments is None else self.segments.channels
        random = Random(f"{self.seed}/{self.spec.id}/afflictions")
        self._afflictions = afflictions_of(channels, random)

    # -- the process ------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether the hall's process lives."""
        return self._world is not None

    @property
    def world(self) -> SimWorld:
        """The world of the process; that of the last one while none runs."""
        assert self._parts is not None, "the process was never started"
        world = self._parts.hall.place.world
        assert isinstance(world, SimWorld)
        return world

    @property
    def parts(self) -> HallParts:
        """The actors of the process; those of the last one, who can be told nothing, while none runs."""
        assert self._parts is not None, "the process was never started"
        return self._parts

    def start(self) -> None:
        """Start a process on what is durable; nothing happens if one runs."""
        if self._world is not None:
            return
        self.starts += 1
        world = SimWorld(self.env, seed=self.seed, begins=self._begins)
        world.random = Random(f"{self.seed}/{self.spec.id}/process/{self.starts}")
        self._world = world
        self._set_clock()
        self._parts = build_hall(
            world,
            self.spec,
            self.journal,
            self.links,
            _scan_url,
            vault=self._vault,
            snapshot_events=self._snapshot_events,
            pushes=self.account,
            uplink=None if self.headquarters is None else (self.journal, self.headquarters),
        )
        for listen in list(self.on_start):
            listen(self._parts)

    def kill(self, *, written: float = 0.0) -> None:
        """End the process at this instant, as SIGKILL or a power cut does; nothing happens if none runs.

        ``written`` is the share of the commit under way that has reached the disk, 0 to 1. Less than the whole
        is a torn write, which recovery leaves out; the whole is durable though nobody was told.
        """
        if self._world is None:
            return
        world, self._world = self._world, None
        self.journal.lose_power(written)
        self.links.hang_up()
        world.vanish()
        for hear in list(self.on_end):
            hear()

    def close(self) -> None:
        """End the process in order, if one runs."""
        if self._world is not None:
            world, self._world = self._world, None
            world.close()

    def submit(self, message: Submit) -> bool:
        """Send a command to the hall, as pages do; return whether there was a process to take it."""
        if self._world is None:
            return False
        self.parts.hall.tell(message)
        return True

    # -- clocks -----------------------------------------------------------------------------

    @property
    def clock_offset_s(self) -> float:
        """By how many seconds the wall clock of the hall's machine is ahead; its monotonic clock is right."""
        return self._clock_offset_s

    @clock_offset_s.setter
    def clock_offset_s(self, offset_s: float) -> None:
        self._clock_offset_s = offset_s
        self._set_clock()

    def _set_clock(self) -> None:
        if self._world is not None:
            self._world.begins = self._begins + timedelta(seconds=self._clock_offset_s)

    def run(self, for_s: float) -> None:
        """Let so many seconds pass.

        Raises:
            SimulationFailed: an actor failed.
        """
        self.env.run(until=self.env.now + for_s)

    def ask(self, ref: Any, question: object) -> Any:
        """Return the answer of one of the process's actors, after a moment."""
        asked = ref.ask(question, block=False)
        self.run(MOMENT_S)
        return asked.get()

    # -- devices ----------------------------------------------------------------------------

    def now_s(self) -> float:
        """Return the environment's seconds."""
        return self.outside.monotonic()

    def later(self, delay_s: float, call: Callable[[], None]) -> Timer:
        """Have ``call`` called after ``delay_s``, whatever becomes of the process."""
        return self.outside.call_later(delay_s, call)

    def channel(self, gateway: GatewayId) -> Afflictions:
        """Return what befalls the gateway's channel."""
        return self._afflictions[gateway]

    def plug(self, port: str) -> None:
        """Plug the device on ``port`` in."""
        self.links.plug(port)

    def unplug(self, port: str) -> None:
        """Pull the device on ``port`` out; it goes on."""
        self.links.unplug(port)

    def wake(self, port: str) -> None:
        """Have what is on that port look at what was done to its devices."""
        if self.segments is not None:
            self.segments.look(port)
        self.links.wake(port)

    def _touch(self, port: str, device: RadioDevice) -> None:
        assert self.segments is not None
        self.segments.touch(port, device)
        self.links.wake(port)

    def heal(self) -> None:
        """End every fault and repair what is broken, as staff would; the process runs afterwards."""
        end_all(self)
        self.refusals.clear()
        self.journal.heal(self.commit_s)
        self.memory.full = False
        if self.screen is not None:
            self.screen.switch(off=False)
        if self.headquarters is not None:
            self.headquarters.heal()
        self.clock_offset_s = 0.0
        for printer in self.hardware.printers.values():
            printer.repair()
        for devices in self.hardware.radio.values():
            for device in devices.values():
                device.battery_mv = BATTERY_MV
                if device.off:
                    device.reboot()
        for name in self.hardware.ports:
            self.links.plug(name)
            self.wake(name)
        self.start()

    def _refuses(self) -> str | None:
        # All are asked, so that what one draws does not hang on another.
        reasons = [reason for refuses in self.refusals if (reason := refuses()) is not None]
        return reasons[0] if reasons else None


MOMENT_S = 0.001


def _scan_url(ticket: TicketId) -> str:
    return f"http://hall/t/{ticket}"
