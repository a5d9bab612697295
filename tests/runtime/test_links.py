"""Links: when they are opened again, what their owner is told, and how they end."""

import os
from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Any

import pykka
import pytest
from twisted.internet import defer, task

from actors.ports import Link, LinkOpener
from protocol.errors import ConfigError, MailboxFull
from protocol.messages import LinkDown, LinkUp, OctetsReceived
from protocol.ports import REOPEN_MAX_S
from runtime.links import STEADY_S, ReactorLinks, ReopenedLink
from runtime.pty import PtyDevice

UP = LinkUp()

Open = Callable[[str, Any], Link]
Plug = Callable[..., PtyDevice]


class ScriptedLine:
    """A way to a port that opens or fails as the test says, and notes when it was tried."""

    def __init__(self, clock: task.Clock) -> None:
        self.clock = clock
        self.refusal: str | None = "not there"
        self.pending: defer.Deferred[None] | None = None
        self.tried_at_s: list[float] = []
        self.transport: Any = None

    def open(self, protocol: Any) -> Any:
        self.tried_at_s.append(self.clock.seconds())
        if self.pending is not None:
            self.transport = FakeTransport(protocol)
            protocol.makeConnection(self.transport)
            return self.pending
        if self.refusal is not None:
            return defer.fail(OSError(self.refusal))
        self.transport = FakeTransport(protocol)
        protocol.makeConnection(self.transport)
        return defer.succeed(None)

    def explain_refusal(self, error: BaseException) -> str:
        return str(error)

    def explain_loss(self, error: BaseException) -> str:
        return "lost"


class FakeTransport:
    def __init__(self, protocol: Any) -> None:
        self.protocol = protocol
        self.aborted = False

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        pass

    def abortConnection(self) -> None:
        self.aborted = True


def build_link(recorder: Any) -> tuple[task.Clock, ScriptedLine, ReopenedLink]:
    clock = task.Clock()
    line = ScriptedLine(clock)
    link = ReopenedLink(clock, line, recorder, random=Random(1), closed=lambda: None)
    return clock, line, link


def advance(clock: task.Clock, seconds: float) -> None:
    clock.pump([0.01] * round(seconds / 0.01))


def gaps(times_s: list[float]) -> list[float]:
    return [later - sooner for sooner, later in pairwise(times_s)]


def test_back_off_grows_to_its_bound_and_each_reason_is_told_once(recorder: Any) -> None:
    clock, line, _link = build_link(recorder)
    advance(clock, 120)
    waits_s = gaps(line.tried_at_s)
    assert 0.2 <= waits_s[0] <= 0.41
    assert all(5 <= wait_s <= REOPEN_MAX_S + 0.02 for wait_s in waits_s[6:])
    line.refusal = "in use"
    advance(clock, 30)
    assert recorder.reasons == ["not there", "in use"]


def test_port_that_is_lost_soon_each_time_is_tried_ever_less(recorder: Any) -> None:
    clock, line, _link = build_link(recorder)
    line.refusal = None
    advance(clock, 0.01)
    for _ in range(8):
        opened = len(line.tried_at_s)
        line.transport.protocol.connectionLost(OSErrorFailure())
        while len(line.tried_at_s) == opened:
            advance(clock, 0.05)
    assert gaps(line.tried_at_s)[-1] > 5
    assert len(recorder.of(LinkUp)) == 9
    assert recorder.reasons == ["lost"] * 8


def test_port_that_stayed_is_tried_again_soon(recorder: Any) -> None:
    clock, line, _link = build_link(recorder)
    advance(clock, 60)
    line.refusal = None
    advance(clock, REOPEN_MAX_S + STEADY_S + 1)
    line.transport.protocol.connectionLost(OSErrorFailure())
    lost_at_s = clock.seconds()
    advance(clock, 1)
    assert line.tried_at_s[-1] - lost_at_s <= 0.41
    assert recorder.messages[-1] == UP


def test_closed_link_is_never_opened_again(recorder: Any) -> None:
    clock, line, link = build_link(recorder)
    line.refusal = None
    advance(clock, 0.01)
    link.close()
    assert line.transport.aborted
    line.transport.protocol.connectionLost(OSErrorFailure())
    advance(clock, 60)
    assert len(line.tried_at_s) == 1
    assert recorder.messages == [UP]
    assert clock.getDelayedCalls() == []


class OSErrorFailure:
    """What a transport gives as the reason of a loss."""

    value = OSError("gone")


class Overrun:
    """An owner whose mailbox is full for a while."""

    def __init__(self, recorder: Any) -> None:
        self.recorder = recorder
        self.full = False

    def tell(self, message: object) -> None:
        if self.full:
            raise MailboxFull("full")
        self.recorder.tell(message)


def test_overrun_owner_loses_the_link_and_hears_of_it_once_there_is_room(recorder: Any) -> None:
    clock, line, _link = build_link(owner := Overrun(recorder))
    line.refusal = None
    advance(clock, 0.01)
    owner.full = True
    line.transport.protocol.dataReceived(b"one too many")
    assert line.transport.aborted
    advance(clock, 5)
    assert recorder.messages == [UP]
    owner.full = False
    advance(clock, REOPEN_MAX_S)
    assert recorder.messages == [UP, UP]
    line.transport.protocol.dataReceived(b"fine")
    assert recorder.messages[-1] == OctetsReceived(octets=b"fine")


def test_closed_while_connecting_gives_up_and_tells_nothing(recorder: Any) -> None:
    clock, line, link = build_link(recorder)
    given_up: list[bool] = []
    line.pending = defer.Deferred(lambda _: given_up.append(True))
    advance(clock, 0.01)
    link.close()
    assert given_up == [True]
    advance(clock, 60)
    assert recorder.messages == []
    assert clock.getDelayedCalls() == []


def test_connected_after_it_was_closed_is_let_go(recorder: Any) -> None:
    clock, line, link = build_link(recorder)
    line.pending = defer.Deferred(lambda connecting: connecting.callback(None))
    advance(clock, 0.01)
    link.close()
    assert line.transport.aborted
    assert recorder.messages == []


def test_owner_that_has_stopped_closes_its_link() -> None:
    class Stopped:
        def tell(self, message: object) -> None:
            raise pykka.ActorDeadError("stopped")

    clock, line, _link = build_link(Stopped())
    line.refusal = None
    advance(clock, 60)
    assert line.transport.aborted
    assert len(line.tried_at_s) == 1


def test_reactor_links_are_a_link_opener() -> None:
    opener: LinkOpener = ReactorLinks(task.Clock(), random=Random(1))
    assert opener


def test_owner_that_opens_again_gets_a_new_link_in_place_of_the_first(
    on: Any, open_link: Open, plug: Plug, recorder: Any
) -> None:
    device = plug()
    first = open_link(device.address, recorder)
    recorder.wait_for_count(LinkUp, 1)
    second = open_link(device.address, recorder)
    recorder.wait_for_count(LinkUp, 2)
    on.call(first.write, b"lost")
    on.call(second.write, b"kept")
    recorder.wait_for(lambda: recorder.octets == b"kept")
    assert recorder.of(LinkDown) == []


def test_malformed_or_virtual_address_is_refused_at_once(open_link: Open, recorder: Any) -> None:
    with pytest.raises(ConfigError, match="allowed are serial:"):
        open_link("ttyUSB0", recorder)
    with pytest.raises(ConfigError, match="virtual devices exist in simulations"):
        open_link("virtual:gw", recorder)


def test_links_closed_and_lost_leave_no_descriptor(
    on: Any, open_link: Open, plug: Plug, recorder: Any
) -> None:
    before = len(os.listdir("/proc/self/fd"))
    device = plug()
    link = open_link(device.address, recorder)
    recorder.wait_for_count(LinkUp, 1)
    on.call(device.unplug)
    recorder.wait_for_count(LinkDown, 1)
    on.call(device.plug)
    recorder.wait_for_count(LinkUp, 2)
    on.call(link.close)
    on.call(link.close)
    on.call(device.close)
    # Fewer if something of an earlier test was collected meanwhile.
    assert len(os.listdir("/proc/self/fd")) <= before
